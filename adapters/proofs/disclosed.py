"""A ledger made of the entries that a bundle discloses, so that its figures can be worked out from them alone.

It is kept in memory and never written to. Whether the entries are those that were signed was judged before: see `proving`.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from adapters.ledger import Ledger
from adapters.mapper import entry_from
from adapters.personal.unsealing import AS_STORED, Unsealed
from adapters.stores.rows import Rows
from adapters.stores.sqlite_session import SQLiteLedgerSession
from domain.events import PolicyContracted, TicketOpened

_TABLES = (
    "CREATE TABLE stored_events (rowid INTEGER PRIMARY KEY, originator_id TEXT, originator_version INTEGER, topic TEXT,"
    " state BLOB, UNIQUE (originator_id, originator_version))",
    "CREATE TABLE client_streams (client TEXT, stream TEXT, PRIMARY KEY (client, stream))",
    "CREATE TABLE entry_keys (key TEXT PRIMARY KEY, position INTEGER)",
)


class DisclosedLedger(Ledger):
    """Some rows of a ledger, read as the ledger itself is read; there is nothing to write to."""

    def __init__(self, rows: Iterable[tuple[int, str, int, bytes]]) -> None:
        """`rows` are (position, stream, version, bytes). LedgerError if the bytes are no entries."""
        self._rows = sqlite3.connect(":memory:", isolation_level=None)
        for statement in _TABLES:
            self._rows.execute(statement)
        for position, stream, version, state in rows:
            event = entry_from(position, stream, version, state).event
            self._rows.execute("INSERT INTO stored_events VALUES (?, ?, ?, '', ?)", (position, stream, version, state))
            if isinstance(event, TicketOpened | PolicyContracted):
                self._rows.execute("INSERT OR IGNORE INTO client_streams VALUES (?, ?)", (event.client, stream))

    @contextmanager
    def reading(self, what: str) -> Iterator[Rows]:
        yield Rows(SQLiteLedgerSession(self._rows.cursor()))

    def unsealed(self) -> Unsealed:
        return AS_STORED

    def close(self) -> None:
        self._rows.close()
