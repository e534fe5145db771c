"""What the ServiceNow importer makes of snapshots, one quirk of the log at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.importers import Contract, ImportFileError, ImportOptions, Translated
from adapters.importers.servicenow import translate as translate_servicenow

Run = Callable[..., list[Translated]]


# A row of INC7, opened on 1 March 2021 at 09:00, of medium gravity, assigned to nobody.
CELLS = {
    "number": "INC7", "incident_state": "New", "active": "true", "reassignment_count": "0",
    "reopen_count": "0",
    "sys_mod_count": "0", "caller_id": "Caller 9", "opened_by": "Opened by  2", "opened_at": "1/3/2021 09:00",
    "sys_updated_by": "Updated by 3", "sys_updated_at": "1/3/2021 09:05", "contact_type": "Phone",
    "category": "Category 1", "subcategory": "?", "u_symptom": "?", "priority": "3 - Moderate",
    "assignment_group": "Group 1", "assigned_to": "?", "resolved_at": "9/9/2021 09:09",
    "closed_at": "9/9/2021 09:10",
}  # fmt: skip


def snapshot(count: int, state: str, updated: str, **cells: Any) -> str:
    """A row of CELLS with what differs."""
    changed = {"sys_mod_count": count, "incident_state": state, "sys_updated_at": updated}
    return ",".join(map(str, (CELLS | changed | cells).values()))


def told(rows: Sequence[Translated]) -> list[str]:
    """Each row after the stage: its entry types joined by +, or its reason."""
    ordered = sorted(rows, key=lambda row: row.row)
    return ["+".join(entry["type"] for entry in row.entries) or str(row.reason) for row in ordered if row.row]


def entries_of(rows: Sequence[Translated], kind: str) -> list[dict[str, Any]]:
    return [entry for row in rows for entry in row.entries if entry["type"] == kind]


def test_an_incident_is_told_from_opening_to_closing(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(0, "New", "1/3/2021 09:05"),
        snapshot(1, "Active", "1/3/2021 09:30", assigned_to="Resolver 5"),
        snapshot(2, "Awaiting User Info", "1/3/2021 10:00"),
        snapshot(3, "Active", "1/3/2021 11:00"),
        snapshot(4, "Resolved", "1/3/2021 12:00"),
        snapshot(5, "Closed", "6/3/2021 12:00"),
    ])  # fmt: skip
    assert told(rows) == [
        "TicketOpened", "Responded", "InformationRequested", "InformationReceived", "Resolved", "Closed",
    ]  # fmt: skip
    assert rows[1].entries[0] == {
        "type": "TicketOpened", "at": "2021-03-01T12:00:00Z", "key": "servicenow:INC7:0:TicketOpened",
        "ticket": "INC7", "client": "acme", "requester": "caller-9", "kind": "incident", "channel": "phone",
        "subject": "Category 1", "priority": "P3", "by": "opened-by-2",
    }  # fmt: skip
    assert rows[2].entries[0]["consultant"] == "resolver-5"
    assert rows[6].entries[0]["reason"] == "validated"


def test_the_time_is_the_rows_own_and_not_the_final_one_copied_onto_it(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(0, "Resolved", "1/3/2021 10:00"), snapshot(1, "Closed", "2/3/2021 10:00"),
    ])  # fmt: skip
    assert entries_of(rows, "Resolved")[0]["at"] == "2021-03-01T13:00:00Z"
    assert entries_of(rows, "Closed")[0]["at"] == "2021-03-02T13:00:00Z"


def test_an_assignee_on_the_first_row_counts_as_the_answer_of_that_moment(translate: Run) -> None:
    rows = translate("servicenow", [snapshot(0, "New", "1/3/2021 09:05", assigned_to="Resolver 5")])
    assert told(rows) == ["TicketOpened+Responded"]
    assert entries_of(rows, "Responded")[0]["at"] == "2021-03-01T12:05:00Z"


def test_a_closing_straight_from_new_answers_nobody_and_claims_no_solution(translate: Run) -> None:
    rows = translate("servicenow", [snapshot(0, "New", "1/3/2021 09:05"), snapshot(1, "Closed", "1/3/2021 17:00")])
    assert told(rows) == ["TicketOpened", "Closed"]
    assert entries_of(rows, "Closed")[0]["reason"] == "withdrawn"


def test_back_to_work_after_resolved_is_a_rejection(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(0, "Resolved", "1/3/2021 10:00"), snapshot(1, "Resolved", "1/3/2021 10:00"),
        snapshot(2, "Awaiting User Info", "1/3/2021 11:00"), snapshot(3, "Resolved", "1/3/2021 12:00"),
    ])  # fmt: skip
    assert told(rows) == [
        "TicketOpened+Responded+Resolved", "nothing-changed", "ResolutionRejected+InformationRequested",
        "InformationReceived+Resolved",
    ]  # fmt: skip


def test_active_after_closed_is_a_new_ticket_that_takes_the_rows_from_there_on(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(0, "Resolved", "1/3/2021 10:00"), snapshot(1, "Closed", "2/3/2021 10:00"),
        snapshot(2, "Closed", "2/3/2021 10:05"), snapshot(3, "Active", "3/3/2021 08:00"),
        snapshot(4, "Resolved", "3/3/2021 09:00"), snapshot(5, "Closed", "8/3/2021 09:00"),
        snapshot(6, "Active", "9/3/2021 09:00"),
    ])  # fmt: skip
    assert told(rows)[2:] == [
        "repeats-closing", "TicketOpened+Responded", "Resolved", "Closed", "TicketOpened+Responded",
    ]  # fmt: skip
    openings = entries_of(rows, "TicketOpened")
    assert [(one["ticket"], one.get("continues")) for one in openings] == [
        ("INC7", None), ("INC7-2", "INC7"), ("INC7-3", "INC7-2"),
    ]  # fmt: skip
    assert openings[1]["at"] == "2021-03-03T11:00:00Z"
    assert [one["ticket"] for one in entries_of(rows, "Closed")] == ["INC7", "INC7-2"]


def test_administrative_noise_is_explained_and_makes_nothing_that_is_billed(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(0, "Active", "1/3/2021 09:05"),
        snapshot(1, "Active", "1/3/2021 09:10", assignment_group="Group 2", reassignment_count=1),
        snapshot(2, "Active", "1/3/2021 09:15", assignment_group="Group 2", reassignment_count=1,
                 assigned_to="Resolver 1"),
        snapshot(3, "Awaiting Vendor", "1/3/2021 09:20", assignment_group="Group 2", reassignment_count=1,
                 assigned_to="Resolver 1"),
        snapshot(4, "-100", "1/3/2021 09:25"),
        snapshot(5, "New", "1/3/2021 09:30"),
    ])  # fmt: skip
    assert told(rows)[1:] == [
        "reassignment-note", "assignee-note", "state-not-recorded", "unknown-state:incident_state",
        "no-longer-new",
    ]  # fmt: skip


def test_a_row_before_the_opening_opens_the_ticket_and_leaves_the_rest_to_the_next(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(2, "Active", "1/3/2021 07:30"), snapshot(1, "Active", "1/3/2021 08:30"),
        snapshot(2, "Active", "1/3/2021 09:30"),
    ])  # fmt: skip
    assert told(rows) == ["TicketOpened", "before-opening", "Responded"]
    assert entries_of(rows, "Responded")[0]["at"] == "2021-03-01T12:30:00Z"


def test_a_count_that_comes_twice_gives_two_keys(translate: Run) -> None:
    changes = [snapshot(1, "New", f"1/3/2021 09:{minute}", priority=priority)
               for minute, priority in ((10, "2 - High"), (20, "1 - Critical"))]  # fmt: skip
    rows = translate("servicenow", [snapshot(0, "New", "1/3/2021 09:05"), *changes])
    keys = [entry["key"] for entry in entries_of(rows, "PriorityChanged")]
    assert [entry["priority"] for entry in entries_of(rows, "PriorityChanged")] == ["P2", "P1"]
    assert len(set(keys)) == 2


def test_rows_out_of_order_are_told_in_the_order_of_their_time(translate: Run) -> None:
    rows = translate("servicenow", [
        snapshot(2, "Resolved", "1/3/2021 10:00"), snapshot(0, "New", "1/3/2021 09:05"),
    ])  # fmt: skip
    assert told(rows) == ["Responded+Resolved", "TicketOpened"]


def test_rows_of_incidents_that_lie_apart_are_told_on(translate: Run) -> None:
    other = snapshot(0, "New", "1/3/2021 09:05", number="INC8")
    rows = translate("servicenow", [
        snapshot(0, "New", "1/3/2021 09:05"), other, snapshot(1, "Resolved", "1/3/2021 10:00"), other,
        snapshot(2, "Active", "1/3/2021 09:30"),
    ])  # fmt: skip
    assert told(rows) == [
        "TicketOpened", "TicketOpened", "Responded+Resolved", "nothing-changed", "time-goes-back",
    ]  # fmt: skip


@pytest.mark.parametrize(("cells", "reason"), [
    ({"sys_updated_at": "31/2/2021 10:00"}, "bad-date:sys_updated_at"),
    ({"sys_updated_at": "1/3/2021"}, "bad-date:sys_updated_at"),
    ({"opened_at": "?"}, "bad-date:opened_at"),
    ({"sys_mod_count": "one"}, "bad-number:sys_mod_count"),
    ({"number": " "}, "bad-name:number"),
    ({"priority": "5 - Planning"}, "unknown-priority:priority"),
    ({"contact_type": "Pigeon"}, "unknown-channel:contact_type"),
    ({"category": "a,b"}, "wrong-column-count"),
    ({"category": 'a"b'}, "TicketOpened"),
    ({"category": '"a'}, "bad-quoting"),
    ({"category": '"a, b"'}, "TicketOpened"),
    ({"category": "a\0b"}, "bad-character"),
])  # fmt: skip
def test_a_row_that_cannot_be_read_says_which_field_and_spoils_no_other(
    translate: Run, cells: dict[str, str], reason: str
) -> None:
    good = snapshot(0, "New", "1/3/2021 09:05", number="INC1")
    bad = ",".join((CELLS | cells).values())
    assert told(translate("servicenow", [good, bad, good.replace("INC1", "INC2")])) == [
        "TicketOpened", reason, "TicketOpened",
    ]  # fmt: skip


def test_bytes_that_are_not_utf_8_name_the_field_too(translate: Run) -> None:
    row = snapshot(0, "New", "1/3/2021 09:05").encode().replace(b"Category 1", b"caf\xe9")
    assert told(translate("servicenow", [row])) == ["not-utf-8:category"]


def test_a_log_without_offsets_needs_a_zone(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(",".join(CELLS) + "\n")
    with pytest.raises(ImportFileError, match="--time-zone"):
        list(translate_servicenow(tmp_path / "log.csv", ImportOptions(Contract(client="a", name="A"))))


def test_under_grupo_staff_requesters_are_authorised_once_and_closings_claim_no_validation(
    translate: Run,
) -> None:
    rows = translate("servicenow", [
        snapshot(0, "Resolved", "1/3/2021 10:00"), snapshot(1, "Closed", "2/3/2021 10:00"),
        snapshot(0, "New", "1/3/2021 09:05", number="INC8", opened_at="28/2/2021 08:00",
                 priority="1 - Critical"),
    ], terms="grupo-staff")  # fmt: skip
    authorised = entries_of(rows, "RequesterAuthorized")
    assert [(one["person"], one["at"]) for one in authorised] == [("caller-9", "2021-02-28T11:00:00Z")]
    assert [one["type"] for one in rows[1].entries][:2] == ["RequesterAuthorized", "TicketOpened"]
    assert [one["priority"] for one in entries_of(rows, "TicketOpened")] == ["medium", "critical"]
    assert entries_of(rows, "Closed")[0]["reason"] == "withdrawn"


def test_the_stage_is_set_before_the_first_opening_with_a_policy_if_a_tier_is_given(translate: Run) -> None:
    rows = translate("servicenow", [snapshot(0, "New", "1/3/2021 09:05")], tier="basic")
    assert rows[0].row == 0
    assert [entry["type"] for entry in rows[0].entries] == ["ClientRegistered", "PolicyContracted"]
    assert rows[0].entries[0]["at"] == "2021-03-01T12:00:00Z"
    assert rows[0].entries[1]["starts"] == "2021-02-28"
