"""Recording in bulk, every rule checked, against a bare `executemany` of the same bytes.

The input is a lifelike file (`adapters.demo`), with a key on every entry. The floor writes the rows that our run left, into
the same tables and indexes, in transactions of as many entries, with the same durability, and does nothing else. What is timed
on our side is everything between the lines of the file and the last commit.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from adapters.files.recording import BATCH_LINES, record_file
from adapters.ledger import Ledger
from bench.ledgers import lines
from bench.measuring import Row, Times

ENTRIES = 50_000
REPEATS = 5
GOAL = 0.25
_TABLES = {"stored_events": "rowid", "entry_keys": "position", "client_streams": None}
"""The tables that recording fills, and the column that says with which entry a row was written, where there is one."""

_Stored = dict[str, list[tuple[Any, ...]]]


def run(folder: Path) -> list[Row]:
    """One row: entries a second of `record_file`, of the floor, and their ratio."""
    source = lines(folder, ENTRIES)
    ours, floors = Times(), Times()
    for repeat in range(REPEATS):
        path = folder / f"recorded-{repeat}.db"
        ours.append(_recorded_seconds(source, path))
        floors.append(_bare_seconds(path, folder / f"bare-{repeat}.db"))
    ratio = floors.middle / ours.middle
    return [
        Row(name=f"recording {ENTRIES:,} entries in bulk", value=ENTRIES / ours.middle, unit="entries/s", spread=ours.spread,
            floor=ENTRIES / floors.middle, ratio=ratio, goal="≥ 0.25 of a bare executemany", met=ratio >= GOAL),
    ]  # fmt: skip


def _recorded_seconds(source: Path, path: Path) -> float:
    with Ledger.open(str(path), create=True) as ledger:
        begun = perf_counter()
        summary = record_file(ledger, source)
        seconds = perf_counter() - begun
    if summary.recorded < summary.read - 5:
        raise RuntimeError(f"all entries but a few that are refused on purpose should be taken: {summary}")
    return seconds


def _bare_seconds(recorded: Path, path: Path) -> float:
    with sqlite3.connect(recorded) as source:
        marks = ", ".join(f"'{it}'" for it in _TABLES)
        schema = [sql for (sql,) in source.execute(f"SELECT sql FROM sqlite_master WHERE type = 'table' AND name IN ({marks})")]
        stored = {table: source.execute(f"SELECT * FROM {table}").fetchall() for table in _TABLES}
    source.close()
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA cache_size = -32768", *schema):
        connection.execute(statement)
    batches = list(_batches(stored))
    begun = perf_counter()
    for batch in batches:
        connection.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            if rows:
                connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute("COMMIT")
    seconds = perf_counter() - begun
    connection.close()
    return seconds


def _batches(stored: _Stored) -> Iterator[_Stored]:
    """The rows of every table, those of so many entries together; what names no entry is spread evenly."""
    total = len(stored["stored_events"])
    for first in range(0, total, BATCH_LINES):
        yield {
            "stored_events": _slice(stored["stored_events"], first, total, total),
            "entry_keys": _between(sorted(stored["entry_keys"], key=lambda it: int(it[1])), first),
            "client_streams": _slice(stored["client_streams"], first, total, len(stored["client_streams"])),
        }


def _slice(rows: Sequence[tuple[Any, ...]], first: int, total: int, size: int) -> list[tuple[Any, ...]]:
    return list(rows[first * size // total : (first + BATCH_LINES) * size // total])


def _between(keys: Sequence[tuple[Any, ...]], first: int) -> list[tuple[Any, ...]]:
    return [it for it in keys if first < it[1] <= first + BATCH_LINES]
