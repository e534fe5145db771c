"""One ticket explained: both clocks as contiguous segments, each with its state, its seconds, its cause and its clause.

The segments are the pieces of `measure`, cut again wherever the time base does not tick, so their sums are the figures judged.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Literal

from msgspec import Struct

from projections.clocks import Assessment, Clock
from projections.measure import Piece, pieces
from projections.sla import clock_row, iso


class Segment(Struct, frozen=True, gc=False):
    """A part of a clock's time in one state. Instants are whole UTC seconds; `counted_seconds` are those that count."""

    start: int
    end: int
    state: Literal["running", "paused", "contingency", "closed_hours", "resolved"]
    counted_seconds: int
    cause: int | None
    clause: str | None


def segments(assessment: Assessment, clock: Clock, *, closed_hours: bool = True) -> list[Segment]:
    """The segments of a clock, contiguous from its start to its stop or the moment judged; none for one without a start.

    `closed_hours` wherever the base does not tick, which may be left out; else resolved, contingency, paused, running."""
    if clock.started is None or clock.end is None or clock.base is None:
        return []
    cut: list[Segment] = []
    for piece in pieces(clock.started, clock.end, clock.stops):
        reached = piece.start
        for opens, closes in clock.base.intervals(piece.start, piece.end):
            if closed_hours and reached < opens:
                _join(cut, _closed(reached, opens, assessment))
            for segment in _open(piece, opens, closes, assessment, clock):
                _join(cut, segment)
            reached = closes
        if closed_hours and reached < piece.end:
            _join(cut, _closed(reached, piece.end, assessment))
    return cut


def _join(cut: list[Segment], segment: Segment) -> None:
    """Adds a segment, to the last one if it only goes on with it."""
    last = cut[-1] if cut else None
    if last is not None and last.end == segment.start and _same(last, segment):
        counted = last.counted_seconds + segment.counted_seconds
        cut[-1] = Segment(last.start, segment.end, last.state, counted, last.cause, last.clause)
    else:
        cut.append(segment)


def _same(one: Segment, other: Segment) -> bool:
    return (one.state, one.cause, one.clause) == (other.state, other.cause, other.clause)


def _closed(start: int, end: int, assessment: Assessment) -> Segment:
    rules = assessment.agreed.rules
    return Segment(start, end, "closed_hours", 0, None, rules.provisions.calendar.clause if rules is not None else None)


def _open(piece: Piece, opens: int, closes: int, assessment: Assessment, clock: Clock) -> Sequence[Segment]:
    if piece.stop is not None:
        counted = 0 if piece.state == "resolved" else closes - opens
        return (Segment(opens, closes, piece.state, counted, piece.stop.cause, piece.stop.clause),)
    if not clock.windowed:
        return (Segment(opens, closes, "running", closes - opens, None, clock.clause),)
    after_hours = assessment.agreed.rules.provisions.after_hours if assessment.agreed.rules is not None else None
    return [
        Segment(start, end, "running", end - start, window,
                after_hours.clause if window is not None and after_hours is not None else clock.clause)
        for start, end, window in _by_window(opens, closes, assessment)
    ]  # fmt: skip


def _by_window(opens: int, closes: int, assessment: Assessment) -> Iterator[tuple[int, int, int | None]]:
    """Running time cut into the calendar's own and that of requested windows, the latter with the entry that asked for it."""
    calendar, facts = assessment.agreed.calendar, assessment.facts
    if calendar is None:
        yield opens, closes, None
        return
    reached = opens
    for start, end in [*calendar.intervals(opens, closes), (closes, closes)]:
        if reached < start:
            asked = next((position for a, b, position in facts.windows if a <= reached < b), None)
            yield reached, start, asked
        if start < end:
            yield start, end, None
        reached = end


def clock_explained(assessment: Assessment, clock: Clock) -> dict[str, Any]:
    """A clock as in `report sla`, with its segments (exchange.md, explain)."""
    return {
        **clock_row(clock),
        "segments": [
            {
                "from": iso(it.start),
                "to": iso(it.end),
                "state": it.state,
                "counted_seconds": it.counted_seconds,
                "cause": it.cause,
                "clause": it.clause,
            }
            for it in segments(assessment, clock)
        ],
    }
