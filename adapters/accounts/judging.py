"""Judges what is to be stored, anew: tickets by name, clients' quotas; as of a moment, with what is recorded up to a position.

The same functions of `projections` as every report. What cannot be judged is answered as `Parked`, so that all else goes on;
failures of the store are not caught. It writes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct

from adapters.accounts.filling import ClientRows, TicketRows, Values, client_rows, moment, read, ticket_rows, use_from
from adapters.accounts.remembered import DESK, Remembered
from adapters.accounts.tables import USES
from adapters.accounts.touching import Touched
from adapters.ledger import Ledger
from adapters.mapper import LedgerError, Unreadable
from domain.events import Entry, PersonForgotten, TicketOpened
from domain.refusal import said
from projections.changes import entries_ahead, policy_changes
from projections.contracts import Contracts, Question

_TICKETS_AT_ONCE = 100


class Parked(Struct, frozen=True):
    """A ticket (`ticket:T-1`) or client (`client:acme`) that cannot be judged, because of the entry at `position`."""

    subject: str
    client: str | None
    position: int
    problem: str


class _Applying(Struct, frozen=True):
    """What applies to a client, and the first of its entries that lies ahead."""

    contracts: Contracts
    ahead: datetime | None


class Judging:
    """Judges tickets and clients of one ledger at one moment."""

    def __init__(
        self, ledger: Ledger, at: datetime, known: int, *, segments: bool = True, remembered: Remembered | None = None,
        readings: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """`at` is aware; entries beyond position `known` do not count; without `segments`, tickets come without theirs.
        `remembered` holds what was read before; `readings` are those asked for. Raises Unreadable if terms, or what concerns
        everyone, cannot be read: then nobody can be judged; UnknownReading for a reading that no terms have."""
        self._ledger = ledger
        self._segments = segments
        self._remembered = remembered or Remembered(ledger)
        self.question = Question(at, known, readings)
        streams = [(name, self._counted(recorded)) for name, recorded in self._remembered.everyone()]
        self._desk = dict(streams)[DESK]
        self._everyone = Contracts(self.question, streams)
        self._applying: dict[str, _Applying | Parked] = {}

    def _counted(self, recorded: Sequence[Entry]) -> list[Entry]:
        known = self.question.known
        return [it for it in recorded if known is None or it.position <= known]

    def _applying_to(self, client: str) -> _Applying | Parked:
        """What applies to a client; Parked if that cannot be read."""
        found = self._applying.get(client)
        if found is None:
            found = self._applying[client] = self._read(client)
        return found

    def _read(self, client: str) -> _Applying | Parked:
        try:
            streams = [(name, self._counted(recorded)) for name, recorded in self._remembered.client(client)]
            contracts = self._everyone.joined_by(streams)
        except Unreadable as problem:
            return Parked(f"client:{client}", client, problem.position, str(problem))
        except LookupError as problem:
            return Parked(f"client:{client}", client, self.question.known or 0, str(problem))
        ahead = (entries_ahead(recorded, self.question.at) for _, recorded in streams)
        return _Applying(contracts, min((it for it in ahead if it is not None), default=None))

    # Tickets --------------------------------------------------------------------------------------------------------

    def tickets(self, names: Iterable[str]) -> Iterator[TicketRows | Parked]:
        """What is stored of these tickets now, in their order; nothing for one that has no entry by the position asked for."""
        coming = iter(names)
        while some := list(islice(coming, _TICKETS_AT_ONCE)):
            for name, recorded in self._recorded(some):
                found = recorded if isinstance(recorded, Parked) else self.ticket(name, recorded)
                if found is not None:
                    yield found

    def _recorded(self, names: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry] | Parked]]:
        """The entries of these tickets. Read together, unless one cannot be read."""
        try:
            with self._ledger.reading(said("reading a stream")) as rows:
                together = rows.streams_named([f"ticket:{it}" for it in names])
        except Unreadable:
            yield from ((name, self._alone(name)) for name in names)
        else:
            yield from ((name, together[f"ticket:{name}"]) for name in names)

    def _alone(self, name: str) -> Sequence[Entry] | Parked:
        try:
            return self._ledger.stream(f"ticket:{name}")
        except Unreadable as problem:
            return Parked(f"ticket:{name}", None, problem.position, str(problem))

    def ticket(self, name: str, recorded: Sequence[Entry]) -> TicketRows | Parked | None:
        """What is stored of one ticket, from its entries by version; None if it has none by the position asked for."""
        recorded = self._counted(recorded)
        if not recorded:
            return None
        opening = recorded[0].event
        if not isinstance(opening, TicketOpened):
            return Parked(f"ticket:{name}", None, recorded[0].position, "no opening")
        applying = self._applying_to(opening.client)
        if isinstance(applying, Parked):
            return Parked(f"ticket:{name}", opening.client, applying.position, applying.problem)
        try:
            return ticket_rows(name, recorded, applying.contracts, segments=self._segments)
        except LedgerError:
            raise
        except Exception as problem:
            return Parked(f"ticket:{name}", opening.client, recorded[-1].position, f"{type(problem).__name__}: {problem}")

    # Clients --------------------------------------------------------------------------------------------------------

    def client(self, client: str, uses: Iterable[Values]) -> ClientRows | Parked:
        """What is stored of a client's quotas, dealt anew among the stored uses of all its tickets."""
        applying = self._applying_to(client)
        if isinstance(applying, Parked):
            return applying
        try:
            kept = [use_from(read(USES, it), applying.contracts) for it in uses]
            return client_rows(client, kept, applying.contracts)
        except LedgerError:
            raise
        except Exception as problem:
            return Parked(f"client:{client}", client, self.question.known or 0, f"{type(problem).__name__}: {problem}")

    def client_timetable(self, client: str) -> Values:
        """Until when what applies to a client that is not parked, and its quotas, stay as they are."""
        applying = self._applying_to(client)
        assert not isinstance(applying, Parked), "a parked client has no timetable"
        changes = [applying.ahead]
        for policy in applying.contracts.policies.get(client, ()):
            changes.append(policy_changes(policy, applying.contracts.rules(policy), self.question.at))
        return self._timetable(f"client:{client}", client, min((it for it in changes if it is not None), default=None))

    def desk_timetable(self) -> Values:
        """Until when the contingencies of everyone stay as they are."""
        return self._timetable(DESK, None, entries_ahead(self._desk, self.question.at))

    def touch_reached(self, touched: Touched, judged_at: datetime) -> None:
        """Touches whom the contingencies of everyone concern that lay ahead at one of two moments and not at the other: the one
        judged at before, and the one judged at now."""
        before, after = sorted((judged_at, self.question.at))
        for it in self._desk:
            if before < it.event.at <= after and not isinstance(it.event, PersonForgotten):
                touched.touch_everyone(it.event.at)

    def _timetable(self, subject: str, client: str | None, changes: datetime | None) -> Values:
        return subject, client, moment(self.question.at), None if changes is None else moment(changes)
