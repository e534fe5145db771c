"""Gathers a statement: asks the reports about one client and one month, for one question, and keeps what belongs to the month.

Every figure is one of `adapters.reports`. Everything comes from one state of the ledger, that of the position known when it
begins. Nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from adapters.ledger import Ledger
from adapters.mapper import NotPossible
from adapters.personal.unsealing import Unsealed
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.statement.counting import CLOCKS, Quota, Row, counter
from adapters.statement.month import Month, Span, policies_in, span_of
from domain.events import ClientRegistered, TicketOpened
from domain.exchange import entry_as_json
from domain.policy import Policy
from domain.refusal import said
from domain.terms import Rules
from projections.contracts import Contracts, Question

_INSTANT = timedelta(microseconds=1)


class Asked(Struct, frozen=True):
    """What a statement is about. `at` is aware; `known` a position, None for everything."""

    client: str
    month: Month
    at: datetime
    known: int | None
    readings: dict[str, str]


class Used(Struct, frozen=True):
    """One row of `report consumption` as of the month: its counters, and of its lists what falls into the month."""

    row: Row
    tickets: Quota
    by_priority: Mapping[str, Quota]
    paid: Sequence[Row]
    visits: Sequence[Row]
    benefits: Sequence[Row]


class Cited(Struct, frozen=True):
    """Terms, in one version, that figures of the month rest on: the clauses cited and the readings used."""

    rules: Rules
    clauses: Sequence[str]
    readings: Mapping[str, str]


class Statement(Struct, frozen=True, kw_only=True):
    """All that a statement says. `opened` and `before` are rows of `report sla`: tickets opened in the month, and those from
    before; `unattended` rows of that report, `bill` of `report billing`. By ticket: `subjects`, and `paid`, why it is paid per
    event; by position: `entries`, those that are charged for. `registered` is the client's, its name in plain."""

    question: Question
    month: Month
    span: Span
    registered: ClientRegistered
    policies: Sequence[tuple[Policy, Rules]]
    priorities: Sequence[str]
    opened: Sequence[Row]
    before: Sequence[Row]
    unattended: Sequence[Row]
    used: Sequence[Used]
    bill: Sequence[Row]
    subjects: Mapping[str, str]
    entries: Mapping[int, Row]
    paid: Mapping[str, Row]
    cited: Sequence[Cited]

    def unattended_among(self, rows: Iterable[Row]) -> int:
        """How many of these tickets are unattended at the moment judged."""
        alone = {it["ticket"] for it in self.unattended}
        return sum(it["ticket"] in alone for it in rows)

    @property
    def is_over(self) -> bool:
        """Whether the month had ended at the moment judged."""
        return self.span.until <= self.question.at


def gather(ledger: Ledger, asked: Asked) -> Statement:
    """The statement of a client for a month.

    NotFound if there is no such client, UnknownReading for a reading that no terms have, LedgerError if the month had not
    begun at the moment judged."""
    head = ledger.head()
    known = head if asked.known is None else min(asked.known, head)
    return _Gathering(ledger, asked, Question(asked.at, known, asked.readings)).statement()


class _Gathering:
    def __init__(self, ledger: Ledger, asked: Asked, question: Question) -> None:
        self._ledger, self._question, self._client = ledger, question, asked.client
        self._month = asked.month
        self._contracts: Contracts = self._reports().contracts
        self._span = span_of(asked.month, self._contracts, asked.client)
        if question.at < self._span.since:
            raise NotPossible(said("{month} had not begun at the moment judged"), month=str(asked.month))
        self._unsealed: Unsealed = ledger.unsealed()

    def _reports(
        self, question: Question | None = None, *, since: datetime | None = None, until: datetime | None = None
    ) -> Reports:
        selected = Selection(client=self._client, since=since, until=until)
        return Reports(self._ledger, question or self._question, selected)

    def _judged(self, at: datetime) -> Question:
        """The same question, judged at another moment."""
        return Question(at, self._question.known, self._question.readings)

    def statement(self) -> Statement:
        span, contracts = self._span, self._contracts
        registered = contracts.clients[self._client].registered if self._client in contracts.clients else None
        if registered is None:
            raise NotFound("client", self._client)
        told = self._unsealed.event(registered)
        assert isinstance(told, ClientRegistered), "unsealing keeps the type"
        bill = list(self._reports(since=span.since, until=span.until).billing())
        opened, before, later = self._tickets({it["ticket"] for it in bill})
        rows = {it["ticket"]: it for it in (*opened, *before)}
        used = self._used({it["ticket"]: it["priority"] for it in opened}, later)
        subjects, entries, places = self._told(rows, {it["entry"] for it in bill})
        policies = [(it, contracts.rules(it)) for it in policies_in(self._month, contracts, self._client)]
        cited = self._cited(rows, places, bill, used)
        paid = {it["ticket"]: it for one in used for it in one.paid}
        every = [*(rules for _, rules in policies), *(it.rules for it in cited)]
        return Statement(
            question=self._question,
            month=self._month,
            span=span,
            registered=told,
            policies=policies,
            priorities=list(dict.fromkeys(it for rules in every for it in rules.provisions.values.priorities)),
            opened=opened,
            before=before,
            unattended=[it for it in self._reports(until=span.until).unattended() if it["ticket"] in rows],
            used=used,
            bill=bill,
            subjects=subjects,
            entries=entries,
            paid=paid,
            cited=cited,
        )

    # Tickets --------------------------------------------------------------------------------------------------------

    def _tickets(self, billed: set[str]) -> tuple[list[Row], list[Row], dict[str, str]]:
        """Those opened in the month; those from before, or charged for in it; and the priorities of those opened after it."""
        from_before = self._from_before() | billed
        opened: list[Row] = []
        before: list[Row] = []
        later: dict[str, str] = {}
        for row in self._reports().sla():
            at = datetime.fromisoformat(row["opened_at"])
            if self._span.covers(at):
                opened.append(row)
                continue
            if at >= self._span.until:
                later[row["ticket"]] = row["priority"]
            # Also one opened later may be charged for: its session may have begun before it.
            if row["ticket"] in from_before:
                before.append(row)
        return opened, before, later

    def _from_before(self) -> set[str]:
        """Those open when the month began, and those resolved by then and not closed to which something happened in it."""
        then = {
            it["ticket"]: it
            for it in self._reports(self._judged(self._span.since - _INSTANT)).sla()
            if it["status"] != "closed"
        }
        resolved = {ticket for ticket, row in then.items() if row["status"] == "resolved"}
        if not resolved:
            return set(then)
        end = min(self._question.at, self._span.until - _INSTANT)
        still = {it["ticket"] for it in self._reports(self._judged(end)).sla() if it == then.get(it["ticket"])}
        return set(then) - (resolved & still)

    def _told(self, rows: Mapping[str, Row], charged: set[int]) -> tuple[dict[str, str], dict[int, Row], dict[str, int]]:
        """The subjects of tickets, the entries that are charged for, and the positions of the openings."""
        subjects: dict[str, str] = {}
        entries: dict[int, Row] = {}
        places: dict[str, int] = {}
        for _, recorded in self._ledger.streams_named([f"ticket:{it}" for it in rows]):
            for entry in recorded:
                if isinstance(entry.event, TicketOpened):
                    subjects[entry.event.ticket] = self._unsealed.text(entry.event.subject)
                    places[entry.event.ticket] = entry.position
                if entry.position in charged:
                    entries[entry.position] = entry_as_json(self._unsealed.entry(entry))
        return subjects, entries, places

    # Quota ----------------------------------------------------------------------------------------------------------

    def _used(self, opened: Mapping[str, str], later: Mapping[str, str]) -> list[Used]:
        """The consumption of the policies of the month; that outside any policy only if the month has tickets of it."""
        found = self._reports(since=self._span.since, until=self._span.until).consumption()
        used = [self._of_month(it, opened, later) for it in found]
        return [it for it in used if it.row["policy"] is not None or it.paid]

    def _of_month(self, row: Row, opened: Mapping[str, str], later: Mapping[str, str]) -> Used:
        month = [opened[it] for it in row["covered"] if it in opened]
        after = [later[it] for it in row["covered"] if it in later]
        end = self._span.until - _INSTANT
        first, last = (it.astimezone(self._span.place()).date().isoformat() for it in (self._span.since, end))
        return Used(
            row,
            counter(row["tickets"], len(month), len(after)),
            {name: counter(it, month.count(name), after.count(name)) for name, it in row["by_priority"].items()},
            [it for it in row["pay_per_event"] if it["ticket"] in opened],
            [it for it in row["onsite"] if it["from"] <= last and first <= it["to"]],
            [it for it in row["benefits"] if self._span.covers(datetime.fromisoformat(it["at"]))],
        )

    # Clauses and readings -------------------------------------------------------------------------------------------

    def _cited(
        self, rows: Mapping[str, Row], places: Mapping[str, int], bill: Iterable[Row], used: Iterable[Used]
    ) -> list[Cited]:
        """For each version of terms met, the clauses cited by a verdict, a charge or a deal, and every reading they hang on."""
        shelf = _Shelf()
        of_ticket = {ticket: self._rules(row, places[ticket]) for ticket, row in rows.items()}
        for ticket, row in rows.items():
            for clock in CLOCKS:
                shelf.cite(of_ticket[ticket], row[clock]["clauses"], row[clock]["readings"])
        for charge in bill:
            shelf.cite(of_ticket[charge["ticket"]], [charge["clause"]] if charge["clause"] else [], {})
        policies = {it.id: it for it in self._contracts.all_policies()}
        for one in used:
            if one.row["policy"] is not None:
                shelf.cite(self._contracts.rules(policies[one.row["policy"]]), [], one.row["readings"])
            for paid in one.paid:
                shelf.cite(of_ticket[paid["ticket"]], [paid["clause"]], {})
        return shelf.cited()

    def _rules(self, row: Row, place: int) -> Rules | None:
        """The rules that applied to a ticket whose opening stands at that position."""
        if row["policy"] is not None:
            return self._contracts.rules(next(it for it in self._contracts.policies[self._client] if it.id == row["policy"]))
        terms = self._contracts.bound(row["terms"], place) if row["terms"] is not None else None
        return terms.under(self._question.readings) if terms is not None else None


class _Shelf:
    """Clauses and readings by the version of the terms they are of, in the order met."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[Rules, dict[str, None], dict[str, str]]] = {}

    def cite(self, rules: Rules | None, clauses: Iterable[str], readings: Mapping[str, str]) -> None:
        if rules is not None:
            _, named, read = self._met.setdefault(rules.terms.digest, (rules, {}, {}))
            named.update(dict.fromkeys(clauses))
            read.update(readings)

    def cited(self) -> list[Cited]:
        return [
            Cited(rules, sorted(named, key=_natural), {**rules.cited(tuple(named)), **read})
            for rules, named, read in self._met.values()
        ]


def _natural(clause: str) -> list[tuple[int, int, str]]:
    """Clauses in the order a reader expects: gs.2 before gs.10."""
    return [(0, int(it), "") if it.isdigit() else (1, 0, it) for it in clause.split(".")]
