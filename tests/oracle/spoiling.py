"""Entries made wrong in one way each, for every kind of refusal, and entries said twice.

What a spoiled entry deserves is for the rules to say; some turn out harmless.
"""

from copy import deepcopy
from datetime import UTC, timedelta

from .times import instant

TICKET_WORDS = (
    "InformationReceived", "ResolutionValidated", "ResolutionRejected", "Resolved", "ExtensionAuthorized",
    "ExtensionDeclined", "ConsultantAvailable", "InformationRequested", "ConsultantUnavailable",
)  # fmt: skip
BAD_IDS = ("", "x" * 129, "a b", "a\u200bb", "a\u0007b", "e\u0301", "a\u00a0b", "\ud800")
BAD_TIMES = (
    "2026-03-02T09:00:00", "2026-03-02T23:59:60Z", "2026-03-02T09:00:00.1234567Z", "2026-02-30T09:00:00Z",
    "2026-03-02", "2026-03-02T24:00:00Z", "2026-03-02T09:00Z", "yesterday", "2026-03-02T09:00:00+24:00",
)  # fmt: skip
BAD_AMOUNTS = ("-1.00", "1.005", "1000000000000", "1e3", "", "uno", "+1", " 1", "1,50", ".5", "NaN")
ID_FIELDS = ("ticket", "client", "policy", "person", "key", "contingency")


def repeated(pen, original: dict) -> dict | None:
    """The same key again: with the same content (an offset apart), or with other content."""
    copy = deepcopy(original)
    if pen.chance(0.5):
        return copy
    if pen.chance(0.5):
        try:
            copy["at"] = instant(copy["at"]).astimezone(UTC).isoformat()
        except ValueError:
            return None
    else:
        copy["by"] = "someone else"
    return copy


def spoiled(pen, original: dict) -> dict | None:
    """A copy of an entry with one thing wrong (None if this way of spoiling does not fit it)."""
    copy = deepcopy(original)
    copy.pop("key", None)
    ways = (_shape, _shape, _value, _time, _reference, _reference, _order, _order, _clauses, _clauses, _sums)
    return pen.rng.choice(ways)(pen, copy)


def _renamed(pen, entry: dict) -> dict:
    """What begins a stream gets a fresh id, so that the other fault is the one that shows."""
    begun = {"TicketOpened": "ticket", "PolicyContracted": "policy", "ClientRegistered": "client"}
    if entry["type"] in begun:
        entry[begun[entry["type"]]] = pen.name("again-")
    return entry


def _shape(pen, entry: dict) -> dict:
    way = pen.rng.choice(("unknown", "null", "kind", "type", "missing", "ledger's", "text"))
    name = pen.rng.choice(list(entry))
    if way == "unknown":
        entry["colour"] = "blue"
    elif way == "null":
        entry[name] = None
    elif way == "kind":
        entry[name] = 17 if isinstance(entry[name], str) else "seventeen"
    elif way == "type":
        entry["type"] = pen.rng.choice(("Ticketopened", "RequestRefused", "ReopenedAsNew", ""))
    elif way == "missing":
        del entry[name]
    elif way == "ledger's":
        entry[pen.rng.choice(("position", "stream", "version", "recorded_at", "id"))] = 1
    else:
        entry["by"] = pen.rng.choice(("a\0b", "x" * 65_537, "\udfff"))
    return _renamed(pen, entry) if isinstance(entry.get("type"), str) else entry


def _value(pen, entry: dict) -> dict:
    """A value that stands in no list, or an id or time that is none."""
    entry = _renamed(pen, entry)
    names = [n for n in ID_FIELDS if n in entry]
    listed = [n for n in ("priority", "channel", "outcome", "delivery", "benefit", "level") if n in entry]
    if listed and pen.chance(0.5):
        name = pen.rng.choice(listed)
        entry[name] = 5 if name == "level" else "bogus"
    elif names and pen.chance(0.5):
        entry[pen.rng.choice(names)] = pen.rng.choice(BAD_IDS)
    else:
        times = [n for n in ("at", "started", "sent_at", "from") if n in entry]
        entry[pen.rng.choice(times)] = pen.rng.choice(BAD_TIMES)
    return entry


def _time(pen, entry: dict) -> dict:
    entry = _renamed(pen, entry)
    if entry["type"] == "SessionHeld":
        way = pen.rng.choice(("empty", "at", "long", "twice", "joined"))
        started, ended = instant(entry["started"]), instant(entry["ended"])
        if way == "empty":
            entry["started"] = entry["ended"]
        elif way == "at":
            entry["at"] = pen.show(ended + timedelta(seconds=1))
        elif way == "long":
            entry["started"] = pen.show(ended - timedelta(hours=24, microseconds=1))
        elif way == "twice":
            entry["consultants"].append(dict(entry["consultants"][0]))
        else:
            beyond = pen.rng.choice((started - timedelta(seconds=1), ended, ended + timedelta(seconds=1)))
            entry["consultants"][0]["joined"] = pen.show(beyond)
    elif "to" in entry:
        entry["to"] = entry["from"]
    elif "sent_at" in entry:
        entry["sent_at"] = pen.show(instant(entry["at"]) + timedelta(microseconds=1))
    elif "ends" in entry:
        entry["ends"] = "2001-01-01"
    else:
        far = ("2190-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z")
        entry["at"] = pen.rng.choice(far)
    return entry


def _reference(pen, entry: dict) -> dict:
    kind, way = entry["type"], pen.rng.choice(("days", "void", "tier", "other"))
    if kind == "PolicyContracted":
        if way == "days":
            entry["policy"] = pen.name("over-")
        elif way == "void":
            entry["terms"] = "nobodys-terms"
            entry["policy"] = pen.name("over-")
        elif way == "tier":
            entry = _renamed(pen, entry) | {"starts": "2031-01-01", "ends": "2031-12-31", "tier": "gold"}
        else:
            entry = _renamed(pen, entry) | {"starts": "2032-01-01", "ends": "2032-12-31"}
            entry = {k: v for k, v in entry.items() if k != "tier"} if "tier" in entry else entry | {"tier": "basic"}
    elif kind == "PolicyCancelled":
        entry["effective"] = pen.rng.choice((entry["effective"], "1999-01-01", "2099-01-01"))
    elif kind == "TicketOpened" and way != "void":
        others = [e for _, e in pen.lines if e["type"] == "TicketOpened"]
        entry = _renamed(pen, entry) | {"continues": pen.rng.choice(others)["ticket"]}
    elif kind == "RequesterAuthorized":
        entry = entry | {"type": "RequesterRevoked", "person": "nobody"}
    elif kind == "EntryVoided" or way == "void":
        target = pen.rng.choice((1, 2, 3, 99_999, "no-such-key"))
        entry = {"type": "EntryVoided", "at": entry["at"], "entry": target, "reason": "a mistake"}
    else:
        name = next((n for n in ("ticket", "policy", "client") if n in entry), "at")
        entry[name] = "nobody" if name != "at" else "2190-01-01T00:00:00Z"
    return entry


def _order(pen, entry: dict) -> dict | None:
    """A word on the same ticket that probably does not belong there."""
    if "ticket" not in entry:
        return None
    near = {"at": entry["at"], "ticket": entry["ticket"]}
    way = pen.rng.choice(("early", "level", "close", "contingency", "word"))
    if way == "early":
        return {"type": "Responded"} | near | {"at": "1999-06-01T12:00:00Z"}
    if way == "level":
        return {"type": "Escalated", "level": 1, "reason": "back"} | near
    if way == "close":
        return {"type": "Closed", "reason": "withdrawn"} | near
    if way == "contingency":
        kind = pen.rng.choice(("ContingencyEnded", "ContingencyNotified"))
        known = [e["contingency"] for _, e in pen.lines if "contingency" in e] or ["none"]
        return {"type": kind, "contingency": pen.rng.choice(known)} | near
    return {"type": pen.rng.choice(TICKET_WORDS)} | near


def _clauses(pen, entry: dict) -> dict | None:
    """Something that this ticket's terms may not allow."""
    if entry["type"] == "BenefitDelivered":
        return entry
    if entry["type"] == "TicketOpened":
        entry = _renamed(pen, entry)
        entry.pop("continues", None)
        other = {"priority": pen.rng.choice(("P1", "critical"))}
        return entry | pen.rng.choice((other, {"incident_type": "maintenance"}, {"requester": "eve"}))
    if "ticket" not in entry:
        return None
    at = instant(entry["at"])
    near = {"at": entry["at"], "ticket": entry["ticket"]}
    after = {"from": pen.show(at), "to": pen.show(at + timedelta(hours=1)), "message_id": "m"}
    words = (
        {"type": "Closed", "reason": pen.rng.choice(("validated", "unresponsive"))},
        {"type": "IncidentClassified", "incident_type": "investigation", "budget_seconds": 28_799},
        {"type": "IncidentClassified", "incident_type": "technical-urgent", "budget_seconds": 14_400},
        {"type": "Escalated", "level": 4, "reason": "no case number"},
        {"type": "PriorityChanged", "priority": pen.rng.choice(("P2", "low")), "reason": "r"},
        {"type": "ExtensionRequested", "extra_seconds": 60, "reason": "r"},
        {"type": "AfterHoursRequested"} | after,
    )
    return pen.rng.choice(words) | near


def _sums(pen, entry: dict) -> dict | None:
    entry = _renamed(pen, entry)
    if "prices" in entry:
        name = pen.rng.choice(("hourly", "after_hours_factor"))
        bad = BAD_AMOUNTS if name == "hourly" else ("0.9999", "1.00001", "-1", "two")
        entry["prices"][name] = pen.rng.choice(bad)
        entry |= {"starts": "2033-01-01", "ends": "2033-02-01"} if "starts" in entry else {}
    elif "amount" in entry:
        entry["amount"] = pen.rng.choice(BAD_AMOUNTS)
    elif "extra_seconds" in entry:
        entry["extra_seconds"] = pen.rng.choice((0, -60))
    elif entry["type"] == "IncidentClassified":
        entry["budget_seconds"] = pen.rng.choice((0, -1))
    elif "ticket" in entry:
        amount = {"amount": pen.rng.choice(BAD_AMOUNTS), "currency": "MXN"}
        return {"type": "TravelExpenseRecorded", "at": entry["at"], "ticket": entry["ticket"]} | amount
    else:
        return None
    return entry
