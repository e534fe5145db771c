"""What a ticket's terms forbid a newcomer, judged on what lies before it (rules 5, "clauses")."""

from datetime import timedelta

from .history import Entry, Ticket
from .shapes import Refused, refuse_if
from .terms import CS, GS, NOT_UNDER_CS, PRIORITIES, SOLUTION_RANGE, VENDOR_LEVEL
from .times import cut

AFTER_CLOSING = ("ReopenedAsNew", "TravelExpenseRecorded", "EntryVoided")
HEARD = ("InformationReceived", "ResolutionValidated", "ResolutionRejected")
ENOUGH_ATTEMPTS = 3
OPEN_DAYS = 5


def check_values(e: Entry, ticket: Ticket) -> None:
    """A priority or incident type that the terms do not have."""
    if ticket.terms is None:
        return
    if "priority" in e.raw:
        refuse_if(e["priority"] not in PRIORITIES[ticket.terms], "clauses", "priority")
    if e.type == "TicketOpened" and "incident_type" in e.raw:
        refuse_if(ticket.terms == CS, "clauses", "incident_type")


def check_ticket(e: Entry, ticket: Ticket) -> None:
    closed = ticket.closed
    if closed and e.at > closed.at and ticket.terms and e.type not in AFTER_CLOSING:
        raise Refused("clauses", None, "gs.2.4" if ticket.terms == GS else "cs.7")
    refuse_if(ticket.terms == CS and e.type in NOT_UNDER_CS, "clauses", "type")
    check_values(e, ticket)
    if ticket.terms == CS and e.type == "Closed" and e["reason"] == "validated" and not ticket.resolved:
        raise Refused("clauses", None, "cs.7")
    if ticket.terms != GS:
        return
    if e.type == "Closed":
        _check_closing(e, ticket)
    elif e.type == "IncidentClassified" and "budget_seconds" in e.raw:
        _, low, high = SOLUTION_RANGE[e["incident_type"]]
        if low == high or not low <= e["budget_seconds"] <= high:
            raise Refused("clauses", None, "gs.5")
    elif e.type == "AfterHoursRequested" and e.at >= e.instant("from"):
        raise Refused("clauses", None, "gs.8.2")
    elif e.type == "Escalated" and e["level"] == VENDOR_LEVEL and "reference" not in e.raw:
        raise Refused("clauses", None, "gs.9")


def _check_closing(e: Entry, ticket: Ticket) -> None:
    if e["reason"] == "validated":
        solved, validated = ticket.last("Resolved"), ticket.last("ResolutionValidated")
        if validated is None or solved is None or validated.order < solved.order:
            raise Refused("clauses", None, "gs.2.2")
    elif e["reason"] == "unresponsive":
        tries: list[Entry] = []
        for o in ticket.events:
            if o.type == "ContactAttempted" and o["outcome"] == "unanswered":
                tries.append(o)
            elif o.type in ("ContactAttempted", *HEARD):
                tries = []
        if len(tries) < ENOUGH_ATTEMPTS:
            raise Refused("clauses", None, "gs.2.3")
        if cut(e.at) < end_of_fifth_open_day(ticket, tries[0]):
            raise Refused("clauses", None, "gs.2.5")


def end_of_fifth_open_day(ticket: Ticket, first: Entry) -> int:
    """The end of the support hours of the 5th open day strictly after the local date of an entry."""
    day, seen = ticket.hours.day(first.second), 0
    while seen < OPEN_DAYS:
        day += timedelta(days=1)
        seen += ticket.hours.is_open_day(day)
    return ticket.hours.of_day(day)[-1][1]
