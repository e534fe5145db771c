"""SLA compliance: a ticket's two verdicts as a row of `report sla`."""

from functools import lru_cache
from typing import Any, Literal

from msgspec import UNSET

from domain.time_base import DAY_SECONDS, date_of
from projections.clocks import Assessment, Clock
from projections.history import Facts

Status = Literal["open", "resolved", "closed"]


def iso(instant: int | None) -> str | None:
    """Whole UTC seconds as RFC 3339 with `Z`; None stays None."""
    if instant is None:
        return None
    second = instant % DAY_SECONDS
    return _day(instant // DAY_SECONDS) + _MINUTES[second // 60] + _SECONDS[second % 60]


_MINUTES = tuple(f"T{minute // 60:02d}:{minute % 60:02d}" for minute in range(24 * 60))
_SECONDS = tuple(f":{second:02d}Z" for second in range(60))


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    """The date of a day counted from 1970-01-01."""
    return date_of(number).isoformat()


def status(facts: Facts) -> Status:
    """Where the ticket stands."""
    if facts.closed is not None:
        return "closed"
    return "resolved" if facts.resolved else "open"


def stops_operation(assessment: Assessment) -> str | None:
    """When the client said that its operation is stopped (cs.8.3); None under terms without such a clause."""
    rules = assessment.agreed.rules
    if rules is None or rules.provisions.operation_stop is None:
        return None
    if assessment.facts.opening.stops_operation is True:
        return "at_opening"
    return "declared_late" if assessment.facts.stop_declared else None


def row(assessment: Assessment) -> dict[str, Any]:
    """The ticket as an object of `report sla` (exchange.md, Reports)."""
    facts, agreed = assessment.facts, assessment.agreed
    opening = facts.opening
    closed_index = facts.closed.index if facts.closed is not None else 2**31
    return {
        "ticket": opening.ticket,
        "client": opening.client,
        "policy": agreed.policy.id if agreed.policy is not None else None,
        "terms": agreed.rules.terms.id if agreed.rules is not None else None,
        "priority": facts.priority,
        "kind": opening.kind,
        "incident_type": facts.classification(closed_index)[0],
        "opened_at": iso(facts.opened),
        "official_at": iso(assessment.official),
        "status": status(facts),
        "closed_reason": facts.closed_reason,
        "continues": None if opening.continues is UNSET else opening.continues,
        "continued_by": facts.continued_by,
        "level": facts.level,
        "stops_operation": stops_operation(assessment),
        "response": clock_row(assessment.response),
        "resolution": clock_row(assessment.resolution),
    }


def clock_row(clock: Clock) -> dict[str, Any]:
    """One clock as it stands in a row: instants in UTC, durations in whole seconds."""
    return {
        "verdict": clock.verdict,
        "target_seconds": clock.target,
        "earliest_seconds": clock.earliest,
        "started_at": iso(clock.started),
        "due_at": iso(clock.due),
        "stopped_at": iso(clock.stopped),
        "elapsed_seconds": clock.elapsed,
        "paused_seconds": clock.paused,
        "overrun_seconds": clock.overrun,
        "clauses": list(clock.clauses),
        "readings": dict(clock.readings),
    }
