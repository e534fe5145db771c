"""The tokens of a ledger kept in PostgreSQL: a table in the ledger's schema, made by `bitacora migrate`.

Whoever may read the ledger may check a token; only members of `bitacora_admin` make and revoke them, so that a server that was
broken into cannot give itself others.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors
from psycopg_pool import ConnectionPool

from adapters.accounts.postgres import PostgresSession
from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import WAIT_SECONDS, Place, explained, prepare
from adapters.stores.postgres.schema import ADMIN
from domain.refusal import said

_CONNECTIONS = 2


class PostgresAccess:
    """The tokens in one ledger's database. Every failure of it comes out as a LedgerError."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. LedgerError if the URL cannot be read."""
        self._place = Place(url)
        self._pool = ConnectionPool(
            self._place.conninfo, configure=prepare, min_size=0, max_size=_CONNECTIONS, timeout=WAIT_SECONDS, open=False,
            name="bitacora-access",
        )  # fmt: skip

    def exists(self) -> bool:
        """Always: a database without the table is one to migrate, and says so when it is asked."""
        return True

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()

    @contextmanager
    def reading(self) -> Iterator[PostgresSession]:
        """See `places.Access`."""
        with self._session(said("reading its tokens")) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[PostgresSession]:
        """See `places.Access`."""
        with self._session(said("writing its tokens")) as session:
            try:
                yield session
            except errors.InsufficientPrivilege as error:
                template = said("{path}: to make or revoke tokens, this name must be a member of the role {role}")
                raise LedgerError(template, path=self._place, role=ADMIN) from error

    @contextmanager
    def _session(self, what: str) -> Iterator[PostgresSession]:
        self._pool.open()
        with explained(self._place, what), self._pool.connection() as connection, connection.transaction():
            try:
                yield PostgresSession(connection)
            except errors.UndefinedTable as error:
                template = said("{path} has no table of tokens yet: run `bitacora migrate` with this ledger first")
                raise LedgerError(template, path=self._place) from error
