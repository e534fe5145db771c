"""A SQLite file of its own beside a ledger's: made when something is first written into it, one transaction at a time.

What it holds, and what is said when it fails, is told by whoever keeps it. It never touches the ledger's own file.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Generic, NamedTuple, TypeVar

from adapters.mapper import LedgerError
from adapters.sqlite_opening import connected, patiently
from adapters.stores.sqlite_files import has_tables
from adapters.stores.sqlite_session import SQLiteSession

AnySession = TypeVar("AnySession", bound=SQLiteSession)


class Content(NamedTuple):
    """What such a file is known by and holds from the first: it is called as the ledger, with `.suffix`. `settings` are those
    of every connection. `failed` (of a path and a problem) and `foreign` (of a path) are marked with `said`."""

    suffix: str
    application_id: int
    form: int
    tables: tuple[str, ...]
    settings: tuple[str, ...]
    failed: str
    foreign: str
    has_log: bool = True
    is_private: bool = True


class FileBeside(Generic[AnySession]):
    """See `session.Beside`; and locks that processes take turns by."""

    def __init__(self, ledger: Path, content: Content, session: Callable[[sqlite3.Cursor], AnySession]) -> None:
        """Opens nothing yet: there may be no such file. `session` is made of every transaction."""
        self.path = ledger.with_name(f"{ledger.name}.{content.suffix}")
        self._content = content
        self._session = session
        self._using = RLock()
        self._connection: sqlite3.Connection | None = None
        self._locks: dict[str, sqlite3.Connection] = {}

    def exists(self) -> bool:
        """Whether there is such a file."""
        return self.path.is_file()

    def close(self) -> None:
        """Closes the file, and lets go of every lock."""
        with self._using:
            for name in list(self._locks):
                self.unlock(name)
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def reading(self) -> Iterator[AnySession]:
        """See `session.Beside`."""
        with self._transaction("BEGIN", create=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[AnySession]:
        """See `session.Beside`."""
        with self._transaction("BEGIN IMMEDIATE", create=True) as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str, *, create: bool) -> Iterator[AnySession]:
        try:
            with self._using:
                if self._connection is None:
                    self._connection = self._opened(create)
                connection = self._connection
                connection.execute(begin)
                try:
                    yield self._session(connection.cursor())
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _opened(self, create: bool) -> sqlite3.Connection:
        """A connection to a file that holds what it should."""
        try:
            connection = connected(self.path, f"mode={'rwc' if create else 'rw'}", private=create and self._content.is_private)
        except OSError as error:
            raise self._failed(error) from error
        try:
            for setting in self._content.settings:
                connection.execute(f"PRAGMA {setting}")
            self._begin(connection)
            if _form(connection) != (self._content.application_id, self._content.form):
                raise LedgerError(self._content.foreign, path=self.path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Makes the tables in a new file; whoever comes second finds them. A stranger's file stays as it is."""
        if _form(connection) != (0, 0) or has_tables(connection):
            return
        if self._content.has_log:
            patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"))
        connection.execute("BEGIN IMMEDIATE")
        if not has_tables(connection):
            for statement in self._content.tables:
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {self._content.application_id}")
            connection.execute(f"PRAGMA user_version = {self._content.form}")
        connection.execute("COMMIT")

    def _failed(self, error: Exception) -> LedgerError:
        return LedgerError(self._content.failed, path=self.path, problem=error)

    # Taking turns ---------------------------------------------------------------------------------------------------

    def lock(self, name: str) -> bool:
        """Whether this process now holds the lock of that name, until it lets go of it or ends, however it ends."""
        if name in self._locks:
            return True
        held = None
        try:
            # SQLite's own lock, on a file that holds nothing.
            held = connected(self.path.with_name(f"{self.path.name}.{name}"), "mode=rwc", wait_seconds=0)
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if held is not None:
                held.close()
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
                return False
            raise self._failed(error) from error
        self._locks[name] = held
        return True

    def unlock(self, name: str) -> None:
        """Lets go of a lock, if it is held."""
        held = self._locks.pop(name, None)
        if held is not None:
            held.close()


def _form(connection: sqlite3.Connection) -> tuple[int, int]:
    """Which program's file it says it is, and of which form."""
    application, form = (connection.execute(f"PRAGMA {it}").fetchone()[0] for it in ("application_id", "user_version"))
    return application, form
