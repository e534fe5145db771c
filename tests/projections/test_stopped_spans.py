"""Spans in which a clock is stopped, and how `explain` shows them (rules 2.5; exchange.md, explain)."""

from itertools import pairwise

import pytest

from tests.given import Desk, Entry, authorized, did, figures, gs_policy, on, opened, registered, said, utc, window

HOUR = 3600


@pytest.fixture
def asked(cs: Desk) -> Desk:
    """An incident under cs, opened on Monday at nine."""
    cs.takes(opened(priority="P1"))
    return cs


WAIT = [on("InformationRequested", "10:00"), on("InformationReceived", "11:00")]

# Waiting for the client ---------------------------------------------------------------------------------------------


def test_waiting_stops_the_solution_of_an_incident_not_its_24_hours(asked: Desk) -> None:
    # 9:00-12:00 less 10:00-11:00.
    asked.takes(*WAIT)
    assert figures(asked.resolution("2026-03-02 12:00"), "elapsed", "paused", "verdict") == (2 * HOUR, HOUR, "running")
    assert figures(asked.response("2026-03-02 12:00"), "elapsed", "paused") == (3 * HOUR, 0)


def test_waiting_stops_the_answer_to_a_question(cs: Desk) -> None:
    cs.takes(opened(priority="P1", kind="question"), on("InformationRequested", "09:08"), on("InformationReceived", "09:38"))
    cs.takes(on("Responded", "09:40"))
    assert figures(cs.response(), "elapsed", "paused", "verdict", "due_at") == (600, 1_800, "met", utc("2026-03-02 09:40"))


@pytest.mark.parametrize(("kind", "before"), [("ResolutionValidated", "11:00"), ("ResolutionRejected", "11:00")])
def test_a_judgement_of_the_resolution_ends_the_wait_too(asked: Desk, kind: str, before: str) -> None:
    asked.takes(on("InformationRequested", "10:00"), on("Resolved", "10:30"), on(kind, before))
    clock = asked.resolution("2026-03-02 12:00")
    if kind == "ResolutionRejected":
        # 9-10 runs, 10-10:30 paused, 10:30-11 resolved, 11-12 runs.
        assert figures(clock, "elapsed", "paused", "verdict") == (2 * HOUR, 1_800, "running")
    else:
        assert figures(clock, "elapsed", "paused", "verdict") == (HOUR, 1_800, "met")


def test_a_second_request_does_not_begin_another_wait(asked: Desk) -> None:
    asked.takes(on("InformationRequested", "10:00"), on("InformationRequested", "10:30"), on("InformationReceived", "11:00"))
    assert asked.resolution("2026-03-02 12:00")["paused_seconds"] == HOUR


def test_while_a_span_is_open_the_verdict_is_paused_and_nothing_is_due(asked: Desk) -> None:
    asked.takes(WAIT[0])
    assert figures(asked.resolution("2026-03-02 12:00"), "verdict", "elapsed", "paused", "due_at") == (
        "paused", HOUR, 2 * HOUR, None,
    )  # fmt: skip


def test_unless_it_is_breached_already(asked: Desk) -> None:
    # 24 h of support from Monday 9:00 end on Thursday 12:00; asked for information at 12:30.
    asked.takes(did("InformationRequested", "2026-03-05 12:30"))
    assert figures(asked.resolution("2026-03-06 10:00"), "verdict", "overrun", "due_at") == (
        "breached", 1_800, utc("2026-03-05 12:00"),
    )  # fmt: skip


def test_an_open_span_lasts_to_the_stop_of_the_clock(asked: Desk) -> None:
    asked.takes(WAIT[0], on("Resolved", "12:00"))
    assert figures(asked.resolution(), "verdict", "elapsed", "paused") == ("met", HOUR, 2 * HOUR)


def test_paused_seconds_are_seconds_of_the_time_base(asked: Desk) -> None:
    # Waiting 12:00-16:00: support only 12-13 and 15-16.
    asked.takes(on("InformationRequested", "12:00"), on("InformationReceived", "16:00"))
    assert figures(asked.resolution("2026-03-02 17:00"), "elapsed", "paused") == (4 * HOUR, 2 * HOUR)


# gs: opened 9:00, waiting 10:00-11:00, answered and resolved at 12:00.
@pytest.mark.parametrize(("reading", "elapsed", "paused"), [("runs", 3 * HOUR, 0), ("stops", 2 * HOUR, HOUR)])
def test_under_gs_waiting_stops_the_clocks_only_if_read_so(gs: Desk, reading: str, elapsed: int, paused: int) -> None:
    gs.takes(opened(incident_type="technical-regular"), *WAIT, on("Responded", "12:00"), on("Resolved", "12:00"))
    assert figures(gs.response(gs_wait=reading), "elapsed", "paused") == (elapsed, paused)
    assert figures(gs.resolution(gs_wait=reading), "elapsed", "paused") == (elapsed, paused)


# Contingencies ------------------------------------------------------------------------------------------------------


def outage(kind: str, hour: str, **more: object) -> Entry:
    return said(kind, f"2026-03-02 {hour}", contingency="c", **more)


@pytest.mark.parametrize("where", [{"ticket": "T1"}, {}])
def test_a_contingency_stops_all_cs_clocks_from_when_the_client_was_told(asked: Desk, where: dict[str, str]) -> None:
    asked.takes(opened("Q", priority="P1", kind="question"))
    asked.takes(outage("ContingencyDeclared", "09:05", client_informed=False, **where))
    asked.takes(outage("ContingencyNotified", "10:00", **where), outage("ContingencyEnded", "11:00", **where))
    for clock in (asked.response("2026-03-02 12:00"), asked.resolution("2026-03-02 12:00")):
        assert figures(clock, "elapsed", "paused") == (2 * HOUR, HOUR)
        assert "cs.8.5" in clock["clauses"]
    other = figures(asked.response("2026-03-02 12:00", ticket="Q"), "elapsed", "paused")
    assert other == ((3 * HOUR, 0) if where else (2 * HOUR, HOUR))


def test_declared_with_the_client_informed_it_stops_them_at_once(asked: Desk) -> None:
    asked.takes(outage("ContingencyDeclared", "10:00", client_informed=True), outage("ContingencyNotified", "10:30"))
    assert figures(asked.response("2026-03-02 12:00"), "verdict", "elapsed", "paused") == ("paused", HOUR, 2 * HOUR)


def test_a_contingency_nobody_was_told_of_stops_nothing(asked: Desk) -> None:
    asked.takes(outage("ContingencyDeclared", "10:00", client_informed=False), outage("ContingencyEnded", "11:00"))
    clock = asked.response("2026-03-02 12:00")
    assert figures(clock, "elapsed", "paused", "clauses") == (3 * HOUR, 0, ["cs.2"])


@pytest.mark.parametrize(("reading", "elapsed", "paused", "clauses"), [
    ("stops", 2 * HOUR, HOUR, ["cs.2", "cs.8.5"]), ("runs", 3 * HOUR, 0, ["cs.2"]),
])  # fmt: skip
def test_contingencies_stop_the_clocks_or_let_them_run(
    asked: Desk, reading: str, elapsed: int, paused: int, clauses: list[str]
) -> None:
    asked.takes(outage("ContingencyDeclared", "10:00", client_informed=True), outage("ContingencyEnded", "11:00"))
    assert figures(asked.response("2026-03-02 12:00", cs_8_5=reading), "elapsed", "paused", "clauses") == (
        elapsed, paused, clauses,
    )  # fmt: skip


def test_under_gs_no_contingency_stops_a_clock(gs: Desk) -> None:
    gs.takes(opened(), outage("ContingencyDeclared", "10:00", client_informed=True))
    assert figures(gs.response("2026-03-02 12:00", cs_8_5="stops"), "elapsed", "paused", "verdict") == (3 * HOUR, 0, "running")


def test_one_for_everyone_stops_tickets_opened_while_it_lasts(cs: Desk) -> None:
    cs.takes(outage("ContingencyDeclared", "08:00", client_informed=True), opened(priority="P1"))
    cs.takes(outage("ContingencyEnded", "10:00"))
    assert figures(cs.response("2026-03-02 12:00"), "elapsed", "paused") == (2 * HOUR, HOUR)


def test_overlapping_spans_count_once(asked: Desk) -> None:
    # Waiting 10:00-12:00, contingency 11:00-12:30: stopped 10:00-12:30.
    asked.takes(on("InformationRequested", "10:00"), on("InformationReceived", "12:00"))
    asked.takes(outage("ContingencyDeclared", "11:00", client_informed=True), outage("ContingencyEnded", "12:30"))
    assert figures(asked.resolution("2026-03-02 13:00"), "elapsed", "paused") == (5_400, 9_000)


# No consultant ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reading", "elapsed", "paused"), [("runs", 3 * HOUR, 0), ("stops", 2 * HOUR, HOUR)])
def test_unavailability_stops_the_solution_only_if_read_so(asked: Desk, reading: str, elapsed: int, paused: int) -> None:
    asked.takes(on("ConsultantUnavailable", "10:00"), on("ConsultantUnavailable", "10:30"), on("ConsultantAvailable", "11:00"))
    clock = asked.resolution("2026-03-02 12:00", cs_8_2_availability=reading)
    assert figures(clock, "elapsed", "paused") == (elapsed, paused)
    assert clock["readings"]["cs.8.2.availability"] == reading
    assert asked.response("2026-03-02 12:00", cs_8_2_availability=reading)["paused_seconds"] == 0


def test_without_a_consultant_the_verdict_is_paused_under_that_reading(asked: Desk) -> None:
    asked.takes(on("ConsultantUnavailable", "10:00"))
    assert asked.resolution("2026-03-02 12:00")["verdict"] == "running"
    assert asked.resolution("2026-03-02 12:00", cs_8_2_availability="stops")["verdict"] == "paused"


# Level 4 ------------------------------------------------------------------------------------------------------------


# Opened 9:00, level 4 at 10:00, level 2 at 12:00, asked at 14:00.
@pytest.mark.parametrize(("reading", "elapsed", "paused", "clauses"), [
    ("runs", 5 * HOUR, 0, ["gs.5.1", "gs.8.1"]), ("pauses", 3 * HOUR, 2 * HOUR, ["gs.5.1", "gs.8.1", "gs.9"]),
])  # fmt: skip
def test_level_4_stops_the_solution_only_if_read_so(
    gs: Desk, reading: str, elapsed: int, paused: int, clauses: list[str]
) -> None:
    gs.takes(opened(incident_type="technical-regular"), on("Escalated", "10:00", level=4, reason="r", reference="MS-1"))
    gs.takes(on("Escalated", "12:00", level=2, reason="r"))
    clock = gs.resolution("2026-03-02 14:00", gs_9=reading)
    assert figures(clock, "elapsed", "paused", "clauses") == (elapsed, paused, clauses)
    assert gs.response("2026-03-02 14:00", gs_9=reading)["paused_seconds"] == 0
    assert gs.resolution("2026-03-02 11:00", gs_9=reading)["verdict"] == {"runs": "running", "pauses": "paused"}[reading]


@pytest.mark.parametrize("level", [2, 3])
def test_lower_levels_stop_nothing(gs: Desk, level: int) -> None:
    gs.takes(opened(incident_type="technical-regular"), on("Escalated", "10:00", level=level, reason="r"))
    assert gs.resolution("2026-03-02 14:00", gs_9="pauses")["paused_seconds"] == 0


# Segments -----------------------------------------------------------------------------------------------------------


def shape(segments: list[Entry]) -> list[tuple[str, str, str, int]]:
    """State, local times and seconds of each segment."""
    hours = [(int(it["from"][11:13]) - 6, it["from"][14:16], int(it["to"][11:13]) - 6, it["to"][14:16]) for it in segments]
    return [
        (it["state"], f"{a % 24}:{b}", f"{c % 24}:{d}", it["counted_seconds"])
        for it, (a, b, c, d) in zip(segments, hours, strict=True)
    ]


def test_the_segments_of_a_clock_tell_what_it_did(asked: Desk) -> None:
    asked.takes(on("InformationRequested", "10:00"), on("InformationReceived", "16:00"), on("Resolved", "17:00"))
    assert shape(asked.segments("resolution")) == [
        ("running", "9:00", "10:00", 3_600),
        ("paused", "10:00", "13:00", 10_800),
        ("closed_hours", "13:00", "15:00", 0),
        ("paused", "15:00", "16:00", 3_600),
        ("running", "16:00", "17:00", 3_600),
    ]


def test_a_stopped_segment_names_the_entry_that_began_it_and_its_clause(asked: Desk) -> None:
    (position, _) = asked.takes(*WAIT)
    paused = asked.segments("resolution", "2026-03-02 12:00")[1]
    assert (paused["cause"], paused["clause"]) == (position, "cs.8.2")


def test_a_told_contingency_is_caused_by_the_telling(asked: Desk) -> None:
    asked.takes(outage("ContingencyDeclared", "09:30", client_informed=False))
    (told, _) = asked.takes(outage("ContingencyNotified", "10:00"), outage("ContingencyEnded", "11:00"))
    found = asked.segments("resolution", "2026-03-02 12:00")
    assert [it["state"] for it in found] == ["running", "contingency", "running"]
    assert (found[1]["cause"], found[1]["clause"]) == (told, "cs.8.5")


def test_of_what_overlaps_resolved_comes_first_then_contingency_then_paused(asked: Desk) -> None:
    asked.takes(on("InformationRequested", "10:00"), on("Resolved", "11:00"), on("ResolutionRejected", "12:30"))
    asked.takes(outage("ContingencyDeclared", "10:30", client_informed=True), outage("ContingencyEnded", "12:45"))
    assert shape(asked.segments("resolution", "2026-03-02 12:50")) == [
        ("running", "9:00", "10:00", 3_600),
        ("paused", "10:00", "10:30", 1_800),
        ("contingency", "10:30", "11:00", 1_800),
        ("resolved", "11:00", "12:30", 0),
        ("contingency", "12:30", "12:45", 900),
        ("running", "12:45", "12:50", 300),
    ]


def test_closed_hours_come_before_all_of_them(asked: Desk) -> None:
    asked.takes(on("Resolved", "12:00"), on("ResolutionRejected", "16:00"))
    assert [(it[0], it[3]) for it in shape(asked.segments("resolution", "2026-03-02 16:00"))] == [
        ("running", 10_800), ("resolved", 0), ("closed_hours", 0), ("resolved", 0),
    ]  # fmt: skip


def test_a_clock_without_a_start_has_no_segments(gs: Desk) -> None:
    gs.takes(opened(channel="chat"))
    assert gs.segments("response") == gs.segments("resolution") == []


def test_time_in_a_requested_window_names_the_entry_that_asked_for_it(gs: Desk) -> None:
    gs.takes(opened(at="2026-03-02 17:00"))
    (asked_at,) = gs.takes(window("2026-03-02 17:30", "2026-03-02 19:00", "2026-03-02 20:00"))
    found = gs.segments("response", "2026-03-02 19:30")
    assert [(it["state"], it["counted_seconds"], it["cause"], it["clause"]) for it in found] == [
        ("running", 3_600, None, "gs.4"), ("closed_hours", 0, None, "gs.8.1"), ("running", 1_800, asked_at, "gs.8.2"),
    ]  # fmt: skip


def test_segments_are_contiguous_and_add_up_over_weekends_windows_and_holidays(desk: Desk) -> None:
    desk.takes(registered(), authorized(), gs_policy(holidays=["2026-03-10"]))
    desk.takes(opened(at="2026-03-06 17:00:00.7", incident_type="maintenance"))
    desk.takes(window("2026-03-06 17:30", "2026-03-07 10:00", "2026-03-07 12:00"))
    desk.takes(did("InformationRequested", "2026-03-07 11:00"), did("InformationReceived", "2026-03-09 10:00"))
    desk.takes(did("Resolved", "2026-03-09 12:00"), did("ResolutionRejected", "2026-03-11 09:00"))
    at = "2026-03-11 10:00"
    clock, found = desk.resolution(at, gs_wait="stops"), desk.segments("resolution", at, gs_wait="stops")
    assert all(one["to"] == other["from"] for one, other in pairwise(found))
    assert (found[0]["from"], found[-1]["to"]) == (utc("2026-03-06 17:00"), utc(at))
    # Runs: Fri 17-18, Sat 10-11 in the window, Mon 10-12, Wed 9-10. Paused: Sat 11-12 in the window, Mon 8:30-10.
    assert figures(clock, "elapsed", "paused") == (5 * HOUR, 9_000)
    sums = {it["state"]: 0 for it in found}
    for it in found:
        sums[it["state"]] += it["counted_seconds"]
    assert sums == {"running": 5 * HOUR, "paused": 9_000, "closed_hours": 0, "resolved": 0}
