"""A ticket, as far as admission needs to know it: what it waits for, its level, whether it is resolved or closed.

`legal` says whether an event may follow a state (rules 5, order); `evolve` never refuses. Clocks and money are worked out
elsewhere, from the entries themselves.
"""

from datetime import datetime
from typing import assert_never

from msgspec import UNSET, Struct, structs

from domain.events import (
    AfterHoursRequested,
    Closed,
    ConsultantAvailable,
    ConsultantUnavailable,
    ContactAttempted,
    ContingencyDeclared,
    ContingencyEnded,
    ContingencyNotified,
    EntryVoided,
    Escalated,
    ExtensionAuthorized,
    ExtensionDeclined,
    ExtensionRequested,
    FollowedUp,
    IncidentClassified,
    InformationReceived,
    InformationRequested,
    OfficialRequestReceived,
    OperationStopDeclared,
    PriorityChanged,
    ReopenedAsNew,
    ResolutionRejected,
    ResolutionValidated,
    Resolved,
    Responded,
    SessionHeld,
    TicketOpened,
    TravelExpenseRecorded,
)
from domain.refusal import Refused, said

TicketEvent = (
    TicketOpened
    | OfficialRequestReceived
    | OperationStopDeclared
    | IncidentClassified
    | PriorityChanged
    | Responded
    | FollowedUp
    | InformationRequested
    | InformationReceived
    | ContactAttempted
    | SessionHeld
    | Escalated
    | ExtensionRequested
    | ExtensionAuthorized
    | ExtensionDeclined
    | AfterHoursRequested
    | TravelExpenseRecorded
    | ContingencyDeclared
    | ContingencyNotified
    | ContingencyEnded
    | ConsultantUnavailable
    | ConsultantAvailable
    | Resolved
    | ResolutionValidated
    | ResolutionRejected
    | Closed
    | ReopenedAsNew
    | EntryVoided
)


class Ticket(Struct, frozen=True):
    """`validated` is said of the last resolution, even one rejected since; `unanswered` are the contact attempts without an
    answer since the client was last heard from, `unanswered_ever` all of them; `contingencies` the ids of those open for
    this ticket alone."""

    opening: TicketOpened
    position: int
    level: int = 1
    waiting: bool = False
    resolved: bool = False
    validated: bool = False
    open_extensions: int = 0
    unavailable: bool = False
    contingencies: frozenset[str] = frozenset()
    unanswered: tuple[datetime, ...] = ()
    unanswered_ever: tuple[datetime, ...] = ()
    closed_at: datetime | None = None
    continued_by: str | None = None


def evolve(ticket: Ticket | None, event: TicketEvent, position: int) -> Ticket | None:
    """The ticket after one more event of its stream, in the order in which entries count; None before its opening."""
    if ticket is None:
        return Ticket(event, position) if isinstance(event, TicketOpened) else None
    match event:
        case InformationRequested():
            return structs.replace(ticket, waiting=True)
        case InformationReceived():
            return _heard(ticket, waiting=False)
        case ContactAttempted():
            return _attempted(ticket, event)
        case Escalated():
            return structs.replace(ticket, level=event.level)
        case ExtensionRequested():
            return structs.replace(ticket, open_extensions=ticket.open_extensions + 1)
        case ExtensionAuthorized() | ExtensionDeclined():
            return structs.replace(ticket, open_extensions=max(0, ticket.open_extensions - 1))
        case ConsultantUnavailable() | ConsultantAvailable():
            return structs.replace(ticket, unavailable=isinstance(event, ConsultantUnavailable))
        case ContingencyDeclared():
            return structs.replace(ticket, contingencies=ticket.contingencies | {event.contingency})
        case ContingencyEnded():
            return structs.replace(ticket, contingencies=ticket.contingencies - {event.contingency})
        case Resolved():
            return structs.replace(ticket, resolved=True, validated=False)
        case ResolutionValidated():
            return _heard(ticket, waiting=False, validated=True)
        case ResolutionRejected():
            return _heard(ticket, waiting=False, resolved=False)
        case Closed():
            return structs.replace(ticket, closed_at=event.at)
        case ReopenedAsNew():
            return structs.replace(ticket, continued_by=event.new_ticket)
        case (
            TicketOpened()
            | OfficialRequestReceived()
            | OperationStopDeclared()
            | IncidentClassified()
            | PriorityChanged()
            | Responded()
            | FollowedUp()
            | SessionHeld()
            | AfterHoursRequested()
            | TravelExpenseRecorded()
            | ContingencyNotified()
            | EntryVoided()
        ):
            return ticket
        case _:
            assert_never(event)


def _heard(ticket: Ticket, **changes: bool) -> Ticket:
    """The client was heard from: attempts start again."""
    return structs.replace(ticket, unanswered=(), **changes)


def _attempted(ticket: Ticket, event: ContactAttempted) -> Ticket:
    if event.outcome == "answered":
        return _heard(ticket)
    return structs.replace(
        ticket,
        unanswered=(*ticket.unanswered, event.at),
        unanswered_ever=(*ticket.unanswered_ever, event.at),
    )


def legal(ticket: Ticket | None, event: TicketEvent) -> None:
    """Raises Refused (order, `type`) if the event may not come next in the ticket's sequence (rules 5, order)."""
    if ticket is None:
        if isinstance(event, TicketOpened):
            return
        raise _illegal(event, said("{name} lies before the opening of its ticket; nothing can"))
    match event:
        case InformationReceived() if not ticket.waiting:
            raise _illegal(event, said("{name}: ticket {ticket} has no open request for information at that moment"))
        case ResolutionValidated() | ResolutionRejected() if not ticket.resolved:
            raise _illegal(event, said("{name}: ticket {ticket} is not resolved at that moment"))
        case Resolved() if ticket.resolved:
            raise _illegal(event, said("{name}: ticket {ticket} is resolved already; a rejection must come between"))
        case ExtensionAuthorized() | ExtensionDeclined() if ticket.open_extensions == 0:
            raise _illegal(event, said("{name}: ticket {ticket} has no open request for an extension at that moment"))
        case ConsultantAvailable() if not ticket.unavailable:
            raise _illegal(event, said("{name}: no consultant of ticket {ticket} is unavailable at that moment"))
        case ContingencyNotified() | ContingencyEnded() if event.contingency not in ticket.contingencies:
            raise no_such_contingency(event)
        case Escalated() if event.level == ticket.level:
            raise _illegal(event, said("{name}: ticket {ticket} is at level {level} already at that moment"),
                           level=event.level)  # fmt: skip
        case Closed() if ticket.closed_at is not None:
            raise _illegal(event, said("{name}: ticket {ticket} is closed already; a ticket is closed once"))
        case _:
            return


def no_such_contingency(event: ContingencyNotified | ContingencyEnded) -> Refused:
    """The refusal of a notice or an end for a contingency that is not open, or was declared for another ticket."""
    return Refused(
        "order",
        said("{name}: the contingency {contingency} is not open for {whom} at that moment"),
        field="type",
        name=type(event).__name__,
        contingency=event.contingency,
        whom="everyone" if event.ticket is UNSET else event.ticket,
    )


def _illegal(event: TicketEvent, template: str, level: int | None = None) -> Refused:
    ticket = getattr(event, "ticket", UNSET)
    return Refused("order", template, field="type", name=type(event).__name__, ticket=ticket, level=level)
