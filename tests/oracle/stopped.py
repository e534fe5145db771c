"""When the clocks of a ticket start, what stops them for a while, its windows (rules 2.2, 2.5, 2.6)."""

from dataclasses import dataclass

from .history import Ticket
from .terms import CS, GS, VENDOR_LEVEL
from .times import Spans, union


@dataclass
class Span:
    """A time in which a clock stands; `end` None while it lasts."""

    start: int
    end: int | None
    state: str
    cause: int
    clause: str


def windows(ticket: Ticket) -> Spans:
    """The ticket's after-hours windows (2.6): only under terms with such a clause."""
    if ticket.terms != GS:
        return []
    asked = ticket.of_type("AfterHoursRequested")
    in_advance = [e for e in asked if e.at < e.instant("from") < e.instant("to")]
    return union([(e.moment("from"), e.moment("to")) for e in in_advance])


def official(ticket: Ticket, left_out: str | None = None) -> int | None:
    """The second of the official request (2.2), None while there is none, and without terms."""
    if ticket.terms is None:
        return None
    opened = ticket.opening.second
    if ticket.terms == CS or ticket.opening["channel"] == "email":
        return opened
    mails = ticket.of_type("OfficialRequestReceived")
    if ticket.terms != GS or not mails:
        return None
    sent = mails[0].moment("sent_at")
    mail = max(opened, mails[0].second if sent is None else sent)
    called = ticket.opening["channel"] == "phone" and ticket.opening["priority"] == "critical"
    from_call = called and (ticket.readings["gs.3.4"] == "from-call") != (left_out == "gs.3.4")
    return opened if from_call or left_out == "gs.3.3" else mail


def waits(ticket: Ticket, clause: str) -> list[Span]:
    """Waiting for the client, as spans that stop a clock."""
    return [Span(a.second, b.second if b else None, "paused", a.position, clause) for a, b in ticket.waiting_spans()]


def contingencies(ticket: Ticket, left_out: str | None) -> list[Span]:
    """Contingencies of the ticket or of everyone, from when the client was told (cs only)."""
    if ticket.terms != CS or ticket.readings["cs.8.5"] == "runs" or left_out == "cs.8.5":
        return []
    found = []
    for declared in ticket.of_type("ContingencyDeclared"):
        same = [e for e in ticket.events if e.get("contingency") == declared["contingency"]]
        notified = [e for e in same if e.type == "ContingencyNotified"]
        ended = [e for e in same if e.type == "ContingencyEnded"]
        told = declared if declared["client_informed"] else next(iter(notified), None)
        if told is not None:
            end = ended[0].second if ended else None
            found.append(Span(told.second, end, "contingency", declared.position, "cs.8.5"))
    return found


def unavailability(ticket: Ticket) -> list[Span]:
    """While no consultant was available (cs.8.2.availability=stops)."""
    found: list[Span] = []
    since = None
    for e in ticket.of_type("ConsultantUnavailable", "ConsultantAvailable"):
        if e.type == "ConsultantUnavailable":
            since = since or e
        elif since is not None:
            found.append(Span(since.second, e.second, "paused", since.position, "cs.8.2"))
            since = None
    return [*found, Span(since.second, None, "paused", since.position, "cs.8.2")] if since else found


def level_four(ticket: Ticket) -> list[Span]:
    """From an escalation to level 4 to the next one below it (gs.9=pauses)."""
    found: list[Span] = []
    since = None
    for e in ticket.of_type("Escalated"):
        if e["level"] == VENDOR_LEVEL and since is None:
            since = e
        elif e["level"] < VENDOR_LEVEL and since is not None:
            found.append(Span(since.second, e.second, "paused", since.position, "gs.9"))
            since = None
    return [*found, Span(since.second, None, "paused", since.position, "gs.9")] if since else found
