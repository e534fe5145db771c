"""A writing transaction under way: keys are looked up before anything else, then what is personal is sealed and admission
asked, entry by entry.

Nothing it answers is acknowledged before the ledger commits it. It knows no rule of its own beyond keys.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType, structs

from adapters.personal.sealing import Seals
from adapters.personal.unsealing import Unsealed
from adapters.stores.rows import Rows
from adapters.stores.writing import Writing
from domain import upcasting
from domain.admission import admit
from domain.book import Book
from domain.clauses import turned_away
from domain.desk import Desk
from domain.events import AnyEvent, Entry, PersonForgotten, RequestRefused, TermsPublished, TicketEvent, TicketOpened
from domain.personal import client_concerned
from domain.refusal import Refused, said
from domain.terms import digest

_NAMED = ("person", "requester")
"""The personal values that refusals speak of, by the fields they come from."""


class Taken(Struct, frozen=True):
    """Recorded at `position`; `positions` are all it brought, itself included."""

    position: int
    positions: tuple[int, ...]


class Same(Struct, frozen=True):
    """The key was known with this content: it stands at `position`, nothing was written."""

    position: int


class Refusal(Struct, frozen=True):
    """Not taken. `position` is that of the RequestRefused that tells of it (gs.1.1), else None."""

    refused: Refused
    position: int | None


Answer = Taken | Same | Refusal


class Transaction:
    """Whatever happens in it happens together, or not at all. `Ledger.writing` makes it."""

    def __init__(self, writing: Writing, book: Book, now: datetime, seals: Seals | None) -> None:
        """`now` is aware; it is kept in UTC, as exports show it, so that a restored ledger has the same bytes. `seals` None:
        nothing is sealed."""
        self._writing = writing
        self._book = book
        self._now = now = now.astimezone(UTC)
        self._seals = seals
        self._by: str | UnsetType = UNSET
        # Transaction time never steps back, even if the clock does: it can be searched by bisection.
        last = writing.last_recorded_at
        self._recorded_at = now if last is None else max(now, last)

    @property
    def rows(self) -> Rows:
        """The stored rows, for what is written along with the entries."""
        return self._writing.rows

    def record(self, events: Sequence[AnyEvent | Refused], by: Sequence[str | UnsetType] | None = None) -> list[Answer]:
        """Takes the events down in order, each judged after those before it; one answer for each. `by` says of each who
        recorded it.

        A `Refused` stands for a line whose shape was refused already and is answered as such, unless its key is known."""
        keys = [_key_of(it) for it in events]
        known = self._writing.positions([key for key in keys if key is not None])
        self._writing.expect(f"ticket:{it.ticket}" for it in events if isinstance(it, TicketEvent))
        answers: list[Answer] = []
        for it, key, self._by in zip(events, keys, by or [UNSET] * len(events), strict=True):
            answers.append(self._answer(it, key, known))
        self._by = UNSET
        self._writing.store()
        return answers

    def publish(self, documents: Sequence[dict[str, Any]]) -> None:
        """The first entries of a new ledger: its built-in terms, which nobody proposed and no rule judges."""
        for document in documents:
            terms = document["terms"]
            event = TermsPublished(at=self._now, terms=terms, document=document, digest=digest(document))
            self._take(f"terms:{terms}", event)
        self._writing.store()

    def unsealed(self) -> Unsealed:
        """How entries are shown, as of this transaction."""
        return Unsealed(self._seals, lambda: forgotten_in(self._book))

    def forget(self, subjects: Sequence[str]) -> list[int]:
        """Takes down that the keys of these subjects are destroyed, where that was not done; the positions."""
        known = forgotten_in(self._book)
        events = [PersonForgotten(at=self._now, subject=it) for it in subjects if it not in known]
        positions = [self._take("desk", event).position for event in events]
        self._writing.store()
        return positions

    def _answer(self, proposed: AnyEvent | Refused, key: str | None, known: dict[str, int]) -> Answer:
        if key is not None and key in known:
            return self._answer_again(proposed, key, known[key])
        if isinstance(proposed, Refused):
            return Refusal(proposed, None)
        try:
            written = admit(self._sealed(proposed), self._book, self._now)
        except Refused as refused:
            return self._refuse(_in_plain(refused, proposed), key, known)
        positions = tuple([self._take(stream, event).position for stream, event in written])
        position = positions[-1]
        if key is not None:
            self._keep_key(key, position, known)
        return Taken(position, positions)

    def _refuse(self, refused: Refused, key: str | None, known: dict[str, int]) -> Refusal:
        if refused.record is None:
            return Refusal(refused, None)
        stream, record = refused.record
        if self._seals is not None:
            # The rest of it was sealed when it was proposed; the reason names the requester.
            record = structs.replace(record, reason=str(refused))
            record = self._seals.seal(record, record.client, again=True)
        position = self._take(stream, record).position
        if key is not None:
            self._keep_key(key, position, known)
        return Refusal(refused, position)

    def _answer_again(self, proposed: AnyEvent | Refused, key: str, position: int) -> Answer:
        """The key is known: the first answer if the content is the same, else a refusal."""
        entry = self._writing.entry(position)
        if entry is not None and not isinstance(proposed, Refused):
            if isinstance(entry.event, RequestRefused):
                if self.is_same(request_of(entry.event), proposed) and isinstance(proposed, TicketOpened):
                    return refusal_again(entry.event, position, proposed.requester)
            elif self.is_same(entry.event, proposed):
                return Same(position)
        template = said("the key {key} stands for other content, recorded at position {position}; a key is used once")
        return Refusal(Refused("key", template, field="key", key=key, position=position), None)

    def is_same(self, recorded: AnyEvent | None, proposed: AnyEvent) -> bool:
        """Whether two entries have the same content, as far as what was recorded can still be opened."""
        if recorded is not None and self._seals is not None and type(recorded) is type(proposed):
            recorded, proposed = self._seals.same_texts(recorded, proposed)
        return _same(recorded, proposed)

    def _sealed(self, proposed: AnyEvent) -> AnyEvent:
        if self._seals is None:
            return proposed
        return self._seals.seal(proposed, client_concerned(proposed, self._first, self._book.entry))

    def _first(self, stream: str) -> AnyEvent | None:
        recorded = self._book.stream(stream).recorded
        return recorded[0].event if recorded else None

    def _keep_key(self, key: str, position: int, known: dict[str, int]) -> None:
        known[key] = position
        self._writing.keep_key(key, position)

    def _take(self, stream: str, event: AnyEvent) -> Entry:
        entry = self._writing.add(stream, event, self._recorded_at, by=self._by)
        self._book.take(entry)
        return entry


def forgotten_in(book: Book) -> frozenset[str]:
    """The subjects whose keys were destroyed, by the tombstones in the book."""
    desk = book.stream("desk").state
    return desk.forgotten if isinstance(desk, Desk) else frozenset()


def refusal_again(event: RequestRefused, position: int, requester: str) -> Refusal:
    """The answer that a recorded refusal gave the first time, with the requester's name in plain."""
    return Refusal(turned_away(event.client, requester, event.clause), position)


def _in_plain(refused: Refused, proposed: AnyEvent) -> Refused:
    """The refusal with the names that were proposed, where it speaks of sealed ones."""
    named = {name: getattr(proposed, name) for name in _NAMED if refused.values.get(name) is not None}
    refused.values = {**refused.values, **named}
    return refused


def _key_of(proposed: AnyEvent | Refused) -> str | None:
    key = proposed.key
    return None if key is UNSET else key


def request_of(event: RequestRefused) -> AnyEvent | None:
    """The entry that was turned away; None if it cannot be read, which then is the same as nothing."""
    try:
        request: AnyEvent = msgspec.convert(upcasting.CHAIN.raw(event.request), AnyEvent)
        return request
    except msgspec.ValidationError:
        return None


def _same(recorded: AnyEvent | None, proposed: AnyEvent) -> bool:
    """Whether two entries have the same content: their JSON compared, times as instants (rules 5).

    Python alone would take true for 1, so the sorted JSON decides."""
    return recorded is not None and content_of(recorded) == content_of(proposed)


def content_of(event: AnyEvent) -> bytes:
    """What two entries of the same content have in common."""
    return msgspec.json.encode(event, order="sorted")
