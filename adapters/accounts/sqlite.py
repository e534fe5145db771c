"""The stored accounts of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.accounts`.

Apart from the ledger, because they can be thrown away and made again: no backup, proof or copy of the ledger needs them, a
ledger that may only be read can be followed, and the follower never keeps the desk's writers waiting. It judges nothing.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Any

from adapters.accounts.session import ddl, indexes
from adapters.accounts.tables import TABLES
from adapters.accounts.views import shown
from adapters.mapper import LedgerError
from adapters.stores.sqlite_files import has_tables
from domain.refusal import said

WAIT_SECONDS = 30
APPLICATION_ID = 0x62697463
FORM = 1
_TYPES: dict[str, str] = {
    "text": "TEXT", "count": "INTEGER", "flag": "INTEGER", "instant": "TEXT", "moment": "TEXT", "day": "TEXT", "json": "TEXT",
}  # fmt: skip
_REGISTRY = (
    "CREATE TABLE account_versions (number INTEGER PRIMARY KEY, definition INTEGER NOT NULL, state TEXT NOT NULL,"
    " position INTEGER NOT NULL, entry_id TEXT NOT NULL, begun_at TEXT NOT NULL)"
)
_VALUES_AT_ONCE = 900
_ANALYSED_ROWS = 1_000
"""So much of each index tells enough of how large the tables are, one against another."""


def accounts_beside(ledger: Path) -> Path:
    """Where the accounts of a ledger are."""
    return ledger.with_name(f"{ledger.name}.accounts")


class SQLiteSession:
    """One transaction of an accounts file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def all(self, statement: str, *values: Any) -> list[Any]:
        """See `session.Session`."""
        return self._connection.execute(statement, values).fetchall()

    def each(self, statement: str, *values: Any) -> Iterator[Any]:
        """See `session.Session`."""
        return iter(self._connection.execute(statement, values))

    def run(self, statement: str, *values: Any) -> int:
        """See `session.Session`."""
        return self._connection.execute(statement, values).rowcount

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """See `session.Session`."""
        self._connection.executemany(statement, rows)

    def insert(self, table: str, rows: Iterable[Sequence[Any]], width: int) -> None:
        """See `session.Session`. Several rows in a statement take two thirds of the time."""
        one = f"({', '.join('?' * width)})"
        at_once = max(1, _VALUES_AT_ONCE // width)
        waiting = iter(rows)
        while some := list(islice(waiting, at_once)):
            statement = f"INSERT INTO {table} VALUES {', '.join([one] * len(some))}"
            self._connection.execute(statement, list(chain.from_iterable(some)))

    def at_once(self) -> AbstractContextManager[object]:
        """See `session.Session`. There is no way to a file that could be spared."""
        return nullcontext()

    def begin_version(self, number: int) -> None:
        """See `session.Session`."""
        for table in TABLES:
            self._connection.execute(ddl(table, number, _TYPES))

    def index_version(self, number: int) -> None:
        """See `session.Session`."""
        self._connection.execute(f"PRAGMA analysis_limit = {_ANALYSED_ROWS}")
        for table in TABLES:
            for statement in indexes(table, number):
                self._connection.execute(statement)
            self._connection.execute(f"ANALYZE {table.name}_{number}")

    def show_version(self, number: int) -> None:
        """See `session.Session`."""
        for (name,) in self.all("SELECT name FROM sqlite_master WHERE type = 'view'"):
            self._connection.execute(f"DROP VIEW {name}")
        for name, statement in shown(number, told=True):
            self._connection.execute(f"CREATE VIEW {name} AS {statement}")

    def drop_version(self, number: int) -> None:
        """See `session.Session`."""
        for table in TABLES:
            self._connection.execute(f"DROP TABLE IF EXISTS {table.name}_{number}")


class SQLiteAccounts:
    """The accounts file of one ledger. Every failure of the database comes out as a LedgerError."""

    def __init__(self, ledger: Path) -> None:
        """Opens nothing yet: there may be no accounts."""
        self.path = accounts_beside(ledger)
        self._connection: sqlite3.Connection | None = None
        self._locks: dict[str, sqlite3.Connection] = {}

    def exists(self) -> bool:
        """Whether there are any; a file whose making was cut short, by a kill or a full disk, holds none."""
        return self.path.is_file() and not _is_blank(self.path)

    def close(self) -> None:
        """Closes the file, and lets go of every lock."""
        for held in self._locks.values():
            held.close()
        self._locks.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def reading(self) -> Iterator[SQLiteSession]:
        """One consistent view of them; they must exist."""
        with self._transaction("BEGIN", create=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[SQLiteSession]:
        """A transaction that excludes every other writer; they are made if there are none. All is committed at the end."""
        with self._transaction("BEGIN IMMEDIATE", create=True) as session:
            yield session

    @contextmanager
    def _transaction(self, begin: str, *, create: bool) -> Iterator[SQLiteSession]:
        try:
            connection = self._connected(create)
            connection.execute(begin)
            try:
                yield SQLiteSession(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise LedgerError(
                said("the stored accounts in {path} failed: {problem}. They can be deleted, and made again with"
                     " `bitacora follow`"),
                path=self.path, problem=error,
            ) from error  # fmt: skip

    def _connected(self, create: bool) -> sqlite3.Connection:
        if self._connection is None:
            mode = "rwc" if create else "rw"
            self._connection = self._checked(f"{self.path.absolute().as_uri()}?mode={mode}", create)
        return self._connection

    def _checked(self, uri: str, create: bool) -> sqlite3.Connection:
        """A connection to a file that holds accounts, or with `create` to one in which they are begun."""
        connection = sqlite3.connect(uri, uri=True, timeout=WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            if create:
                self._begin(connection)
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            form = connection.execute("PRAGMA user_version").fetchone()[0]
            if (application, form) != (APPLICATION_ID, FORM):
                raise LedgerError(said("{path} does not hold the accounts of a ledger in a form that this program knows"),
                                  path=self.path)  # fmt: skip
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.execute("PRAGMA cache_size = -65536")
        except BaseException:
            connection.close()
            raise
        return connection

    def _begin(self, connection: sqlite3.Connection) -> None:
        """Makes what is always there; whoever comes second finds it."""
        if connection.execute("PRAGMA user_version").fetchone()[0]:
            return
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        if not has_tables(connection):
            connection.execute(_REGISTRY)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {FORM}")
        connection.execute("COMMIT")

    # Who may follow -------------------------------------------------------------------------------------------------

    def lock(self, name: str) -> bool:
        """Whether this process now holds that lock (`follow`, `rebuild`), until it lets go of it or ends."""
        if name in self._locks:
            return True
        # SQLite's own locks, on a file that holds nothing: they end with the process, however it ends.
        file = self.path.with_name(f"{self.path.name}.{name}")
        held = sqlite3.connect(f"{file.absolute().as_uri()}?mode=rwc", uri=True, timeout=0, isolation_level=None,
                               check_same_thread=False)  # fmt: skip
        try:
            held.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            held.close()
            return False
        self._locks[name] = held
        return True

    def unlock(self, name: str) -> None:
        """Lets go of a lock, if it is held."""
        held = self._locks.pop(name, None)
        if held is not None:
            held.close()


def _is_blank(path: Path) -> bool:
    """Whether nothing was ever made in a file."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)) as connection:
            return not has_tables(connection)
    except sqlite3.Error:
        # Whoever reads it is told what it is.
        return False
