"""What applies to a ticket: the client's policy in force on the day of its opening, and the terms (rules 1.1, 1.2).

The same answer serves admission, which asks under the default readings with all that is recorded, and the accounts, which ask
under any readings with what was known at some moment.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from msgspec import UNSET, Struct

from domain.calendar import Calendar
from domain.client import Client
from domain.events import Prices
from domain.policy import Policy
from domain.terms import Rules, Terms
from domain.time_base import DAY_SECONDS, day_number


class Agreement(Struct, frozen=True, gc=False):
    """What applies to one ticket. Without `rules` no clause applies. `lapsed`: an earlier policy of the client had ended or
    was cancelled before; `calendar` is that of the rules with the policy's holidays."""

    policy: Policy | None
    rules: Rules | None
    calendar: Calendar | None
    prices: Prices | None
    local: bool
    lapsed: bool


class TermsShelf(Protocol):
    """Where the published terms stand."""

    def bound(self, terms: str, position: int) -> Terms | None:
        """The newest version of these terms recorded before a position, or None."""


class Agreements:
    """What applies to the tickets of one client, under chosen readings.

    `policies` are the client's, in the order contracted; of several in force the first holds. Raises LookupError for a policy
    whose terms were never published."""

    def __init__(self, client: Client, policies: Sequence[Policy], shelf: TermsShelf, readings: Mapping[str, str]) -> None:
        self._client = client
        self._shelf = shelf
        self._readings = readings
        self._held = [self._holding(policy) for policy in policies]
        self._surely = [_surely(it) for it in policies]
        self._without: dict[tuple[int, bool], Agreement] = {}

    def at(self, opened_seconds: int, position: int) -> Agreement:
        """What applies to a ticket opened at that instant (whole UTC seconds) and recorded at that position."""
        over: list[Policy] = []
        for (policy, agreed), (before, earliest, latest, after) in zip(self._held, self._surely, strict=True):
            if earliest <= opened_seconds < latest:
                return agreed
            if opened_seconds < before:
                continue
            if opened_seconds >= after:
                over.append(policy)
                continue
            assert agreed.calendar is not None, "a policy has rules"
            day = agreed.calendar.local_date(opened_seconds)
            if policy.in_force(day):
                return agreed
            if policy.over_by(day):
                over.append(policy)
        terms = self._terms_without_policy(over, position)
        key = (id(terms), bool(over))
        if key not in self._without:
            rules = terms.under(self._readings) if terms is not None else None
            calendar = rules.calendar if rules is not None else None
            client = self._client
            self._without[key] = Agreement(None, rules, calendar, client.prices, client.local, bool(over))
        return self._without[key]

    def _holding(self, policy: Policy) -> tuple[Policy, Agreement]:
        rules = rules_of(policy, self._shelf, self._readings)
        calendar = rules.calendar_with(policy.holidays)
        return policy, Agreement(policy, rules, calendar, policy.prices, self._client.local, False)

    def _terms_without_policy(self, over: Sequence[Policy], position: int) -> Terms | None:
        """Those named at registration; else those of the client's latest policy that is over; else none (rules 1.2)."""
        registered = self._client.registered
        if registered is not None and registered.terms is not UNSET:
            return self._shelf.bound(registered.terms, position)
        if over:
            latest = max(over, key=lambda it: (it.last_day or date.max, it.order))
            return self._shelf.bound(latest.contracted.terms, position)
        return None


def _surely(policy: Policy) -> tuple[int, int, int, int]:
    """Wherever its clocks stand, the policy has not begun before the first of these instants, is in force from the second to
    the third, and is over from the fourth on: no zone is a whole day from UTC, so that only tickets of its first and last days
    need their local date."""
    first, last = day_number(policy.starts), day_number(policy.last_day or date.max)
    days = first - 1, first + 1, last, max(first, last + 1) + 1
    before, earliest, latest, after = (it * DAY_SECONDS for it in days)
    return before, earliest, latest, after


def rules_of(policy: Policy, shelf: TermsShelf, readings: Mapping[str, str]) -> Rules:
    """The rules a policy is bound to: the newest version of its terms recorded before it."""
    terms = shelf.bound(policy.contracted.terms, policy.position)
    if terms is None:
        raise LookupError(f"policy {policy.id} names terms that were never published: {policy.contracted.terms}")
    return terms.under(readings)
