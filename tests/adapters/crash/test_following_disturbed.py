"""Followers at work that meet an entry nobody can read, a clock that steps back, a server that goes away: real processes, and a
server of our own."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from adapters.accounts.building import in_use
from adapters.accounts.filling import moment
from adapters.accounts.places import accounts_of
from adapters.accounts.rows import AccountRows
from adapters.accounts.running import FOLLOW, Running
from adapters.accounts.tables import BILLING
from adapters.mapper import state_of
from domain.events import Entry as Recorded
from domain.events import PersonForgotten
from tests.adapters.accounts.test_accounts import POISON, open_to_all
from tests.adapters.accounts_kept import answered, replayed
from tests.adapters.cli.calling import PROGRAM, Ran, environment
from tests.adapters.crash.followers import (
    PATIENCE_SECONDS,
    assert_right,
    begun,
    caught_up,
    compared_by,
    complained,
    ended,
    follower,
    heard,
    started,
    until,
)
from tests.adapters.crash.test_database_lost import TERMINATE
from tests.adapters.crash.test_recording_killed import desk_of, driver
from tests.adapters.given import DESK, Entry, followed_up, opened, read, write_lines
from tests.postgres_server import Databases, Server, own_server
from tests.stores import Ledgers, behind

LOAD_ENTRIES = 150
DISTURBANCES = 3


def bitacora(store: Ledgers, *arguments: str) -> Ran:
    """A command on the ledger, as a process of its own."""
    command = [*PROGRAM, "--ledger", store.url(), *arguments]
    ran = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def recorded(store: Ledgers, *lines: Entry) -> None:
    with store.open() as ledger:
        ledger.record(read(*lines))


# An entry that cannot be read ---------------------------------------------------------------------------------------


def poisoned(store: Ledgers, stream: str) -> int:
    """An entry after the last of a stream that this program cannot read; its position."""
    with store.open() as ledger:
        row = ledger.head() + 1, stream, len(ledger.stream(stream)) + 1, "FollowedUp", POISON
    with open_to_all(store.url()) as session:
        session.insert([row])
    return row[0]


def made_readable(store: Ledgers, position: int, stream: str, event: object) -> None:
    """The entry there can be read from now on, as by a program that knows it."""
    with behind(store.url()) as session:
        ((version,),) = session.all("SELECT originator_version FROM stored_events WHERE rowid = ?", position)
        entry = Recorded(position, stream, version, datetime(2027, 1, 1, tzinfo=UTC), "x", event)  # type: ignore[arg-type]
        session.run("UPDATE stored_events SET state = ? WHERE rowid = ?", state_of(entry), position)


def followed_ups(store: Ledgers, ticket: str) -> int:
    """How many follow-ups of a ticket are on the bill."""
    with closing(accounts_of(store.url())) as accounts, accounts.reading() as session:
        return len(list(AccountRows(session, 1).select(BILLING, "WHERE ticket = ?", ticket)))


def test_an_entry_nobody_can_read_parks_its_ticket_while_all_else_goes_on_and_is_tried_again_once_it_can_be(
    store: Ledgers,
) -> None:
    begun(store)
    recorded(store, *DESK, opened("T-1"), opened("T-2"), followed_up("T-1"), followed_up("T-2"))
    process = follower(store)
    heard(process, "Caught up")
    before = [followed_ups(store, it) for it in ("T-1", "T-2")]
    position = poisoned(store, "ticket:T-1")
    recorded(store, followed_up("T-2", 5), opened("T-3"))
    until(lambda: caught_up(store))
    assert [followed_ups(store, it) for it in ("T-1", "T-2")] == [before[0], before[1] + 1]
    listed = bitacora(store, "accounts", "--parked", "--format", "json")
    assert [(it["subject"], it["position"], it["attempts"]) for it in listed.json()] == [("ticket:T-1", position, 1)]
    assert "Teleported" in bitacora(store, "accounts", "--parked").out
    assert bitacora(store, "accounts", "--retry").code == 1
    made_readable(store, position, "ticket:T-1", *read(followed_up("T-1", 1)))
    retried = bitacora(store, "accounts", "--retry")
    assert (retried.code, retried.err) == (0, "") and "Nothing is parked." in retried.out
    assert followed_ups(store, "T-1") == before[0] + 1
    recorded(store, followed_up("T-1", 9))
    until(lambda: caught_up(store))
    ended(process)
    assert_right(store)


def test_an_entry_of_the_desk_that_nobody_can_read_stops_the_follower_until_it_can_be(store: Ledgers) -> None:
    begun(store)
    recorded(store, *DESK, opened("T-1"))
    process = follower(store)
    heard(process, "Caught up")
    position = poisoned(store, "desk")
    assert f"entry {position}" in complained(process, "Failed")
    made_readable(store, position, "desk", PersonForgotten(at=datetime(2027, 1, 1, tzinfo=UTC), subject="0" * 16))
    recorded(store, opened("T-2"))
    until(lambda: caught_up(store))
    ended(process)
    assert_right(store)


# A clock that steps back --------------------------------------------------------------------------------------------


def test_a_clock_that_steps_back_under_a_follower_at_work_is_followed_back_and_on_again(store: Ledgers, tmp_path: Path) -> None:
    begun(store)
    recorded(store, *DESK, *desk_of(12))
    shift = tmp_path / "shift"
    shift.write_text("0")
    command = [sys.executable, "-m", "tests.adapters.crash.shifted", store.url(), str(shift)]
    process = started(command)
    heard(process, "caught_up")
    for number, moment_shown in enumerate(("2026-03-02T09:30", "2026-03-02T15:00", "2026-03-02T10:05", "2026-03-09T12:00")):
        away = datetime.fromisoformat(f"{moment_shown}:00-06:00") - datetime.now(UTC)
        shift.write_text(str(int(away.total_seconds())))
        recorded(store, opened(f"later-{number}"), followed_up(f"later-{number}", number))
        until(lambda: caught_up(store) and judged(store, now(shift)))
        assert_right_at(store, now(shift))
    ended(process)
    assert_right(store)


def now(shift: Path) -> datetime:
    """What the clock shows that is so far off."""
    return datetime.now(UTC) + timedelta(seconds=int(shift.read_text()))


def judged(store: Ledgers, at: datetime) -> bool:
    """Whether everything stored holds at a moment."""
    with closing(accounts_of(store.url())) as accounts:
        version = in_use(accounts)
        with accounts.reading() as session:
            return version is not None and not AccountRows(session, version.number).invalid(moment(at), 1)


def assert_right_at(store: Ledgers, at: datetime) -> None:
    """What is stored is what a replay says at a moment."""
    with store.open() as ledger, closing(accounts_of(store.url())) as accounts:
        compared_by(ledger, accounts, at)
        assert answered(ledger, accounts, at) == replayed(ledger, at)


# A server that goes away --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@contextmanager
def under_load(server: Server, tmp_path: Path) -> Iterator[Ledgers]:
    """A ledger that two processes record into, and its two followers, one at work and one standing by."""
    databases = Databases(server.url)
    store = Ledgers(tmp_path, databases)
    begun(store)
    recorded(store, *DESK, *(opened(f"W-{number}") for number in range(2)))
    followers = [follower(store)]
    heard(followers[0], "Caught up")
    followers.append(follower(store))
    heard(followers[1], "standing by")
    yield store
    told = "".join(map(ended, followers))
    assert "will be tried again" in told, "no follower was disturbed"
    assert_right(store)
    databases.drop()


def disturbed(store: Ledgers, disturb: Callable[[], None]) -> None:
    """Two processes record, whatever happens, while it happens again and again."""
    writer = [sys.executable, "-m", "tests.adapters.crash.writer", store.url(), str(store.keys())]
    writing = [started([*writer, f"W-{number}", str(LOAD_ENTRIES)]) for number in range(2)]
    # Whoever has not opened the ledger by then is not at work yet.
    heard(writing[1], " W-1-0 ")
    for number in range(1, DISTURBANCES + 1):
        heard(writing[0], f" W-0-{number * LOAD_ENTRIES // (DISTURBANCES + 1)} ")
        disturb()
    for process in writing:
        process.communicate()
    assert [it.returncode for it in writing] == [0, 0]
    until(lambda: caught_up(store))


def test_followers_outlive_restarts_of_the_server_under_load(server: Server, tmp_path: Path) -> None:
    def restart() -> None:
        server.crash()
        server.start()

    with under_load(server, tmp_path) as store:
        disturbed(store, restart)


def test_followers_whose_connections_are_dropped_under_load_connect_again(server: Server, tmp_path: Path) -> None:
    with under_load(server, tmp_path) as store, psycopg.connect(store.url(), autocommit=True) as other:
        disturbed(store, lambda: other.execute(TERMINATE) and None)


def test_who_stands_by_is_back_at_once_however_often_its_connection_was_dropped(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.failures._WAITS_SECONDS", (0.0, 2 * PATIENCE_SECONDS))
    databases = Databases(server.url)
    store, told = Ledgers(tmp_path, databases), list[str]()
    begun(store)
    waiting = Running(store.url(), lambda happening, *_: told.append(happening))
    with closing(accounts_of(store.url())) as active, psycopg.connect(store.url(), autocommit=True) as other:
        assert active.lock(FOLLOW)
        thread = threading.Thread(target=waiting.run)
        thread.start()
        try:
            for number in range(1, 4):
                until(lambda times=number: told.count("standing_by") == times)
                other.execute(f"{TERMINATE} AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.pid = pg_stat_activity.pid AND"
                              " l.locktype = 'advisory')")  # fmt: skip
        finally:
            waiting.stop()
            thread.join()
    databases.drop()


def test_the_follower_at_work_is_killed_again_and_again_and_the_one_that_stands_by_takes_over(
    store: Ledgers, tmp_path: Path
) -> None:
    begun(store)
    active = follower(store)
    heard(active, "Following")
    source = write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(60)])
    recording = driver(store, "ledger", source, batch=5, pause_seconds=0.1)
    for _ in range(4):
        waiting = follower(store)
        heard(waiting, "standing by")
        active.kill()
        active.communicate()
        heard(waiting, "Following")
        active = waiting
    recording.communicate()
    assert recording.returncode == 0
    until(lambda: caught_up(store))
    ended(active)
    assert_right(store)
