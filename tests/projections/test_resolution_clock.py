"""The resolution clock: start, stop, target, extensions (rules 2.4, 2.7, 2.8).

Support under gs: 8:30-18:00; under cs: 9-13, 15-18.
"""

import pytest

from tests.given import Desk, did, figures, on, opened, registered, utc

HOUR = 3600
REGULAR = {"incident_type": "technical-regular"}


@pytest.mark.parametrize(("incident_type", "target", "clause"), [
    ("technical-regular", 6, "gs.5.1"), ("technical-urgent", 4, "gs.5.2"), ("maintenance", 36, "gs.5.3"),
    ("investigation", 16, "gs.5.4"),
])  # fmt: skip
def test_under_gs_the_target_goes_by_the_incident_type(gs: Desk, incident_type: str, target: int, clause: str) -> None:
    gs.takes(opened(incident_type=incident_type))
    clock = gs.resolution()
    assert figures(clock, "target", "earliest", "clauses") == (target * HOUR, None, [clause, "gs.8.1"])


def test_what_is_not_classified_has_no_target(gs: Desk) -> None:
    gs.takes(opened(), on("Resolved", "10:00"))
    assert figures(gs.resolution(), "verdict", "target", "started_at", "stopped_at", "elapsed", "clauses") == (
        "not_applicable", None, None, None, 0, ["gs.5"],
    )  # fmt: skip


@pytest.mark.parametrize(("reading", "maintenance", "investigation"), [("upper-end", 36, 16), ("lower-end", 16, 8)])
def test_a_range_without_a_budget_is_read_by_its_upper_or_lower_end(
    gs: Desk, reading: str, maintenance: int, investigation: int
) -> None:
    gs.takes(opened("M", incident_type="maintenance"), opened("I", incident_type="investigation"))
    assert gs.resolution(ticket="M", gs_5=reading)["target_seconds"] == maintenance * HOUR
    assert gs.resolution(ticket="I", gs_5=reading)["target_seconds"] == investigation * HOUR


def test_a_budget_is_the_target_under_either(gs: Desk) -> None:
    gs.takes(opened(), on("IncidentClassified", "10:00", incident_type="maintenance", budget_seconds=20 * HOUR))
    assert [gs.resolution(gs_5=it)["target_seconds"] for it in ("upper-end", "lower-end")] == [20 * HOUR] * 2


def test_each_classification_replaces_type_and_budget(gs: Desk) -> None:
    gs.takes(opened(), on("IncidentClassified", "10:00", incident_type="maintenance", budget_seconds=20 * HOUR))
    gs.takes(on("IncidentClassified", "11:00", incident_type="maintenance"))
    assert gs.resolution("2026-03-02 10:59")["target_seconds"] == 20 * HOUR
    assert gs.resolution("2026-03-02 11:00")["target_seconds"] == 36 * HOUR


def test_a_classification_measures_the_whole_clock_from_its_start(gs: Desk) -> None:
    # 9:00 to 14:00 is 5 h: over the 4 h of technical-urgent, though it was classified so at 13:59.
    gs.takes(opened(**REGULAR), on("IncidentClassified", "13:59", incident_type="technical-urgent"), on("Resolved", "14:00"))
    assert figures(gs.resolution(), "verdict", "target", "elapsed", "overrun") == ("breached", 4 * HOUR, 5 * HOUR, HOUR)


def test_a_classification_counts_until_the_closing_also_after_the_resolution(gs: Desk) -> None:
    gs.takes(opened(), on("Resolved", "14:00"), on("IncidentClassified", "15:00", incident_type="technical-urgent"))
    gs.takes(on("Closed", "16:00", reason="withdrawn"), on("IncidentClassified", "16:00", incident_type="maintenance"))
    assert gs.resolution("2026-03-02 14:59")["verdict"] == "not_applicable"
    assert figures(gs.resolution(), "verdict", "target", "stopped_at") == ("breached", 4 * HOUR, utc("2026-03-02 14:00"))
    assert gs.sla()["incident_type"] == "technical-urgent"


@pytest.mark.parametrize("kind", ["question", "request"])
def test_under_cs_only_incidents_have_a_target(cs: Desk, kind: str) -> None:
    cs.takes(opened("A", priority="P1", kind=kind), opened("B", priority="P1"))
    assert figures(cs.resolution(ticket="A"), "verdict", "clauses") == ("not_applicable", ["cs.8.2"])
    assert figures(cs.resolution(ticket="B"), "target", "clauses") == (86_400, ["cs.8.2", "cs.3"])


def test_they_have_it_without_a_policy_too(desk: Desk) -> None:
    desk.takes(registered(terms="customsoft"), opened(priority="P1"))
    assert desk.resolution()["target_seconds"] == 86_400


# cs.8.2: Friday 6 March 17:00 to Wednesday 11 March 10:00.
# support-hours: Fri 1 h + Mon 7 + Tue 7 + Wed 1 = 16 h of 24. working-day-hours: Fri 7 h + 24 + 24 + 10 = 65 h of 24.
# three-days: the same 16 h of support, of 3 x 7 h.
@pytest.mark.parametrize(("reading", "target", "elapsed", "verdict", "due"), [
    ("support-hours", 86_400, 16 * HOUR, "met", "2026-03-12 11:00"),
    ("working-day-hours", 86_400, 65 * HOUR, "breached", "2026-03-09 17:00"),
    ("three-days", 75_600, 16 * HOUR, "met", "2026-03-11 17:00"),
])  # fmt: skip
def test_the_24_business_hours_have_three_readings(
    cs: Desk, reading: str, target: int, elapsed: int, verdict: str, due: str
) -> None:
    cs.takes(opened(at="2026-03-06 17:00", priority="P1"), did("Resolved", "2026-03-11 10:00"))
    clock = cs.resolution(cs_8_2=reading)
    assert figures(clock, "target", "elapsed", "verdict", "due_at") == (target, elapsed, verdict, utc(due))
    assert clock["clauses"] == ["cs.8.2", "cs.3"]
    assert clock["readings"]["cs.8.2"] == reading


def test_working_day_hours_leave_out_holidays_whole(cs: Desk) -> None:
    # Friday 13 March 12:00 to Tuesday 17th 12:00, Monday being a holiday: 12 h of Friday + 12 h of Tuesday, exactly 24.
    cs.takes(opened(at="2026-03-13 12:00", priority="P1"), did("Resolved", "2026-03-17 12:00"))
    assert figures(cs.resolution(cs_8_2="working-day-hours"), "elapsed", "verdict") == (86_400, "met")


# Friday 17:00 to Monday 10:00: 1 h + 1.5 h of support = 9,000 s; 65 h by the clock.
@pytest.mark.parametrize(("reading", "elapsed", "clauses"), [
    ("support-hours", 9_000, ["gs.5.1", "gs.8.1"]), ("clock-hours", 234_000, ["gs.5.1"]),
])  # fmt: skip
def test_solution_runs_in_support_or_clock_hours(gs: Desk, reading: str, elapsed: int, clauses: list[str]) -> None:
    gs.takes(opened(at="2026-03-06 17:00", **REGULAR), did("Resolved", "2026-03-09 10:00"))
    assert figures(gs.resolution(gs_5_base=reading), "elapsed", "clauses") == (elapsed, clauses)


# Start --------------------------------------------------------------------------------------------------------------


# Opened 9:00, answered 11:00, resolved 16:00: from the request 7 h of 6, from the answer 5 h.
@pytest.mark.parametrize(("reading", "start", "elapsed", "verdict", "clauses"), [
    ("official-request", "09:00", 7 * HOUR, "breached", ["gs.5.1", "gs.8.1"]),
    ("first-response", "11:00", 5 * HOUR, "met", ["gs.5.1", "gs.5.5", "gs.8.1"]),
])  # fmt: skip
def test_solution_counts_from_the_official_request_or_from_the_first_response(
    gs: Desk, reading: str, start: str, elapsed: int, verdict: str, clauses: list[str]
) -> None:
    gs.takes(opened(**REGULAR), on("Responded", "11:00"), on("Resolved", "16:00"))
    clock = gs.resolution(gs_5_5=reading)
    assert figures(clock, "started_at", "elapsed", "verdict", "clauses") == (
        utc(f"2026-03-02 {start}"), elapsed, verdict, clauses,
    )  # fmt: skip


def test_from_the_first_response_it_is_not_applicable_while_there_is_none(gs: Desk) -> None:
    gs.takes(opened(**REGULAR))
    clock = gs.resolution("2026-03-02 17:00", gs_5_5="first-response")
    assert figures(clock, "verdict", "target", "started_at", "elapsed") == ("not_applicable", None, None, 0)


def test_a_resolution_without_an_answer_starts_and_stops_it_at_once(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), on("Resolved", "16:00"))
    clock = gs.resolution(gs_5_5="first-response")
    assert figures(clock, "started_at", "stopped_at", "elapsed", "verdict") == (*[utc("2026-03-02 16:00")] * 2, 0, "met")


def test_so_does_the_closing_of_what_was_never_answered(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), on("Closed", "16:00", reason="withdrawn"))
    clock = gs.resolution(gs_5_5="first-response")
    assert figures(clock, "started_at", "elapsed", "verdict") == (utc("2026-03-02 16:00"), 0, "not_applicable")


# Stop ---------------------------------------------------------------------------------------------------------------


def test_a_rejection_starts_it_again_and_the_span_between_is_neither_elapsed_nor_paused(gs: Desk) -> None:
    # 9:00-11:00 runs, 11:00-13:00 is resolved, 13:00-15:00 runs: 4 h.
    gs.takes(opened(**REGULAR), on("Resolved", "11:00"), on("ResolutionRejected", "13:00"), on("Resolved", "15:00"))
    assert figures(gs.resolution("2026-03-02 12:00"), "verdict", "elapsed") == ("met", 2 * HOUR)
    assert figures(gs.resolution("2026-03-02 14:00"), "verdict", "elapsed", "paused", "stopped_at", "due_at") == (
        "running", 3 * HOUR, 0, None, utc("2026-03-02 17:00"),
    )  # fmt: skip
    assert figures(gs.resolution(), "verdict", "elapsed", "paused", "stopped_at") == (
        "met", 4 * HOUR, 0, utc("2026-03-02 15:00"),
    )  # fmt: skip


def test_the_response_clock_is_stopped_by_a_resolution_even_if_it_was_rejected(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), on("Resolved", "11:00"), on("ResolutionRejected", "13:00"))
    assert gs.response()["stopped_at"] == utc("2026-03-02 11:00")


def test_after_a_rejection_the_target_is_that_in_force_at_the_last_resolution(gs: Desk) -> None:
    gs.takes(opened(), on("Resolved", "11:00"), on("ResolutionRejected", "13:00"))
    gs.takes(on("IncidentClassified", "13:30", incident_type="technical-urgent"), on("Resolved", "15:00:01"))
    assert figures(gs.resolution(), "verdict", "target", "overrun") == ("breached", 4 * HOUR, 1)


def test_closed_unsolved_is_breached_if_over_target_by_then_else_not_applicable(gs: Desk) -> None:
    gs.takes(opened("A", **REGULAR), on("Closed", "15:00", ticket="A", reason="withdrawn"))
    gs.takes(opened("B", **REGULAR), on("Closed", "15:00:01", ticket="B", reason="withdrawn"))
    assert figures(gs.resolution(ticket="A"), "verdict", "stopped_at", "elapsed", "due_at", "clauses") == (
        "not_applicable", utc("2026-03-02 15:00"), 6 * HOUR, None, ["gs.5.1", "gs.8.1"],
    )  # fmt: skip
    assert figures(gs.resolution(ticket="B"), "verdict", "overrun") == ("breached", 1)


def test_what_was_rejected_and_then_closed_stops_at_the_closing(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), on("Resolved", "10:00"), on("ResolutionRejected", "11:00"))
    gs.takes(on("Closed", "12:00", reason="withdrawn"))
    assert figures(gs.resolution(), "verdict", "stopped_at", "elapsed") == ("not_applicable", utc("2026-03-02 12:00"), 2 * HOUR)


# Due ----------------------------------------------------------------------------------------------------------------


def test_due_is_the_first_instant_at_which_the_target_is_reached(gs: Desk) -> None:
    # 9.5 h of Monday from 8:30 are exactly one support day; low is 24 h: Mon 9.5 + Tue 9.5 + 5 h of Wednesday: 13:30.
    gs.takes(opened(at="2026-03-02 08:30", priority="low"), opened("R", "2026-03-02 12:00", **REGULAR))
    assert gs.response("2026-03-02 09:00")["due_at"] == utc("2026-03-04 13:30")
    # Six hours from 12:00 end exactly at closing: 18:00 the same day, not 8:30 the next.
    assert gs.resolution("2026-03-02 12:00", ticket="R")["due_at"] == utc("2026-03-02 18:00")


def test_due_after_a_stop_is_as_if_the_clock_ran_on(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), on("Resolved", "10:00"))
    assert gs.resolution()["due_at"] == utc("2026-03-02 15:00")


def test_due_of_what_is_breached_is_when_it_was_reached(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), did("Resolved", "2026-03-05 10:00"))
    assert figures(gs.resolution(), "verdict", "due_at") == ("breached", utc("2026-03-02 15:00"))
