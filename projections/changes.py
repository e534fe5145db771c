"""When an account changes though nothing is recorded: a clock passes its target, a ticket has been left alone for a day, a
policy begins or ends, an entry's `at` is reached.

Between one such moment and the next only the figures of what runs grow. It asks no wall clock: moments in, moments out.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from domain.events import Entry
from domain.policy import Policy
from domain.terms import Rules
from domain.timetable import CalendarError
from projections.clocks import Assessment, Clock
from projections.unattended import left_alone


def is_settled(assessment: Assessment) -> bool:
    """Whether the figures of a ticket can change only by an entry: no clock runs or is paused, and nobody counts for how long
    it was left alone."""
    clocks = (assessment.response, assessment.resolution)
    return not any(map(_is_open, clocks)) and left_alone(assessment) is None


def _is_open(clock: Clock) -> bool:
    return clock.started is not None and clock.stopped is None


def ticket_changes(recorded: Iterable[Entry], at: datetime, assessment: Assessment | None) -> datetime | None:
    """The first moment after `at` at which a ticket's account is another, apart from figures that grow; None if there is none.

    `assessment` is the ticket judged at `at`, None before its opening counts."""
    found = [it for it in (_reached(recorded, at), *_changes_of(assessment)) if it is not None and it > at]
    return min(found, default=None)


def _changes_of(assessment: Assessment | None) -> Sequence[datetime | None]:
    if assessment is None:
        return ()
    left = left_alone(assessment)
    instants = (_breach(assessment.response), _breach(assessment.resolution), left.listed_from if left is not None else None)
    return [_moment(it) for it in instants]


def _breach(clock: Clock) -> int | None:
    """The first instant at which a running clock is over its target, should nothing stop it (rules 2.8)."""
    if clock.verdict != "running" or clock.base is None or clock.end is None or clock.target is None:
        return None
    end, left = clock.end, clock.target - clock.elapsed + 1
    base = clock.base
    return _within_years(lambda: base.due(end, left))


def entries_ahead(recorded: Iterable[Entry], at: datetime) -> datetime | None:
    """The first `at` of these entries that lies after a moment; None if there is none."""
    return _reached(recorded, at)


def _reached(recorded: Iterable[Entry], at: datetime) -> datetime | None:
    return min((it.event.at for it in recorded if it.event.at > at), default=None)


def policy_changes(policy: Policy, rules: Rules, at: datetime) -> datetime | None:
    """The first moment after `at` at which the state of a policy is another: its first day begins, or its last one is over, in
    the zone of its terms; None if there is none."""
    found = []
    for day in (policy.starts, policy.cancelled, _day_after(policy.ends)):
        if day is not None:
            begins = _moment(_within_years(lambda day=day: rules.calendar.local_midnight(day)))  # type: ignore[misc]
            if begins is not None and begins > at:
                found.append(begins)
    return min(found, default=None)


def _day_after(day: date | None) -> date | None:
    return None if day is None or day == date.max else day + timedelta(days=1)


def _within_years(asked: Callable[[], int | None]) -> int | None:
    """What a calendar answers; None beyond the years that calendars know."""
    try:
        return asked()
    except CalendarError:
        return None


def _moment(instant: int | None) -> datetime | None:
    return None if instant is None else datetime.fromtimestamp(instant, UTC)
