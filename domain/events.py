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
    """Agreed prices as decimal strings, kept as they were written; a price that is absent was not agreed."""

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
    """A set of clauses as it holds from now on: `document` is the whole terms file as JSON, `digest` its SHA-256."""

    terms: str
    document: dict[str, Any]
    digest: str | UnsetType = UNSET


class ClientRegistered(Event, frozen=True, tag=True):
    """A client of the desk. `local`: within reach of an on-site visit; `terms` and `prices` apply without a policy in force."""

    client: str
    name: str
    local: bool
    terms: str | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET


class RequesterAuthorized(Event, frozen=True, tag=True):
    """A person may open tickets for a client from now on."""

    client: str
    person: str


class RequesterRevoked(Event, frozen=True, tag=True):
    """A person may no longer open tickets for a client."""

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
    """A client's contract under terms, from `starts` to `ends` (days, the last one included) in the zone of the terms."""

    policy: str
    client: str
    terms: str
    starts: date
    tier: str | UnsetType = UNSET
    ends: date | UnsetType = UNSET
    prices: Prices | UnsetType = UNSET
    holidays: tuple[date, ...] | UnsetType = UNSET


class PolicyCancelled(Event, frozen=True, tag=True):
    """A policy ends early: it is not in force from the day `effective` on."""

    policy: str
    effective: date


class BenefitDelivered(Event, frozen=True, tag=True):
    """A benefit of a policy was handed over."""

    policy: str
    benefit: str
    detail: str | UnsetType = UNSET


# What concerns a ticket, or everyone --------------------------------------------------------------------------------


class ContingencyDeclared(Event, frozen=True, tag=True):
    """Something beyond the desk's control stops clocks: those of one ticket, or of every ticket if none is named."""

    contingency: str
    client_informed: bool
    ticket: str | UnsetType = UNSET
    cause: str | UnsetType = UNSET


class ContingencyNotified(Event, frozen=True, tag=True):
    """The client was told of a contingency."""

    contingency: str
    ticket: str | UnsetType = UNSET


class ContingencyEnded(Event, frozen=True, tag=True):
    """A contingency is over; clocks run on."""

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
    """A request for help. `continues` names the closed ticket that it takes up again."""

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
    """The e-mail that makes a request official arrived; `sent_at` is when it was sent."""

    message_id: str
    sent_at: datetime | UnsetType = UNSET


class OperationStopDeclared(TicketEvent, frozen=True, tag=True):
    """The client says that its operation is stopped."""


class IncidentClassified(TicketEvent, frozen=True, tag=True):
    """The desk says what type of incident a ticket is; `budget_seconds` is agreed where a type has a range."""

    incident_type: str
    budget_seconds: int | UnsetType = UNSET


class PriorityChanged(TicketEvent, frozen=True, tag=True):
    """A ticket has another priority from now on."""

    priority: str
    reason: str


class Responded(TicketEvent, frozen=True, tag=True):
    """The desk's answer to a ticket."""

    consultant: str | UnsetType = UNSET
    message_id: str | UnsetType = UNSET


class FollowedUp(TicketEvent, frozen=True, tag=True):
    """Work on a ticket told to the client; `kind` says what about."""

    kind: Literal["progress", "follow_up", "conclusion", "closing", "daily_email", "other"]
    consultant: str | UnsetType = UNSET
    note: str | UnsetType = UNSET


class InformationRequested(TicketEvent, frozen=True, tag=True):
    """The desk waits for the client to tell it something."""

    note: str | UnsetType = UNSET


class InformationReceived(TicketEvent, frozen=True, tag=True):
    """The client told what the desk was waiting for."""

    note: str | UnsetType = UNSET


class ContactAttempted(TicketEvent, frozen=True, tag=True):
    """The desk tried to reach the client."""

    outcome: Literal["unanswered", "answered"]
    channel: Channel


class SessionHeld(TicketEvent, frozen=True, tag=True):
    """Consultants worked with the client from `started` to `ended`, which `at` equals; reported at `recorded_at`."""

    started: datetime
    ended: datetime
    consultants: tuple[Attendance, ...]
    delivery: Delivery
    tool: str | UnsetType = UNSET


class Escalated(TicketEvent, frozen=True, tag=True):
    """A ticket went up to a level; `reference` is the number of the case at a vendor (level 4)."""

    level: Literal[1, 2, 3, 4]
    reason: str
    reference: str | UnsetType = UNSET


class ExtensionRequested(TicketEvent, frozen=True, tag=True):
    """The desk asks the client for more time to solve a ticket."""

    extra_seconds: int
    reason: str


class ExtensionAuthorized(TicketEvent, frozen=True, tag=True):
    """The client grants the extension asked for last."""


class ExtensionDeclined(TicketEvent, frozen=True, tag=True):
    """The client declines the extension asked for last."""


class AfterHoursRequested(TicketEvent, frozen=True, tag=True):
    """The client asks, at `at`, for work outside support hours within [`from`, `to`)."""

    from_: datetime = msgspec.field(name="from")
    to: datetime
    message_id: str


class TravelExpenseRecorded(TicketEvent, frozen=True, tag=True):
    """What a trip for a ticket cost, as a decimal string."""

    amount: str
    currency: str
    note: str | UnsetType = UNSET


class ConsultantUnavailable(TicketEvent, frozen=True, tag=True):
    """Nobody can work on a ticket from now on."""


class ConsultantAvailable(TicketEvent, frozen=True, tag=True):
    """Somebody can work on a ticket again."""


class Resolved(TicketEvent, frozen=True, tag=True):
    """The desk holds a ticket for solved."""

    note: str | UnsetType = UNSET


class ResolutionValidated(TicketEvent, frozen=True, tag=True):
    """The client confirms the solution."""

    note: str | UnsetType = UNSET


class ResolutionRejected(TicketEvent, frozen=True, tag=True):
    """The client says that it is not solved."""

    note: str | UnsetType = UNSET


class Closed(TicketEvent, frozen=True, tag=True):
    """A ticket ends, and takes no more work."""

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

EVENT_TYPES: dict[str, type[AnyEvent]] = {str(cls.__struct_config__.tag): cls for cls in AnyEvent.__args__}
"""Every event by the name it is written under. A class keeps its own name when its form changes: see `upcasting`."""
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
