"""The stored accounts of a ledger kept in PostgreSQL: a schema of its own, `bitacora_accounts`, in the ledger's database.

`bitacora migrate` makes the schema, followers make the tables of a version; these belong to the role that follows, so that any
of its members can take over. One connection holds the locks and writes: whoever loses it loses both. It judges nothing.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import psycopg
from psycopg import errors, sql

from adapters.accounts.session import ddl, indexes
from adapters.accounts.tables import TABLES, Table
from adapters.accounts.views import VIEWS, View, shown, tables_shown
from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import Place, explained
from adapters.stores.postgres.schema import ACCOUNTS, FOLLOWER, READER, REPORTING, WRITER
from adapters.stores.postgres.session import PostgresSession
from domain.refusal import said

_TYPES = {
    "text": "text", "count": "bigint", "flag": "boolean", "instant": "timestamptz", "moment": "timestamptz", "day": "date",
    "json": "json",
}  # fmt: skip
_COLLATION = ' COLLATE "C"'
_COPIED_FROM = 20
"""As many rows and more are copied: beginning a COPY costs more than one statement, every row in it less."""
_BEGIN_WRITING = f"BEGIN; SET LOCAL ROLE {FOLLOWER}; LOCK TABLE account_versions IN SHARE ROW EXCLUSIVE MODE"  # Sent as one.
_SWITCH_MILLISECONDS = 200
"""A switch to another version that does not get its locks within this time is tried again later: whoever begins to read
meanwhile waits behind it."""
_LOCKS = 0x62697461
"""With it the advisory locks of accounts begin: "bita"."""


class PostgresAccountsSession(PostgresSession):
    """See `session.AccountsSession`."""

    def __init__(self, connection: "psycopg.Connection[Any]") -> None:
        super().__init__(connection)
        self._copies: list[tuple[str, list[Sequence[Any]]]] | None = None

    def insert(self, table: str, rows: Iterable[Sequence[Any]], width: int) -> None:
        """See `session.AccountsSession`."""
        values = list(rows)
        if len(values) < _COPIED_FROM:
            self.many(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", values)
        elif self._copies is not None:
            self._copies.append((table, values))
        else:
            self._copy(table, values)

    def _copy(self, table: str, rows: Sequence[Sequence[Any]]) -> None:
        with self._cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
            for row in rows:
                copy.write_row(row)

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """See `session.AccountsSession`. What is copied comes after all else: it cannot be sent together with anything."""
        copies: list[tuple[str, list[Sequence[Any]]]] = []
        self._copies = copies
        with self._connection.pipeline():
            yield
        self._copies = None
        for table, rows in copies:
            self._copy(table, rows)

    # Versions -------------------------------------------------------------------------------------------------------

    def begin_version(self, number: int) -> None:
        """See `session.AccountsSession`."""
        for table in TABLES:
            name = f"{table.name}_{number}"
            self.run(ddl(table, number, _TYPES, _COLLATION))
            self._comment("TABLE", name, table.en, table.es)
            self._comment_columns(name, table)
            self.run(f"GRANT SELECT ON {name} TO {READER}, {WRITER}")

    def index_version(self, number: int) -> None:
        """See `session.AccountsSession`."""
        for table in TABLES:
            for statement in indexes(table, number):
                self.run(statement)
            self.run(f"ANALYZE {table.name}_{number}")

    def show_version(self, number: int) -> None:
        """See `session.AccountsSession`. Views stay what they were for whoever built upon them or was granted them, unless they
        have other columns now; LedgerBusy rather than keep readers waiting behind one of them."""
        made = dict(shown(number))
        self.run(f"SET LOCAL lock_timeout = '{_SWITCH_MILLISECONDS}ms'")
        others = {it.name for it in tables_shown() if not self._is_replaced(it.name, made[it.name])}
        others |= {it.name for it in VIEWS if others or not self._is_replaced(it.name, made[it.name])}
        self._drop_views(name for name in reversed(made) if name in others)
        for name, statement in made.items():
            if name in others:
                self.run(f"CREATE VIEW {name} AS {statement}")
            self.run(f"GRANT SELECT ON {name} TO {REPORTING}, {READER}, {WRITER}")
        described: list[Table | View] = [*tables_shown(), *VIEWS]
        for it in described:
            self._comment("VIEW", it.name, it.en, it.es)
            self._comment_columns(it.name, it)

    def _is_replaced(self, name: str, statement: str) -> bool:
        """Whether a view shows this now; it cannot be made to if it has other columns."""
        try:
            with self._connection.transaction():
                self.run(f"CREATE OR REPLACE VIEW {name} AS {statement}")
        except errors.InvalidTableDefinition:
            return False
        return True

    def _drop_views(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                self.run(f"DROP VIEW IF EXISTS {name}")
        except errors.DependentObjectsStillExist as error:
            template = said("views of the stored accounts have other columns now, and others stand in the way ({problem}): drop"
                            " those, and make them again afterwards")  # fmt: skip
            raise LedgerError(template, problem=error.diag.message_detail) from error

    def _comment(self, kind: str, name: str, en: str, es: str) -> None:
        said_so = sql.SQL("COMMENT ON {} {} IS {}").format(
            sql.SQL(kind), sql.Identifier(*name.split(".")), sql.Literal(f"{es} / {en}")
        )
        self._cursor.execute(said_so)

    def _comment_columns(self, name: str, it: Table | View) -> None:
        for column in it.columns:
            self._comment("COLUMN", f"{name}.{column.name}", column.en, column.es)


class PostgresAccounts:
    """The accounts in one ledger's database. Every failure of it comes out as a LedgerError."""

    def __init__(self, url: str) -> None:
        """Connects to nothing yet. LedgerError if the URL cannot be read."""
        self._place = Place(url)
        self._connection: psycopg.Connection[Any] | None = None
        self._locks: set[str] = set()

    def exists(self) -> bool:
        """Whether there are any."""
        with explained(self._place, said("looking for stored accounts")):
            try:
                found = self._connected().execute(f"SELECT 1 FROM {ACCOUNTS}.account_versions LIMIT 1").fetchone()
            except (errors.UndefinedTable, errors.InvalidSchemaName, errors.InsufficientPrivilege):
                return False
        return found is not None

    def close(self) -> None:
        """Closes the connection, and lets go of every lock with it."""
        self._locks.clear()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def reading(self) -> Iterator[PostgresAccountsSession]:
        """One consistent view of them; they must exist."""
        with explained(self._place, said("reading stored accounts")):
            connection = self._connected()
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with _ended(connection):
                yield PostgresAccountsSession(connection)

    @contextmanager
    def writing(self) -> Iterator[PostgresAccountsSession]:
        """A transaction that excludes every other writer. All is committed at the end."""
        with explained(self._place, said("writing stored accounts")):
            connection = self._connected()
            with _ended(connection):
                try:
                    connection.execute(_BEGIN_WRITING)
                except errors.InsufficientPrivilege as error:
                    template = said("{path}: to keep stored accounts, this name must be a member of the role {role}")
                    raise LedgerError(template, path=self._place, role=FOLLOWER) from error
                yield PostgresAccountsSession(connection)

    def lock(self, name: str) -> bool:
        """Whether this process now holds that lock (`follow`, `rebuild`), until it lets go of it or ends."""
        if name not in self._locks:
            with explained(self._place, said("locking stored accounts")):
                row = self._connected().execute("SELECT pg_try_advisory_lock(%s, %s)", _lock_of(name)).fetchone()
            if row is None or not row[0]:
                return False
            self._locks.add(name)
        return True

    def unlock(self, name: str) -> None:
        """Lets go of a lock, if it is held."""
        if name in self._locks and self._connection is not None and not self._connection.closed:
            self._locks.remove(name)
            with explained(self._place, said("unlocking stored accounts")):
                self._connection.execute("SELECT pg_advisory_unlock(%s, %s)", _lock_of(name))

    def _connected(self) -> "psycopg.Connection[Any]":
        if self._connection is not None and self._connection.closed and self._locks:
            raise LedgerError(said("{path} was lost, and with it the right to keep its stored accounts"), path=self._place)
        if self._connection is None or self._connection.closed:
            self._connection = self._place.connected()
            # What is kept here can be made again: it need not wait for the disk.
            self._connection.execute(f"SET search_path = {ACCOUNTS}; SET synchronous_commit = off; SET timezone = 'UTC'")
        return self._connection


@contextmanager
def _ended(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Commits, or rolls back what failed."""
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if not connection.closed:
            connection.execute("ROLLBACK")
        raise


def _lock_of(name: str) -> tuple[int, int]:
    """The two numbers of an advisory lock; the second must fit four bytes."""
    return _LOCKS, crc32(name.encode()) - 2**31
