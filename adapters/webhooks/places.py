"""Where subscriptions are kept, whichever store the ledger is in: two tables beside it, asked through one protocol, and the
lock of whoever sends."""

from typing import Protocol

from adapters.settings import ledger_path
from adapters.stores.session import Beside, Session


class Place(Beside[Session], Protocol):
    """The subscriptions kept for one ledger."""

    def may_send(self) -> bool:
        """Whether this process alone may now send, until it closes this or ends, however it ends. LedgerError if it might, and
        lost the right."""


def place_of(url: str) -> Place:
    """The subscriptions of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own
    database."""
    path = ledger_path(url)
    if path is None:
        from adapters.webhooks.postgres import PostgresPlace

        return PostgresPlace(url)
    from adapters.webhooks.sqlite import SQLitePlace

    return SQLitePlace(path)
