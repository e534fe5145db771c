"""Quotas, pay per event, visits and benefits (rules 3).

Prices are looked up here; what they amount to is the business of billing.
"""

from calendar import monthrange
from datetime import date, timedelta

from .history import History, Policy, Ticket
from .terms import BENEFITS, CS, PRIORITIES, QUOTAS, VISITS_A_MONTH
from .times import show

NO_QUOTAS = (0, dict.fromkeys(PRIORITIES[CS], 0), 0)


def quotas_of(policy: Policy | None, readings: dict) -> tuple[int, dict[str, int], int]:
    """Total, quota by priority, discount in percent."""
    if policy is None:
        return NO_QUOTAS
    included, by_priority, percent = QUOTAS[policy.tier]
    if policy.tier == "intermediate" and readings["cs.4.2"] == "14-events":
        included = 14
    return included, by_priority, percent


def deal(policy: Policy | None, tickets: list[Ticket], readings: dict) -> tuple[dict, list, list]:
    """Used by priority, covered tickets, and the others with the reason, in the order opened (3.2)."""
    included, by_priority, _ = quotas_of(policy, readings)
    used = dict.fromkeys(PRIORITIES[CS], 0)
    covered, per_event = [], []
    for ticket in tickets:
        priority = ticket.priority_before(None)
        quota, taken = by_priority.get(priority, 0), used.get(priority, 0)
        shared = readings["cs.4"] == "transfer"
        if policy is None:
            per_event.append((ticket, "expired" if ticket.over else "no_policy"))
        elif quota == 0:
            per_event.append((ticket, "priority_not_included"))
        elif len(covered) >= included:
            per_event.append((ticket, "exhausted"))
        elif taken >= quota and not shared:
            per_event.append((ticket, "priority_exhausted"))
        else:
            covered.append(ticket)
            used[priority] += 1
    return used, covered, per_event


def on_site(ticket: Ticket) -> bool:
    """Whether a ticket is on-site: by its channel or by a counted session."""
    visits = [e for e in ticket.of_type("SessionHeld") if e["delivery"] == "onsite"]
    return ticket.opening["channel"] == "onsite" or bool(visits)


def charge(ticket: Ticket, reason: str) -> dict:
    """A pay-per-event ticket as the report lists it (3.3)."""
    quoted = on_site(ticket) and not ticket.local
    percent = quotas_of(ticket.policy, ticket.readings)[2]
    if ticket.readings["cs.5"] == "list-price":
        percent = 0
    prices = (ticket.prices or {}).get("per_event") or {}
    clause = "cs.5" if ticket.policy else "cs.6.1"
    return {
        "ticket": ticket.id,
        "reason": reason,
        "price": None if quoted else prices.get(ticket.priority_before(None)),
        "discount_percent": percent,
        "to_be_quoted": quoted,
        "clause": "cs.6" if quoted else clause,
    }


def groups(history: History) -> list[tuple[Policy | None, str, list[Ticket]]]:
    """Each policy with quotas, then each client with tickets outside any, with the tickets dealt."""
    found: list[tuple[Policy | None, str, list[Ticket]]] = [
        (policy, policy.client, [t for t in history.tickets if t.policy is policy])
        for policy in history.policies
        if policy.terms == CS
    ]
    loose = [t for t in history.tickets if t.policy is None and t.terms == CS]
    # A client whose registration does not count yet has no place in the order registered: it comes last.
    for client in dict.fromkeys([*history.clients, *(t.client_id for t in loose)]):
        theirs = [t for t in loose if t.client_id == client]
        if theirs:
            found.append((None, client, theirs))
    return found


def objects(history: History) -> list[dict]:
    """Every object of `report consumption`."""
    return [_object(history, *group) for group in groups(history)]


def _object(history: History, policy: Policy | None, client: str, tickets: list[Ticket]) -> dict:
    included, by_priority, _ = quotas_of(policy, history.readings)
    used, covered, per_event = deal(policy, tickets, history.readings)
    return {
        "policy": policy.id if policy else None,
        "client": client,
        "terms": CS,
        "tier": policy.tier if policy else None,
        "starts": policy.starts.isoformat() if policy else None,
        "ends": policy.ends.isoformat() if policy and policy.ends else None,
        "state": _state(history, policy, len(covered) >= included),
        "tickets": _three(included, len(covered)),
        "by_priority": {p: _three(by_priority[p], used[p]) for p in PRIORITIES[CS]},
        "onsite": _visits(history, policy, tickets) if policy else [],
        "covered": [ticket.id for ticket in covered],
        "pay_per_event": [charge(*item) for item in per_event],
        "benefits": _benefits(history, policy),
        "readings": _readings(history, policy),
    }


def _three(included: int, used: int) -> dict:
    return {"included": included, "used": used, "remaining": max(0, included - used)}


def _state(history: History, policy: Policy | None, used_up: bool) -> str:
    if policy is None:
        return "none"
    day = history.today(policy.zone)
    if day < policy.starts:
        return "not_started"
    if policy.effective and policy.effective <= day:
        return "cancelled"
    if policy.ends and policy.ends < day:
        return "expired"
    return "exhausted" if used_up else "in_force"


def _benefits(history: History, policy: Policy | None) -> list[dict]:
    return [
        {"at": show(e.second), "benefit": e["benefit"], "detail": e.get("detail")}
        for e in history.of_type("BenefitDelivered")
        if policy and e["policy"] == policy.id and e["benefit"] in BENEFITS
    ]


def _readings(history: History, policy: Policy | None) -> dict:
    keys = ["cs.4", "cs.4.2", "cs.4.4", "cs.5"] if policy else []
    if policy and policy.tier != "intermediate":
        keys.remove("cs.4.2")
    return {key: history.readings[key] for key in keys}


def months_after(start: date, months: int) -> date:
    """The same day some months on, clamped to the length of that month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, monthrange(year, month + 1)[1]))


def _visits(history: History, policy: Policy, tickets: list[Ticket]) -> list[dict]:
    first = policy.starts if history.readings["cs.4.4"] == "policy-month" else policy.starts.replace(day=1)
    counts: dict[int, int] = {}
    foreign = any(not ticket.local for ticket in tickets)
    for ticket in tickets:
        for session in ticket.of_type("SessionHeld"):
            if session["delivery"] == "onsite":
                day = policy.day(session.instant("started"))
                month = (day.year - first.year) * 12 + day.month - first.month
                if day < months_after(first, month):
                    month -= 1
                counts[month] = counts.get(month, 0) + 1
    return [
        {
            "from": months_after(first, month).isoformat(),
            "to": (months_after(first, month + 1) - timedelta(days=1)).isoformat(),
            "included": VISITS_A_MONTH,
            "used": counts[month],
            "foreign": foreign,
        }
        for month in sorted(counts)
    ]
