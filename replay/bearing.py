"""Where a reading can bear on a ticket at all: what of two agreements differs, and whether it could touch this ticket.

It errs to one side only: where it says no, judging again would change nothing; a test holds that against judging everything.
"""

from collections.abc import Sequence

from msgspec import structs

from domain.agreement import Agreement
from domain.rules import ClockRule, Provisions, Suspension
from domain.terms import Rules
from projections.aims import official_request
from projections.history import Facts
from projections.spans import Span

Parts = frozenset[str]
"""Names of the fields of Provisions that differ; `agreement` where another policy applies, or other prices."""

_FOR_RECORDING_ONLY = ("closing", "escalation")
_NOT_FOR_CLOCKS = frozenset({"consumption", "billing", "unattended"})
_FOR_CHARGES = frozenset({"agreement", "calendar", "billing", "after_hours"})
FOR_DEALS = frozenset({"agreement", "calendar", "billing", "consumption", "values"})


def differing_rules(one: Rules, other: Rules) -> Parts:
    """The parts of provisions in which two rules differ and on which an account can rest."""
    if one is other:
        return frozenset()
    names = [it for it in Provisions.__struct_fields__ if it not in _FOR_RECORDING_ONLY]
    return frozenset(it for it in names if getattr(one.provisions, it) != getattr(other.provisions, it))


def differing_agreements(one: Agreement, other: Agreement) -> Parts:
    """The parts in which what applies to a ticket differs."""
    if one is other:
        return frozenset()
    if one.rules is None or other.rules is None:
        return frozenset() if one.rules is other.rules else frozenset({"agreement"})
    found = set(differing_rules(one.rules, other.rules))
    if one.calendar != other.calendar:
        found.add("calendar")
    if (one.policy, one.prices, one.local, one.lapsed) != (other.policy, other.prices, other.local, other.lapsed):
        found.add("agreement")
    if one.rules.terms is not other.rules.terms:
        found.add("agreement")
    return frozenset(found)


def on_charges(parts: Parts, facts: Facts) -> bool:
    """Whether the ticket's own rows of the bill can come out otherwise."""
    return bool(parts & _FOR_CHARGES) and bool(facts.charged or facts.sessions or facts.travel)


def on_clocks(parts: Parts, facts: Facts, one: Agreement, other: Agreement, everyone: Sequence[Span]) -> bool:
    """Whether the ticket's clocks can come out otherwise."""
    left = parts - _NOT_FOR_CLOCKS
    if not left or one.rules is None or other.rules is None:
        return bool(left)
    bears = {
        "requests": lambda p, q: official_request(facts, p) != official_request(facts, q),
        "response": lambda p, q: _on_clock(p.response, q.response, facts, one, other, everyone),
        "resolution": lambda p, q: _on_clock(p.resolution, q.resolution, facts, one, other, everyone),
        "suspensions": lambda p, q: _spans(_other_suspensions(p, q), facts, everyone),
        "extensions": lambda p, q: bool(facts.extensions),
        "after_hours": lambda p, q: bool(facts.windows),
    }
    provisions = one.rules.provisions, other.rules.provisions
    return any(it not in bears or bears[it](*provisions) for it in left)


def _other_suspensions(one: Provisions, other: Provisions) -> set[Suspension]:
    kinds = {*one.suspensions, *other.suspensions}
    return {it for it in kinds if one.suspensions.get(it) != other.suspensions.get(it)}


def _on_clock(
    one: ClockRule, other: ClockRule, facts: Facts, agreed: Agreement, otherwise: Agreement, everyone: Sequence[Span]
) -> bool:
    """Whether any target that the ticket ever had is another, or suspended by something that happened to it."""
    if one == other:
        return False
    if structs.replace(one, targets=()) != structs.replace(other, targets=()):
        return True
    assert agreed.rules is not None and otherwise.rules is not None, "both have rules"
    types = {None, *(it for _, it, _ in facts.classified)}
    for priority in {facts.opening.priority, *(it for _, it in facts.priorities)}:
        for incident_type in types:
            ticket = priority, facts.opening.kind, incident_type, agreed.policy is not None
            had, has = agreed.rules.target(one, *ticket), otherwise.rules.target(other, *ticket)
            if had == has:
                continue
            if had is None or has is None or structs.replace(had, suspended_by=has.suspended_by) != has:
                return True
            if _spans({*had.suspended_by} ^ {*has.suspended_by}, facts, everyone):
                return True
    return False


def _spans(kinds: set[Suspension], facts: Facts, everyone: Sequence[Span]) -> bool:
    """Whether a ticket has any span of these kinds; the vendor's come of its escalations."""
    if "vendor" in kinds and facts.escalations:
        return True
    if "contingency" in kinds and everyone:
        return True
    return any(it.kind in kinds for it in facts.spans)
