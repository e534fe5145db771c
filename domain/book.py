"""The book as admission sees it: the states of the streams, folded from what is recorded and kept up to date.

It reads through a `Source` and remembers the streams used last; it never writes, and it decides nothing.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import Protocol

from domain import client as clients
from domain import desk as desks
from domain import policy as policies
from domain import ticket as tickets
from domain.agreement import Agreement, Agreements
from domain.client import Client
from domain.desk import Desk
from domain.events import (
    ContingencyDeclared,
    Entry,
    EntryVoided,
    PolicyContracted,
    RequesterAuthorized,
    RequesterRevoked,
    RequestRefused,
    TermsPublished,
)
from domain.policy import Policy
from domain.sequence import in_force
from domain.terms import Terms, terms_from
from domain.ticket import Ticket
from domain.time_base import epoch_seconds

STREAMS_REMEMBERED = 20_000
"""More than the entries of one batch, so that what a batch wrote is never forgotten before it is stored."""

_at = attrgetter("event.at")
_FIRST = datetime.min.replace(tzinfo=UTC)

State = Client | Policy | Desk | Ticket | None


class Source(Protocol):
    """What the store answers; entries come by version."""

    def stream(self, name: str) -> Sequence[Entry]:
        """All entries of a stream; empty if there is none."""

    def policies_of(self, client: str) -> Sequence[str]:
        """The ids of the policies contracted for a client, in order of position."""

    def entry(self, reference: int | str) -> Entry | None:
        """The entry at a position; or the one with this key, else with this id."""

    def names(self, kind: str) -> Sequence[str]:
        """The names of all streams of a kind (`terms` → `terms:customsoft`, …)."""

    def contingency_stream(self, contingency: str) -> str | None:
        """The stream in which a contingency of this id was declared last, or None."""


class Stream:
    """The entries of one stream: all of them by version, those in force in the order in which they count, their state."""

    def __init__(self, name: str, recorded: Iterable[Entry]) -> None:
        self.name = name
        self.recorded = list(recorded)
        self.in_force: list[Entry] = []
        self.state: State = None
        self._states: list[State] | None = None
        self._refold()

    def take(self, entry: Entry) -> None:
        """Follow one more recorded entry."""
        self.recorded.append(entry)
        late = bool(self.in_force) and entry.event.at < self.in_force[-1].event.at
        if type(entry.event) is EntryVoided or (late and self.name.startswith("policy:")):
            self._refold()
        elif late:
            self._insert(entry)
        else:
            self.in_force.append(entry)
            self.state = state_after(self.name, self.state, entry)
            if self._states is not None:
                self._states.append(self.state)

    def place_of(self, at: datetime) -> int:
        """How many entries in force come before one of this moment that is recorded now."""
        return bisect_right(self.in_force, at, key=_at)

    def state_before(self, place: int) -> State:
        """The state after so many entries in force; not of a policy."""
        return self._all_states()[place]

    def _all_states(self) -> list[State]:
        """The states after none, one, two, … of the entries in force: kept from the first late entry on, since many may come,
        and folding everything for each would take the square of their number."""
        if self._states is None:
            self._states = [beginning(self.name)]
            for entry in self.in_force:
                self._states.append(state_after(self.name, self._states[-1], entry))
        return self._states

    def _insert(self, entry: Entry) -> None:
        """Puts a late entry in its place. Once a state is what it was there before, so are all that follow."""
        states, place = self._all_states(), self.place_of(entry.event.at)
        before = states[place]
        state = state_after(self.name, before, entry)
        self.in_force.insert(place, entry)
        states.insert(place + 1, state)
        for number in range(place + 1, len(self.in_force)):
            if state == before:
                break
            before = states[number + 1]
            state = states[number + 1] = state_after(self.name, state, self.in_force[number])
        self.state = states[-1]

    def _refold(self) -> None:
        self.in_force = in_force(self.recorded)
        self.state = fold(self.name, self.in_force)
        self._states = None


def fold(stream: str, in_force: Iterable[Entry]) -> State:
    """The state that entries in force, in the order in which they count, amount to."""
    if stream.startswith("policy:"):
        return policies.fold(in_force)
    state: State = beginning(stream)
    for entry in in_force:
        state = state_after(stream, state, entry)
    return state


def beginning(stream: str) -> State:
    """The state of a stream before its first entry."""
    kind = stream.partition(":")[0]
    return Client() if kind == "client" else Desk() if kind == "desk" else None


def state_after(stream: str, state: State, entry: Entry) -> State:
    """The state of a stream after one more entry."""
    if stream.startswith("ticket:"):
        return tickets.evolve(state, entry.event, entry.position)  # type: ignore[arg-type]
    if isinstance(state, Client):
        return clients.evolve(state, entry)
    if isinstance(state, Desk):
        return desks.evolve(state, entry.event)  # type: ignore[arg-type]
    return policies.evolve(state, entry) if stream.startswith("policy:") else state  # type: ignore[arg-type]


def _is_about_people(entry: Entry) -> bool:
    """Whether an entry only says who may ask, on which no agreement rests."""
    return isinstance(entry.event, RequesterAuthorized | RequesterRevoked | RequestRefused)


class Book:
    """What admission may ask of everything recorded so far."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._streams: OrderedDict[str, Stream] = OrderedDict()
        self._policies: dict[str, list[str]] = {}
        self._terms: dict[str, list[tuple[int, Terms]]] = {}
        self._published: list[Terms] = []
        self._contingencies: dict[str, str] = {}
        self._agreements: dict[str, tuple[datetime, Agreements]] = {}
        for name in source.names("terms"):
            for entry in source.stream(name):
                self._take_terms(entry)

    def take(self, entry: Entry) -> None:
        """An entry was recorded, by this process or another: follow it."""
        kind = entry.stream.partition(":")[0]
        event = entry.event
        if kind == "terms":
            self._take_terms(entry)
        if type(event) is PolicyContracted and event.policy not in (known := self._policy_ids(event.client)):
            known.append(event.policy)
        if type(event) is ContingencyDeclared:
            self._contingencies[event.contingency] = entry.stream
        stream = self._streams.get(entry.stream)
        if stream is not None and entry.version > len(stream.recorded):
            stream.take(entry)
        if kind != "ticket" and not _is_about_people(entry):
            self._forget_agreements(kind, entry)

    def stream(self, name: str) -> Stream:
        """A stream with its state; empty if nothing was recorded in it."""
        found = self._streams.get(name)
        if found is None:
            found = self._streams[name] = Stream(name, self._source.stream(name))
            while len(self._streams) > STREAMS_REMEMBERED:
                self._streams.popitem(last=False)
        else:
            self._streams.move_to_end(name)
        return found

    def client(self, client: str) -> Client | None:
        """The client of this id, or None if it was never registered."""
        state = self.stream(f"client:{client}").state
        return state if isinstance(state, Client) and state.registered is not None else None

    def policy(self, policy: str) -> Policy | None:
        """The policy of this id, or None."""
        state = self.stream(f"policy:{policy}").state
        return state if isinstance(state, Policy) else None

    def policies_of(self, client: str) -> list[Policy]:
        """The policies of a client in the order contracted."""
        found = (self.policy(policy) for policy in self._policy_ids(client))
        return sorted((it for it in found if it is not None), key=lambda it: it.order)

    def ticket(self, ticket: str) -> Ticket | None:
        """The ticket of this id as it stands after all its entries, or None."""
        state = self.stream(f"ticket:{ticket}").state
        return state if isinstance(state, Ticket) else None

    def terms(self) -> list[Terms]:
        """Every version of every terms published."""
        return self._published

    def knows_terms(self, terms: str) -> bool:
        """Whether terms of this id were published."""
        return terms in self._terms

    def bound(self, terms: str, position: int) -> Terms | None:
        """The newest version of these terms recorded before a position, or None."""
        return next((it for at, it in reversed(self._terms.get(terms, [])) if at < position), None)

    def contingency_stream(self, contingency: str) -> str | None:
        """The stream in which a contingency of this id was declared last, or None."""
        return self._contingencies.get(contingency) or self._source.contingency_stream(contingency)

    def entry(self, reference: int | str) -> Entry | None:
        """The entry at a position; or the one with this key, else with this id."""
        return self._source.entry(reference)

    def agreement(self, client: str, opened_at: datetime, position: int, judged_at: datetime) -> Agreement:
        """What applies, under the default readings, to a ticket of this client opened then and recorded at that position,
        judged by what lies before an entry of `judged_at` in the order of (`at`, position)."""
        settled, agreements = self._agreements.get(client) or self._agreed(client)
        if judged_at < settled:
            agreements = self._agreements_before(client, judged_at)
        return agreements.at(epoch_seconds(opened_at), position)

    def _agreed(self, client: str) -> tuple[datetime, Agreements]:
        """What applies to a client's tickets by all that is recorded, and the latest `at` of what that rests on."""
        names = [f"client:{client}", *(f"policy:{policy}" for policy in self._policy_ids(client))]
        moments = [it.event.at for name in names for it in self.stream(name).in_force if not _is_about_people(it)]
        agreements = Agreements(self.client(client) or Client(), self.policies_of(client), self, {})
        found = self._agreements[client] = (max(moments, default=_FIRST), agreements)
        return found

    def _agreements_before(self, client: str, judged_at: datetime) -> Agreements:
        """As `_agreed`, from the entries whose `at` is not later."""

        def earlier(name: str) -> State:
            return fold(name, (it for it in self.stream(name).in_force if it.event.at <= judged_at))

        registered = earlier(f"client:{client}")
        folded = (earlier(f"policy:{policy}") for policy in self._policy_ids(client))
        held = sorted((it for it in folded if isinstance(it, Policy)), key=lambda it: it.order)
        return Agreements(registered if isinstance(registered, Client) else Client(), held, self, {})

    def _policy_ids(self, client: str) -> list[str]:
        if client not in self._policies:
            self._policies[client] = list(self._source.policies_of(client))
        return self._policies[client]

    def _forget_agreements(self, kind: str, entry: Entry) -> None:
        """What was worked out for a client rests on its registration, its policies and the terms."""
        ident = entry.stream.partition(":")[2]
        policy = self.policy(ident) if kind == "policy" else None
        if kind == "client":
            self._agreements.pop(ident, None)
        elif policy is not None:
            self._agreements.pop(policy.contracted.client, None)
        elif kind != "desk":
            self._agreements.clear()

    def _take_terms(self, entry: Entry) -> None:
        if isinstance(entry.event, TermsPublished):
            terms = terms_from(entry.event.document)
            self._terms.setdefault(entry.event.terms, []).append((entry.position, terms))
            self._published.append(terms)
