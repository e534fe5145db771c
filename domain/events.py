"""Every event the ledger knows: what happened, as frozen values, one class for each `type` of the exchange format.

An entry in the exchange format *is* the event proposed; `Entry` is that event once the ledger has taken it down, with what
only the ledger can add. Nothing is constrained here: what may come in is judged by `shape` and `admission`, and history stays
readable whatever those learn to refuse later.
"""

from datetime import date, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

type_name = "type"

Channel = Literal["email", "phone", "chat", "portal", "remote", "onsite"]
Kind = Literal["incident", "question", "request"]
Delivery = Literal["remote", "onsite"]


class Event(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field=type_name):
    """What every entry carries. `at` is valid time (aware, UTC once read); optional fields are UNSET when absent, so that
    an entry is written back exactly as it was proposed and two entries can be compared as parsed JSON."""

    at: datetime
    by: str | UnsetType = UNSET
    key: str | UnsetType = UNSET


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Agreed prices as decimal strings, kept as they were written; a price that is UNSET was not agreed."""

    currency: str
    hourly: str | UnsetType = UNSET
    after_hours_factor: str | UnsetType = UNSET
    per_event: dict[str, str] | UnsetType = UNSET


class Attendance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One consultant of a session; `joined` and `left` default to the session's own start and end."""

    consultant: str
    joined: datetime | UnsetType = UNSET
    left: datetime | UnsetType = UNSET


# Terms, clients, policies -------------------------------------------------------------------------------------------


class TermsPublished(Event, frozen=True, tag=True):
    terms: str
    document: dict[str, Any]
    digest: str | UnsetType = UNSET


class ClientRegistered(Event, frozen=True, tag=True):
    client: str
    name: str
    local: bool
    terms: str | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET


class RequesterAuthorized(Event, frozen=True, tag=True):
    client: str
    person: str


class RequesterRevoked(Event, frozen=True, tag=True):
    client: str
    person: str


class RequestRefused(Event, frozen=True, tag=True):
    """Written by the ledger itself: someone asked and was turned away (gs.1.1). `request` is the entry refused."""

    client: str
    requester: str
    clause: str
    reason: str
    request: dict[str, Any]


class PersonForgotten(Event, frozen=True, tag=True):
    """Written by the ledger itself: the key under which what is about a person, or a client, was sealed is destroyed.
    `subject` is the random id of that key, never a name."""

    subject: str


class PolicyContracted(Event, frozen=True, tag=True):
    policy: str
    client: str
    terms: str
    starts: date
    tier: str | UnsetType = UNSET
    ends: date | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET
    holidays: tuple[date, ...] | UnsetType = UNSET


class PolicyCancelled(Event, frozen=True, tag=True):
    policy: str
    effective: date


class BenefitDelivered(Event, frozen=True, tag=True):
    policy: str
    benefit: str
    detail: str | UnsetType = UNSET


# What concerns a ticket, or everyone --------------------------------------------------------------------------------


class ContingencyDeclared(Event, frozen=True, tag=True):
    contingency: str
    client_informed: bool
    ticket: str | UnsetType = UNSET
    cause: str | UnsetType = UNSET


class ContingencyNotified(Event, frozen=True, tag=True):
    contingency: str
    ticket: str | UnsetType = UNSET


class ContingencyEnded(Event, frozen=True, tag=True):
    contingency: str
    ticket: str | UnsetType = UNSET


class EntryVoided(Event, frozen=True, tag=True):
    """A correction: `entry` names the entry voided by its position (a number) or by its key, else its id (a string)."""

    entry: int | str
    reason: str


# Tickets ------------------------------------------------------------------------------------------------------------


class TicketEvent(Event, frozen=True):
    ticket: str


class TicketOpened(TicketEvent, frozen=True, tag=True):
    client: str
    requester: str
    channel: Channel
    priority: str
    kind: Kind
    subject: str
    incident_type: str | UnsetType = UNSET
    stops_operation: bool | UnsetType = UNSET
    continues: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET


class OfficialRequestReceived(TicketEvent, frozen=True, tag=True):
    message_id: str
    sent_at: datetime | UnsetType = UNSET


class OperationStopDeclared(TicketEvent, frozen=True, tag=True):
    pass


class IncidentClassified(TicketEvent, frozen=True, tag=True):
    incident_type: str
    budget_seconds: int | UnsetType = UNSET


class PriorityChanged(TicketEvent, frozen=True, tag=True):
    priority: str
    reason: str


class Responded(TicketEvent, frozen=True, tag=True):
    consultant: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET


class FollowedUp(TicketEvent, frozen=True, tag=True):
    kind: Literal["progress", "follow_up", "conclusion", "closing", "daily_email", "other"]
    consultant: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class InformationRequested(TicketEvent, frozen=True, tag=True):
    note: str | UnsetType = UNSET


class InformationReceived(TicketEvent, frozen=True, tag=True):
    note: str | UnsetType = UNSET


class ContactAttempted(TicketEvent, frozen=True, tag=True):
    outcome: Literal["unanswered", "answered"]
    channel: Channel


class SessionHeld(TicketEvent, frozen=True, tag=True):
    started: datetime
    ended: datetime
    consultants: tuple[Attendance, ...]
    delivery: Delivery
    tool: str | UnsetType = UNSET


class Escalated(TicketEvent, frozen=True, tag=True):
    level: Literal[1, 2, 3, 4]
    reason: str
    reference: str | UnsetType = UNSET


class ExtensionRequested(TicketEvent, frozen=True, tag=True):
    extra_seconds: int
    reason: str


class ExtensionAuthorized(TicketEvent, frozen=True, tag=True):
    pass


class ExtensionDeclined(TicketEvent, frozen=True, tag=True):
    pass


class AfterHoursRequested(TicketEvent, frozen=True, tag=True):
    from_: datetime = msgspec.field(name="from")
    to: datetime
    message_id: str


class TravelExpenseRecorded(TicketEvent, frozen=True, tag=True):
    amount: str
    currency: str
    note: str | UnsetType = UNSET


class ConsultantUnavailable(TicketEvent, frozen=True, tag=True):
    pass


class ConsultantAvailable(TicketEvent, frozen=True, tag=True):
    pass


class Resolved(TicketEvent, frozen=True, tag=True):
    note: str | UnsetType = UNSET


class ResolutionValidated(TicketEvent, frozen=True, tag=True):
    note: str | UnsetType = UNSET


class ResolutionRejected(TicketEvent, frozen=True, tag=True):
    note: str | UnsetType = UNSET


class Closed(TicketEvent, frozen=True, tag=True):
    reason: Literal["validated", "unresponsive", "withdrawn"]


class ReopenedAsNew(TicketEvent, frozen=True, tag=True):
    """Written by the ledger together with the `TicketOpened` that continues this ticket."""

    new_ticket: str


Contingency = ContingencyDeclared | ContingencyNotified | ContingencyEnded

AnyEvent = (
    TermsPublished
    | ClientRegistered
    | RequesterAuthorized
    | RequesterRevoked
    | RequestRefused
    | PersonForgotten
    | PolicyContracted
    | PolicyCancelled
    | BenefitDelivered
    | ContingencyDeclared
    | ContingencyNotified
    | ContingencyEnded
    | EntryVoided
    | TicketOpened
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
    | ConsultantUnavailable
    | ConsultantAvailable
    | Resolved
    | ResolutionValidated
    | ResolutionRejected
    | Closed
    | ReopenedAsNew
)

EVENT_TYPES: dict[str, type[AnyEvent]] = {cls.__name__: cls for cls in AnyEvent.__args__}
LEDGER_ONLY = frozenset({"RequestRefused", "PersonForgotten", "ReopenedAsNew"})
BEGINNINGS = (TermsPublished, ClientRegistered, PolicyContracted, TicketOpened)
"""What begins a stream; it can not be voided."""


class Entry(Struct, frozen=True):
    """An event as recorded: `position` 1, 2, 3 … in the ledger, `version` 1, 2, … in its `stream`, `recorded_at` the
    transaction time (aware, UTC, never earlier than that of the position before), `id` a uuid. `recorded_by` is the name of the
    token that it was recorded with over HTTP, which says who recorded it, as `by` says who did it."""

    position: int
    stream: str
    version: int
    recorded_at: datetime
    id: str
    event: AnyEvent
    recorded_by: str | UnsetType = UNSET


def in_order(entry: Entry) -> tuple[datetime, int]:
    """The order in which entries count: by `at` (uncut), ties by position (rules 1.4)."""
    return (entry.event.at, entry.position)


def stream_of(event: AnyEvent) -> str:
    """The stream an event belongs to by its own fields. An `EntryVoided` goes where the entry it voids stands, which only
    the ledger knows: ValueError."""
    match event:
        case TermsPublished():
            return f"terms:{event.terms}"
        case ClientRegistered() | RequesterAuthorized() | RequesterRevoked() | RequestRefused():
            return f"client:{event.client}"
        case PolicyContracted() | PolicyCancelled() | BenefitDelivered():
            return f"policy:{event.policy}"
        case ContingencyDeclared() | ContingencyNotified() | ContingencyEnded():
            return f"ticket:{event.ticket}" if event.ticket is not UNSET else "desk"
        case PersonForgotten():
            return "desk"
        case EntryVoided():
            raise ValueError("an EntryVoided stands in the stream of the entry it voids")
        case _:
            return f"ticket:{event.ticket}"
