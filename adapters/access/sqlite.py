"""The tokens of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.access`, for its owner's eyes only.

Apart from the ledger, so that who copies or publishes a ledger does not give away who may use its server.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from adapters.access.places import TABLE
from adapters.accounts.sqlite import SQLiteSession
from adapters.mapper import LedgerError
from adapters.stores.sqlite_files import WAIT_SECONDS
from domain.refusal import said

APPLICATION_ID = 0x62697478
FORM = 1
_OWNERS_ONLY = 0o600


def access_beside(ledger: Path) -> Path:
    """Where the tokens of a ledger's server are."""
    return ledger.with_name(f"{ledger.name}.access")


class SQLiteAccess:
    """The tokens' file of one ledger. Every failure of the database comes out as a LedgerError."""

    def __init__(self, ledger: Path) -> None:
        """Opens nothing yet: there may be no tokens."""
        self.path = access_beside(ledger)
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.is_file()

    def close(self) -> None:
        """Closes the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def reading(self) -> Iterator[SQLiteSession]:
        """See `places.Access`."""
        with self._transaction("BEGIN") as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[SQLiteSession]:
        """See `places.Access`. The file is made if there is none."""
        if not self.exists():
            # Made here and not by SQLite, which would let the group and others read it.
            with suppress(FileExistsError):
                os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OWNERS_ONLY))
        with self._transaction("BEGIN IMMEDIATE") as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[SQLiteSession]:
        try:
            with self._lock:
                connection = self._connected()
                connection.execute(begin)
                try:
                    yield SQLiteSession(connection)
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(said("the tokens in {path} failed: {problem}"), path=self.path, problem=error) from error

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._opened()
        return self._connection

    def _opened(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            self._begin(connection)
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            form = connection.execute("PRAGMA user_version").fetchone()[0]
            if (application, form) != (APPLICATION_ID, FORM):
                raise LedgerError(said("{path} does not hold the tokens of a server in a form that this program knows"),
                                  path=self.path)  # fmt: skip
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Makes the table in a new file; whoever comes second finds it."""
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
            connection.execute(TABLE.format(name="access_tokens"))
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORM}")
        connection.execute("COMMIT")
