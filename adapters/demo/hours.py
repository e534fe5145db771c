"""The demo desk's own working days, and moments as the seconds of a wall clock that begins at midnight of
the first day.

This is how the people of the demo keep their day; what counts as support time
is the business of the terms, not of this module. Nothing happens here between midnight and dawn, so a
change of clocks never makes two moments swap.
"""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = 86_400
HOUR = 3_600
MINUTE = 60
YEAR_DAYS = 365
_TAIL_DAYS = 200
_ZONE = ZoneInfo("America/Mexico_City")
_SATURDAY = 5
_MONDAY_HOLIDAYS = {2: 1, 3: 3, 11: 3}
"""Month → which of its Mondays is a public holiday."""
_FIXED_HOLIDAYS = ((1, 1), (5, 1), (9, 16), (12, 25))
COMPANY_HOLIDAYS = ((11, 2), (12, 12), (12, 24), (12, 31))
"""Days that are not statutory; the desk rests, and some contracts name them."""


class Shift(NamedTuple):
    """When a desk works, in seconds of the day."""

    opens: int
    closes: int


def is_monday_holiday(day: date) -> bool:
    """Whether `day` is one of the three public holidays moved to a Monday."""
    return day.weekday() == 0 and _MONDAY_HOLIDAYS.get(day.month) == (day.day + 6) // 7


def _is_open(day: date) -> bool:
    named = (day.month, day.day)
    return not (day.weekday() >= _SATURDAY or named in _FIXED_HOLIDAYS or named in COMPANY_HOLIDAYS or is_monday_holiday(day))


class Hours:
    """The days from `start` on, numbered from 0, as far as any story of the year can reach."""

    def __init__(self, start: date) -> None:
        self.start = start
        days = [start + timedelta(days=number) for number in range(YEAR_DAYS + _TAIL_DAYS)]
        self.is_open = [_is_open(day) for day in days]
        self.next_open = self._next_open()
        self._text = [(f"{day.isoformat()}T", _offset(day)) for day in days]

    def _next_open(self) -> list[int]:
        found = len(self.is_open)
        answer = []
        for number in range(len(self.is_open) - 1, -1, -1):
            found = number if self.is_open[number] else found
            answer.append(found)
        return answer[::-1]

    def date_of(self, day: int) -> date:
        """The calendar date of a numbered day."""
        return self.start + timedelta(days=day)

    def text(self, moment: int) -> str:
        """A moment as RFC 3339 local time with the offset of that day in Mexico City."""
        day, second = divmod(moment, DAY)
        minute, second = divmod(second, 60)
        date_text, offset = self._text[day]
        return f"{date_text}{minute // 60:02}:{minute % 60:02}:{second:02}{offset}"

    def instant(self, moment: int) -> datetime:
        """A moment as an aware datetime."""
        return datetime.fromisoformat(self.text(moment))

    def after(self, moment: int, seconds: int, shift: Shift) -> int:
        """The moment at which `seconds` of the shift's working time have passed since `moment`."""
        day, second = divmod(moment, DAY)
        opens, closes = shift
        if not self.is_open[day] or second >= closes:
            day, second = self.next_open[day + (second >= closes)], opens
        second = max(second, opens) + seconds
        while second >= closes:
            day = self.next_open[day + 1]
            second += opens - closes
        return day * DAY + second

    def open_days_later(self, moment: int, days: int) -> int:
        """Midnight of the `days`-th working day strictly after the day of `moment`."""
        day = moment // DAY
        for _ in range(days):
            day = self.next_open[day + 1]
        return day * DAY


def _offset(day: date) -> str:
    return datetime.combine(day, time(12), _ZONE).isoformat()[-6:]
