"""What the clauses say of closing a ticket, and of what comes after (gs.2.2 to gs.2.5, cs.7; rules 5, clauses)."""

import pytest

from tests.given import (
    Desk,
    Entry,
    attempts,
    authorized,
    closing,
    cs_policy,
    did,
    gs_policy,
    on,
    opened,
    registered,
    said,
    window,
)

MONDAY = "2026-03-02"


# gs.2.2 -------------------------------------------------------------------------------------------------------------


def test_closing_as_validated_needs_a_validation_of_the_last_resolution(gs: Desk) -> None:
    validated = closing("2026-03-02 15:00", "validated")
    gs.takes(opened())
    gs.refuses(validated, "clauses", clause="gs.2.2")
    gs.takes(on("Resolved", "10:00"))
    gs.refuses(validated, "clauses", clause="gs.2.2")
    gs.takes(on("ResolutionValidated", "11:00"), on("ResolutionRejected", "12:00"), on("Resolved", "13:00"))
    gs.refuses(validated, "clauses", clause="gs.2.2")
    gs.takes(on("ResolutionValidated", "14:00"), validated)


def test_the_validation_must_lie_before_the_closing(gs: Desk) -> None:
    gs.takes(opened(), on("Resolved", "10:00"), on("ResolutionValidated", "14:00"))
    gs.refuses(closing("2026-03-02 13:59:59", "validated"), "clauses", clause="gs.2.2")
    gs.takes(closing("2026-03-02 14:00", "validated"))


def test_a_withdrawn_ticket_closes_at_any_time(gs: Desk) -> None:
    gs.takes(opened(), closing("2026-03-02 09:00", "withdrawn"))


def test_under_cs_closing_as_validated_needs_a_resolution_only(cs: Desk) -> None:
    cs.takes(opened(priority="P1"))
    cs.refuses(closing("2026-03-02 12:00", "validated"), "clauses", clause="cs.7")
    cs.takes(on("Resolved", "10:00"), on("ResolutionRejected", "11:00"))
    cs.refuses(closing("2026-03-02 12:00", "validated"), "clauses", clause="cs.7")
    cs.takes(on("Resolved", "11:30"), closing("2026-03-02 12:00", "validated"))


# gs.2.3 and gs.2.5 --------------------------------------------------------------------------------------------------

THREE = attempts("2026-03-02 10:00", "2026-03-03 10:00", "2026-03-04 10:00")
LONG_AFTER = "2026-04-30 12:00"


def test_closing_as_unresponsive_needs_three_unanswered_attempts(gs: Desk) -> None:
    gs.takes(opened(), *THREE[:2])
    gs.refuses(closing(LONG_AFTER, "unresponsive"), "clauses", clause="gs.2.3")
    gs.takes(THREE[2], closing(LONG_AFTER, "unresponsive"))


def test_an_attempt_that_was_answered_does_not_count(gs: Desk) -> None:
    answered = did("ContactAttempted", "2026-03-01 10:00", outcome="answered", channel="phone")
    gs.takes(opened(at="2026-02-27 09:00"), answered, *THREE[:2])
    gs.refuses(closing(LONG_AFTER, "unresponsive"), "clauses", clause="gs.2.3")


def test_attempts_after_the_closing_do_not_count(gs: Desk) -> None:
    gs.takes(opened(), *THREE)
    gs.refuses(closing("2026-03-04 09:59:59", "unresponsive"), "clauses", clause="gs.2.3")


HEARD = {
    "an answered attempt": [did("ContactAttempted", "2026-03-05 10:00", outcome="answered", channel="phone")],
    "information": [did("InformationRequested", "2026-03-04 11:00"), did("InformationReceived", "2026-03-05 10:00")],
    "a validation": [did("Resolved", "2026-03-04 11:00"), did("ResolutionValidated", "2026-03-05 10:00")],
    "a rejection": [did("Resolved", "2026-03-04 11:00"), did("ResolutionRejected", "2026-03-05 10:00")],
}


@pytest.mark.parametrize("heard", HEARD.values(), ids=HEARD.keys())
def test_attempts_count_since_the_client_was_last_heard_from(gs: Desk, heard: list[Entry]) -> None:
    gs.takes(opened(), *THREE, *heard)
    gs.refuses(closing(LONG_AFTER, "unresponsive"), "clauses", clause="gs.2.3")
    again = ["2026-03-09 10:00", "2026-03-10 10:00", "2026-03-11 10:00"]
    gs.takes(*attempts(*again[:2]))
    gs.refuses(closing(LONG_AFTER, "unresponsive"), "clauses", clause="gs.2.3")
    gs.takes(*attempts(again[2]), closing(LONG_AFTER, "unresponsive"))


@pytest.mark.parametrize("worked", [on("Responded", "11:00"), on("FollowedUp", "11:00", kind="other"), on("Resolved", "11:00")])
def test_what_the_desk_does_is_not_hearing_from_the_client(gs: Desk, worked: Entry) -> None:
    gs.takes(opened(), *THREE, worked, closing(LONG_AFTER, "unresponsive"))


# The first attempt on Monday 2 March: open days after it are Tue 3, Wed 4, Thu 5, Fri 6, Mon 9; support ends at 18:00.
@pytest.mark.parametrize(("at", "fits"), [
    ("2026-03-09 17:59:59", False), ("2026-03-09 17:59:59.999999", False), ("2026-03-09 18:00", True),
    ("2026-03-06 18:00", False), ("2026-03-10 08:00", True),
])  # fmt: skip
def test_the_notice_lasts_to_the_end_of_the_fifth_open_day_after_the_first_attempt(gs: Desk, at: str, fits: bool) -> None:
    gs.takes(opened(), *THREE)
    if fits:
        gs.takes(closing(at, "unresponsive"))
    else:
        gs.refuses(closing(at, "unresponsive"), "clauses", clause="gs.2.5")


@pytest.mark.parametrize("first", ["2026-03-02 09:00", "2026-03-02 23:59:59", "2026-03-01 00:00", "2026-02-28 12:00"])
def test_the_notice_counts_from_the_local_date_of_the_first_attempt(gs: Desk, first: str) -> None:
    # From Saturday or Sunday the fifth open day is Friday 6; from Monday, at any hour, Monday 9.
    fifth = "2026-03-09" if first.startswith(MONDAY) else "2026-03-06"
    gs.takes(opened(at="2026-02-27 09:00"), *attempts(first, "2026-03-03 10:00", "2026-03-03 11:00"))
    gs.refuses(closing(f"{fifth} 17:59:59", "unresponsive"), "clauses", clause="gs.2.5")
    gs.takes(closing(f"{fifth} 18:00", "unresponsive"))


def test_the_notice_counts_from_the_first_attempt_since_the_client_was_heard_from(gs: Desk) -> None:
    heard = did("ContactAttempted", "2026-03-03 10:00", outcome="answered", channel="phone")
    later = attempts("2026-03-04 10:00", "2026-03-04 11:00", "2026-03-04 12:00")
    gs.takes(opened(), *attempts("2026-03-02 10:00"), heard, *later)
    gs.refuses(closing("2026-03-11 17:59:59", "unresponsive"), "clauses", clause="gs.2.5")
    gs.takes(closing("2026-03-11 18:00", "unresponsive"))


def test_a_holiday_of_the_policy_is_no_open_day(desk: Desk) -> None:
    desk.takes(registered(), authorized(), gs_policy(holidays=["2026-03-04", "2026-03-07"]), opened(), *THREE)
    desk.refuses(closing("2026-03-10 17:59:59", "unresponsive"), "clauses", clause="gs.2.5")
    desk.takes(closing("2026-03-10 18:00", "unresponsive"))


def test_a_requested_window_makes_no_open_day(gs: Desk) -> None:
    gs.takes(opened(), *THREE, window("2026-03-06 12:00", "2026-03-07 09:00", "2026-03-07 20:00"))
    gs.refuses(closing("2026-03-09 17:59:59", "unresponsive"), "clauses", clause="gs.2.5")
    gs.takes(closing("2026-03-09 18:00", "unresponsive"))


def test_under_cs_nobody_counts_attempts(cs: Desk) -> None:
    cs.takes(opened(priority="P1"), closing("2026-03-02 09:01", "unresponsive"))


# gs.2.4 and cs.7 ----------------------------------------------------------------------------------------------------

AFTER = [
    ("Responded", {}),
    ("FollowedUp", {"kind": "closing"}),
    ("InformationRequested", {}),
    ("PriorityChanged", {"priority": "P2", "reason": "r"}),
    ("Escalated", {"level": 2, "reason": "r"}),
    ("Resolved", {}),
    ("ConsultantUnavailable", {}),
    ("ContingencyDeclared", {"contingency": "c", "client_informed": True}),
    ("OfficialRequestReceived", {"message_id": "m"}),
]


@pytest.mark.parametrize(("kind", "fields"), AFTER)
def test_after_the_closing_a_ticket_takes_no_more_work(cs: Desk, kind: str, fields: Entry) -> None:
    cs.takes(opened(priority="P1"), closing("2026-03-02 12:00", "withdrawn"))
    cs.refuses(on(kind, "12:00:00.000001", **fields), "clauses", clause="cs.7")
    cs.takes(on(kind, "12:00:00", **fields))


def test_under_gs_the_clause_is_another(gs: Desk) -> None:
    gs.takes(opened(), closing("2026-03-02 12:00", "withdrawn"))
    gs.refuses(on("Responded", "12:00:01"), "clauses", clause="gs.2.4")
    gs.takes(on("Responded", "11:59:59"))


def test_travel_voidings_and_the_reopening_are_taken_after_the_closing(gs: Desk) -> None:
    _, answered = gs.takes(opened(), on("Responded", "09:30"))
    gs.takes(closing("2026-03-02 12:00", "withdrawn"))
    gs.takes(on("TravelExpenseRecorded", "13:00", amount="1", currency="MXN"))
    gs.takes(said("EntryVoided", "2026-03-02 13:00", entry=answered, reason="r"))
    gs.takes(opened("T2", "2026-03-02 13:00", continues="T1"))


def test_where_no_terms_apply_a_closed_ticket_is_held_to_nothing(desk: Desk) -> None:
    desk.takes(registered(), opened(), closing("2026-03-02 12:00", "validated"), on("Responded", "13:00"))


# Judged for the newcomer alone, on what lies before it --------------------------------------------------------------


def test_a_clause_is_judged_by_what_lies_before_the_newcomer(gs: Desk) -> None:
    gs.takes(opened(), on("Resolved", "10:00"), on("ResolutionValidated", "11:00"), on("ResolutionRejected", "13:00"))
    gs.takes(closing("2026-03-02 12:00", "validated"))


def test_and_never_again_for_what_is_recorded(gs: Desk) -> None:
    gs.takes(opened(), *THREE, closing("2026-03-09 18:00", "unresponsive"))
    heard = did("ContactAttempted", "2026-03-05 10:00", outcome="answered", channel="phone")
    gs.takes(heard)
    (voided,) = (it["position"] for it in gs.exported() if it["at"] == "2026-03-04T16:00:00Z")
    gs.takes(said("EntryVoided", "2026-03-10 10:00", entry=voided, reason="r"))


def test_a_late_closing_bars_nothing_that_was_recorded_after_it(gs: Desk) -> None:
    gs.takes(opened(), on("Responded", "14:00"), closing("2026-03-02 12:00", "withdrawn"))
    gs.refuses(on("Responded", "14:30"), "clauses", clause="gs.2.4")


def test_recording_judges_by_the_default_readings(gs: Desk) -> None:
    gs.takes(opened(), *THREE)
    gs.refuses(closing("2026-03-05 10:00", "unresponsive"), "clauses", clause="gs.2.5")
    gs.sla("2026-03-05 10:00", gs_2_5="attempts-suffice")
    gs.refuses(closing("2026-03-05 10:00", "unresponsive"), "clauses", clause="gs.2.5")


def test_the_terms_of_a_ticket_are_those_of_its_policy_on_its_date(desk: Desk) -> None:
    desk.takes(registered(), gs_policy(ends="2026-03-01"), cs_policy(starts="2026-03-02"))
    desk.refuses(opened(priority="P1", at="2026-03-01 23:59"), "clauses", field="priority")
    desk.takes(opened(priority="P1", at="2026-03-02 00:00"))
