"""Laws of every calendar, and its answers against a walk over the seconds: random hours in awkward zones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, CalendarError
from domain.time_base import CLOCK_TIME, TimeBase, epoch_seconds, union
from tests.domain.slow_calendar import NAMES, SlowCalendar, spans_of

DAY = 86_400
# By zone, days on or beside a change of its clocks (where it has any), in UTC.
DAYS_OF_ZONE = {
    "America/Mexico_City": ["2021-04-04", "2021-10-31", "2022-04-03", "2022-10-30", "2023-04-02"],
    "America/Tijuana": ["2022-03-13", "2022-11-06", "2026-03-08"],
    "Europe/Rome": ["2026-03-29", "2026-10-25"],
    "Australia/Lord_Howe": ["2026-04-04", "2026-10-03"],
    "America/Sao_Paulo": ["2018-11-04", "2018-02-18"],
    "Asia/Kolkata": ["2026-02-28"],
    "UTC": ["2024-02-29"],
    "Etc/GMT+6": ["2025-12-31"],
}


@dataclass(frozen=True)
class Case:
    """Arguments of `Calendar.build`, and the day about which it is asked."""

    arguments: tuple[object, ...]
    middle: int

    def calendar(self) -> Calendar:
        return Calendar.build(*self.arguments)  # type: ignore[arg-type]

    def slow(self) -> SlowCalendar:
        return SlowCalendar(*self.arguments)  # type: ignore[arg-type]


def clock(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02}:{rest // 60:02}" + (f":{rest % 60:02}" if rest % 60 else "")


TIMES = st.one_of(
    st.integers(0, 95).map(lambda quarter: quarter * 900),
    st.integers(0, DAY - 1),
    st.sampled_from([0, 7200, 9000]),
)
LENGTHS = st.one_of(st.integers(1, 96).map(lambda quarter: quarter * 900), st.integers(1, DAY))


@st.composite
def weeks(draw: st.DrawFn) -> dict[str, list[str]]:
    """Weekly hours without overlaps: whatever would overlap what was drawn before is left out."""
    wished = draw(st.lists(st.tuples(st.integers(0, 6), TIMES, LENGTHS), max_size=12))
    taken: list[tuple[int, int]] = []
    week: dict[str, list[str]] = {}
    for day, start, length in wished:
        opens, closes = day * DAY + start, day * DAY + start + length
        turns = [(begin + turn, end + turn) for begin, end in taken for turn in (-7 * DAY, 0, 7 * DAY)]
        if any(opens < end and begin < closes for begin, end in turns):
            continue
        taken.append((opens, closes))
        end = start + length
        week.setdefault(NAMES[day], []).append(f"{clock(start)}-{clock(end if end <= DAY else end - DAY)}")
    return week


def local(day: date, seconds: int) -> str:
    return (datetime(day.year, day.month, day.day) + timedelta(seconds=seconds)).isoformat()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    zone = draw(st.sampled_from(sorted(DAYS_OF_ZONE)))
    day = date.fromisoformat(draw(st.sampled_from(DAYS_OF_ZONE[zone])))
    # Never in a gap of these zones: there a one-off may turn around, which is refused.
    hours = st.integers(-40, 40).filter(lambda hour: hour % 24 not in (0, 1, 2, 3))
    ends = st.tuples(hours, hours).filter(lambda pair: pair[0] < pair[1])
    closures = [tuple(local(day, h * 3600) for h in pair) for pair in draw(st.lists(ends, max_size=3))]
    cuts = sorted(draw(st.sets(hours, max_size=4)))
    openings = [tuple(local(day, h * 3600) for h in pair) for pair in zip(cuts[::2], cuts[1::2], strict=False)]
    holidays = tuple(day + timedelta(days=n) for n in sorted(draw(st.sets(st.integers(-2, 2), max_size=2))))
    middle = epoch_seconds(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))
    return Case((zone, draw(weeks()), holidays, tuple(closures), tuple(openings)), middle)


def check_against(ticking: list[int], base: TimeBase, start: int, end: int) -> None:
    """Every kind of answer of `base` within [start, end), which ticks at exactly these instants."""
    assert list(base.intervals(start, end)) == spans_of(ticking)
    assert base.elapsed(start, end) == len(ticking)
    within = set(ticking)
    for opens, closes in spans_of(ticking):
        edges = {at for edge in (opens, closes) for at in (edge - 1, edge, edge + 1) if start <= at < end}
        assert all(base.ticks(at) == (at in within) for at in edges)
    for count in {1, 2, len(ticking) // 2, len(ticking)} & set(range(1, len(ticking) + 1)):
        assert base.due(start, count) == ticking[count - 1] + 1


@settings(max_examples=100, deadline=None)
@given(case=cases(), begins=st.integers(-30 * 3600, 20 * 3600), length=st.integers(0, 8 * 3600), data=st.data())
def test_every_answer_is_what_a_walk_over_the_seconds_finds(case: Case, begins: int, length: int, data: st.DataObject) -> None:
    start, end = case.middle + begins, case.middle + begins + length
    ticking = case.slow().ticking(start, end)
    check_against(ticking, case.calendar(), start, end)
    instants = st.integers(start - 900, end + 900)
    pairs = data.draw(st.lists(st.tuples(instants, instants).filter(lambda pair: pair[0] < pair[1]), max_size=4))
    added = {at for opens, closes in pairs for at in range(max(opens, start), min(closes, end))}
    check_against(sorted(added.union(ticking)), case.calendar().with_windows(pairs), start, end)


INSTANTS = st.integers(-40 * DAY, 40 * DAY)
WINDOWS = st.lists(st.tuples(st.integers(-20 * DAY, 20 * DAY), st.integers(1, 3 * DAY)), max_size=4)


@st.composite
def bases(draw: st.DrawFn) -> tuple[TimeBase, int]:
    """Any base of time: a calendar, its whole days, clock time, each with windows or without."""
    case = draw(cases())
    calendar = case.calendar()
    base = draw(st.sampled_from([calendar, calendar, calendar.whole_days(), CLOCK_TIME]))
    windows = [(case.middle + opens, case.middle + opens + length) for opens, length in draw(WINDOWS)]
    return union(base, windows), case.middle


@settings(max_examples=300, deadline=None)
@given(bases(), st.lists(INSTANTS, min_size=3, max_size=3).map(sorted))
def test_elapsed_is_additive_monotone_and_the_sum_of_its_intervals(drawn: tuple[TimeBase, int], cuts: list[int]) -> None:
    base, middle = drawn
    first, second, third = (middle + cut for cut in cuts)
    assert base.elapsed(first, third) == base.elapsed(first, second) + base.elapsed(second, third)
    assert 0 <= base.elapsed(first, second) <= min(base.elapsed(first, third), second - first)
    spans = list(base.intervals(first, third))
    assert sum(closes - opens for opens, closes in spans) == base.elapsed(first, third)
    assert all(opens < closes for opens, closes in spans)
    assert all(one[1] < two[0] for one, two in pairwise(spans))
    assert all(base.elapsed(opens, closes) == closes - opens for opens, closes in spans)


@settings(max_examples=300, deadline=None)
@given(bases(), INSTANTS, st.integers(1, 30 * DAY))
def test_due_is_the_first_instant_at_which_so_much_has_elapsed(drawn: tuple[TimeBase, int], begins: int, seconds: int) -> None:
    base, middle = drawn
    start = middle + begins
    due = due_within_the_years(base, start, seconds)
    if due is None:
        assert base.elapsed(start, start + 200 * 366 * DAY) < seconds
    else:
        assert base.elapsed(start, due) == seconds
        assert base.elapsed(start, due - 1) == seconds - 1
        later = due_within_the_years(base, start, seconds + 1)
        assert later is None or later > due


def due_within_the_years(base: TimeBase, start: int, seconds: int) -> int | None:
    """When it is due; None if never, and too if a calendar of a few seconds a week gets there only after 2300."""
    try:
        return base.due(start, seconds)
    except CalendarError:
        return None


@settings(max_examples=100, deadline=None)
@given(cases(), st.integers(-60, 60))
def test_days_agree_with_the_seconds(case: Case, offset: int) -> None:
    calendar = case.calendar()
    day = datetime.fromtimestamp(case.middle, UTC).date() + timedelta(days=offset)
    midnight, next_midnight = calendar.local_midnight(day), calendar.local_midnight(day + timedelta(days=1))
    assert calendar.local_date(midnight) == day == calendar.local_date(next_midnight - 1)
    assert calendar.is_open_day(day) == (calendar.end_of_day(day) is not None)
    whole = calendar.whole_days().elapsed(midnight, next_midnight)
    assert whole == (next_midnight - midnight if calendar.is_open_day(day) else 0)
    last = calendar.end_of_day(day)
    if last is not None:
        assert calendar.ticks(last - 1) and midnight < last
