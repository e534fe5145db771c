"""The reports: reads the ledger for a question and a selection, and yields the rows of exchange.md in their stated order.

All arithmetic is in `projections`; here it is only decided which streams to read. Rows that must be put in order wait in a
temporary file, so that memory does not grow with the ledger.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from adapters.personal.unsealing import Unsealed
from adapters.reports.readable import Readable
from adapters.reports.waiting import Waiting, WaitingRow, WaitingUse, row_waiting, use_waiting
from domain.calendar import Calendar
from domain.events import Entry, PolicyContracted, TicketOpened
from domain.exchange import entry_as_json
from domain.policy import Policy
from domain.time_base import epoch_seconds
from projections import billing, consumption, sla, timeline, unattended
from projections.accounts import Account, account, bill, charged, use_of
from projections.billing import Charge
from projections.consumption import Consumed
from projections.contracts import Contracts, Question
from projections.unattended import Unattended

ReportName = Literal["sla", "unattended", "consumption", "billing"]
_TICKETS_AT_ONCE = 100
_EXPLAINED = ("ticket", "response", "resolution")
"""Of a row of `report sla`, what `explain` says itself."""


class Selection(Struct, frozen=True):
    """What a report is about: everything, or one client, policy or ticket; and, half-open, when: tickets opened, rows of the
    bill, policies in force within [since, until)."""

    client: str | None = None
    policy: str | None = None
    ticket: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether a moment lies within the selected time."""
        return (self.since is None or self.since <= moment) and (self.until is None or moment < self.until)


class NotFound(LookupError):
    """A selected client, policy or ticket that the ledger does not hold: `field` and `value` name it."""

    def __init__(self, field: str, value: str) -> None:
        super().__init__(f"{field} {value}")
        self.field, self.value = field, value


class Found(NamedTuple):
    """What some tickets come to for a report: figures only, in a form that another process may send."""

    rows: list[WaitingRow]
    uses: list[WaitingUse]
    unattended: list[Unattended]


class Reports:
    """The reports of one ledger for one question and selection."""

    def __init__(
        self, ledger: Readable, question: Question, selection: Selection | None = None, *, shown: Unsealed | None = None
    ) -> None:
        """`shown` is how personal texts are shown: with the keys there are, unless told otherwise."""
        self.ledger = ledger
        self._shown = shown
        self.question = question
        self.known = question.known
        self.selection = selection or Selection()

    def sla(self) -> Iterator[dict[str, Any]]:
        """`report sla`: one row per ticket, in the order opened."""
        with closing(Waiting(self.contracts)) as waiting:
            for found in self.parts("sla"):
                waiting.add(found.rows)
            yield from waiting.rows()

    def unattended(self) -> list[dict[str, Any]]:
        """`report unattended`: longest first."""
        return unattended.rows(it for found in self.parts("unattended") for it in found.unattended)

    def consumption(self) -> Iterator[dict[str, Any]]:
        """`report consumption`: policies in the order contracted, then clients without one in the order registered."""
        unsealed = self._shown or self.ledger.unsealed()
        with closing(Waiting(self.contracts)) as waiting:
            for found in self.parts("consumption"):
                waiting.add(uses=found.uses)
            for it in consumption.deals(self.contracts, waiting):
                if self._selects_consumption(it):
                    yield unsealed.consumption(consumption.row(it, self.question.at_seconds))

    def billing(self) -> Iterator[dict[str, Any]]:
        """`report billing`: the rows of the bill in order of `at`, then position."""
        with closing(Waiting(self.contracts)) as waiting:
            for found in self.parts("billing"):
                waiting.add(found.rows, found.uses)
            for it in consumption.deals(self.contracts, waiting):
                waiting.add(self._billed(billing.per_event(it.deal)))
            yield from waiting.rows()

    def explain(self, ticket: str) -> dict[str, Any]:
        """`explain`: one ticket with its entries, both clocks in segments, its bill and its policy's consumption."""
        recorded = self.ledger.stream(f"ticket:{ticket}")
        found = account(recorded, self.contracts)
        if found is None:
            raise NotFound("ticket", ticket)
        dealt = self._consumption_of(found)
        known = self.question.known
        unsealed = self._shown or self.ledger.unsealed()
        return {
            "ticket": ticket,
            "entries": [entry_as_json(unsealed.entry(it)) for it in recorded if known is None or it.position <= known],
            **{key: value for key, value in sla.row(found.assessment).items() if key not in _EXPLAINED},
            "response": timeline.clock_explained(found.assessment, found.assessment.response),
            "resolution": timeline.clock_explained(found.assessment, found.assessment.resolution),
            "billing": [billing.row(it) for it in bill(found.charges, dealt) if it.ticket == ticket],
            "consumption": unsealed.consumption(consumption.row(dealt[0], self.question.at_seconds)) if dealt else None,
        }

    # Which streams to read -----------------------------------------------------------------------------------------

    @cached_property
    def contracts(self) -> Contracts:
        """Clients, policies, terms and the desk for this question: all, or those that the selection can touch."""
        client = self.client
        if client is None:
            return Contracts(self.question, self._streams("terms", "client", "policy", "desk"))
        names = [f"client:{client}", *(it for it in self.ledger.streams_of(client) if it.startswith("policy:")), "desk"]
        return Contracts(self.question, [*self._streams("terms"), *self.ledger.streams_named(names)])

    @cached_property
    def client(self) -> str | None:
        """The client that the selection narrows the reading to, None for all."""
        selection = self.selection
        client = selection.client
        for field, value, begins in (
            ("ticket", selection.ticket, TicketOpened),
            ("policy", selection.policy, PolicyContracted),
        ):
            if value is not None:
                first = next((it.event for it in self.ledger.stream(f"{field}:{value}")), None)
                if not isinstance(first, TicketOpened | PolicyContracted) or not isinstance(first, begins):
                    raise NotFound(field, value)
                client = client or first.client
        if selection.client is not None and not self.ledger.stream(f"client:{selection.client}"):
            raise NotFound("client", selection.client)
        return client

    def _streams(self, *kinds: str) -> Iterator[tuple[str, Sequence[Entry]]]:
        for kind in kinds:
            yield from self.ledger.streams(kind, self.known)

    def _ticket_streams(self) -> Iterator[tuple[str, Sequence[Entry]]]:
        """The streams of the tickets selected."""
        if self.selection.ticket is not None:
            _ = self.client
            name = f"ticket:{self.selection.ticket}"
            yield name, self.ledger.stream(name)
        else:
            yield from self._dealt_streams()

    def _dealt_streams(self) -> Iterator[tuple[str, Sequence[Entry]]]:
        """The streams of the tickets dealt together with those selected: a whole client's, or all."""
        client = self.client
        if client is None:
            yield from self.ledger.streams("ticket", self.known)
        else:
            yield from self.ledger.streams_named([it for it in self.ledger.streams_of(client) if it.startswith("ticket:")])

    def _consumption_of(self, found: Account) -> list[Consumed]:
        """The consumption that one ticket is part of; none under terms without quotas."""
        if found.use is None:
            return []
        uses = (it for _, recorded in self._dealt_streams() if (it := use_of(recorded, self.contracts)) is not None)
        policy = found.assessment.agreed.policy
        dealt = consumption.consumed(self.contracts, uses)
        return [it for it in dealt if (it.policy.id if it.policy else None) == (policy.id if policy else None)]

    # What becomes of many tickets ------------------------------------------------------------------------------------

    def parts(self, report: ReportName) -> Iterator[Found]:
        """What all tickets that a report reads come to for it, a part at a time, in any order."""
        streams = iter(self._ticket_streams() if report in ("sla", "unattended") else self._dealt_streams())
        while together := list(islice(streams, _TICKETS_AT_ONCE)):
            yield self.found(report, together)

    def found(self, report: ReportName, streams: Iterable[tuple[str, Sequence[Entry]]]) -> Found:
        """What the tickets of these streams come to for a report."""
        found = Found([], [], [])
        for _, recorded in streams:
            if report in ("sla", "unattended"):
                self._judge(recorded, report, found)
            else:
                self._charge(recorded, report, found)
        return found

    def _judge(self, recorded: Sequence[Entry], report: ReportName, found: Found) -> None:
        it = account(recorded, self.contracts)
        if it is None or not self._selects(it) or not self.selection.covers(it.assessment.facts.opening.at):
            return
        facts = it.assessment.facts
        if report == "sla":
            found.rows.append(row_waiting(facts.opening.at, facts.entry.position, sla.row(it.assessment)))
        elif (left := unattended.unattended(it.assessment)) is not None:
            found.unattended.append(left)

    def _charge(self, recorded: Sequence[Entry], report: ReportName, found: Found) -> None:
        charges, use = charged(recorded, self.contracts)
        if use is not None:
            found.uses.append(use_waiting(use))
        if report == "billing":
            found.rows.extend(self._billed(charges))

    # What is selected ----------------------------------------------------------------------------------------------

    def _selects(self, it: Account) -> bool:
        policy = it.assessment.agreed.policy
        opening = it.assessment.facts.opening
        return self._matches(opening.client, policy.id if policy is not None else None, opening.ticket)

    def _matches(self, client: str, policy: str | None, ticket: str | None) -> bool:
        selection = self.selection
        return (
            selection.client in (None, client)
            and selection.policy in (None, policy)
            and (selection.ticket is None or selection.ticket == ticket)
        )

    def _selects_consumption(self, it: Consumed) -> bool:
        held = [use.ticket for use in it.deal.covered] + [paid.use.ticket for paid in it.deal.pay_per_event]
        ticket = self.selection.ticket
        policy = it.policy
        if policy is not None and not self._meets(policy, it.rules.calendar):
            return False
        return self._matches(it.client, policy.id if policy else None, ticket if ticket in held else None)

    def _meets(self, policy: Policy, calendar: Calendar) -> bool:
        """Whether a day of the policy, in the zone of its terms, meets the selected time."""
        since, until = self.selection.since, self.selection.until
        if until is not None and calendar.local_date(epoch_seconds(until - timedelta(microseconds=1))) < policy.starts:
            return False
        return since is None or policy.last_day is None or calendar.local_date(epoch_seconds(since)) <= policy.last_day

    def _billed(self, charges: Iterable[Charge]) -> Iterator[WaitingRow]:
        for it in charges:
            if self.selection.covers(it.at) and self._matches(it.client, it.policy, it.ticket):
                yield row_waiting(it.at, it.entry, billing.row(it))
