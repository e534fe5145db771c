"""Policy consumption: which tickets a policy covers, which are paid per event and at what price, visits, benefits (rules 3).

Tickets are dealt in the order opened, from history alone, so a late entry, a voiding or another reading is another deal. What
is kept of a ticket for that is a `Use`; nothing here looks at clocks.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Any, Literal, Protocol

from msgspec import UNSET, Struct

from domain.agreement import Agreement
from domain.events import Prices, SessionHeld
from domain.policy import Policy
from domain.rules import Consumption, Quota
from domain.terms import Rules
from domain.time_base import epoch_seconds
from projections.contracts import Contracts
from projections.history import Facts, minutes_up
from projections.months import calendar_month, policy_month
from projections.sla import iso

Reason = Literal["expired", "no_policy", "priority_not_included", "exhausted", "priority_exhausted"]


class Use(Struct, frozen=True, gc=False):
    """What counts of one ticket under terms with quotas: when it was opened (`order`), its latest priority, whether it was
    on site, the starts of its on-site visits, and its session minutes if it had to be quoted."""

    ticket: str
    client: str
    order: tuple[datetime, int]
    priority: str
    agreed: Agreement
    onsite: bool
    visits: tuple[int, ...]
    quoted_minutes: int


class PayPerEvent(Struct, frozen=True):
    """A ticket that its policy does not cover, or that has none: why, at what list price and discount, by which clause."""

    use: Use
    reason: Reason
    price: str | None
    discount_percent: int
    to_be_quoted: bool
    clause: str


class Deal(Struct, frozen=True):
    """The outcome for the tickets of one policy, or of one client outside any: covered and paid per event, in order."""

    covered: tuple[Use, ...]
    pay_per_event: tuple[PayPerEvent, ...]


def use(facts: Facts, agreed: Agreement) -> Use | None:
    """What consumption needs of a ticket; None under terms without quotas."""
    if agreed.rules is None or agreed.rules.provisions.consumption is None:
        return None
    visits: tuple[int, ...] = ()
    minutes = 0
    for mark, entry in facts.sessions:
        session = entry.event
        if isinstance(session, SessionHeld):
            minutes += minutes_up(epoch_seconds(session.ended) - mark.instant) * len(session.consultants)
            if session.delivery == "onsite":
                visits += (mark.instant,)
    return Use(
        facts.opening.ticket,
        facts.opening.client,
        (facts.opening.at, facts.entry.position),
        facts.priority,
        agreed,
        facts.opening.channel == "onsite" or bool(visits),
        visits,
        minutes,
    )


def deal(uses: Iterable[Use], rules: Rules, policy: Policy | None) -> Deal:
    """Deal the tickets of one policy, or those of a client outside any policy, in the order opened (rules 3.2)."""
    quota = rules.quota(policy.tier) if policy is not None else None
    covered: list[Use] = []
    paid: list[PayPerEvent] = []
    used: dict[str, int] = {}
    for one in sorted(uses, key=lambda it: it.order):
        reason = _reason(one, rules, quota, len(covered), used)
        if reason is None:
            covered.append(one)
            used[one.priority] = used.get(one.priority, 0) + 1
        else:
            paid.append(_priced(one, reason, quota))
    return Deal(tuple(covered), tuple(paid))


def _reason(one: Use, rules: Rules, quota: Quota | None, total: int, used: dict[str, int]) -> Reason | None:
    """Why the ticket is paid per event: the first reason that holds; None if it is covered."""
    if quota is None:
        return "expired" if one.agreed.lapsed else "no_policy"
    included = quota.by_priority.get(one.priority, 0)
    if included == 0:
        return "priority_not_included"
    if total >= quota.tickets:
        return "exhausted"
    consumption = rules.provisions.consumption
    if consumption is not None and not consumption.transfer and used.get(one.priority, 0) >= included:
        return "priority_exhausted"
    return None


def _priced(one: Use, reason: Reason, quota: Quota | None) -> PayPerEvent:
    """The list price and the discount (rules 3.3)."""
    rules = one.agreed.rules
    consumption = rules.provisions.consumption if rules is not None else None
    assert consumption is not None, "only tickets under terms with quotas are dealt"
    quoted = one.onsite and not one.agreed.local
    prices: Prices | None = one.agreed.prices
    price = None if prices is None or prices.per_event is UNSET or quoted else prices.per_event.get(one.priority)
    discount = quota.discount_percent if quota is not None and consumption.discount else 0
    return PayPerEvent(one, reason, price, discount, quoted, _clause(consumption, one, quoted))


def _clause(consumption: Consumption, one: Use, quoted: bool) -> str:
    if quoted:
        return consumption.quoted_clause
    return consumption.with_policy_clause if one.agreed.policy is not None else consumption.without_policy_clause


# The report ---------------------------------------------------------------------------------------------------------


class Consumed(Struct, frozen=True):
    """The consumption of one policy, or (`policy` None) of a client's tickets outside any policy."""

    client: str
    policy: Policy | None
    rules: Rules
    deal: Deal
    visits: tuple[int, ...]
    local: bool


class Uses(Protocol):
    """The uses of many tickets, each put with those that it is dealt together with."""

    def of_policy(self, policy: str) -> Iterable[Use]:
        """Those of the tickets under a policy."""

    def outside(self, client: str) -> Iterable[Use]:
        """Those of a client's tickets outside any policy."""

    def clients_outside(self) -> Collection[str]:
        """The clients that have such tickets."""


class _Together:
    """Uses held in memory."""

    def __init__(self, uses: Iterable[Use]) -> None:
        self._of_policy: dict[str, list[Use]] = {}
        self._outside: dict[str, list[Use]] = {}
        for one in uses:
            if one.agreed.policy is not None:
                self._of_policy.setdefault(one.agreed.policy.id, []).append(one)
            else:
                self._outside.setdefault(one.client, []).append(one)

    def of_policy(self, policy: str) -> Iterable[Use]:
        return self._of_policy.get(policy, ())

    def outside(self, client: str) -> Iterable[Use]:
        return self._outside[client]

    def clients_outside(self) -> Collection[str]:
        return self._outside


def consumed(contracts: Contracts, uses: Iterable[Use]) -> list[Consumed]:
    """All of `deals` at once, from uses in any order."""
    return list(deals(contracts, _Together(uses)))


def deals(contracts: Contracts, uses: Uses) -> Iterator[Consumed]:
    """Every policy with quotas in the order contracted, then each client with tickets outside any policy under terms with
    quotas, in the order registered (rules 3; exchange.md, report consumption). One is dealt at a time."""
    for policy in contracts.all_policies():
        rules = contracts.rules(policy)
        if rules.provisions.consumption is not None:
            held = list(uses.of_policy(policy.id))
            visits = tuple(sorted(at for it in held for at in it.visits))
            client = policy.contracted.client
            yield Consumed(client, policy, rules, deal(held, rules, policy), visits, contracts.local(client))
    registered, outside = contracts.clients_in_order(), uses.clients_outside()
    for client in [*registered, *sorted(set(outside) - set(registered))]:
        if client in outside:
            held = list(uses.outside(client))
            without = min(held, key=lambda it: it.order).agreed.rules
            assert without is not None, "a use has rules"
            yield Consumed(client, None, without, deal(held, without, None), (), contracts.local(client))


def row(consumption: Consumed, at: int) -> dict[str, Any]:
    """One object of `report consumption`, judged at an instant (whole UTC seconds)."""
    policy, rules, dealt = consumption.policy, consumption.rules, consumption.deal
    quota = rules.quota(policy.tier) if policy is not None else None
    by_priority = {it: quota.by_priority.get(it, 0) if quota is not None else 0 for it in rules.provisions.values.priorities}
    used = {it: sum(one.priority == it for one in dealt.covered) for it in by_priority}
    return {
        "policy": policy.id if policy is not None else None,
        "client": consumption.client,
        "terms": rules.terms.id,
        "tier": policy.tier if policy is not None else None,
        "starts": policy.starts.isoformat() if policy is not None else None,
        "ends": policy.ends.isoformat() if policy is not None and policy.ends is not None else None,
        "state": state(policy, rules, len(dealt.covered), at),
        "tickets": _counter(quota.tickets if quota is not None else 0, len(dealt.covered)),
        "by_priority": {it: _counter(included, used[it]) for it, included in by_priority.items()},
        "onsite": _months(consumption, quota),
        "covered": [it.ticket for it in dealt.covered],
        "pay_per_event": [_paid_row(it) for it in dealt.pay_per_event],
        "benefits": _benefits(policy),
        "readings": _readings(rules, quota),
    }


def _counter(included: int, used: int) -> dict[str, int]:
    return {"included": included, "used": used, "remaining": max(0, included - used)}


def _paid_row(paid: PayPerEvent) -> dict[str, Any]:
    return {
        "ticket": paid.use.ticket,
        "reason": paid.reason,
        "price": paid.price,
        "discount_percent": paid.discount_percent,
        "to_be_quoted": paid.to_be_quoted,
        "clause": paid.clause,
    }


def _benefits(policy: Policy | None) -> list[dict[str, Any]]:
    delivered = policy.benefits if policy is not None else ()
    return [
        {
            "at": iso(epoch_seconds(it.at)),
            "benefit": it.benefit,
            "detail": None if it.detail is UNSET else it.detail,
        }
        for it in delivered
    ]


def _readings(rules: Rules, quota: Quota | None) -> dict[str, str]:
    """The readings on which a quota, its months or its prices hang."""
    consumption = rules.provisions.consumption
    assert consumption is not None, "consumption is reported under terms with quotas only"
    of_quota = (quota.clause, consumption.months_clause) if quota is not None else ()
    return rules.cited(tuple(it for it in (consumption.with_policy_clause, *of_quota) if it is not None))


def state(policy: Policy | None, rules: Rules, used: int, at: int) -> str:
    """The first that holds at an instant of not_started, cancelled, expired, exhausted, in_force; `none` without a policy."""
    if policy is None:
        return "none"
    day = rules.calendar.local_date(at)
    if day < policy.starts:
        return "not_started"
    if policy.cancelled is not None and policy.cancelled <= day:
        return "cancelled"
    if policy.ends is not None and policy.ends < day:
        return "expired"
    quota = rules.quota(policy.tier)
    return "exhausted" if quota is not None and used >= quota.tickets else "in_force"


def _months(consumption: Consumed, quota: Quota | None) -> list[dict[str, Any]]:
    """The months with on-site visits, by the local date a visit started (rules 3.4)."""
    policy, rules = consumption.policy, consumption.rules
    if policy is None or quota is None:
        return []
    terms = rules.provisions.consumption
    by_policy = terms is not None and terms.months == "policy"
    visits: dict[tuple[date, date], int] = {}
    for instant in consumption.visits:
        day = rules.calendar.local_date(instant)
        month = policy_month(policy.starts, day) if by_policy else calendar_month(day)
        visits[month] = visits.get(month, 0) + 1
    return [
        {
            "from": begins.isoformat(),
            "to": ends.isoformat(),
            "included": quota.onsite_a_month,
            "used": used,
            "foreign": not consumption.local,
        }
        for (begins, ends), used in sorted(visits.items())
    ]
