"""What the importer of comments makes of who writes and what they say."""

from collections.abc import Callable

import pytest

from adapters.importers import Translated
from adapters.importers.comments import judge

Run = Callable[..., list[Translated]]
NO_ANSWER = "we close this ticket now because there was no response from you"


def said(sequence: int, who: str, text: str, *, private: int = 0, sentence: int = 0) -> str:
    """A sentence on an issue, written on 1 March 2022 as many hours in as its comment's number."""
    name = {"reporter": "rita", "assignee": "axel", "others": "otto"}[who]
    created = f"2022-03-01 {sequence:02}:00:00+00:00"
    return f'3.0,{sequence}.0,{sequence},{sentence},{name},{created},{private}.0,"{text}",{who}'


def told(rows: list[Translated]) -> list[str]:
    ordered = sorted(rows, key=lambda row: row.row)
    return ["+".join(entry["type"] for entry in row.entries) or str(row.reason) for row in ordered if row.row]


def test_an_issue_is_told_by_who_wrote_and_what_they_asked(translate: Run) -> None:
    rows = translate("comments", [
        said(0, "reporter", "it does not start, at all"), said(0, "reporter", "help", sentence=1),
        said(1, "assignee", "looking into it"), said(2, "assignee", "which version is it?"),
        said(3, "reporter", "the last one"), said(4, "reporter", "hello"), said(5, "assignee", "found it"),
    ])  # fmt: skip
    assert told(rows) == [
        "TicketOpened", "same-comment", "Responded", "InformationRequested", "InformationReceived",
        "unasked-comment", "FollowedUp",
    ]  # fmt: skip
    opening = rows[1].entries[0]
    assert (opening["ticket"], opening["requester"], opening["subject"]) == (
        "issue-3", "rita", "it does not start, at all help",
    )  # fmt: skip


def test_a_first_answer_that_asks_is_both(translate: Run) -> None:
    rows = translate("comments", [said(0, "reporter", "broken"), said(1, "assignee", "please send the log")])
    assert told(rows)[1:] == ["Responded+InformationRequested"]


def test_a_reminder_is_unanswered_when_the_team_writes_again_before_the_reporter(translate: Run) -> None:
    rows = translate("comments", [
        said(0, "reporter", "broken"), said(1, "assignee", "done"), said(2, "assignee", "kind reminder"),
        said(3, "others", "second reminder to my colleague", private=1),
        said(4, "assignee", "second reminder"),
        said(5, "reporter", "sorry"), said(6, "assignee", "last reminder"),
    ])  # fmt: skip
    outcomes = [entry["outcome"] for row in rows for entry in row.entries if entry["type"] == "ContactAttempted"]
    assert outcomes == ["unanswered", "answered", "unanswered"]
    assert "internal-comment" in told(rows)


def test_closed_for_lack_of_an_answer_and_then_the_reporter_writes_is_a_new_ticket(translate: Run) -> None:
    rows = translate("comments", [
        said(0, "reporter", "broken"), said(1, "assignee", "done"), said(2, "assignee", NO_ANSWER),
        said(3, "assignee", "for the record"), said(4, "reporter", "still broken"),
        said(5, "assignee", "again"),
    ])  # fmt: skip
    assert told(rows)[2:] == ["Closed", "after-closing", "TicketOpened", "Responded"]
    assert rows[3].entries[0]["reason"] == "unresponsive"
    assert rows[5].entries[0]["continues"] == "issue-3"
    assert rows[6].entries[0]["ticket"] == "issue-3-2"


def test_an_internal_escalation_goes_one_level_up_each_time_but_not_to_the_vendor(translate: Run) -> None:
    rows = translate("comments", [
        said(0, "reporter", "broken"), said(1, "others", "this is the first escalation", private=1),
        said(2, "others", "this is the second escalation", private=1),
        said(3, "others", "this is the third escalation", private=1),
    ])  # fmt: skip
    assert told(rows)[1:] == ["Escalated", "Escalated", "already-at-level"]
    assert [entry["level"] for row in rows[2:] for entry in row.entries] == [2, 3]


def test_a_bystander_whom_nothing_shows_to_be_of_the_team_does_not_answer_for_it(translate: Run) -> None:
    rows = translate("comments", [said(0, "reporter", "broken"), said(1, "others", "any news")])
    assert told(rows)[1:] == ["unasked-comment"]


@pytest.mark.parametrize(("text", "kind"), [
    (NO_ANSWER, "Closed"),
    ("due to lack of response, this ticket is closed", "Closed"),
    ("as we don't have any feedback we are closing it", "Closed"),
    ("if there is no response by friday, we will close it", "FollowedUp"),
    ("we will close it by friday in case of no feedback", "FollowedUp"),
    ("it works now and the ticket will be closed", "FollowedUp"),
    ("a gentle reminder", "ContactAttempted"),
    ("the issue has been escalated internally", "Escalated"),
    ("please confirm", "InformationRequested"),
    ("we are on it", "FollowedUp"),
])  # fmt: skip
def test_the_table_of_texts_tells_a_closing_from_the_warning_of_one(text: str, kind: str) -> None:
    assert judge(text)[0] == kind


def test_rows_that_cannot_be_read_name_the_field(translate: Run) -> None:
    good = said(0, "reporter", "broken")
    bad = [
        good.replace("+00:00", ""), good.replace("3.0,", "x,", 1), good.replace(",reporter", ",king"),
        good.replace("2022-03-01 00", "2022-13-01 00"), good.replace('"broken"', '"broken'),
    ]  # fmt: skip
    assert told(translate("comments", [*bad, good]))[1:] == [
        "bad-number:issueid", "unknown-role:author_role", "bad-date:created", "bad-quoting", "same-comment",
    ]  # fmt: skip


def test_issues_that_lie_apart_in_the_file_are_one_each(translate: Run) -> None:
    rows = translate("comments", [
        said(0, "reporter", "broken"), said(0, "reporter", "slow").replace("3.0", "4.0", 1),
        said(1, "assignee", "seen"),
    ])  # fmt: skip
    assert told(rows) == ["TicketOpened", "TicketOpened", "Responded"]
