"""Both clocks drawn as bands, in SVG: a row for so many local days, or one row of a few hours, with due and breach marked.

Every state has a pattern of its own, so that a copy in black and white reads as well. Nothing is measured here: it draws the
stretches it is given, to scale.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, tzinfo
from html import escape
from math import ceil
from typing import NamedTuple

from adapters.language import _
from domain.refusal import said
from replay.dossier import Band, Stretch

WIDTH, _LEFT, _RIGHT = 680, 86, 12
_ROW, _BAR, _TOP, _LEGEND = 42, 17, 14, 20
_ROWS_AT_MOST = 14
_HOUR, _SHORT = 3600, 12 * 3600
_LENGTHS_DAYS = (1, 2, 7, 14, 28, 56, 112, 224, 448, 896)
STATES: dict[str, str] = {
    "running": said("running"),
    "overrun": said("running, over target"),
    "paused": said("waiting: the clock stands"),
    "contingency": said("contingency"),
    "closed_hours": said("outside hours"),
    "resolved": said("resolved: the clock stands"),
}
_GROUNDS = {"running": "#24405e", "overrun": "#8c1c13", "closed_hours": "#f1f1ee"}
"""The colour under a state's pattern; white for the others."""
_STROKES = {
    "overrun": '<path d="M2.5 -1V6" stroke="#fff" stroke-width="1.2"/>',
    "paused": '<path d="M-1 1L1 -1M-1 6L6 -1M4 6L6 4" stroke="#3f4a5a" stroke-width="1.1"/>',
    "contingency": '<path d="M-1 6L6 -1M-1 -1L6 6" stroke="#3f4a5a" stroke-width="0.8"/>',
    "closed_hours": '<circle cx="2.5" cy="2.5" r="0.6" fill="#8f8f88"/>',
    "resolved": '<path d="M-1 2.5H6" stroke="#3f4a5a" stroke-width="0.8"/>',
}
"""What is drawn over it, in a square of five by five; running time has nothing."""


class Lane(NamedTuple):
    """One row of the drawing: the instants at its ends, its label, and the instants that are ticked with their labels."""

    start: int
    end: int
    label: str
    ticks: Sequence[tuple[int, str]]


class _Mark(NamedTuple):
    """An instant that is pointed out, and in what words."""

    instant: int
    text: str
    colour: str


def drawing(band: Band, zone: tzinfo, name: str) -> str:
    """The band of a clock as an SVG document, in a zone and in the language spoken. `name` sets its patterns apart."""
    drawn = list(lanes(band, zone))
    marks = _marks(band)
    height = _TOP + len(drawn) * _ROW + _LEGEND * _legend_rows(band) + 4
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Libertinus Serif, Georgia, serif" font-size="10">',
        patterns(name),
    ]
    for number, lane in enumerate(drawn):
        parts += _lane(lane, _TOP + number * _ROW, band.stretches, marks, name)
    parts += _legend(band, _TOP + len(drawn) * _ROW + 6, name)
    return "\n".join([*parts, "</svg>"])


def patterns(name: str) -> str:
    """The definitions of the states' patterns, under ids that begin with `name`."""
    tile = '<pattern id="{}" width="5" height="5" patternUnits="userSpaceOnUse">{}</pattern>'
    return "<defs>" + "".join(tile.format(name + state, strokes) for state, strokes in _STROKES.items()) + "</defs>"


def _marks(band: Band) -> list[_Mark]:
    if band.due is None:
        return []
    text = _("due and breached") if band.is_breached else _("due")
    return [_Mark(band.due, text, "#8c1c13" if band.is_breached else "#111")]


# Lanes --------------------------------------------------------------------------------------------------------------


def lanes(band: Band, zone: tzinfo) -> Iterator[Lane]:
    """The rows: one of whole hours for what fits in half a day, else as many local days each as keep them few."""
    last = max(band.end, band.due or band.end)
    if last - band.start <= _SHORT:
        yield _hours(band.start, last, zone)
        return
    first = _local(band.start, zone)
    days = (_local(max(last - 1, band.start), zone).date() - first.date()).days + 1
    length = next((it for it in _LENGTHS_DAYS if ceil(days / it) <= _ROWS_AT_MOST), ceil(days / _ROWS_AT_MOST))
    midnight = first.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    for begin in range(0, days, length):
        day = midnight + timedelta(days=begin)
        until = day + timedelta(days=length)
        yield Lane(_instant(day, zone), _instant(until, zone), f"{day:%Y-%m-%d}", list(_ticks(day, length, zone)))


def _hours(start: int, last: int, zone: tzinfo) -> Lane:
    """A row from the whole hour before to the whole hour after."""
    opens = _local(start, zone).replace(minute=0, second=0, microsecond=0)
    begins = int(opens.timestamp())
    ends = begins + max(ceil((last + 60 - begins) / _HOUR), 1) * _HOUR
    step = 900 if ends - begins <= 3 * _HOUR else _HOUR
    ticks = [(it, f"{_local(it, zone):%H:%M}") for it in range(begins, ends + 1, step)]
    return Lane(begins, ends, f"{opens:%Y-%m-%d}", ticks)


def _ticks(day: datetime, length: int, zone: tzinfo) -> Iterator[tuple[int, str]]:
    if length == 1:
        for hour in (0, 6, 12, 18, 24):
            yield _instant(day + timedelta(hours=hour), zone), f"{hour}:00"
        return
    step = max(1, length // 7)
    for number in range(0, length, step):
        at = day + timedelta(days=number)
        yield _instant(at, zone), f"{at:%m-%d}"


def _local(instant: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(instant, zone)


def _instant(wall: datetime, zone: tzinfo) -> int:
    return int(wall.replace(tzinfo=zone).timestamp())


def _lane(lane: Lane, top: int, stretches: Sequence[Stretch], marks: Sequence[_Mark], name: str) -> Iterator[str]:
    yield text(_LEFT - 10, top + 13, lane.label, "end")
    right = WIDTH - _RIGHT
    frame = f'<rect x="{_LEFT}" y="{top}" width="{right - _LEFT}" height="{_BAR}"'
    yield f'{frame} fill="none" stroke="#c9c9c4" stroke-width="0.5"/>'
    for it in stretches:
        start, end = max(it.start, lane.start), min(it.end, lane.end)
        if start < end:
            x, until = _x(lane, start), _x(lane, end)
            yield bar(x, top, max(until - x, 0.7), it.state, name)
    for instant, label in lane.ticks:
        x = _x(lane, instant)
        yield f'<path d="M{x:.2f} {top + _BAR}v3" stroke="#777" stroke-width="0.6"/>'
        yield text(x, top + _BAR + 11, label, "middle", size=7.5, colour="#555")
    for mark in marks:
        if lane.start <= mark.instant < lane.end:
            yield from _flag(mark, _x(lane, mark.instant), top)


def bar(x: float, top: float, width: float, state: str, name: str, height: float = _BAR) -> str:
    """A rectangle in the state's colour, and the same in its pattern: tiles without a ground of their own leave no seams."""
    box = f'<rect x="{x:.2f}" y="{top}" width="{width:.2f}" height="{height}"'
    ground = f'{box} fill="{_GROUNDS.get(state, "#fff")}" stroke="#24303f" stroke-width="0.5"/>'
    return ground + (f'{box} fill="url(#{name}{state})"/>' if state in _STROKES else "")


def _flag(mark: _Mark, x: float, top: int) -> Iterator[str]:
    """A line through the band with a point above it, and its words on the side where there is room."""
    yield f'<path d="M{x:.2f} {top - 4}V{top + _BAR + 4}" stroke="{mark.colour}" stroke-width="1.6"/>'
    yield f'<path d="M{x - 4:.2f} {top - 8}h8l-4 6z" fill="{mark.colour}"/>'
    at_left = x > WIDTH - 130
    yield text(x - 7 if at_left else x + 7, top - 3.5, mark.text, "end" if at_left else "start", size=8, colour=mark.colour,
                bold=True)  # fmt: skip


def _x(lane: Lane, instant: int) -> float:
    return _LEFT + (WIDTH - _RIGHT - _LEFT) * (instant - lane.start) / (lane.end - lane.start)


# Legend -------------------------------------------------------------------------------------------------------------


def _shown(band: Band) -> list[str]:
    states = {it.state for it in band.stretches}
    return [it for it in STATES if it in states]


def _legend_rows(band: Band) -> int:
    return ceil(len(_shown(band)) / 3)


def _legend(band: Band, top: int, name: str) -> Iterator[str]:
    for number, state in enumerate(_shown(band)):
        x, y = _LEFT + number % 3 * 195, top + number // 3 * _LEGEND
        yield bar(x, y, 22, state, name, 10)
        yield text(x + 28, y + 9, _(STATES[state]), "start", size=9)


def text(x: float, y: float, text: str, anchor: str, *, size: float = 9.5, colour: str = "#222", bold: bool = False) -> str:
    """A line of text that starts, ends or has its middle at x."""
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.2f}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{colour}"{weight}>{escape(text)}</text>'
