"""What a clock counts: whole UTC seconds since 1970-01-01T00:00Z, measured by a base of time.

Holds the protocol every base of time keeps, the base that counts every second, the union of a base with
windows, and the exact ways from moments and wall clocks to whole seconds. It knows no opening hours
(`domain.calendar` does).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from heapq import merge
from typing import Protocol
from zoneinfo import ZoneInfo

DAY_SECONDS = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_WALL = _EPOCH.replace(tzinfo=None)
_EPOCH_ORDINAL = _EPOCH_WALL.toordinal()

Span = tuple[int, int]
"""Half-open [from, to), in instants unless said otherwise."""


def epoch_seconds(moment: datetime) -> int:
    """The whole second an aware `moment` lies in (cut down, rules.md 1.5). ValueError for a naive one."""
    try:
        since = moment - _EPOCH
    except TypeError:
        raise ValueError(f"{moment.isoformat()} has no offset from UTC") from None
    return since.days * DAY_SECONDS + since.seconds


class TimeBase(Protocol):
    """Which seconds count. Instants and durations are whole seconds; spans are half-open."""

    def elapsed(self, start: int, end: int) -> int:
        """Seconds of this base in [start, end). ValueError if `end` < `start`."""

    def due(self, start: int, seconds: int) -> int | None:
        """First instant t ≥ `start` with elapsed(start, t) == `seconds`; None if never. ValueError if < 0."""

    def intervals(self, start: int, end: int) -> Iterator[Span]:
        """Maximal ticking spans within [start, end), in order. ValueError if `end` < `start`."""

    def ticks(self, instant: int) -> bool:
        """Whether the second that begins at `instant` counts."""


@dataclass(frozen=True)
class _ClockTime:
    """Every second counts (rules.md 2.1)."""

    def elapsed(self, start: int, end: int) -> int:
        refuse_reversed(start, end)
        return end - start

    def due(self, start: int, seconds: int) -> int | None:
        refuse_negative(seconds)
        return start + seconds

    def intervals(self, start: int, end: int) -> Iterator[Span]:
        refuse_reversed(start, end)
        return iter(((start, end),) if start < end else ())

    def ticks(self, instant: int) -> bool:
        return True


CLOCK_TIME: TimeBase = _ClockTime()


@dataclass(frozen=True)
class _Union:
    """A base and disjoint, sorted windows, measured from both: a long window costs nothing to build."""

    base: TimeBase
    windows: tuple[Span, ...]

    def elapsed(self, start: int, end: int) -> int:
        total = self.base.elapsed(start, end)
        for opens, closes in self._clipped(start, end):
            total += closes - opens - self.base.elapsed(opens, closes)
        return total

    def due(self, start: int, seconds: int) -> int | None:
        refuse_negative(seconds)
        at, left = start, seconds
        for opens, closes in self.windows:
            if closes <= at:
                continue
            until = max(at, opens)
            before = self.base.elapsed(at, until)
            if before >= left:
                break
            left -= before
            if left <= closes - until:
                return until + left
            at, left = closes, left - (closes - until)
        return self.base.due(at, left)

    def intervals(self, start: int, end: int) -> Iterator[Span]:
        refuse_reversed(start, end)
        return merged(merge(self.base.intervals(start, end), self._clipped(start, end)))

    def ticks(self, instant: int) -> bool:
        return any(opens <= instant < closes for opens, closes in self.windows) or self.base.ticks(instant)

    def _clipped(self, start: int, end: int) -> Iterator[Span]:
        for opens, closes in self.windows:
            if opens < end and closes > start:
                yield max(opens, start), min(closes, end)


def union(base: TimeBase, windows: Sequence[Span]) -> TimeBase:
    """`base` plus every second of `windows` ([from, to) instants; they may overlap one another and the base).

    For a handful of windows (a ticket's after-hours windows, rules.md 2.6). ValueError if one has to ≤ from.
    """
    for opens, closes in windows:
        if closes <= opens:
            raise ValueError(f"the window [{opens}, {closes}) does not end after it begins")
    return _Union(base, tuple(merged(sorted(windows)))) if windows else base


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """The union of `spans` sorted by start, as maximal disjoint spans; touching ones are joined."""
    opens = closes = 0
    for start, end in spans:
        if start > closes or opens == closes:
            if opens < closes:
                yield opens, closes
            opens, closes = start, end
        elif end > closes:
            closes = end
    if opens < closes:
        yield opens, closes


def without(spans: Iterable[Span], removed: Sequence[Span]) -> Iterator[Span]:
    """What is left of disjoint sorted `spans` outside `removed`, which must be disjoint and sorted too."""
    first = 0
    for start, end in spans:
        at = start
        while first < len(removed) and removed[first][1] <= start:
            first += 1
        for opens, closes in removed[first:]:
            if opens >= end:
                break
            if at < opens:
                yield at, opens
            at = closes
        if at < end:
            yield at, end


def refuse_reversed(start: int, end: int) -> None:
    """ValueError if `end` < `start`: a reversed range is the caller's mistake, not zero seconds."""
    if end < start:
        raise ValueError(f"the range [{start}, {end}) is reversed")


def refuse_negative(seconds: int) -> None:
    """ValueError if a duration is negative."""
    if seconds < 0:
        raise ValueError(f"{seconds} seconds: a duration cannot be negative")


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`. A wall time is `day_number(day) * DAY_SECONDS` + seconds of the day."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(number: int) -> date:
    """The day with this `day_number`."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def wall_offset(zone: ZoneInfo, wall: int) -> int:
    """Seconds east of UTC at this wall time (seconds since 1970-01-01T00:00 local).

    Where clocks show it twice, the first time's offset; where they skip it, the offset before the gap.
    """
    offset = (_EPOCH_WALL + timedelta(seconds=wall)).replace(tzinfo=zone).utcoffset()
    assert offset is not None
    return offset.days * DAY_SECONDS + offset.seconds


def first_instant(zone: ZoneInfo, wall: int) -> int:
    """The first instant at which the clocks of `zone` show this wall time or a later one.

    So a time that they show twice is the first of the two, and a time they skip is the instant the gap ends.
    """
    offset = wall_offset(zone, wall)
    after = wall - offset
    if _offset_at(zone, after) == offset:
        return after
    before = wall - _offset_at(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset_at(zone, middle) == offset else (before, middle)
    return after


def _offset_at(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, zone).utcoffset()
    assert offset is not None
    return offset.days * DAY_SECONDS + offset.seconds
