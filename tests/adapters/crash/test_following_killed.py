"""What is left of followers that are killed, that meet, or whose clock steps back: real processes, a real
kill -9, while another process records.

BITACORA_KILLS says how many.
"""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from adapters.accounts.building import in_use
from adapters.accounts.places import accounts_of
from tests.adapters.cli.calling import PROGRAM, environment
from tests.adapters.crash.followers import assert_right, begun, caught_up, ended, follower, heard, position, until
from tests.adapters.crash.test_recording_killed import ROOT, desk_of, driver
from tests.adapters.given import DESK, write_lines
from tests.stores import Ledgers

KILLS = int(os.environ.get("BITACORA_KILLS", "100"))


def stepping(store: Ledgers, shift_seconds: int) -> "subprocess.Popen[str]":
    """A follower whose clock is that many seconds off."""
    command = [sys.executable, "-m", "tests.adapters.crash.follower", store.url(), str(shift_seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def test_followers_killed_at_random_lose_nothing_and_double_nothing(store: Ledgers, tmp_path: Path) -> None:
    chance = random.Random(5)
    begun(store)
    source = write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(KILLS * 10)])
    recording = driver(store, "ledger", source, batch=5, pause_seconds=0.1)
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
    ended(second)
    assert_right(store)


def test_a_follower_keeps_up_while_others_record_and_ends_cleanly_when_told_to(store: Ledgers, tmp_path: Path) -> None:
    begun(store)
    process = follower(store)
    heard(process, "Caught up")
    sources = [write_lines(tmp_path / f"{mark}.jsonl", [*(DESK if mark == "A" else []), *desk_of(60, mark)]) for mark in "AB"]
    driver(store, "ledger", sources[0], batch=3).communicate()
    driver(store, "ledger", sources[1], batch=3).communicate()
    until(lambda: caught_up(store))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "") and "Caught up" in out
    assert_right(store)


def test_a_rebuild_killed_at_random_leaves_the_accounts_in_use_as_they_were(store: Ledgers, tmp_path: Path) -> None:
    chance = random.Random(6)
    begun(store)
    driver(store, "ledger", write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(300)]), batch=500).communicate()
    assert_right(store)
    for _ in range(KILLS // 20):
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
