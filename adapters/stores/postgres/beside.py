"""Tables beside the entries of a ledger in PostgreSQL: in its schema, made by `bitacora migrate`, asked over a small pool.

What they hold, who may write them, and what is said when they fail, is told by whoever keeps them.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors
from psycopg_pool import ConnectionPool

from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import WAIT_SECONDS, Place, explained, prepare
from adapters.stores.postgres.session import PostgresSession


class TablesBeside:
    """What `session.Beside` asks of PostgreSQL, but for its transactions, which say what they do."""

    def __init__(self, url: str, name: str, connections: int, missing: str) -> None:
        """Connects to nothing yet, and at most so many times, by that name. `missing` (of a path, marked with `said`) is what
        is said of a database without the tables. LedgerError if the URL cannot be read."""
        self.place = Place(url)
        self._missing = missing
        self._pool = ConnectionPool(
            self.place.conninfo, configure=prepare, min_size=0, max_size=connections, timeout=WAIT_SECONDS, open=False,
            name=name,
        )  # fmt: skip

    def exists(self) -> bool:
        """Always: a database without the tables is one to migrate, and says so when it is asked."""
        return True

    def close(self) -> None:
        """Closes every connection."""
        self._pool.close()

    @contextmanager
    def session(self, what: str, forbidden: str | None = None, **roles: str) -> Iterator[PostgresSession]:
        """A transaction, in which `what` is done; `forbidden` is said to whom the database does not let, with the roles that
        may. Both are marked with `said`."""
        self._pool.open()
        with explained(self.place, what), self._pool.connection() as connection, connection.transaction():
            try:
                yield PostgresSession(connection)
            except errors.UndefinedTable as error:
                raise LedgerError(self._missing, path=self.place) from error
            except errors.InsufficientPrivilege as error:
                if forbidden is None:
                    raise
                raise LedgerError(forbidden, path=self.place, **roles) from error
