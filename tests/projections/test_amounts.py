"""What minutes and events cost: prices, rounding, what was not agreed, what is to be quoted (rules 4.4 to 4.6).

Under gs 600.00 an hour, half as much again after hours.
"""

import pytest

from tests.given import (
    HOURLY,
    Desk,
    Entry,
    authorized,
    cs_policy,
    did,
    figures,
    gs_policy,
    opened,
    registered,
    session,
    utc,
    window,
)

MINUTES = ("minutes", "consultants", "billable_minutes", "after_hours_minutes", "unrequested_minutes", "amount")


def priced(desk: Desk, **prices: str) -> Desk:
    """T1 under a policy with these prices."""
    desk.takes(registered(), authorized(), gs_policy(prices={"currency": "MXN"} | prices), opened())
    return desk


def follow_up(at: str = "2026-03-02 10:00", kind: str = "progress") -> Entry:
    return did("FollowedUp", at, kind=kind)


# A minute at 0.30 an hour is half a cent: 0.005 -> 0.01. Three are 0.015 -> 0.02. At 0.29: 0.00483 -> 0.00.
@pytest.mark.parametrize(("hourly", "minutes", "amount"), [
    ("0.30", 1, "0.01"), ("0.30", 3, "0.02"), ("0.29", 1, "0.00"), ("850.50", 7, "99.23"), ("100.00", 1, "1.67"),
    ("999999999999.99", 60, "999999999999.99"),
])  # fmt: skip
def test_amounts_are_rounded_half_up_to_cents(desk: Desk, hourly: str, minutes: int, amount: str) -> None:
    # 7 minutes at 850.50: 99.225 -> 99.23.
    priced(desk, hourly=hourly).takes(session("2026-03-02 10:00", f"2026-03-02 {10 + minutes // 60}:{minutes % 60:02d}"))
    assert desk.charge()["amount"] == amount


def test_an_amount_is_rounded_once_for_the_whole_entry(desk: Desk) -> None:
    # 1 plain and 1 after-hours minute at 0.30 x 1: half a cent each, one cent together (rounded apart it would be two).
    priced(desk, hourly="0.30", after_hours_factor="1")
    desk.takes(window("2026-03-02 12:00", "2026-03-02 18:00", "2026-03-02 19:00"))
    desk.takes(session("2026-03-02 17:59", "2026-03-02 18:01"))
    assert figures(desk.charge(), *MINUTES) == (2, 1, 2, 1, 0, "0.01")


def test_a_factor_has_four_decimals(desk: Desk) -> None:
    # 60 minutes after hours at 100.00 x 1.3333 = 133.33.
    priced(desk, hourly="100.00", after_hours_factor="1.3333")
    desk.takes(window("2026-03-02 12:00", "2026-03-02 18:00", "2026-03-02 19:00"))
    desk.takes(session("2026-03-02 18:00", "2026-03-02 19:00"))
    assert desk.charge()["amount"] == "133.33"


def test_without_an_hourly_price_minutes_are_counted_and_the_amount_is_not_agreed(desk: Desk) -> None:
    priced(desk).takes(follow_up())
    assert figures(desk.charge(), "billable_minutes", "amount", "currency", "amount_note") == (15, None, "MXN", "not agreed")


def test_a_missing_factor_matters_only_where_it_is_needed(desk: Desk) -> None:
    priced(desk, hourly="600.00").takes(window("2026-03-02 12:00", "2026-03-02 19:00", "2026-03-02 20:00"))
    desk.takes(follow_up(), follow_up("2026-03-02 18:30"), follow_up("2026-03-02 19:30"))
    assert [(it["amount"], it["amount_note"]) for it in desk.billing()] == [
        ("150.00", None), ("150.00", None), (None, "not agreed"),
    ]  # fmt: skip


def test_without_prices_there_is_no_currency(desk: Desk) -> None:
    policy = gs_policy()
    del policy["prices"]
    desk.takes(registered(), authorized(), policy, opened(), follow_up())
    assert figures(desk.charge(), "amount", "currency", "amount_note") == (None, None, "not agreed")


def test_without_a_policy_in_force_the_clients_prices_hold(desk: Desk) -> None:
    client = registered(terms="grupo-staff", prices=HOURLY | {"hourly": "400.00"})
    desk.takes(client, authorized(), gs_policy(ends="2026-03-01"), opened(), follow_up())
    assert figures(desk.charge(), "policy", "amount") == (None, "100.00")


def test_where_no_terms_apply_only_travel_is_billed(desk: Desk) -> None:
    desk.takes(registered(prices=HOURLY), opened(), follow_up(), session("2026-03-02 10:00", "2026-03-02 11:00"))
    desk.takes(did("TravelExpenseRecorded", "2026-03-02 12:00", amount="12.5", currency="USD"))
    assert figures(desk.charge(), "kind", "amount", "currency", "clause") == ("travel", "12.5", "USD", None)


# Per event ----------------------------------------------------------------------------------------------------------


def test_under_cs_a_ticket_paid_per_event_is_one_row_at_its_opening(cs: Desk) -> None:
    # P4: 333.33 less 10 % = 299.997 -> 300.00. Sessions and follow-ups are not charged by themselves.
    (position,) = cs.takes(opened(priority="P4"))
    cs.takes(follow_up(), session("2026-03-02 10:00", "2026-03-02 11:00"), did("InformationRequested", "2026-03-02 12:00"))
    row = cs.charge()
    assert figures(row, "entry", "at", "kind", "clause") == (position, utc("2026-03-02 09:00"), "per_event", "cs.5")
    assert figures(row, *MINUTES) == (0, 0, 0, 0, 0, "300.00")
    assert cs.charge(cs_5="list-price")["amount"] == "333.33"


def test_a_covered_ticket_has_no_row(cs: Desk) -> None:
    cs.takes(opened(priority="P1"), follow_up(), session("2026-03-02 10:00", "2026-03-02 11:00"))
    assert cs.billing() == []


def test_the_discount_is_rounded_half_up(desk: Desk) -> None:
    # 0.05 less 10 % = 0.045 -> 0.05; 0.15 less 10 % = 0.135 -> 0.14.
    prices = {"currency": "MXN", "per_event": {"P4": "0.05", "P5": "0.15"}}
    desk.takes(registered(), cs_policy(prices=prices), opened("A", priority="P4"), opened("B", priority="P5"))
    assert [it["amount"] for it in desk.billing()] == ["0.05", "0.14"]


def test_without_a_policy_it_is_the_clients_price_whole(desk: Desk) -> None:
    prices = {"currency": "USD", "per_event": {"P1": "900"}}
    desk.takes(registered(terms="customsoft", prices=prices), opened(priority="P1"))
    assert figures(desk.charge(), "policy", "amount", "currency", "clause") == (None, "900.00", "USD", "cs.6.1")


def test_a_price_per_event_that_is_missing_is_not_agreed(cs: Desk) -> None:
    cs.takes(opened(priority="P5"))
    assert figures(cs.charge(), "amount", "amount_note", "clause") == (None, "not agreed", "cs.5")


def test_what_is_to_be_quoted_shows_the_minutes_of_all_its_sessions(desk: Desk) -> None:
    # 61 min x 2, and 10 s of a remote one: 1 min x 1: 123.
    desk.takes(registered(local=False), cs_policy(), opened(priority="P4"))
    desk.takes(session("2026-03-02 10:00", "2026-03-02 11:00:01", "luis", "eva", delivery="onsite"))
    desk.takes(session("2026-03-02 12:00", "2026-03-02 12:00:10"))
    row = desk.charge()
    assert figures(row, *MINUTES) == (123, 0, 123, 0, 0, None)
    assert figures(row, "amount_note", "clause") == ("to be quoted", "cs.6")


def test_the_row_of_a_ticket_follows_its_deal(cs: Desk) -> None:
    cs.takes(*(opened(f"T{n}", f"2026-03-02 09:0{n}", priority="P2") for n in (1, 2, 3)))
    assert [it["ticket"] for it in cs.billing()] == ["T3"]
    cs.takes(did("PriorityChanged", "2026-03-02 10:00", priority="P1", reason="r"))
    assert cs.billing() == []
