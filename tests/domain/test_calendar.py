"""Support time by behaviour: worked examples on real days."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from domain.calendar import Calendar, CalendarError
from domain.time_base import CLOCK_TIME, epoch_seconds, union
from tests.domain.slow_calendar import NAMES

MEXICO = "America/Mexico_City"
WORKDAYS = NAMES[:5]
ONE_INTERVAL = Calendar.build(MEXICO, {day: ["08:30-18:00"] for day in WORKDAYS})
TWO_INTERVALS = Calendar.build(MEXICO, {day: ["09:00-13:00", "15:00-18:00"] for day in WORKDAYS})
NIGHTS = {day: ["22:00-06:00"] for day in WORKDAYS}
HOUR = 3600
DAY = 86400


def at(text: str, zone: str = MEXICO, fold: int = 0) -> int:
    """The instant of a local wall time."""
    return epoch_seconds(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold))


def test_a_moment_is_cut_down_to_its_whole_second_before_and_after_1970() -> None:
    assert epoch_seconds(datetime(2026, 3, 2, 9, 0, 0, 999_999, UTC)) == epoch_seconds(datetime(2026, 3, 2, 9, tzinfo=UTC))
    assert epoch_seconds(datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)) == -1
    assert epoch_seconds(datetime(1970, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))) == 0


def test_a_moment_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        epoch_seconds(datetime(2026, 3, 2, 9))


def test_lunch_and_the_weekend_do_not_count() -> None:
    friday, monday = at("2026-03-06T12:00"), at("2026-03-09T10:00")
    assert TWO_INTERVALS.elapsed(friday, monday) == 5 * HOUR
    assert list(TWO_INTERVALS.intervals(friday, monday)) == [
        (friday, at("2026-03-06T13:00")),
        (at("2026-03-06T15:00"), at("2026-03-06T18:00")),
        (at("2026-03-09T09:00"), monday),
    ]


def test_due_at_a_closing_is_the_closing_itself_and_a_second_more_is_after_the_next_opening() -> None:
    opening = at("2026-03-06T15:00")
    assert TWO_INTERVALS.due(opening, 3 * HOUR) == at("2026-03-06T18:00")
    assert TWO_INTERVALS.due(opening, 3 * HOUR + 1) == at("2026-03-09T09:00:01")


def test_due_after_no_seconds_is_the_start_even_on_a_closed_day() -> None:
    sunday = at("2026-03-08T11:00")
    assert ONE_INTERVAL.due(sunday, 0) == sunday


def test_an_interval_is_half_open() -> None:
    assert ONE_INTERVAL.ticks(at("2026-03-06T08:30"))
    assert not ONE_INTERVAL.ticks(at("2026-03-06T18:00"))
    assert list(ONE_INTERVAL.intervals(at("2026-03-06T18:00"), at("2026-03-09T08:30"))) == []


def test_reversed_ranges_and_negative_durations_are_the_callers_error() -> None:
    for base in (ONE_INTERVAL, CLOCK_TIME, ONE_INTERVAL.with_windows([(0, 5)])):
        with pytest.raises(ValueError, match="reversed"):
            base.elapsed(10, 9)
        with pytest.raises(ValueError, match="reversed"):
            base.intervals(10, 9)
        with pytest.raises(ValueError, match="negative"):
            base.due(10, -1)


def test_clock_time_counts_every_second() -> None:
    assert CLOCK_TIME.elapsed(5, 25) == 20
    assert CLOCK_TIME.due(5, 20) == 25
    assert list(CLOCK_TIME.intervals(5, 25)) == [(5, 25)]
    assert list(CLOCK_TIME.intervals(5, 5)) == []
    assert CLOCK_TIME.ticks(-1)


def test_midnight_is_24_00_and_touching_intervals_are_one() -> None:
    split = Calendar.build("UTC", {"mon": ["00:00-12:00", "12:00-24:00"], "tue": ["00:00-06:00"]})
    monday = at("2026-03-02T00:00", "UTC")
    assert list(split.intervals(monday, monday + 7 * DAY)) == [(monday, monday + 30 * HOUR)]
    assert split.end_of_day(date(2026, 3, 2)) == monday + DAY
    assert split == Calendar.build("UTC", {"mon": ["00:00-24:00"], "tue": ["00:00-06:00"]})


def test_an_overnight_shift_belongs_to_the_day_it_starts_on() -> None:
    nights = Calendar.build(MEXICO, NIGHTS, holidays=[date(2026, 3, 4)])
    wednesday = date(2026, 3, 4)
    assert nights.elapsed(at("2026-03-04T00:00"), at("2026-03-05T00:00")) == 6 * HOUR
    assert nights.elapsed(at("2026-03-05T00:00"), at("2026-03-05T12:00")) == 0
    assert not nights.is_open_day(wednesday)
    assert nights.is_open_day(date(2026, 3, 6)) and not nights.is_open_day(date(2026, 3, 7))
    assert nights.end_of_day(date(2026, 3, 6)) == at("2026-03-07T06:00")


def test_a_closure_takes_time_away_and_an_opening_wins_over_closures_and_holidays() -> None:
    christmas = date(2026, 12, 25)
    calendar = Calendar.build(
        MEXICO,
        {day: ["08:30-18:00"] for day in WORKDAYS},
        holidays=[christmas],
        closures=[("2026-12-24T13:00", "2026-12-24T24:00"), ("2026-12-24T12:00", "2026-12-24T15:00")],
        openings=[
            ("2026-12-24T14:00", "2026-12-24T14:30"),
            (datetime(2026, 12, 25, 9), datetime(2026, 12, 25, 10)),
        ],
    )
    assert calendar.elapsed(at("2026-12-24T00:00"), at("2026-12-25T00:00")) == 4 * HOUR
    assert calendar.end_of_day(date(2026, 12, 24)) == at("2026-12-24T14:30")
    assert calendar.is_open_day(christmas)
    assert calendar.elapsed(at("2026-12-25T00:00"), at("2026-12-26T00:00")) == HOUR


def test_a_day_closed_all_through_is_not_open() -> None:
    hours = {"mon": ["08:00-10:00"]}
    calendar = Calendar.build("UTC", hours, closures=[("2026-03-02T07:00", "2026-03-02T10:00")])
    assert not calendar.is_open_day(date(2026, 3, 2))
    assert calendar.end_of_day(date(2026, 3, 2)) is None
    assert calendar.is_open_day(date(2026, 3, 9))


def test_the_long_and_the_short_day_of_a_clock_change_count_real_seconds() -> None:
    always = Calendar.build(MEXICO, {day: ["00:00-24:00"] for day in NAMES})
    assert always.elapsed(at("2022-10-30T00:00"), at("2022-10-31T00:00")) == 25 * HOUR
    assert always.elapsed(at("2022-04-03T00:00"), at("2022-04-04T00:00")) == 23 * HOUR
    assert always.elapsed(at("2023-04-02T00:00"), at("2023-04-03T00:00")) == 24 * HOUR


def test_a_night_shift_over_a_clock_change_is_an_hour_shorter_or_longer() -> None:
    night = Calendar.build(MEXICO, {"sat": ["22:00-06:00"]})
    assert night.elapsed(at("2022-04-02T12:00"), at("2022-04-03T12:00")) == 7 * HOUR
    assert night.elapsed(at("2022-10-29T12:00"), at("2022-10-30T12:00")) == 9 * HOUR


def test_a_weekly_edge_in_a_gap_is_the_end_of_the_gap_and_one_shown_twice_the_first() -> None:
    early = Calendar.build(MEXICO, {"sun": ["02:30-04:00"]})
    assert list(early.intervals(at("2022-04-03T00:00"), at("2022-04-04T00:00"))) == [
        (at("2022-04-03T03:00"), at("2022-04-03T04:00"))
    ]
    lost = Calendar.build(MEXICO, {"sun": ["02:15-02:45"]})
    assert not lost.is_open_day(date(2022, 4, 3)) and lost.is_open_day(date(2022, 4, 10))
    twice = Calendar.build(MEXICO, {"sun": ["01:30-03:00"]})
    assert twice.elapsed(at("2022-10-30T00:00"), at("2022-10-31T00:00")) == 2 * HOUR + HOUR // 2


def test_a_one_off_time_in_a_gap_moves_forward_by_the_gap_and_one_shown_twice_is_the_first() -> None:
    calendar = Calendar.build(
        MEXICO,
        {},
        openings=[("2022-04-03T02:30", "2022-04-03T05:00"), ("2022-10-30T01:30", "2022-10-30T03:00")],
    )
    assert list(calendar.intervals(0, at("2023-01-01T00:00"))) == [
        (at("2022-04-03T03:30"), at("2022-04-03T05:00")),
        (at("2022-10-30T01:30", fold=0), at("2022-10-30T03:00")),
    ]


def test_a_day_that_a_zone_skipped_has_neither_time_nor_hours() -> None:
    apia = Calendar.build("Pacific/Apia", {day: ["09:00-17:00"] for day in NAMES})
    skipped, after = date(2011, 12, 30), date(2011, 12, 31)
    assert apia.local_midnight(skipped) == apia.local_midnight(after)
    assert not apia.is_open_day(skipped) and apia.is_open_day(after)


def test_a_day_whose_midnight_the_clocks_skip_begins_when_the_gap_ends() -> None:
    calendar = Calendar.build("America/Sao_Paulo", {"sun": ["00:00-24:00"]})
    first = calendar.local_midnight(date(2018, 11, 4))
    assert datetime.fromtimestamp(first, ZoneInfo("America/Sao_Paulo")).isoformat() == "2018-11-04T01:00:00-02:00"
    assert calendar.local_date(first - 1) == date(2018, 11, 3)
    assert calendar.whole_days().elapsed(first - DAY, first + 2 * DAY) == 23 * HOUR


def test_windows_add_time_outside_the_hours_and_none_within() -> None:
    friday_closing, saturday = at("2026-03-06T18:00"), at("2026-03-07T10:00")
    windows = [(saturday, saturday + HOUR), (saturday + HOUR // 2, saturday + 2 * HOUR)]
    base = ONE_INTERVAL.with_windows([*windows, (friday_closing - HOUR, friday_closing)])
    assert base.elapsed(friday_closing - 2 * HOUR, at("2026-03-09T00:00")) == 4 * HOUR
    assert base.due(friday_closing - 2 * HOUR, 2 * HOUR) == friday_closing
    assert base.due(friday_closing - 2 * HOUR, 2 * HOUR + 1) == saturday + 1
    assert base.due(friday_closing, 2 * HOUR) == saturday + 2 * HOUR
    assert base.due(friday_closing, 2 * HOUR + 1) == at("2026-03-09T08:30:01")
    assert base.due(saturday - HOUR, 0) == saturday - HOUR
    assert base.ticks(saturday) and not base.ticks(saturday + 2 * HOUR)


def test_due_at_a_closing_stays_the_closing_when_a_window_opens_later() -> None:
    saturday = at("2026-03-07T10:00")
    base = union(TWO_INTERVALS, [(saturday, saturday + HOUR)])
    assert base.due(at("2026-03-06T17:00"), HOUR) == at("2026-03-06T18:00")


def test_a_window_that_does_not_end_after_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="does not end"):
        ONE_INTERVAL.with_windows([(10, 10)])


def test_the_ordinary_day_is_the_commonest_total_and_of_several_the_larger() -> None:
    assert ONE_INTERVAL.ordinary_day_seconds == 34_200
    assert TWO_INTERVALS.ordinary_day_seconds == 25_200
    assert Calendar.build("UTC", {"mon": ["08:00-10:00"], "tue": ["08:00-11:00"]}).ordinary_day_seconds == 3 * HOUR
    assert Calendar.build("UTC", NIGHTS | {"sat": ["10:00-11:00"]}).ordinary_day_seconds == 8 * HOUR
    assert Calendar.build("UTC", {}).ordinary_day_seconds == 0


def test_whole_days_are_every_second_of_the_days_that_are_open() -> None:
    holiday = date(2026, 3, 4)
    days = TWO_INTERVALS.with_holidays([holiday]).whole_days()
    assert days.elapsed(at("2026-03-02T00:00"), at("2026-03-09T00:00")) == 4 * DAY
    assert days.due(at("2026-03-03T20:00"), DAY) == at("2026-03-05T20:00")
    assert not days.ticks(at("2026-03-04T10:00"))
    saturday = Calendar.build(MEXICO, {}, openings=[("2026-03-07T10:00", "2026-03-07T11:00")]).whole_days()
    assert list(saturday.intervals(0, at("2030-01-01T00:00"))) == [(at("2026-03-07T00:00"), at("2026-03-08T00:00"))]


def test_added_holidays_make_another_calendar_and_leave_the_first_alone() -> None:
    monday = date(2026, 3, 2)
    added = ONE_INTERVAL.with_holidays([monday])
    assert added.holidays == {monday} and ONE_INTERVAL.holidays == frozenset()
    assert not added.is_open_day(monday) and ONE_INTERVAL.is_open_day(monday)
    assert ONE_INTERVAL.with_holidays([]) == ONE_INTERVAL != added


def test_equal_arguments_give_the_same_calendar_in_whatever_order_they_are_listed() -> None:
    days = [date(2026, 1, 1), date(2026, 5, 1)]
    one = Calendar.build("UTC", {"mon": ["15:00-18:00", "09:00-13:00"], "tue": ["09:00-10:00"]}, days)
    two = Calendar.build("UTC", {"tue": ["09:00-10:00"], "mon": ["09:00-13:00", "15:00-18:00"]}, days[::-1])
    assert one is two and hash(one) == hash(two) and one != ONE_INTERVAL
    assert one.zone == "UTC"


def test_an_empty_calendar_never_falls_due() -> None:
    empty = Calendar.build(MEXICO, {})
    assert empty.due(at("2026-03-02T00:00"), 1) is None
    assert empty.elapsed(0, at("2300-12-31T00:00")) == 0
    once = Calendar.build("UTC", {}, openings=[("2200-01-01T00:00", "2200-01-01T00:01")])
    assert once.due(0, 60) == at("2200-01-01T00:01", "UTC")
    assert once.due(0, 61) is None
    assert once.whole_days().due(0, DAY + 1) is None


def test_outside_the_years_1970_to_2300_the_calendar_refuses_to_answer() -> None:
    limit = epoch_seconds(datetime(2301, 1, 1, tzinfo=UTC))
    assert Calendar.build("UTC", {"wed": ["00:00-24:00"]}).elapsed(limit - 10 * DAY, limit) == DAY
    for question in (
        lambda: ONE_INTERVAL.elapsed(-1, 5),
        lambda: ONE_INTERVAL.elapsed(5, limit + 1),
        lambda: ONE_INTERVAL.ticks(limit),
        lambda: ONE_INTERVAL.due(limit - DAY, 30 * DAY),
        lambda: ONE_INTERVAL.due(limit - 30 * DAY, 29 * DAY),
        lambda: ONE_INTERVAL.due(0, limit + 1),
        lambda: ONE_INTERVAL.due(-1, 0),
        lambda: ONE_INTERVAL.local_date(-1),
        lambda: ONE_INTERVAL.is_open_day(date(1969, 12, 31)),
        lambda: ONE_INTERVAL.end_of_day(date(2301, 1, 1)),
    ):
        with pytest.raises(CalendarError):
            question()


def test_every_second_up_to_the_first_and_last_instant_is_counted_wherever_the_table_was_cut() -> None:
    limit = epoch_seconds(datetime(2301, 1, 1, tzinfo=UTC))
    for zone in ("Asia/Kolkata", "Etc/GMT+12", "Pacific/Kiritimati"):
        always = Calendar.build(zone, {day: ["00:00-24:00"] for day in NAMES})
        begun = at("2026-03-02T10:00", zone)
        for days in (0, 365, 366, 367, 1098, 1099, 3000):
            earlier, later = begun - days * DAY, begun + days * DAY
            assert always.elapsed(earlier, earlier + 2 * DAY) == 2 * DAY
            assert always.elapsed(later - 2 * DAY, later) == 2 * DAY
        assert always.elapsed(0, limit) == limit
        assert always.due(0, limit) == limit


def test_what_is_asked_before_changes_no_answer() -> None:
    hours = {"mon": ["10:00-12:00"], "sat": ["23:00-01:00"]}
    years = [2026, 1971, 2299, 2027, 2100]
    spans = [(at(f"{year}-01-01T00:00", "UTC"), at(f"{year}-07-01T00:00", "UTC")) for year in years]
    fresh = [Calendar.build("UTC", hours, [date(1999, 1, n)]).elapsed(*span) for n, span in enumerate(spans, start=1)]
    well_used = Calendar.build("UTC", hours, [date(1999, 1, 9)])
    assert [well_used.elapsed(*span) for span in spans] == fresh
    assert [well_used.elapsed(*span) for span in reversed(spans)] == fresh[::-1]
