"""The stored accounts of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.accounts`.

Apart from the ledger, because they can be thrown away and made again: no backup, proof or copy of the ledger needs them, a
ledger that may only be read can be followed, and the follower never keeps the desk's writers waiting. It judges nothing.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from itertools import chain, islice
from pathlib import Path
from typing import Any

from adapters.accounts.session import ddl, indexes
from adapters.accounts.tables import TABLES
from adapters.accounts.views import shown
from adapters.sqlite_opening import connected
from adapters.stores.beside import Content, FileBeside
from adapters.stores.sqlite_files import has_tables
from adapters.stores.sqlite_session import SQLiteSession
from domain.refusal import said

_TYPES: dict[str, str] = {
    "text": "TEXT", "count": "INTEGER", "flag": "INTEGER", "instant": "TEXT", "moment": "TEXT", "day": "TEXT", "json": "TEXT",
}  # fmt: skip
_REGISTRY = (
    "CREATE TABLE account_versions (number INTEGER PRIMARY KEY, definition INTEGER NOT NULL, state TEXT NOT NULL,"
    " position INTEGER NOT NULL, entry_id TEXT NOT NULL, begun_at TEXT NOT NULL)"
)
_CONTENT = Content(
    suffix="accounts",
    application_id=0x62697463,
    form=1,
    tables=(_REGISTRY,),
    settings=("synchronous = NORMAL", "cache_size = -65536"),
    failed=said("the stored accounts in {path} failed: {problem}. They can be deleted, and made again with `bitacora follow`"),
    foreign=said("{path} does not hold the accounts of a ledger in a form that this program knows"),
    is_private=False,
)
_VALUES_AT_ONCE = 900
_ANALYSED_ROWS = 1_000
"""So much of each index tells enough of how large the tables are, one against another."""


class SQLiteAccountsSession(SQLiteSession):
    """See `session.AccountsSession`."""

    def insert(self, table: str, rows: Iterable[Sequence[Any]], width: int) -> None:
        """See `session.AccountsSession`. Several rows in a statement take two thirds of the time."""
        one = f"({', '.join('?' * width)})"
        at_once = max(1, _VALUES_AT_ONCE // width)
        waiting = iter(rows)
        while some := list(islice(waiting, at_once)):
            statement = f"INSERT INTO {table} VALUES {', '.join([one] * len(some))}"
            self._cursor.execute(statement, list(chain.from_iterable(some)))

    def at_once(self) -> AbstractContextManager[object]:
        """See `session.AccountsSession`. There is no way to a file that could be spared."""
        return nullcontext()

    def begin_version(self, number: int) -> None:
        """See `session.AccountsSession`."""
        for table in TABLES:
            self._cursor.execute(ddl(table, number, _TYPES))

    def index_version(self, number: int) -> None:
        """See `session.AccountsSession`."""
        self._cursor.execute(f"PRAGMA analysis_limit = {_ANALYSED_ROWS}")
        for table in TABLES:
            for statement in indexes(table, number):
                self._cursor.execute(statement)
            self._cursor.execute(f"ANALYZE {table.name}_{number}")

    def show_version(self, number: int) -> None:
        """See `session.AccountsSession`."""
        for (name,) in self.all("SELECT name FROM sqlite_master WHERE type = 'view'"):
            self._cursor.execute(f"DROP VIEW {name}")
        for name, statement in shown(number, told=True):
            self._cursor.execute(f"CREATE VIEW {name} AS {statement}")


class SQLiteAccounts(FileBeside[SQLiteAccountsSession]):
    """The accounts file of one ledger. Every failure of the database comes out as a LedgerError."""

    def __init__(self, ledger: Path) -> None:
        """Opens nothing yet: there may be no accounts."""
        super().__init__(ledger, _CONTENT, SQLiteAccountsSession)

    def exists(self) -> bool:
        """Whether there are any; a file whose making was cut short, by a kill or a full disk, holds none."""
        return super().exists() and not _is_blank(self.path)


def _is_blank(path: Path) -> bool:
    """Whether nothing was ever made in a file."""
    try:
        with closing(connected(path, "mode=ro")) as connection:
            return not has_tables(connection)
    except sqlite3.Error:
        # Whoever reads it is told what it is.
        return False
