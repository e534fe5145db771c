"""Billable time and amounts: one row for each charge, traced to its entry and its clause (rules 4).

Minutes are always counted; an amount needs a price that was agreed, and is never guessed. Amounts are exact decimals, rounded
half up to cents once, per row.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal

from msgspec import UNSET, Struct

from domain.agreement import Agreement
from domain.events import Attendance, Entry, FollowedUp, Prices, SessionHeld, TravelExpenseRecorded
from domain.rules import FollowUps, Sessions
from domain.time_base import Span, TimeBase, epoch_seconds
from projections.consumption import Deal, PayPerEvent
from projections.history import Facts, minutes_up
from projections.sla import iso

Note = Literal["not agreed", "to be quoted"]


class Charge(Struct, frozen=True, gc=False):
    """One row of the bill. `at` is the uncut instant it stands under, `entry` the position it comes from."""

    ticket: str
    client: str
    policy: str | None
    entry: int
    at: datetime
    kind: Literal["follow_up", "session", "per_event", "travel"]
    minutes: int
    consultants: int
    billable_minutes: int
    after_hours_minutes: int
    unrequested_minutes: int
    amount: str | None
    currency: str | None
    amount_note: Note | None
    clause: str | None


def charges(facts: Facts, agreed: Agreement) -> list[Charge]:
    """What one ticket is charged by itself: follow-ups, sessions, travel. Pay-per-event rows need the deal of its policy."""
    found: list[Charge] = [_travel(entry, facts, agreed) for entry in facts.travel]
    if agreed.rules is not None and agreed.calendar is not None:
        billing = agreed.rules.provisions.billing
        if billing.follow_ups is not None and facts.charged:
            found.extend(_follow_ups(facts, agreed, billing.follow_ups, _Hours(facts, agreed, agreed.calendar)))
        if billing.sessions is not None and facts.sessions:
            hours = _Hours(facts, agreed, agreed.calendar)
            found.extend(_session(it, facts, agreed, billing.sessions, hours) for _, it in facts.sessions)
    return found


def per_event(dealt: Deal) -> Iterator[Charge]:
    """A row for each ticket paid per event, at its opening (rules 4.5)."""
    for paid in dealt.pay_per_event:
        rules = paid.use.agreed.rules
        if rules is not None and rules.provisions.billing.per_event:
            yield _per_event(paid)


def in_order(found: Iterable[Charge]) -> list[Charge]:
    """The bill in order of `at`, then position."""
    return sorted(found, key=lambda it: (it.at, it.entry))


def row(charge: Charge) -> dict[str, Any]:
    """A charge as an object of `report billing`."""
    return {
        "ticket": charge.ticket,
        "client": charge.client,
        "policy": charge.policy,
        "entry": charge.entry,
        "at": iso(epoch_seconds(charge.at)),
        "kind": charge.kind,
        "minutes": charge.minutes,
        "consultants": charge.consultants,
        "billable_minutes": charge.billable_minutes,
        "after_hours_minutes": charge.after_hours_minutes,
        "unrequested_minutes": charge.unrequested_minutes,
        "amount": charge.amount,
        "currency": charge.currency,
        "amount_note": charge.amount_note,
        "clause": charge.clause,
    }


# After hours --------------------------------------------------------------------------------------------------------


class _Hours:
    """Seconds outside the calendar's support time, inside the ticket's requested windows and in none (rules 4.3)."""

    def __init__(self, facts: Facts, agreed: Agreement, calendar: TimeBase) -> None:
        self.calendar = calendar
        rules = agreed.rules
        asked = facts.windows and rules is not None and rules.provisions.after_hours is not None
        self.windows: list[Span] = _merged((opens, closes) for opens, closes, _ in facts.windows) if asked else []

    def outside(self, start: int, end: int) -> tuple[int, int]:
        """Seconds of [start, end) outside support time: those inside requested windows, and those in none."""
        outside = (end - start) - self.calendar.elapsed(start, end)
        inside = 0
        for opens, closes in self.windows:
            low, high = max(start, opens), min(end, closes)
            if low < high:
                inside += (high - low) - self.calendar.elapsed(low, high)
        return inside, outside - inside

    def instant(self, instant: int) -> tuple[bool, bool]:
        """Whether an instant lies outside support time inside a window, and outside it in none."""
        if self.calendar.ticks(instant):
            return False, False
        inside = any(opens <= instant < closes for opens, closes in self.windows)
        return inside, not inside


def _merged(windows: Iterable[Span]) -> list[Span]:
    """Overlapping windows as one."""
    merged: list[Span] = []
    for opens, closes in sorted(windows):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


# Rows ---------------------------------------------------------------------------------------------------------------


def _follow_ups(facts: Facts, agreed: Agreement, rule: FollowUps, hours: _Hours) -> Iterator[Charge]:
    """So many minutes each; of several daily e-mails on one local day only the first, under that reading."""
    days = set()
    for instant, entry in facts.charged:
        event = entry.event
        if type(event).__name__ not in rule.events:
            continue
        if rule.one_daily_email and isinstance(event, FollowedUp) and event.kind == "daily_email":
            assert agreed.calendar is not None, "charges have a calendar"
            day = agreed.calendar.local_date(instant)
            if day in days:
                continue
            days.add(day)
        requested, unrequested = hours.instant(instant)
        minutes = rule.minutes
        after, plain = (minutes if requested else 0), (minutes if unrequested else 0)
        yield _timed("follow_up", entry, event.at, facts, agreed, rule.clause, minutes, 1, minutes, after, plain)


def _session(entry: Entry, facts: Facts, agreed: Agreement, rule: Sessions, hours: _Hours) -> Charge:
    """The whole session for each consultant, or each one's own minutes (gs.7)."""
    session = entry.event
    assert isinstance(session, SessionHeld), "sessions come from SessionHeld"
    start, end = epoch_seconds(session.started), epoch_seconds(session.ended)
    if rule.minutes == "full":
        attended_spans = [(start, end)] * len(session.consultants)
    else:
        attended_spans = [attended(it, start, end) for it in session.consultants]
    billable = after = unrequested = 0
    for joined, left in attended_spans:
        inside, none = hours.outside(joined, left)
        billable += minutes_up(left - joined)
        after += inside // 60
        unrequested += none // 60
    return _timed(
        "session", entry, session.started, facts, agreed, rule.clause,
        minutes_up(end - start), len(session.consultants), billable, after, unrequested,
    )  # fmt: skip


def attended(attendance: Attendance, start: int, end: int) -> Span:
    """When a consultant joined and left a session of these instants (gs.7, rules 4.2)."""
    joined = start if attendance.joined is UNSET else epoch_seconds(attendance.joined)
    left = end if attendance.left is UNSET else epoch_seconds(attendance.left)
    return joined, left


def _timed(
    kind: Literal["follow_up", "session"], entry: Entry, at: datetime, facts: Facts, agreed: Agreement, clause: str,
    minutes: int, consultants: int, billable: int, after: int, unrequested: int,
) -> Charge:  # fmt: skip
    amount = hourly_amount(agreed.prices, billable, after)
    return Charge(
        facts.opening.ticket, facts.opening.client, agreed.policy.id if agreed.policy is not None else None,
        entry.position, at, kind, minutes, consultants, billable, after, unrequested,
        amount, _currency(agreed), None if amount is not None else "not agreed", clause,
    )  # fmt: skip


def hourly_amount(prices: Prices | None, billable: int, after: int) -> str | None:
    """(billable − after) × hourly / 60 + after × hourly × factor / 60, half up to cents; None if a price it needs was not
    agreed (rules 4.4)."""
    if prices is None or prices.hourly is UNSET or (after and prices.after_hours_factor is UNSET):
        return None
    return _weighted(prices.hourly, "1" if prices.after_hours_factor is UNSET else prices.after_hours_factor, billable, after)


@lru_cache(maxsize=4096)
def _weighted(hourly: str, factor: str, billable: int, after: int) -> str:
    """Most rows are the same few minutes at the same few prices: remembered."""
    return _cents(((billable - after) + after * Decimal(factor)) * Decimal(hourly), 60)


def _cents(amount: Decimal, divisor: int) -> str:
    """amount / divisor, exactly, half up to cents; amounts are never negative."""
    numerator, denominator = amount.as_integer_ratio()
    cents, rest = divmod(numerator * 100, denominator * divisor)
    if 2 * rest >= denominator * divisor:
        cents += 1
    return f"{cents // 100}.{cents % 100:02d}"


def _currency(agreed: Agreement) -> str | None:
    return agreed.prices.currency if agreed.prices is not None else None


def _travel(entry: Entry, facts: Facts, agreed: Agreement) -> Charge:
    event = entry.event
    assert isinstance(event, TravelExpenseRecorded), "travel comes from TravelExpenseRecorded"
    clause = agreed.rules.provisions.billing.travel_clause if agreed.rules is not None else None
    return Charge(
        facts.opening.ticket, facts.opening.client, agreed.policy.id if agreed.policy is not None else None,
        entry.position, event.at, "travel", 0, 0, 0, 0, 0, event.amount, event.currency, None, clause,
    )  # fmt: skip


def _per_event(paid: PayPerEvent) -> Charge:
    use = paid.use
    minutes = use.quoted_minutes if paid.to_be_quoted else 0
    note: Note | None = "to be quoted" if paid.to_be_quoted else "not agreed" if paid.price is None else None
    amount = None if paid.price is None else _cents(Decimal(paid.price) * (100 - paid.discount_percent), 100)
    return Charge(
        use.ticket, use.client, use.agreed.policy.id if use.agreed.policy is not None else None,
        use.order[1], use.order[0], "per_event", minutes, 0, minutes, 0, 0,
        amount, _currency(use.agreed), note, paid.clause,
    )  # fmt: skip
