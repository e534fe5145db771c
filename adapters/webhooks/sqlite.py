"""The subscriptions of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.webhooks`, for its owner only."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from adapters.accounts.sqlite import SQLiteSession
from adapters.mapper import LedgerError
from adapters.stores.sqlite_files import WAIT_SECONDS
from adapters.webhooks.places import TABLES
from domain.refusal import said

APPLICATION_ID = 0x62697477
FORM = 1
_OWNERS_ONLY = 0o600


class SQLitePlace:
    """The file of one ledger's subscriptions. Every failure of the database comes out as a LedgerError."""

    def __init__(self, ledger: Path) -> None:
        """Opens nothing yet: there may be no subscriptions."""
        self.path = ledger.with_name(f"{ledger.name}.webhooks")
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._sending: sqlite3.Connection | None = None

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.is_file()

    def close(self) -> None:
        """See `places.Place`."""
        with self._lock:
            for held in (self._connection, self._sending):
                if held is not None:
                    held.close()
            self._connection = self._sending = None

    @contextmanager
    def reading(self) -> Iterator[SQLiteSession]:
        """See `places.Place`."""
        with self._transaction("BEGIN") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[SQLiteSession]:
        """See `places.Place`. The file is made if there is none."""
        if not self.exists():
            # Made here and not by SQLite, which would let the group and others read it.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNERS_ONLY))
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    def lock(self) -> bool:
        """See `places.Place`."""
        if self._sending is not None:
            return True
        # SQLite's own lock, on a file that holds nothing: it ends with the process, however it ends.
        file = self.path.with_name(f"{self.path.name}.sending")
        held = None
        try:
            held = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rwc", uri=True, timeout=0, isolation_level=None,
                                   check_same_thread=False)  # fmt: skip
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if held is not None:
                held.close()
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                return False
            raise self._failed(error) from error
        self._sending = held
        return True

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[SQLiteSession]:
        try:
            with self._lock:
                if self._connection is None:
                    self._connection = self._opened()
                connection = self._connection
                connection.execute(begin)
                try:
                    yield SQLiteSession(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> LedgerError:
        return LedgerError(said("the webhooks in {path} failed: {problem}"), path=self.path, problem=error)

    def _opened(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            self._begin(connection)
            # What a power cut takes back was sent and is sent again, which receivers are told to expect.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA foreign_keys = ON")
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            form = connection.execute("PRAGMA user_version").fetchone()[0]
            if (application, form) != (APPLICATION_ID, FORM):
                raise LedgerError(said("{path} does not hold the webhooks of a ledger in a form that this program knows"),
                                  path=self.path)  # fmt: skip
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Makes the tables in a new file; whoever comes second finds them."""
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            return
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            for statement in TABLES:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORM}")
        connection.execute("COMMIT")
