"""One transaction of SQLite, as any rows are asked for and written in it, and the ledger's own.

What only SQLite says its own way stands here; everything else is in `rows`.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from adapters.stores.rows import Row

# A statement of many rows takes two thirds of the time that as many statements of one row take.
_ROWS_AT_ONCE = 100
_INSERT = "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state) VALUES (?, ?, ?, ?, ?)"
_INSERT_MANY = _INSERT + ", (?, ?, ?, ?, ?)" * (_ROWS_AT_ONCE - 1)


class SQLiteSession:
    """See `session.Session`."""

    def __init__(self, cursor: sqlite3.Cursor) -> None:
        self._cursor = cursor
        self._cursor.row_factory = None

    def all(self, statement: str, *values: Any) -> list[Any]:
        return self._cursor.execute(statement, values).fetchall()

    def each(self, statement: str, *values: Any) -> Iterator[Any]:
        cursor = self._cursor.connection.cursor()
        cursor.row_factory = None
        return cursor.execute(statement, values)

    def run(self, statement: str, *values: Any) -> int:
        return self._cursor.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._cursor.executemany(statement, rows)


class SQLiteLedgerSession(SQLiteSession):
    """See `rows.LedgerSession`."""

    failures: tuple[type[Exception], ...] = (sqlite3.Error,)

    def head(self) -> int:
        return self.all("SELECT max(rowid) FROM stored_events")[0][0] or 0

    def insert(self, rows: Sequence[Row]) -> None:
        whole = len(rows) - len(rows) % _ROWS_AT_ONCE
        for first in range(0, whole, _ROWS_AT_ONCE):
            self._cursor.execute(_INSERT_MANY, list(chain.from_iterable(rows[first : first + _ROWS_AT_ONCE])))
        self._cursor.executemany(_INSERT, rows[whole:])

    def insert_keys(self, keys: Sequence[tuple[str, int]]) -> None:
        self._cursor.executemany("INSERT INTO entry_keys VALUES (?, ?)", keys)

    def positions(self, keys: Sequence[str]) -> list[tuple[str, int]]:
        statement = "SELECT k.key, k.position FROM json_each(?) j CROSS JOIN entry_keys k ON k.key = j.value"
        return self.all(statement, json.dumps(keys))

    def of_streams(self, names: Sequence[str]) -> list[Any]:
        statement = (
            "SELECT e.rowid, originator_id, originator_version, state FROM json_each(?) j CROSS JOIN stored_events e"
            " ON e.originator_id = j.value ORDER BY originator_id, originator_version"
        )
        return self.all(statement, json.dumps(names))

    def holding(self, text: bytes) -> list[Any]:
        statement = (
            "SELECT rowid, originator_id, originator_version, state FROM stored_events WHERE instr(state, ?) ORDER BY rowid"
        )
        return self.all(statement, text)

    def has_table(self, name: str) -> bool:
        return bool(self.all("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", name))

    def ever_recorded(self) -> int:
        found = self.all("SELECT seq FROM sqlite_sequence WHERE name = 'stored_events'")
        return int(found[0][0]) if found else 0

    def drop_tiles(self) -> None:
        # With the table go the triggers that guard it; they come back with it.
        self._cursor.execute("DROP TABLE IF EXISTS tree_tiles")

    def damage(self) -> str | None:
        found: str = self.all("PRAGMA integrity_check('stored_events')")[0][0]
        return None if found == "ok" else " ".join(found.split())
