"""A small desk for the tests of the ledger: lines of the exchange format, and how they are read and written."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from adapters.ledger import Ledger
from domain.events import AnyEvent
from domain.exchange import entry_as_json
from domain.refusal import Refused
from domain.shape import read_entry

Entry = dict[str, Any]

REGISTERED: Entry = {
    "type": "ClientRegistered",
    "at": "2026-01-05T08:00:00-06:00",
    "client": "acme",
    "name": "Acme",
    "local": True,
}
AUTHORIZED: Entry = {"type": "RequesterAuthorized", "at": "2026-01-05T08:01:00-06:00", "client": "acme", "person": "ana"}
CONTRACTED: Entry = {
    "type": "PolicyContracted",
    "at": "2026-01-05T08:05:00-06:00",
    "policy": "P-1",
    "client": "acme",
    "terms": "grupo-staff",
    "starts": "2026-01-05",
    "prices": {"currency": "MXN", "hourly": "600.00"},
}
DESK: list[Entry] = [REGISTERED, AUTHORIZED, CONTRACTED]


def opened(ticket: str, **more: Any) -> Entry:
    """A ticket of acme's, by e-mail, on 2 March 2026 at nine."""
    return {
        "type": "TicketOpened",
        "at": "2026-03-02T09:00:00-06:00",
        "ticket": ticket,
        "client": "acme",
        "requester": "ana",
        "channel": "email",
        "priority": "high",
        "kind": "incident",
        "subject": "no network",
    } | more


def followed_up(ticket: str, minute: int = 0, **more: Any) -> Entry:
    """A follow-up on that ticket, minutes after ten."""
    at = f"2026-03-02T{10 + minute // 60:02d}:{minute % 60:02d}:00-06:00"
    return {"type": "FollowedUp", "at": at, "ticket": ticket, "kind": "progress"} | more


def read(*lines: Entry) -> list[AnyEvent | Refused]:
    """The lines as the ledger takes them."""
    events: list[AnyEvent | Refused] = []
    for line in lines:
        try:
            events.append(read_entry(json.dumps(line).encode()))
        except Refused as refused:
            events.append(refused)
    return events


def write_lines(path: Path, lines: Iterable[Entry]) -> Path:
    """A file of these lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def export(ledger: Ledger) -> list[Entry]:
    """The export of a ledger, parsed."""
    return [json.loads(msgspec.json.encode(entry_as_json(it))) for it in map(ledger.unsealed().exported, ledger.entries())]


def content(ledger: Ledger) -> list[Entry]:
    """The export without what differs between two runs of the same file: times of recording, ids, the terms' publication."""
    made = ("recorded_at", "id")
    return [{k: v for k, v in it.items() if k not in made} for it in export(ledger) if it["type"] != "TermsPublished"]
