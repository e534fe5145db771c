"""The two clocks of a ticket, response and resolution, as rules 2 has them: start, stop, target, what ran, and the verdict.

`assess` is the one function that judges a ticket; the live table, the replay, the what-if and the dossier all call it. It takes
facts and what applies, and asks no store and no wall clock.
"""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from domain.agreement import Agreement
from domain.calendar import Calendar
from domain.rules import ClockRule, Provisions, Target
from domain.terms import Rules
from domain.time_base import CLOCK_TIME, TimeBase
from domain.timetable import CalendarError
from projections.aims import Aim, aim_of, official_request
from projections.history import Facts
from projections.measure import Measured, Stop, measure
from projections.spans import Mark, Span, vendor_spans

Verdict = Literal["met", "breached", "running", "paused", "not_applicable"]
_WITHOUT_DUE = ("paused", "not_applicable")
_ALL = 2**31
"""An index after every entry of a ticket."""


class Clock(Struct, frozen=True, gc=False):
    """One clock, judged. Instants are whole UTC seconds, None where there is none; `target` is that of the stop or of the
    moment judged, extensions included. `end` is where the measuring ended: the stop, or the moment judged; `windowed` whether
    requested windows count."""

    verdict: Verdict
    clauses: tuple[str, ...]
    readings: dict[str, str]
    target: int | None = None
    earliest: int | None = None
    started: int | None = None
    due: int | None = None
    stopped: int | None = None
    elapsed: int = 0
    paused: int = 0
    overrun: int = 0
    end: int | None = None
    base: TimeBase | None = None
    stops: tuple[Stop, ...] = ()
    clause: str | None = None
    windowed: bool = False


class Assessment(Struct, frozen=True, gc=False):
    """A ticket judged at a moment: its facts, what applied, both clocks. `official` is when the request became official."""

    facts: Facts
    agreed: Agreement
    at: int
    official: int | None
    response: Clock
    resolution: Clock


class _Ended(Struct, frozen=True, gc=False):
    """Where a clock stopped: the instant, the index of the entry that stopped it, and whether only the closing did."""

    instant: int
    index: int
    by_closing: bool


class _Judge(Struct, frozen=True, gc=False):
    """Judges one ticket under one set of rules; `support` is the calendar's time and that of the ticket's requested windows,
    if it `has_windows`."""

    facts: Facts
    agreed: Agreement
    rules: Rules
    provisions: Provisions
    calendar: Calendar
    everyone: Sequence[Span]
    at: int
    support: TimeBase
    has_windows: bool

    def assess(self) -> Assessment:
        official, cited = official_request(self.facts, self.provisions)
        if official is None:
            clauses = (self.provisions.requests.clause,) if self.provisions.requests.clause else ()
            waiting = self._without(clauses)
            return Assessment(self.facts, self.agreed, self.at, None, waiting, waiting)
        response_end = self._response_end()
        start, start_cited = self._start(self.provisions.response, official, cited, None)
        response = self._clock(self.provisions.response, start, response_end, start_cited)
        start, start_cited = self._start(self.provisions.resolution, official, cited, response_end)
        resolution = self._clock(self.provisions.resolution, start, self._resolution_end(), start_cited)
        return Assessment(self.facts, self.agreed, self.at, official, response, resolution)

    def _without(self, clauses: tuple[str, ...]) -> Clock:
        return Clock("not_applicable", clauses, self.rules.cited(clauses))

    def _start(
        self, rule: ClockRule, official: int, cited: tuple[str, ...], response_end: _Ended | None
    ) -> tuple[int | None, tuple[str, ...]]:
        """When a clock starts, None if not yet, and the clauses that moved that moment."""
        if rule.starts == "official":
            return official, cited
        if rule.starts == "opened":
            return self.facts.opened, ()
        extra = (rule.starts_clause,) if rule.starts_clause else ()
        if response_end is None:
            return None, extra
        if response_end.instant <= official:
            return official, cited if response_end.instant < official else ()
        # Counted from the call, the answer came in time to start this clock; counted from the e-mail it would not have.
        mail = self.facts.official
        by_call = cited if mail is not None and official == self.facts.opened and mail.instant > response_end.instant else ()
        return response_end.instant, (*by_call, *extra)

    def _response_end(self) -> _Ended | None:
        """The earliest of the moments that stop the response clock, of equal ones the entry first in order (2.3)."""
        return self._first(self.provisions.response.stops, self.facts.resolutions) or self._closing()

    def _resolution_end(self) -> _Ended | None:
        """The first resolution, or the first after the last rejection; else the closing (2.4)."""
        after = self.facts.rejections[-1].index if self.facts.rejections else -1
        standing = [it for it in self.facts.resolutions if it.index > after] if after >= 0 else self.facts.resolutions
        return self._first(self.provisions.resolution.stops, standing) or self._closing()

    def _first(self, stops: Sequence[str], resolutions: Sequence[Mark]) -> _Ended | None:
        facts = self.facts
        marks: list[Mark] = []
        if facts.responses and "Responded" in stops:
            marks.append(facts.responses[0])
        if resolutions and "Resolved" in stops:
            marks.append(resolutions[0])
        if facts.sessions and "SessionHeld" in stops:
            marks += [started for started, _ in facts.sessions]
        if facts.closed is not None and "Closed" in stops:
            marks.append(facts.closed)
        if not marks:
            return None
        first = marks[0] if len(marks) == 1 else min(marks, key=lambda it: (it.instant, it.index))
        return _Ended(first.instant, first.index, False)

    def _closing(self) -> _Ended | None:
        closed = self.facts.closed
        return _Ended(closed.instant, closed.index, True) if closed is not None else None

    def _clock(self, rule: ClockRule, start: int | None, ended: _Ended | None, cited: tuple[str, ...]) -> Clock:
        index = ended.index if ended is not None else _ALL
        aim = self._aim_before(rule, index)
        if aim is None:
            return self._without((rule.clause,))
        target = aim.target
        base = self._base(target)
        if start is None:
            timed = () if base is CLOCK_TIME else (self.provisions.calendar.clause,)
            return self._without((target.clause, *sorted({*cited, *timed})))
        end = ended.instant if ended is not None else self.at
        if end < start:
            end = start
        stops = self._stops(rule, target, start, end)
        seconds, extended = self._extended(rule, aim, index, start)
        judged = self._figures(stops, base, start, end, seconds, ended)
        moving: tuple[str, ...] = ()
        if stops or self.has_windows:
            moving = self._moving(judged, stops, base, start, end, seconds, ended)
        clauses, readings = self._clauses(aim, cited + extended + moving)
        verdict, measured = judged
        overrun = measured.elapsed - seconds if measured.elapsed > seconds else 0
        return Clock(
            verdict, clauses, readings, seconds, aim.earliest, start, measured.due, end if ended is not None else None,
            measured.elapsed, measured.paused, overrun, end, base, stops, target.clause,
            self.has_windows and base is self.support,
        )  # fmt: skip

    def _moving(
        self, judged: tuple[Verdict, Measured],
        stops: tuple[Stop, ...], base: TimeBase, start: int, end: int, target: int, ended: _Ended | None,
    ) -> tuple[str, ...]:  # fmt: skip
        """The clauses of their own by which something stopped the clock, or a requested window let it run, and changed a
        figure of what was judged: without it there is another."""
        own = {it.clause: base for it in stops if it.has_own_clause and it.clause is not None}
        after_hours = self.provisions.after_hours
        if after_hours is not None and self.has_windows and base is self.support:
            own[after_hours.clause] = self.calendar
        return tuple(
            clause for clause, without in own.items()
            if self._figures([it for it in stops if it.clause != clause], without, start, end, target, ended) != judged
        )  # fmt: skip

    def _figures(
        self, stops: Sequence[Stop], base: TimeBase, start: int, end: int, target: int, ended: _Ended | None
    ) -> tuple[Verdict, Measured]:
        """The verdict and what was measured, with a due date only where the verdict shows one."""
        try:
            measured = measure(base, start, end, stops, target)
        except CalendarError:
            # An extension may be of any length: there is no due date beyond the horizon of calendars.
            measured = measure(base, start, end, stops, None)
        verdict = _verdict(measured.elapsed > target, ended, stops)
        return verdict, Measured(measured.elapsed, measured.paused, None) if verdict in _WITHOUT_DUE else measured

    def _aim_before(self, rule: ClockRule, before: int) -> Aim | None:
        """The aim for the entry at an index: by the priority then in force; type and budget count until the closing."""
        facts = self.facts
        closed = facts.closed.index if facts.closed is not None else _ALL
        return self._aim_by(rule, before, closed if before == _ALL or rule is self.provisions.resolution else before)

    def _aim_by(self, rule: ClockRule, before: int, classified_before: int) -> Aim | None:
        facts = self.facts
        incident_type, budget = facts.classification(classified_before) if facts.classified else (None, None)
        name: Literal["response", "resolution"] = "resolution" if rule is self.provisions.resolution else "response"
        priority, has_policy = facts.priority_before(before), self.agreed.policy is not None
        return aim_of(self.rules, name, priority, facts.opening.kind, incident_type, has_policy, budget)

    def _base(self, target: Target) -> TimeBase:
        if target.base == "clock":
            return CLOCK_TIME
        return self.support if target.base == "support" else self.calendar.whole_days()

    def _stops(self, rule: ClockRule, target: Target, start: int, end: int) -> tuple[Stop, ...]:
        """What stops this clock in [start, end], and what is still open at its end."""
        facts = self.facts
        if not (facts.spans or facts.rejections or self.everyone or (facts.escalations and "vendor" in target.suspended_by)):
            return ()
        stops: list[Stop] = []
        for span in self._spans(target):
            if span.start <= end and (span.end is None or span.end > start):
                suspension = self.provisions.suspensions.get(span.kind)
                clause = suspension.clause if suspension is not None else None
                until, is_open = (end, True) if span.end is None else (span.end, False)
                state: Literal["paused", "contingency"] = "contingency" if span.kind == "contingency" else "paused"
                stops.append(Stop(state, span.start, until, span.cause, clause or target.clause, is_open, clause is not None))
        if rule is self.provisions.resolution and "Resolved" in rule.stops:
            stops.extend(_resolved(facts, target.clause))
        return tuple(stops)

    def _spans(self, target: Target) -> list[Span]:
        """The spans that suspend this target under the readings chosen."""
        spans: list[Span] = []
        for kind in target.suspended_by:
            suspension = self.provisions.suspensions.get(kind)
            if suspension is not None and not suspension.stops:
                continue
            if kind == "vendor":
                spans += vendor_spans(self.facts.escalations, suspension.level if suspension is not None else 4)
            elif self.facts.spans:
                spans += [it for it in self.facts.spans if it.kind == kind]
            if kind == "contingency":
                spans += self.everyone
        return spans

    def _extended(self, rule: ClockRule, aim: Aim, before: int, start: int) -> tuple[int, tuple[str, ...]]:
        """The target with the extensions that count (gs.5.6, 2.7), and the clause to cite if any does."""
        terms = self.provisions.extensions
        if not self.facts.extensions or terms is None or rule is not self.provisions.resolution:
            return aim.seconds, ()
        added = 0
        for mark, extra in self.facts.extensions:
            if mark.index < before and (not terms.before_due or self._in_time(rule, mark, added, start)):
                added += extra
        return aim.seconds + added, (terms.clause,) if added else ()

    def _in_time(self, rule: ClockRule, mark: Mark, added: int, start: int) -> bool:
        """Whether the clock had not passed its target of the moment when an extension was authorised."""
        aim = self._aim_by(rule, mark.index, mark.index)
        if aim is None or mark.instant <= start:
            return True
        stops = self._stops(rule, aim.target, start, mark.instant)
        return measure(self._base(aim.target), start, mark.instant, stops, None).elapsed <= aim.seconds + added

    def _clauses(self, aim: Aim, cited: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, str]]:
        """The target's clause first, then, sorted, the calendar's and those of what changed a figure; and their readings."""
        if not cited:
            return aim.clauses, aim.readings
        first, *timed = aim.clauses
        clauses = (first, *sorted({*cited, *timed} - {first}))
        return clauses, self.rules.cited(clauses)


def _verdict(is_overrun: bool, ended: _Ended | None, stops: Sequence[Stop]) -> Verdict:
    if is_overrun:
        return "breached"
    if ended is not None:
        return "not_applicable" if ended.by_closing else "met"
    return "paused" if any(it.is_open for it in stops) else "running"


def _resolved(facts: Facts, clause: str) -> list[Stop]:
    """The spans from a resolution to its rejection: neither elapsed nor paused (2.4)."""
    spans: list[Stop] = []
    begun: Mark | None = None
    for mark in sorted([*facts.resolutions, *facts.rejections], key=lambda it: it.index):
        if mark in facts.resolutions:
            begun = begun or mark
        elif begun is not None:
            spans.append(Stop("resolved", begun.instant, mark.instant, begun.position, clause))
            begun = None
    return spans


def assess(facts: Facts, agreed: Agreement, everyone: Sequence[Span], at: int) -> Assessment:
    """Judge one ticket at a moment (whole UTC seconds), by its facts up to then and what applies to it.

    `everyone` are the contingencies that concern every ticket, at the same moment."""
    rules, calendar = agreed.rules, agreed.calendar
    if rules is None or calendar is None:
        nothing = Clock("not_applicable", (), {})
        return Assessment(facts, agreed, at, None, nothing, nothing)
    windows = [(opens, closes) for opens, closes, _ in facts.windows] if rules.provisions.after_hours else []
    support = calendar.with_windows(windows) if windows else calendar
    return _Judge(facts, agreed, rules, rules.provisions, calendar, everyone, at, support, bool(windows)).assess()
