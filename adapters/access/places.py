"""Where the tokens of a ledger's server are kept, whichever store the ledger is in: one table, asked through one protocol."""

from adapters.settings import ledger_path
from adapters.stores.session import Beside, Session

Access = Beside[Session]
"""The tokens kept for one ledger."""


def access_of(url: str) -> Access:
    """The tokens of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own database."""
    path = ledger_path(url)
    if path is None:
        from adapters.access.postgres import PostgresAccess

        return PostgresAccess(url)
    from adapters.access.sqlite import access_beside

    return access_beside(path)
