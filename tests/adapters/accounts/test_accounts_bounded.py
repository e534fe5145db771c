"""What a follower does not do at once: many tickets that one entry touches are judged a few at a time, and what nobody can be
judged without, should it be unreadable, is said. Reports are right all the while."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from adapters.accounts.comparing import compare
from adapters.accounts.following import Follower
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import SLA
from adapters.mapper import Unreadable, state_of
from domain.events import ContingencyDeclared
from domain.events import Entry as Recorded
from tests.adapters.accounts.test_accounts import Desk, a_policy, at, parked_of, told
from tests.adapters.accounts_kept import answered, replayed
from tests.adapters.given import AUTHORIZED, REGISTERED
from tests.adapters.given import opened as a_ticket
from tests.stores import Ledgers, behind

DECLARED = {"type": "ContingencyDeclared", "contingency": "C-1", "client_informed": True, "at": "2026-03-02T11:00:00-06:00"}
TICKETS = 9


@pytest.fixture
def desk(store: Ledgers) -> Iterator[Desk]:
    """Nine tickets of one client, judged."""
    it = Desk(store)
    it.record(REGISTERED, AUTHORIZED, a_policy(), *(a_ticket(f"T-{n}", priority="P1") for n in range(TICKETS)))
    it.at("02T15:00:00")
    yield it
    it.close()


def follower(desk: Desk) -> Follower:
    return Follower(desk.ledger, desk.accounts, desk.clock, at_once=4)


def paused(desk: Desk) -> int:
    return sum(1 for it in desk.rows(SLA) if it["resolution_paused_seconds"])


def test_a_contingency_of_everyone_is_brought_to_its_tickets_a_few_in_each_transaction(desk: Desk) -> None:
    desk.record(DECLARED)
    following = follower(desk)
    first = following.step()
    assert (first.entries, first.tickets, first.is_last, paused(desk)) == (1, 0, False, 0)
    assert (following.step().tickets, paused(desk)) == (4, 4)
    assert (following.step().tickets, paused(desk)) == (4, 8)
    assert (following.step().is_last, paused(desk)) == (True, TICKETS)
    desk.assert_right()


def test_reports_and_verify_are_right_while_tickets_are_still_to_be_judged_again(desk: Desk) -> None:
    desk.record(DECLARED)
    following = follower(desk)
    for owed in (9, 5, 1, 0):
        following.step()
        assert answered(desk.ledger, desk.accounts, desk.clock.now) == replayed(desk.ledger, desk.clock.now)
        compared = compare(desk.ledger, desk.accounts, desk.clock.now)
        assert compared is not None and (compared.owed, compared.difference) == (owed, None)
        with desk.accounts.reading() as session:
            assert AccountRows(session, 1).owes() == (owed > 0)


def test_what_is_owed_is_not_forgotten_by_a_clock_that_steps_back(desk: Desk) -> None:
    desk.record(DECLARED | {"at": "2026-03-02T09:30:00-06:00"})
    follower(desk).step()
    desk.clock.now = at("02T14:00:00")
    following = follower(desk)
    assert following.follow() == desk.ledger.head() and paused(desk) == TICKETS
    desk.assert_right()


def test_entries_are_followed_while_tickets_are_still_to_be_judged_again(desk: Desk) -> None:
    desk.record(DECLARED)
    following = follower(desk)
    following.step()
    desk.record(told("Responded", "T-8", "02T14:00:00"))
    following.step()
    verdicts = {it["ticket"]: it["response_verdict"] for it in desk.rows(SLA)}
    assert verdicts["T-8"] != "running" and paused(desk) < TICKETS
    following.follow()
    desk.assert_right()


def test_a_policy_told_late_is_brought_to_its_tickets_a_few_in_each_transaction(store: Ledgers) -> None:
    desk = Desk(store)
    desk.record(REGISTERED, AUTHORIZED, *(a_ticket(f"T-{n}") for n in range(TICKETS)))
    desk.at("03T09:00:00").record(a_policy("grupo-staff"))
    following = follower(desk)
    assert following.step().tickets == 0
    assert following.step().tickets == 4
    following.follow()
    assert {it["terms"] for it in desk.rows(SLA)} == {"grupo-staff"}
    desk.assert_right()
    desk.close()


def test_an_unreadable_entry_of_the_desk_is_parked_and_everything_waits_for_it(desk: Desk) -> None:
    head = desk.ledger.head()
    desk.poison("desk")
    for attempt in (1, 2):
        with pytest.raises(Unreadable):
            follower(desk).step()
        with desk.accounts.reading() as session:
            (parked,) = AccountRows(session, 1).parked()
        assert (parked["subject"], parked["position"], parked["attempts"]) == ("desk", head + 1, attempt)
    (event,) = (ContingencyDeclared(at=at("02T11:00:00"), contingency="C-1", client_informed=True),)
    readable = state_of(Recorded(head + 1, "desk", 1, datetime.fromisoformat("2027-01-01T00:00:00+00:00"), "x", event))
    with behind(desk.store.url()) as session:
        session.run("UPDATE stored_events SET state = ? WHERE rowid = ?", readable, head + 1)
    assert follower(desk).follow() == head + 1 and parked_of(desk.accounts) == []
    assert paused(desk) == TICKETS
    desk.assert_right()
