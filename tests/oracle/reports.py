"""The four reports and the segments of `explain`, as plain dicts in the exchange format."""

from . import billing as billing_rows
from . import clocks
from . import consumption as consumption_objects
from .history import History, Ticket
from .terms import CS, ORDINARY_DAY, UNATTENDED_CLAUSE
from .times import common, instant, show, total, union

ATTENTION = (
    "Responded",
    "FollowedUp",
    "InformationRequested",
    "InformationReceived",
    "ContactAttempted",
    "SessionHeld",
    "ResolutionRejected",
    "Escalated",
)


def sla(entries: list[dict], at: str, known: int | None = None, readings: dict | None = None) -> list[dict]:
    """`report sla`: one object per ticket, in the order opened."""
    history = History(entries, instant(at), known, readings)
    return [_sla_object(ticket) for ticket in history.tickets]


def _sla_object(ticket: Ticket) -> dict:
    escalated, continued = ticket.last("Escalated"), ticket.last("ReopenedAsNew")
    return {
        "ticket": ticket.id,
        "client": ticket.client_id,
        "policy": ticket.policy.id if ticket.policy else None,
        "terms": ticket.terms,
        "priority": ticket.priority_before(None),
        "kind": ticket.opening["kind"],
        "incident_type": ticket.classified_before(ticket.closed)[0],
        "opened_at": show(ticket.opening.second),
        "official_at": show(clocks.official(ticket)),
        "status": "closed" if ticket.closed else "resolved" if ticket.resolved else "open",
        "closed_reason": ticket.closed["reason"] if ticket.closed else None,
        "continues": ticket.opening.get("continues"),
        "continued_by": continued["new_ticket"] if continued else None,
        "level": escalated["level"] if escalated else 1,
        "stops_operation": _stops_operation(ticket),
        "response": clocks.account(clocks.response, ticket),
        "resolution": clocks.account(clocks.resolution, ticket),
    }


def _stops_operation(ticket: Ticket) -> str | None:
    if ticket.terms != CS:
        return None
    if ticket.opening.get("stops_operation", False):
        return "at_opening"
    return "declared_late" if ticket.last("OperationStopDeclared") else None


def unattended(entries: list[dict], at: str, known: int | None = None, readings: dict | None = None) -> list[dict]:
    """`report unattended`: open tickets left alone for a support day, longest first."""
    history = History(entries, instant(at), known, readings)
    rows = []
    for ticket in history.tickets:
        if ticket.terms is None or ticket.closed or ticket.resolved or ticket.waiting:
            continue
        attention = ticket.last(*ATTENTION)
        since = attention.second if attention else clocks.official(ticket)
        if since is None:
            continue
        asked_for = common(clocks.windows(ticket), [(since, history.at)])
        seconds = total(union(ticket.hours.between(since, history.at), asked_for))
        if seconds >= ORDINARY_DAY[ticket.terms]:
            rows.append(
                {
                    "ticket": ticket.id,
                    "client": ticket.client_id,
                    "since": show(since),
                    "support_seconds": seconds,
                    "clause": UNATTENDED_CLAUSE[ticket.terms],
                }
            )
    return sorted(rows, key=lambda row: -row["support_seconds"])


def consumption(entries: list[dict], at: str, known: int | None = None, readings: dict | None = None) -> list[dict]:
    """`report consumption`: one object per policy with quotas, then one per client outside any."""
    return consumption_objects.objects(History(entries, instant(at), known, readings))


def billing(entries: list[dict], at: str, known: int | None = None, readings: dict | None = None) -> list[dict]:
    """`report billing`: every row, in order of `at`, then position."""
    return billing_rows.rows(History(entries, instant(at), known, readings))


def segments(
    entries: list[dict],
    ticket: str,
    at: str,
    known: int | None = None,
    readings: dict | None = None,
) -> dict:
    """The segments of both clocks of one ticket; KeyError if it is not there by then."""
    history = History(entries, instant(at), known, readings)
    found = next((t for t in history.tickets if t.id == ticket), None)
    if found is None:
        raise KeyError(ticket)
    return {
        "response": clocks.segments(clocks.response(found)),
        "resolution": clocks.segments(clocks.resolution(found)),
    }
