"""Where the tokens of a ledger's server are kept, whichever store the ledger is in: one table, asked through one protocol."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from adapters.settings import ledger_path

TABLE = (
    "CREATE TABLE {name} (id text PRIMARY KEY, name text NOT NULL, role text NOT NULL, client text, made_at text NOT NULL,"
    " expires_at text, revoked_at text, digest text NOT NULL)"
)
"""The same on both stores. Nothing in it opens anything: of a token only the digest is kept."""


class Session(Protocol):
    """One transaction. Statements are SQL that both stores understand, with `?` for a value."""

    def all(self, statement: str, *values: Any) -> Sequence[Any]:
        """The rows a statement answers, as tuples."""

    def run(self, statement: str, *values: Any) -> int:
        """How many rows a statement wrote."""


class Access(Protocol):
    """The tokens kept for one ledger. Every failure of the database comes out as a LedgerError. Threads may share it."""

    def exists(self) -> bool:
        """Whether any can be kept there yet."""

    def reading(self) -> AbstractContextManager[Session]:
        """One consistent view of them; they must exist."""

    def writing(self) -> AbstractContextManager[Session]:
        """A transaction that is committed at the end, or nothing happened."""

    def close(self) -> None:
        """Gives everything back."""


def access_of(url: str) -> Access:
    """The tokens of the ledger at `url`, whether there are any yet or not. A driver is loaded only for its own database."""
    path = ledger_path(url)
    if path is None:
        from adapters.access.postgres import PostgresAccess

        return PostgresAccess(url)
    from adapters.access.sqlite import SQLiteAccess

    return SQLiteAccess(path)
