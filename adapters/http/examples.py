"""Answers shown in the OpenAPI document, by the id of the operation: real ones, of the ledger of the tour in README, lists of
rows cut short. `python -m tests.adapters.http.examples` takes them again; a test holds that they are of the form told.
"""

from importlib.resources import files
from typing import Any

import msgspec

EXAMPLES: dict[str, Any] = msgspec.json.decode((files("adapters.http") / "examples.json").read_bytes())
