"""Hours as a person writes them, read into seconds: intervals of a weekday, local spans, zones, holidays.

Whatever cannot be read, or cannot be meant, is a `CalendarError` that names the field; nothing is put right
in silence.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from domain.refusal import said
from domain.time_base import DAY_SECONDS, Span, day_number, merged, wall_offset
from domain.timetable import FIRST_YEAR, LAST_YEAR, OUT_OF_YEARS, CalendarError

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_OVERLAPS = said("overlaps {other}")
_WEEK_SECONDS = 7 * DAY_SECONDS
_TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?")
_DATE_AND_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T(.+)")

Wall = datetime | str
"""A local wall time without offset: "2026-12-24T13:00", seconds optional, or a naive datetime."""

_Named = tuple[int, int, str]
"""A span and the field it was written in."""


def zone_read(name: str) -> ZoneInfo:
    """The zone of this IANA name. CalendarError "zone" if there is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        template = said("{name!r} is not an IANA time zone such as 'America/Mexico_City'")
        raise CalendarError("zone", template, name=name) from error


def days_read(holidays: Iterable[date]) -> frozenset[int]:
    """Day numbers of dates. CalendarError "holidays[n]" for anything else, a datetime included."""
    for index, day in enumerate(holidays):
        if not isinstance(day, date) or isinstance(day, datetime):
            raise CalendarError(f"holidays[{index}]", said("{text!r} is not a date"), text=day)
    return frozenset(map(day_number, holidays))


def weekly_read(weekly: Mapping[str, Sequence[str]]) -> tuple[tuple[Span, ...], ...]:
    """Seconds of the day by weekday from Monday, adjacent ones merged; an overnight end exceeds a day.

    CalendarError "weekly.mon[1]" if an interval cannot be read or overlaps another, be it of the night
    before.
    """
    for name, texts in weekly.items():
        if name not in WEEKDAYS:
            raise CalendarError(f"weekly.{name}", said("a weekday is one of {known}"), known=", ".join(WEEKDAYS))
        if isinstance(texts, str):
            raise CalendarError(f"weekly.{name}", said("{text!r} is not a list of intervals"), text=texts)
    days: list[tuple[Span, ...]] = []
    placed: list[_Named] = []
    for number, name in enumerate(WEEKDAYS):
        fields = [f"weekly.{name}[{index}]" for index in range(len(weekly.get(name, ())))]
        spans = [_interval(field, text) for field, text in zip(fields, weekly.get(name, ()), strict=True)]
        day = number * DAY_SECONDS
        placed += [(day + start, day + end, field) for (start, end), field in zip(spans, fields, strict=True)]
        days.append(tuple(merged(sorted(spans))))
    _refuse_overlaps(sorted(placed))
    return tuple(days)


def one_off_read(zone: ZoneInfo, field: str, spans: Sequence[tuple[Wall, Wall]]) -> Iterator[_Named]:
    """Instants [from, to) of local spans, with fields. CalendarError "closures[0].from", "closures[0]"."""
    for index, (opens, closes) in enumerate(spans):
        name = f"{field}[{index}]"
        start, end = _instant(zone, f"{name}.from", opens), _instant(zone, f"{name}.to", closes)
        if end <= start:
            raise CalendarError(name, said("{opens} to {closes}: no time lies between them"), opens=opens, closes=closes)
        yield start, end, name


def apart(spans: Iterable[_Named]) -> tuple[Span, ...]:
    """These spans in order. CalendarError naming the later of two that overlap."""
    placed = sorted(spans)
    for (_, end, earlier), (start, _, later) in pairwise(placed):
        if start < end:
            raise CalendarError(later, _OVERLAPS, other=earlier)
    return tuple((start, end) for start, end, _ in placed)


def _refuse_overlaps(week: Sequence[_Named]) -> None:
    apart(week)
    if week and week[-1][1] > week[0][0] + _WEEK_SECONDS:
        raise CalendarError(week[0][2], _OVERLAPS, other=week[-1][2])


def _interval(field: str, text: str) -> Span:
    opens, _, closes = text.partition("-")
    start, end = _time_of_day(field, opens), _time_of_day(field, closes)
    if start == DAY_SECONDS:
        raise CalendarError(field, said("{text!r} begins at 24:00; write 00:00 on the next day"), text=text)
    return start, end if end > start else end + DAY_SECONDS


def _time_of_day(field: str, text: str) -> int:
    read = _TIME_OF_DAY.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in read.groups()) if read else (25, 0, 0)
    if hours * 3600 + minutes * 60 + seconds > DAY_SECONDS:
        template = said("{text!r} is not a time of day: HH:MM or HH:MM:SS, 00:00 to 24:00")
        raise CalendarError(field, template, text=text)
    return hours * 3600 + minutes * 60 + seconds


def _instant(zone: ZoneInfo, field: str, wall: Wall) -> int:
    text = wall.isoformat() if isinstance(wall, datetime) else wall
    read = _DATE_AND_TIME.fullmatch(text)
    if read is None:
        raise CalendarError(field, said("{text!r} is not a local date and time such as 2026-12-24T13:00"), text=text)
    try:
        day = date.fromisoformat(read[1])
    except ValueError as error:
        raise CalendarError(field, said("{text!r} is not a date"), text=read[1]) from error
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CalendarError(field, OUT_OF_YEARS, text=read[1], first=FIRST_YEAR, last=LAST_YEAR)
    seconds = day_number(day) * DAY_SECONDS + _time_of_day(field, read[2])
    return seconds - wall_offset(zone, seconds)
