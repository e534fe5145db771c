"""One transaction of PostgreSQL, as any rows are asked for and written in it, and the ledger's own.

What only PostgreSQL says its own way stands here; everything else is in `rows`, and is reworded.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import lru_cache
from itertools import count
from struct import Struct
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import tuple_row
from psycopg.types.numeric import Int8

from adapters.mapper import LedgerError
from adapters.stores.rows import Row
from domain.refusal import said

_COPIED_FROM = 50
"""As many rows and more are copied: beginning a COPY costs more than one statement, every row in it less."""
_FETCHED_AT_ONCE = 2_000
_INSERT = (
    "INSERT INTO stored_events (notification_id, originator_id, originator_version, topic, state)"
    " SELECT * FROM unnest(%b::bigint[], %b::text[], %b::bigint[], %b::text[], %b::bytea[])"
)
_COPY = "COPY stored_events (notification_id, originator_id, originator_version, topic, state) FROM STDIN (FORMAT BINARY)"
_INSERT_KEYS = "INSERT INTO entry_keys SELECT * FROM unnest(%b::text[], %b::bigint[])"
_COPY_KEYS = "COPY entry_keys FROM STDIN (FORMAT BINARY)"

# The binary format of COPY: a signature, rows of (number of columns, then length and bytes of each), and an end.
_BEGINNING = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_position_and_length = Struct("!hiqi").pack
_version_and_length = Struct("!iqi").pack
_length = Struct("!i").pack
_key_length = Struct("!hi").pack
_key_position = Struct("!iq").pack


@lru_cache(maxsize=1_024)
def _reworded(statement: str) -> bytes:
    """A statement in the words of SQLite in those of PostgreSQL."""
    return re.sub(r"\browid\b", "notification_id", statement).replace("%", "%%").replace("?", "%s").encode()


class PostgresSession:
    """See `session.Session`."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        self._connection = connection
        self._cursor = connection.cursor(row_factory=tuple_row)
        self._names = count()

    def all(self, statement: str, *values: Any) -> list[Any]:
        return self._cursor.execute(_reworded(statement), values).fetchall()

    def each(self, statement: str, *values: Any) -> Iterator[Any]:
        with closing(self._connection.cursor(f"each_{next(self._names)}", row_factory=tuple_row)) as cursor:
            cursor.itersize = _FETCHED_AT_ONCE
            yield from cursor.execute(_reworded(statement), values)

    def run(self, statement: str, *values: Any) -> int:
        return self._cursor.execute(_reworded(statement), values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        values = list(rows)
        if len(values) == 1:
            self._cursor.execute(_reworded(statement), values[0])
        elif values:
            self._cursor.executemany(_reworded(statement), values)


class PostgresLedgerSession(PostgresSession):
    """See `rows.LedgerSession`."""

    failures: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(self, connection: "psycopg.Connection[Any]", head: int | None = None) -> None:
        """`head` is the last position, if this transaction locked it."""
        super().__init__(connection)
        self._head = head
        self.last_inserted: Row | None = None

    def head(self) -> int:
        if self._head is not None:
            return self._head
        return self.all("SELECT max(notification_id) FROM stored_events")[0][0] or 0

    def insert(self, rows: Sequence[Row]) -> None:
        self.last_inserted = rows[-1]
        if self._head is not None:
            self._head = rows[-1][0]
        if len(rows) >= _COPIED_FROM:
            self._copy(_COPY, _entry_bytes(rows))
            return
        positions, streams, versions, tags, states = zip(*rows, strict=True)
        columns = (list(map(Int8, positions)), list(streams), list(map(Int8, versions)), list(tags), list(states))
        self._cursor.execute(_INSERT, columns)

    def insert_keys(self, keys: Sequence[tuple[str, int]]) -> None:
        if len(keys) >= _COPIED_FROM:
            self._copy(_COPY_KEYS, _key_bytes(keys))
            return
        names, positions = zip(*keys, strict=True)
        self._cursor.execute(_INSERT_KEYS, (list(names), list(map(Int8, positions))))

    def _copy(self, statement: str, rows: list[bytes]) -> None:
        with self._cursor.copy(statement) as copy:
            copy.write(b"".join([_BEGINNING, *rows, _END]))

    def positions(self, keys: Sequence[str]) -> list[tuple[str, int]]:
        return self._cursor.execute(
            "SELECT key, position FROM entry_keys WHERE key = ANY(%b::text[])", (list(keys),)
        ).fetchall()

    def of_streams(self, names: Sequence[str]) -> list[Any]:
        statement = (
            "SELECT notification_id, originator_id, originator_version, state FROM stored_events"
            " WHERE originator_id = ANY(%b::text[]) ORDER BY originator_id, originator_version"
        )
        return self._cursor.execute(statement, (list(names),)).fetchall()

    def holding(self, text: bytes) -> list[Any]:
        statement = (
            "SELECT rowid, originator_id, originator_version, state FROM stored_events WHERE position(? IN state) > 0"
            " ORDER BY rowid"
        )
        return self.all(statement, text)

    def has_table(self, name: str) -> bool:
        return self.all("SELECT to_regclass(?)", name) != [(None,)]

    def ever_recorded(self) -> int:
        return int(self.all("SELECT position FROM ledger_head")[0][0])

    def drop_tiles(self) -> None:
        try:
            self._cursor.execute("ALTER TABLE tree_tiles DISABLE TRIGGER tree_tiles_refuse")
            self._cursor.execute("DELETE FROM tree_tiles")
            self._cursor.execute("ALTER TABLE tree_tiles ENABLE ALWAYS TRIGGER tree_tiles_refuse")
        except errors.InsufficientPrivilege:
            raise LedgerError(
                said("only the owner of the tables may take the stored tree away: ask as the name that runs `bitacora migrate`")
            ) from None

    def damage(self) -> str | None:
        """By `amcheck`, where the database has that extension and this name may use it: else nothing is looked for."""
        if self.all("SELECT to_regprocedure('bt_index_check(regclass, boolean)')") == [(None,)]:
            return None
        try:
            with self._connection.transaction():
                self.all(
                    "SELECT bt_index_check(indexrelid::regclass, true) FROM pg_index WHERE indrelid = 'stored_events'::regclass"
                )
        except errors.InsufficientPrivilege:
            return None
        except errors.InternalError_ as error:
            return str(error).splitlines()[0]
        return None


def _entry_bytes(rows: Sequence[Row]) -> list[bytes]:
    """Entries as COPY takes them."""
    made: list[bytes] = []
    for position, stream, version, tag, state in rows:
        name, kind = stream.encode(), tag.encode()
        made += (
            _position_and_length(5, 8, position, len(name)), name,
            _version_and_length(8, version, len(kind)), kind,
            _length(len(state)), state,
        )  # fmt: skip
    return made


def _key_bytes(keys: Sequence[tuple[str, int]]) -> list[bytes]:
    """Keys as COPY takes them."""
    made: list[bytes] = []
    for key, position in keys:
        name = key.encode()
        made += (_key_length(2, len(name)), name, _key_position(8, position))
    return made
