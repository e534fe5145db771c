"""Two views of one ledger held against each other: every verdict, consumption and bill row that differs, and why.

Tickets pass one by one and are judged twice only where something that sets the views apart can bear on them; of a ticket under
quotas only its `Use` is kept. What the views are, two states of knowledge or a what-if, is the case's affair.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from domain.events import Entry
from projections.accounts import Account
from projections.consumption import Consumed, Use, consumed
from replay.as_of import Focus, Named, Totals, View, policy_of
from replay.case import Case, SharedStreams, Tickets
from replay.causes import Attributed, Cause, Figures, RowId, attribute, differing
from replay.figures import deal_figures, own_figures

_BEGINNINGS = ("TicketOpened", "PolicyContracted")
_VIEWS_KEPT = 256


class Changed(Struct, frozen=True):
    """A row that differs: it `appeared`, is `gone` or is `changed`. `fields` hold what it said before and says now (None also
    where there is no row); `order` is when its ticket was opened, or the policy contracted, with the position."""

    row: RowId
    change: Literal["appeared", "gone", "changed"]
    fields: Mapping[str, tuple[Any, Any]]
    causes: Sequence[Attributed]
    order: tuple[datetime, int]

    def as_row(self) -> dict[str, Any]:
        """The change ready for JSON."""
        row = self.row
        return {
            "report": row.report,
            "client": row.client,
            "ticket": row.ticket,
            **({"policy": row.policy} if row.ticket is None else {}),
            **({"entry": row.entry, "kind": row.kind} if row.report == "billing" else {}),
            "change": self.change,
            "fields": {name: {"before": before, "after": after} for name, (before, after) in self.fields.items()},
            "causes": [it.as_row() for it in self.causes],
        }


class Comparison:
    """The two views of a case. `shared` are the streams of clients, policies, terms and the desk that they need.

    `before` and `after` are their totals, complete once `changes` has been read to its end."""

    def __init__(self, case: Case, shared: Sequence[Named], tickets: Tickets, focus: Focus) -> None:
        self.case, self.tickets, self.focus = case, tickets, focus
        self.before, self.after = Totals(), Totals()
        self._views = View(*case.before, shared), View(*case.after, shared)
        self._shared = SharedStreams(shared, case)
        self._without: dict[tuple[frozenset[Cause], str], View] = {}
        self._uses: tuple[list[Use], list[Use]] = ([], [])

    def changes(self) -> Iterator[Changed]:
        """Every row that differs: of each ticket its verdicts and its own charges, as tickets come; then, client by client,
        consumption and what is paid per event."""
        for name, recorded in self.tickets.all():
            yield from self._of_ticket(name, recorded)
        dealt = consumed(self._views[0].contracts, self._uses[0]), consumed(self._views[1].contracts, self._uses[1])
        for totals, held in zip((self.before, self.after), dealt, strict=True):
            for one in held:
                totals.deal(one, self.focus)
        clients = list(dict.fromkeys(it.client for it in [*dealt[0], *dealt[1]]))
        by_client = _by_client(dealt[0]), _by_client(dealt[1])
        for client in clients:
            yield from self._of_client(client, by_client[0].get(client, []), by_client[1].get(client, []))

    # Tickets by themselves ------------------------------------------------------------------------------------------

    def _of_ticket(self, name: str, recorded: Sequence[Entry]) -> Iterator[Changed]:
        one, other = self._views
        client = self._client_of(name, recorded)
        causes = self._bearing(name, recorded, client)
        after = other.account(name, recorded)
        before = one.account(name, recorded) if causes else after
        for found, uses in zip((before, after), self._uses, strict=True):
            if found is not None and found.use is not None:
                uses.append(found.use)
        if not self._count(before, after) or not causes:
            return
        figures = own_figures(before), own_figures(after)
        changed = differing(*figures)
        if changed:
            order = _opened(before or after)

            def without(left_out: Collection[Cause]) -> Figures:
                return own_figures(self.view_without(left_out, client).account(name, recorded))

            told = attribute(changed, _decisive(causes, changed, figures), figures[1], without)
            present = {row for row, _ in figures[0]}, {row for row, _ in figures[1]}
            for row, fields in changed.items():
                yield _changed(row, fields, figures, present, told.get(row, []), order)

    def _count(self, before: Account | None, after: Account | None) -> bool:
        """Adds a ticket to the totals; whether it is looked at at all, in either view."""
        looked_at = False
        for found, totals in ((before, self.before), (after, self.after)):
            if found is not None:
                opening = found.assessment.facts.opening
                if self.focus.on(opening.client, (policy_of(found.assessment.agreed),), opening.ticket):
                    totals.count(found)
                    looked_at = True
        return looked_at

    def _client_of(self, name: str, recorded: Sequence[Entry]) -> str:
        first = next(iter(recorded), None) or next(iter(self._views[1].lens.entries(name, recorded)), None)
        client: str = getattr(first.event, "client", "") if first is not None else ""
        return client

    def _bearing(self, name: str, recorded: Sequence[Entry], client: str) -> list[Cause]:
        """The causes that can bear on a ticket of a client."""
        return [*self.case.causes_in(name, recorded), *self.shared_causes(client)]

    def shared_causes(self, client: str) -> list[Cause]:
        """The causes that can bear on all tickets of a client."""
        return [*self.case.everywhere, *self._shared.causes(client)]

    def view_without(self, causes: Collection[Cause], client: str) -> View:
        """The second view with causes left out, as far as this client's tickets go."""
        seen = self.case.after_without(causes)
        shared = frozenset(it for it in causes if it.is_shared)
        if not shared:
            return self._views[1].through(*seen)
        found = self._without.get((shared, client))
        if found is None:
            if len(self._without) >= _VIEWS_KEPT:
                self._without.clear()
            found = self._without[shared, client] = View(*seen, self._shared.of(client))
        return found.through(*seen)

    # Consumption ----------------------------------------------------------------------------------------------------

    def _of_client(self, client: str, before: list[Consumed], after: list[Consumed]) -> Iterator[Changed]:
        at = self._views[0].question.at_seconds, self._views[1].question.at_seconds
        figures = deal_figures(before, at[0]), deal_figures(after, at[1])
        found = differing(*figures)
        changed = {row: fields for row, fields in found.items() if self._shows(row, figures)}
        if not changed:
            return
        told: dict[RowId, list[Attributed]] = {}
        present = {row for row, _ in figures[0]}, {row for row, _ in figures[1]}
        for rows in _apart(changed, present):
            beginning = self._beginning(rows) if len(rows) == 1 else None
            if beginning is not None:
                told |= attribute(rows, [beginning], figures[1], lambda _: {})
            else:
                deal = _Deal(self, client, after)
                told |= attribute(rows, deal.candidates(), figures[1], deal.without)
        orders = _orders([*before, *after])
        for row, fields in changed.items():
            order = orders[row.ticket if row.ticket is not None else (row.policy,)]
            yield _changed(row, fields, figures, present, told.get(row, []), order)

    def _beginning(self, rows: Mapping[RowId, Any]) -> Cause | None:
        """What began, or removed, the ticket or policy of a row that is in one view only, where that sets the views apart."""
        row = next(iter(rows))
        if row.ticket is not None:
            name = f"ticket:{row.ticket}"
            causes = self.case.causes_in(name, self.tickets.one(name))
        else:
            causes = [it for it in self._shared.causes(row.client) if it.stream == f"policy:{row.policy}"]
        return next((it for it in causes if it.type in _BEGINNINGS), None)

    def _shows(self, row: RowId, figures: tuple[Figures, Figures]) -> bool:
        if row.ticket is None:
            return self.focus.on(row.client, (row.policy,), None)
        dealt = RowId("consumption", row.client, row.ticket), "policy"
        return self.focus.on(row.client, [it[dealt] for it in figures if dealt in it], row.ticket)


class _Deal:
    """The second view's deal of one client's tickets, and what it would be with causes left out."""

    def __init__(self, comparison: Comparison, client: str, after: Iterable[Consumed]) -> None:
        self._comparison, self._client = comparison, client
        held = [*(it.deal.covered for it in after), *((paid.use for paid in it.deal.pay_per_event) for it in after)]
        self._uses = {f"ticket:{use.ticket}": use for uses in held for use in uses}

    def candidates(self) -> list[Cause]:
        """The causes that can move this deal: whatever concerns the client, and of its tickets what moves one's use, alone or
        together with others that do not move it alone."""
        compared = self._comparison
        found = compared.shared_causes(self._client)
        for name, recorded in compared.tickets.of(self._client):
            causes = compared.case.causes_in(name, recorded)
            moving = [it for it in causes if self._moves([it], name, recorded)]
            others = [it for it in causes if it not in moving]
            found += moving
            if len(others) > 1 and self._moves(others, name, recorded):
                found += others
        return found

    def _moves(self, causes: Collection[Cause], name: str, recorded: Sequence[Entry]) -> bool:
        """Whether the use of a ticket is another with causes left out."""
        without = self._comparison.view_without(causes, self._client).use(name, recorded)
        return _content(without) != _content(self._uses.get(name))

    def without(self, causes: Collection[Cause]) -> Figures:
        """The figures of the deal with causes left out."""
        view = self._comparison.view_without(causes, self._client)
        tickets = self._comparison.tickets
        uses: dict[str, Use | None] = dict(self._uses)
        if any(it.is_shared for it in causes):
            uses = {name: view.use(name, recorded) for name, recorded in tickets.of(self._client)}
        else:
            uses.update({name: view.use(name, tickets.one(name)) for it in causes if (name := it.stream) is not None})
        kept = [it for it in uses.values() if it is not None]
        dealt = [it for it in consumed(view.contracts, kept) if it.client == self._client]
        return deal_figures(dealt, view.question.at_seconds)


def _content(use: Use | None) -> tuple[Any, ...] | None:
    if use is None:
        return None
    return use.order, use.priority, use.onsite, use.visits, use.quoted_minutes


def _by_client(held: Iterable[Consumed]) -> dict[str, list[Consumed]]:
    found: dict[str, list[Consumed]] = {}
    for one in held:
        found.setdefault(one.client, []).append(one)
    return found


def _orders(held: Iterable[Consumed]) -> dict[Any, tuple[datetime, int]]:
    """Where tickets, and (under their id in a tuple) policies, stand in order; a client without one after them all."""
    orders: dict[Any, tuple[datetime, int]] = {}
    for one in held:
        uses = [*one.deal.covered, *(it.use for it in one.deal.pay_per_event)]
        orders.update({it.ticket: it.order for it in uses})
        last = max((it.order for it in uses), default=None)
        key = (one.policy.id if one.policy is not None else None,)
        order = one.policy.order if one.policy is not None else last
        if order is not None:
            orders[key] = order
    return orders


def _opened(found: Account | None) -> tuple[datetime, int]:
    assert found is not None, "a changed ticket counts in one of the views"
    return found.assessment.facts.opening.at, found.assessment.facts.entry.position


def _decisive(causes: list[Cause], changed: Mapping[RowId, Any], figures: tuple[Figures, Figures]) -> list[Cause]:
    """For a ticket that is in one view only: what began or removed it, where that is what sets the views apart."""
    opening = [it for it in causes if it.type == "TicketOpened" and not it.is_shared]
    return opening if opening and not (figures[0] and figures[1]) else causes


Present = tuple[set[RowId], set[RowId]]


def _apart(changed: Mapping[RowId, list[str]], present: Present) -> Iterator[dict[RowId, list[str]]]:
    """The rows in one view only, one by one; then all others together."""
    rest = {}
    for row, fields in changed.items():
        if row in present[0] and row in present[1]:
            rest[row] = fields
        else:
            yield {row: fields}
    if rest:
        yield rest


def _changed(
    row: RowId, fields: Sequence[str], figures: tuple[Figures, Figures], present: Present, causes: Sequence[Attributed],
    order: tuple[datetime, int],
) -> Changed:  # fmt: skip
    change: Literal["appeared", "gone", "changed"] = "changed"
    if row not in present[0] or row not in present[1]:
        change = "appeared" if row in present[1] else "gone"
    values = {it: (figures[0].get((row, it)), figures[1].get((row, it))) for it in fields}
    return Changed(row, change, values, causes, order)
