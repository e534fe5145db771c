"""The subscriptions of a ledger kept in PostgreSQL: tables in the ledger's schema, made by `bitacora migrate`.

Whoever may record, or keep stored accounts, may keep them. One connection holds the lock of whoever sends: who loses it sends
no more.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool

from adapters.accounts.postgres import PostgresSession
from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import WAIT_SECONDS, explained, prepare
from adapters.stores.postgres.connecting import Place as Database
from adapters.stores.postgres.schema import FOLLOWER, WRITER
from domain.refusal import said

_CONNECTIONS = 4
_LOCK = 0x62697461686F6F6B
"""The advisory lock of whoever sends: "bitahook"."""


class PostgresPlace:
    """The subscriptions in one ledger's database. Every failure of it comes out as a LedgerError."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. LedgerError if the URL cannot be read."""
        self._database = Database(url)
        self._pool = ConnectionPool(
            self._database.conninfo, configure=prepare, min_size=0, max_size=_CONNECTIONS, timeout=WAIT_SECONDS, open=False,
            name="bitacora-webhooks",
        )  # fmt: skip
        self._held = RLock()
        self._sending: psycopg.Connection[Any] | None = None

    def exists(self) -> bool:
        """Always: a database without the tables is one to migrate, and says so when it is asked."""
        return True

    def close(self) -> None:
        """See `places.Place`."""
        self._pool.close()
        with self._held:
            if self._sending is not None:
                self._sending.close()
                self._sending = None

    @contextmanager
    def reading(self) -> Iterator[PostgresSession]:
        """See `places.Place`."""
        with self._session(said("reading its webhooks")) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[PostgresSession]:
        """See `places.Place`."""
        with self._session(said("writing its webhooks")) as session:
            session.run("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE")
            yield session

    def lock(self) -> bool:
        """See `places.Place`."""
        with self._held, explained(self._database, said("locking its webhooks")):
            if self._sending is not None:
                self._sending.execute("SELECT 1")
                return True
            connection = self._database.connected()
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if row is None or not row[0]:
                connection.close()
                return False
            self._sending = connection
            return True

    @contextmanager
    def _session(self, what: str) -> Iterator[PostgresSession]:
        self._pool.open()
        with explained(self._database, what), self._pool.connection() as connection, connection.transaction():
            try:
                yield PostgresSession(connection)
            except errors.UndefinedTable as error:
                template = said("{path} has no table of webhooks yet: run `bitacora migrate` with this ledger first")
                raise LedgerError(template, path=self._database) from error
            except errors.InsufficientPrivilege as error:
                template = said("{path}: to keep webhooks, this name must be a member of the role {writer} or {follower}")
                raise LedgerError(template, path=self._database, writer=WRITER, follower=FOLLOWER) from error
