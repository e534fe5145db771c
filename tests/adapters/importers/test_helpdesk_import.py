"""What the importer of the Italian help desk makes of activities."""

from collections.abc import Callable
from datetime import datetime

from adapters.importers import Translated
from adapters.importers.helpdesk import instant

Run = Callable[..., list[Translated]]


def told(rows: list[Translated]) -> list[str]:
    return ["+".join(entry["type"] for entry in row.entries) or str(row.reason) for row in rows if row.row]


def case(*codes: int) -> list[str]:
    """Activities of case 5, an hour apart."""
    return [f"5,{code},2021-06-01 {hour:02}:00:00" for hour, code in enumerate(codes)]


def test_a_time_is_brisbanes_turned_romes_and_read_as_utc() -> None:
    assert instant(datetime(2021, 1, 10, 20, 0)).isoformat() == "2021-01-10T11:00:00+00:00"
    assert instant(datetime(2021, 7, 10, 20, 0)).isoformat() == "2021-07-10T12:00:00+00:00"


def test_a_case_is_told_from_its_first_event(translate: Run) -> None:
    rows = translate("helpdesk", case(1, 8, 9, 8, 6))
    assert told(rows) == [
        "TicketOpened+PriorityChanged", "Responded", "InformationRequested",
        "InformationReceived+Responded", "Resolved",
    ]  # fmt: skip
    assert rows[1].entries[0]["ticket"] == "helpdesk-5"
    assert rows[1].entries[0]["requester"] == "unknown"


def test_taken_in_charge_after_resolved_is_a_rejection_and_ends_a_wait_with_it(translate: Run) -> None:
    assert told(translate("helpdesk", case(3, 6, 8, 6, 9, 8)))[1:] == [
        "Resolved", "ResolutionRejected+Responded", "Resolved", "InformationRequested", "ResolutionRejected",
    ]  # fmt: skip


def test_what_is_repeated_is_not_asked_solved_or_escalated_twice(translate: Run) -> None:
    assert told(translate("helpdesk", case(3, 9, 9, 2, 4, 7, 5, 6, 6, 3)))[1:] == [
        "InformationRequested", "already-waiting", "Escalated", "already-at-level", "Escalated",
        "anomaly-solved",
        "Resolved", "repeats-resolution", "already-open",
    ]  # fmt: skip


def test_escalations_have_the_level_of_what_was_called_for(translate: Run) -> None:
    rows = translate("helpdesk", case(3, 2, 7))
    assert [entry["level"] for row in rows[2:] for entry in row.entries] == [3, 2]


def test_what_cannot_be_read_or_goes_back_in_time_is_explained(translate: Run) -> None:
    rows = translate(
        "helpdesk",
        [*case(3), "5,77,2021-06-02 00:00:00", "5,8,yesterday", "5,8,2021-05-31 23:59:59", "", "5,8"],
    )
    assert told(rows)[1:] == [
        "unknown-activity:ActivityID", "bad-date:CompleteTimestamp", "time-goes-back", "empty-line",
        "wrong-column-count",
    ]  # fmt: skip


def test_the_same_log_gives_the_same_entries_and_no_key_twice(translate: Run) -> None:
    first, second = (translate("helpdesk", case(1, 8, 9, 8, 6, 8, 6)) for _ in range(2))
    assert first == second
    keys = [entry["key"] for row in first for entry in row.entries]
    assert len(set(keys)) == len(keys)


def test_cases_that_lie_apart_in_the_file_are_told_on(translate: Run) -> None:
    rows = translate("helpdesk", ["5,3,2021-06-01 00:00:00", "6,3,2021-06-01 00:00:00", "5,8,2021-06-01 01:00:00"])
    assert told(rows) == ["TicketOpened", "TicketOpened", "Responded"]
