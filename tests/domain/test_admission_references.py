"""What an entry refers to must be there, and ids are given once (rules 5, reference); and the ledger's clock (time)."""

from datetime import timedelta

import pytest

from tests.given import (
    Desk,
    Entry,
    authorized,
    cs_policy,
    did,
    gs_policy,
    opened,
    registered,
    revoked,
    said,
    without,
)

NINE = "2026-03-02 09:00"


@pytest.mark.parametrize(("ahead", "fits"), [
    (timedelta(0), True), (timedelta(minutes=5), True), (timedelta(minutes=5, microseconds=1), False),
])  # fmt: skip
def test_an_entry_lies_at_most_5_minutes_ahead_of_the_ledgers_clock(gs: Desk, ahead: timedelta, fits: bool) -> None:
    entry = opened(at=(gs.now + ahead).isoformat())
    if fits:
        gs.takes(entry)
    else:
        gs.refuses(entry, "time", field="at")


def test_only_at_is_held_to_the_clock(gs: Desk) -> None:
    gs.takes(opened(at=gs.now.isoformat()))
    asked = did("AfterHoursRequested", gs.now.isoformat(), message_id="m")
    gs.takes(asked | {"from": "2027-06-01T00:00:00Z", "to": "2027-06-01T02:00:00Z"})


@pytest.mark.parametrize(
    "entry",
    [
        authorized(client="nobody"),
        revoked(client="nobody"),
        gs_policy(client="nobody"),
        opened(client="nobody"),
    ],
)
def test_a_client_must_be_registered(desk: Desk, entry: Entry) -> None:
    desk.refuses(entry, "reference", field="client")


@pytest.mark.parametrize(
    "entry",
    [
        said("PolicyCancelled", NINE, policy="nothing", effective="2026-03-02"),
        said("BenefitDelivered", NINE, policy="nothing", benefit="project_advice"),
    ],
)
def test_a_policy_must_be_contracted(cs: Desk, entry: Entry) -> None:
    cs.refuses(entry, "reference", field="policy")


@pytest.mark.parametrize(
    "entry",
    [
        did("Responded", NINE),
        did("Closed", NINE, reason="withdrawn"),
        did("TravelExpenseRecorded", NINE, amount="1", currency="MXN"),
        did("ContingencyDeclared", NINE, contingency="c", client_informed=True),
        did("ContingencyNotified", NINE, contingency="c"),
        did("ContingencyEnded", NINE, contingency="c"),
    ],
)
def test_a_ticket_must_be_opened(gs: Desk, entry: Entry) -> None:
    gs.refuses(entry, "reference", field="ticket")


@pytest.mark.parametrize("entry", [registered("other", terms="nobodys"), gs_policy("PN", terms="nobodys", starts="2031-01-01")])
def test_terms_must_be_published(gs: Desk, entry: Entry) -> None:
    gs.refuses(entry, "reference", field="terms")


def test_an_id_that_exists_is_not_given_again(cs: Desk) -> None:
    cs.takes(opened(priority="P1"))
    cs.refuses(registered(), "reference", field="client")
    cs.refuses(cs_policy(starts="2031-01-01"), "reference", field="policy")
    cs.refuses(opened(priority="P1", at="2026-05-05 09:00"), "reference", field="ticket")


def test_ids_of_different_kinds_never_meet(desk: Desk) -> None:
    desk.takes(registered("x"), authorized(client="x"), gs_policy("x", client="x"), opened("x", client="x"))


@pytest.mark.parametrize("tier", [None, "gold", ""])
def test_under_terms_with_tiers_one_of_them_is_needed(desk: Desk, tier: str | None) -> None:
    desk.takes(registered())
    desk.refuses(cs_policy(tier=tier) if tier is not None else without(cs_policy(), "tier"), "reference", field="tier")


@pytest.mark.parametrize("tier", ["basic", "intermediate", "advanced"])
def test_each_tier_of_the_terms_is_taken(desk: Desk, tier: str) -> None:
    desk.takes(registered(), cs_policy(tier=tier))


def test_under_terms_without_tiers_none_is_given(desk: Desk) -> None:
    desk.takes(registered())
    desk.refuses(gs_policy(tier="basic"), "reference", field="tier")
    desk.takes(gs_policy())


# Authority ----------------------------------------------------------------------------------------------------------


def test_who_is_not_authorised_can_not_be_revoked(gs: Desk) -> None:
    gs.refuses(revoked("eve"), "reference", field="person")
    gs.takes(revoked("ana"))
    gs.refuses(revoked("ana", at="2026-03-02 08:00"), "reference", field="person")


def test_nobody_is_revoked_before_being_authorised(gs: Desk) -> None:
    gs.refuses(revoked("ana", at="2020-01-01 08:00:59"), "reference", field="person")
    gs.takes(revoked("ana", at="2020-01-01 08:01"))


def test_a_requester_is_checked_only_where_the_terms_name_who_may_ask(cs: Desk) -> None:
    cs.takes(opened(priority="P1", requester="anyone at all"))


# Continuing ---------------------------------------------------------------------------------------------------------


def continuing(at: str = "2026-03-05 09:00", **more: str) -> Entry:
    return opened("T2", at, continues="T1", **more)


def closed(desk: Desk) -> Desk:
    desk.takes(opened(), did("Closed", "2026-03-04 10:00", reason="withdrawn"))
    return desk


def test_a_continuing_ticket_is_preceded_by_the_reopening_of_the_old_one(gs: Desk) -> None:
    (position,) = closed(gs).takes(continuing(key="again", by="ana"))
    reopening, opening = gs.exported()[-2:]
    assert reopening["type"] == "ReopenedAsNew"
    assert (reopening["stream"], reopening["new_ticket"], reopening["at"]) == ("ticket:T1", "T2", "2026-03-05T15:00:00Z")
    assert (opening["stream"], opening["continues"], opening["position"]) == ("ticket:T2", "T1", position)
    assert reopening["position"] == position - 1
    assert gs.knows(continuing(key="again", by="ana")) == position


def test_what_is_continued_must_be_known(gs: Desk) -> None:
    gs.refuses(opened(continues="T9"), "reference", field="continues")
    gs.refuses(opened("T1", continues="T1"), "reference", field="continues")


def test_what_is_continued_must_be_closed_by_then(gs: Desk) -> None:
    gs.takes(opened())
    gs.refuses(continuing(), "reference", field="continues")
    gs.takes(did("Closed", "2026-03-04 10:00", reason="withdrawn"))
    gs.refuses(continuing(at="2026-03-04 09:59:59"), "reference", field="continues")
    gs.takes(continuing(at="2026-03-04 10:00"))


def test_what_is_continued_must_be_the_same_clients(gs: Desk) -> None:
    gs.takes(registered("other"), authorized(client="other"), gs_policy("PO", client="other"))
    closed(gs).refuses(continuing(client="other"), "reference", field="continues")


def test_a_ticket_is_continued_once(gs: Desk) -> None:
    closed(gs).takes(continuing())
    gs.refuses(continuing() | {"ticket": "T3"}, "reference", field="continues")


def test_a_continuation_may_itself_be_continued(gs: Desk) -> None:
    closed(gs).takes(continuing(), did("Closed", "2026-03-06 09:00", ticket="T2", reason="withdrawn"))
    gs.takes(opened("T3", "2026-03-07 09:00", continues="T2"))


def test_a_refused_continuation_leaves_no_reopening(gs: Desk) -> None:
    closed(gs).refuses(continuing(priority="P1"), "clauses", field="priority")
    assert gs.types("ticket:T1") == ["TicketOpened", "Closed"]
    gs.refuses(continuing(requester="eve"), "clauses", clause="gs.1.1")
    assert gs.types("ticket:T1") == ["TicketOpened", "Closed"]


# Policies -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def insured(desk: Desk) -> Desk:
    """acme, with the policy P from 2026-02-01 to 2026-02-28."""
    desk.takes(registered(), gs_policy("P", starts="2026-02-01", ends="2026-02-28"))
    return desk


@pytest.mark.parametrize(
    ("days", "fits"),
    [
        ({"starts": "2026-03-01"}, True),
        ({"starts": "2026-02-28"}, False),
        ({"starts": "2025-01-01", "ends": "2026-01-31"}, True),
        ({"starts": "2025-01-01", "ends": "2026-02-01"}, False),
        ({"starts": "2026-02-10", "ends": "2026-02-10"}, False),
        ({"starts": "2025-01-01", "ends": "2027-01-01"}, False),
        ({"starts": "2025-01-01"}, False),
    ],
)
def test_policies_of_a_client_share_no_day(insured: Desk, days: dict[str, str], fits: bool) -> None:
    if fits:
        insured.takes(gs_policy("Q", **days))
    else:
        insured.refuses(gs_policy("Q", **days), "reference", field="starts")


def test_policies_under_different_terms_share_no_day_either(insured: Desk) -> None:
    insured.refuses(cs_policy("Q", starts="2026-02-28"), "reference", field="starts")


def test_those_of_different_clients_may(insured: Desk) -> None:
    insured.takes(registered("other"), gs_policy("Q", client="other", starts="2026-02-01"))


def test_a_policy_without_an_end_leaves_no_day_after_it(desk: Desk) -> None:
    desk.takes(registered(), gs_policy("P", starts="2026-02-01"))
    desk.refuses(gs_policy("Q", starts="2099-01-01"), "reference", field="starts")
    desk.takes(gs_policy("Q", starts="2026-01-01", ends="2026-01-31"))


def test_the_days_after_a_cancellation_are_free(insured: Desk) -> None:
    insured.takes(said("PolicyCancelled", NINE, policy="P", effective="2026-02-10"))
    insured.refuses(gs_policy("Q", starts="2026-02-09"), "reference", field="starts")
    insured.takes(gs_policy("Q", starts="2026-02-10"))


def test_a_policy_cancelled_from_its_first_day_has_none(insured: Desk) -> None:
    insured.takes(said("PolicyCancelled", NINE, policy="P", effective="2026-02-01"))
    insured.takes(gs_policy("Q", starts="2026-01-01"))


@pytest.mark.parametrize(("effective", "fits"), [
    ("2026-02-01", True), ("2026-02-28", True), ("2026-01-31", False), ("2026-03-01", False),
])  # fmt: skip
def test_a_cancellation_takes_effect_within_the_policy(insured: Desk, effective: str, fits: bool) -> None:
    entry = said("PolicyCancelled", NINE, policy="P", effective=effective)
    if fits:
        insured.takes(entry)
    else:
        insured.refuses(entry, "reference", field="effective")


def test_a_policy_is_cancelled_once(insured: Desk) -> None:
    first, again = (said("PolicyCancelled", NINE, policy="P", effective=it) for it in ("2026-02-10", "2026-02-11"))
    (position,) = insured.takes(first)
    insured.refuses(again, "reference", field="policy")
    insured.takes(said("EntryVoided", NINE, entry=position, reason="r"), again)


def test_only_the_days_of_a_policy_matter_not_when_its_entries_happened(insured: Desk) -> None:
    insured.takes(said("PolicyCancelled", "2019-01-01 09:00", policy="P", effective="2026-02-10"))


# Contingencies ------------------------------------------------------------------------------------------------------


def declared(**more: object) -> Entry:
    return said("ContingencyDeclared", NINE, contingency="c", client_informed=False, **more)


def test_the_id_of_a_contingency_is_given_once_also_after_its_end(gs: Desk) -> None:
    gs.takes(declared(), opened(at="2026-03-01 09:00"))
    gs.refuses(declared(), "reference", field="contingency")
    gs.takes(said("ContingencyEnded", "2026-03-02 10:00", contingency="c"))
    gs.refuses(declared(), "reference", field="contingency")
    gs.refuses(declared(ticket="T1"), "reference", field="contingency")


def test_a_voided_declaration_leaves_its_id_free(gs: Desk) -> None:
    (position,) = gs.takes(declared())
    gs.takes(said("EntryVoided", "2026-03-02 10:00", entry=position, reason="r"), declared())
