"""What is left of followers that are killed, that meet, or whose clock steps back: real processes, a real
kill -9, while another process records.

More kills with BITACORA_KILLS=100.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from adapters.accounts.building import in_use
from adapters.accounts.comparing import compare
from adapters.accounts.places import accounts_of
from adapters.reports import Reports
from projections.contracts import Question
from tests.adapters.accounts_kept import answered, replayed
from tests.adapters.cli.calling import PROGRAM, environment
from tests.adapters.crash.test_recording_killed import ROOT, desk_of, driver
from tests.adapters.given import DESK, write_lines
from tests.postgres_server import Databases, own_server
from tests.stores import Ledgers

KILLS = int(os.environ.get("BITACORA_KILLS", "20"))
PATIENCE_SECONDS = 60.0


def follower(store: Ledgers, *arguments: str) -> "subprocess.Popen[str]":
    command = [*PROGRAM, "--ledger", store.url(), "follow", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


def stepping(store: Ledgers, shift_seconds: int) -> "subprocess.Popen[str]":
    """A follower whose clock is that many seconds off."""
    command = [sys.executable, "-m", "tests.adapters.crash.follower", store.url(), str(shift_seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def heard(process: "subprocess.Popen[str]", what: str) -> str:
    """The line in which a process says this."""
    assert process.stdout is not None
    while line := process.stdout.readline():
        if what in line:
            return line
    raise AssertionError(f"it ended without saying {what}: {process.communicate()}")


def until(holds: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def position(store: Ledgers) -> int:
    with closing(accounts_of(store.url())) as accounts:
        version = in_use(accounts)
        return 0 if version is None else version.position


def assert_right(store: Ledgers) -> None:
    """Caught up, every row is what a replay says, and so is every report."""
    ran = subprocess.run(
        [*PROGRAM, "--ledger", store.url(), "follow", "--once"], env=environment(), check=True, capture_output=True
    )
    assert b"Caught up" in ran.stdout
    now = datetime.now(UTC)
    with store.open() as ledger, closing(accounts_of(store.url())) as accounts:
        assert position(store) == ledger.head()
        compared = compare(ledger, accounts, now)
        assert compared is not None and compared.difference is None, str(compared and compared.difference)
        assert answered(ledger, accounts, now) == replayed(ledger, now)
        assert compared.tickets == len(list(Reports(ledger, Question(now)).sla()))


def begun(store: Ledgers) -> None:
    with store.open(create=True):
        pass


def test_followers_killed_at_random_lose_nothing_and_double_nothing(store: Ledgers, tmp_path: Path) -> None:
    chance = random.Random(5)
    begun(store)
    source = write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(KILLS * 30)])
    recording = driver(store, "ledger", source, batch=5)
    for _ in range(KILLS):
        process = follower(store)
        if chance.random() < 0.7:
            heard(process, "ollowing")
        try:
            process.wait(chance.uniform(0, 0.4))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
    recording.communicate()
    assert recording.returncode == 0
    assert_right(store)


def test_the_second_follower_stands_by_and_takes_over_when_the_first_is_killed(store: Ledgers, tmp_path: Path) -> None:
    begun(store)
    first = follower(store)
    heard(first, "Caught up")
    second = follower(store)
    heard(second, "standing by")
    first.kill()
    first.communicate()
    heard(second, "Following")
    with store.open() as ledger:
        head = ledger.head()
    driver(store, "ledger", write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(20)])).communicate()
    until(lambda: position(store) > head)
    second.send_signal(signal.SIGTERM)
    second.communicate()
    assert second.returncode == 0
    assert_right(store)


def test_a_follower_keeps_up_while_others_record_and_ends_cleanly_when_told_to(store: Ledgers, tmp_path: Path) -> None:
    begun(store)
    process = follower(store)
    heard(process, "Caught up")
    sources = [write_lines(tmp_path / f"{mark}.jsonl", [*(DESK if mark == "A" else []), *desk_of(60, mark)]) for mark in "AB"]
    driver(store, "ledger", sources[0], batch=3).communicate()
    driver(store, "ledger", sources[1], batch=3).communicate()
    with store.open() as ledger:
        until(lambda: position(store) == ledger.head())
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "") and "Caught up" in out
    assert_right(store)


def test_a_follower_outlives_a_restart_of_the_server(tmp_path: Path) -> None:
    with own_server() as server:
        store = Ledgers(tmp_path, Databases(server.url))
        begun(store)
        process = follower(store)
        heard(process, "Caught up")
        driver(store, "ledger", write_lines(tmp_path / "first.jsonl", [*DESK, *desk_of(10, "A")])).communicate()
        server.crash()
        server.start()
        driver(store, "ledger", write_lines(tmp_path / "then.jsonl", desk_of(10, "B"))).communicate()
        with store.open() as ledger:
            until(lambda: position(store) == ledger.head())
        process.send_signal(signal.SIGTERM)
        process.communicate()
        assert process.returncode == 0
        assert_right(store)


def test_a_rebuild_killed_at_random_leaves_the_accounts_in_use_as_they_were(store: Ledgers, tmp_path: Path) -> None:
    chance = random.Random(6)
    begun(store)
    driver(store, "ledger", write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(300)]), batch=500).communicate()
    assert_right(store)
    for _ in range(KILLS // 4):
        process = subprocess.Popen([*PROGRAM, "--ledger", store.url(), "rebuild"], env=environment(), stdout=subprocess.PIPE)
        try:
            process.wait(chance.uniform(0.3, 0.9))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert_right(store)


def builder(store: Ledgers, workers: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.adapters.crash.builder", store.url(), str(workers)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_a_build_killed_again_and_again_goes_on_each_time_and_ends_right(store: Ledgers, tmp_path: Path) -> None:
    chance = random.Random(7)
    begun(store)
    driver(store, "ledger", write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(KILLS * 20)]), batch=500).communicate()
    committed = 0
    for number in range(KILLS // 4):
        process = builder(store, workers=1 + number % 2)
        # What was told to be committed is found again.
        assert int(heard(process, "left").split()[1]) >= committed
        assert process.stdout is not None
        committed = int(process.stdout.readline())
        time.sleep(chance.uniform(0, 0.02))
        process.kill()
        out, _ = process.communicate()
        committed = max((int(it) for it in out[: out.rfind("\n") + 1].split()), default=committed)
    process = builder(store, workers=2)
    assert int(heard(process, "left").split()[1]) >= committed > 0
    heard(process, "built")
    process.communicate()
    with closing(accounts_of(store.url())) as accounts:
        version = in_use(accounts)
        assert version is not None and version.number == 1
    assert_right(store)


def test_clocks_that_step_back_between_followers_leave_accounts_that_equal_a_replay(store: Ledgers, tmp_path: Path) -> None:
    begun(store)
    driver(store, "ledger", write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(40)]), batch=50).communicate()
    for shift_seconds in (0, 30 * 86_400, -400 * 86_400, 3_600):
        process = stepping(store, shift_seconds)
        process.communicate()
        assert process.returncode == 0
    assert_right(store)
