"""The subscriptions of a ledger kept in PostgreSQL: tables in the ledger's schema, made by `bitacora migrate`.

Whoever may record, or keep stored accounts, may keep them. One connection holds the lock of whoever sends: who loses it sends
no more.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any

import psycopg

from adapters.stores.postgres.beside import TablesBeside
from adapters.stores.postgres.connecting import explained
from adapters.stores.postgres.schema import FOLLOWER, WRITER
from adapters.stores.postgres.session import PostgresSession
from domain.refusal import said

_CONNECTIONS = 4
_LOCK = 0x62697461686F6F6B
"""The advisory lock of whoever sends: "bitahook"."""


class PostgresPlace(TablesBeside):
    """The subscriptions in one ledger's database. Every failure of it comes out as a LedgerError."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. LedgerError if the URL cannot be read."""
        missing = said("{path} has no table of webhooks yet: run `bitacora migrate` with this ledger first")
        super().__init__(url, "bitacora-webhooks", _CONNECTIONS, missing)
        self._held = RLock()
        self._sending: psycopg.Connection[Any] | None = None

    def close(self) -> None:
        """See `places.Place`."""
        super().close()
        with self._held:
            if self._sending is not None:
                self._sending.close()
                self._sending = None

    def reading(self) -> AbstractContextManager[PostgresSession]:
        """See `places.Place`."""
        return self._keeping(said("reading its webhooks"))

    @contextmanager
    def writing(self) -> Iterator[PostgresSession]:
        """See `places.Place`."""
        with self._keeping(said("writing its webhooks")) as session:
            session.run("LOCK TABLE webhooks IN SHARE ROW EXCLUSIVE MODE")
            yield session

    def _keeping(self, what: str) -> AbstractContextManager[PostgresSession]:
        forbidden = said("{path}: to keep webhooks, this name must be a member of the role {writer} or {follower}")
        return self.session(what, forbidden, writer=WRITER, follower=FOLLOWER)

    def may_send(self) -> bool:
        """See `places.Place`."""
        with self._held, explained(self.place, said("locking its webhooks")):
            if self._sending is not None:
                self._sending.execute("SELECT 1")
                return True
            connection = self.place.connected()
            row = connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,)).fetchone()
            if row is None or not row[0]:
                connection.close()
                return False
            self._sending = connection
            return True
