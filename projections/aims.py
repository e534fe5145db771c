"""What a ticket's clock runs towards, and from when: the target its properties choose, and the moment its request is official.

Only what the terms say of such a ticket; what ran, and whether that was enough, is for `clocks`.
"""

from functools import lru_cache
from typing import Literal

from msgspec import Struct, structs

from domain.rules import Provisions, Seconds, Target
from domain.terms import Rules
from projections.history import Facts


class Aim(Struct, frozen=True, gc=False):
    """What a clock runs towards: its target, in plain seconds, and what is cited when nothing moved it."""

    target: Target
    seconds: int
    earliest: int | None
    clauses: tuple[str, ...]
    readings: dict[str, str]


@lru_cache(maxsize=4096)
def aim_of(
    rules: Rules, rule_name: Literal["response", "resolution"], priority: str, kind: str, incident_type: str | None,
    has_policy: bool, budget: int | None,
) -> Aim | None:  # fmt: skip
    """The aim of tickets with these properties; None if no target matches. Tickets are many, such combinations few."""
    rule = rules.provisions.response if rule_name == "response" else rules.provisions.resolution
    target = rules.target(rule, priority, kind, incident_type, has_policy)
    if target is None:
        return None
    if budget is not None and target.least is not None and target.most is not None and target.least <= budget <= target.most:
        target = budgeted(target, budget)
    clauses = (target.clause,) if target.base == "clock" else (target.clause, rules.provisions.calendar.clause)
    earliest = None if target.earliest is None else int(target.earliest)
    return Aim(target, int(target.within), earliest, clauses, rules.cited(clauses))


def budgeted(target: Target, budget: int) -> Target:
    """The target with the figure budgeted at classification in the place of the range's."""
    return structs.replace(target, within=Seconds(budget))


def official_request(facts: Facts, provisions: Provisions) -> tuple[int | None, tuple[str, ...]]:
    """When the request became official (None: not yet) and the clauses that moved that moment (gs.3, rules 2.2)."""
    requests, opening = provisions.requests, facts.opening
    if requests.official_channels is None or opening.channel in requests.official_channels:
        return facts.opened, ()
    if facts.official is None:
        return None, ()
    by_mail = max(facts.opened, facts.official.instant)
    by_call = requests.by_call
    cited = (requests.clause,) if requests.clause is not None else ()
    if by_call is not None and (opening.channel, opening.priority) == (by_call.channel, by_call.priority):
        cited = (by_call.clause,) if by_call.from_opening else (by_call.clause, *cited)
        if by_call.from_opening:
            return facts.opened, cited if by_mail > facts.opened else ()
    return by_mail, cited if by_mail > facts.opened else ()
