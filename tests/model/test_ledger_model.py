"""A real ledger against a model of it, the slow second implementation, driven by Hypothesis through whatever a desk may say.

After every step the book is dense; asked anything, ledger and model answer the same. More with BITACORA_EXAMPLES=500.
"""

import os
import shutil
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from adapters.ledger import Answer, Ledger, Refusal, Same
from adapters.reports.reports import Reports
from domain.exchange import entry_as_json
from projections.contracts import Question
from tests.given import Entry, authorized, cs_policy, did, gs_policy, opened, read, registered, said
from tests.oracle import reports as oracle
from tests.oracle.admission import Book
from tests.oracle.comparison import differing
from tests.oracle.terms import CHANNELS, FOLLOW_UPS, INCIDENT_TYPES, KINDS, PRIORITIES, READINGS
from tests.postgres_server import Databases
from tests.stores import Ledgers

EXAMPLES = int(os.environ.get("BITACORA_EXAMPLES", "20"))
REPORTS = ("sla", "unattended", "consumption", "billing")
MONDAY = datetime(2026, 3, 2, 6, tzinfo=UTC)
NOW = datetime(2027, 1, 1, tzinfo=UTC)

minutes = st.integers(0, 10 * 24 * 4).map(lambda quarter: quarter * 15)
"""Quarters of an hour over ten days: coarse, so that moments often meet."""
odd = st.sampled_from([0, 0, 0, 500_000])
moments = st.builds(lambda it, more: MONDAY + timedelta(minutes=it, microseconds=more), minutes, odd)
times = moments.map(lambda it: it.isoformat())
tickets = st.sampled_from([f"T{n}" for n in range(1, 5)])
clients = st.sampled_from(["gs", "cs"])
priorities = st.sampled_from([it for names in PRIORITIES.values() for it in names])
two_days = st.integers(0, 2 * 24 * 4).map(lambda quarter: MONDAY + timedelta(minutes=quarter * 15))
places = st.sampled_from(["remote", "onsite"])
hours = st.sampled_from([1, 1_800, 3_600, 30_000, 86_400])


def on(kind: str, /, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Entry]:
    """Something on some ticket at some time."""
    more = st.fixed_dictionaries(fields)
    return st.builds(lambda at, ticket, more: did(kind, at, ticket=ticket, **more), times, tickets, more)


def held(at: datetime, seconds: int, ticket: str, people: list[str], delivery: str) -> Entry:
    """A session that began then."""
    ended = (at + timedelta(seconds=seconds)).isoformat()
    consultants = [{"consultant": it} for it in people]
    fields = {"started": at.isoformat(), "ended": ended, "consultants": consultants, "delivery": delivery}
    return did("SessionHeld", ended, ticket=ticket, **fields)


def asked_for(at: datetime, ahead: int, seconds: int, ticket: str) -> Entry:
    """A window asked for that long ahead."""
    begins = at + timedelta(seconds=ahead)
    ends = begins + timedelta(seconds=seconds)
    fields = {"from_": begins.isoformat(), "to": ends.isoformat(), "message_id": "m"}
    return did("AfterHoursRequested", at.isoformat(), ticket=ticket, **fields)


reason = st.just("r")
openings = st.builds(
    lambda ticket, at, client, channel, priority, kind, incident_type: opened(
        ticket, at, client=client, channel=channel, priority=priority, kind=kind,
        **({"incident_type": incident_type} if incident_type else {}),
    ),
    tickets, times, clients, st.sampled_from(CHANNELS), priorities, st.sampled_from(KINDS),
    st.sampled_from([None, None, *INCIDENT_TYPES]),
)  # fmt: skip
work = st.one_of(
    on("Responded"),
    on("FollowedUp", kind=st.sampled_from(FOLLOW_UPS)),
    on("InformationRequested"),
    on("InformationReceived"),
    on("ContactAttempted", outcome=st.sampled_from(["unanswered", "answered"]), channel=st.just("phone")),
    on("OfficialRequestReceived", message_id=st.just("m")),
    on("PriorityChanged", priority=priorities, reason=reason),
    on("IncidentClassified", incident_type=st.sampled_from(INCIDENT_TYPES)),
    on("IncidentClassified", incident_type=st.just("maintenance"), budget_seconds=st.sampled_from([57_599, 57_600, 129_600])),
    on("Escalated", level=st.integers(1, 4), reason=reason, reference=st.just("MS-1")),
    on("ExtensionRequested", extra_seconds=st.sampled_from([1, 3_600, 36_000]), reason=reason),
    on("ExtensionAuthorized"),
    on("ExtensionDeclined"),
    on("ConsultantUnavailable"),
    on("ConsultantAvailable"),
    on("OperationStopDeclared"),
    on("TravelExpenseRecorded", amount=st.sampled_from(["0.01", "120.5"]), currency=st.just("MXN")),
    st.builds(held, moments, hours, tickets, st.sampled_from([["luis"], ["luis", "eva"]]), places),
    st.builds(asked_for, moments, st.sampled_from([0, 1, 3_600, 30_000]), hours, tickets),
)
endings = st.one_of(
    on("Resolved"),
    on("Resolved"),
    on("ResolutionValidated"),
    on("ResolutionRejected"),
    on("Closed", reason=st.sampled_from(["validated", "unresponsive", "withdrawn"])),
)
failures = st.sampled_from(["c1", "c2"])
contingencies = st.builds(
    lambda kind, at, failure, ticket, told: said(
        kind, at, contingency=failure,
        **({"ticket": ticket} if ticket else {}), **({"client_informed": told} if kind == "ContingencyDeclared" else {}),
    ),
    st.sampled_from(["ContingencyDeclared", "ContingencyDeclared", "ContingencyNotified", "ContingencyEnded"]),
    times, failures, st.none() | tickets, st.booleans(),
)  # fmt: skip
days = st.integers(0, 12).map(lambda it: (MONDAY + timedelta(days=it)).date().isoformat())
readings = st.fixed_dictionaries({}, optional={key: st.sampled_from(names) for key, names in READINGS.items()})


class LedgerAndModel(RuleBasedStateMachine):
    """A desk with a client under each of the built-in terms, whose contracts may be cancelled and replaced."""

    databases: Databases | None = None
    said_before = Bundle("said_before")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="bitacora-model-"))
        self.store = Ledgers(self.folder, self.databases)
        self.ledger = self.store.open("desk", create=True, clock=lambda: NOW)
        self.model = Book()
        self.copies = 0

    def teardown(self) -> None:
        self.ledger.close()
        self.store.close()
        shutil.rmtree(self.folder)

    # Saying something -----------------------------------------------------------------------------------------------

    @initialize(opened_at=st.lists(two_days, min_size=3, max_size=3), named=st.sampled_from(INCIDENT_TYPES))
    def two_clients_and_three_tickets(self, opened_at: list[datetime], named: str) -> None:
        for client, policy in (("gs", gs_policy("PG", client="gs")), ("cs", cs_policy("PC", client="cs"))):
            self.say(registered(client, local=client == "gs"), authorized(client=client), policy)
        first, second, third = (it.isoformat() for it in opened_at)
        self.say(opened("T1", first, client="gs", incident_type=named), opened("T2", second, client="cs", priority="P4"))
        self.say(opened("T3", third, client="gs", channel="phone", priority="critical"))

    def say(self, *entries: Entry) -> None:
        """To both, in one transaction; their answers are the same."""
        answers = self.ledger.record([read(it) for it in entries])
        for entry, answer in zip(entries, answers, strict=True):
            assert outcome(answer) == expected(self.model.offer(entry, NOW)), entry

    @rule(entry=openings)
    def open_a_ticket(self, entry: Entry) -> None:
        self.say(entry)

    @rule(entry=openings, old=tickets)
    def continue_a_ticket(self, entry: Entry, old: str) -> None:
        self.say(entry | {"continues": old})

    @rule(entry=work)
    def work_on_a_ticket(self, entry: Entry) -> None:
        self.say(entry)

    @rule(entries=st.lists(st.one_of(work, work, endings), min_size=3, max_size=10))
    def work_for_a_while(self, entries: list[Entry]) -> None:
        self.say(*sorted(entries, key=lambda it: it["at"]))

    @rule(entry=endings)
    def solve_or_close_a_ticket(self, entry: Entry) -> None:
        self.say(entry)

    @rule(entry=contingencies)
    def something_fails(self, entry: Entry) -> None:
        self.say(entry)

    @rule(policy=st.sampled_from(["PG", "PC"]), effective=days, at=times)
    def cancel_a_policy(self, policy: str, effective: str, at: str) -> None:
        self.say(said("PolicyCancelled", at, policy=policy, effective=effective))

    @rule(number=st.integers(1, 3), client=clients, starts=days, at=times, build=st.sampled_from([gs_policy, cs_policy]))
    def contract_another(self, number: int, client: str, starts: str, at: str, build: Any) -> None:
        self.say(build(f"P{number}", client=client, starts=starts, at=at))

    @rule(client=clients, person=st.sampled_from(["ana", "beto"]), at=times, given=st.booleans())
    def say_who_may_ask(self, client: str, person: str, at: str, given: bool) -> None:
        self.say(said("RequesterAuthorized" if given else "RequesterRevoked", at, client=client, person=person))

    @rule(back=st.integers(0, 25), at=times)
    def void_an_entry(self, back: int, at: str) -> None:
        self.say(said("EntryVoided", at, entry=self.ledger.head() - back, reason="r"))

    @rule(target=said_before, entry=st.one_of(openings, work), key=st.sampled_from(["k1", "k2", "k3"]))
    def say_under_a_key(self, entry: Entry, key: str) -> Any:
        self.say(entry | {"key": key})
        return multiple(entry | {"key": key})

    @rule(entry=consumes(said_before), other=st.booleans())
    def say_it_again(self, entry: Entry, other: bool) -> None:
        self.say(entry | {"by": "someone else"} if other else entry)

    # Asking ---------------------------------------------------------------------------------------------------------

    @rule(at=moments, back=st.none() | st.integers(0, 12), chosen=readings)
    def ask(self, at: datetime, back: int | None, chosen: dict[str, str]) -> None:
        known = None if back is None else max(2, self.ledger.head() - back)
        entries = self.exported()
        for name in REPORTS:
            wanted = getattr(oracle, name)(entries, at.isoformat(), known, chosen)
            assert list(differing(wanted, self.report(self.ledger, name, at, known, chosen), name)) == []

    @rule(at=moments, back=st.integers(0, 12), chosen=readings)
    def a_restored_export_reports_the_same_and_one_cut_short_what_was_known(
        self, at: datetime, back: int, chosen: dict[str, str]
    ) -> None:
        head = self.ledger.head()
        known = max(2, head - back)
        for upto, asked in ((head, None), (known, known)):
            with self.copy(upto) as copy:
                for name in REPORTS:
                    assert self.report(copy, name, at, None, chosen) == self.report(self.ledger, name, at, asked, chosen)

    def copy(self, upto: int) -> Ledger:
        """A ledger restored from the export up to a position."""
        self.copies += 1
        file, name = self.folder / f"{self.copies}.jsonl", str(self.copies)
        file.write_bytes(b"".join(msgspec.json.encode(it) + b"\n" for it in self.exported()[:upto]))
        assert self.store.restore(file, name, clock=lambda: NOW) == upto
        copy = self.store.open(name)
        assert [entry_as_json(it) for it in map(copy.unsealed().exported, copy.entries())] == self.exported()[:upto]
        return copy

    def report(self, ledger: Ledger, name: str, at: datetime, known: int | None, chosen: dict[str, str]) -> list[Entry]:
        return list(getattr(Reports(ledger, Question(at, known, chosen)), name)())

    def exported(self) -> list[Entry]:
        return [entry_as_json(it) for it in map(self.ledger.unsealed().exported, self.ledger.entries())]

    # Always ---------------------------------------------------------------------------------------------------------

    @invariant()
    def positions_and_versions_are_dense(self) -> None:
        entries = list(self.ledger.entries())
        assert [it.position for it in entries] == list(range(1, len(entries) + 1))
        versions: dict[str, int] = {}
        for entry in entries:
            versions[entry.stream] = versions.get(entry.stream, 0) + 1
            assert entry.version == versions[entry.stream]
        assert len({it.id for it in entries}) == len(entries)

    @invariant()
    def ledger_and_model_hold_the_same_entries(self) -> None:
        ours = [(it.stream, type(it.event).__name__) for it in self.ledger.entries()]
        model = [(it["stream"], it["type"]) for it in self.model.entries]
        assert sorted(ours[:2]) == sorted(model[:2])
        assert ours[2:] == model[2:]


def outcome(answer: Answer) -> tuple[Any, ...]:
    """What the ledger answered, as far as the model says it."""
    if isinstance(answer, Refusal):
        return "refused", answer.refused.code, answer.refused.clause
    return ("same", answer.position) if isinstance(answer, Same) else ("taken", len(answer.positions))


def expected(answer: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same of the model's answer."""
    if answer[0] == "refused":
        return "refused", answer[1], answer[3]
    return (answer[0], len(answer[1])) if answer[0] == "taken" else answer[:2]


class LedgerOnPostgreSQLAndModel(LedgerAndModel):
    """The same desk, kept in a database."""


@pytest.fixture(scope="module", autouse=True)
def a_server_for_the_second(databases: Databases) -> None:
    LedgerOnPostgreSQLAndModel.databases = databases


def as_tests(machine: type[LedgerAndModel], examples: int) -> Any:
    """The machine as a test case, with so many examples."""
    machine.TestCase.settings = settings(
        max_examples=examples, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    return machine.TestCase


TestLedgerAndModel = as_tests(LedgerAndModel, EXAMPLES)
# A database for every copy takes its time.
TestLedgerOnPostgreSQLAndModel = as_tests(LedgerOnPostgreSQLAndModel, max(EXAMPLES // 5, 1))
