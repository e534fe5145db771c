"""How figures are taken and shown: medians of repeated runs with their spread, each beside a floor measured in the same run.

It measures nothing itself; every other module of `bench` returns rows of this shape.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter
from typing import Any, TypedDict

REPEATS = 5


class Row(TypedDict):
    """One line of the table. `value` is a median, `spread` (max - min) / median of its runs; `ratio` of the value to the
    `floor`, or of the two sizes compared; `met` whether the goal is, None where there is none or nothing was measured."""

    name: str
    value: float | None
    unit: str
    spread: float | None
    floor: float | None
    ratio: float | None
    goal: str
    met: bool | None


class Times(list[float]):
    """Seconds of repeated runs."""

    @property
    def middle(self) -> float:
        return median(self)

    @property
    def spread(self) -> float:
        return (max(self) - min(self)) / median(self)


def in_turns(*works: Callable[[], object], repeats: int = REPEATS, clock: Callable[[], float] = perf_counter) -> list[Times]:
    """The seconds each work takes, run in turns so that a busy moment of the machine falls on all of them.

    `clock` may be that of the processor (`process_time`) for works that wait for nothing."""
    found = [Times() for _ in works]
    for _ in range(repeats):
        for work, times in zip(works, found, strict=True):
            begun = clock()
            work()
            times.append(clock() - begun)
    return found


def alone(module: str, *arguments: str, accepted: Sequence[int] = (0,)) -> dict[str, Any]:
    """The `peak_mb` of `python -m module arguments` as a process of its own, and the beginning of what it `printed`.

    RuntimeError if it ends with a code that is not accepted."""
    command = [sys.executable, "-m", "bench.alone", module, *arguments]
    found: dict[str, Any] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    if found["code"] not in accepted:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {found['code']}")
    return found


def left_out(name: str, why: str, goal: str) -> Row:
    """The row of something that cannot be measured here."""
    return Row(name=f"{name}: {why}", value=None, unit="", spread=None, floor=None, ratio=None, goal=goal, met=None)


HEADINGS = ("", "value", "unit", "spread", "floor", "ratio", "goal", "met")


def cells(row: Row) -> Sequence[str]:
    """A row as the texts of its cells."""
    met = {None: "-", True: "yes", False: "no"}[row["met"]]
    spread = "" if row["spread"] is None else f"{row['spread']:.0%}"
    return (
        row["name"], _number(row["value"]), row["unit"], spread, _number(row["floor"]), _number(row["ratio"]), row["goal"], met,
    )  # fmt: skip


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
