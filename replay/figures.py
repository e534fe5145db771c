"""Accounts as figures that can be held against each other, row by row and field by field.

The rows are those of the reports; which readings a row mentions is left out, being what was asked and not what came out.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from projections import billing, consumption, sla
from projections.accounts import Account
from projections.billing import Charge
from projections.consumption import Consumed, Use
from replay.causes import Figures, RowId

_NAMES = frozenset({"readings", "ticket", "client"})
_SAID_BY_TICKET = frozenset({"covered", "pay_per_event", "policy"})


def own_figures(found: Account | None) -> Figures:
    """What a ticket comes to by itself: its row of `report sla` and its own rows of the bill; nothing if it does not count."""
    if found is None:
        return {}
    opening = found.assessment.facts.opening
    row = RowId("sla", opening.client, opening.ticket)
    figures: Figures = {(row, name): value for name, value in _flat(sla.row(found.assessment))}
    figures.update(_charged(found.charges))
    return figures


def deal_figures(consumed: Iterable[Consumed], at: int) -> Figures:
    """What policies, and clients without one, come to at an instant (whole UTC seconds): their rows of `report consumption`,
    and for each ticket dealt how it was, with its pay-per-event row of the bill."""
    figures: Figures = {}
    for one in consumed:
        policy = one.policy.id if one.policy is not None else None
        own = RowId("consumption", one.client, None, policy)
        shown = {key: value for key, value in consumption.row(one, at).items() if key not in _SAID_BY_TICKET}
        figures.update({(own, name): value for name, value in _flat(shown)})
        figures.update(_dealt(one, policy))
        figures.update(_charged(billing.per_event(one.deal)))
    return figures


def _dealt(one: Consumed, policy: str | None) -> Figures:
    figures: Figures = {}

    def told(use: Use, **values: object) -> None:
        row = RowId("consumption", use.client, use.ticket)
        figures.update({(row, name): value for name, value in {"policy": policy, **values}.items()})

    for use in one.deal.covered:
        told(use, covered=True)
    for paid in one.deal.pay_per_event:
        told(
            paid.use, covered=False, reason=paid.reason, price=paid.price, discount_percent=paid.discount_percent,
            to_be_quoted=paid.to_be_quoted, clause=paid.clause,
        )  # fmt: skip
    return figures


def _charged(charges: Iterable[Charge]) -> Figures:
    return {
        (RowId("billing", it.client, it.ticket, None, it.entry, it.kind), name): value
        for it in charges
        for name, value in _flat(billing.row(it))
        if name not in ("entry", "kind")
    }


def _flat(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if name in _NAMES:
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value
