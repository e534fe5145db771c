"""What a policy covers, what is paid per event and at what price, visits, states and benefits (rules 3)."""

import pytest

from tests.given import Desk, Entry, cs_policy, did, figures, gs_policy, opened, registered, said, session


def many(count: int, priority: str, first: int = 1, day: int = 2, **more: str) -> list[Entry]:
    """So many tickets of a priority, a minute apart, numbered from `first`."""
    return [opened(f"T{n}", f"2026-03-{day:02d} 09:{n:02d}", priority=priority, **more) for n in range(first, first + count)]


def reasons(consumed: Entry) -> dict[str, str]:
    return {it["ticket"]: it["reason"] for it in consumed["pay_per_event"]}


def paid(desk: Desk, policy: str | None = "PC", **readings: str) -> Entry:
    """The only ticket paid per event."""
    (row,) = desk.consumed(policy, **readings)["pay_per_event"]
    found: Entry = row
    return found


# Quotas -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tier", "total", "quotas", "discount"), [
    ("basic", 8, (5, 2, 1, 0, 0), 10), ("intermediate", 15, (6, 5, 4, 0, 0), 15), ("advanced", 20, (10, 5, 5, 0, 0), 15),
])  # fmt: skip
def test_each_tier_includes_its_tickets(desk: Desk, tier: str, total: int, quotas: tuple[int, ...], discount: int) -> None:
    desk.takes(registered(), cs_policy(tier=tier), opened(priority="P5"))
    found = desk.consumed()
    assert found["tickets"] == {"included": total, "used": 0, "remaining": total}
    assert list(found["by_priority"]) == ["P1", "P2", "P3", "P4", "P5"]
    assert tuple(it["included"] for it in found["by_priority"].values()) == quotas
    assert figures(paid(desk), "reason", "discount_percent", "clause") == ("priority_not_included", discount, "cs.5")


def test_every_ticket_counts_in_the_order_opened(cs: Desk) -> None:
    late = opened("late", "2026-03-02 08:00", priority="P3")
    cs.takes(opened("A", priority="P3"), late)
    assert cs.consumed()["covered"] == ["late"]
    assert reasons(cs.consumed()) == {"A": "priority_exhausted"}


def test_also_one_withdrawn_and_one_that_continues_another(cs: Desk) -> None:
    cs.takes(opened(priority="P2"), did("Closed", "2026-03-02 10:00", reason="withdrawn"))
    cs.takes(opened("T2", "2026-03-02 11:00", priority="P2", continues="T1"))
    assert cs.consumed()["covered"] == ["T1", "T2"]
    assert cs.consumed()["by_priority"]["P2"] == {"included": 2, "used": 2, "remaining": 0}


@pytest.mark.parametrize("priority", ["P4", "P5"])
def test_a_priority_that_is_not_included_is_paid_and_does_not_use_the_total(cs: Desk, priority: str) -> None:
    cs.takes(opened(priority=priority))
    assert reasons(cs.consumed()) == {"T1": "priority_not_included"}
    assert cs.consumed()["tickets"]["used"] == 0


# Basic: P1 5, P2 2, P3 1. Three P2 and one P1.
def test_a_priority_used_up_leaves_the_others(cs: Desk) -> None:
    cs.takes(*many(3, "P2"), *many(1, "P1", first=4))
    found = cs.consumed()
    assert found["covered"] == ["T1", "T2", "T4"]
    assert reasons(found) == {"T3": "priority_exhausted"}
    assert found["by_priority"]["P1"] == {"included": 5, "used": 1, "remaining": 4}
    assert found["tickets"] == {"included": 8, "used": 3, "remaining": 5}


# cs.4=transfer: eight P2 fit the total of 8; the ninth does not; P4 is still not included.
def test_with_transfer_the_included_priorities_share_the_total(cs: Desk) -> None:
    cs.takes(*many(9, "P2"), *many(1, "P4", first=10))
    assert cs.consumed()["tickets"]["used"] == 2
    found = cs.consumed(cs_4="transfer")
    assert found["covered"] == [f"T{n}" for n in range(1, 9)]
    assert reasons(found) == {"T9": "exhausted", "T10": "priority_not_included"}
    assert found["by_priority"]["P2"] == {"included": 2, "used": 8, "remaining": 0}
    assert found["readings"]["cs.4"] == "transfer"


# Intermediate: 6 + 5 + 4 = 15 tickets; under 14-events the fifteenth finds the total used up.
@pytest.mark.parametrize(("reading", "included", "left"), [("15-tickets", 15, {}), ("14-events", 14, {"T15": "exhausted"})])
def test_the_intermediate_policy_has_15_tickets_or_14(desk: Desk, reading: str, included: int, left: dict[str, str]) -> None:
    desk.takes(registered(), cs_policy(tier="intermediate"))
    desk.takes(*many(6, "P1"), *many(5, "P2", first=7), *many(4, "P3", first=12))
    found = desk.consumed(cs_4_2=reading)
    assert found["tickets"] == {"included": included, "used": included, "remaining": 0}
    assert reasons(found) == left
    assert found["state"] == "exhausted"
    assert found["readings"]["cs.4.2"] == reading


def test_the_total_used_up_is_said_before_the_priority(cs: Desk) -> None:
    cs.takes(*many(5, "P1"), *many(2, "P2", first=6), *many(1, "P3", first=8), *many(1, "P1", first=9))
    assert reasons(cs.consumed()) == {"T9": "exhausted"}
    assert cs.consumed()["state"] == "exhausted"


def test_a_change_of_priority_deals_again_for_the_tickets_after_it(cs: Desk) -> None:
    # Three P2: the third is paid. The first becomes P1 at 10:00: the third is covered from then on.
    cs.takes(*many(3, "P2"), did("PriorityChanged", "2026-03-02 10:00", priority="P1", reason="r"))
    assert reasons(cs.consumed(at="2026-03-02 09:59:59")) == {"T3": "priority_exhausted"}
    found = cs.consumed(at="2026-03-02 10:00")
    assert reasons(found) == {}
    assert found["by_priority"]["P1"]["used"] == 1


def test_a_ticket_told_late_deals_again_too(cs: Desk) -> None:
    cs.takes(*many(2, "P2"))
    head = cs.ledger.head()
    cs.takes(opened("early", "2026-03-02 08:00", priority="P2"))
    assert reasons(cs.consumed(known=head)) == {}
    assert reasons(cs.consumed()) == {"T2": "priority_exhausted"}


def test_a_ticket_belongs_to_the_policy_in_force_at_its_opening(desk: Desk) -> None:
    desk.takes(registered(), cs_policy("old", ends="2026-03-02"), cs_policy("new", starts="2026-03-03"))
    desk.takes(*many(1, "P1"), *many(1, "P1", first=2, day=3))
    assert [(it["policy"], it["covered"]) for it in desk.consumption()] == [("old", ["T1"]), ("new", ["T2"])]


# Outside any policy -------------------------------------------------------------------------------------------------


def test_without_a_policy_the_ticket_is_paid_per_event(desk: Desk) -> None:
    prices = {"currency": "MXN", "per_event": {"P1": "900.00"}}
    desk.takes(registered(terms="customsoft", prices=prices), opened(priority="P1"))
    found = desk.consumed(None)
    assert found["pay_per_event"] == [
        {"ticket": "T1", "reason": "no_policy", "price": "900.00", "discount_percent": 0, "to_be_quoted": False}
        | {"clause": "cs.6.1"}
    ]
    nothing = {"included": 0, "used": 0, "remaining": 0}
    assert figures(found, "client", "terms", "tier", "starts", "ends", "state", "tickets", "onsite", "covered") == (
        "acme", "customsoft", None, None, None, "none", nothing, [], [],
    )  # fmt: skip
    assert found["by_priority"] == dict.fromkeys(("P1", "P2", "P3", "P4", "P5"), nothing)


@pytest.mark.parametrize("policy", [cs_policy("old", ends="2026-03-01"), gs_policy("old", ends="2026-03-01")])
def test_after_an_earlier_policy_under_any_terms_the_reason_is_expired(desk: Desk, policy: Entry) -> None:
    desk.takes(registered(terms="customsoft"), policy, opened(priority="P4"))
    assert figures(paid(desk, None), "reason", "price", "discount_percent", "clause") == ("expired", None, 0, "cs.6.1")


def test_after_a_cancelled_one_too(cs: Desk) -> None:
    cs.takes(said("PolicyCancelled", "2026-02-01 09:00", policy="PC", effective="2026-03-02"), opened(priority="P1"))
    assert paid(cs, None)["reason"] == "expired"


def test_before_the_first_policy_begins_it_is_no_policy(desk: Desk) -> None:
    desk.takes(registered(terms="customsoft"), cs_policy(starts="2026-06-01"), opened(priority="P1"))
    assert paid(desk, None)["reason"] == "no_policy"


def test_an_ended_policys_prices_do_not_live_on(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(ends="2026-03-01"), opened(priority="P1"))
    assert paid(desk, None)["price"] is None


def test_policies_come_in_the_order_contracted_then_clients_in_the_order_registered(desk: Desk) -> None:
    desk.takes(registered("zeta", terms="customsoft", at="2020-01-01 09:00"))
    desk.takes(registered("beta", terms="customsoft", at="2020-01-01 08:00"), registered("gama"))
    desk.takes(cs_policy("second", client="gama", at="2020-02-02 09:00", starts="2026-01-01"))
    desk.takes(cs_policy("first", client="gama", at="2020-02-01 09:00", ends="2025-12-31"))
    desk.takes(opened("Z", client="zeta", priority="P1"), opened("B", client="beta", priority="P1"))
    rows = [(it["client"], it["policy"]) for it in desk.consumption()]
    assert rows == [("gama", "first"), ("gama", "second"), ("beta", None), ("zeta", None)]


def test_terms_without_quotas_are_not_in_this_report(gs: Desk) -> None:
    gs.takes(opened())
    assert gs.consumption() == []


# Prices -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reading", "discount"), [("discount", 10), ("list-price", 0)])
def test_with_a_policy_in_force_the_tiers_discount_applies_unless_read_otherwise(cs: Desk, reading: str, discount: int) -> None:
    cs.takes(opened(priority="P4"))
    assert figures(paid(cs, cs_5=reading), "price", "discount_percent", "clause") == ("333.33", discount, "cs.5")


def test_a_price_that_was_not_agreed_is_null(cs: Desk) -> None:
    cs.takes(opened(priority="P5"))
    assert paid(cs)["price"] is None


def test_the_clients_prices_do_not_fill_in_for_the_policys(desk: Desk) -> None:
    prices = {"currency": "USD", "per_event": {"P5": "50.00"}}
    desk.takes(registered(prices=prices), cs_policy(), opened(priority="P5"))
    assert paid(desk)["price"] is None


@pytest.mark.parametrize("how", ["channel", "session"])
def test_paid_on_site_at_a_client_out_of_reach_it_is_quoted(desk: Desk, how: str) -> None:
    desk.takes(registered(local=False), cs_policy())
    desk.takes(opened(priority="P4", channel="onsite" if how == "channel" else "email"))
    if how == "session":
        assert paid(desk)["to_be_quoted"] is False
        desk.takes(session("2026-03-02 10:00", "2026-03-02 11:00", delivery="onsite"))
    assert figures(paid(desk), "to_be_quoted", "price", "discount_percent", "clause") == (True, None, 10, "cs.6")


def test_at_a_local_client_it_has_its_price(cs: Desk) -> None:
    cs.takes(opened(priority="P4", channel="onsite"))
    assert figures(paid(cs), "to_be_quoted", "price") == (False, "333.33")


def test_a_covered_ticket_is_not_quoted(desk: Desk) -> None:
    desk.takes(registered(local=False), cs_policy(), opened(priority="P1", channel="onsite"))
    assert desk.consumed()["covered"] == ["T1"]


def test_a_voided_visit_leaves_the_ticket_off_site(desk: Desk) -> None:
    desk.takes(registered(local=False), cs_policy(), opened(priority="P4"))
    desk.takes(session("2026-03-02 10:00", "2026-03-02 11:00", delivery="onsite", key="v"))
    desk.takes(said("EntryVoided", "2026-03-03 09:00", entry="v", reason="r"))
    assert figures(paid(desk), "to_be_quoted", "price") == (False, "333.33")
