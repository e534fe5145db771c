"""What one writing transaction knows and is about to write: stored rows and, on top of them, the entries not yet stored.

It is the Source the Book reads through, so admission sees every entry of the batch before it. It decides nothing; rows go
to the store in one statement for each table, at the end.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from adapters.mapper import id_at, random_tail, state_of, tag_of
from adapters.stores.rows import Rows
from domain.events import AnyEvent, ContingencyDeclared, Entry, PolicyContracted, TicketOpened

VERSIONS_REMEMBERED = 100_000
_LINKED = frozenset({TicketOpened, PolicyContracted, ContingencyDeclared})
"""What is found by more than its stream: by client, or by contingency."""


class Writing:
    """Entries on their way into the store. Made once for a Book, begun anew for every transaction."""

    def __init__(self, rows: Rows) -> None:
        self._versions: dict[str, int] = {}
        self.head = 0
        self.last_recorded_at: datetime | None = None
        self.begin(rows)

    def begin(self, rows: Rows) -> None:
        """A new transaction: nothing is pending, and rows are read through it."""
        self.rows = rows
        before, self.head = self.head, rows.head()
        if self.head != before:
            self.last_recorded_at = rows.recorded_at(self.head)
        self._tail = random_tail()
        self._nothing_pending()
        if len(self._versions) > VERSIONS_REMEMBERED:
            self._versions.clear()

    def add(
        self, stream: str, event: AnyEvent, recorded_at: datetime, id: str | None = None, by: str | UnsetType = UNSET
    ) -> Entry:
        """The event as the next entry, at the next version of its stream; an id is made unless one is given, and `by` says who
        recorded it."""
        version = self._versions.get(stream)
        if version is None:
            version = self.rows.version(stream)
        self._versions[stream] = version = version + 1
        self.head = position = self.head + 1
        entry = Entry(position, stream, version, recorded_at, id or id_at(position, self._tail), event, by)
        self.entries.append(entry)
        return entry

    def keep_key(self, key: str, position: int) -> None:
        """From now on this key stands for that position."""
        self._keys[key] = position

    def follow(self, entry: Entry) -> None:
        """Another process wrote this entry."""
        self._versions[entry.stream] = entry.version

    def store(self) -> None:
        """Sends everything pending to the store; what is pending then is nothing."""
        self.rows.insert([(it.position, it.stream, it.version, tag_of(it.event), state_of(it)) for it in self.entries])
        self.rows.insert_keys(self._keys.items())
        linked = [it for it in self.entries if type(it.event) in _LINKED]
        self.rows.insert_client_streams([(owner, it.stream) for it in linked if (owner := _owner(it))])
        declared = [(it.event.contingency, it.stream) for it in linked if isinstance(it.event, ContingencyDeclared)]
        self.rows.insert_contingencies(declared)
        if self.entries:
            self.last_recorded_at = self.entries[-1].recorded_at
        self._nothing_pending()

    def _nothing_pending(self) -> None:
        self.entries: list[Entry] = []
        self._keys: dict[str, int] = {}
        self._expected: dict[str, list[Entry]] = {}

    def positions(self, keys: Sequence[str]) -> dict[str, int]:
        """The positions of those keys that are known, pending ones included."""
        known = self.rows.positions(keys) if keys else {}
        if self._keys:
            known.update((key, self._keys[key]) for key in keys if key in self._keys)
        return known

    # What a Book asks -----------------------------------------------------------------------------------------------

    def expect(self, names: Iterable[str]) -> None:
        """These streams will be asked for: those not known yet are read in one go."""
        unknown = [name for name in dict.fromkeys(names) if name not in self._versions]
        if len(unknown) > 1:
            self._expected.update(self.rows.streams_named(unknown))

    def stream(self, name: str) -> Sequence[Entry]:
        """All entries of a stream, by version."""
        expected = self._expected.pop(name, None)
        found = self.rows.stream(name) if expected is None else expected
        # A stream that was written to in this transaction has its version remembered: only then is any entry pending.
        if name in self._versions:
            found += [it for it in self.entries if it.stream == name]
        self._versions[name] = found[-1].version if found else 0
        return found

    def policies_of(self, client: str) -> Sequence[str]:
        """The ids of the policies contracted for a client, in order of position."""
        stored = [name.removeprefix("policy:") for name in self.rows.streams_of(client, "policy")]
        pending = [it.event for it in self.entries if isinstance(it.event, PolicyContracted)]
        return stored + [it.policy for it in pending if it.client == client]

    def entry(self, reference: int | str) -> Entry | None:
        """The entry at a position; or the one with this key, else with this id."""
        if isinstance(reference, str):
            reference = self._keys.get(reference, reference)
        if found := self.rows.entry(reference):
            return found
        return next((it for it in self.entries if reference in (it.position, it.id)), None)

    def names(self, kind: str) -> Sequence[str]:
        """The names of all streams of a kind."""
        pending = {it.stream for it in self.entries if it.stream.partition(":")[0] == kind}
        return sorted(pending.union(self.rows.names(kind)))

    def contingency_stream(self, contingency: str) -> str | None:
        """The stream in which a contingency of this id was declared last."""
        for it in reversed(self.entries):
            if isinstance(it.event, ContingencyDeclared) and it.event.contingency == contingency:
                return it.stream
        return self.rows.contingency_stream(contingency)


def _owner(entry: Entry) -> str | None:
    return entry.event.client if isinstance(entry.event, (TicketOpened, PolicyContracted)) else None
