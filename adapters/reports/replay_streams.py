"""Which streams of a ledger a replay reads, and a ledger as it would read under a supposition. It only reads."""

from collections.abc import Iterator, Sequence
from functools import cached_property

from adapters.ledger import Ledger
from adapters.personal.unsealing import Unsealed
from adapters.reports.readable import Readable
from adapters.reports.reports import NotFound
from domain.events import ContingencyDeclared, Entry, PolicyContracted, TicketOpened
from domain.refusal import said
from replay.as_of import Focus, Lens, Named
from replay.what_if import Supposition

_SHARED = ("terms", "client", "policy", "desk")


class Streams:
    """The streams that a focus needs, of what was recorded by a position, along with those that only a supposition holds."""

    def __init__(self, ledger: Readable, focus: Focus, upto: int, supposition: Supposition | None = None) -> None:
        self._ledger, self._focus, self._upto = ledger, focus, upto
        self._added = (supposition or Supposition()).added
        self._names = (supposition or Supposition()).streams

    @cached_property
    def client(self) -> str | None:
        """The client that the focus narrows the reading to, None for all. NotFound if what is looked at is not known."""
        focus = self._focus
        client = focus.client
        for field, value, begins in (("ticket", focus.ticket, TicketOpened), ("policy", focus.policy, PolicyContracted)):
            if value is not None:
                first = next(iter(self._all_of(f"{field}:{value}")), None)
                event = first.event if first is not None else None
                if not isinstance(event, TicketOpened | PolicyContracted) or not isinstance(event, begins):
                    raise NotFound(field, value)
                client = client or event.client
        if focus.client is not None and not self._all_of(f"client:{focus.client}"):
            raise NotFound("client", focus.client)
        return client

    @cached_property
    def shared(self) -> list[Named]:
        """The streams of clients, policies, terms and the desk."""
        if self.client is None:
            found: list[Named] = [it for kind in _SHARED for it in self._ledger.streams(kind, self._upto)]
        else:
            policies = [it for it in self._ledger.streams_of(self.client) if it.startswith("policy:")]
            names = [f"client:{self.client}", *policies, "desk"]
            found = [*self._ledger.streams("terms", self._upto), *self._named(names)]
        known = {name for name, _ in found}
        return [*found, *((name, []) for name in self._names if name not in known and not name.startswith("ticket:"))]

    def all(self) -> Iterator[Named]:
        """The tickets looked at, with those dealt along with them."""
        if self.client is not None:
            yield from self.of(self.client)
            return
        yield from self._ledger.streams("ticket", self._upto)
        yield from ((name, []) for name in self._names if name.startswith("ticket:") and not self.one(name))

    def of(self, client: str) -> Iterator[Named]:
        """The tickets of one client."""
        names = [it for it in self._ledger.streams_of(client) if it.startswith("ticket:")]
        yield from ((name, recorded) for name, recorded in self._named(names) if recorded)
        for name, held in self._added.items():
            first = held[0].event if held else None
            if isinstance(first, TicketOpened) and first.client == client:
                yield name, []

    def one(self, name: str) -> list[Entry]:
        """All entries of one stream, by version."""
        return [it for it in self._ledger.stream(name) if it.position <= self._upto]

    def _named(self, names: Sequence[str]) -> Iterator[Named]:
        for name, recorded in self._ledger.streams_named(names):
            yield name, [it for it in recorded if it.position <= self._upto]

    def _all_of(self, name: str) -> list[Entry]:
        return [*self.one(name), *self._added.get(name, ())]


class KnownBook:
    """What admission may ask of a ledger, as it was at a position."""

    def __init__(self, ledger: Ledger, upto: int) -> None:
        self._ledger, self._upto = ledger, upto

    def stream(self, name: str) -> Sequence[Entry]:
        return [it for it in self._ledger.stream(name) if it.position <= self._upto]

    def policies_of(self, client: str) -> Sequence[str]:
        return [it.removeprefix("policy:") for it in self._ledger.streams_of(client) if it.startswith("policy:")]

    def entry(self, reference: int | str) -> Entry | None:
        found = self._ledger.entry(reference)
        return found if found is not None and found.position <= self._upto else None

    def names(self, kind: str) -> Sequence[str]:
        return [name for name, _ in self._ledger.streams(kind, self._upto)]

    def contingency_stream(self, contingency: str) -> str | None:
        with self._ledger.reading(said("looking a contingency up")) as rows:
            name = rows.contingency_stream(contingency)
        if name is None or any(_declares(it, contingency) for it in self.stream(name)):
            return name
        # Declared anew since, elsewhere: only the entries themselves still tell where it stood then.
        declared = [it.stream for it in self._ledger.entries(0, self._upto) if _declares(it, contingency)]
        return declared[-1] if declared else None


def _declares(entry: Entry, contingency: str) -> bool:
    return isinstance(entry.event, ContingencyDeclared) and entry.event.contingency == contingency


class Seen:
    """What is recorded by a position, with what is supposed, seen through a lens: a `Readable` like the ledger itself."""

    def __init__(self, ledger: Readable, upto: int, lens: Lens, supposition: Supposition) -> None:
        self._ledger, self._upto, self._lens = ledger, upto, lens
        self._added, self._names = supposition.added, supposition.streams

    def head(self) -> int:
        return min(self._upto, self._ledger.head())

    def stream(self, name: str) -> Sequence[Entry]:
        return self._lens.entries(name, self._ledger.stream(name))

    def streams_named(self, names: Sequence[str]) -> Iterator[Named]:
        for name, recorded in self._ledger.streams_named(names):
            yield name, self._lens.entries(name, recorded)

    def streams(self, kind: str, upto: int | None = None) -> Iterator[Named]:
        begun = set()
        for name, recorded in self._ledger.streams(kind, self._upto):
            begun.add(name)
            yield name, self._lens.entries(name, recorded)
        for name in self._names:
            if name.startswith(kind) and name not in begun:
                yield name, self._lens.entries(name, [])

    def streams_of(self, client: str) -> list[str]:
        found = [*self._ledger.streams_of(client)]
        for name, held in self._added.items():
            first = held[0].event if held else None
            if isinstance(first, TicketOpened | PolicyContracted) and first.client == client:
                found.append(name)
        return found

    def unsealed(self) -> Unsealed:
        return self._ledger.unsealed()
