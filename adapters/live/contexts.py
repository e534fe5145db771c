"""What concerns a ticket besides its own entries: its client, the policies, the terms, the desk. Read from the ledger, kept for
each client until it is told to forget, or until one of these entries that lay ahead begins to count.

Those entries lie in other partitions than the ticket's, and other workers may get them; so every worker reads them where they
are recorded, which is never later than they arrive. It judges nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from adapters.accounts.touching import COUNT_FOR_NOTHING
from adapters.ledger import Ledger
from domain.events import Entry
from domain.refusal import said
from projections.changes import entries_ahead
from projections.contracts import Contracts, Question

DESK = "desk"
_MOST_REMEMBERED = 10_000

Versions = tuple[tuple[str, int], ...]


class Context(Struct, frozen=True):
    """What applies to a client's tickets. `known` is the last position among what concerns it (publications of terms aside,
    which bind only what comes later); it holds for every moment in [`since`, `until`)."""

    contracts: Contracts
    known: int
    since: datetime
    until: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it is right at a moment."""
        return self.since <= at and (self.until is None or at < self.until)

    def at(self, at: datetime) -> Contracts:
        """What applies at a moment for which it holds."""
        return self.contracts.asked(Question(at))


class Contexts:
    """The contexts of the clients of one ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._of: dict[str, Context] = {}
        self._everyone: tuple[Versions, Context] | None = None

    def forget(self, client: str | None = None) -> None:
        """What is remembered of a client, of all if none is named, is read anew."""
        if client is None:
            self._of.clear()
        else:
            self._of.pop(client, None)

    def of(self, client: str, at: datetime) -> Context:
        """What applies to a client at a moment. LedgerError if that cannot be read."""
        found = self._of.get(client)
        if found is None or not found.holds(at):
            if len(self._of) >= _MOST_REMEMBERED:
                self._of.clear()
            found = self._of[client] = self._read(client, at)
        return found

    def _read(self, client: str, at: datetime) -> Context:
        everyone = self._concerning_all(at)
        with self._ledger.reading(said("reading the streams of a client")) as rows:
            names = [f"client:{client}", *rows.streams_of(client, "policy")]
        streams = list(self._ledger.streams_named(names))
        contracts = everyone.at(at).joined_by(streams)
        known, until = _reach(streams, at)
        untils = [it for it in (until, everyone.until) if it is not None]
        return Context(contracts, max(known, everyone.known), at, min(untils, default=None))

    def _concerning_all(self, at: datetime) -> Context:
        """Terms and desk: terms are large, so they are read again only when there are other versions of them."""
        versions = self._versions()
        if self._everyone is not None and self._everyone[0] == versions and self._everyone[1].holds(at):
            return self._everyone[1]
        desk = [(DESK, self._ledger.stream(DESK))]
        contracts = Contracts(Question(at), [*self._ledger.streams("terms"), *desk])
        known, until = _reach(desk, at)
        self._everyone = versions, Context(contracts, known, at, until)
        return self._everyone[1]

    def _versions(self) -> Versions:
        with self._ledger.reading(said("reading a stream")) as rows:
            return tuple((name, rows.version(name)) for name in (*rows.names("terms"), DESK))


def _reach(streams: Sequence[tuple[str, Sequence[Entry]]], at: datetime) -> tuple[int, datetime | None]:
    """The last position in these streams of an entry that any account rests on, and when the first that lies ahead begins to
    count."""
    counting = [it for _, recorded in streams for it in recorded if not isinstance(it.event, COUNT_FOR_NOTHING)]
    return max((it.position for it in counting), default=0), entries_ahead(counting, at)
