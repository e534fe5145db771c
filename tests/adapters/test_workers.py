"""Work shared out among processes: answers in the order of the parts, errors as they were, and nobody left behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.mapper import LedgerError
from adapters.workers import WorkerLost, shared_out
from tests.adapters.crash.sharer import slowly

ROOT = Path(__file__).parents[2]


class CannotTravel(Exception):
    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} {other}")


@contextmanager
def squaring(least: int) -> Iterator[Callable[[int], Any]]:
    def work(number: int) -> Any:
        if number < least:
            raise LedgerError("{number} is too small", number=number)
        if number == 1_000:
            raise CannotTravel("too", "large")
        if number == 2_000:
            os.kill(os.getpid(), signal.SIGKILL)
        return number * number, os.getpid(), hash("salted")

    yield work


@contextmanager
def never_ready() -> Iterator[Callable[[int], int]]:
    raise LedgerError("{path} is gone", path="desk.db")
    yield int


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone_soon(pids: set[int]) -> bool:
    deadline = time.monotonic() + 20
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


def test_answers_come_in_the_order_of_the_parts_and_from_other_processes() -> None:
    found = list(shared_out(3, squaring, (0,), range(40)))
    assert [square for square, _, _ in found] == [number * number for number in range(40)]
    pids = {pid for _, pid, _ in found}
    assert os.getpid() not in pids and gone_soon(pids)
    assert len({salted for _, _, salted in found}) == 1


def test_without_parts_there_is_nothing() -> None:
    assert list(shared_out(2, squaring, (0,), [])) == []


def test_what_goes_wrong_elsewhere_is_raised_here() -> None:
    with pytest.raises(LedgerError, match="3 is too small"):
        list(shared_out(2, squaring, (5,), [9, 8, 3]))
    with pytest.raises(LedgerError, match=r"desk\.db is gone"):
        list(shared_out(2, never_ready, (), [1]))
    with pytest.raises(RuntimeError, match="CannotTravel: too large"):
        list(shared_out(2, squaring, (0,), [1_000]))


def test_a_process_that_could_not_begin_says_why_even_to_who_asks_late() -> None:
    def coming_late() -> Iterator[int]:
        time.sleep(3)
        yield 1

    with pytest.raises(LedgerError, match=r"desk\.db is gone"):
        list(shared_out(1, never_ready, (), coming_late()))


def test_a_process_that_is_killed_is_told_of_and_takes_the_others_with_it() -> None:
    answers = shared_out(2, squaring, (0,), [*range(20), 2_000, *range(50)])
    pids = {next(answers)[1] for _ in range(2)}
    with pytest.raises(WorkerLost, match="exit code -9"):
        list(answers)
    assert gone_soon(pids)


def test_whoever_stops_listening_leaves_nobody_behind() -> None:
    with closing(shared_out(2, slowly, (), [0.01, 0.01, *[30.0] * 10])) as answers:
        pids = {next(answers), next(answers)}
    assert gone_soon(pids)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_the_first_process_ends_the_others_end_too(how: signal.Signals) -> None:
    sharer = subprocess.Popen(
        [sys.executable, "-m", "tests.adapters.crash.sharer"], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert sharer.stdout is not None
    pids = {int(sharer.stdout.readline()) for _ in range(2)}
    if how is signal.SIGINT:
        # As Ctrl-C does: to every process of the terminal.
        os.killpg(sharer.pid, how)
    else:
        sharer.send_signal(how)
    _, complaints = sharer.communicate(timeout=20)
    assert complaints.count("Traceback") == (how is signal.SIGINT), complaints
    assert gone_soon(pids)
