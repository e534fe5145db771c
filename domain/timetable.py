"""A base of time as prefix sums: sorted UTC spans with cumulative seconds, for whatever spans it is given.

`elapsed` is two bisections, `due` one. It answers for the years 1970 to 2300 and refuses to answer outside,
never with 0; where the spans come from is not its business (`domain.calendar` knows).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from domain.refusal import Sayable, said
from domain.time_base import DAY_SECONDS, Span, day_number, merged, refuse_negative, refuse_reversed

FIRST_YEAR, LAST_YEAR = 1970, 2300
_LIMIT = day_number(date(LAST_YEAR + 1, 1, 1)) * DAY_SECONDS
_MARGIN = 366 * DAY_SECONDS
OUT_OF_YEARS = said("{text} is not within the years {first} to {last}")


class CalendarError(Sayable, ValueError):
    """A calendar that cannot be, or a question outside its years; `field` is like "weekly.mon[1]"."""

    def __init__(self, field: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field


class _Table(NamedTuple):
    """The spans within [low, high]: edges that open, close, open, … and the seconds counted since `low`.

    With i edges at or before t these are `base[i]`, plus t where i is odd. `totals` has them at each close.
    """

    low: int
    high: int
    edges: list[int]
    base: list[int]
    totals: list[int]


class Timetable:
    """A base of time over prefix sums, built over the years asked about and grown by doubling.

    `spans(first, last)` yields the sorted spans of the days numbered first … last-1, and may yield others
    too; `endless` says that there are always more of them.
    """

    __slots__ = ("_endless", "_spans", "_table")

    def __init__(self, spans: Callable[[int, int], Iterable[Span]], endless: bool) -> None:
        self._spans = spans
        self._endless = endless
        self._table = _Table(0, -1, [], [0], [])

    def elapsed(self, start: int, end: int) -> int:
        """Seconds that count in [start, end). ValueError if reversed, CalendarError outside 1970 to 2300."""
        low, high, edges, base, _ = self._table
        if not low <= start <= end <= high:
            _, _, edges, base, _ = self._table_over(start, end)
        i = bisect_right(edges, start)
        j = bisect_right(edges, end)
        return (base[j] + end if j & 1 else base[j]) - (base[i] + start if i & 1 else base[i])

    def due(self, start: int, seconds: int) -> int | None:
        """First instant by which `seconds` have counted since `start`: a closing itself; `start` for 0.

        None if there are never so many. ValueError if negative, CalendarError if it lies beyond 2300.
        """
        low, high, edges, base, totals = self._table
        if not low <= start <= high:
            _, high, edges, base, totals = self._table_over(start, start)
        if seconds <= 0:
            refuse_negative(seconds)
            return start
        while seconds <= _LIMIT - start:
            i = bisect_right(edges, start)
            target = seconds + (base[i] + start if i & 1 else base[i])
            k = bisect_left(totals, target)
            if k < len(totals):
                return target - base[2 * k + 1]
            if high == _LIMIT:
                break
            _, high, edges, base, totals = self._table_over(start, high + 1)
        if self._endless:
            raise CalendarError(
                "instant", said("{seconds} seconds from {start} end after the year {last}"),
                seconds=seconds, start=start, last=LAST_YEAR,
            )  # fmt: skip
        return None

    def intervals(self, start: int, end: int) -> Iterator[Span]:
        """Maximal spans that count within [start, end), in order. Raises as `elapsed` does."""
        edges = self._table_over(start, end).edges
        inner = edges[bisect_right(edges, start) : bisect_left(edges, end)]
        if start < end and self.ticks(start):
            inner.insert(0, start)
        if len(inner) % 2:
            inner.append(end)
        return zip(inner[::2], inner[1::2], strict=True)

    def ticks(self, instant: int) -> bool:
        """Whether the second that begins at `instant` counts. CalendarError outside 1970 to 2300."""
        return bisect_right(self._table_over(instant, instant + 1).edges, instant) & 1 == 1

    def _table_over(self, start: int, end: int) -> _Table:
        """The table, grown to cover [start, end]; assigned in one go: threads see the old or the new one."""
        refuse_reversed(start, end)
        table = self._table
        if table.low <= start and end <= table.high:
            return table
        refuse_outside(start, end)
        low, high = self._grown(table, start, end)
        self._table = _tabulated(low, high, self._spans(low // DAY_SECONDS - 3, high // DAY_SECONDS + 3))
        return self._table

    def _grown(self, table: _Table, start: int, end: int) -> Span:
        if not self._endless:
            return 0, _LIMIT
        if table.high < table.low:
            return max(start - _MARGIN, 0), min(end + _MARGIN, _LIMIT)
        width = table.high - table.low
        low = table.low if start >= table.low else min(start, table.low - width)
        high = table.high if end <= table.high else max(end, table.high + width)
        return max(low, 0), min(high, _LIMIT)


def refuse_outside(start: int, end: int) -> None:
    """CalendarError if [start, end) does not lie within the years 1970 to 2300 (UTC)."""
    if start < 0 or end > _LIMIT:
        raise CalendarError("instant", OUT_OF_YEARS, text=f"[{start}, {end})", first=FIRST_YEAR, last=LAST_YEAR)


def _tabulated(low: int, high: int, spans: Iterable[Span]) -> _Table:
    edges: list[int] = []
    base, totals, total = [0], [], 0
    for opens, closes in merged(spans):
        start, end = max(opens, low), min(closes, high)
        if start < end:
            edges += (start, end)
            base += (total - start, total + end - start)
            total += end - start
            totals.append(total)
    return _Table(low, high, edges, base, totals)
