"""Open tickets without attention for an ordinary support day (rules 2.10): gs 34,200 s, cs 25,200 s of support time."""

import pytest

from tests.given import Desk, Entry, did, figures, on, opened, registered, session, utc, window


def names(rows: list[Entry]) -> list[str]:
    return [it["ticket"] for it in rows]


# From Monday 10:00 one day of 9.5 h ends on Tuesday at 10:00.
def test_a_ticket_left_alone_for_a_support_day_is_listed(gs: Desk) -> None:
    gs.takes(opened(), on("Responded", "10:00"))
    assert gs.unattended("2026-03-03 09:59:59") == []
    assert gs.unattended("2026-03-03 10:00") == [
        {"ticket": "T1", "client": "acme", "since": utc("2026-03-02 10:00"), "support_seconds": 34_200, "clause": "gs.2.1"}
    ]


def test_under_cs_the_day_is_of_seven_hours(cs: Desk) -> None:
    cs.takes(opened(priority="P1", at="2026-03-02 10:00"))
    assert cs.unattended("2026-03-03 09:59:59") == []
    (row,) = cs.unattended("2026-03-03 10:00")
    assert figures(row, "support", "clause") == (25_200, "cs.8.4")


def test_without_any_attention_it_counts_from_the_official_request(gs: Desk) -> None:
    mail = did("OfficialRequestReceived", "2026-03-03 10:00", message_id="m")
    gs.takes(opened(channel="phone"), mail)
    assert gs.unattended("2026-03-02 18:00") == []
    assert gs.unattended("2026-03-04 09:59") == []
    assert gs.unattended("2026-03-04 10:00")[0]["since"] == utc("2026-03-03 10:00")


def test_an_unofficial_ticket_nobody_touched_is_not_listed(gs: Desk) -> None:
    gs.takes(opened(channel="phone"))
    assert gs.unattended("2026-03-31 10:00") == []
    gs.takes(on("FollowedUp", "10:00", kind="other"))
    assert names(gs.unattended("2026-03-31 10:00")) == ["T1"]


ATTENTION = [
    on("Responded", "12:00"),
    on("FollowedUp", "12:00", kind="progress"),
    on("ContactAttempted", "12:00", outcome="unanswered", channel="phone"),
    session("2026-03-02 11:00", "2026-03-02 12:00"),
    on("Escalated", "12:00", level=2, reason="r"),
]


@pytest.mark.parametrize("entry", ATTENTION)
def test_attention_begins_the_day_again(gs: Desk, entry: Entry) -> None:
    gs.takes(opened(), entry)
    assert gs.unattended("2026-03-03 11:59:59") == []
    assert gs.unattended("2026-03-03 12:00")[0]["since"] == utc("2026-03-02 12:00")


def test_so_do_information_received_and_a_rejection(gs: Desk) -> None:
    gs.takes(opened("A"), on("InformationRequested", "10:00", ticket="A"), on("InformationReceived", "12:00", ticket="A"))
    gs.takes(opened("B"), on("Resolved", "10:00", ticket="B"), on("ResolutionRejected", "12:00", ticket="B"))
    assert [it["since"] for it in gs.unattended("2026-03-03 12:00")] == [utc("2026-03-02 12:00")] * 2


@pytest.mark.parametrize("entry", [
    on("PriorityChanged", "12:00", priority="low", reason="r"), on("IncidentClassified", "12:00", incident_type="maintenance"),
    on("TravelExpenseRecorded", "12:00", amount="1", currency="MXN"), on("ConsultantUnavailable", "12:00"),
    on("ExtensionRequested", "12:00", extra_seconds=1, reason="r"),
])  # fmt: skip
def test_paperwork_is_no_attention(gs: Desk, entry: Entry) -> None:
    gs.takes(opened(), entry)
    assert gs.unattended("2026-03-03 09:00")[0]["since"] == utc("2026-03-02 09:00")


@pytest.mark.parametrize("entries", [
    [on("InformationRequested", "10:00")], [on("Resolved", "10:00")], [on("Closed", "10:00", reason="withdrawn")],
])  # fmt: skip
def test_what_waits_for_the_client_is_resolved_or_closed_is_not_listed(gs: Desk, entries: list[Entry]) -> None:
    gs.takes(opened(), *entries)
    assert gs.unattended("2026-03-31 10:00") == []


def test_a_ticket_without_terms_is_not_listed(desk: Desk) -> None:
    desk.takes(registered(), opened(), on("Responded", "10:00"))
    assert desk.unattended("2026-03-31 10:00") == []


def test_the_longest_stands_first_and_ties_in_the_order_opened(gs: Desk) -> None:
    gs.takes(opened("Z", "2026-03-02 07:00"), opened("A", "2026-03-02 08:00"), opened("M", "2026-02-27 12:00"))
    # Z and A have both been waiting since before 8:30 on Monday: the same support time.
    rows = gs.unattended("2026-03-03 09:00")
    assert [(it["ticket"], it["support_seconds"]) for it in rows] == [("M", 57_600), ("Z", 36_000), ("A", 36_000)]


def test_the_tickets_windows_count(gs: Desk) -> None:
    gs.takes(opened(at="2026-03-02 17:00"), window("2026-03-02 17:30", "2026-03-02 19:00", "2026-03-02 23:00"))
    # 1 h of Monday, 4 h of window, 4.5 h of Tuesday: at 13:00.
    assert gs.unattended("2026-03-03 12:59:59") == []
    assert gs.unattended("2026-03-03 13:00")[0]["support_seconds"] == 34_200


def test_an_attention_that_is_voided_was_none(gs: Desk) -> None:
    gs.takes(opened(), on("Responded", "12:00", key="k"))
    gs.takes({"type": "EntryVoided", "at": "2026-03-02T20:00:00Z", "entry": "k", "reason": "r"})
    assert gs.unattended("2026-03-03 09:00")[0]["since"] == utc("2026-03-02 09:00")


def test_holidays_delay_it_where_they_are_read_in(gs: Desk) -> None:
    gs.takes(opened(at="2026-03-13 10:00"))
    assert names(gs.unattended("2026-03-16 12:00")) == ["T1"]
    assert gs.unattended("2026-03-16 12:00", gs_8_1_holidays="mexican") == []
