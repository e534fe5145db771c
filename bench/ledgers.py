"""The ledgers that are measured: a lifelike desk of the seeded generator of `adapters.demo`, of so many entries."""

import json
from pathlib import Path

from adapters.demo.desk import entries
from adapters.files.recording import record_file
from adapters.ledger import Ledger

SEED = 7


def lines(folder: Path, count: int) -> Path:
    """A file of the first `count` entries of a year, in the exchange format."""
    path = folder / f"entries-{count}.jsonl"
    if not path.exists():
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(it, ensure_ascii=False) + "\n" for it in entries(SEED, count))
    return path


def ledger(folder: Path, count: int) -> Path:
    """A ledger into which those entries were recorded, made once for each folder."""
    path = folder / f"ledger-{count}.db"
    if not path.exists():
        with Ledger.open(str(path), create=True) as opened:
            record_file(opened, lines(folder, count))
    return path
