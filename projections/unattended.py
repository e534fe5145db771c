"""Open tickets that nobody attended for a support day (gs.2.1, cs.8.4; rules 2.10)."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from domain.timetable import CalendarError
from projections.clocks import Assessment
from projections.sla import iso


class Unattended(Struct, frozen=True):
    """A ticket left alone `since` an instant, for so many seconds of support time."""

    ticket: str
    client: str
    since: int
    support_seconds: int
    clause: str
    opened: tuple[Any, int]


class LeftAlone(Struct, frozen=True):
    """A ticket that somebody should attend: since when nobody has, for how many seconds of support time by the moment judged,
    and from which instant on that is a whole support day (None: never). Instants are whole UTC seconds."""

    since: int
    support_seconds: int
    listed_from: int | None
    clause: str


def left_alone(assessment: Assessment) -> LeftAlone | None:
    """Since when a ticket has been left alone; None for one that is closed, resolved or waiting for the client."""
    facts, agreed = assessment.facts, assessment.agreed
    if agreed.rules is None or agreed.calendar is None or agreed.rules.provisions.unattended is None:
        return None
    if facts.closed is not None or facts.resolved or any(it.kind == "waiting" and it.end is None for it in facts.spans):
        return None
    since = facts.last_activity if facts.last_activity is not None else assessment.official
    if since is None:
        return None
    windows = [(opens, closes) for opens, closes, _ in facts.windows] if agreed.rules.provisions.after_hours else []
    base = agreed.calendar.with_windows(windows) if windows else agreed.calendar
    try:
        listed_from = base.due(since, agreed.calendar.ordinary_day_seconds)
    except CalendarError:
        listed_from = None
    seconds = base.elapsed(since, max(since, assessment.at))
    return LeftAlone(since, seconds, listed_from, agreed.rules.provisions.unattended.clause)


def unattended(assessment: Assessment) -> Unattended | None:
    """The ticket, if it is open, unresolved, not waiting for the client, and was last attended an ordinary support day ago."""
    left, calendar = left_alone(assessment), assessment.agreed.calendar
    if left is None or calendar is None or left.support_seconds < calendar.ordinary_day_seconds:
        return None
    opening, entry = assessment.facts.opening, assessment.facts.entry
    return Unattended(
        opening.ticket, opening.client, left.since, left.support_seconds, left.clause, (entry.event.at, entry.position)
    )


def rows(found: Iterable[Unattended]) -> list[dict[str, Any]]:
    """`report unattended`: longest first, ties in the order opened."""
    return [
        {
            "ticket": it.ticket,
            "client": it.client,
            "since": iso(it.since),
            "support_seconds": it.support_seconds,
            "clause": it.clause,
        }
        for it in sorted(found, key=lambda it: (-it.support_seconds, it.opened))
    ]
