"""An explained ticket, as `Reports.explain` gives it: the rules behind it, and the clauses it cites. It words nothing."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adapters.reports.reports import Reports
    from domain.terms import Rules

Explained = dict[str, Any]


def rules_of(explained: Explained, reports: "Reports") -> "Rules | None":
    """The rules that applied to the ticket: those its policy is bound to, or the newest of its terms before it, or None."""
    contracts = reports.contracts
    policy = next((it for it in contracts.all_policies() if it.id == explained["policy"]), None)
    if policy is not None:
        return contracts.rules(policy)
    opened = next(it["position"] for it in explained["entries"] if it["type"] == "TicketOpened")
    found = contracts.bound(explained["terms"], opened) if explained["terms"] is not None else None
    return found.under(reports.question.readings) if found is not None else None


def cited(explained: Explained) -> list[str]:
    """Every clause cited anywhere in the explanation, in the order met."""
    clauses: dict[str, None] = {}
    for name in ("response", "resolution"):
        clauses.update(dict.fromkeys(explained[name]["clauses"]))
        clauses.update((it["clause"], None) for it in explained[name]["segments"] if it["clause"])
    clauses.update((it["clause"], None) for it in explained["billing"] if it["clause"])
    consumption = explained["consumption"] or {"pay_per_event": []}
    clauses.update((it["clause"], None) for it in consumption["pay_per_event"] if it["ticket"] == explained["ticket"])
    return list(clauses)
