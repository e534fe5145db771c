"""A history that takes every type that can be recorded, with a name or a note in every personal field; all of them contain
`SECRET`, so that a leak is found by looking for that."""

import json
from pathlib import Path
from typing import Any

from adapters.ledger import Answer, Ledger, Refusal
from domain.exchange import entry_as_json
from tests.adapters.given import Entry

SECRET = "zyxsecretozyx"
ANA, LUIS, EVA, ZOE = f"ana.{SECRET}@acme.mx", f"luis.{SECRET}", f"eva.{SECRET}", f"zoe.{SECRET}@nowhere.mx"
PERSONS = (ANA, LUIS, EVA, ZOE)


def note(what: str) -> str:
    return f"{what}: señora {SECRET}, 55 1234"


def _at(day: int, time: str) -> str:
    return f"2026-03-{day:02}T{time}:00-06:00"


def _gs(name: str, day: int, time: str, **fields: Any) -> Entry:
    return {"type": name, "at": _at(day, time), "ticket": "G-1", "by": LUIS} | fields


def _cs(name: str, day: int, time: str, **fields: Any) -> Entry:
    return {"type": name, "at": _at(day, time), "ticket": "C-1", "by": LUIS} | fields


_OPENING: Entry = {"channel": "email", "kind": "incident"}
_SESSION: Entry = {
    "started": _at(4, "09:00"), "ended": _at(4, "10:00"), "delivery": "onsite",
    "consultants": [{"consultant": LUIS}, {"consultant": EVA, "joined": _at(4, "09:30")}],
}  # fmt: skip

EVERY_TYPE: list[Entry] = [
    {"type": "ClientRegistered", "at": _at(1, "08:00"), "client": "acme", "name": note("Acme"), "local": True, "by": EVA},
    {"type": "RequesterAuthorized", "at": _at(1, "08:01"), "client": "acme", "person": ANA, "by": EVA},
    {"type": "RequesterAuthorized", "at": _at(1, "08:02"), "client": "acme", "person": EVA},
    {"type": "RequesterRevoked", "at": _at(1, "08:03"), "client": "acme", "person": EVA},
    {"type": "PolicyContracted", "at": _at(1, "08:04"), "policy": "PG", "client": "acme", "terms": "grupo-staff",
     "starts": "2026-03-01", "prices": {"currency": "MXN", "hourly": "600.00"}, "by": EVA},
    {"type": "ClientRegistered", "at": _at(1, "08:05"), "client": "beta", "name": note("Beta"), "local": False},
    {"type": "PolicyContracted", "at": _at(1, "08:06"), "policy": "PC", "client": "beta", "terms": "customsoft",
     "tier": "advanced", "starts": "2026-03-01", "ends": "2026-12-31", "prices": {"currency": "MXN"}},
    {"type": "PolicyCancelled", "at": _at(1, "08:07"), "policy": "PC", "effective": "2026-12-01", "by": EVA},
    {"type": "BenefitDelivered", "at": _at(1, "09:00"), "policy": "PC", "benefit": "project_advice", "detail": note("advice")},
    {"type": "ContingencyDeclared", "at": _at(1, "09:01"), "contingency": "X-1", "client_informed": False,
     "cause": note("fire")},
    {"type": "ContingencyNotified", "at": _at(1, "09:02"), "contingency": "X-1", "by": EVA},
    {"type": "ContingencyEnded", "at": _at(1, "09:03"), "contingency": "X-1"},
    _gs("TicketOpened", 2, "09:00", client="acme", requester=ANA, priority="high", subject=note("no network"), by=ANA,
        message_id=note("mail"), incident_type="technical-regular", **_OPENING),
    _gs("OfficialRequestReceived", 2, "09:05", message_id=note("mail")),
    _gs("IncidentClassified", 2, "09:10", incident_type="investigation"),
    _gs("PriorityChanged", 2, "09:11", priority="critical", reason=note("boss")),
    _gs("Responded", 2, "09:12", consultant=LUIS, message_id=note("mail"), key="answer"),
    _gs("FollowedUp", 2, "09:13", kind="progress", consultant=EVA, note=note("a call"), key="note"),
    _gs("FollowedUp", 2, "09:14", kind="progress", note=note("a call")),
    _gs("ContactAttempted", 2, "09:15", outcome="answered", channel="phone"),
    _gs("ExtensionRequested", 2, "09:16", extra_seconds=3600, reason=note("ill")),
    _gs("ExtensionAuthorized", 2, "09:17", by=ANA),
    _gs("ExtensionRequested", 2, "09:18", extra_seconds=3600, reason=note("ill again")),
    _gs("ExtensionDeclined", 2, "09:19", by=ANA),
    _gs("AfterHoursRequested", 2, "09:20", **{"from": _at(2, "20:00"), "to": _at(2, "21:00")}, message_id=note("mail")),
    _gs("Escalated", 2, "09:21", level=4, reason=note("vendor"), reference="CASE-1"),
    _gs("SessionHeld", 4, "10:00", **_SESSION),
    _gs("TravelExpenseRecorded", 4, "10:30", amount="85.00", currency="MXN", note=note("taxi")),
    {"type": "EntryVoided", "at": _at(4, "11:00"), "entry": "note", "reason": note("wrong"), "by": LUIS},
    {"type": "TicketOpened", "at": _at(4, "11:30"), "ticket": "G-2", "client": "acme", "requester": ZOE, "priority": "low",
     "subject": note("me too"), "key": "stranger", "by": ZOE, **_OPENING},
    _cs("TicketOpened", 2, "10:00", client="beta", requester=ANA, priority="P1", subject=note("no mail"), **_OPENING),
    _cs("OperationStopDeclared", 2, "10:01", by=ANA),
    _cs("InformationRequested", 2, "10:02", note=note("which?")),
    _cs("InformationReceived", 2, "10:03", note=note("that one"), by=ANA),
    _cs("ConsultantUnavailable", 2, "10:04"),
    _cs("ConsultantAvailable", 2, "10:05"),
    {"type": "ContingencyDeclared", "at": _at(2, "10:06"), "contingency": "X-2", "client_informed": True, "ticket": "C-1",
     "cause": note("flood")},
    _cs("Resolved", 3, "10:00", note=note("cable")),
    _cs("ResolutionRejected", 3, "10:10", note=note("no"), by=ANA),
    _cs("Resolved", 3, "10:20", note=note("cable")),
    _cs("ResolutionValidated", 3, "10:30", note=note("yes"), by=ANA),
    _cs("Closed", 3, "11:00", reason="validated"),
    {"type": "TicketOpened", "at": _at(4, "12:00"), "ticket": "C-2", "client": "beta", "requester": ANA, "priority": "P1",
     "subject": note("again"), "continues": "C-1", "by": ANA, **_OPENING},
]  # fmt: skip
STRANGER = next(it for it in EVERY_TYPE if it.get("key") == "stranger")


def taken(answers: list[Answer]) -> None:
    """Everything was recorded, if only as turned away."""
    refused = [it for it in answers if isinstance(it, Refusal) and it.position is None]
    assert not refused, [str(it.refused) for it in refused]


def files_with(folder: Path, text: str) -> list[str]:
    """The files in a folder in which a text stands, as it is or as JSON escapes it."""
    wanted = (text.encode(), json.dumps(text)[1:-1].encode())
    return [it.name for it in sorted(folder.rglob("*")) if it.is_file() and any(form in it.read_bytes() for form in wanted)]


def shown(ledger: Ledger, ticket: str) -> list[dict[str, Any]]:
    """The entries of a ticket as whoever has the keys is shown them."""
    unsealed = ledger.unsealed()
    return [entry_as_json(unsealed.entry(it)) for it in ledger.stream(f"ticket:{ticket}")]
