"""The command line: every question to the ledger, and every answer, as a person or a script asks for it.

It parses, asks the adapters beside it, and writes; it judges nothing. Exit codes: 0 done, 1 refused or different, 2 misuse.
"""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `bitacora` with these arguments (those of the process if None) and returns its exit code; raises nothing."""
    # Imported here, so that asking for the package costs nothing.
    from adapters.cli.program import run

    return run(list(sys.argv[1:] if arguments is None else arguments))
