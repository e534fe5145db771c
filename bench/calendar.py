"""The calendar kernel against two libraries for business hours, in one run, on the same questions.

A library's answers are compared with ours before anything is
timed, so a fast wrong answer cannot win. Needs the optional dependencies "bench"; nothing here is a test.
"""

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from statistics import median
from time import perf_counter
from zoneinfo import ZoneInfo

import businesstimedelta
import pandas
import pytz

from bench.measuring import Row
from domain.calendar import Calendar
from domain.time_base import epoch_seconds

ZONE = "America/Mexico_City"
HOURS = [("09:00", "13:00"), ("15:00", "18:00")]
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
DAY_SECONDS = 86_400
ROUNDS = 7
OUR_REPEATS = 500
QUESTIONS = 120
_SECOND = timedelta(seconds=1)

Question = tuple[int, int]


def run() -> list[Row]:
    """Measures everything once: the kernel on ints, and the faster library on the same questions as floor."""
    kernel = Calendar.build(ZONE, {day: [f"{opens}-{closes}" for opens, closes in HOURS] for day in WORKDAYS})
    rows = []
    for days in (5, 90):
        spans = _spans(days)
        floors = [_business_elapsed(spans)]
        rows.append(_row(f"elapsed, two intervals, up to {days} d", _ours(kernel.elapsed, spans), floors))
    questions = _hours_due()
    floors = [_business_due(questions), _pandas_due(questions)]
    rows.append(_row("due, two intervals, whole hours", _ours(kernel.due, questions), floors))
    return rows


_Timed = tuple[list[object], Callable[[], None], int]
"""The answers, what to time, and how many calls it makes."""


def _row(name: str, ours: _Timed, floors: Sequence[_Timed]) -> Row:
    for answers, _, _ in floors:
        if answers != ours[0]:
            raise AssertionError(f"{name}: the answers differ, so the times say nothing")
    value, spread = _calls_per_second(ours)
    floor = max(_calls_per_second(timed)[0] for timed in floors)
    ratio = value / floor
    is_elapsed = name.startswith("elapsed")
    return Row(
        name=name, value=value, unit="calls/s", spread=spread, floor=floor, ratio=ratio,
        goal="≥ 50 x and ≥ 1,000,000/s" if is_elapsed else "≥ 50 x",
        met=ratio >= 50 and (value >= 1_000_000 or not is_elapsed),
    )  # fmt: skip


def _calls_per_second(timed: _Timed) -> tuple[float, float]:
    _, work, calls = timed
    rates = []
    for _ in range(ROUNDS):
        begun = perf_counter()
        work()
        rates.append(calls / (perf_counter() - begun))
    return median(rates), (max(rates) - min(rates)) / median(rates)


def _ours(method: Callable[[int, int], object], questions: Sequence[Question]) -> _Timed:
    def work() -> None:
        for _ in range(OUR_REPEATS):
            for first, second in questions:
                method(first, second)

    return [method(*question) for question in questions], work, OUR_REPEATS * len(questions)


def _business_elapsed(spans: Sequence[Question]) -> _Timed:
    rules, moments = _business_rules(), [(_moment(start), _moment(end)) for start, end in spans]

    answers: list[object] = [rules.difference(*pair).timedelta // _SECOND for pair in moments]
    return answers, lambda: _drop(rules.difference(*pair) for pair in moments), len(moments)


def _business_due(questions: Sequence[Question]) -> _Timed:
    rules = _business_rules()
    asked = [(_moment(start), businesstimedelta.BusinessTimeDelta(rules, seconds=n)) for start, n in questions]
    answers: list[object] = [epoch_seconds(start + length) for start, length in asked]
    return answers, lambda: _drop(start + length for start, length in asked), len(asked)


def _pandas_due(questions: Sequence[Question]) -> _Timed:
    opens, closes = zip(*HOURS, strict=True)
    lengths = {n: pandas.offsets.CustomBusinessHour(n // 3600, start=list(opens), end=list(closes)) for _, n in questions}
    asked = [(pandas.Timestamp(_moment(start)), lengths[n]) for start, n in questions]
    answers: list[object] = [epoch_seconds((start + length).to_pydatetime()) for start, length in asked]
    return answers, lambda: _drop(start + length for start, length in asked), len(asked)


def _business_rules() -> businesstimedelta.Rules:
    zone = pytz.timezone(ZONE)
    return businesstimedelta.Rules(
        [
            businesstimedelta.WorkDayRule(time.fromisoformat(opens), time.fromisoformat(closes), [0, 1, 2, 3, 4], tz=zone)
            for opens, closes in HOURS
        ]
    )


def _spans(days: int) -> list[Question]:
    drawn = random.Random(days)
    first = epoch_seconds(datetime(2026, 1, 1, tzinfo=UTC))
    starts = [first + drawn.randrange(365 * DAY_SECONDS) for _ in range(QUESTIONS)]
    return [(start, start + drawn.randrange(1, days * DAY_SECONDS)) for start in starts]


def _hours_due() -> list[Question]:
    """Starts within the hours, off the minute: pandas moves what is due at a closing to the next opening."""
    drawn = random.Random(0)
    zone = ZoneInfo(ZONE)
    mondays = [datetime(2026, 1, 5, tzinfo=zone) + timedelta(weeks=n) for n in range(52)]
    starts = [
        drawn.choice(mondays) + timedelta(days=drawn.randrange(5), hours=drawn.choice([9, 10, 11, 12, 15, 16, 17]), seconds=s)
        for s in drawn.sample([s for s in range(3600) if s % 60], QUESTIONS)
    ]
    return [(epoch_seconds(start), 3600 * drawn.randrange(1, 40)) for start in starts]


def _moment(instant: int) -> datetime:
    return datetime.fromtimestamp(instant, ZoneInfo(ZONE))


def _drop(answers: Iterable[object]) -> None:
    deque(answers, maxlen=0)
