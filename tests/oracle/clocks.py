"""The two clocks of a ticket (rules 2), worked out piece by piece.

A clock is first described (start, stop, time base, target, stopped spans), then cut into pieces at every
boundary; every figure is a sum over the pieces. A clause "changed a figure" if leaving it out changes one.
"""

import itertools
from dataclasses import dataclass, field

from .history import Entry, Ticket
from .stopped import Span, contingencies, level_four, official, unavailability, waits, windows
from .terms import CALENDAR_CLAUSE, CS, DAY, GS, MINUTE, READINGS_OF_CLAUSE, RESPONSE_RANGE, SOLUTION_RANGE
from .times import Spans, common, show, union

SEARCH_DAYS = 60


@dataclass
class Clock:
    """What a clock is made of, before anything is measured."""

    ticket: Ticket
    clause: str | None = None
    target: int | None = None
    earliest: int | None = None
    base: str = "support"
    start: int | None = None
    stop: Entry | None = None
    stop_second: int | None = None
    spans: list[Span] = field(default_factory=list)
    resolved: list[Span] = field(default_factory=list)
    windows: bool = True

    @property
    def applies(self) -> bool:
        """Whether there is something to measure and to hold it against."""
        return self.start is not None and self.target is not None

    @property
    def end(self) -> int:
        """Where the measuring ends: the stop, never before the start, or the moment of the report."""
        if self.stop_second is None:
            return self.ticket.history.at
        return max(self.stop_second, self.start)

    def ticking(self, start: int, end: int) -> Spans:
        """The seconds of the time base in [start, end)."""
        if start >= end:
            return []
        if self.base == "clock":
            return [(start, end)]
        hours = self.ticket.hours.between(start, end, whole_days=self.base == "working-days")
        return union(hours, common(windows(self.ticket), [(start, end)]) if self.windows else [])

    def pieces(self, end: int) -> list[tuple[int, int, str, int | None, str | None]]:
        """[start, end) cut up: from, to, state, cause, clause; neighbours that are alike are one."""
        base = self.ticking(self.start, end)
        standing = self.resolved + self.spans
        edges = {self.start, end} | {edge for span in base for edge in span}
        edges |= {edge for span in standing for edge in (span.start, span.end) if edge is not None}
        edges = sorted(edge for edge in edges if self.start <= edge <= end)
        found = []
        for a, b in itertools.pairwise(edges):
            piece = (a, b, *self._state(a, b, base, standing))
            if found and found[-1][2:] == piece[2:]:
                piece = (found.pop()[0], *piece[1:])
            found.append(piece)
        return found

    def _state(self, a: int, b: int, base: Spans, standing: list[Span]) -> tuple[str, int | None, str | None]:
        if not any(start <= a and b <= end for start, end in base):
            return "closed_hours", None, CALENDAR_CLAUSE[self.ticket.terms]
        over = [span for span in standing if span.start <= a and (span.end is None or b <= span.end)]
        for state in ("resolved", "contingency", "paused"):
            for span in sorted(over, key=lambda span: (span.start, span.cause)):
                if span.state == state:
                    return state, span.cause, span.clause
        return "running", None, self.clause

    def seconds(self, states: tuple[str, ...], end: int) -> int:
        """Seconds spent in some states from the start to `end`."""
        if end <= self.start:
            return 0
        return sum(b - a for a, b, state, *_ in self.pieces(end) if state in states)

    def due(self) -> int:
        """The first instant at which elapsed reaches the target, run on without further stops."""
        missing = self.target
        running = [(a, b) for a, b, state, *_ in self.pieces(self.end) if state == "running"]
        here = self.end
        while True:
            for a, b in running:
                if b - a >= missing:
                    return a + missing
                missing -= b - a
            running = self.ticking(here, here + SEARCH_DAYS * DAY)
            here += SEARCH_DAYS * DAY


def response(ticket: Ticket, left_out: str | None = None) -> Clock:
    """The response clock (2.3), as if the clause left out did not exist."""
    clock = Clock(ticket, windows=left_out != "gs.8.2")
    if ticket.terms is None:
        return clock
    clock.start = official(ticket, left_out)
    if clock.start is None:
        clock.clause = "gs.3.3"
        return clock
    answers = [(e.at, e.order, e, e.second) for e in ticket.of_type("Responded", "Resolved")]
    answers += [(e.instant("started"), e.order, e, e.moment("started")) for e in ticket.of_type("SessionHeld")]
    if answers:
        _, _, clock.stop, clock.stop_second = min(answers, key=lambda answer: answer[:2])
    elif ticket.closed:
        clock.stop, clock.stop_second = ticket.closed, ticket.closed.second
    _aim_response(clock, ticket.priority_before(clock.stop))
    if clock.clause == "cs.8.1" or (clock.clause == "gs.4" and ticket.readings["gs.wait"] == "stops"):
        clock.spans += waits(ticket, clock.clause)
    clock.spans += contingencies(ticket, left_out)
    return clock


def _aim_response(clock: Clock, priority: str) -> None:
    ticket, readings = clock.ticket, clock.ticket.readings
    if ticket.terms == GS:
        clock.clause = "gs.4"
        clock.earliest, clock.target = RESPONSE_RANGE.get(priority, (None, None))
        reading = readings["gs.4"]
        on_clock = reading == "clock-hours" or (reading == "critical-clock" and priority == "critical")
    elif ticket.opening["kind"] == "question":
        clock.clause, clock.target = "cs.8.1", 10 * MINUTE
        on_clock = readings["cs.8.1"] == "clock-minutes"
    else:
        clock.clause, clock.target = "cs.2", DAY if ticket.policy else None
        on_clock = readings["cs.2"] == "clock-hours"
    clock.base = "clock" if on_clock else "support"


def resolution(ticket: Ticket, left_out: str | None = None) -> Clock:
    """The resolution clock (2.4), as if the clause left out did not exist."""
    clock = Clock(ticket, windows=left_out != "gs.8.2")
    if ticket.terms is None:
        return clock
    clock.start = official(ticket, left_out)
    if clock.start is None:
        clock.clause = "gs.3.3"
        return clock
    first_response = ticket.terms == GS and ticket.readings["gs.5.5"] == "first-response"
    if first_response and left_out != "gs.5.5":
        answer = response(ticket, left_out)
        clock.start = answer.end if answer.stop else None
    clock.stop = ticket.resolved or ticket.closed
    clock.stop_second = clock.stop.second if clock.stop else None
    _aim_resolution(clock, *ticket.classified_before(ticket.closed))
    clock.resolved = [
        Span(a.second, b.second if b else None, "resolved", a.position, clock.clause) for a, b in ticket.resolved_spans()
    ]
    clock.spans = _resolution_spans(ticket, clock, left_out)
    if ticket.terms == GS and clock.applies and left_out != "gs.5.6":
        clock.target += extensions(clock)
    return clock


def _aim_resolution(clock: Clock, incident_type: str | None, budget: int | None) -> None:
    readings = clock.ticket.readings
    if clock.ticket.terms == GS:
        clock.clause, clock.target = solution_target(readings, incident_type, budget)
        clock.base = "clock" if readings["gs.5.base"] == "clock-hours" else "support"
        return
    clock.clause = "cs.8.2"
    if clock.ticket.opening["kind"] == "incident":
        reading = readings["cs.8.2"]
        clock.target = 3 * 25_200 if reading == "three-days" else DAY
        clock.base = "working-days" if reading == "working-day-hours" else "support"


def solution_target(readings: dict, incident_type: str | None, budget: int | None) -> tuple[str, int | None]:
    """Clause and seconds of gs.5 for a type and its budget."""
    if incident_type is None:
        return "gs.5", None
    clause, low, high = SOLUTION_RANGE[incident_type]
    if budget is not None and low < high and low <= budget <= high:
        return clause, budget
    return clause, low if readings["gs.5"] == "lower-end" else high


def _resolution_spans(ticket: Ticket, clock: Clock, left_out: str | None) -> list[Span]:
    readings, spans = ticket.readings, []
    if ticket.terms == CS or readings["gs.wait"] == "stops":
        spans += waits(ticket, clock.clause)
    if ticket.terms == CS and readings["cs.8.2.availability"] == "stops":
        spans += unavailability(ticket)
    if ticket.terms == GS and readings["gs.9"] == "pauses" and left_out != "gs.9":
        spans += level_four(ticket)
    return spans + contingencies(ticket, left_out)


def extensions(clock: Clock) -> int:
    """Seconds that authorised extensions add to the resolution target (2.7)."""
    ticket, granted, asked = clock.ticket, 0, []
    for e in ticket.of_type("ExtensionRequested", "ExtensionAuthorized", "ExtensionDeclined"):
        if clock.stop is not None and e.order > clock.stop.order:
            break
        if e.type == "ExtensionRequested":
            asked.append(e)
            continue
        request = asked.pop()
        _, target = solution_target(ticket.readings, *ticket.classified_before(e))
        in_time = target is None or clock.seconds(("running",), e.second) <= target + granted
        if e.type == "ExtensionAuthorized" and (in_time or ticket.readings["gs.5.6"] == "any-time"):
            granted += request["extra_seconds"]
    return granted


def verdict(clock: Clock, elapsed: int) -> str:
    """Rules 2.3, 2.4, 2.5 and 2.8."""
    if elapsed > clock.target:
        return "breached"
    if clock.stop is not None:
        return "not_applicable" if clock.stop.type == "Closed" else "met"
    return "paused" if any(span.end is None for span in clock.spans) else "running"


def figures(clock: Clock) -> dict:
    """The clock's fields of `report sla`, without clauses and readings."""
    shown = dict.fromkeys(("verdict", "target_seconds", "earliest_seconds", "started_at", "due_at", "stopped_at"))
    shown |= {"verdict": "not_applicable", "elapsed_seconds": 0, "paused_seconds": 0, "overrun_seconds": 0}
    if not clock.applies:
        return shown
    elapsed = clock.seconds(("running",), clock.end)
    said = verdict(clock, elapsed)
    return shown | {
        "verdict": said,
        "target_seconds": clock.target,
        "earliest_seconds": clock.earliest,
        "started_at": show(clock.start),
        "due_at": None if said in ("paused", "not_applicable") else show(clock.due()),
        "stopped_at": show(clock.end) if clock.stop else None,
        "elapsed_seconds": elapsed,
        "paused_seconds": clock.seconds(("paused", "contingency"), clock.end),
        "overrun_seconds": max(0, elapsed - clock.target),
    }


def account(build, ticket: Ticket) -> dict:
    """A clock's whole object: figures, clauses cited, readings used."""
    clock = build(ticket)
    shown = figures(clock)
    cited = [clock.clause] if clock.clause else []
    if clock.target is not None:
        others = [] if clock.base == "clock" else [CALENDAR_CLAUSE[ticket.terms]]
        for clause in ("gs.3.3", "gs.3.4", "gs.5.5", "gs.5.6", "gs.8.2", "gs.9", "cs.8.5"):
            if figures(build(ticket, clause)) != shown:
                others.append(clause)
        cited += sorted(others)
    keys = sorted({key for clause in cited for key in READINGS_OF_CLAUSE.get(clause, ())})
    return shown | {"clauses": cited, "readings": {key: ticket.readings[key] for key in keys}}


def segments(clock: Clock) -> list[dict]:
    """The contiguous segments of `explain`."""
    if not clock.applies or clock.end <= clock.start:
        return []
    return [
        {
            "from": show(a),
            "to": show(b),
            "state": state,
            "counted_seconds": 0 if state in ("closed_hours", "resolved") else b - a,
            "cause": cause,
            "clause": clause,
        }
        for a, b, state, cause, clause in clock.pieces(clock.end)
    ]
