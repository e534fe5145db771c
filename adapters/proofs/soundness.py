"""What the rows of a ledger say themselves, apart from any signature: that they are entries, each the next of its stream, in
the order they were recorded in, and that whatever leads to an entry leads to the right one.

It stops at the first that is wrong. It hashes nothing and knows no tree: see `verifying`.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from operator import attrgetter, itemgetter, le
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from adapters.mapper import Stored, key_of, position_in, upcast
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain import upcasting
from domain.events import (
    AnyEvent,
    ContingencyDeclared,
    EntryVoided,
    PolicyContracted,
    RequestRefused,
    TicketEvent,
    TicketOpened,
    stream_of,
)
from domain.refusal import said

_PAGE = 4096
_LINKED = frozenset({TicketOpened, PolicyContracted, ContingencyDeclared, RequestRefused})
_LOW = [f"{byte:02x}" for byte in range(256)]
NEVER = datetime.min.replace(tzinfo=UTC)
_VERSION = said("entry {position} is version {found} of {stream}, where {expected} comes next")
_TAG = said("entry {position} is stored as {found} and is {expected}")
_TIME = said("entry {position} says it was recorded before the one in front of it")
_STREAM = said("entry {position} stands in {stream} and belongs in {expected}")
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, TypeError, RecursionError)
_event, _recorded_at, _key, _id = attrgetter("event"), attrgetter("recorded_at"), attrgetter("key"), attrgetter("id")
_beginning = itemgetter(slice(0, 13))
_decode = msgspec.json.Decoder(Stored).decode


class Difference(Struct, frozen=True):
    """The first thing that is wrong: the position it begins at (None if it is not about entries), and what to say."""

    position: int | None
    template: str
    values: dict[str, Any]

    def __str__(self) -> str:
        return self.template.format(**self.values)


class Differs(Exception):
    """Ends the reading at the first difference."""

    def __init__(self, position: int | None, template: str, **values: object) -> None:
        super().__init__(template)
        self.difference = Difference(position, template, {"position": position, **values})


class Versions(dict[str, Iterator[int]]):
    """For every stream seen, what gives the version that comes next in it."""

    def __missing__(self, stream: str) -> Iterator[int]:
        self[stream] = coming = count(1)
        return coming

    def next_in(self, streams: Sequence[str]) -> list[int]:
        """The version that comes next in each of these streams, one after the other."""
        return list(map(next, map(self.__getitem__, streams)))


class Entries:
    """Takes rows in order, dense in position, and holds each against those before it.

    What leads to entries from elsewhere (keys, streams of clients) is compared as sums of hashes, salted by the process, so
    that nothing is kept for every entry; only when a sum differs is each looked up."""

    def __init__(self, rows: TreeRows, streams: Versions) -> None:
        self.rows = rows
        self.streams = streams
        self.last = NEVER
        self.foreign_ids: dict[str, int] = {}
        self.keys = self.owned = 0
        self.declared: dict[str, str] = {}

    def take(self, page: Sequence[Row]) -> None:
        """The next rows. Differs at the first that cannot be an entry that was recorded here.

        Column by column: what each row should hold is listed beside what it holds, and lists are compared at once."""
        if not page:
            return
        positions, streams, versions, tags, states = zip(*page, strict=True)
        decoded = self._decoded(page, states)
        events: list[AnyEvent] = list(map(_event, decoded))
        kinds = list(map(type, events))
        times: list[datetime] = list(map(_recorded_at, decoded))
        places = [
            "ticket:" + it.ticket if isinstance(it, TicketEvent) else self._stream_of(it, position)
            for it, position in zip(events, positions, strict=True)
        ]
        wrong = (
            _first(_VERSION, list(versions), self.streams.next_in(streams)),
            _first(_TAG, list(map(upcasting.CHAIN.kinds.get, tags)), kinds),
            _first(_TIME, list(map(le, [self.last, *times], times)), [True] * len(page)),
            _first(_STREAM, list(streams), places),
        )
        self._check_ids(page, decoded)
        if found := min((it for it in wrong if it is not None), default=None):
            row = page[found[0]]
            raise Differs(row[0], found[1], stream=row[1], found=found[2], expected=found[3])
        self.last = times[-1]
        self._link(positions, streams, events, kinds)

    def _decoded(self, page: Sequence[Row], states: Sequence[bytes]) -> list[Stored]:
        try:
            return list(map(_decode, states))
        except _UNREADABLE:
            decoded = []
            for number, (position, *_, state) in enumerate(page):
                try:
                    decoded.append(_decoded(state))
                except _UNREADABLE as problem:
                    self.take(page[:number])
                    raise Differs(position, said("entry {position} cannot be read: {problem}"), problem=problem) from None
            return decoded

    def _check_ids(self, page: Sequence[Row], decoded: Sequence[Stored]) -> None:
        """Ids lead to their positions; one that came with an export leads nowhere and has to be the only one of its kind."""
        beginnings = _beginnings(page[0][0], len(page))
        if list(map(_beginning, map(_id, decoded))) != beginnings:
            for row, stored, beginning in zip(page, decoded, beginnings, strict=True):
                if not stored.id.startswith(beginning):
                    self._check_foreign_id(row[0], stored.id)

    def finish(self, size: int) -> None:
        """What can only be known at the end: that everything that leads to an entry does. Differs if something does not."""
        if (ever := self.rows.ever_recorded()) != size:
            raise Differs(size + 1, said("entry {position} is missing: {found} were recorded, and there are {size}"),
                          found=ever, size=size)  # fmt: skip
        if sum(map(hash, self.rows.all_keys())) != self.keys:
            self._find_lost_key()
        if sum(map(hash, self.rows.all_client_streams())) != self.owned:
            self._find_lost_stream()
        if (found := self.rows.contingencies()) != self.declared:
            name = min(name for name in found.keys() | self.declared.keys() if found.get(name) != self.declared.get(name))
            raise Differs(None, said("the contingency {name} does not lead to where it was declared last"), name=name)

    def _link(
        self, positions: Sequence[int], streams: Sequence[str], events: Sequence[AnyEvent], kinds: Sequence[type[AnyEvent]]
    ) -> None:
        """What must lead to these entries from elsewhere."""
        self.keys += sum(map(hash, [it for it in zip(map(_key, events), positions, strict=True) if it[0] is not UNSET]))
        for number in [number for number, kind in enumerate(kinds) if kind in _LINKED]:
            event = events[number]
            if isinstance(event, ContingencyDeclared):
                self.declared[event.contingency] = streams[number]
            elif isinstance(event, TicketOpened | PolicyContracted):
                self.owned += hash((event.client, streams[number]))
            elif (key := key_of(event)) is not None:
                self.keys += hash((key, positions[number]))

    def _stream_of(self, event: AnyEvent, position: int) -> str | None:
        """Where an entry belongs; a voiding where the entry stands that it voids."""
        if not isinstance(event, EntryVoided):
            return stream_of(event)
        voided = self.rows.entry(event.entry)
        return voided.stream if voided is not None and voided.position < position else None

    def _check_foreign_id(self, position: int, id: str) -> None:
        """An id that came with an export leads nowhere by itself; it has to be a uuid, and the only one of its kind."""
        leads_to = position_in(id)
        if leads_to is None or self.foreign_ids.setdefault(id, position) != position:
            raise Differs(position, said("the id of entry {position} is not its own"))
        if leads_to < position and (other := self.rows.at(leads_to)) is not None and other.id == id:
            raise Differs(position, said("the id of entry {position} is not its own"))

    def _find_lost_key(self) -> None:
        """Names the first entry whose key does not lead to it, or a key that leads to none."""
        wanted: dict[str, int] = {}
        for position, event in self._events():
            if (key := key_of(event)) is not None:
                if self.rows.positions([key]).get(key) != position:
                    raise Differs(position, said("the key {key} of entry {position} does not lead to it"), key=key)
                wanted[key] = position
        key = next(key for key, position in self.rows.all_keys() if wanted.get(key) != position)
        raise Differs(None, said("the key {key} leads to an entry that does not have it"), key=key)

    def _find_lost_stream(self) -> None:
        """Names the first entry whose stream is not among those of its client, or a stream that is but did not begin."""
        began: set[tuple[str, str]] = set()
        known = set(self.rows.all_client_streams())
        for position, event in self._events():
            if isinstance(event, TicketOpened | PolicyContracted):
                began.add((event.client, stream_of(event)))
                if not began <= known:
                    raise Differs(position, said("entry {position} began a stream that is not among those of its client"))
        client, stream = min(known - began)
        raise Differs(
            None, said("{stream} is among the streams of {client} and did not begin there"), stream=stream, client=client
        )

    def _events(self) -> Iterator[tuple[int, AnyEvent]]:
        position = 0
        while page := self.rows.raw(position, 2**62, _PAGE):
            position = page[-1][0]
            yield from ((row[0], _decoded(row[4]).event) for row in page)


def _decoded(state: bytes) -> Stored:
    try:
        return _decode(state)
    except _UNREADABLE:
        return upcast(state)


def _first(template: str, found: Sequence[Any], expected: Sequence[Any]) -> tuple[int, str, Any, Any] | None:
    """Where two columns first differ: the row's number in the page, what to say, and both values. None if nowhere."""
    if found == expected:
        return None
    number = next(n for n, (one, other) in enumerate(zip(found, expected, strict=True)) if one != other)
    return number, template, _named(found[number]), _named(expected[number])


def _named(value: Any) -> str:
    """A value of a column as a message shows it; a class of entries by its tag."""
    return value.__name__ if isinstance(value, type) else str(value)


def _beginnings(first: int, count: int) -> list[str]:
    """How the ids begin that were made for `count` positions from `first` on (`mapper.id_at`), put together 256 at a time."""
    made: list[str] = []
    for block in range(first >> 8, (first + count - 1 >> 8) + 1):
        high = f"{block >> 8:08x}-{block & 255:02x}"
        made += [high + low for low in _LOW]
    return made[first & 255 : (first & 255) + count]
