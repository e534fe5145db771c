"""When a request is official (rules 2.2), and the response clock (rules 2.3).

Support under gs: 8:30-18:00; under cs: 9-13, 15-18.
"""

import pytest

from tests.given import Desk, Entry, did, figures, opened, registered, session, utc

HOUR = 3600
MAIL = did("OfficialRequestReceived", "2026-03-02 11:00", message_id="m")


def phone(**more: str) -> Entry:
    return opened(channel="phone", **more)


# The official request -----------------------------------------------------------------------------------------------


def test_what_comes_by_e_mail_is_official_at_once(gs: Desk) -> None:
    gs.takes(opened(), MAIL)
    assert gs.sla()["official_at"] == utc("2026-03-02 09:00")
    assert gs.response("2026-03-02 12:00")["clauses"] == ["gs.4", "gs.8.1"]


@pytest.mark.parametrize("channel", ["phone", "chat", "portal", "remote", "onsite"])
def test_by_any_other_channel_it_is_not_official_until_the_e_mail(gs: Desk, channel: str) -> None:
    gs.takes(opened(channel=channel, incident_type="maintenance"), did("Responded", "2026-03-02 10:00"), MAIL)
    before = gs.sla("2026-03-02 10:59:59")
    assert before["official_at"] is None
    for clock in (before["response"], before["resolution"]):
        assert figures(clock, "verdict", "started_at", "target", "clauses") == ("not_applicable", None, None, ["gs.3.3"])
    after = gs.sla("2026-03-02 11:00")
    assert after["official_at"] == after["response"]["started_at"] == utc("2026-03-02 11:00")
    assert after["response"]["clauses"] == ["gs.4", "gs.3.3", "gs.8.1"]


def test_the_e_mail_counts_from_when_it_was_sent(gs: Desk) -> None:
    gs.takes(phone(), MAIL | {"sent_at": "2026-03-02T10:15:00-06:00"})
    assert gs.sla("2026-03-02 11:00")["official_at"] == utc("2026-03-02 10:15")
    assert gs.sla("2026-03-02 10:59")["official_at"] is None


def test_but_never_from_before_the_opening(gs: Desk) -> None:
    gs.takes(phone(), MAIL | {"sent_at": "2026-03-02T08:00:00-06:00"})
    assert gs.sla()["official_at"] == utc("2026-03-02 09:00")
    assert "gs.3.3" not in gs.response()["clauses"]


def test_of_several_the_first_counts(gs: Desk) -> None:
    earlier = did("OfficialRequestReceived", "2026-03-02 12:00", message_id="n", sent_at="2026-03-02 09:30")
    gs.takes(phone(), earlier, MAIL)
    assert gs.sla()["official_at"] == utc("2026-03-02 11:00")


# Opened at 9:00 by phone, e-mail at 11:00, answered at 11:20: from the call 2 h 20 min of 30 min, from the e-mail 20 min.
@pytest.mark.parametrize(("reading", "start", "elapsed", "verdict", "clauses"), [
    ("from-call", "09:00", 8_400, "breached", ["gs.4", "gs.3.4", "gs.8.1"]),
    ("from-email", "11:00", 1_200, "met", ["gs.4", "gs.3.3", "gs.3.4", "gs.8.1"]),
])  # fmt: skip
def test_critical_by_phone_counts_from_the_call_once_the_e_mail_came(
    gs: Desk, reading: str, start: str, elapsed: int, verdict: str, clauses: list[str]
) -> None:
    gs.takes(phone(priority="critical"), MAIL, did("Responded", "2026-03-02 11:20"))
    row = gs.sla(gs_3_4=reading)
    assert row["official_at"] == row["response"]["started_at"] == utc(f"2026-03-02 {start}")
    assert figures(row["response"], "elapsed", "verdict", "clauses") == (elapsed, verdict, clauses)
    assert gs.sla("2026-03-02 10:59", gs_3_4=reading)["official_at"] is None


@pytest.mark.parametrize("opening", [phone(priority="high"), opened(channel="chat", priority="critical")])
def test_only_what_was_critical_and_by_phone_does(gs: Desk, opening: Entry) -> None:
    gs.takes(opening, did("PriorityChanged", "2026-03-02 09:30", priority="critical", reason="r"), MAIL)
    assert gs.sla()["official_at"] == utc("2026-03-02 11:00")


def test_what_was_opened_as_critical_by_phone_stays_so_with_another_priority(gs: Desk) -> None:
    gs.takes(phone(priority="critical"), did("PriorityChanged", "2026-03-02 09:30", priority="low", reason="r"), MAIL)
    assert gs.sla()["official_at"] == utc("2026-03-02 09:00")


@pytest.mark.parametrize("channel", ["email", "phone", "chat", "portal", "remote", "onsite"])
def test_under_cs_every_channel_is_official_at_the_opening(cs: Desk, channel: str) -> None:
    cs.takes(opened(channel=channel, priority="P1"))
    assert cs.sla()["official_at"] == utc("2026-03-02 09:00")


# Targets ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("priority", "earliest", "target"), [
    ("critical", 0, 1_800), ("high", 3_600, 14_400), ("medium", 28_800, 57_600), ("low", 57_600, 86_400),
])  # fmt: skip
def test_under_gs_the_target_goes_by_the_priority(gs: Desk, priority: str, earliest: int, target: int) -> None:
    gs.takes(opened(priority=priority))
    assert figures(gs.response(), "target", "earliest") == (target, earliest)


def test_a_question_is_answered_in_ten_support_minutes_by_whomever_it_is_asked(desk: Desk) -> None:
    desk.takes(registered(terms="customsoft"), opened(priority="P1", kind="question"))
    assert figures(desk.response(), "target", "earliest", "clauses") == (600, None, ["cs.8.1", "cs.3"])


@pytest.mark.parametrize("kind", ["incident", "request"])
def test_policy_holders_are_answered_within_24_clock_hours(cs: Desk, kind: str) -> None:
    cs.takes(opened(priority="P1", kind=kind))
    assert figures(cs.response(), "target", "clauses") == (86_400, ["cs.2"])


@pytest.mark.parametrize("kind", ["incident", "request"])
def test_others_have_no_such_target(desk: Desk, kind: str) -> None:
    desk.takes(registered(terms="customsoft"), opened(priority="P1", kind=kind), did("Responded", "2026-03-02 10:00"))
    assert figures(desk.response(), "verdict", "target", "started_at", "stopped_at", "elapsed", "clauses") == (
        "not_applicable", None, None, None, 0, ["cs.2"],
    )  # fmt: skip


# gs.4: a Friday 17:00 to Monday 10:00. Support: 1 h + 1.5 h = 9,000 s. By the clock: 65 h = 234,000 s.
@pytest.mark.parametrize(("priority", "reading", "elapsed", "verdict"), [
    ("high", "support-hours", 9_000, "met"), ("high", "clock-hours", 234_000, "breached"),
    ("high", "critical-clock", 9_000, "met"), ("critical", "critical-clock", 234_000, "breached"),
    ("critical", "support-hours", 9_000, "breached"),
])  # fmt: skip
def test_attention_runs_in_support_or_clock_hours(gs: Desk, priority: str, reading: str, elapsed: int, verdict: str) -> None:
    gs.takes(opened(at="2026-03-06 17:00", priority=priority), did("Responded", "2026-03-09 10:00"))
    clock = gs.response(gs_4=reading)
    assert figures(clock, "elapsed", "verdict") == (elapsed, verdict)
    assert ("gs.8.1" in clock["clauses"]) == (elapsed == 9_000)
    assert clock["readings"]["gs.4"] == reading


# cs.8.1: asked at 12:55, answered at 15:04. Support: 12:55-13:00 + 15:00-15:04 = 540 s. By the clock 7,740 s.
@pytest.mark.parametrize(("reading", "elapsed", "verdict", "due"), [
    ("support-minutes", 540, "met", "15:05"), ("clock-minutes", 7_740, "breached", "13:05"),
])  # fmt: skip
def test_a_question_runs_in_support_or_clock_minutes(cs: Desk, reading: str, elapsed: int, verdict: str, due: str) -> None:
    cs.takes(opened(at="2026-03-02 12:55", priority="P1", kind="question"), did("Responded", "2026-03-02 15:04"))
    assert figures(cs.response(cs_8_1=reading), "elapsed", "verdict", "due_at") == (elapsed, verdict, utc(f"2026-03-02 {due}"))


# cs.2: Friday 17:00 to Monday 10:00 by the clock 65 h = 234,000 s; support 1 h + 1 h = 7,200 s.
@pytest.mark.parametrize(("reading", "elapsed", "verdict"), [
    ("clock-hours", 234_000, "breached"), ("support-hours", 7_200, "met"),
])  # fmt: skip
def test_the_24_hours_of_a_policy_holder_are_clock_or_support_hours(cs: Desk, reading: str, elapsed: int, verdict: str) -> None:
    cs.takes(opened(at="2026-03-06 17:00", priority="P1"), did("Responded", "2026-03-09 10:00"))
    assert figures(cs.response(cs_2=reading), "elapsed", "verdict") == (elapsed, verdict)


# Stops --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stop", [
    did("Responded", "2026-03-02 10:00"), did("Resolved", "2026-03-02 10:00"), session("2026-03-02 10:00", "2026-03-02 11:00"),
])  # fmt: skip
def test_an_answer_a_resolution_or_the_start_of_a_session_stops_it(gs: Desk, stop: Entry) -> None:
    gs.takes(opened(), stop)
    assert figures(gs.response(), "stopped_at", "elapsed", "verdict") == (utc("2026-03-02 10:00"), HOUR, "met")


@pytest.mark.parametrize("other", [
    did("FollowedUp", "2026-03-02 10:00", kind="progress"), did("InformationRequested", "2026-03-02 10:00"),
    did("ContactAttempted", "2026-03-02 10:00", outcome="answered", channel="phone"),
    did("Escalated", "2026-03-02 10:00", level=2, reason="r"),
])  # fmt: skip
def test_nothing_else_does(gs: Desk, other: Entry) -> None:
    gs.takes(opened(), other)
    assert gs.response("2026-03-02 11:00")["stopped_at"] is None


def test_the_first_of_them_counts_also_if_told_later(gs: Desk) -> None:
    gs.takes(opened(), did("Responded", "2026-03-02 12:00"), session("2026-03-02 10:30", "2026-03-02 12:30"))
    assert gs.response("2026-03-02 12:15")["stopped_at"] == utc("2026-03-02 12:00")
    assert gs.response("2026-03-02 12:30")["stopped_at"] == utc("2026-03-02 10:30")


def test_a_session_that_began_before_the_opening_stops_the_clock_as_it_starts(gs: Desk) -> None:
    gs.takes(opened(), session("2026-03-02 08:30", "2026-03-02 09:30"))
    clock = gs.response()
    assert figures(clock, "started_at", "stopped_at", "elapsed", "verdict") == (
        utc("2026-03-02 09:00"), utc("2026-03-02 09:00"), 0, "met",
    )  # fmt: skip


def test_an_answer_before_the_request_was_official_counts_as_at_the_start(gs: Desk) -> None:
    gs.takes(phone(), did("Responded", "2026-03-02 09:30"), MAIL)
    assert figures(gs.response(), "started_at", "stopped_at", "elapsed") == (*[utc("2026-03-02 11:00")] * 2, 0)


def test_exactly_on_target_is_met_and_a_second_more_is_not(gs: Desk) -> None:
    gs.takes(opened("A"), did("Responded", "2026-03-02 13:00", ticket="A"))
    gs.takes(opened("B"), did("Responded", "2026-03-02 13:00:01", ticket="B"))
    assert figures(gs.response(ticket="A"), "verdict", "elapsed", "overrun") == ("met", 14_400, 0)
    assert figures(gs.response(ticket="B"), "verdict", "elapsed", "overrun") == ("breached", 14_401, 1)


def test_an_open_ticket_is_measured_up_to_the_moment_asked_for(gs: Desk) -> None:
    gs.takes(opened())
    at_due = gs.response("2026-03-02 13:00")
    assert figures(at_due, "verdict", "elapsed", "due_at") == ("running", 14_400, utc("2026-03-02 13:00"))
    assert figures(gs.response("2026-03-02 13:00:01"), "verdict", "elapsed", "overrun") == ("breached", 14_401, 1)


def test_closed_unanswered_is_breached_if_over_target_by_then_else_not_applicable(gs: Desk) -> None:
    gs.takes(opened("A"), did("Closed", "2026-03-02 13:00", ticket="A", reason="withdrawn"))
    gs.takes(opened("B"), did("Closed", "2026-03-02 13:00:01", ticket="B", reason="withdrawn"))
    within, over = gs.response(ticket="A"), gs.response(ticket="B")
    assert figures(within, "verdict", "target", "stopped_at", "elapsed", "due_at", "clauses") == (
        "not_applicable", 14_400, utc("2026-03-02 13:00"), 14_400, None, ["gs.4", "gs.8.1"],
    )  # fmt: skip
    assert figures(over, "verdict", "elapsed", "overrun") == ("breached", 14_401, 1)


# The priority in force ----------------------------------------------------------------------------------------------


def test_a_change_of_priority_measures_the_whole_clock_again(gs: Desk) -> None:
    # 9:00 to 11:00 is 7,200 s: over the 1,800 of critical, though it became critical only at 10:59.
    gs.takes(opened(), did("PriorityChanged", "2026-03-02 10:59", priority="critical", reason="r"))
    gs.takes(did("Responded", "2026-03-02 11:00"))
    assert figures(gs.response(), "verdict", "target", "overrun") == ("breached", 1_800, 5_400)


def test_the_target_is_that_in_force_at_the_stop(gs: Desk) -> None:
    gs.takes(opened(), did("Responded", "2026-03-02 11:00"))
    gs.takes(did("PriorityChanged", "2026-03-02 11:00", priority="critical", reason="r"))
    assert figures(gs.sla(), "priority") == ("critical",)
    assert figures(gs.response(), "verdict", "target") == ("met", 14_400)


def test_at_the_same_moment_the_entry_recorded_before_the_stop_counts(gs: Desk) -> None:
    gs.takes(opened(), did("PriorityChanged", "2026-03-02 11:00", priority="critical", reason="r"))
    gs.takes(did("Responded", "2026-03-02 11:00"))
    assert gs.response()["target_seconds"] == 1_800


def test_a_session_stops_as_it_starts_but_its_entry_stands_where_it_ended(gs: Desk) -> None:
    # The entry that stops the clock is ordered by its `at`, 12:00: the change at 11:00 lies before it.
    gs.takes(opened(), session("2026-03-02 10:00", "2026-03-02 12:00"))
    gs.takes(did("PriorityChanged", "2026-03-02 11:00", priority="critical", reason="r"))
    assert figures(gs.response(), "elapsed", "target") == (HOUR, 1_800)
