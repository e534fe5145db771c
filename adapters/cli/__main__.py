"""`python -m adapters.cli`: the same as `bitacora`."""

import sys

from adapters.cli import main

sys.exit(main())
