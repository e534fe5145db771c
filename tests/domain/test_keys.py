"""Keys: the same content is recorded once, other content is refused; looked up before anything else (rules 5, key)."""

import pytest

from adapters.ledger import Refusal, Same
from tests.given import Desk, Entry, did, opened, registered, said, session, without

ANSWER = did("Responded", "2026-03-02 10:00", key="k", consultant="luis")


@pytest.fixture
def ticket(gs: Desk) -> Desk:
    """T1, answered under the key k."""
    gs.takes(opened(), ANSWER)
    return gs


def test_the_same_again_is_recorded_once_and_answered_with_the_first_position(ticket: Desk) -> None:
    head = ticket.ledger.head()
    assert ticket.knows(ANSWER) == head
    assert ticket.ledger.head() == head


@pytest.mark.parametrize("at", ["2026-03-02T16:00:00Z", "2026-03-02T17:00:00+01:00", "2026-03-02t16:00:00.000000z"])
def test_times_are_compared_as_instants(ticket: Desk, at: str) -> None:
    ticket.knows(ANSWER | {"at": at})


def test_so_are_those_within(gs: Desk) -> None:
    held = session("2026-03-02 10:00", "2026-03-02 11:00", {"consultant": "a", "joined": "2026-03-02 10:30"}, key="s")
    gs.takes(opened(), held)
    people = [{"consultant": "a", "joined": "2026-03-02T16:30:00Z"}]
    gs.knows(held | {"started": "2026-03-02T16:00:00Z", "consultants": people})
    people[0]["joined"] = "2026-03-02T16:30:01Z"
    gs.refuses(held | {"consultants": people}, "key", field="key")


@pytest.mark.parametrize(
    "other",
    [
        {"at": "2026-03-02T16:00:01Z"},
        {"at": "2026-03-02T16:00:00.000001Z"},
        {"consultant": "eva"},
        {"by": "ana"},
        {"ticket": "T2"},
        {"type": "ConsultantUnavailable"},
    ],
)
def test_other_content_is_refused(ticket: Desk, other: Entry) -> None:
    entry = ANSWER | other
    entry = without(entry, "consultant") if "type" in other else entry
    ticket.refuses(entry, "key", field="key")


def test_a_field_left_out_is_other_content(ticket: Desk) -> None:
    ticket.refuses(without(ANSWER, "consultant"), "key", field="key")


def test_a_field_given_as_its_default_is_other_content_than_one_left_out(gs: Desk) -> None:
    gs.takes(opened(key="o"))
    gs.refuses(opened(key="o", stops_operation=False), "key", field="key")


def test_the_order_of_fields_does_not_matter(ticket: Desk) -> None:
    ticket.knows(dict(reversed(ANSWER.items())))


def test_keys_belong_to_the_whole_ledger(ticket: Desk) -> None:
    ticket.refuses(registered("other", key="k"), "key", field="key")
    ticket.refuses(said("ContingencyEnded", "2026-03-02 10:00", contingency="c", key="k"), "key", field="key")


@pytest.mark.parametrize("wrong", [{"colour": "blue"}, {"at": "yesterday"}, {"ticket": "T9"}, {"at": "2099-01-01T00:00:00Z"}])
def test_a_key_is_looked_up_before_anything_else(ticket: Desk, wrong: Entry) -> None:
    ticket.refuses(ANSWER | wrong, "key", field="key")


def test_what_can_no_longer_be_recorded_is_still_known(ticket: Desk) -> None:
    ticket.takes(did("Closed", "2026-03-02 09:30", reason="withdrawn"))
    ticket.knows(ANSWER)
    ticket.refuses(without(ANSWER, "key"), "clauses", clause="gs.2.4")


def test_a_voided_entry_keeps_its_key(ticket: Desk) -> None:
    ticket.takes(said("EntryVoided", "2026-03-03 10:00", entry="k", reason="r"))
    ticket.knows(ANSWER)
    assert ticket.response()["stopped_at"] is None


def test_a_refused_entry_keeps_no_key(gs: Desk) -> None:
    gs.refuses(did("Responded", "2026-03-02 10:00", key="k"), "reference", field="ticket")
    gs.takes(opened(), did("FollowedUp", "2026-03-02 10:00", key="k", kind="other"))


def test_within_one_batch_a_key_counts_from_the_line_that_brought_it(gs: Desk) -> None:
    taken, same, other = gs.answers(opened(key="o"), opened(key="o"), opened("T2", key="o"))
    assert same == Same(taken.position)  # type: ignore[union-attr]
    assert isinstance(other, Refusal)
    assert other.refused.code == "key"


def test_an_entry_without_a_key_is_recorded_each_time(gs: Desk) -> None:
    gs.takes(opened(), *[did("FollowedUp", "2026-03-02 10:00", kind="other")] * 3)
