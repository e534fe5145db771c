"""Stored accounts, by what a desk sees: what an entry or the clock changes, what is parked, what a report says of itself."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.accounts.building import Building, in_use
from adapters.accounts.comparing import compare
from adapters.accounts.following import Follower
from adapters.accounts.places import Accounts, accounts_of
from adapters.accounts.reading import NotCurrent, stored
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import CONSUMPTION, OPEN_WORK, SLA
from adapters.accounts.versions import Versions
from adapters.ledger import LedgerError, Taken
from adapters.mapper import state_of
from adapters.reports.reports import Reports
from adapters.stores.postgres.connecting import prepare
from adapters.stores.postgres.session import PostgresLedgerSession
from adapters.stores.rows import LedgerSession
from adapters.stores.sqlite_session import SQLiteLedgerSession
from domain.events import Entry as Recorded
from projections.contracts import Question
from tests.adapters.accounts_kept import Clock, answered, kept, opened, replayed
from tests.adapters.given import AUTHORIZED, DESK, REGISTERED, Entry, followed_up, read
from tests.adapters.given import opened as a_ticket
from tests.stores import Ledgers, behind


def at(text: str) -> datetime:
    """A moment of March 2026 by the clock in Mexico City."""
    return datetime.fromisoformat(f"2026-03-{text}-06:00").astimezone(UTC)


POISON = b'{"id":"x","recorded_at":"2027-01-01T00:00:00Z","event":{"type":"Teleported","at":"2026-03-02T10:00:00Z"}}'


class Desk:
    """A ledger, its accounts, and the clock that both go by."""

    def __init__(self, store: Ledgers) -> None:
        self.store = store
        self.clock = Clock(at("02T09:00:00"))
        self.ledger, self.accounts = opened(store, Clock(datetime(2027, 1, 1, tzinfo=UTC)))

    def record(self, *lines: Entry) -> None:
        for answer in self.ledger.record(read(*lines)):
            assert isinstance(answer, Taken), answer

    def at(self, text: str) -> "Desk":
        self.clock.now = at(text)
        kept(self.ledger, self.accounts, self.clock)
        return self

    def rows(self, table: Any) -> list[dict[str, Any]]:
        with self.accounts.reading() as session:
            version = Versions(session).active()
            assert version is not None
            return list(AccountRows(session, version.number).select(table))

    def assert_right(self) -> None:
        """Every report, and every stored row, is what a replay says now."""
        assert answered(self.ledger, self.accounts, self.clock.now) == replayed(self.ledger, self.clock.now)
        compared = compare(self.ledger, self.accounts, self.clock.now)
        assert compared is not None and compared.difference is None, str(compared and compared.difference)

    def poison(self, stream: str) -> None:
        """An entry that this program cannot read, as a later one might write it."""
        row = self.ledger.head() + 1, stream, len(self.ledger.stream(stream)) + 1, "FollowedUp", POISON
        with open_to_all(self.store.url()) as session:
            session.insert([row])
        # A writer that is open follows what others wrote, and would stop here; one that is opened anew need not read it.
        self.ledger.close()
        self.ledger = self.store.open()

    def close(self) -> None:
        self.accounts.close()
        self.ledger.close()


@contextmanager
def open_to_all(url: str) -> Iterator[LedgerSession]:
    """A session of whoever owns the file, or the database."""
    if not url.startswith("postgresql:"):
        with closing(sqlite3.connect(url, isolation_level=None)) as connection:
            yield SQLiteLedgerSession(connection.cursor())
        return
    with closing(psycopg.connect(url)) as server:
        prepare(server)
        yield PostgresLedgerSession(server)


@pytest.fixture
def desk(store: Ledgers) -> Iterator[Desk]:
    it = Desk(store)
    yield it
    it.close()


def a_policy(terms: str = "customsoft", **more: Any) -> Entry:
    tier = {"tier": "basic", "prices": {"currency": "MXN"}} if terms == "customsoft" else {}
    return {"type": "PolicyContracted", "at": "2026-01-05T08:05:00-06:00", "policy": "P-1", "client": "acme", "terms": terms,
            "starts": "2026-01-05"} | tier | more  # fmt: skip


def told(kind: str, ticket: str, moment: str, **more: Any) -> Entry:
    return {"type": kind, "at": f"2026-03-{moment}-06:00", "ticket": ticket} | more


# The clock ----------------------------------------------------------------------------------------------------------


def test_a_clock_that_runs_out_is_breached_without_any_entry(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"))
    assert desk.at("02T12:59:59").rows(SLA)[0]["response_verdict"] == "running"
    assert desk.at("02T13:00:00").rows(SLA)[0]["response_verdict"] == "running"
    assert desk.at("02T13:00:01").rows(SLA)[0]["response_verdict"] == "breached"
    desk.assert_right()


def test_between_two_changes_nothing_is_judged_again(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"))
    judged = desk.at("02T10:00:00").rows(SLA)[0]["judged_at"]
    assert desk.at("02T12:00:00").rows(SLA)[0]["judged_at"] == judged
    desk.assert_right()


def test_a_follower_is_told_when_something_changes_next(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"))
    desk.at("02T10:00:00")
    assert Follower(desk.ledger, desk.accounts, desk.clock).next_change() == at("02T13:00:01")


def test_a_ticket_left_alone_for_a_support_day_is_listed_from_then_on(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), told("Responded", "T-1", "02T09:10:00"))
    assert not desk.at("03T09:09:59").rows(OPEN_WORK)[0]["unattended"]
    assert desk.at("03T09:10:00").rows(OPEN_WORK)[0]["unattended"]
    desk.assert_right()


def test_a_policy_begins_and_ends_by_the_days_of_its_zone(desk: Desk) -> None:
    desk.record(REGISTERED, AUTHORIZED, a_policy(starts="2026-03-03", ends="2026-03-04"))
    for moment, state in (("02T23:59:59", "not_started"), ("03T00:00:00", "in_force"), ("04T23:59:59", "in_force"),
                          ("05T00:00:00", "expired")):  # fmt: skip
        assert desk.at(moment).rows(CONSUMPTION)[0]["state"] == state
        desk.assert_right()


def test_an_entry_counts_from_its_own_time_on(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), told("Responded", "T-1", "02T10:00:00.500000"))
    assert desk.at("02T10:00:00").rows(SLA)[0]["response_verdict"] == "running"
    desk.assert_right()
    desk.clock.now = at("02T10:00:00.500000")
    kept(desk.ledger, desk.accounts, desk.clock)
    assert desk.rows(SLA)[0]["response_verdict"] == "met"
    desk.assert_right()


def test_a_clock_that_steps_back_is_followed_back(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), told("Responded", "T-1", "02T10:00:00"), told("Resolved", "T-1", "02T11:00:00"))
    assert desk.at("02T12:00:00").rows(SLA)[0]["status"] == "resolved"
    desk.clock.now = at("02T09:30:00")
    assert answered(desk.ledger, desk.accounts, desk.clock.now) == replayed(desk.ledger, desk.clock.now)
    assert desk.at("02T09:30:00").rows(SLA)[0]["status"] == "open"
    desk.assert_right()
    assert desk.at("02T12:00:00").rows(SLA)[0]["status"] == "resolved"
    desk.assert_right()


# Entries ------------------------------------------------------------------------------------------------------------


def test_a_contingency_of_everyone_moves_clocks_that_had_stopped_when_it_is_told_late(desk: Desk) -> None:
    desk.record(REGISTERED, AUTHORIZED, a_policy(), a_ticket("T-1", priority="P1"), told("Responded", "T-1", "02T10:00:00"),
                told("Resolved", "T-1", "02T12:00:00"))  # fmt: skip
    before = desk.at("03T09:00:00").rows(SLA)[0]
    assert before["settled"] and before["resolution_paused_seconds"] == 0
    declared = {"type": "ContingencyDeclared", "contingency": "C-1", "client_informed": True}
    desk.record(declared | {"at": "2026-03-02T11:00:00-06:00"})
    desk.record({"type": "ContingencyEnded", "contingency": "C-1", "at": "2026-03-02T11:30:00-06:00"})
    assert desk.at("03T09:00:01").rows(SLA)[0]["resolution_paused_seconds"] == 1800
    desk.assert_right()


def test_a_voided_contingency_of_everyone_is_as_if_it_had_never_been(desk: Desk) -> None:
    declared = {"type": "ContingencyDeclared", "contingency": "C-1", "client_informed": True, "key": "k"}
    desk.record(REGISTERED, AUTHORIZED, a_policy(), a_ticket("T-1", priority="P1"))
    desk.record(declared | {"at": "2026-03-02T11:00:00-06:00"})
    desk.record(told("Resolved", "T-1", "02T12:00:00"))
    assert desk.at("03T09:00:00").rows(SLA)[0]["resolution_paused_seconds"] == 3600
    desk.record({"type": "EntryVoided", "at": "2026-03-03T10:00:00-06:00", "entry": "k", "reason": "a mistake"})
    assert desk.at("03T09:00:01").rows(SLA)[0]["resolution_paused_seconds"] == 0
    desk.assert_right()


def test_a_policy_told_late_applies_to_tickets_that_were_there(desk: Desk) -> None:
    desk.record(REGISTERED, AUTHORIZED, a_ticket("T-1"))
    assert desk.at("03T09:00:00").rows(SLA)[0]["terms"] is None
    desk.record(a_policy("grupo-staff"))
    assert desk.at("03T09:00:01").rows(SLA)[0]["terms"] == "grupo-staff"
    desk.assert_right()


def test_a_changed_priority_deals_the_quota_again(desk: Desk) -> None:
    desk.record(REGISTERED, AUTHORIZED, a_policy(), *(a_ticket(f"T-{n}", priority="P1") for n in range(9)))
    before = desk.at("03T09:00:00").rows(CONSUMPTION)[0]
    desk.record(told("PriorityChanged", "T-0", "02T10:00:00", priority="P2", reason="less urgent"))
    assert desk.at("03T09:00:01").rows(CONSUMPTION)[0]["covered"] != before["covered"]
    desk.assert_right()


# What cannot be processed -------------------------------------------------------------------------------------------


def test_an_entry_that_cannot_be_read_parks_its_ticket_and_nothing_else(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), a_ticket("T-2"))
    before = {it["ticket"]: it for it in desk.at("02T10:00:00").rows(SLA)}
    desk.poison("ticket:T-1")
    desk.record(told("Responded", "T-2", "02T10:30:00"))
    after = {it["ticket"]: it for it in desk.at("02T11:00:00").rows(SLA)}
    assert after["T-1"] == before["T-1"] and after["T-2"]["response_verdict"] == "met"
    with desk.accounts.reading() as session:
        (parked,) = AccountRows(session, 1).parked()
    assert (parked["subject"], parked["position"], parked["attempts"]) == ("ticket:T-1", 8, 1)
    assert Follower(desk.ledger, desk.accounts, desk.clock).retry() == ["ticket:T-1"]
    with stored(desk.ledger, Reports(desk.ledger, Question(desk.clock.now)), desk.accounts) as answer:
        assert isinstance(answer, NotCurrent) and "parked" in answer.template


def test_what_is_parked_is_made_right_by_trying_again_once_its_entries_can_be_read(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), followed_up("T-1"))
    desk.at("02T10:00:00")
    desk.poison("ticket:T-1")
    desk.record(a_ticket("T-2"))
    assert parked_of(desk.at("02T11:00:00").accounts) == ["ticket:T-1"]
    (event,) = read(followed_up("T-1", 1))
    readable = state_of(Recorded(8, "ticket:T-1", 3, datetime(2027, 1, 1, tzinfo=UTC), "x", event))  # type: ignore[arg-type]
    with behind(desk.store.url()) as session:
        session.run("UPDATE stored_events SET state = ? WHERE rowid = 8", readable)
    assert Follower(desk.ledger, desk.accounts, desk.clock).retry() == []
    desk.assert_right()


def test_a_policy_that_cannot_be_read_parks_its_client_with_all_its_tickets(desk: Desk) -> None:
    other = {"client": "zeta", "policy": "P-2"}
    desk.record(*DESK, REGISTERED | {"client": "zeta"}, AUTHORIZED | {"client": "zeta"}, a_policy("grupo-staff") | other)
    desk.record(a_ticket("T-1"), a_ticket("T-2", client="zeta"))
    desk.at("02T10:00:00")
    desk.poison("policy:P-1")
    desk.record(told("Responded", "T-2", "02T10:30:00"))
    desk.at("02T11:00:00")
    assert parked_of(desk.accounts) == ["client:acme", "policy:P-1", "ticket:T-1"]
    assert next(it for it in desk.rows(SLA) if it["ticket"] == "T-2")["response_verdict"] == "met"


def test_accounts_made_anew_park_what_cannot_be_read(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), a_ticket("T-2"), a_ticket("T-3"))
    desk.poison("ticket:T-2")
    assert [it["ticket"] for it in desk.at("02T11:00:00").rows(SLA)] == ["T-1", "T-3"]
    assert parked_of(desk.accounts) == ["ticket:T-2"]


def parked_of(accounts: Accounts) -> list[str]:
    with accounts.reading() as session:
        version = Versions(session).active()
        assert version is not None
        return [it["subject"] for it in AccountRows(session, version.number).parked()]


# Versions -----------------------------------------------------------------------------------------------------------


def test_a_rebuild_switches_in_one_step_and_finds_what_was_wrong(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), told("Responded", "T-1", "02T10:00:00"), told("Closed", "T-1", "02T11:00:00",
                reason="withdrawn"))  # fmt: skip
    desk.at("02T12:00:00")
    assert Building(desk.ledger, desk.accounts, desk.clock).build().differing == dict.fromkeys(
        ("sla", "consumption", "quotas", "billing", "work"), 0
    )
    with desk.accounts.writing() as session:
        session.run("UPDATE sla_2 SET response_elapsed_seconds = 1")
    built = Building(desk.ledger, desk.accounts, desk.clock).build()
    assert built.version.number == 3 and built.differing is not None and built.differing["sla"] == 1
    desk.assert_right()
    with desk.accounts.reading() as session:
        assert session.all("SELECT ticket FROM sla") == session.all("SELECT ticket FROM sla_3") == [("T-1",)]
        assert [it.number for it in Versions(session).all()] == [3]
    for number in (1, 2):
        with pytest.raises(LedgerError), desk.accounts.reading() as session:
            session.all(f"SELECT ticket FROM sla_{number}")


def test_readers_see_the_version_in_use_while_another_is_built(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"))
    desk.at("02T10:00:00")
    seen: list[int] = []

    def look(done: int, of: int) -> None:
        with closing(accounts_of(desk.store.url())) as reader:
            version = in_use(reader)
            assert version is not None
            seen.append(version.number)
            assert answered(desk.ledger, reader, desk.clock.now) == replayed(desk.ledger, desk.clock.now)

    assert Building(desk.ledger, desk.accounts, desk.clock, look).build().version.number == 2
    assert seen == [1]


def test_accounts_of_another_history_are_made_anew(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one, other = Desk(Ledgers(tmp_path / "one")), Desk(Ledgers(tmp_path / "other"))
    one.record(*DESK, a_ticket("T-1"))
    other.record(*DESK, a_ticket("T-9"), a_ticket("T-8"))
    one.at("02T10:00:00").accounts.close()
    (tmp_path / "one/ledger.db.accounts").rename(tmp_path / "other/ledger.db.accounts")
    assert answered(other.ledger, other.accounts, other.clock.now) is None
    assert {it["ticket"] for it in other.at("02T10:00:00").rows(SLA)} == {"T-9", "T-8"}
    other.assert_right()
    for it in (one, other):
        it.close()


def test_accounts_of_a_newer_program_are_left_alone(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"))
    desk.at("02T10:00:00")
    with desk.accounts.writing() as session:
        session.run("UPDATE account_versions SET definition = definition + 1")
    with pytest.raises(LedgerError, match="newer version of this program"):
        Building(desk.ledger, desk.accounts, desk.clock).build()
    assert answered(desk.ledger, desk.accounts, desk.clock.now) is None


def test_a_row_that_was_changed_is_found(desk: Desk) -> None:
    desk.record(*DESK, a_ticket("T-1"), told("Responded", "T-1", "02T10:00:00"))
    desk.at("02T12:00:00")
    with desk.accounts.writing() as session:
        session.run("UPDATE sla_1 SET response_elapsed_seconds = response_elapsed_seconds + 1")
    compared = compare(desk.ledger, desk.accounts, desk.clock.now + timedelta(hours=1))
    assert compared is not None and compared.difference is not None
    assert "response_elapsed_seconds of sla" in str(compared.difference)


def test_only_one_process_holds_a_lock(desk: Desk) -> None:
    with closing(accounts_of(desk.store.url())) as other:
        assert desk.accounts.lock("follow") and desk.accounts.lock("follow")
        assert not other.lock("follow") and other.lock("rebuild")
        desk.accounts.unlock("follow")
        assert other.lock("follow")


def test_the_file_of_the_ledger_itself_is_never_written_to(tmp_path: Path) -> None:
    desk = Desk(Ledgers(tmp_path))
    desk.record(*DESK, a_ticket("T-1"))
    before = (tmp_path / "ledger.db").read_bytes(), (tmp_path / "ledger.db-wal").read_bytes()
    desk.at("02T10:00:00")
    assert ((tmp_path / "ledger.db").read_bytes(), (tmp_path / "ledger.db-wal").read_bytes()) == before
    desk.close()
