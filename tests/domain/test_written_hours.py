"""Hours as written, and each refusal with the field it names."""

from datetime import UTC, date, datetime

import pytest

from domain.calendar import Calendar, CalendarError
from domain.time_base import epoch_seconds


def refusal(*arguments: object, **named: object) -> str:
    with pytest.raises(CalendarError) as caught:
        Calendar.build(*arguments, **named)  # type: ignore[arg-type]
    assert str(caught.value)
    return caught.value.field


@pytest.mark.parametrize(
    ("weekly", "field"),
    [
        ({"mon": ["09:00-13:00", "12:00-18:00"]}, "weekly.mon[1]"),
        ({"mon": ["12:00-18:00", "09:00-13:00"]}, "weekly.mon[0]"),
        ({"mon": ["09:00-10:00", "09:00-10:00"]}, "weekly.mon[1]"),
        ({"mon": ["22:00-06:00"], "tue": ["05:59-12:00"]}, "weekly.tue[0]"),
        ({"sun": ["22:00-06:00"], "mon": ["08:00-09:00", "05:00-07:00"]}, "weekly.mon[1]"),
        ({"mon": ["24:00-06:00"]}, "weekly.mon[0]"),
        ({"mon": ["09:00-24:01"]}, "weekly.mon[0]"),
        ({"mon": ["9:00-10:00"]}, "weekly.mon[0]"),
        ({"mon": ["09:00"]}, "weekly.mon[0]"),
        ({"mon": ["09:00-10:00-11:00"]}, "weekly.mon[0]"),
        ({"mon": "09:00-10:00"}, "weekly.mon"),
        ({"monday": ["09:00-10:00"]}, "weekly.monday"),
    ],
)
def test_weekly_hours_that_cannot_be_are_refused_naming_the_field(weekly: dict[str, list[str]], field: str) -> None:
    assert refusal("UTC", weekly) == field


@pytest.mark.parametrize("zone", ["Mexico City", "", "America", "../etc/passwd"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    assert refusal(zone, {}) == "zone"


@pytest.mark.parametrize(
    ("span", "suffix"),
    [
        (("2026-12-24T13:00", "2026-12-24T13:00"), ""),
        (("2022-04-03T02:30", "2022-04-03T03:00"), ""),
        (("2026-12-24", "2026-12-25T00:00"), ".from"),
        (("2026-12-24T13:00Z", "2026-12-25T00:00"), ".from"),
        (("2026-12-24T13:00", "2026-02-30T00:00"), ".to"),
        (("2026-12-24T13:00", "2301-01-01T00:00"), ".to"),
        (("2026-12-24T13:00", datetime(2026, 12, 25, tzinfo=UTC)), ".to"),
        (("2026-12-24T13:00", datetime(2026, 12, 25, 0, 0, 0, 1)), ".to"),
    ],
)
def test_one_off_spans_that_cannot_be_are_refused_naming_the_field(span: tuple[str, str], suffix: str) -> None:
    good = ("2026-01-01T00:00", "2026-01-01T01:00")
    assert refusal("America/Mexico_City", {}, closures=[good, span]) == f"closures[1]{suffix}"
    assert refusal("America/Mexico_City", {}, openings=[good, span]) == f"openings[1]{suffix}"


def test_overlapping_openings_are_refused_and_touching_ones_are_one() -> None:
    late, early = ("2026-01-01T09:00", "2026-01-01T12:00"), ("2026-01-01T08:00", "2026-01-01T10:00")
    assert refusal("UTC", {}, openings=[late, early]) == "openings[0]"
    touching = Calendar.build("UTC", {}, openings=[late, ("2026-01-01T08:00", "2026-01-01T09:00")])
    assert touching.due(0, 4 * 3600) == epoch_seconds(datetime(2026, 1, 1, 12, tzinfo=UTC))


def test_a_holiday_that_is_not_a_date_is_refused() -> None:
    assert refusal("UTC", {}, holidays=[date(2026, 1, 1), datetime(2026, 5, 1)]) == "holidays[1]"
    assert refusal("UTC", {}, holidays=["2026-01-01"]) == "holidays[0]"
