"""Where the accounts of a ledger are kept, whichever store it is: opened here, and asked through one protocol."""

from contextlib import AbstractContextManager
from typing import Protocol

from adapters.accounts.session import Session
from adapters.settings import ledger_path


class Accounts(Protocol):
    """The stored accounts of one ledger. Every failure of the database comes out as a LedgerError."""

    def exists(self) -> bool:
        """Whether there are any, of whatever version."""

    def reading(self) -> AbstractContextManager[Session]:
        """One consistent view of them; they must exist."""

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction that excludes every other writer; they are made if there are none. All is committed at the end."""

    def lock(self, name: str) -> bool:
        """Whether this process now holds that lock (`follow`, `rebuild`), until it lets go of it or ends."""

    def unlock(self, name: str) -> None:
        """Lets go of a lock, if it is held."""

    def close(self) -> None:
        """Closes everything, and lets go of every lock."""


def accounts_of(url: str) -> Accounts:
    """The accounts of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own database."""
    path = ledger_path(url)
    if path is None:
        from adapters.accounts.postgres import PostgresAccounts

        return PostgresAccounts(url)
    from adapters.accounts.sqlite import SQLiteAccounts

    return SQLiteAccounts(path)
