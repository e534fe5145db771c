"""A ledger's file: one SQLite database kept by the eventsourcing library, opened so that nothing written is lost or changed.

Holds the schema, how connections are made and transactions begun. What is said about a file that is no ledger, newer or damaged
is in `sqlite_files`. What the rows mean to admission is not its affair: see `ledger`.
"""

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventsourcing.persistence import PersistenceError, StoredEvent
from eventsourcing.sqlite import (
    SQLiteApplicationRecorder,
    SQLiteConnection,
    SQLiteConnectionPool,
    SQLiteCursor,
    SQLiteDatastore,
    SQLiteTransaction,
)

from adapters.mapper import LedgerError
from adapters.personal.sealing import keys_beside
from adapters.sqlite_opening import WAIT_SECONDS, patiently, uri
from adapters.stores.recorder import Positioned, rows_of
from adapters.stores.rows import Rows
from adapters.stores.sqlite_files import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    examine,
    explanation,
    has_tables,
    is_writable,
    only_reading,
)
from adapters.stores.sqlite_session import SQLiteLedgerSession
from domain.refusal import said

_SCHEMA = (
    "CREATE TABLE stored_events (rowid INTEGER PRIMARY KEY AUTOINCREMENT, originator_id TEXT NOT NULL,"
    " originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,"
    " UNIQUE (originator_id, originator_version))",
    "CREATE TABLE entry_keys (key TEXT PRIMARY KEY, position INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE client_streams (client TEXT NOT NULL, stream TEXT NOT NULL, PRIMARY KEY (client, stream)) WITHOUT ROWID",
    "CREATE TABLE contingency_streams (contingency TEXT PRIMARY KEY, stream TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE recordings (path TEXT PRIMARY KEY, lines INTEGER NOT NULL, digest TEXT NOT NULL,"
    " revision INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE recording_refusals (path TEXT NOT NULL, line INTEGER NOT NULL, position INTEGER,"
    " PRIMARY KEY (path, line)) WITHOUT ROWID",
    "CREATE TABLE key_store (id TEXT NOT NULL)",
    "CREATE TABLE recording_marks (path TEXT NOT NULL, revision INTEGER NOT NULL, marks BLOB NOT NULL,"
    " PRIMARY KEY (path, revision))",
    *(
        f"CREATE TRIGGER {table}_refuse_{verb.lower()} BEFORE {verb} ON {table}"
        f" BEGIN SELECT RAISE(ABORT, 'a ledger is never changed: {verb} on {table} is refused'); END"
        for table in ("stored_events", "entry_keys")
        for verb in ("UPDATE", "DELETE")
    ),
    # OR REPLACE would delete without a trigger; an entry also never goes anywhere but to the end.
    "CREATE TRIGGER stored_events_refuse_gaps BEFORE INSERT ON stored_events"
    " WHEN NEW.rowid <> (SELECT coalesce(max(rowid), 0) + 1 FROM stored_events)"
    " BEGIN SELECT RAISE(ABORT, 'a ledger is never changed: an entry goes to the next position'); END",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

_POLL_SECONDS = 0.05


class _Transaction(SQLiteTransaction):
    """Takes the write lock at once when it means to write, so that what it reads first stays true until it commits."""

    def __enter__(self) -> SQLiteCursor:
        cursor = self.connection.cursor()
        cursor.execute("BEGIN IMMEDIATE" if self.commit else "BEGIN")
        return cursor


class _Connection(SQLiteConnection):
    @contextmanager
    def transaction(self, *, commit: bool) -> Iterator[SQLiteCursor]:
        with _Transaction(self, commit=commit) as cursor, cursor:
            yield cursor


class _Pool(SQLiteConnectionPool):
    def __init__(self, uri: str, read_only: bool) -> None:
        super().__init__(db_name=uri, lock_timeout=WAIT_SECONDS)
        # The library would ask for WAL, which writes.
        self.is_journal_mode_wal = read_only

    def _create_connection(self) -> SQLiteConnection:
        # The library may ask for WAL while another process does the same, for which SQLite does not always wait.
        made = patiently(super()._create_connection)
        connection = made._sqlite_conn
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -32768")
        return _Connection(sqlite_conn=connection, max_age=self.max_age)


class _Datastore(SQLiteDatastore):
    """The library's datastore on a file, text ids, its connections made by our pool."""

    def __init__(self, uri: str, read_only: bool) -> None:
        super().__init__(uri, lock_timeout=WAIT_SECONDS, originator_id_type="text")
        self.pool = _Pool(uri, read_only)


class LedgerRecorder(Positioned, SQLiteApplicationRecorder):
    """The library's recorder over our table: dense positions, and every stored event it answers is a Notification."""

    def construct_create_table_statements(self) -> list[str]:
        return list(_SCHEMA)

    def _insert_events(self, c: SQLiteCursor, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        first = (self._max_notification_id(c) or 0) + 1
        rows = rows_of(stored_events, first)
        SQLiteLedgerSession(c.sqlite_cursor).insert(rows)
        return range(first, first + len(rows))

    @contextmanager
    def _asking(self) -> Iterator[SQLiteLedgerSession]:
        with self.datastore.transaction(commit=False) as cursor:
            yield SQLiteLedgerSession(cursor.sqlite_cursor)


class SQLiteStore:
    """One ledger's file, open. Every failure of the database comes out as a LedgerError."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Opens the file at `path`, or with `create` makes one if there is none; the schema comes with the first
        transaction that writes. What cannot be written is opened for reading, unless `create`. LedgerError if it is missing,
        no ledger, newer than this program, or damaged."""
        self.path = path
        self.name, self.keys = str(path), keys_beside(path)
        self._read_only = path.is_file() and not is_writable(path)
        if self._read_only and create:
            raise self._unwritable()
        how = only_reading(path) if self._read_only else "mode=rw"
        self.is_empty = examine(path, create, how)
        with _explained(path, said("opening it")):
            self._datastore = _Datastore(uri(path, "mode=rwc" if create else how), self._read_only)
            self.recorder = LedgerRecorder(self._datastore)

    def close(self) -> None:
        """Closes every connection; the last one to close leaves a single file."""
        self._datastore.close()

    @contextmanager
    def reading(self, what: str) -> Iterator[Rows]:
        """One consistent view of the rows; `what` (marked with `said`) tells what is read, should that fail."""
        with _explained(self.path, what), self._datastore.transaction(commit=False) as cursor:
            yield Rows(SQLiteLedgerSession(cursor.sqlite_cursor))

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """The only transaction that writes, in this process or any other; commits at the end, or nothing happened."""
        if self._read_only:
            raise self._unwritable()
        with _explained(self.path, said("writing to it")), self._datastore.transaction(commit=True) as cursor:
            if self.is_empty and not has_tables(cursor.sqlite_cursor):
                self.recorder._create_table(cursor)
            yield Rows(SQLiteLedgerSession(cursor.sqlite_cursor))
        self.is_empty = False

    def wait_for_news(self, after: int, timeout_seconds: float) -> int:
        """See `stores.Store`. SQLite tells nobody of what another process writes: it is asked again and again."""
        deadline = time.monotonic() + timeout_seconds
        while True:
            with self.reading(said("waiting for entries")) as rows:
                head = rows.head()
            left = deadline - time.monotonic()
            if head > after or left <= 0:
                return head
            time.sleep(min(_POLL_SECONDS, left))

    def _unwritable(self) -> LedgerError:
        return LedgerError(said("{path} can only be read here: to record, it and its folder must be writable"), path=self.path)


@contextmanager
def _explained(path: Path, what: str) -> Iterator[None]:
    """Every failure of SQLite or the library as a LedgerError that says what was being done."""
    try:
        yield
    except (sqlite3.Error, PersistenceError) as error:
        raise explanation(path, what, str(error)) from error
