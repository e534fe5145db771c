"""What is billed, minute by minute and cent by cent (rules 4). Under gs 600.00 an hour, half as much again after hours."""

import pytest

from tests.given import (
    Desk,
    Entry,
    authorized,
    did,
    figures,
    gs_policy,
    opened,
    registered,
    said,
    session,
    utc,
    window,
)

MINUTES = ("minutes", "consultants", "billable_minutes", "after_hours_minutes", "unrequested_minutes", "amount")


@pytest.fixture
def ticket(gs: Desk) -> Desk:
    """T1 under gs, opened on Monday 2 March at nine."""
    gs.takes(opened())
    return gs


def priced(desk: Desk, **prices: str) -> Desk:
    """T1 under a policy with these prices."""
    desk.takes(registered(), authorized(), gs_policy(prices={"currency": "MXN"} | prices), opened())
    return desk


def follow_up(at: str = "2026-03-02 10:00", kind: str = "progress") -> Entry:
    return did("FollowedUp", at, kind=kind)


# Follow-ups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["progress", "follow_up", "conclusion", "closing", "daily_email", "other"])
def test_a_follow_up_of_any_kind_is_fifteen_minutes(ticket: Desk, kind: str) -> None:
    (position,) = ticket.takes(follow_up(kind=kind))
    assert ticket.charge() == {
        "ticket": "T1", "client": "acme", "policy": "PG", "entry": position, "at": utc("2026-03-02 10:00"), "kind": "follow_up",
        "minutes": 15, "consultants": 1, "billable_minutes": 15, "after_hours_minutes": 0, "unrequested_minutes": 0,
        "amount": "150.00", "currency": "MXN", "amount_note": None, "clause": "gs.6",
    }  # fmt: skip


def test_so_is_a_request_for_information(ticket: Desk) -> None:
    ticket.takes(did("InformationRequested", "2026-03-02 10:00"))
    assert figures(ticket.charge(), "kind", "amount", "clause") == ("follow_up", "150.00", "gs.6")


@pytest.mark.parametrize(("reading", "rows"), [("not-billed", 0), ("billed", 2)])
def test_attempts_at_contact_are_billed_only_if_read_so(ticket: Desk, reading: str, rows: int) -> None:
    for outcome in ("unanswered", "answered"):
        ticket.takes(did("ContactAttempted", "2026-03-02 10:00", outcome=outcome, channel="phone"))
    assert [it["amount"] for it in ticket.billing(gs_6_attempts=reading)] == ["150.00"] * rows


def test_nothing_else_is_a_follow_up(ticket: Desk) -> None:
    ticket.takes(did("Responded", "2026-03-02 10:00"), did("Escalated", "2026-03-02 10:00", level=2, reason="r"))
    ticket.takes(did("Resolved", "2026-03-02 10:00"), did("Closed", "2026-03-02 10:00", reason="withdrawn"))
    assert ticket.billing(gs_6_attempts="billed") == []


# Two e-mails on Monday (the second at 23:30, which is Tuesday by UTC), one on Tuesday, and another kind on Monday.
@pytest.mark.parametrize(("reading", "times"), [
    ("each", ["10:00", "10:30", "23:30", "09:00"]), ("one-a-day", ["10:00", "10:30", "09:00"]),
])  # fmt: skip
def test_of_a_days_e_mails_each_is_billed_or_one(ticket: Desk, reading: str, times: list[str]) -> None:
    ticket.takes(follow_up("2026-03-02 10:00", "daily_email"), follow_up("2026-03-02 23:30", "daily_email"))
    ticket.takes(follow_up("2026-03-03 09:00", "daily_email"), follow_up("2026-03-02 10:30", "progress"))
    assert [it["at"] for it in ticket.billing(gs_6_daily=reading)] == [
        utc(f"2026-03-{'03' if it == '09:00' else '02'} {it}") for it in times
    ]


def test_one_a_day_is_one_a_day_of_each_ticket(ticket: Desk) -> None:
    ticket.takes(opened("T2"), follow_up(kind="daily_email"), follow_up(kind="daily_email") | {"ticket": "T2"})
    assert len(ticket.billing(gs_6_daily="one-a-day")) == 2


# 8:30 is inside support hours, 18:00 is not. The window is [19:00, 20:00).
@pytest.mark.parametrize(("at", "after", "unrequested", "amount"), [
    ("2026-03-03 08:29:59", 0, 15, "150.00"), ("2026-03-03 08:30", 0, 0, "150.00"), ("2026-03-03 17:59:59", 0, 0, "150.00"),
    ("2026-03-03 18:00", 0, 15, "150.00"), ("2026-03-03 19:00", 15, 0, "225.00"), ("2026-03-03 19:59:59", 15, 0, "225.00"),
    ("2026-03-03 20:00", 0, 15, "150.00"), ("2026-03-07 12:00", 0, 15, "150.00"),
])  # fmt: skip
def test_a_follow_up_lies_wholly_inside_or_outside_support_hours(
    ticket: Desk, at: str, after: int, unrequested: int, amount: str
) -> None:
    ticket.takes(window("2026-03-02 10:00", "2026-03-03 19:00", "2026-03-03 20:00"), follow_up(at))
    assert figures(ticket.charge(), *MINUTES) == (15, 1, 15, after, unrequested, amount)


def test_a_holiday_is_after_hours(desk: Desk) -> None:
    desk.takes(registered(), authorized(), gs_policy(holidays=["2026-03-03"]), opened(), follow_up("2026-03-03 10:00"))
    assert desk.charge()["unrequested_minutes"] == 15


@pytest.mark.parametrize(("reading", "unrequested"), [("none", 0), ("mexican", 15)])
def test_a_statutory_holiday_is_if_read_so(ticket: Desk, reading: str, unrequested: int) -> None:
    ticket.takes(follow_up("2026-03-16 10:00"))
    assert ticket.charge(gs_8_1_holidays=reading)["unrequested_minutes"] == unrequested


# In July 2021 18:00 in Mexico City is 17:00 at -06:00.
@pytest.mark.parametrize(("reading", "unrequested"), [("mexico-city", 15), ("utc-6", 0)])
def test_what_is_after_hours_goes_by_the_zone_read(gs: Desk, reading: str, unrequested: int) -> None:
    gs.takes(opened(at="2021-07-05T16:00:00Z"), follow_up("2021-07-05T23:00:00Z"))
    assert gs.charge(gs_8_1=reading)["unrequested_minutes"] == unrequested


# Sessions -----------------------------------------------------------------------------------------------------------


def test_a_session_is_charged_in_full_times_each_consultant(ticket: Desk) -> None:
    # 61 minutes x 3 = 183 minutes at 10.00 a minute.
    (position,) = ticket.takes(session("2026-03-02 10:00", "2026-03-02 11:01", "luis", "eva", "raul"))
    row = ticket.charge()
    assert figures(row, *MINUTES) == (61, 3, 183, 0, 0, "1830.00")
    assert figures(row, "entry", "at", "kind", "clause") == (position, utc("2026-03-02 10:00"), "session", "gs.7")


@pytest.mark.parametrize(("ended", "minutes"), [
    ("10:00:01", 1), ("10:01", 1), ("10:01:01", 2), ("10:00:59.999999", 1), ("10:01:00.999999", 1),
])  # fmt: skip
def test_its_minutes_are_its_seconds_rounded_up(ticket: Desk, ended: str, minutes: int) -> None:
    ticket.takes(session("2026-03-02 10:00", f"2026-03-02 {ended}"))
    assert ticket.charge()["minutes"] == minutes


# 10:00-11:00. luis all of it, eva from 10:30:30 (29.5 min, up to 30), raul until 10:20:01 (20 min and a second, up to 21).
@pytest.mark.parametrize(("reading", "billable", "amount"), [("full-session", 180, "1800.00"), ("own-minutes", 111, "1110.00")])
def test_consultants_count_for_the_whole_session_or_for_their_own_minutes(
    ticket: Desk, reading: str, billable: int, amount: str
) -> None:
    eva, raul = {"consultant": "eva", "joined": "2026-03-02 10:30:30"}, {"consultant": "raul", "left": "2026-03-02 10:20:01"}
    ticket.takes(session("2026-03-02 10:00", "2026-03-02 11:00", "luis", eva, raul))
    assert figures(ticket.charge(gs_7=reading), *MINUTES) == (60, 3, billable, 0, 0, amount)


# 17:30:00-19:30:30, window [18:30, 19:15). Outside: 18:00-19:30:30 = 90.5 min; in the window 45, in none 45.5, down to 45.
# Two consultants: billable 121 x 2 = 242; after 90; unrequested 90. (242 - 90) x 10 + 90 x 15 = 2870.00.
def test_after_hours_minutes_lie_in_requested_windows_and_the_rest_is_unrequested(ticket: Desk) -> None:
    ticket.takes(window("2026-03-02 12:00", "2026-03-02 18:30", "2026-03-02 19:15"))
    ticket.takes(session("2026-03-02 17:30", "2026-03-02 19:30:30", "luis", "eva"))
    assert figures(ticket.charge(), *MINUTES) == (121, 2, 242, 90, 90, "2870.00")


# The same with own minutes: luis all of it: 121, after 45, unrequested 45 (45.5 down). eva 18:00:00-18:45:50: 45 m 50 s, so
# 46; in the window 15 m 50 s, down to 15; before it 30. Together 167, 60, 75. (167 - 60) x 10 + 60 x 15 = 1970.00.
def test_own_minutes_are_rounded_for_each_and_then_summed(ticket: Desk) -> None:
    ticket.takes(window("2026-03-02 12:00", "2026-03-02 18:30", "2026-03-02 19:15"))
    eva = {"consultant": "eva", "joined": "2026-03-02 18:00", "left": "2026-03-02 18:45:50"}
    ticket.takes(session("2026-03-02 17:30", "2026-03-02 19:30:30", "luis", eva))
    assert figures(ticket.charge(gs_7="own-minutes"), *MINUTES) == (121, 2, 167, 60, 75, "1970.00")


def test_overlapping_windows_count_once(ticket: Desk) -> None:
    ticket.takes(window("2026-03-02 12:00", "2026-03-02 18:00", "2026-03-02 19:00"))
    ticket.takes(window("2026-03-02 12:00", "2026-03-02 18:30", "2026-03-02 19:30"))
    ticket.takes(session("2026-03-02 18:00", "2026-03-02 20:00"))
    assert figures(ticket.charge(), *MINUTES) == (120, 1, 120, 90, 30, "1650.00")


def test_a_window_inside_support_hours_makes_nothing_after_hours(ticket: Desk) -> None:
    ticket.takes(window("2026-03-02 09:30", "2026-03-02 10:00", "2026-03-02 18:30"))
    ticket.takes(session("2026-03-02 17:00", "2026-03-02 18:10"))
    assert figures(ticket.charge(), *MINUTES) == (70, 1, 70, 10, 0, "750.00")


def test_another_tickets_window_is_none_of_this_one(ticket: Desk) -> None:
    ticket.takes(opened("T2"), window("2026-03-02 12:00", "2026-03-02 18:00", "2026-03-02 20:00", ticket="T2"))
    ticket.takes(session("2026-03-02 18:00", "2026-03-02 19:00"))
    assert figures(ticket.charge(), "after_hours_minutes", "unrequested_minutes") == (0, 60)


def test_a_voided_window_was_never_requested(ticket: Desk) -> None:
    ticket.takes(window("2026-03-02 12:00", "2026-03-02 18:00", "2026-03-02 20:00") | {"key": "w"})
    ticket.takes(session("2026-03-02 18:00", "2026-03-02 19:00"))
    ticket.takes(said("EntryVoided", "2026-03-03 09:00", entry="w", reason="r"))
    assert figures(ticket.charge(), "after_hours_minutes", "unrequested_minutes") == (0, 60)


def test_a_session_over_a_night_counts_what_lies_outside(ticket: Desk) -> None:
    # 17:00 to 9:00: 1 h inside, 14.5 h outside, 0.5 h inside.
    ticket.takes(session("2026-03-02 17:00", "2026-03-03 09:00"))
    assert figures(ticket.charge(), *MINUTES) == (960, 1, 960, 0, 870, "9600.00")


# Travel, order, late entries ----------------------------------------------------------------------------------------


def test_travel_is_billed_as_recorded(cs: Desk) -> None:
    travel = did("TravelExpenseRecorded", "2026-03-05 10:00", amount="120.5", currency="USD")
    (_, position) = cs.takes(opened(priority="P1"), travel)
    row = cs.charge()
    assert figures(row, "entry", "at", "kind") == (position, utc("2026-03-05 10:00"), "travel")
    assert figures(row, "currency", "clause") == ("USD", "cs.1.2")
    assert figures(row, *MINUTES) == (0, 0, 0, 0, 0, "120.5")


def test_under_gs_it_cites_no_clause(ticket: Desk) -> None:
    ticket.takes(did("TravelExpenseRecorded", "2026-03-05 10:00", amount="120.50", currency="MXN"))
    assert figures(ticket.charge(), "amount", "clause") == ("120.50", None)


def test_rows_stand_in_order_of_their_at_then_position(ticket: Desk) -> None:
    # A session stands where it started; of two at the same instant the one recorded first comes first.
    ticket.takes(follow_up("2026-03-02 11:00"), session("2026-03-02 10:00", "2026-03-02 12:00"), follow_up("2026-03-02 10:00"))
    ticket.takes(follow_up("2026-03-02 10:00:00.5"), follow_up("2026-03-02 10:00:00.4"))
    assert [it["entry"] for it in ticket.billing()] == [8, 9, 11, 10, 7]


def test_a_late_follow_up_is_billed_in_the_month_it_happened(ticket: Desk) -> None:
    ticket.takes(follow_up("2026-04-01 10:00"), follow_up("2026-03-31 17:00"))
    assert [it["at"][:7] for it in ticket.billing()] == ["2026-03", "2026-04"]
    assert len(ticket.billing("2026-03-31 23:59")) == 1


def test_a_session_counts_once_it_has_ended(ticket: Desk) -> None:
    ticket.takes(session("2026-03-02 10:00", "2026-03-02 12:00"))
    assert ticket.billing("2026-03-02 11:59:59") == []
    assert len(ticket.billing("2026-03-02 12:00")) == 1


def test_work_on_an_unofficial_ticket_is_billed_all_the_same(gs: Desk) -> None:
    gs.takes(opened(channel="chat"), follow_up())
    assert gs.charge()["amount"] == "150.00"
