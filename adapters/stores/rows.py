"""The rows of a ledger inside one transaction: every SQL statement that the ledger asks or writes with, whatever keeps it.

It runs in a session given to it and neither begins nor ends transactions; entries are decoded, nothing is judged.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, Self

from adapters.mapper import entry_from, position_in, recorded_at_of
from adapters.stores.session import Session
from domain.events import Entry

Row = tuple[int, str, int, str, bytes]
"""position, stream, version, tag, bytes"""


class LedgerSession(Session, Protocol):
    """A transaction of a ledger's database. Raises what is in `failures`."""

    failures: tuple[type[Exception], ...]

    def head(self) -> int:
        """The position of the last entry, 0 if there is none."""

    def insert(self, rows: Sequence[Row]) -> None:
        """Entries, at positions that must be the next ones. An integrity error if a stream has that version already."""

    def insert_keys(self, keys: Sequence[tuple[str, int]]) -> None:
        """Keys with the position each stands for. An integrity error if one is known."""

    def positions(self, keys: Sequence[str]) -> list[tuple[str, int]]:
        """Those of these keys that are known, with their positions."""

    def of_streams(self, names: Sequence[str]) -> list[Any]:
        """The entries (position, stream, version, bytes) of these streams, by stream and version."""

    def holding(self, text: bytes) -> list[Any]:
        """The entries (position, stream, version, bytes) whose bytes hold these, by position."""

    def has_table(self, name: str) -> bool:
        """Whether there is a table of this name."""

    def ever_recorded(self) -> int:
        """The last position ever given, even if its entry should be gone."""

    def drop_tiles(self) -> None:
        """Takes away every tile of the tree, which otherwise only grow. LedgerError if that is not for this name to do."""

    def damage(self) -> str | None:
        """What the database itself finds wrong with how the entries lie on the disk, and their indexes; None if nothing."""


class Rows:
    """The ledger's tables as one transaction sees them. Raises what its session does, and LedgerError for bytes that are no
    entry."""

    def __init__(self, session: LedgerSession) -> None:
        self._session = session
        self._all = session.all
        self.failures = session.failures

    @classmethod
    def of(cls, rows: "Rows") -> Self:
        """The same transaction, with the tables that this class knows."""
        return cls(rows._session)

    def _one(self, statement: str, *values: Any) -> Any:
        row = next(iter(self._all(statement, *values)), None)
        return None if row is None else row[0]

    # Reading --------------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The position of the last entry, 0 if there is none."""
        return self._session.head()

    def recorded_at(self, position: int) -> datetime | None:
        """When the entry at a position was recorded; None if there is none."""
        state = self._one("SELECT state FROM stored_events WHERE rowid = ?", position)
        return None if state is None else recorded_at_of(position, state)

    def stream_at(self, position: int) -> str:
        """The stream that the entry at a position stands in; empty if there is none."""
        return self._one("SELECT originator_id FROM stored_events WHERE rowid = ?", position) or ""

    def page(self, after: int, upto: int, limit: int) -> list[Entry]:
        """At most `limit` entries with after < position ≤ upto, by position."""
        return _entries(self._all(
            "SELECT rowid, originator_id, originator_version, state FROM stored_events"
            " WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?", after, upto, limit,
        ))  # fmt: skip

    def stream(self, name: str) -> list[Entry]:
        """All entries of a stream, by version."""
        return _entries(self._all(
            "SELECT rowid, originator_id, originator_version, state FROM stored_events"
            " WHERE originator_id = ? ORDER BY originator_version", name,
        ))  # fmt: skip

    def streams_named(self, names: Sequence[str]) -> dict[str, list[Entry]]:
        """All entries of each of these streams, by version; of none if there are none."""
        found: dict[str, list[Entry]] = {name: [] for name in names}
        for entry in _entries(self._session.of_streams(names)):
            found[entry.stream].append(entry)
        return found

    def version(self, stream: str) -> int:
        """The last version in a stream, 0 if it has none."""
        return self._one("SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", stream) or 0

    def last_versions(self, upto: int) -> list[tuple[str, int]]:
        """Every stream with the last version that it has up to a position."""
        return self._all(
            "SELECT originator_id, max(originator_version) FROM stored_events WHERE rowid <= ? GROUP BY originator_id", upto
        )

    def kind_page(self, kind: str, stream: str, version: int, upto: int, limit: int) -> list[Entry]:
        """At most `limit` entries of the streams of a kind, in order of stream and version, after that stream and version."""
        return _entries(self._all(
            "SELECT rowid, originator_id, originator_version, state FROM stored_events"
            " WHERE (originator_id, originator_version) > (?, ?) AND originator_id < ? AND rowid <= ?"
            " ORDER BY originator_id, originator_version LIMIT ?",
            max(stream, _first(kind)), version, _beyond(kind), upto, limit,
        ))  # fmt: skip

    def names(self, kind: str) -> list[str]:
        """The streams of a kind, by name."""
        found = self._all(
            "SELECT DISTINCT originator_id FROM stored_events WHERE originator_id >= ? AND originator_id < ? ORDER BY 1",
            _first(kind), _beyond(kind),
        )  # fmt: skip
        return [name for (name,) in found]

    def streams_of(self, client: str, kind: str) -> list[str]:
        """The streams of a kind (`ticket`, `policy`) that are a client's, in the order in which they began."""
        found = self._all(
            "SELECT c.stream FROM client_streams c JOIN stored_events e"
            " ON e.originator_id = c.stream AND e.originator_version = 1"
            " WHERE c.client = ? AND c.stream >= ? AND c.stream < ? ORDER BY e.rowid",
            client, _first(kind), _beyond(kind),
        )  # fmt: skip
        return [name for (name,) in found]

    def page_of(self, client: str, after: int, upto: int, limit: int) -> list[Entry]:
        """As `page`, of the streams that are a client's: its own, its policies and its tickets."""
        return _entries(self._all(
            "SELECT rowid, originator_id, originator_version, state FROM stored_events"
            f" WHERE rowid > ? AND rowid <= ? AND {_OF_CLIENT} ORDER BY rowid LIMIT ?",
            after, upto, f"client:{client}", client, limit,
        ))  # fmt: skip

    def last_of(self, client: str, upto: int) -> int:
        """The last position ≤ upto that can concern a client: in its streams, on the desk or in terms; 0 if there is none."""
        return self._one(
            "SELECT max(rowid) FROM stored_events"
            f" WHERE rowid <= ? AND ({_OF_CLIENT} OR originator_id = 'desk' OR originator_id >= 'terms:' AND "
            "originator_id < ?)",
            upto, f"client:{client}", client, _beyond("terms"),
        ) or 0  # fmt: skip

    def contingency_stream(self, contingency: str) -> str | None:
        """The stream in which a contingency of this id was declared last."""
        found: str | None = self._one("SELECT stream FROM contingency_streams WHERE contingency = ?", contingency)
        return found

    def positions(self, keys: Iterable[str]) -> dict[str, int]:
        """The positions of those keys that are known."""
        return dict(self._session.positions(list(keys)))

    def at(self, position: int) -> Entry | None:
        """The entry at a position."""
        return next(iter(self.page(position - 1, position, 1)), None) if 0 < position < 2**62 else None

    def entry(self, reference: int | str) -> Entry | None:
        """The entry at a position (a number), or with this key, else with this id (a string)."""
        if isinstance(reference, int):
            return self.at(reference)
        position = self._one("SELECT position FROM entry_keys WHERE key = ?", reference)
        return self._with_id(reference) if position is None else self.at(position)

    def _with_id(self, id: str) -> Entry | None:
        position = position_in(id)
        if position is None:
            return None
        found = self.at(position)
        return found if found is not None and found.id == id else self._searched(id)

    def _searched(self, id: str) -> Entry | None:
        """Entries restored from elsewhere keep ids that lead nowhere: only then the whole ledger is looked through."""
        found = self._session.holding(json.dumps(id).encode())
        return next((it for it in _entries(found) if it.id == id), None)

    # Writing --------------------------------------------------------------------------------------------------------

    def insert(self, rows: Sequence[Row]) -> None:
        """Entries, at positions that must be the next ones. An integrity error if a stream has that version already."""
        if rows:
            self._session.insert(rows)

    def insert_keys(self, keys: Iterable[tuple[str, int]]) -> None:
        """Keys with the position each stands for. An integrity error if one is known."""
        if listed := list(keys):
            self._session.insert_keys(listed)

    def insert_client_streams(self, streams: Iterable[tuple[str, str]]) -> None:
        """(client, stream) pairs."""
        self._many("INSERT INTO client_streams VALUES (?, ?) ON CONFLICT DO NOTHING", streams)

    def insert_contingencies(self, declared: Iterable[tuple[str, str]]) -> None:
        """(contingency, stream) pairs, as declared last."""
        self._many(
            "INSERT INTO contingency_streams VALUES (?, ?) ON CONFLICT (contingency) DO UPDATE SET stream = excluded.stream",
            declared,
        )

    def _many(self, statement: str, rows: Iterable[Any]) -> None:
        if listed := list(rows):
            self._session.many(statement, listed)

    # With which keys it is sealed ------------------------------------------------------------------------------------

    def key_store(self) -> str | None:
        """The id of the key store that the ledger was begun with; None if it is not sealed."""
        # A ledger of the first form has no such table.
        if not self._session.has_table("key_store"):
            return None
        found: str | None = self._one("SELECT id FROM key_store")
        return found

    def keep_key_store(self, id: str) -> None:
        """From now on the ledger is sealed with the keys of that store."""
        self._session.run("INSERT INTO key_store VALUES (?)", id)


_OF_CLIENT = "(originator_id = ? OR originator_id IN (SELECT stream FROM client_streams WHERE client = ?))"


def _entries(rows: list[Any]) -> list[Entry]:
    return [entry_from(*row) for row in rows]


def _first(kind: str) -> str:
    return kind if kind == "desk" else kind + ":"


def _beyond(kind: str) -> str:
    return kind + "\1" if kind == "desk" else kind + ";"


def pages(read: Any, limit: int) -> Iterator[list[Entry]]:
    """Pages of at most `limit` entries; `read(last entry or None)` gives the next one."""
    last: Entry | None = None
    while page := read(last):
        yield page
        if len(page) < limit:
            return
        last = page[-1]
