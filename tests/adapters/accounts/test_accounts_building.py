"""Building stored accounts: gone on with where it was interrupted, shared out among processes, and the same either way."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters import ledger as ledgers
from adapters.accounts.building import Building, in_use
from adapters.accounts.following import Follower
from adapters.accounts.places import Accounts
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import TABLES
from adapters.accounts.versions import Versions
from adapters.ledger import Ledger
from tests.adapters.accounts_kept import Clock, answered, opened, replayed
from tests.adapters.crash.test_recording_killed import desk_of
from tests.adapters.given import DESK, followed_up, read
from tests.stores import Ledgers

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a build of a few tickets takes several transactions."""
    monkeypatch.setattr(ledgers, "PART_ENTRIES", 16)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@pytest.fixture
def desk(store: Ledgers, clock: Clock) -> Iterator[tuple[Ledger, Accounts]]:
    """A ledger of forty tickets, and where its accounts will be."""
    ledger, accounts = opened(store, Clock(datetime(2027, 1, 1, tzinfo=UTC)))
    with ledger, closing(accounts):
        ledger.record(read(*DESK, *(it for it in desk_of(40) if it["ticket"] != "T-unknown")))
        yield ledger, accounts


def contents(accounts: Accounts) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the version in use."""
    with accounts.reading() as session:
        version = Versions(session).active()
        assert version is not None
        rows = AccountRows(session, version.number)
        return {it.name: list(rows.select(it, f"ORDER BY {', '.join(it.key)}")) for it in TABLES}


class _Interrupted(Exception):
    pass


def interrupted(ledger: Ledger, accounts: Accounts, clock: Clock, after: int) -> int:
    """A build cancelled after so many transactions; how many tickets it had judged."""
    told: list[int] = []

    def cancel(done: int, of: int) -> None:
        told.append(done)
        if len(told) == after:
            raise _Interrupted

    with pytest.raises(_Interrupted):
        Building(ledger, accounts, clock, cancel).build()
    return told[-1]


def test_a_build_goes_on_where_it_was_interrupted_and_judges_no_ticket_twice(
    desk: tuple[Ledger, Accounts], clock: Clock
) -> None:
    ledger, accounts = desk
    judged = interrupted(ledger, accounts, clock, 2)
    assert 0 < judged < 40 and Building(ledger, accounts, clock).left() == judged
    told: list[int] = []
    built = Building(ledger, accounts, clock, lambda done, of: told.append(done)).build()
    assert min(told) >= judged and max(told) == built.tickets == len(ledger.names("ticket"))
    assert built.version.number == 1 and Building(ledger, accounts, clock).left() == 0
    resumed = contents(accounts)
    Building(ledger, accounts, clock).build()
    assert contents(accounts) == resumed


def test_a_build_gone_on_with_later_is_right_as_of_then_with_what_was_recorded_meanwhile(
    desk: tuple[Ledger, Accounts], clock: Clock
) -> None:
    ledger, accounts = desk
    interrupted(ledger, accounts, clock, 1)
    ledger.record(read(followed_up("T-0000", 7), followed_up("T-0039", 8)))
    clock.now = datetime(2026, 3, 27, 15, tzinfo=UTC)
    Building(ledger, accounts, clock).build()
    assert answered(ledger, accounts, clock.now) == replayed(ledger, clock.now)


def test_a_build_interrupted_while_it_caught_up_is_gone_on_with_too(
    desk: tuple[Ledger, Accounts], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, accounts = desk
    with monkeypatch.context() as patched, pytest.raises(_Interrupted):
        patched.setattr(Follower, "follow", _interrupt)
        Building(ledger, accounts, clock).build()
    with accounts.reading() as session:
        assert [it.state for it in Versions(session).all()] == ["catching_up"]
    assert Building(ledger, accounts, clock).build().version.number == 1
    assert answered(ledger, accounts, clock.now) == replayed(ledger, clock.now)


def _interrupt(_: Follower) -> int:
    raise _Interrupted


def test_an_interrupted_build_leaves_the_version_in_use_and_nothing_else_after_the_next(
    desk: tuple[Ledger, Accounts], clock: Clock
) -> None:
    ledger, accounts = desk
    Building(ledger, accounts, clock).build()
    interrupted(ledger, accounts, clock, 1)
    version = in_use(accounts)
    assert version is not None and version.number == 1
    assert answered(ledger, accounts, clock.now) == replayed(ledger, clock.now)
    assert Building(ledger, accounts, clock).build().version.number == 2
    with accounts.reading() as session:
        assert [it.number for it in Versions(session).all()] == [2]


@pytest.mark.parametrize("change", ["definition = definition - 1", "entry_id = 'another history'", "state = 'building'"])
def test_what_another_program_or_history_left_is_not_gone_on_with(
    desk: tuple[Ledger, Accounts], clock: Clock, change: str
) -> None:
    ledger, accounts = desk
    interrupted(ledger, accounts, clock, 1)
    with accounts.writing() as session:
        session.run(f"UPDATE account_versions SET {change}")
    assert Building(ledger, accounts, clock).left() == 0
    assert Building(ledger, accounts, clock).build().version.number == 2


def test_several_processes_build_what_one_does_row_for_row(desk: tuple[Ledger, Accounts], clock: Clock, store: Ledgers) -> None:
    ledger, accounts = desk
    Building(ledger, accounts, clock).build()
    alone = contents(accounts)
    built = Building(ledger, accounts, clock, workers=2).build()
    assert contents(accounts) == alone
    assert built.differing is not None and not any(built.differing.values())


def test_a_build_of_several_processes_is_gone_on_with_by_one(desk: tuple[Ledger, Accounts], clock: Clock) -> None:
    ledger, accounts = desk

    def cancel(done: int, of: int) -> None:
        raise _Interrupted

    with pytest.raises(_Interrupted):
        Building(ledger, accounts, clock, cancel, workers=2).build()
    assert 0 < Building(ledger, accounts, clock).left() < 40
    Building(ledger, accounts, clock).build()
    assert answered(ledger, accounts, clock.now) == replayed(ledger, clock.now)
