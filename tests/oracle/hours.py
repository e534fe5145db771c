"""Support hours of the two terms as UTC-second spans, day by local day.

After-hours windows are not in here: they belong to a ticket.
"""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays

from .terms import CS, GS, HOUR, MINUTE
from .times import EPOCH, Spans, union

MEXICO_CITY = ZoneInfo("America/Mexico_City")
SIX_BEHIND = timezone(timedelta(hours=-6))
# Local seconds of the day, Monday to Friday.
WEEKDAY_HOURS = {
    GS: ((8 * HOUR + 30 * MINUTE, 18 * HOUR),),
    CS: ((9 * HOUR, 13 * HOUR), (15 * HOUR, 18 * HOUR)),
}
SATURDAY = 5


@lru_cache(maxsize=1)
def mexican_holidays() -> frozenset[date]:
    """The statutory public holidays of Mexico, 2000 to 2050."""
    return frozenset(public_holidays.country_holidays("MX", years=range(2000, 2051), categories=("public",)))


def zone_of(terms: str, readings: dict) -> tzinfo:
    """The zone in which a day of these terms begins and ends."""
    return SIX_BEHIND if terms == GS and readings["gs.8.1"] == "utc-6" else MEXICO_CITY


@lru_cache(maxsize=100_000)
def local_second(zone: tzinfo, day: date, second_of_day: int) -> int:
    """The UTC second at which a local clock shows this second of this day."""
    # Adding to an aware datetime moves the hands of the wall clock, not the time passed.
    wall = datetime.combine(day, time(0), tzinfo=zone) + timedelta(seconds=second_of_day)
    return (wall.astimezone(UTC) - EPOCH) // timedelta(seconds=1)


class Hours:
    """The calendar of one set of terms under one set of readings, with a policy's own holidays."""

    def __init__(self, terms: str, readings: dict, own_holidays: list[str]) -> None:
        self.terms = terms
        self.zone = zone_of(terms, readings)
        self.closed = {date.fromisoformat(day) for day in own_holidays}
        if terms == CS or readings["gs.8.1.holidays"] == "mexican":
            self.closed |= mexican_holidays()

    def day(self, second: int) -> date:
        """The local day on which a second falls."""
        return datetime.fromtimestamp(second, UTC).astimezone(self.zone).date()

    def is_open_day(self, day: date) -> bool:
        """Whether a day has support hours at all."""
        return day.weekday() < SATURDAY and day not in self.closed

    def of_day(self, day: date) -> Spans:
        """The support hours of one local day."""
        if not self.is_open_day(day):
            return []
        hours = WEEKDAY_HOURS[self.terms]
        return [(local_second(self.zone, day, a), local_second(self.zone, day, b)) for a, b in hours]

    def whole_day(self, day: date) -> Spans:
        """Every second of a local day, if it is an open one."""
        if not self.is_open_day(day):
            return []
        return [(local_second(self.zone, day, 0), local_second(self.zone, day + timedelta(days=1), 0))]

    def between(self, start: int, end: int, whole_days: bool = False) -> Spans:
        """The support hours (or whole open days) that lie in [start, end)."""
        found: Spans = []
        day = self.day(start)
        while day <= self.day(end):
            found += self.whole_day(day) if whole_days else self.of_day(day)
            day += timedelta(days=1)
        clipped = [(max(a, start), min(b, end)) for a, b in found]
        return union([(a, b) for a, b in clipped if a < b])
