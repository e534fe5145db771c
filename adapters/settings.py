"""What the surroundings say: which ledger, and which key store, to use when nobody names one.

Reads the environment, decides nothing else.
"""

from collections.abc import Mapping
from pathlib import Path

LEDGER_VARIABLE = "BITACORA_LEDGER"
KEYS_VARIABLE = "BITACORA_KEYS"
DEFAULT_LEDGER = "./bitacora.db"


def ledger_url(given: str | None, environment: Mapping[str, str]) -> str:
    """The ledger asked for, else the one of `BITACORA_LEDGER`, else `./bitacora.db`. Empty text counts as not given."""
    return given or environment.get(LEDGER_VARIABLE) or DEFAULT_LEDGER


def keys_path(given: str | None, environment: Mapping[str, str]) -> Path | None:
    """The key store asked for, else the one of `BITACORA_KEYS`, else None: the one beside the ledger. Empty text counts as not
    given."""
    path = given or environment.get(KEYS_VARIABLE)
    return Path(path) if path else None


def ledger_path(url: str) -> Path:
    """The file of the ledger that `url` (a path, or `sqlite:` and a path) names."""
    return Path(url.removeprefix("sqlite:"))
