"""Rows of billable time, pay per event and travel (rules 4).

Amounts are exact fractions until they are rounded, half up, to the cent.
"""

from fractions import Fraction
from math import ceil, floor

from .clocks import windows
from .consumption import charge, deal, groups
from .history import Entry, History, Ticket
from .terms import CS, FOLLOW_UP_MINUTES, GS
from .times import common, show, total, without

QUOTED, NOT_AGREED = "to be quoted", "not agreed"


def rows(history: History) -> list[dict]:
    """Every row, in order of `at`, then position."""
    found = []
    for ticket in history.tickets:
        if ticket.terms == GS:
            found += _follow_ups(ticket) + _sessions(ticket)
        found += _travel(ticket)
    for policy, _, tickets in groups(history):
        for ticket, reason in deal(policy, tickets, history.readings)[2]:
            found.append(_per_event(ticket, charge(ticket, reason)))
    return [row for _, row in sorted(found, key=lambda pair: pair[0])]


def _row(ticket: Ticket, entry: Entry, kind: str, clause: str | None, **others) -> tuple[tuple, dict]:
    moment = entry.instant("started" if kind == "session" else "at")
    second = entry.moment("started") if kind == "session" else entry.second
    row = {
        "ticket": ticket.id,
        "client": ticket.client_id,
        "policy": ticket.policy.id if ticket.policy else None,
        "entry": entry.position,
        "at": show(second),
        "kind": kind,
        "minutes": 0,
        "consultants": 0,
        "billable_minutes": 0,
        "after_hours_minutes": 0,
        "unrequested_minutes": 0,
        "amount": None,
        "currency": (ticket.prices or {}).get("currency"),
        "amount_note": None,
        "clause": clause,
    }
    return (moment, entry.position), row | others


def _cents(amount: Fraction) -> str:
    cents = floor(amount * 100 + Fraction(1, 2))
    return f"{cents // 100}.{cents % 100:02d}"


def _priced(ticket: Ticket, billable: int, after: int) -> dict:
    """The amount of billable minutes, of which some are after hours (4.4)."""
    prices = ticket.prices or {}
    hourly, factor = prices.get("hourly"), prices.get("after_hours_factor")
    if hourly is None or (after and factor is None):
        return {"amount": None, "amount_note": NOT_AGREED}
    plain = (billable - after) * Fraction(hourly) / 60
    dear = after * Fraction(hourly) * Fraction(factor) / 60 if after else Fraction(0)
    return {"amount": _cents(plain + dear), "amount_note": None}


def _follow_ups(ticket: Ticket) -> list:
    types = ["FollowedUp", "InformationRequested"]
    if ticket.readings["gs.6.attempts"] == "billed":
        types.append("ContactAttempted")
    found, mailed_on = [], set()
    for e in ticket.of_type(*types):
        if e.type == "FollowedUp" and e["kind"] == "daily_email":
            day = ticket.hours.day(e.second)
            if ticket.readings["gs.6.daily"] == "one-a-day" and day in mailed_on:
                continue
            mailed_on.add(day)
        instant = [(e.second, e.second + 1)]
        inside = bool(ticket.hours.between(*instant[0]))
        requested = bool(common(windows(ticket), instant))
        after = FOLLOW_UP_MINUTES if not inside and requested else 0
        unrequested = FOLLOW_UP_MINUTES if not inside and not requested else 0
        minutes = {"minutes": FOLLOW_UP_MINUTES, "consultants": 1, "billable_minutes": FOLLOW_UP_MINUTES}
        outside = {"after_hours_minutes": after, "unrequested_minutes": unrequested}
        priced = _priced(ticket, FOLLOW_UP_MINUTES, after)
        found.append(_row(ticket, e, "follow_up", "gs.6", **minutes, **outside, **priced))
    return found


def _outside(ticket: Ticket, start: int, end: int) -> tuple[int, int]:
    """Whole minutes of a stay outside the calendar: inside requested windows, and in none."""
    beyond = without([(start, end)], ticket.hours.between(start, end))
    requested = total(common(beyond, windows(ticket)))
    return requested // 60, (total(beyond) - requested) // 60


def _sessions(ticket: Ticket) -> list:
    found = []
    for e in ticket.of_type("SessionHeld"):
        start, end = e.moment("started"), e.moment("ended")
        stays = [(start, end)] * len(e["consultants"])
        if ticket.readings["gs.7"] == "own-minutes":
            people = [Entry(e.raw | person) for person in e["consultants"]]
            stays = [
                (p.moment("joined") if p.get("joined") else start, p.moment("left") if p.get("left") else end) for p in people
            ]
        billable = sum(ceil(Fraction(b - a, 60)) for a, b in stays)
        after = sum(_outside(ticket, a, b)[0] for a, b in stays)
        unrequested = sum(_outside(ticket, a, b)[1] for a, b in stays)
        minutes = {
            "minutes": ceil(Fraction(end - start, 60)),
            "consultants": len(stays),
            "billable_minutes": billable,
            "after_hours_minutes": after,
            "unrequested_minutes": unrequested,
        }
        found.append(_row(ticket, e, "session", "gs.7", **minutes, **_priced(ticket, billable, after)))
    return found


def _per_event(ticket: Ticket, charged: dict) -> tuple[tuple, dict]:
    if charged["to_be_quoted"]:
        minutes = 0
        for e in ticket.of_type("SessionHeld"):
            seconds = e.moment("ended") - e.moment("started")
            minutes += ceil(Fraction(seconds, 60)) * len(e["consultants"])
        others = {"minutes": minutes, "billable_minutes": minutes, "amount_note": QUOTED}
    elif charged["price"] is None:
        others = {"amount_note": NOT_AGREED}
    else:
        part = Fraction(100 - charged["discount_percent"], 100)
        others = {"amount": _cents(Fraction(charged["price"]) * part)}
    return _row(ticket, ticket.opening, "per_event", charged["clause"], **others)


def _travel(ticket: Ticket) -> list:
    clause = "cs.1.2" if ticket.terms == CS else None
    return [
        _row(ticket, e, "travel", clause, amount=e["amount"], currency=e["currency"])
        for e in ticket.of_type("TravelExpenseRecorded")
    ]
