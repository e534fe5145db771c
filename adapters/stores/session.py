"""What is asked of one transaction of a database, whichever database it is, and what is kept in one beside a ledger.

Nothing here connects to anything: how SQLite and PostgreSQL are asked is in `sqlite_session` and `postgres.session`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar


class Session(Protocol):
    """One transaction. Statements are SQL that every store understands, in the words of SQLite: `?` for a value, `rowid` for
    the position of an entry. What only one of them says its own way has a method where it is needed."""

    def all(self, statement: str, *values: Any) -> list[Any]:
        """The rows that a statement answers, as tuples."""

    def each(self, statement: str, *values: Any) -> Iterator[Any]:
        """The same one at a time, for as long as the transaction lasts."""

    def run(self, statement: str, *values: Any) -> int:
        """How many rows a statement wrote."""

    def many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same statement for each of these."""


AnySession = TypeVar("AnySession", bound=Session, covariant=True)


class Beside(Protocol[AnySession]):
    """Tables kept beside the entries of one ledger. Every failure of the database comes out as a LedgerError. Threads may share
    it."""

    def exists(self) -> bool:
        """Whether there are any yet."""

    def reading(self) -> AbstractContextManager[AnySession]:
        """One consistent view of them; they must exist."""

    def writing(self) -> AbstractContextManager[AnySession]:
        """A transaction that excludes every other writer; they are made if there are none. All is committed at the end, or
        nothing happened."""

    def close(self) -> None:
        """Gives everything back, locks too."""
