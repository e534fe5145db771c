"""Support hours: which seconds count in the weeks of a zone, with its holidays, closures and openings.

It turns the hours a person writes (`domain.written_hours`) into UTC spans, which `domain.timetable` measures.
It makes up no holidays and knows no ticket: a ticket's own windows are added with `with_windows`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from heapq import merge
from itertools import chain
from typing import NamedTuple

from domain.time_base import (
    DAY_SECONDS,
    Span,
    TimeBase,
    date_of,
    day_number,
    first_instant,
    merged,
    union,
    wall_offset,
    without,
)
from domain.timetable import FIRST_YEAR, LAST_YEAR, OUT_OF_YEARS, CalendarError, Timetable, refuse_outside
from domain.written_hours import Wall, apart, days_read, one_off_read, weekly_read, zone_read

__all__ = ["Calendar", "CalendarError"]

_WEEKDAY_OF_DAY_ZERO = 3  # 1970-01-01 was a Thursday


class _Content(NamedTuple):
    """What makes two calendars the same: seconds of the day by weekday, day numbers, instants."""

    zone: str
    weekly: tuple[tuple[Span, ...], ...]
    holidays: frozenset[int]
    closures: tuple[Span, ...]
    openings: tuple[Span, ...]


class Calendar(Timetable):
    """Support time: the weekly intervals, less holidays and closures, plus openings (rules.md 2.1).

    Immutable and hashable by content. An interval belongs to the local day it starts on: an overnight shift
    that starts on a holiday goes whole; one that starts on the eve stays whole, past midnight too.
    """

    __slots__ = ("_content", "_openings_of_day", "_whole_days", "_zone")

    @classmethod
    def build(
        cls,
        zone: str,
        weekly: Mapping[str, Sequence[str]],
        holidays: Collection[date] = (),
        closures: Sequence[tuple[Wall, Wall]] = (),
        openings: Sequence[tuple[Wall, Wall]] = (),
    ) -> "Calendar":
        """The calendar of an IANA `zone`; for equal content the same object again, built once.

        `weekly`: by day ("mon" … "sun"), intervals such as "09:00-13:00", "18:00-24:00" or, overnight,
        "22:00-06:00". A time the clocks skip is the instant the gap ends, one they show twice the first of
        the two; real seconds are counted. `closures` take local spans [from, to) away, then `openings` add
        some: openings win, on holidays too. A time of theirs in a gap moves forward by the gap. CalendarError
        names the field, also when weekly intervals or openings overlap; closures may.
        """
        place = zone_read(zone)
        return _built(
            _Content(
                zone,
                weekly_read(weekly),
                days_read(holidays),
                _together(one_off_read(place, "closures", closures)),
                apart(one_off_read(place, "openings", openings)),
            )
        )

    def __init__(self, content: _Content) -> None:
        endless = any(content.weekly)
        super().__init__(self._spans_of_days, endless)
        self._content = content
        self._zone = zone_read(content.zone)
        self._whole_days = Timetable(self._spans_of_whole_days, endless)
        self._openings_of_day: dict[int, list[Span]] = {}
        for opens, closes in content.openings:
            self._openings_of_day.setdefault(self._day_of(opens), []).append((opens, closes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calendar) and self._content == other._content

    def __hash__(self) -> int:
        return hash(self._content)

    @property
    def zone(self) -> str:
        """The IANA name of its zone."""
        return self._content.zone

    @property
    def holidays(self) -> frozenset[date]:
        """Its holidays, days of its zone."""
        return frozenset(map(date_of, self._content.holidays))

    @property
    def ordinary_day_seconds(self) -> int:
        """Support seconds of the ordinary day: the commonest total of the weekdays with hours, by wall clock.

        Of equally common ones the larger; 0 without weekly hours.
        """
        totals = Counter(sum(end - start for start, end in spans) for spans in self._content.weekly if spans)
        return max(totals, key=lambda total: (totals[total], total), default=0)

    def with_holidays(self, dates: Collection[date]) -> "Calendar":
        """This calendar with more holidays (a policy's own). CalendarError if one is not a date."""
        return _built(self._content._replace(holidays=self._content.holidays | days_read(dates)))

    def with_windows(self, windows: Sequence[Span]) -> TimeBase:
        """This calendar's time and the seconds of `windows` ([from, to) instants), as `union`."""
        return union(self, windows)

    def whole_days(self) -> TimeBase:
        """Every second, midnight to midnight, of the days that are open (cs.8.2 as working-day-hours)."""
        return self._whole_days

    def is_open_day(self, day: date) -> bool:
        """Whether support time starts on this local day: a tail from the night before does not open it."""
        return any(self._spans_of_day(_within_years(day)))

    def end_of_day(self, day: date) -> int | None:
        """When the last of what starts on this local day closes, maybe the morning after; None if closed."""
        return max((closes for _, closes in self._spans_of_day(_within_years(day))), default=None)

    def local_midnight(self, day: date) -> int:
        """The instant this local day begins. CalendarError outside 1970 to 2300."""
        return first_instant(self._zone, _within_years(day) * DAY_SECONDS)

    def local_date(self, instant: int) -> date:
        """The local day `instant` lies in. CalendarError outside 1970 to 2300."""
        refuse_outside(instant, instant)
        return date_of(self._day_of(instant))

    def _day_of(self, instant: int) -> int:
        return day_number(datetime.fromtimestamp(instant, self._zone).date())

    def _spans_of_days(self, first: int, last: int) -> Iterator[Span]:
        support = without(self._weekly_spans_of_days(first, last), self._content.closures)
        return merge(support, self._content.openings)

    def _spans_of_day(self, number: int) -> Iterator[Span]:
        support = without(self._weekly_spans_of_days(number, number + 1), self._content.closures)
        return chain(support, self._openings_of_day.get(number, ()))

    def _spans_of_whole_days(self, first: int, last: int) -> Iterator[Span]:
        for number in range(first, last) if self._endless else sorted(self._openings_of_day):
            if any(self._spans_of_day(number)):
                midnight = number * DAY_SECONDS
                yield first_instant(self._zone, midnight), first_instant(self._zone, midnight + DAY_SECONDS)

    def _weekly_spans_of_days(self, first: int, last: int) -> Iterator[Span]:
        if not self._endless:
            return
        _, weekly, holidays, _, _ = self._content
        offsets = [wall_offset(self._zone, day * DAY_SECONDS) for day in range(first, last + 2)]
        for number in range(first, last):
            if number in holidays:
                continue
            spans = weekly[(number + _WEEKDAY_OF_DAY_ZERO) % 7]
            wall = number * DAY_SECONDS
            offset, tomorrow, day_after = offsets[number - first : number - first + 3]
            # Clocks change on few days; on all others an instant is the wall time less the offset.
            if offset == tomorrow == day_after:
                yield from ((wall - offset + opens, wall - offset + closes) for opens, closes in spans)
            else:
                for opens, closes in spans:
                    yield first_instant(self._zone, wall + opens), first_instant(self._zone, wall + closes)


@lru_cache(maxsize=256)
def _built(content: _Content) -> Calendar:
    return Calendar(content)


def _together(spans: Iterable[tuple[int, int, str]]) -> tuple[Span, ...]:
    return tuple(merged((start, end) for start, end, _ in sorted(spans)))


def _within_years(day: date) -> int:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CalendarError("day", OUT_OF_YEARS, text=day, first=FIRST_YEAR, last=LAST_YEAR)
    return day_number(day)
