"""Where a ticket's clocks and a policy's quotas stand at a moment, how near they are to their limit, and when that is another
though nothing is recorded.

A verdict says what was promised and kept; here `running` is divided once more, into what has time and what is at risk. Nothing
is measured again: instants and seconds are those of `clocks`, charges those of `billing`, uses those of `consumption`.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from msgspec import Struct

from domain.calendar import Calendar
from domain.events import Entry
from domain.time_base import epoch_seconds
from domain.timetable import CalendarError
from projections.billing import Charge
from projections.changes import ticket_changes
from projections.clocks import Assessment, Clock
from projections.measure import measure

NEAR_PERCENT = 75
"""Of a target or a quota: used up so far, a clock is at risk, a quota near exhaustion. No clause says so: it warns, it judges
nothing."""

State = Literal["running", "at_risk", "breached", "met", "paused", "not_applicable"]
Level = Literal["available", "near_exhaustion", "exhausted"]


class Standing(Struct, frozen=True, gc=False):
    """Where a clock stands. Instants are whole UTC seconds: since when it is, or from when on it will be, at risk and over its
    target, should nothing stop it; None where that cannot be said."""

    state: State
    at_risk_from: int | None = None
    breached_from: int | None = None


class Quota(Struct, frozen=True, gc=False):
    """Tickets included, used and left, of one priority or in all."""

    included: int
    used: int
    remaining: int
    level: Level


def standing(clock: Clock, near_percent: int = NEAR_PERCENT) -> Standing:
    """Where a clock stands: running becomes at risk once so many of a hundred parts of its target have run, in its own time
    base, rounded up to the second. What is paused is paused, however much of it was used."""
    if clock.verdict not in ("running", "breached") or clock.base is None or clock.started is None or clock.target is None:
        return Standing(clock.verdict)
    near = -(-clock.target * near_percent // 100)
    at_risk, breached = _reaches(clock, near), _reaches(clock, clock.target + 1)
    state: State = "at_risk" if clock.verdict == "running" and clock.elapsed >= near else clock.verdict
    return Standing(state, at_risk, breached)


def _reaches(clock: Clock, seconds: int) -> int | None:
    """The first instant at which so many seconds of a clock have run, should it run on."""
    base, start, end = clock.base, clock.started, clock.end
    if base is None or start is None or end is None:
        return None
    try:
        if not clock.stops:
            return base.due(start, seconds)
        return measure(base, start, end, clock.stops, seconds).due
    except CalendarError:
        return None


def level(included: int, used: int, near_percent: int = NEAR_PERCENT) -> Level:
    """How near to exhaustion a quota is."""
    if used >= included:
        return "exhausted"
    return "near_exhaustion" if used * 100 >= included * near_percent else "available"


def quotas(row: dict[str, Any], near_percent: int = NEAR_PERCENT) -> dict[str, Quota]:
    """The quotas of an object of `report consumption`: `all`, then each priority that has any."""
    counters = {"all": row["tickets"], **row["by_priority"]}
    return {
        name: Quota(it["included"], it["used"], it["remaining"], level(it["included"], it["used"], near_percent))
        for name, it in counters.items()
        if it["included"]
    }


# Today --------------------------------------------------------------------------------------------------------------


def local_day(calendar: Calendar | None, instant: int) -> date:
    """The day an instant lies in, in the zone of some terms; without terms, in UTC."""
    return datetime.fromtimestamp(instant, UTC).date() if calendar is None else calendar.local_date(instant)


def day_ends(calendar: Calendar | None, day: date) -> datetime:
    """When a local day is over."""
    following = day + timedelta(days=1)
    if calendar is None:
        return datetime(following.year, following.month, following.day, tzinfo=UTC)
    return datetime.fromtimestamp(calendar.local_midnight(following), UTC)


def minutes_on(charges: Iterable[Charge], calendar: Calendar | None, day: date) -> int:
    """The billable minutes of the charges that stand under a local day."""
    return sum(it.billable_minutes for it in charges if it.billable_minutes and _lies_on(it.at, calendar, day))


def _lies_on(at: datetime, calendar: Calendar | None, day: date) -> bool:
    # No zone is a whole day from UTC: most charges lie on other days for certain.
    return abs((at.date() - day).days) <= _NEAR_DAYS and local_day(calendar, epoch_seconds(at)) == day


_NEAR_DAYS = 2


# When it is another -------------------------------------------------------------------------------------------------


def ticket_turns(
    recorded: Sequence[Entry], at: datetime, assessment: Assessment | None, standings: Iterable[Standing],
    day_over: datetime | None,
) -> datetime | None:  # fmt: skip
    """The first moment after `at` at which what is live of a ticket is another, apart from figures that grow; None if there is
    none. `day_over` is when today's minutes are those of another day, None if there are none."""
    at_risk = (it.at_risk_from for it in standings if it.state == "running" and it.at_risk_from is not None)
    moments = [ticket_changes(recorded, at, assessment), day_over, *(datetime.fromtimestamp(it, UTC) for it in at_risk)]
    return min((it for it in moments if it is not None and it > at), default=None)
