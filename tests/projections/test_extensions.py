"""Extensions of the resolution target (gs.5.6; rules 2.7).

Support under gs: 8:30-18:00.
"""

import pytest

from tests.given import Desk, Entry, did, figures, on, opened, utc

HOUR = 3600
REGULAR = {"incident_type": "technical-regular"}


def asked(hour: str, hours: int) -> Entry:
    return on("ExtensionRequested", hour, extra_seconds=hours * HOUR, reason="r")


def test_only_an_authorised_extension_moves_the_target(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", "11:00"))
    assert figures(gs.resolution("2026-03-02 10:59"), "target", "clauses") == (6 * HOUR, ["gs.5.1", "gs.8.1"])
    clock = gs.resolution("2026-03-02 11:00")
    assert figures(clock, "target", "clauses", "due_at") == (8 * HOUR, ["gs.5.1", "gs.5.6", "gs.8.1"], utc("2026-03-02 17:00"))


def test_a_declined_one_does_not(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionDeclined", "11:00"))
    assert figures(gs.resolution(), "target", "clauses") == (6 * HOUR, ["gs.5.1", "gs.8.1"])


def test_extensions_add_up(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", "11:00"))
    # At 16:30 of 8 h extended 7.5 are gone: in time, though over the 6 h of the type.
    gs.takes(asked("16:00", 3), on("ExtensionAuthorized", "16:30"))
    assert gs.resolution()["target_seconds"] == 11 * HOUR


def test_an_answer_goes_to_the_last_open_request_and_earlier_ones_stay_open(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 1), asked("10:30", 3), on("ExtensionAuthorized", "11:00"))
    assert gs.resolution()["target_seconds"] == 9 * HOUR
    gs.takes(on("ExtensionDeclined", "12:00"))
    assert gs.resolution()["target_seconds"] == 9 * HOUR


def test_declining_the_last_leaves_the_first_to_be_authorised(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 1), asked("10:30", 3), on("ExtensionDeclined", "11:00"))
    gs.takes(on("ExtensionAuthorized", "12:00"))
    assert gs.resolution()["target_seconds"] == 7 * HOUR


# Six hours from 9:00 are gone at 15:00.
@pytest.mark.parametrize(("hour", "reading", "target"), [
    ("15:00", "before-due", 8), ("15:00:01", "before-due", 6), ("15:00:01", "any-time", 8),
])  # fmt: skip
def test_an_extension_counts_if_authorised_by_the_target_or_at_any_time(gs: Desk, hour: str, reading: str, target: int) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", hour))
    clock = gs.resolution(gs_5_6=reading)
    assert clock["target_seconds"] == target * HOUR
    assert ("gs.5.6" in clock["clauses"]) == (target == 8)


def test_the_target_of_that_moment_is_that_of_the_type_then_known(gs: Desk) -> None:
    # Authorised at 14:00 with 5 h gone: late under technical-urgent (4 h), in time under maintenance (36 h).
    gs.takes(opened(incident_type="technical-urgent"), asked("10:00", 2), on("ExtensionAuthorized", "14:00"))
    gs.takes(on("IncidentClassified", "14:30", incident_type="maintenance"))
    assert gs.resolution()["target_seconds"] == 36 * HOUR
    gs.takes(on("IncidentClassified", "13:30", incident_type="technical-regular"))
    assert gs.resolution()["target_seconds"] == 38 * HOUR


def test_with_no_target_yet_an_extension_counts(gs: Desk) -> None:
    gs.takes(opened(), asked("10:00", 2), did("ExtensionAuthorized", "2026-03-04 17:00"))
    gs.takes(did("IncidentClassified", "2026-03-05 10:00", incident_type="technical-regular"))
    assert gs.resolution()["target_seconds"] == 8 * HOUR


def test_one_authorised_after_the_stop_moves_nothing(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("Resolved", "12:00"), on("ExtensionAuthorized", "12:00"))
    assert gs.resolution(gs_5_6="any-time")["target_seconds"] == 6 * HOUR


def test_of_the_same_moment_the_one_recorded_before_the_stop_counts(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", "12:00"), on("Resolved", "12:00"))
    assert gs.resolution()["target_seconds"] == 8 * HOUR


def test_a_rejection_told_later_may_bring_an_extension_in_time(gs: Desk) -> None:
    # At 16:00 of the 7 h since 9:00, 2 were resolved (10:00-12:00): 5 h elapsed, within 6.
    gs.takes(opened(**REGULAR), on("Resolved", "10:00"), on("ResolutionRejected", "12:00"))
    gs.takes(asked("15:00", 2), on("ExtensionAuthorized", "16:00"))
    assert gs.resolution()["target_seconds"] == 8 * HOUR


def test_elapsed_at_that_moment_is_measured_with_what_the_report_knows(gs: Desk) -> None:
    # Authorised at 15:30 with 6.5 h gone: late. A wait from 10:00 to 11:00, told afterwards, leaves 5.5 h under gs.wait=stops.
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", "15:30"))
    assert gs.resolution(gs_wait="stops")["target_seconds"] == 6 * HOUR
    gs.takes(on("InformationRequested", "10:00"))
    (position,) = gs.takes(on("InformationReceived", "11:00"))
    assert gs.resolution(gs_wait="stops")["target_seconds"] == 8 * HOUR
    assert gs.resolution(known=position - 2, gs_wait="stops")["target_seconds"] == 6 * HOUR


def test_an_extension_does_not_move_the_response(gs: Desk) -> None:
    gs.takes(opened(**REGULAR), asked("10:00", 2), on("ExtensionAuthorized", "11:00"))
    assert gs.response()["target_seconds"] == 4 * HOUR
