"""Open tickets that nobody attended for a support day (gs.2.1, cs.8.4; rules 2.10)."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from domain.events import Entry
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


def unattended(assessment: Assessment) -> Unattended | None:
    """The ticket, if it is open, unresolved, not waiting for the client, and was last attended an ordinary support day ago."""
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
    seconds = base.elapsed(since, max(since, assessment.at))
    if seconds < agreed.calendar.ordinary_day_seconds:
        return None
    entry: Entry = facts.entry
    return Unattended(
        facts.opening.ticket, facts.opening.client, since, seconds, agreed.rules.provisions.unattended.clause,
        (entry.event.at, entry.position),
    )  # fmt: skip


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
