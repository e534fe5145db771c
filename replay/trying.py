"""Entries tried against a book that is never written: whether they would be taken on top of a supposition, and whether what
remains without others would still be legal.

Admission itself is the domain's; nothing here is recorded, and a refusal is an answer, not an error.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct

from domain import desk, ticket
from domain.admission import admit
from domain.book import Book, Source, beginning, state_after
from domain.clauses import turned_away
from domain.desk import Desk
from domain.events import AnyEvent, ContingencyDeclared, Entry, PolicyContracted, RequestRefused
from domain.policy import Policy, overlapping
from domain.policy import fold as policy_of
from domain.refusal import Refused, said
from domain.sequence import in_force
from replay.as_of import Lens, Named


class Tried(Struct, frozen=True):
    """One line tried: the positions it would have been given; or `same`, where its key stands already; or why it is refused."""

    line: int
    positions: tuple[int, ...] = ()
    same: int | None = None
    refused: Refused | None = None


class Overlay:
    """A book as a lens shows it, with entries on top that were not recorded: what admission asks instead of the store."""

    def __init__(self, source: Source, lens: Lens, names: Iterable[str]) -> None:
        self._source, self._lens, self._names = source, lens, tuple(names)
        self.added: dict[str, tuple[Entry, ...]] = {}

    def add(self, entry: Entry) -> None:
        """Put one more entry on top."""
        self.added[entry.stream] = (*self.added.get(entry.stream, ()), entry)

    def version_after(self, name: str) -> int:
        """The version that the next entry of a stream would have."""
        recorded = self._source.stream(name)
        return (recorded[-1].version if recorded else 0) + len(self.added.get(name, ())) + 1

    def stream(self, name: str) -> Sequence[Entry]:
        return [*self._lens.entries(name, self._source.stream(name)), *self.added.get(name, ())]

    def policies_of(self, client: str) -> Sequence[str]:
        contracted = [it.event for it in self._on_top() if isinstance(it.event, PolicyContracted)]
        return [*self._source.policies_of(client), *(it.policy for it in contracted if it.client == client)]

    def entry(self, reference: int | str) -> Entry | None:
        for it in self._on_top():
            if reference in (it.position, it.event.key):
                return it
        found = self._source.entry(reference)
        return found if found is not None and self._lens.entries(found.stream, [found]) else None

    def names(self, kind: str) -> Sequence[str]:
        here = {it for it in (*self._names, *self.added) if it.partition(":")[0] == kind}
        return sorted(here.union(self._source.names(kind)))

    def contingency_stream(self, contingency: str) -> str | None:
        for it in reversed(self._on_top()):
            if isinstance(it.event, ContingencyDeclared) and it.event.contingency == contingency:
                return it.stream
        return self._source.contingency_stream(contingency)

    def _on_top(self) -> list[Entry]:
        return sorted((it for held in self.added.values() for it in held), key=lambda it: it.position)


def try_entries(lines: Iterable[tuple[int, AnyEvent | Refused]], overlay: Overlay, head: int, now: datetime) -> list[Tried]:
    """Tries entries in order, each on top of those before it, and leaves those that would be taken on the overlay.

    `lines` are numbers with what was read there; `head` is the last position in the book, `now` the ledger's clock (aware)."""
    trying = _Trying(overlay, head, now)
    return [trying.line(number, proposed) for number, proposed in lines]


class _Trying:
    def __init__(self, overlay: Overlay, head: int, now: datetime) -> None:
        self.overlay, self.head, self.now = overlay, head, now
        self.book = Book(overlay)

    def line(self, number: int, proposed: AnyEvent | Refused) -> Tried:
        if isinstance(proposed, Refused):
            return Tried(number, refused=proposed)
        if isinstance(proposed.key, str) and (known := self.overlay.entry(proposed.key)) and known.id != proposed.key:
            return _again(number, proposed, known)
        try:
            written = admit(proposed, self.book, self.now)
        except Refused as refused:
            return Tried(number, refused=refused)
        return Tried(number, tuple(self._take(number, stream, event) for stream, event in written))

    def _take(self, number: int, stream: str, event: AnyEvent) -> int:
        self.head += 1
        entry = Entry(self.head, stream, self.overlay.version_after(stream), self.now, f"line {number}", event)
        self.overlay.add(entry)
        self.book.take(entry)
        return entry.position


def _again(number: int, proposed: AnyEvent, known: Entry) -> Tried:
    """The key is known: taken already if the content is the same, else refused."""
    event = known.event
    if isinstance(event, RequestRefused):
        return Tried(number, refused=turned_away(event.client, event.requester, event.clause))
    if msgspec.json.encode(event, order="sorted") == msgspec.json.encode(proposed, order="sorted"):
        return Tried(number, same=known.position)
    template = said("the key {key} stands for other content, recorded at position {position}; a key is used once")
    return Tried(number, refused=Refused("key", template, field="key", key=proposed.key, position=known.position))


# What remains -------------------------------------------------------------------------------------------------------


class Illegal(Struct, frozen=True):
    """An entry that could not stand where it does in its stream, and why (order, or policies that overlap)."""

    stream: str
    position: int
    refused: Refused


def illegal(streams: Iterable[Named]) -> Iterator[Illegal]:
    """The first entry of each stream that is not legal in order; policies that overlap another among those given.

    `streams` are as they would stand. Clauses are not judged again (rules 5)."""
    policies: list[Policy] = []
    for name, recorded in streams:
        if (found := _first_illegal(name, recorded)) is not None:
            yield found
        if name.startswith("policy:") and (policy := policy_of(in_force(recorded))) is not None:
            policies.append(policy)
    yield from _overlaps(policies)


def _first_illegal(name: str, recorded: Sequence[Entry]) -> Illegal | None:
    state = beginning(name)
    kind = name.partition(":")[0]
    for entry in in_force(recorded):
        try:
            if isinstance(state, Desk):
                desk.legal(state, entry.event)  # type: ignore[arg-type]
            elif kind == "ticket":
                ticket.legal(state, entry.event)  # type: ignore[arg-type]
        except Refused as refused:
            return Illegal(name, entry.position, refused)
        if kind in ("ticket", "desk"):
            state = state_after(name, state, entry)
    return None


def _overlaps(policies: Sequence[Policy]) -> Iterator[Illegal]:
    template = said("policy {policy} overlaps policy {other} of the same client")
    for index, policy in enumerate(policies):
        for other in policies[:index]:
            if other.contracted.client == policy.contracted.client and overlapping(policy, other):
                refused = Refused("reference", template, field="starts", policy=policy.id, other=other.id)
                yield Illegal(f"policy:{policy.id}", policy.position, refused)
