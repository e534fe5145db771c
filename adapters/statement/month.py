"""A calendar month, and the instants between which it lies for a client.

Each end is midnight of a first day in the zone of the terms that hold for the client on that day: months meet without a gap and
without an overlap, also where one policy follows another under terms of another zone.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct

from domain.client import Client
from domain.policy import Policy
from domain.terms import Rules
from projections.contracts import Contracts

NEWEST = 2**62
"""A position after all others: under it, terms are bound in their newest version."""


class Month(Struct, frozen=True):
    """A month of a year; its number is 1 to 12."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.number, 1)

    @property
    def following(self) -> "Month":
        """The month after it."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)


class Span(Struct, frozen=True):
    """A month as instants (UTC): half-open, [since, until). Its times are shown in `zone`, that of its first day."""

    since: datetime
    until: datetime
    zone: str

    def place(self) -> tzinfo:
        """The zone its times are shown in."""
        return zone_of(self.zone)

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies in the month."""
        return self.since <= moment < self.until


def zone_of(name: str) -> tzinfo:
    """The zone of this name; UTC is the standard library's own."""
    return UTC if name == "UTC" else ZoneInfo(name)


def span_of(month: Month, contracts: Contracts, client: str) -> Span:
    """The instants of a month for a client, under the readings of the question."""
    here, there = (_zone(contracts, client, it.first) for it in (month, month.following))
    return Span(_midnight(month.first, here), _midnight(month.following.first, there), here)


def policies_in(month: Month, contracts: Contracts, client: str) -> list[Policy]:
    """The client's policies with a day in force in the month, in the order of their days."""
    held = sorted(contracts.policies.get(client, ()), key=lambda it: (it.starts, it.order))
    after = month.following.first
    return [it for it in held if it.has_days and it.starts < after and (it.last_day is None or month.first <= it.last_day)]


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)


def _zone(contracts: Contracts, client: str, day: date) -> str:
    rules = next(_rules(contracts, client, day), None)
    return rules.provisions.calendar.zone if rules is not None else "UTC"


def _rules(contracts: Contracts, client: str, day: date) -> Iterator[Rules]:
    """The rules that hold for a client on a day, then those that come next: of the policy in force; of its own terms; of its
    latest policy that is over; of its first to come."""
    held = contracts.policies.get(client, [])
    yield from (contracts.rules(it) for it in held if it.in_force(day))
    registered = contracts.clients.get(client, Client()).registered
    if registered is not None and registered.terms is not UNSET:
        own = contracts.bound(registered.terms, NEWEST)
        if own is not None:
            yield own.under(contracts.question.readings)
    over = [it for it in held if it.over_by(day)]
    yield from (contracts.rules(it) for it in sorted(over, key=lambda it: it.last_day or date.max, reverse=True))
    yield from (contracts.rules(it) for it in sorted(held, key=lambda it: it.starts) if day < it.starts)
