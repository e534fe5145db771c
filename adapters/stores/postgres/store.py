"""A ledger's database in PostgreSQL, kept by the eventsourcing library: its transactions, and what is told of a commit.

Its tables are made by `migrating` and by nobody else. What the rows mean to admission is not its affair: see `ledger`.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import quote

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import ConnectionPool

from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import WAIT_SECONDS, WRITING, Place, check_form, explained, prepare
from adapters.stores.postgres.schema import CHANNEL, SCHEMA
from adapters.stores.postgres.session import PostgresLedgerSession
from adapters.stores.recorder import Positioned, rows_of
from adapters.stores.rows import Row, Rows
from domain.refusal import said

_CONNECTIONS = 10
_RECONNECT_SECONDS = 0.05
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# One round trip: what it reads afterwards stays true until it commits, since everyone who writes begins with this.
_BEGIN_WRITING = f"BEGIN; SELECT head, last, transaction FROM {SCHEMA}.lock_head()"
_IS_THERE = (
    "SELECT 1 FROM stored_events WHERE notification_id = %s AND originator_id = %s AND originator_version = %s"
    " AND topic = %s AND state = %s"
)
_LOST = said("{path} is damaged: {head} entries were recorded, and the last one there is {last}. Restore it from a copy")
_Connection = psycopg.Connection[Any]


class _Datastore(PostgresDatastore):
    """The library's datastore, text ids, its connections made by a pool that knows the whole URL. Its mode of database
    functions stays off: with it entries become visible out of order."""

    def __init__(self, place: Place) -> None:
        super().__init__("", "", "", "", "", schema=SCHEMA, originator_id_type="text", enable_db_functions=False)
        self.pool = ConnectionPool(
            place.conninfo, kwargs={"row_factory": dict_row}, configure=prepare, min_size=0, max_size=_CONNECTIONS,
            timeout=WAIT_SECONDS, open=False, name="bitacora",
        )  # type: ignore[assignment]  # fmt: skip


class LedgerRecorder(Positioned, PostgresApplicationRecorder):
    """The library's recorder over our tables: dense positions, and every stored event it answers is a Notification."""

    def __init__(self, datastore: PostgresDatastore) -> None:
        super().__init__(datastore)
        self.channel_name = CHANNEL

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int]:
        """As the library's, at the next positions. Raises the library's errors."""
        with self.datastore.get_connection() as connection, connection.transaction():
            head = connection.cursor(row_factory=tuple_row).execute("SELECT head FROM lock_head()").fetchone()
            first = (head or (0,))[0] + 1
            rows = rows_of(stored_events, first)
            if rows:
                PostgresLedgerSession(connection).insert(rows)
        return range(first, first + len(rows))

    @contextmanager
    def _asking(self) -> Iterator[PostgresLedgerSession]:
        with self.datastore.get_connection() as connection:
            yield PostgresLedgerSession(connection)


class PostgresStore:
    """One ledger's database, open. Every failure comes out as a LedgerError."""

    def __init__(self, url: str, *, create: bool) -> None:
        """Connects to the database at `url`, which `bitacora migrate` has prepared. LedgerError if it cannot be reached, its
        schema is missing, older or newer than this program's, or, unless `create`, there is no entry in it. Keys are by default
        in the working folder, under the name of the database."""
        self.place = Place(url)
        self.name = str(self.place)
        with self.place.connected() as connection, explained(self.place, said("opening it")):
            check_form(self.place, connection)
            self.keys = Path(f"{quote(connection.info.dbname, safe='')}.keys")
            self.is_empty = connection.execute("SELECT 1 FROM stored_events LIMIT 1").fetchone() is None
        if self.is_empty and not create:
            raise LedgerError(said("{path} is empty: there is no ledger in it yet"), path=self.place)
        self._datastore = _Datastore(self.place)
        self._hearing = Lock()
        self._listening: _Connection | None = None

    @cached_property
    def recorder(self) -> LedgerRecorder:
        """The library's recorder, for its followers."""
        return LedgerRecorder(self._datastore)

    def close(self) -> None:
        """Closes every connection."""
        self._datastore.close()
        if self._listening is not None:
            self._listening.close()

    # Transactions ---------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self, what: str) -> Iterator[Rows]:
        """See `stores.Store`."""
        with explained(self.place, what), self._begun(_BEGIN_READING) as (connection, _):
            yield Rows(PostgresLedgerSession(connection))
            connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """See `stores.Store`. If the connection is lost while it commits, the database is asked what became of it; LedgerError
        says so if that cannot be found out."""
        with explained(self.place, WRITING):
            with self._begun(_BEGIN_WRITING) as (connection, cursor):
                cursor.nextset()
                head, last, transaction = cursor.fetchone() or (0, 0, "")
                if head != last:
                    raise LedgerError(_LOST, path=self.place, head=head, last=last)
                session = PostgresLedgerSession(connection, head)
                yield Rows(session)
                answer = self._commit(connection)
            if answer is None:
                self._settle(transaction, session.last_inserted)
            elif answer != "COMMIT":
                raise LedgerError(said("{path} took nothing: a statement had failed"), path=self.place)
        self.is_empty = False

    @contextmanager
    def _begun(self, statement: str) -> Iterator[tuple[_Connection, psycopg.Cursor[Any]]]:
        """A connection in a transaction, which is rolled back unless it was committed. A connection that was lost while
        nobody used it is replaced by another, for as long as we wait for anything."""
        pool = self._datastore.pool
        pool.open()
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            connection = pool.getconn()
            try:
                cursor = connection.cursor(row_factory=tuple_row).execute(statement)
                break
            except BaseException as error:
                is_lost = connection.closed and isinstance(error, psycopg.OperationalError)
                _give_back(pool, connection)
                if not is_lost or time.monotonic() > deadline:
                    raise
        try:
            yield connection, cursor
        finally:
            _give_back(pool, connection)

    def _commit(self, connection: _Connection) -> str | None:
        """What the database answers; None if it was lost before it did."""
        try:
            return connection.execute("COMMIT").statusmessage
        except psycopg.OperationalError:
            if not connection.closed:
                raise
            return None

    def _settle(self, transaction: str, last: Row | None) -> None:
        """Finds out, once the database is there again, that a transaction was committed, whose last entry was `last`.
        LedgerError if it was not, or if nobody can tell."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = self._status(transaction, last)
            if found == "committed":
                return
            if found == "aborted":
                raise LedgerError(said("{path} was lost while this was being written: nothing was written"), path=self.place)
            if time.monotonic() > deadline:
                raise LedgerError(
                    said("{path} was lost while this was being written, and is not there to say whether it was: ask again, "
                         "with a key, or look at its last entries"),
                    path=self.place,
                )  # fmt: skip
            time.sleep(_RECONNECT_SECONDS)

    def _status(self, transaction: str, last: Row | None) -> str | None:
        """What became of a transaction; None if the database cannot be asked yet. After a crash the number of one that was
        lost may be given to another, so that only its last entry, which has an id of its own, shows that it was committed."""
        try:
            with self.place.connected() as connection:
                row = connection.execute("SELECT pg_xact_status(%s::text::xid8)", (transaction,)).fetchone()
                found = None if row is None else row[0]
                if found == "committed" and last is not None and connection.execute(_IS_THERE, last).fetchone() is None:
                    return "aborted"
        except (LedgerError, psycopg.Error):
            return None
        return found

    # News -----------------------------------------------------------------------------------------------------------

    def wait_for_news(self, after: int, timeout_seconds: float) -> int:
        """See `stores.Store`. Woken by the notification that every append sends when it commits; one thread waits at a time."""
        deadline = time.monotonic() + timeout_seconds
        with self._hearing, explained(self.place, said("waiting for entries")):
            while True:
                try:
                    head, left = self._head_listening(), deadline - time.monotonic()
                    if head > after or left <= 0:
                        return head
                    for _ in self._listening.notifies(timeout=left, stop_after=1):  # type: ignore[union-attr]
                        pass
                except (LedgerError, psycopg.OperationalError):
                    # The server may be starting again.
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(_RECONNECT_SECONDS)

    def _head_listening(self) -> int:
        """The last position, by a connection that hears of every later one."""
        if self._listening is None or self._listening.closed:
            self._listening = self.place.connected()
            self._listening.execute(f"LISTEN {CHANNEL}")
        row = self._listening.execute("SELECT max(notification_id) FROM stored_events").fetchone()
        return (row and row[0]) or 0


def _give_back(pool: "ConnectionPool[Any]", connection: _Connection) -> None:
    """Rolls back what was not committed; a connection that cannot be used any more is closed."""
    with suppress(psycopg.Error):
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute("ROLLBACK")
    pool.putconn(connection)
