"""A clock's band for the screen: the stretches of `replay.dossier.Band` laid out along rows, as shares of a row's width.

The rows and their ticks are those of the dossier's drawing, so that page and paper show the same. Widths are shares, for the
page is as wide as its reader's screen; colours are the style sheet's business. It measures nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct

from adapters.dossier.drawing import Lane, lanes
from domain.time_base import epoch_seconds
from replay.dossier import Band


class Piece(Struct, frozen=True):
    """A part of a stretch on one row: where it begins and how wide it is, in per cent; `number` is its segment's, from 1 on."""

    x: str
    width: str
    state: str
    number: int


class Tick(Struct, frozen=True):
    """A labelled instant of a row, in per cent; the first and the last are set inside the row's ends."""

    x: str
    label: str
    anchor: str


class Row(Struct, frozen=True):
    """One row: its day, its pieces and ticks, and where on it the clock is due, None if not here."""

    label: str
    pieces: Sequence[Piece]
    ticks: Sequence[Tick]
    due: str | None
    due_anchor: str


class Drawn(Struct, frozen=True):
    """A band ready to be drawn: its rows, the states in it, and whether the due instant is that of a breach."""

    rows: Sequence[Row]
    states: Sequence[str]
    is_breached: bool


def drawn(band: Band, segments: Sequence[Mapping[str, Any]], zone: tzinfo) -> Drawn:
    """The band of a clock in a zone; `segments` are those of `explain` that it was made of."""
    ends = [epoch_seconds(datetime.fromisoformat(it["to"])) for it in segments]
    rows = [_row(lane, band, ends) for lane in lanes(band, zone)]
    present = {it.state for it in band.stretches}
    order = ("running", "overrun", "paused", "contingency", "closed_hours", "resolved")
    return Drawn(rows, [it for it in order if it in present], band.is_breached)


def _row(lane: Lane, band: Band, ends: Sequence[int]) -> Row:
    is_due = band.due is not None and lane.start <= band.due < lane.end
    due = _share(lane, band.due) if is_due and band.due is not None else None
    return Row(lane.label, list(_pieces(lane, band, ends)), list(_labels(lane)), due, _anchor(due))


def _pieces(lane: Lane, band: Band, ends: Sequence[int]) -> Iterator[Piece]:
    for it in band.stretches:
        start, end = max(it.start, lane.start), min(it.end, lane.end)
        if start < end:
            number = next(n for n, until in enumerate(ends, 1) if it.end <= until)
            yield Piece(_share(lane, start), _percent(end - start, lane), it.state, number)


def _labels(lane: Lane) -> Iterator[Tick]:
    last = len(lane.ticks) - 1
    for number, (instant, label) in enumerate(lane.ticks):
        anchor = "start" if number == 0 else "end" if number == last and instant >= lane.end else "middle"
        yield Tick(_share(lane, instant), label, anchor)


def _share(lane: Lane, instant: int) -> str:
    return _percent(instant - lane.start, lane)


def _percent(seconds: int, lane: Lane) -> str:
    """A share in thousandths of a per cent, from whole seconds alone."""
    thousandths = 100_000 * seconds // (lane.end - lane.start)
    return f"{thousandths // 1000}.{thousandths % 1000:03}%"


def _anchor(due: str | None) -> str:
    return "end" if due is not None and int(due.partition(".")[0]) > 60 else "start"
