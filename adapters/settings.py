"""What the surroundings say: which ledger to use when nobody names one. Reads the environment, decides nothing else."""

from collections.abc import Mapping
from pathlib import Path

LEDGER_VARIABLE = "BITACORA_LEDGER"
DEFAULT_LEDGER = "./bitacora.db"


def ledger_url(given: str | None, environment: Mapping[str, str]) -> str:
    """The ledger asked for, else the one of `BITACORA_LEDGER`, else `./bitacora.db`. Empty text counts as not given."""
    return given or environment.get(LEDGER_VARIABLE) or DEFAULT_LEDGER


def ledger_path(url: str) -> Path:
    """The file of the ledger that `url` (a path, or `sqlite:` and a path) names."""
    return Path(url.removeprefix("sqlite:"))
