"""A policy: a client's contract under terms, the days it is in force, and which policy a day falls under.

Only days matter here, in the zone of the policy's terms; the caller says which day it is. It judges no entry.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import assert_never

from msgspec import UNSET, Struct, structs

from domain.client import Moment
from domain.events import BenefitDelivered, Entry, EntryVoided, PolicyCancelled, PolicyContracted, Prices

PolicyEvent = PolicyContracted | PolicyCancelled | BenefitDelivered | EntryVoided


class Policy(Struct, frozen=True):
    """`order` is where the contracting stands among all entries; `cancelled` the day from which it no longer holds."""

    contracted: PolicyContracted
    order: Moment
    cancelled: date | None = None
    benefits: tuple[BenefitDelivered, ...] = ()

    @property
    def id(self) -> str:
        return self.contracted.policy

    @property
    def position(self) -> int:
        return self.order[1]

    @property
    def tier(self) -> str | None:
        return None if self.contracted.tier is UNSET else self.contracted.tier

    @property
    def starts(self) -> date:
        return self.contracted.starts

    @property
    def ends(self) -> date | None:
        return None if self.contracted.ends is UNSET else self.contracted.ends

    @property
    def prices(self) -> Prices | None:
        return None if self.contracted.prices is UNSET else self.contracted.prices

    @property
    def holidays(self) -> tuple[date, ...]:
        return () if self.contracted.holidays is UNSET else self.contracted.holidays

    @property
    def last_day(self) -> date | None:
        """The last day in force: the earlier of `ends` and the day before the cancellation; None if open-ended."""
        days = [it for it in (self.ends, self.cancelled and _day_before(self.cancelled)) if it is not None]
        return min(days, default=None)

    @property
    def has_days(self) -> bool:
        return self.last_day is None or self.starts <= self.last_day

    def in_force(self, day: date) -> bool:
        """Whether the policy holds on this day (rules 1.1); its first and last day are included."""
        return self.starts <= day and (self.last_day is None or day <= self.last_day)

    def over_by(self, day: date) -> bool:
        """Whether it had begun by this day and its last day in force lies before it (rules 1.2)."""
        return self.starts <= day and self.last_day is not None and self.last_day < day


def evolve(policy: Policy | None, entry: Entry) -> Policy | None:
    """The policy after one more entry of its stream; None as long as no contracting counts."""
    event: PolicyEvent = entry.event  # type: ignore[assignment]
    if isinstance(event, PolicyContracted):
        begun = Policy(event, (event.at, entry.position))
        return begun if policy is None else structs.replace(policy, contracted=event, order=begun.order)
    if policy is None:
        return None
    match event:
        case PolicyCancelled():
            return structs.replace(policy, cancelled=event.effective)
        case BenefitDelivered():
            return structs.replace(policy, benefits=(*policy.benefits, event))
        case EntryVoided():
            return policy
        case _:
            assert_never(event)


def fold(entries: Iterable[Entry]) -> Policy | None:
    """The policy that entries of its stream amount to. They count from the contracting on, wherever that stands in
    their order: only the dates of a policy matter, not the `at` of its entries (rules 1.1)."""
    policy = None
    for entry in sorted(entries, key=lambda it: not isinstance(it.event, PolicyContracted)):
        policy = evolve(policy, entry)
    return policy


def overlapping(one: Policy, other: Policy) -> bool:
    """Whether two policies have a day in force in common; one cancelled from its first day has none."""
    if not (one.has_days and other.has_days):
        return False
    return _not_after(one.starts, other.last_day) and _not_after(other.starts, one.last_day)


def _not_after(day: date, last: date | None) -> bool:
    return last is None or day <= last


def _day_before(day: date) -> date:
    return day - timedelta(days=1) if day > date.min else day
