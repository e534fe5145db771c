"""The form of one proposed entry: fields, types, lists, single times and sums (rules 5).

Looks at nothing but the entry and the clock on the wall.
"""

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from .terms import BENEFITS, CHANNELS, FOLLOW_UPS, INCIDENT_TYPES, KINDS, PRIORITIES
from .times import instant

LONGEST_ID = 128
LONGEST_TEXT = 64 * 1024
AHEAD = timedelta(minutes=5)
LONGEST_SESSION = timedelta(hours=24)
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)
ALL_PRIORITIES = tuple(p for names in PRIORITIES.values() for p in names)


class Refused(Exception):
    """A refusal: code, field, clause."""

    def __init__(self, code: str, field: str | None = None, clause: str | None = None) -> None:
        super().__init__(code, field, clause)
        self.answer = (code, field, clause)


# "?" marks an optional field. A tuple is a list of the values allowed.
COMMON = {"type": "text", "at": "time", "by": "text?", "key": "id?"}
TICKET = {"ticket": "id"}
NOTE = TICKET | {"note": "text?"}
CONTINGENCY = {"contingency": "id", "ticket": "id?"}
FIELDS = {
    "ClientRegistered": {
        "client": "id",
        "name": "text",
        "local": "bool",
        "terms": "id?",
        "prices": "prices?",
    },
    "RequesterAuthorized": {"client": "id", "person": "id"},
    "RequesterRevoked": {"client": "id", "person": "id"},
    "PolicyContracted": {
        "policy": "id",
        "client": "id",
        "terms": "id",
        "tier": "text?",
        "starts": "date",
        "ends": "date?",
        "prices": "prices?",
        "holidays": "dates?",
    },
    "PolicyCancelled": {"policy": "id", "effective": "date"},
    "BenefitDelivered": {"policy": "id", "benefit": BENEFITS, "detail": "text?"},
    "TicketOpened": {
        "ticket": "id",
        "client": "id",
        "requester": "text",
        "channel": CHANNELS,
        "priority": ALL_PRIORITIES,
        "kind": KINDS,
        "subject": "text",
        "incident_type": (*INCIDENT_TYPES, "?"),
        "stops_operation": "bool?",
        "continues": "id?",
        "message_id": "text?",
    },
    "OfficialRequestReceived": TICKET | {"message_id": "text", "sent_at": "time?"},
    "OperationStopDeclared": TICKET,
    "IncidentClassified": TICKET | {"incident_type": INCIDENT_TYPES, "budget_seconds": "int?"},
    "PriorityChanged": TICKET | {"priority": ALL_PRIORITIES, "reason": "text"},
    "Responded": TICKET | {"consultant": "id?", "message_id": "text?"},
    "FollowedUp": NOTE | {"kind": FOLLOW_UPS, "consultant": "id?"},
    "InformationRequested": NOTE,
    "InformationReceived": NOTE,
    "ContactAttempted": TICKET | {"outcome": ("unanswered", "answered"), "channel": CHANNELS},
    "SessionHeld": TICKET
    | {
        "started": "time",
        "ended": "time",
        "consultants": "consultants",
        "delivery": ("remote", "onsite"),
        "tool": "text?",
    },
    "Escalated": TICKET | {"level": "level", "reason": "text", "reference": "text?"},
    "ExtensionRequested": TICKET | {"extra_seconds": "int", "reason": "text"},
    "ExtensionAuthorized": TICKET,
    "ExtensionDeclined": TICKET,
    "AfterHoursRequested": TICKET | {"from": "time", "to": "time", "message_id": "text"},
    "TravelExpenseRecorded": NOTE | {"amount": "amount", "currency": "text"},
    "ContingencyDeclared": CONTINGENCY | {"cause": "text?", "client_informed": "bool"},
    "ContingencyNotified": CONTINGENCY,
    "ContingencyEnded": CONTINGENCY,
    "ConsultantUnavailable": TICKET,
    "ConsultantAvailable": TICKET,
    "Resolved": NOTE,
    "ResolutionValidated": NOTE,
    "ResolutionRejected": NOTE,
    "Closed": TICKET | {"reason": ("validated", "unresponsive", "withdrawn")},
    "EntryVoided": {"entry": "entry", "reason": "text"},
}
PRICES = {"currency": "text", "hourly": "amount?", "after_hours_factor": "factor?", "per_event": "priced?"}
CONSULTANT = {"consultant": "id", "joined": "time?", "left": "time?"}


def refuse_if(wrong: bool, code: str, field: str | None) -> None:
    """Refuse with this code and field if something is wrong."""
    if wrong:
        raise Refused(code, field)


def check_shape(entry: object) -> None:
    """Every refusal of "shape"."""
    refuse_if(not isinstance(entry, dict), "shape", None)
    kind = entry.get("type")
    refuse_if(not isinstance(kind, str) or kind not in FIELDS, "shape", "type")
    _check_object(entry, COMMON | FIELDS[kind])


def _check_object(found: object, fields: dict, inside: str | None = None) -> None:
    refuse_if(not isinstance(found, dict), "shape", inside)
    for name in found:
        refuse_if(name not in fields, "shape", inside or name)
    for name, kind in fields.items():
        optional = kind[-1] == "?"
        refuse_if(name not in found and not optional, "shape", inside or name)
        if name in found:
            _check_value(found[name], kind, inside or name)


def _check_value(value: object, kind: str | tuple, name: str) -> None:
    if isinstance(kind, tuple):
        refuse_if(not isinstance(value, str) or value == "?" or value not in kind, "shape", name)
        return
    kind = kind.rstrip("?")
    texts = ("text", "id", "time", "date", "amount", "factor")
    if kind in texts:
        refuse_if(not isinstance(value, str) or not _is_text(value), "shape", name)
        refuse_if(kind == "id" and not _is_id(value), "shape", name)
        refuse_if(kind == "time" and not _is_time(value), "shape", name)
        refuse_if(kind == "date" and not _is_date(value), "shape", name)
    elif kind == "bool":
        refuse_if(not isinstance(value, bool), "shape", name)
    elif kind in ("int", "level"):
        refuse_if(type(value) is not int, "shape", name)
        refuse_if(kind == "level" and value not in (1, 2, 3, 4), "shape", name)
    elif kind == "entry":
        by_name = isinstance(value, str) and _is_text(value) and _is_id(value)
        refuse_if(type(value) is not int and not by_name, "shape", name)
    else:
        _check_collection(value, kind, name)


def _check_collection(value: object, kind: str, name: str) -> None:
    if kind == "prices":
        _check_object(value, PRICES, name)
    elif kind == "priced":
        _check_object(value, dict.fromkeys(ALL_PRIORITIES, "amount?"), name)
    else:
        refuse_if(not isinstance(value, list), "shape", name)
        refuse_if(kind == "consultants" and not value, "shape", name)
        for item in value:
            if kind == "consultants":
                _check_object(item, CONSULTANT, name)
            else:
                _check_value(item, "date", name)


def _is_text(value: str) -> bool:
    try:
        return "\0" not in value and len(value.encode()) <= LONGEST_TEXT
    except UnicodeEncodeError:
        return False


def _is_id(value: str) -> bool:
    printable = all(unicodedata.category(c)[0] not in "CZ" for c in value)
    return 0 < len(value) <= LONGEST_ID and printable and unicodedata.is_normalized("NFC", value)


def _is_time(value: str) -> bool:
    try:
        instant(value)
    except ValueError:
        return False
    return True


def _is_date(value: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
        return False
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


def check_sums(entry: dict) -> None:
    """Every refusal of "sums"."""
    for name in ("extra_seconds", "budget_seconds"):
        refuse_if(name in entry and entry[name] <= 0, "sums", name)
    if "amount" in entry:
        refuse_if(not _is_amount(entry["amount"]), "sums", "amount")
    prices = entry.get("prices", {})
    amounts = [prices[name] for name in ("hourly",) if name in prices]
    amounts += list(prices.get("per_event", {}).values())
    refuse_if(any(not _is_amount(text) for text in amounts), "sums", "prices")
    factor = prices.get("after_hours_factor", "1")
    is_factor = re.fullmatch(r"\d+(\.\d{1,4})?", factor, re.ASCII) and Decimal(factor) >= 1
    refuse_if(not is_factor, "sums", "prices")


def _is_amount(text: str) -> bool:
    return bool(re.fullmatch(r"\d+(\.\d{1,2})?", text, re.ASCII)) and Decimal(text) < 10**12


def check_times(entry: dict, now: datetime) -> None:
    """Every refusal of "time"."""
    names = ("at", "sent_at", "started", "ended", "from", "to")
    times = {name: instant(entry[name]) for name in names if name in entry}
    for name, moment in times.items():
        refuse_if(not FIRST <= moment < LAST, "time", name)
    at = times["at"]
    refuse_if(at > now + AHEAD, "time", "at")
    refuse_if(times.get("sent_at", at) > at, "time", "sent_at")
    if "to" in times:
        refuse_if(times["to"] <= times["from"], "time", "to")
    if "ends" in entry:
        ends, starts = date.fromisoformat(entry["ends"]), date.fromisoformat(entry["starts"])
        refuse_if(ends < starts, "time", "ends")
    if entry["type"] == "SessionHeld":
        _check_session(entry, times)


def _check_session(entry: dict, times: dict[str, datetime]) -> None:
    started, ended = times["started"], times["ended"]
    refuse_if(ended <= started, "time", "ended")
    refuse_if(times["at"] != ended, "time", "at")
    refuse_if(ended - started > LONGEST_SESSION, "time", "ended")
    for person in entry["consultants"]:
        joined = instant(person["joined"]) if "joined" in person else started
        left = instant(person["left"]) if "left" in person else ended
        refuse_if(not started <= joined < left <= ended, "time", "consultants")
    names = [person["consultant"] for person in entry["consultants"]]
    refuse_if(len(set(names)) < len(names), "time", "consultants")
