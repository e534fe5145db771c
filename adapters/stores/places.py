"""Where a ledger is kept, whatever keeps it: what every store offers, and which one a URL names.

The drivers of databases are loaded only when a ledger is kept in one of theirs.
"""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from adapters.settings import ledger_path
from adapters.stores.rows import Rows


class Store(Protocol):
    """One ledger's rows, open. Every failure comes out as a LedgerError."""

    name: str
    """What it is called in what is said of it; never with a password."""
    is_empty: bool
    """Whether there was nothing in it, not even the built-in terms, when it was opened."""
    keys: Path
    """Where the keys of its personal texts are unless another place is named."""

    def close(self) -> None:
        """Gives everything back; nothing is left to write."""

    def reading(self, what: str) -> AbstractContextManager[Rows]:
        """One consistent view of the rows; `what` (marked with `said`) tells what is read, should that fail."""

    def writing(self) -> AbstractContextManager[Rows]:
        """The only transaction that writes, in this process or any other; commits at the end, or nothing happened."""

    def wait_for_news(self, after: int, timeout_seconds: float) -> int:
        """The last position, as soon as it is beyond `after`, or else when that time has passed."""


def opened(url: str, *, create: bool) -> Store:
    """The ledger at a URL; with `create` a new file is made if there is none. LedgerError if it cannot be opened."""
    path = ledger_path(url)
    if path is None:
        from adapters.stores.postgres.store import PostgresStore

        return PostgresStore(url, create=create)
    from adapters.stores.sqlite import SQLiteStore

    return SQLiteStore(path, create=create)
