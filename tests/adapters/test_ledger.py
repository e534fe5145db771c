from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.ledger import Ledger, Refusal, Same, Taken
from domain.events import RequestRefused, TermsPublished
from domain.refusal import Refused
from tests.adapters.given import AUTHORIZED, CONTRACTED, DESK, REGISTERED, export, followed_up, opened, read
from tests.stores import Ledgers

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that shows what it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger(store: Ledgers, clock: Clock) -> Iterator[Ledger]:
    with store.open(create=True, clock=clock) as ledger:
        yield ledger


def test_a_new_ledger_begins_with_the_built_in_terms(ledger: Ledger) -> None:
    first = list(ledger.entries())
    assert [it.position for it in first] == [1, 2]
    assert all(isinstance(it.event, TermsPublished) for it in first)
    assert [it.stream for it in first] == ["terms:grupo-staff", "terms:customsoft"]
    assert {it.recorded_at for it in first} == {NOON}


def test_positions_are_dense_and_versions_count_in_each_stream(ledger: Ledger) -> None:
    answers = ledger.record(read(*DESK, opened("T-1"), followed_up("T-1"), opened("T-2"), followed_up("T-1", 5)))
    assert [it.position for it in answers] == [3, 4, 5, 6, 7, 8, 9]
    entries = list(ledger.entries(after=2))
    assert [(it.stream, it.version) for it in entries] == [
        ("client:acme", 1), ("client:acme", 2), ("policy:P-1", 1),
        ("ticket:T-1", 1), ("ticket:T-1", 2), ("ticket:T-2", 1), ("ticket:T-1", 3),
    ]  # fmt: skip
    assert [it.version for it in ledger.stream("ticket:T-1")] == [1, 2, 3]


def test_a_refusal_is_answered_and_the_rest_of_the_batch_is_recorded(ledger: Ledger) -> None:
    answers = ledger.record(read(*DESK, followed_up("T-unknown"), opened("T-1")))
    assert [type(it) for it in answers] == [Taken, Taken, Taken, Refusal, Taken]
    assert answers[3].refused.code == "reference" and answers[3].position is None
    assert ledger.head() == 6


def test_a_line_refused_by_its_shape_passes_through(ledger: Ledger) -> None:
    proposed = read({"type": "Nonsense", "at": "2026-01-05T08:00:00Z"})
    (answer,) = ledger.record(proposed)
    assert isinstance(answer, Refusal) and answer.refused is proposed[0]


def test_a_continuing_ticket_brings_an_entry_on_the_old_one(ledger: Ledger) -> None:
    closed = {"type": "Closed", "at": "2026-03-02T11:00:00-06:00", "ticket": "T-1", "reason": "withdrawn"}
    continued = opened("T-2", at="2026-03-03T09:00:00-06:00", continues="T-1")
    *_, answer = ledger.record(read(*DESK, opened("T-1"), closed, continued))
    assert answer == Taken(9, (8, 9))
    assert ledger.stream("ticket:T-1")[-1].event.new_ticket == "T-2"


class TestKeys:
    def test_the_same_key_and_content_is_recorded_once(self, ledger: Ledger) -> None:
        (first,) = ledger.record(read(REGISTERED | {"key": "k"}))
        assert ledger.record(read(REGISTERED | {"key": "k"})) == [Same(first.position)]
        assert ledger.head() == 3

    def test_times_are_compared_as_instants(self, ledger: Ledger) -> None:
        ledger.record(read(REGISTERED | {"key": "k"}))
        assert ledger.record(read(REGISTERED | {"key": "k", "at": "2026-01-05T14:00:00.000Z"})) == [Same(3)]

    def test_the_same_key_within_one_batch_is_recorded_once(self, ledger: Ledger) -> None:
        answers = ledger.record(read(REGISTERED | {"key": "k"}, REGISTERED | {"key": "k"}, AUTHORIZED | {"key": "k"}))
        assert answers[:2] == [Taken(3, (3,)), Same(3)]
        assert answers[2].refused.code == "key"

    def test_another_content_under_a_known_key_is_refused_naming_the_key(self, ledger: Ledger) -> None:
        ledger.record(read(REGISTERED | {"key": "k"}))
        (answer,) = ledger.record(read(AUTHORIZED | {"key": "k"}))
        assert isinstance(answer, Refusal)
        assert (answer.refused.code, answer.refused.field, answer.position) == ("key", "key", None)

    def test_a_key_is_looked_up_before_the_shape_of_its_line_is_refused(self, ledger: Ledger) -> None:
        ledger.record(read(REGISTERED | {"key": "k"}))
        (answer,) = ledger.record(read(REGISTERED | {"key": "k", "surname": "x"}))
        assert isinstance(answer, Refusal) and answer.refused.code == "key"

    def test_a_refused_entry_keeps_no_key(self, ledger: Ledger) -> None:
        ledger.record(read(opened("T-1", key="k")))
        assert [type(it) for it in ledger.record(read(*DESK, opened("T-1", key="k")))] == [Taken] * 4

    def test_a_request_turned_away_is_recorded_once_and_answered_again_the_same(self, ledger: Ledger) -> None:
        stranger = opened("T-1", requester="zoe", key="k")
        *_, first = ledger.record(read(*DESK, stranger))
        assert isinstance(first, Refusal) and first.refused.clause == "gs.1.1" and first.position == 6
        (again,) = ledger.record(read(stranger))
        assert isinstance(again, Refusal)
        assert (again.refused.code, again.refused.clause, again.position) == ("clauses", "gs.1.1", 6)
        assert str(again.refused) == str(first.refused)
        assert ledger.head() == 6

    def test_a_turned_away_request_does_not_take_the_ticket_id(self, ledger: Ledger) -> None:
        answers = ledger.record(read(*DESK, opened("T-1", requester="zoe", key="k"), opened("T-1")))
        assert isinstance(answers[-1], Taken)

    def test_a_turned_away_request_keeps_its_key_from_other_content(self, ledger: Ledger) -> None:
        ledger.record(read(*DESK, opened("T-1", requester="zoe", key="k")))
        (answer,) = ledger.record(read(opened("T-1", key="k")))
        assert isinstance(answer, Refusal) and answer.refused.code == "key"


class TestTime:
    def test_transaction_time_never_steps_back(self, ledger: Ledger, clock: Clock) -> None:
        ledger.record(read(REGISTERED))
        clock.now = NOON - timedelta(hours=1)
        ledger.record(read(AUTHORIZED))
        assert [it.recorded_at for it in ledger.entries(after=2)] == [NOON, NOON]

    def test_a_moment_leads_to_the_last_position_recorded_by_then(self, ledger: Ledger, clock: Clock) -> None:
        for number, line in enumerate((REGISTERED, AUTHORIZED, CONTRACTED), 1):
            clock.now = NOON + timedelta(minutes=number)
            ledger.record(read(line))
        second = timedelta(microseconds=1)
        assert ledger.position_at(NOON - second) == 0
        assert ledger.position_at(NOON) == 2
        assert [ledger.position_at(NOON + timedelta(minutes=it) - second) for it in (1, 2, 3)] == [2, 3, 4]
        assert [ledger.position_at(NOON + timedelta(minutes=it)) for it in (1, 2, 3, 99)] == [3, 4, 5, 5]

    def test_what_lies_ahead_of_the_clock_is_refused(self, ledger: Ledger, clock: Clock) -> None:
        (answer,) = ledger.record(read(REGISTERED | {"at": "2026-06-01T12:05:01Z"}))
        assert isinstance(answer, Refusal) and answer.refused.code == "time"


class TestReading:
    def test_an_entry_is_found_by_position_key_and_id(self, ledger: Ledger) -> None:
        ledger.record(read(REGISTERED | {"key": "k"}, AUTHORIZED))
        registered, authorized = ledger.entries(after=2)
        assert ledger.entry(3) == ledger.entry("k") == ledger.entry(registered.id) == registered
        assert ledger.entry(authorized.id) == authorized
        assert ledger.entry(0) is ledger.entry(99) is ledger.entry(-1) is ledger.entry(2**63) is None
        assert ledger.entry("nothing") is ledger.entry(str(UUID(int=5 << 80))) is None

    def test_ids_are_version_8_uuids_and_differ(self, ledger: Ledger) -> None:
        ledger.record(read(*DESK))
        ids = [UUID(it.id) for it in ledger.entries()]
        assert len(set(ids)) == 5 and {it.version for it in ids} == {8}

    def test_streams_of_a_kind_come_by_name_each_with_all_its_entries(self, ledger: Ledger) -> None:
        lines = [opened(f"T-{number % 50:03d}") if number < 50 else followed_up(f"T-{number % 50:03d}", number // 50)
                 for number in range(4_000)]  # fmt: skip
        ledger.record(read(*DESK, *lines))
        streams = list(ledger.streams("ticket"))
        assert [name for name, _ in streams] == [f"ticket:T-{number:03d}" for number in range(50)]
        assert all([it.version for it in entries] == list(range(1, 81)) for _, entries in streams)
        assert [name for name, _ in ledger.streams("terms")] == ["terms:customsoft", "terms:grupo-staff"]
        assert list(ledger.streams("desk")) == []

    def test_the_desk_is_a_kind_of_its_own(self, ledger: Ledger) -> None:
        declared = {"type": "ContingencyDeclared", "at": "2026-03-02T09:00:00Z", "contingency": "C", "client_informed": True}
        ledger.record(read(*DESK, declared))
        assert [(name, len(entries)) for name, entries in ledger.streams("desk")] == [("desk", 1)]

    def test_a_client_has_its_policies_and_tickets_in_the_order_they_began(self, ledger: Ledger) -> None:
        ledger.record(read(*DESK, opened("T-9"), opened("T-1")))
        assert ledger.streams_of("acme") == ["policy:P-1", "ticket:T-9", "ticket:T-1"]
        assert ledger.streams_of("nobody") == []

    def test_entries_can_be_cut_at_both_ends(self, ledger: Ledger) -> None:
        ledger.record(read(*DESK))
        assert [it.position for it in ledger.entries(after=2, upto=4)] == [3, 4]

    def test_the_export_has_every_field_of_an_entry_with_times_in_utc(self, ledger: Ledger) -> None:
        ledger.record(read(REGISTERED | {"at": "2026-01-05T08:00:00.250-06:00"}))
        exported = export(ledger)[-1]
        assert exported.pop("id")
        assert exported == {
            "type": "ClientRegistered", "client": "acme", "name": "Acme", "local": True, "at": "2026-01-05T14:00:00.25Z",
            "position": 3, "stream": "client:acme", "version": 1, "recorded_at": "2026-06-01T12:00:00Z",
        }  # fmt: skip


class TestSeveralWriters:
    def test_each_follows_what_the_other_wrote(self, ledger: Ledger, store: Ledgers, clock: Clock) -> None:
        with store.open(clock=clock) as other:
            ledger.record(read(*DESK, opened("T-1")))
            assert isinstance(other.record(read(followed_up("T-1")))[0], Taken)
            closed = {"type": "Closed", "at": "2026-03-02T11:00:00-06:00", "ticket": "T-1", "reason": "withdrawn"}
            assert isinstance(ledger.record(read(closed))[0], Taken)
            (answer,) = other.record(read(closed))
            assert isinstance(answer, Refusal) and answer.refused.code in ("order", "clauses")
        assert [it.version for it in ledger.stream("ticket:T-1")] == [1, 2, 3]

    def test_a_key_known_to_one_is_known_to_the_other(self, ledger: Ledger, store: Ledgers, clock: Clock) -> None:
        with store.open(clock=clock) as other:
            ledger.record(read(REGISTERED | {"key": "k"}))
            assert other.record(read(REGISTERED | {"key": "k"})) == [Same(3)]

    def test_a_transaction_that_fails_leaves_nothing_in_the_file_or_in_memory(self, ledger: Ledger) -> None:
        ledger.record(read(*DESK))
        with pytest.raises(RuntimeError), ledger.writing() as transaction:
            transaction.record(read(opened("T-1", key="k")))
            raise RuntimeError("the power went")
        assert ledger.head() == 5
        assert ledger.record(read(opened("T-1", key="k"))) == [Taken(6, (6,))]

    def test_two_recordings_in_one_transaction_see_one_another(self, ledger: Ledger) -> None:
        with ledger.writing() as transaction:
            transaction.record(read(*DESK, opened("T-1", key="k")))
            answers = transaction.record(read(opened("T-1", key="k"), followed_up("T-1")))
        assert answers == [Same(6), Taken(7, (7,))]


def test_a_voiding_can_name_an_entry_of_the_same_batch_by_its_key(ledger: Ledger) -> None:
    voided = {"type": "EntryVoided", "at": "2026-03-02T12:00:00-06:00", "entry": "note", "reason": "wrong ticket"}
    *_, answer = ledger.record(read(*DESK, opened("T-1"), followed_up("T-1", key="note"), voided))
    assert isinstance(answer, Taken)
    assert ledger.entry(answer.position).stream == "ticket:T-1"


def test_a_contingency_is_found_by_its_id_whoever_declared_it_where(ledger: Ledger, store: Ledgers, clock: Clock) -> None:
    at = {"at": "2026-03-02T12:00:00-06:00", "contingency": "C-1", "ticket": "T-1"}
    ledger.record(read(*DESK, opened("T-1"), {"type": "ContingencyDeclared", "client_informed": False, **at}))
    with store.open(clock=clock) as other:
        without_ticket = {"type": "ContingencyEnded", **at}
        del without_ticket["ticket"]
        refused, ended = other.record(read(without_ticket, {"type": "ContingencyEnded", **at}))
    assert isinstance(refused, Refusal) and isinstance(ended, Taken)


def test_a_refusal_tells_what_it_turned_away(ledger: Ledger) -> None:
    *_, answer = ledger.record(read(*DESK, opened("T-1", requester="zoe")))
    assert isinstance(answer, Refusal) and isinstance(answer.refused, Refused)
    entry = ledger.entry(answer.position)
    assert entry is not None
    event = ledger.unsealed().entry(entry).event
    assert isinstance(event, RequestRefused)
    assert (event.client, event.requester, event.clause, event.request["ticket"]) == ("acme", "zoe", "gs.1.1", "T-1")
