"""What the stored accounts ask of a database besides: the tables of their versions, and rows by the thousand.

Each store answers in a module of its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from adapters.accounts.tables import Table
from adapters.stores.session import Session


class AccountsSession(Session, Protocol):
    """A transaction in which stored accounts are read and written."""

    def insert(self, table: str, rows: Iterable[Sequence[Any]], width: int) -> None:
        """Rows of `width` values into a table."""

    def at_once(self) -> AbstractContextManager[object]:
        """Statements within it may be sent together; none of them is asked for its answer."""

    def begin_version(self, number: int) -> None:
        """Makes the tables of a version, without indexes."""

    def index_version(self, number: int) -> None:
        """Makes the indexes of a version."""

    def show_version(self, number: int) -> None:
        """Makes the views show a version."""


def ddl(table: Table, number: int, types: dict[str, str], collation: str = "") -> str:
    """What makes a table of a version, in the types of a store."""
    columns = [
        f"{it.name} {types[it.kind]}{collation if it.kind == 'text' else ''}{' NOT NULL' if it.required else ''}"
        for it in table.columns
    ]
    return f"CREATE TABLE {table.name}_{number} ({', '.join(columns)}, PRIMARY KEY ({', '.join(table.key)}))"


def indexes(table: Table, number: int) -> Iterator[str]:
    """What makes the indexes of a table of a version."""
    for columns in table.found_by:
        name = f"{table.name}_{number}_by_{'_'.join(columns)}"
        yield f"CREATE INDEX {name} ON {table.name}_{number} ({', '.join(columns)})"
