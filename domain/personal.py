"""Which fields of which entries are about people, and whose they are: one table, and a walk that changes just those texts.

What stands in no row of the table is not personal: ids of clients, tickets and policies, types, amounts, times, and the
reference of a case at a vendor, which a clause judges. It knows no key and no cipher.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from msgspec import UNSET, structs

from domain.events import (
    AnyEvent,
    Attendance,
    Entry,
    EntryVoided,
    PolicyContracted,
    RequestRefused,
    SessionHeld,
    TicketOpened,
    stream_of,
)

SEALED = re.compile(r"sealed1\.([0-9a-f]{16})\.[A-Za-z0-9_-]{22,}")
"""The form of a text that was sealed: `sealed1`, the subject under whose key it is, and what only that key opens."""
Change = Callable[[str | None, str], str]
"""(whose, text) → text; `whose` is the person a text is about, by the name that stands in the entry, or None for what belongs
to the client that the entry concerns."""


class Personal(NamedTuple):
    """Fields that name a person, which is that person's; and free text, which is the client's. `by` is a person in every
    type and stands in no row."""

    persons: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()


PERSONAL: dict[str, Personal] = {
    "TermsPublished": Personal(),
    "ClientRegistered": Personal(texts=("name",)),
    "RequesterAuthorized": Personal(persons=("person",)),
    "RequesterRevoked": Personal(persons=("person",)),
    # Its `reason` names the requester and is the requester's; its `request` is an entry with a row of its own.
    "RequestRefused": Personal(persons=("requester",)),
    "PersonForgotten": Personal(),
    "PolicyContracted": Personal(),
    "PolicyCancelled": Personal(),
    "BenefitDelivered": Personal(texts=("detail",)),
    "ContingencyDeclared": Personal(texts=("cause",)),
    "ContingencyNotified": Personal(),
    "ContingencyEnded": Personal(),
    "EntryVoided": Personal(texts=("reason",)),
    "TicketOpened": Personal(persons=("requester",), texts=("subject", "message_id")),
    "OfficialRequestReceived": Personal(texts=("message_id",)),
    "OperationStopDeclared": Personal(),
    "IncidentClassified": Personal(),
    "PriorityChanged": Personal(texts=("reason",)),
    "Responded": Personal(persons=("consultant",), texts=("message_id",)),
    "FollowedUp": Personal(persons=("consultant",), texts=("note",)),
    "InformationRequested": Personal(texts=("note",)),
    "InformationReceived": Personal(texts=("note",)),
    "ContactAttempted": Personal(),
    # Its consultants are persons, each in a row of the list.
    "SessionHeld": Personal(),
    "Escalated": Personal(texts=("reason",)),
    "ExtensionRequested": Personal(texts=("reason",)),
    "ExtensionAuthorized": Personal(),
    "ExtensionDeclined": Personal(),
    "AfterHoursRequested": Personal(texts=("message_id",)),
    "TravelExpenseRecorded": Personal(texts=("note",)),
    "ConsultantUnavailable": Personal(),
    "ConsultantAvailable": Personal(),
    "Resolved": Personal(texts=("note",)),
    "ResolutionValidated": Personal(texts=("note",)),
    "ResolutionRejected": Personal(texts=("note",)),
    "Closed": Personal(),
    "ReopenedAsNew": Personal(),
}
_ALWAYS = ("by",)
_FIELDS = {name: Personal((*_ALWAYS, *it.persons), it.texts) for name, it in PERSONAL.items()}


def rewritten(event: AnyEvent, change: Change) -> AnyEvent:
    """The event with every personal text changed, field by field in the order of the table; all else as it is."""
    persons, texts = _FIELDS[type(event).__name__]
    changed: dict[str, Any] = {}
    for field in persons:
        if (text := getattr(event, field)) is not UNSET:
            changed[field] = change(text, text)
    for field in texts:
        if (text := getattr(event, field)) is not UNSET:
            changed[field] = change(None, text)
    if isinstance(event, SessionHeld):
        changed["consultants"] = tuple(_rewritten_attendance(it, change) for it in event.consultants)
    elif isinstance(event, RequestRefused):
        changed["reason"] = change(event.requester, event.reason)
        changed["request"] = _rewritten_request(event.request, change)
    return structs.replace(event, **changed) if changed else event


def _rewritten_attendance(one: Attendance, change: Change) -> Attendance:
    return structs.replace(one, consultant=change(one.consultant, one.consultant))


def _rewritten_request(request: dict[str, Any], change: Change) -> dict[str, Any]:
    """The entry that was turned away, as JSON; a field that is no text there is left as it is."""
    persons, texts = _FIELDS.get(str(request.get("type")).partition(".")[0], Personal(_ALWAYS))
    rewritten = dict(request)
    for field in (*persons, *texts):
        if isinstance(text := request.get(field), str):
            rewritten[field] = change(text if field in persons else None, text)
    return rewritten


def client_concerned(
    event: AnyEvent, first: Callable[[str], AnyEvent | None], entry: Callable[[int | str], Entry | None]
) -> str | None:
    """The client whose text the event carries; None for what concerns the desk, or what nobody knows.

    `first(stream)` is the event that begins a stream, `entry(reference)` the entry that a voiding names, or None."""
    if isinstance(event, TicketOpened | PolicyContracted):
        return event.client
    if isinstance(event, EntryVoided):
        voided = entry(event.entry)
        stream = voided.stream if voided is not None else ""
    else:
        stream = stream_of(event)
    kind, _, ident = stream.partition(":")
    if kind == "client":
        return ident
    beginning = first(stream) if kind in ("ticket", "policy") else None
    return beginning.client if isinstance(beginning, TicketOpened | PolicyContracted) else None
