"""Where subscriptions are kept, whichever store the ledger is in: two tables beside it, asked through one protocol, and the
lock of whoever sends."""

from contextlib import AbstractContextManager
from typing import Protocol

from adapters.access.places import Session
from adapters.settings import ledger_path

TABLES = (
    "CREATE TABLE webhooks (id text PRIMARY KEY, url text NOT NULL, owner text, wanted text NOT NULL,"
    " is_private bigint NOT NULL, salt text NOT NULL, state text NOT NULL, position bigint NOT NULL, made_at text NOT NULL)",
    "CREATE TABLE webhook_queues (webhook text NOT NULL REFERENCES webhooks ON DELETE CASCADE, stream text NOT NULL,"
    " after bigint NOT NULL, state text NOT NULL, attempts bigint NOT NULL, position bigint, since text, due_at text,"
    " problem text, PRIMARY KEY (webhook, stream))",
)
"""The same on both stores. Neither entries nor secrets are in them."""


class Place(Protocol):
    """The subscriptions kept for one ledger. Every failure of the database comes out as a LedgerError. Threads may share it."""

    def exists(self) -> bool:
        """Whether any can be kept there yet."""

    def reading(self) -> AbstractContextManager[Session]:
        """One consistent view of them; they must exist."""

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction that excludes every other writer, committed at the end, or nothing happened."""

    def lock(self) -> bool:
        """Whether this process alone may now send, until it closes this or ends, however it ends. LedgerError if it held the
        lock and lost it."""

    def close(self) -> None:
        """Gives everything back, the lock with it."""


def place_of(url: str) -> Place:
    """The subscriptions of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own
    database."""
    path = ledger_path(url)
    if path is None:
        from adapters.webhooks.postgres import PostgresPlace

        return PostgresPlace(url)
    from adapters.webhooks.sqlite import SQLitePlace

    return SQLitePlace(path)
