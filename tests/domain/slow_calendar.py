"""A second way to the calendar's answers, slow and plain: walk each second and look at the wall clock.

It shares no code with the calendar. A weekly edge has passed once the clock has shown its time or a later
one, so each second is judged by the latest wall time shown so far, which only rises.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_BACK_SECONDS = 26 * 3600
Span = tuple[int, int]


class SlowCalendar:
    """The arguments of `Calendar.build`, asked second by second."""

    def __init__(
        self,
        zone: str,
        weekly: Mapping[str, Sequence[str]],
        holidays: Sequence[date] = (),
        closures: Sequence[tuple[str, str]] = (),
        openings: Sequence[tuple[str, str]] = (),
    ) -> None:
        self.zone = ZoneInfo(zone)
        self.weekly = {name: [_read(text) for text in texts] for name, texts in weekly.items()}
        self.holidays = holidays
        self.closures = [self._instants(span) for span in closures]
        self.openings = [self._instants(span) for span in openings]

    def ticking(self, start: int, end: int) -> list[int]:
        """Every instant of [start, end) that counts."""
        seconds = range(start - LOOK_BACK_SECONDS, start, 1)
        # Clocks change on whole minutes, so the last second of each shows the latest time.
        shown = max(self._wall(at) for at in seconds if at % 60 == 59)
        found = []
        for at in range(start, end):
            shown = max(shown, self._wall(at))
            if self._counts(at, shown):
                found.append(at)
        return found

    def _counts(self, at: int, shown: datetime) -> bool:
        if any(opens <= at < closes for opens, closes in self.openings):
            return True
        if any(opens <= at < closes for opens, closes in self.closures):
            return False
        return any(self._within(shown, days_back) for days_back in (0, 1, 2))

    def _within(self, shown: datetime, days_back: int) -> bool:
        day = shown.date() - timedelta(days=days_back)
        seconds = days_back * 86400 + shown.hour * 3600 + shown.minute * 60 + shown.second
        intervals = () if day in self.holidays else self.weekly.get(NAMES[day.weekday()], ())
        return any(opens <= seconds < closes for opens, closes in intervals)

    def _wall(self, at: int) -> datetime:
        return datetime.fromtimestamp(at, self.zone).replace(tzinfo=None, fold=0)

    def _instants(self, span: tuple[str, str]) -> Span:
        opens, closes = (datetime.fromisoformat(text).replace(tzinfo=self.zone) for text in span)
        return int(opens.astimezone(UTC).timestamp()), int(closes.astimezone(UTC).timestamp())


def spans_of(instants: Sequence[int]) -> list[Span]:
    """Sorted instants as maximal half-open spans."""
    spans: list[Span] = []
    for at in instants:
        if spans and spans[-1][1] == at:
            spans[-1] = (spans[-1][0], at + 1)
        else:
            spans.append((at, at + 1))
    return spans


def _read(text: str) -> Span:
    opens, closes = (_seconds(part) for part in text.split("-"))
    return opens, closes if closes > opens else closes + 86400


def _seconds(text: str) -> int:
    hours, minutes, *seconds = map(int, text.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)
