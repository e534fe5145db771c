"""Where the accounts of a ledger are kept, whichever store it is: opened here, and asked through one protocol."""

from typing import Protocol

from adapters.accounts.session import AccountsSession
from adapters.settings import ledger_path
from adapters.stores.session import Beside


class Accounts(Beside[AccountsSession], Protocol):
    """The stored accounts of one ledger, of whatever version."""

    def lock(self, name: str) -> bool:
        """Whether this process now holds that lock (`follow`, `rebuild`), until it lets go of it or ends."""

    def unlock(self, name: str) -> None:
        """Lets go of a lock, if it is held."""


def accounts_of(url: str) -> Accounts:
    """The accounts of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own database."""
    path = ledger_path(url)
    if path is None:
        from adapters.accounts.postgres import PostgresAccounts

        return PostgresAccounts(url)
    from adapters.accounts.sqlite import SQLiteAccounts

    return SQLiteAccounts(path)
