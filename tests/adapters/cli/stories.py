"""One small story for the tests of the command line: two clients under the two built-in terms, four tickets.

Figures used in the tests are worked out by hand from it; 2 March 2026 is a Monday, Mexico City is at -06:00.
"""

from typing import Any

AT = "2026-03-06T18:00:00-06:00"
Entry = dict[str, Any]


def _at(day: int, time: str) -> str:
    return f"2026-03-{day:02}T{time}:00-06:00"


STORY: list[Entry] = [
    {"type": "ClientRegistered", "at": _at(1, "08:00"), "client": "acme", "name": "Acme", "local": True},
    {"type": "RequesterAuthorized", "at": _at(1, "08:01"), "client": "acme", "person": "ana"},
    {"type": "PolicyContracted", "at": _at(1, "08:02"), "policy": "PG", "client": "acme", "terms": "grupo-staff",
     "starts": "2026-03-01", "prices": {"currency": "MXN", "hourly": "600.00"}},
    {"type": "ClientRegistered", "at": _at(1, "08:03"), "client": "beta", "name": "Beta", "local": False},
    {"type": "PolicyContracted", "at": _at(1, "08:04"), "policy": "PC", "client": "beta", "terms": "customsoft",
     "tier": "basic", "starts": "2026-03-01", "ends": "2026-12-31",
     "prices": {"currency": "MXN", "per_event": {"P4": "1000.00"}}},
    {"type": "TicketOpened", "at": _at(2, "09:00"), "ticket": "G-1", "client": "acme", "requester": "ana", "channel": "email",
     "priority": "high", "kind": "incident", "subject": "no network", "incident_type": "technical-regular"},
    {"type": "Responded", "at": _at(2, "14:00"), "ticket": "G-1", "consultant": "luis", "key": "answer-1"},
    {"type": "FollowedUp", "at": _at(2, "15:00"), "ticket": "G-1", "kind": "progress", "consultant": "luis", "note": "a cable"},
    {"type": "SessionHeld", "at": _at(3, "10:00"), "ticket": "G-1", "started": _at(3, "09:00"), "ended": _at(3, "10:00"),
     "consultants": [{"consultant": "luis"}, {"consultant": "eva", "joined": _at(3, "09:30")}], "delivery": "remote"},
    {"type": "Resolved", "at": _at(3, "10:00"), "ticket": "G-1"},
    {"type": "TicketOpened", "at": _at(2, "10:00"), "ticket": "C-1", "client": "beta", "requester": "bob", "channel": "portal",
     "priority": "P1", "kind": "incident", "subject": "no mail"},
    {"type": "Responded", "at": _at(2, "11:00"), "ticket": "C-1"},
    {"type": "InformationRequested", "at": _at(2, "11:30"), "ticket": "C-1", "note": "which server?"},
    {"type": "InformationReceived", "at": _at(2, "16:30"), "ticket": "C-1"},
    {"type": "TicketOpened", "at": _at(3, "09:00"), "ticket": "C-2", "client": "beta", "requester": "bob", "channel": "phone",
     "priority": "P4", "kind": "question", "subject": "a licence", "stops_operation": True},
    {"type": "TicketOpened", "at": _at(4, "09:00"), "ticket": "G-2", "client": "acme", "requester": "ana", "channel": "phone",
     "priority": "low", "kind": "request", "subject": "a new user"},
]  # fmt: skip
