"""What one ticket's entries say, in the order in which they count: the moments its clocks, its bill and its quota rest on.

`counted` cuts history to a moment and a state of knowledge; `facts` reads the result once, from first to last. Nothing is
judged here: which of these moments matter, and for how long, is for the clocks and the accounts.
"""

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, Struct

from domain.events import (
    AfterHoursRequested,
    Closed,
    ConsultantAvailable,
    ConsultantUnavailable,
    ContactAttempted,
    ContingencyDeclared,
    ContingencyEnded,
    ContingencyNotified,
    Entry,
    Escalated,
    ExtensionAuthorized,
    ExtensionDeclined,
    ExtensionRequested,
    FollowedUp,
    IncidentClassified,
    InformationReceived,
    InformationRequested,
    OfficialRequestReceived,
    OperationStopDeclared,
    PriorityChanged,
    ReopenedAsNew,
    ResolutionRejected,
    ResolutionValidated,
    Resolved,
    Responded,
    SessionHeld,
    TicketOpened,
    TravelExpenseRecorded,
)
from domain.rules import Suspension
from domain.sequence import in_force
from domain.time_base import epoch_seconds
from projections.spans import Mark, Span, contingency


class Facts(Struct, gc=False):
    """One ticket's moments. Lists are in the order in which the entries count; all instants are whole UTC seconds."""

    opening: TicketOpened
    opened: int
    entry: Entry
    entries: Sequence[Entry]
    priorities: list[tuple[int, str]] = []
    classified: list[tuple[int, str, int | None]] = []
    official: Mark | None = None
    responses: list[Mark] = []
    sessions: list[tuple[Mark, Entry]] = []
    resolutions: list[Mark] = []
    rejections: list[Mark] = []
    closed: Mark | None = None
    closed_reason: str | None = None
    continued_by: str | None = None
    escalations: list[tuple[Mark, int]] = []
    stop_declared: bool = False
    last_activity: int | None = None
    extensions: list[tuple[Mark, int]] = []
    windows: list[tuple[int, int, int]] = []
    spans: list[Span] = []
    charged: list[tuple[int, Entry]] = []
    travel: list[Entry] = []

    @property
    def priority(self) -> str:
        """The latest priority."""
        return self.priorities[-1][1]

    @property
    def level(self) -> int:
        """The present level of support; a ticket begins at 1."""
        return self.escalations[-1][1] if self.escalations else 1

    @property
    def resolved(self) -> bool:
        """Resolved, and not rejected since."""
        if not self.resolutions:
            return False
        return not self.rejections or self.rejections[-1].index < self.resolutions[-1].index

    def classification(self, before: int) -> tuple[str | None, int | None]:
        """Incident type and budget in force for the entry at an index: the latest classification before it."""
        for index, incident_type, budget in reversed(self.classified):
            if index < before:
                return incident_type, budget
        return None, None

    def priority_before(self, before: int) -> str:
        """The priority in force for the entry at an index."""
        if len(self.priorities) == 1:
            return self.opening.priority
        for index, name in reversed(self.priorities):
            if index < before:
                return name
        return self.opening.priority


def minutes_up(seconds: int) -> int:
    """Whole minutes, rounded up."""
    return -(-seconds // 60)


def counted(recorded: Sequence[Entry], at: datetime, known: int | None = None) -> list[Entry]:
    """The entries of one stream that count, in order: recorded by position `known` (inclusive; None: all), not void by what
    was recorded by then, with `at` not after the moment asked for (rules 1.4)."""
    if known is not None:
        recorded = [it for it in recorded if it.position <= known]
    entries = in_force(recorded)
    while entries and entries[-1].event.at > at:
        entries.pop()
    return entries


def facts(entries: Sequence[Entry]) -> Facts | None:
    """The moments of one ticket, from its entries as `counted` gives them; None before its opening."""
    first = entries[0] if entries else None
    if first is None or not isinstance(first.event, TicketOpened):
        return None
    found = Facts(first.event, epoch_seconds(first.event.at), first, entries)
    found.priorities.append((0, first.event.priority))
    if first.event.incident_type is not UNSET:
        found.classified.append((0, first.event.incident_type, None))
    _Reader(found).read()
    return found


class _Reader(Struct, gc=False):
    """Reads the entries of a ticket once. Keeps what is open: a wait, an absence, contingencies, requested extensions."""

    facts: Facts
    waiting: Mark | None = None
    absent: Mark | None = None
    told: dict[str, Mark] = {}
    asked: list[int] = []

    def read(self) -> None:
        handlers = _HANDLERS
        for index, entry in enumerate(self.facts.entries):
            event = entry.event
            handle = handlers.get(type(event))
            if handle is not None:
                handle(self, entry, Mark(epoch_seconds(event.at), index, entry.position))
        self._leave_open()

    def _leave_open(self) -> None:
        if self.waiting is not None:
            self._span("waiting", self.waiting, None)
        if self.absent is not None:
            self._span("unavailability", self.absent, None)
        for told in self.told.values():
            self._span("contingency", told, None)

    def _span(self, kind: Suspension, begun: Mark, end: int | None) -> None:
        self.facts.spans.append(Span(kind, begun.instant, end, begun.position))

    def _end_wait(self, mark: Mark) -> None:
        if self.waiting is not None:
            self._span("waiting", self.waiting, mark.instant)
            self.waiting = None

    def responded(self, entry: Entry, mark: Mark) -> None:
        self.facts.responses.append(mark)
        self.facts.last_activity = mark.instant

    def charged(self, entry: Entry, mark: Mark) -> None:
        self.facts.charged.append((mark.instant, entry))
        self.facts.last_activity = mark.instant

    def information_requested(self, entry: Entry, mark: Mark) -> None:
        self.charged(entry, mark)
        if self.waiting is None:
            self.waiting = mark

    def information_received(self, entry: Entry, mark: Mark) -> None:
        self.facts.last_activity = mark.instant
        self._end_wait(mark)

    def session(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, SessionHeld):
            started = Mark(epoch_seconds(entry.event.started), mark.index, mark.position)
            self.facts.sessions.append((started, entry))
            self.facts.last_activity = mark.instant

    def official(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, OfficialRequestReceived) and self.facts.official is None:
            sent = entry.event.at if entry.event.sent_at is UNSET else entry.event.sent_at
            self.facts.official = Mark(epoch_seconds(sent), mark.index, mark.position)

    def priority(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, PriorityChanged):
            self.facts.priorities.append((mark.index, entry.event.priority))

    def classified(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, IncidentClassified):
            budget = None if entry.event.budget_seconds is UNSET else entry.event.budget_seconds
            self.facts.classified.append((mark.index, entry.event.incident_type, budget))

    def escalated(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, Escalated):
            self.facts.escalations.append((mark, entry.event.level))
            self.facts.last_activity = mark.instant

    def extension_requested(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, ExtensionRequested):
            self.asked.append(entry.event.extra_seconds)

    def extension_answered(self, entry: Entry, mark: Mark) -> None:
        extra = self.asked.pop() if self.asked else 0
        if isinstance(entry.event, ExtensionAuthorized) and extra:
            self.facts.extensions.append((mark, extra))

    def window(self, entry: Entry, mark: Mark) -> None:
        event = entry.event
        if isinstance(event, AfterHoursRequested) and event.at < event.from_:
            self.facts.windows.append((epoch_seconds(event.from_), epoch_seconds(event.to), entry.position))

    def absence(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, ConsultantUnavailable):
            self.absent = self.absent or mark
        elif self.absent is not None:
            self._span("unavailability", self.absent, mark.instant)
            self.absent = None

    def contingency(self, entry: Entry, mark: Mark) -> None:
        contingency(entry, mark, self.told, self.facts.spans)

    def resolved(self, entry: Entry, mark: Mark) -> None:
        self.facts.resolutions.append(mark)

    def validated(self, entry: Entry, mark: Mark) -> None:
        self._end_wait(mark)

    def rejected(self, entry: Entry, mark: Mark) -> None:
        self.facts.rejections.append(mark)
        self.facts.last_activity = mark.instant
        self._end_wait(mark)

    def closed(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, Closed) and self.facts.closed is None:
            self.facts.closed = mark
            self.facts.closed_reason = entry.event.reason

    def operation_stop(self, entry: Entry, mark: Mark) -> None:
        self.facts.stop_declared = True

    def reopened(self, entry: Entry, mark: Mark) -> None:
        if isinstance(entry.event, ReopenedAsNew):
            self.facts.continued_by = entry.event.new_ticket

    def travel(self, entry: Entry, mark: Mark) -> None:
        self.facts.travel.append(entry)


_HANDLERS = {
    Responded: _Reader.responded,
    FollowedUp: _Reader.charged,
    ContactAttempted: _Reader.charged,
    InformationRequested: _Reader.information_requested,
    InformationReceived: _Reader.information_received,
    SessionHeld: _Reader.session,
    OfficialRequestReceived: _Reader.official,
    PriorityChanged: _Reader.priority,
    IncidentClassified: _Reader.classified,
    Escalated: _Reader.escalated,
    ExtensionRequested: _Reader.extension_requested,
    ExtensionAuthorized: _Reader.extension_answered,
    ExtensionDeclined: _Reader.extension_answered,
    AfterHoursRequested: _Reader.window,
    ConsultantUnavailable: _Reader.absence,
    ConsultantAvailable: _Reader.absence,
    ContingencyDeclared: _Reader.contingency,
    ContingencyNotified: _Reader.contingency,
    ContingencyEnded: _Reader.contingency,
    Resolved: _Reader.resolved,
    ResolutionValidated: _Reader.validated,
    ResolutionRejected: _Reader.rejected,
    Closed: _Reader.closed,
    OperationStopDeclared: _Reader.operation_stop,
    ReopenedAsNew: _Reader.reopened,
    TravelExpenseRecorded: _Reader.travel,
}
