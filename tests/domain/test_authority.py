"""Who may open tickets, and what is recorded of those turned away (gs.1.1, gs.1.2; rules 1.3 and 5)."""

import pytest

from tests.given import (
    Desk,
    Entry,
    authorized,
    opened,
    registered,
    revoked,
    said,
)

# gs.1.1 -------------------------------------------------------------------------------------------------------------


def test_who_is_not_authorised_is_turned_away_and_that_is_recorded(gs: Desk) -> None:
    answer = gs.refuses(opened(requester="eve", by="eve@acme.mx", at="2026-03-02 09:00:00.5"), "clauses", clause="gs.1.1")
    refusal = gs.exported()[-1]
    assert answer.position == refusal["position"]
    assert (refusal["type"], refusal["stream"], refusal["clause"]) == ("RequestRefused", "client:acme", "gs.1.1")
    assert (refusal["client"], refusal["requester"]) == ("acme", "eve")
    assert refusal["request"] == opened(requester="eve", by="eve@acme.mx") | {"at": "2026-03-02T15:00:00.5Z"}
    assert gs.types("ticket:T1") == []


def test_the_id_of_a_ticket_turned_away_stays_free(gs: Desk) -> None:
    gs.refuses(opened(requester="eve"), "clauses", clause="gs.1.1")
    gs.takes(opened())


def test_being_turned_away_twice_is_recorded_twice(gs: Desk) -> None:
    first, second = (gs.refuses(opened(requester="eve"), "clauses", clause="gs.1.1").position for _ in range(2))
    assert (first, second) == (6, 7)


def test_under_the_same_key_it_is_recorded_once_and_answered_alike(gs: Desk) -> None:
    asked = opened(requester="eve", key="mail-1")
    first = gs.refuses(asked, "clauses", clause="gs.1.1")
    (again,) = gs.answers(asked)
    assert again.position == first.position  # type: ignore[union-attr]
    assert str(again.refused) == str(first.refused)  # type: ignore[union-attr]
    assert gs.ledger.head() == first.position
    gs.takes(authorized("eve"))
    assert gs.answers(asked)[0].position == first.position  # type: ignore[union-attr]
    gs.refuses(opened(requester="eve", key="mail-1", subject="other"), "key", field="key")
    gs.takes(opened(requester="eve", key="mail-2"))


@pytest.mark.parametrize("wrong", [
    {"priority": "P1"}, {"continues": "T9"}, {"client": "nobody"}, {"at": "2099-01-01T00:00:00Z"},
])  # fmt: skip
def test_a_request_with_anything_else_wrong_is_not_recorded(gs: Desk, wrong: Entry) -> None:
    (answer,) = gs.answers(opened(requester="eve") | wrong)
    assert answer.position is None  # type: ignore[union-attr]
    assert "RequestRefused" not in gs.types("client:acme")


@pytest.mark.parametrize(("at", "fits"), [("2026-03-02 08:59:59", False), ("2026-03-02 09:00", True)])
def test_authority_holds_from_when_the_notice_was_received(gs: Desk, at: str, fits: bool) -> None:
    gs.takes(authorized("beto", at="2026-03-02 09:00"))
    if fits:
        gs.takes(opened(at=at, requester="beto"))
    else:
        gs.refuses(opened(at=at, requester="beto"), "clauses", clause="gs.1.1")


@pytest.mark.parametrize(("at", "fits"), [("2026-03-01 07:59:59", True), ("2026-03-01 08:00", False)])
def test_and_until_the_notice_of_its_end(gs: Desk, at: str, fits: bool) -> None:
    gs.takes(revoked("ana", at="2026-03-01 08:00"))
    if fits:
        gs.takes(opened(at=at))
    else:
        gs.refuses(opened(at=at), "clauses", clause="gs.1.1")


def test_authority_given_back_holds_again(gs: Desk) -> None:
    gs.takes(revoked("ana", at="2026-03-01 08:00"), authorized("ana", at="2026-03-01 09:00"), opened())


def test_a_voided_authority_counts_for_nothing(gs: Desk) -> None:
    (position,) = gs.takes(authorized("beto", at="2026-03-01 08:00"))
    gs.takes(said("EntryVoided", "2026-03-03 08:00", entry=position, reason="r"))
    gs.refuses(opened(requester="beto"), "clauses", clause="gs.1.1")


def test_a_client_registered_under_gs_is_held_to_it_without_a_policy(desk: Desk) -> None:
    desk.takes(registered(terms="grupo-staff"))
    desk.refuses(opened(), "clauses", clause="gs.1.1")
