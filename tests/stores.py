"""The stores that the tests of the ledger run on: a file of SQLite, a database of PostgreSQL. The same tests for both."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from adapters.files.restoring import restore
from adapters.ledger import Ledger
from adapters.stores.postgres.connecting import prepare
from adapters.stores.postgres.session import PostgresLedgerSession
from adapters.stores.rows import LedgerSession
from adapters.stores.sqlite_session import SQLiteLedgerSession
from tests.postgres_server import Databases

KINDS = ("sqlite", "postgres")
_FILLED = ("stored_events", "entry_keys", "client_streams", "contingency_streams", "key_store")


class Ledgers:
    """The ledgers of a test by their names, each in a place of its own; `databases` None: in files."""

    def __init__(self, folder: Path, databases: Databases | None = None) -> None:
        self.folder = folder
        self.databases = databases
        self._urls: dict[str, str] = {}

    def url(self, name: str = "ledger") -> str:
        """Where the ledger of that name is, or is to be."""
        if name not in self._urls:
            self._urls[name] = str(self.folder / f"{name}.db") if self.databases is None else self.databases.migrated()
        return self._urls[name]

    def keys(self, name: str = "ledger") -> Path:
        """Where the keys of the ledger of that name are."""
        return self.folder / f"{name}.db.keys"

    def open(self, name: str = "ledger", **options: Any) -> Ledger:
        """The ledger of that name, open; `options` as of `Ledger.open`."""
        return Ledger.open(self.url(name), keys=self.keys(name), **options)

    def restore(self, source: Path, name: str, **options: Any) -> int:
        """Restores an export into the ledger of that name; `options` as of `restore`."""
        return restore(source, self.url(name), **{"keys": self.keys(name)} | options)

    def is_absent(self, name: str) -> bool:
        """Whether there is no ledger of that name, nor any trace of one."""
        if self.databases is None:
            return not list(self.folder.glob(f"{name}.db*"))
        with psycopg.connect(self.url(name)) as connection:
            prepare(connection)
            found = [PostgresLedgerSession(connection).all(f"SELECT count(*) FROM {it}") for it in _FILLED]
            return not self.keys(name).exists() and found == [[(0,)]] * len(_FILLED)

    def copied(self, name: str, copy: str) -> str:
        """A ledger that nobody has open, again under another name, in the place of what was there."""
        if self.databases is None:
            shutil.copyfile(self.url(name), self.folder / f"{copy}.db")
            return self.url(copy)
        if copy in self._urls:
            self.databases.drop(self._urls[copy])
        self._urls[copy] = self.databases.copied(self.url(name))
        return self._urls[copy]

    def close(self) -> None:
        """Removes the databases."""
        if self.databases is not None and self._urls:
            self.databases.drop(*self._urls.values())


@contextmanager
def behind(place: Path | str) -> Iterator[LedgerSession]:
    """A session for which no trigger holds: what someone can do who owns the file, or the database."""
    url = str(place)
    if not url.startswith("postgresql:"):
        with closing(sqlite3.connect(url, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = OFF")
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                connection.execute(f"DROP TRIGGER {name}")
            connection.execute("BEGIN")
            yield SQLiteLedgerSession(connection.cursor())
            connection.execute("COMMIT")
        return
    with closing(psycopg.connect(url)) as server:
        prepare(server)
        with server.transaction():
            tables = server.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'bitacora'").fetchall()
            for (name,) in tables:
                server.execute(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
            yield PostgresLedgerSession(server)
            for (name,) in tables:
                server.execute(f"ALTER TABLE {name} ENABLE TRIGGER ALL")
