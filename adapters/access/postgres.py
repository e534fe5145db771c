"""The tokens of a ledger kept in PostgreSQL: a table in the ledger's schema, made by `bitacora migrate`.

Whoever may read the ledger may check a token; only members of `bitacora_admin` make and revoke them, so that a server that was
broken into cannot give itself others.
"""

from contextlib import AbstractContextManager

from adapters.stores.postgres.beside import TablesBeside
from adapters.stores.postgres.schema import ADMIN
from adapters.stores.postgres.session import PostgresSession
from domain.refusal import said

_CONNECTIONS = 2


class PostgresAccess(TablesBeside):
    """The tokens in one ledger's database. Every failure of it comes out as a LedgerError."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. LedgerError if the URL cannot be read."""
        missing = said("{path} has no table of tokens yet: run `bitacora migrate` with this ledger first")
        super().__init__(url, "bitacora-access", _CONNECTIONS, missing)

    def reading(self) -> AbstractContextManager[PostgresSession]:
        """See `session.Beside`."""
        return self.session(said("reading its tokens"))

    def writing(self) -> AbstractContextManager[PostgresSession]:
        """See `session.Beside`."""
        forbidden = said("{path}: to make or revoke tokens, this name must be a member of the role {role}")
        return self.session(said("writing its tokens"), forbidden, role=ADMIN)
