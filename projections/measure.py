"""How much of a time base ran, between two instants, outside the spans that stop it: the measuring under every clock.

A measured time is cut into pieces, each running, paused, under a contingency or resolved; the figures are sums over pieces, so
that they can always be shown piece by piece. It knows no entries and no clauses.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from msgspec import Struct

from domain.time_base import TimeBase

State = Literal["running", "paused", "contingency", "resolved"]
_PRECEDENCE: dict[State, int] = {"resolved": 0, "contingency": 1, "paused": 2, "running": 3}


class Stop(Struct, frozen=True, gc=False):
    """A time [start, end) that does not run, why, the position of the entry that began it, and the clause it stops by.

    `is_open`: nothing has ended it by the moment judged. `has_own_clause`: that clause is not the target's own."""

    state: State
    start: int
    end: int
    cause: int
    clause: str | None = None
    is_open: bool = False
    has_own_clause: bool = False


class Piece(Struct, frozen=True, gc=False):
    """A part of a measured time in one state; `stop` is what put it there, None while running."""

    start: int
    end: int
    state: State
    stop: Stop | None


class Measured(Struct, frozen=True, gc=False):
    """Seconds of the base that ran and that were paused, and the first instant at which `target` was or will be reached,
    as if it ran on from the end (None: never)."""

    elapsed: int
    paused: int
    due: int | None


def pieces(start: int, end: int, stops: Sequence[Stop]) -> list[Piece]:
    """[start, end) cut where anything begins or ends; of what overlaps, resolved comes first, then contingency, then paused,
    and of equals what began first."""
    relevant = [it for it in stops if it.start < end and it.end > start and it.start < it.end]
    if len(relevant) > 1:
        relevant.sort(key=lambda it: (_PRECEDENCE[it.state], it.start, it.cause))
    edges = {start, end}
    for stop in relevant:
        edges.add(stop.start if stop.start > start else start)
        edges.add(stop.end if stop.end < end else end)
    return [_piece(opens, closes, relevant) for opens, closes in pairwise(sorted(edges))]


def _piece(opens: int, closes: int, relevant: Sequence[Stop]) -> Piece:
    for stop in relevant:
        if stop.start <= opens and closes <= stop.end:
            return Piece(opens, closes, stop.state, stop)
    return Piece(opens, closes, "running", None)


def measure(base: TimeBase, start: int, end: int, stops: Sequence[Stop], target: int | None) -> Measured:
    """What ran and what was paused in [start, end), and when `target` seconds have run (rules 2, head, and 2.8).

    All in whole seconds of UTC; `start` ≤ `end`. Time that is resolved counts as neither."""
    if not stops:
        return Measured(base.elapsed(start, end), 0, base.due(start, target) if target is not None else None)
    elapsed = paused = 0
    due: int | None = None
    for piece in pieces(start, end, stops):
        seconds = base.elapsed(piece.start, piece.end)
        if piece.state == "running":
            if target is not None and due is None and elapsed + seconds >= target:
                due = base.due(piece.start, target - elapsed)
            elapsed += seconds
        elif piece.state != "resolved":
            paused += seconds
    if target is not None and due is None:
        due = base.due(end, target - elapsed)
    return Measured(elapsed, paused, due)
