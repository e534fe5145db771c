"""On which unclear clauses the outcome hangs: every other reading, each alone, held against the readings in force.

One pass over the tickets judges them once as asked, and again only under a reading that can bear on them. What hangs on two
readings together is not told: that is a what-if.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from domain.agreement import Agreement
from domain.events import TermsPublished
from domain.terms import Terms, terms_from
from domain.terms_document import Reading
from projections import billing, consumption, sla
from projections.billing import Charge
from projections.clocks import Assessment, Clock, assess
from projections.consumption import Consumed, Use, consumed, use
from projections.contracts import Contracts, Question
from projections.history import Facts, facts
from replay.as_of import Focus, Named, Totals, policy_of
from replay.bearing import FOR_DEALS, Parts, differing_agreements, differing_rules, on_charges, on_clocks
from replay.hanging import Hangs, Otherwise, Verdicts


class _Alternative:
    """One reading tried: what applies under it, and the uses of the tickets for which that changes a deal."""

    def __init__(self, outcome: Otherwise, base: Contracts, shared: Sequence[Named], terms: frozenset[str]) -> None:
        asked = base.question
        readings = {**asked.readings, outcome.key: outcome.option}
        self.outcome, self.terms = outcome, terms
        self.contracts = Contracts(Question(asked.at, asked.known, readings), shared)
        self.uses: dict[str, Use | None] = {}
        # The agreements are kept along with their parts: an id is only good while its object lives.
        self._parts: dict[tuple[int, int], tuple[Agreement, Agreement, Parts]] = {}

    def parts(self, one: Agreement, other: Agreement) -> Parts:
        found = self._parts.get((id(one), id(other)))
        if found is None:
            found = self._parts[id(one), id(other)] = (one, other, differing_agreements(one, other))
        return found[2]


class Matrix:
    """The readings matrix of a question. `shared` are the streams of clients, policies, terms and the desk; `tickets` all
    that are dealt together with those looked at, one by one. Raises UnknownReading for a reading that no terms have."""

    def __init__(self, question: Question, shared: Sequence[Named], tickets: Iterable[Named], focus: Focus) -> None:
        self.focus, self._tickets = focus, tickets
        self._base = Contracts(question, shared)
        self._published = _published(question, shared)
        self._uses: list[Use] = []
        self.totals = Totals()
        self._clauses = list(self._list(shared))
        self._alternatives = [it for _, tried in self._clauses for it in tried]
        self._of_client: dict[str, list[_Alternative]] = {}

    def hangs(self) -> list[Hangs]:
        """Every unclear clause with its other readings, in the order the terms list them. `totals` are then complete."""
        for _, recorded in self._tickets:
            found = facts(self._base.question.counted(recorded))
            if found is not None:
                self._judge(found)
        dealt = consumed(self._base, self._uses)
        for one in dealt:
            self.totals.deal(one, self.focus)
        for it in self._alternatives:
            self._deal(it, dealt)
        return [clause for clause, _ in self._clauses]

    def _list(self, shared: Sequence[Named]) -> Iterator[tuple[Hangs, list[_Alternative]]]:
        for terms, key, reading in _unclear(self._published):
            chosen = self._base.question.readings.get(key, reading.default)
            tried, not_tried = [], []
            for option in reading.options:
                bearing = self._bearing(key, option)
                if option != chosen and bearing is None:
                    not_tried.append(option)
                elif option != chosen and bearing is not None:
                    tried.append(_Alternative(Otherwise(terms, key, reading, option), self._base, shared, bearing))
            outcomes = [it.outcome for it in tried]
            only = bool(tried) and not any(it.terms for it in tried)
            yield Hangs(terms, key, reading, chosen, only, outcomes, not_tried), tried

    def _bearing(self, key: str, option: str) -> frozenset[str] | None:
        """The terms on whose accounts an option can bear; None if some version has the reading without it."""
        found = set()
        readings = self._base.question.readings
        for terms in self._published:
            reading = terms.about.readings.get(key)
            if reading is not None and option not in reading.options:
                return None
            if reading is not None and differing_rules(terms.under(readings), terms.under({**readings, key: option})):
                found.add(terms)
        return frozenset(name for name, versions in _by_name(self._published).items() if found.intersection(versions))

    # Tickets --------------------------------------------------------------------------------------------------------

    def _judge(self, found: Facts) -> None:
        base = self._base
        agreed = base.agreement(found)
        judged = assess(found, agreed, base.everyone, base.question.at_seconds)
        charged = billing.charges(found, agreed)
        if (used := use(found, agreed)) is not None:
            self._uses.append(used)
        opening = found.opening
        if within := self.focus.on(opening.client, (policy_of(agreed),), opening.ticket):
            self._count(judged, charged)
        for it in self._live(opening.client):
            other = it.contracts.agreement(found)
            parts = it.parts(agreed, other)
            if not parts:
                continue
            if parts & FOR_DEALS and (used is not None or other.rules is not agreed.rules):
                it.uses[opening.ticket] = use(found, other)
            if within or self.focus.on(opening.client, (policy_of(other),), opening.ticket):
                self._again(it.outcome, parts, judged, charged, other)

    def _again(self, outcome: Otherwise, parts: Parts, judged: Assessment, charged: list[Charge], other: Agreement) -> None:
        """Judges a ticket again, as far as the parts that differ can bear on it."""
        found, base = judged.facts, self._base
        if on_clocks(parts, found, judged.agreed, other, base.everyone):
            again = assess(found, other, base.everyone, base.question.at_seconds)
            outcome.figures += _figures(judged) != _figures(again)
            verdicts, others = _verdicts(judged), _verdicts(again)
            if verdicts != others:
                outcome.verdicts.append(Verdicts(found.opening.ticket, verdicts, others))
        if on_charges(parts, found):
            _bill(outcome, charged, billing.charges(found, other))

    def _count(self, judged: Assessment, charged: list[Charge]) -> None:
        self.totals.tickets += 1
        response, resolution = _verdicts(judged)
        self.totals.response_breached += response == "breached"
        self.totals.resolution_breached += resolution == "breached"
        for charge in charged:
            self.totals.charge(charge)

    def _live(self, client: str) -> list[_Alternative]:
        """The readings that can bear on a client's tickets: those of terms under which one can stand."""
        if client not in self._of_client:
            known = self._base.clients.get(client)
            names = {it.contracted.terms for it in self._base.policies.get(client, ())}
            if known is not None and known.registered is not None and isinstance(known.registered.terms, str):
                names.add(known.registered.terms)
            self._of_client[client] = [it for it in self._alternatives if it.terms & names]
        return self._of_client[client]

    # Deals ----------------------------------------------------------------------------------------------------------

    def _deal(self, it: _Alternative, dealt: Sequence[Consumed]) -> None:
        """Deals the tickets again under a reading that can bear on a deal."""
        rules = [(self._base.rules(one), it.contracts.rules(one)) for one in self._base.all_policies()]
        if not it.uses and not any(differing_rules(*pair) & FOR_DEALS for pair in rules):
            return
        kept = [one for one in self._uses if one.ticket not in it.uses]
        again = consumed(it.contracts, [*kept, *(one for one in it.uses.values() if one is not None)])
        outcome, focus = it.outcome, self.focus
        covered, others = _covered(dealt, focus), _covered(again, focus)
        outcome.covered = [ticket for ticket in others if ticket not in covered]
        outcome.no_longer_covered = [ticket for ticket in covered if ticket not in others]
        _bill(outcome, _per_event(dealt, focus), _per_event(again, focus))
        at = self._base.question.at_seconds
        rows, other_rows = _rows(dealt, at, focus), _rows(again, at, focus)
        changed = [key for key in {**rows, **other_rows} if rows.get(key) != other_rows.get(key)]
        outcome.policies = [policy for _, policy in changed]


def _published(question: Question, shared: Iterable[Named]) -> list[Terms]:
    """Every version of every terms known, in the order published."""
    found = [
        (it.position, terms_from(it.event.document))
        for name, recorded in shared
        if name.startswith("terms:")
        for it in recorded
        if isinstance(it.event, TermsPublished) and (question.known is None or it.position <= question.known)
    ]
    return [terms for _, terms in sorted(found, key=lambda it: it[0])]


def _by_name(published: Iterable[Terms]) -> dict[str, list[Terms]]:
    found: dict[str, list[Terms]] = {}
    for terms in published:
        found.setdefault(terms.id, []).append(terms)
    return found


def _unclear(published: Sequence[Terms]) -> Iterator[tuple[str, str, Reading]]:
    """Every reading, once, as the newest version that has it words it: terms in the order first published."""
    newest = {key: (terms.id, reading) for terms in published for key, reading in terms.about.readings.items()}
    for name in _by_name(published):
        yield from ((name, key, reading) for key, (owner, reading) in newest.items() if owner == name)


def _verdicts(judged: Assessment) -> tuple[str, str]:
    return judged.response.verdict, judged.resolution.verdict


def _figures(judged: Assessment) -> tuple[Any, ...]:
    """All that the row of a ticket says and that a reading can change, but for what it cites."""
    rules = judged.agreed.rules
    return (
        policy_of(judged.agreed), rules.terms.id if rules is not None else None, judged.official,
        sla.stops_operation(judged), _clock(judged.response), _clock(judged.resolution),
    )  # fmt: skip


def _clock(it: Clock) -> tuple[Any, ...]:
    return (
        it.verdict, it.target, it.earliest, it.started, it.due, it.stopped, it.elapsed, it.paused, it.overrun,
    )  # fmt: skip


def _bill(outcome: Otherwise, before: Iterable[Charge], after: Iterable[Charge]) -> None:
    """Adds the difference between two bills of the same things."""
    rows = {(it.entry, it.kind): it for it in before}
    others = {(it.entry, it.kind): it for it in after}
    for key in {**rows, **others}:
        one, other = rows.get(key), others.get(key)
        if one != other:
            outcome.billed += 1
            if one is not None:
                outcome.money.charge(one, -1)
            if other is not None:
                outcome.money.charge(other)


def _covered(dealt: Iterable[Consumed], focus: Focus) -> dict[str, None]:
    return {
        use.ticket: None
        for one in dealt
        for use in one.deal.covered
        if focus.on(one.client, (one.policy.id if one.policy is not None else None,), use.ticket)
    }


def _per_event(dealt: Iterable[Consumed], focus: Focus) -> list[Charge]:
    rows = (row for one in dealt for row in billing.per_event(one.deal))
    return [it for it in rows if focus.on(it.client, (it.policy,), it.ticket)]


def _rows(dealt: Iterable[Consumed], at: int, focus: Focus) -> Mapping[tuple[str, str | None], dict[str, Any]]:
    found = {}
    for one in dealt:
        policy = one.policy.id if one.policy is not None else None
        if focus.ticket is None and focus.on(one.client, (policy,), None):
            row = consumption.row(one, at)
            found[one.client, policy] = {name: value for name, value in row.items() if name != "readings"}
    return found
