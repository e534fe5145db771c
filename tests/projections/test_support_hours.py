"""Which hours are support time for a ticket: zones, holidays, requested windows (rules 2.1, 2.6).

Support under gs: 8:30-18:00; under cs: 9-13, 15-18.
"""

import pytest

from tests.given import Desk, authorized, cs_policy, did, figures, gs_policy, opened, registered, utc, window


# 2021-07-05, a Monday in summer time: support from 8:30 at -05:00 (13:30Z), or at -06:00 (14:30Z). 13:00Z to 15:00Z.
@pytest.mark.parametrize(("reading", "elapsed", "due"), [
    ("mexico-city", 5_400, "2021-07-05T17:30:00Z"), ("utc-6", 1_800, "2021-07-05T18:30:00Z"),
])  # fmt: skip
def test_support_hours_follow_mexico_citys_summer_time_up_to_2022(gs: Desk, reading: str, elapsed: int, due: str) -> None:
    gs.takes(opened(at="2021-07-05T13:00:00Z"), did("Responded", "2021-07-05T15:00:00Z"))
    assert figures(gs.response(gs_8_1=reading), "elapsed", "due_at") == (elapsed, due)


def test_after_2022_there_is_no_summer_time(gs: Desk) -> None:
    gs.takes(opened(at="2023-07-03T13:00:00Z"), did("Responded", "2023-07-03T15:00:00Z"))
    assert gs.response()["elapsed_seconds"] == gs.response(gs_8_1="utc-6")["elapsed_seconds"] == 1_800


# Monday 2026-03-16 is a statutory holiday. Opened that day at 9:00, answered on Tuesday at 9:00: 9 h + 0.5 h, or 0.5 h.
@pytest.mark.parametrize(("reading", "elapsed"), [("none", 34_200), ("mexican", 1_800)])
def test_gs_works_on_mexican_holidays_unless_read_otherwise(gs: Desk, reading: str, elapsed: int) -> None:
    gs.takes(opened(at="2026-03-16 09:00"), did("Responded", "2026-03-17 09:00"))
    assert gs.response(gs_8_1_holidays=reading)["elapsed_seconds"] == elapsed


def test_cs_does_not(cs: Desk) -> None:
    # Friday 13th 17:50 to Tuesday 17th 9:05: 10 min + 5 min of support.
    cs.takes(opened(at="2026-03-13 17:50", priority="P1", kind="question"), did("Responded", "2026-03-17 09:05"))
    assert cs.response()["elapsed_seconds"] == 900


@pytest.mark.parametrize("terms", ["gs", "cs"])
def test_the_policys_own_holidays_count_under_any_terms(desk: Desk, terms: str) -> None:
    policy = {"gs": gs_policy, "cs": cs_policy}[terms]
    desk.takes(registered(), authorized(), policy(holidays=["2026-03-03"]))
    kind = {"gs": {"priority": "high"}, "cs": {"priority": "P1", "kind": "question"}}[terms]
    # Monday 17:30 to Wednesday 9:30, Tuesday being off: gs 30 min + 1 h, cs 30 min + 30 min.
    desk.takes(opened(at="2026-03-02 17:30", **kind), did("Responded", "2026-03-04 09:30"))
    assert desk.response()["elapsed_seconds"] == {"gs": 5_400, "cs": 3_600}[terms]


# After-hours windows ------------------------------------------------------------------------------------------------


def test_a_requested_window_is_support_time_for_that_ticket(gs: Desk) -> None:
    # High at 17:00: 1 h to closing, 2 h of window 20:00-22:00, then 1 h from 8:30: due at 9:30 (without, at 11:30).
    gs.takes(opened(at="2026-03-02 17:00"), window("2026-03-02 17:30", "2026-03-02 20:00", "2026-03-02 22:00"))
    gs.takes(opened("T2", "2026-03-02 17:00"))
    clock = gs.response("2026-03-03 09:00")
    assert figures(clock, "elapsed", "due_at") == (3_600 + 7_200 + 1_800, utc("2026-03-03 09:30"))
    assert clock["clauses"] == ["gs.4", "gs.8.1", "gs.8.2"]
    assert figures(gs.response("2026-03-03 09:00", ticket="T2"), "elapsed", "due_at") == (5_400, utc("2026-03-03 11:30"))


def test_a_window_within_support_hours_or_one_over_another_adds_nothing_twice(gs: Desk) -> None:
    gs.takes(opened(at="2026-03-02 17:00"))
    gs.takes(window("2026-03-02 17:00", "2026-03-02 17:30", "2026-03-02 19:00"))
    gs.takes(window("2026-03-02 17:10", "2026-03-02 18:30", "2026-03-02 20:00"))
    # 17:00-18:00, then 18:00-20:00 once: 3 h.
    assert gs.response("2026-03-02 23:00")["elapsed_seconds"] == 10_800


def test_a_window_that_changes_no_figure_is_not_cited(gs: Desk) -> None:
    gs.takes(opened(), window("2026-03-02 09:10", "2026-03-02 20:00", "2026-03-02 22:00"), did("Responded", "2026-03-02 10:00"))
    assert gs.response()["clauses"] == ["gs.4", "gs.8.1"]


def test_clock_hours_know_no_windows(gs: Desk) -> None:
    gs.takes(opened(at="2026-03-02 17:00"), window("2026-03-02 17:30", "2026-03-02 20:00", "2026-03-02 22:00"))
    assert gs.response("2026-03-02 21:00", gs_4="clock-hours")["clauses"] == ["gs.4"]
