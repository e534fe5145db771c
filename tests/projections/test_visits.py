"""On-site visits by month, the state of a policy and its benefits (rules 3.4, 3.5)."""

import pytest

from tests.given import Desk, Entry, cs_policy, opened, registered, said, session


def many(count: int, priority: str, first: int = 1, day: int = 2, **more: str) -> list[Entry]:
    """So many tickets of a priority, a minute apart, numbered from `first`."""
    return [opened(f"T{n}", f"2026-03-{day:02d} 09:{n:02d}", priority=priority, **more) for n in range(first, first + count)]


def visit(started: str, ended: str, ticket: str = "T1") -> Entry:
    return session(started, ended, ticket=ticket, delivery="onsite")


def months(desk: Desk, **readings: str) -> list[tuple[str, str, int, int]]:
    return [(it["from"], it["to"], it["included"], it["used"]) for it in desk.consumed(**readings)["onsite"]]


def test_visits_are_counted_by_the_month_in_which_they_started(cs: Desk) -> None:
    # The first begins on 31 March at 23:30 and ends in April; the second is in April by UTC (5:30Z) but in March here.
    cs.takes(opened(priority="P1"), visit("2026-03-31 23:30", "2026-04-01 00:30"))
    cs.takes(visit("2026-03-31 23:40", "2026-03-31 23:50"))
    cs.takes(visit("2026-04-02 10:00", "2026-04-02 11:00"))
    assert months(cs) == [("2026-03-01", "2026-03-31", 1, 2), ("2026-04-01", "2026-04-30", 1, 1)]


def test_remote_sessions_are_no_visits(cs: Desk) -> None:
    cs.takes(opened(priority="P1", channel="onsite"), session("2026-03-02 10:00", "2026-03-02 11:00"))
    assert months(cs) == []


# From 31 January: months begin on 31 Jan, 28 Feb, 31 Mar, 30 Apr.
def test_a_policys_month_counts_from_its_start_the_31st_clamped(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(starts="2026-01-31"), opened(at="2026-01-31 09:00", priority="P1"))
    for day in ("01-31", "02-27", "02-28", "03-30", "03-31", "04-29", "04-30"):
        desk.takes(visit(f"2026-{day} 10:00", f"2026-{day} 11:00"))
    assert months(desk, cs_4_4="policy-month") == [
        ("2026-01-31", "2026-02-27", 1, 2),
        ("2026-02-28", "2026-03-30", 1, 2),
        ("2026-03-31", "2026-04-29", 1, 2),
        ("2026-04-30", "2026-05-30", 1, 1),
    ]
    assert [it[:2] for it in months(desk)] == [
        ("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30"),
    ]  # fmt: skip


def test_a_leap_year_has_its_29th(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(starts="2023-12-31"), opened(at="2024-01-31 09:00", priority="P1"))
    desk.takes(visit("2024-02-28 10:00", "2024-02-28 11:00"), visit("2024-02-29 10:00", "2024-02-29 11:00"))
    assert months(desk, cs_4_4="policy-month") == [("2024-01-31", "2024-02-28", 1, 1), ("2024-02-29", "2024-03-30", 1, 1)]


@pytest.mark.parametrize("local", [True, False])
def test_a_visit_to_a_client_out_of_reach_is_foreign(desk: Desk, local: bool) -> None:
    desk.takes(registered(local=local), cs_policy(), opened(priority="P1"), visit("2026-03-02 10:00", "2026-03-02 11:00"))
    assert desk.consumed()["onsite"][0]["foreign"] is not local


def test_visits_outside_a_policy_are_not_listed(desk: Desk) -> None:
    desk.takes(registered(terms="customsoft"), opened(priority="P1"), visit("2026-03-02 10:00", "2026-03-02 11:00"))
    assert desk.consumed(None)["onsite"] == []


# State and benefits -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "state"), [
    ("2026-01-31 23:59:59", "not_started"), ("2026-02-01 00:00", "in_force"), ("2026-03-31 23:59:59", "in_force"),
    ("2026-04-01 00:00", "expired"),
])  # fmt: skip
def test_the_state_goes_by_the_day(desk: Desk, at: str, state: str) -> None:
    desk.takes(registered(), cs_policy(starts="2026-02-01", ends="2026-03-31"))
    assert desk.consumed(at=at)["state"] == state


def test_the_first_state_that_holds_is_told(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(starts="2026-02-01", ends="2026-03-31"))
    desk.takes(*many(5, "P1"), *many(2, "P2", first=6), *many(1, "P3", first=8))
    desk.takes(said("PolicyCancelled", "2026-01-10 09:00", policy="PC", effective="2026-03-10"))
    assert desk.consumed(at="2026-01-31 12:00")["state"] == "not_started"
    assert desk.consumed(at="2026-03-09 23:59")["state"] == "exhausted"
    assert desk.consumed(at="2026-03-10 00:00")["state"] == "cancelled"
    assert desk.consumed(at="2026-06-01 00:00")["state"] == "cancelled"


def test_an_expired_policy_that_was_used_up_is_expired(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(starts="2026-02-01", ends="2026-03-31"))
    desk.takes(*many(5, "P1"), *many(2, "P2", first=6), *many(1, "P3", first=8))
    assert desk.consumed(at="2026-04-01 00:00")["state"] == "expired"


def test_benefits_are_listed_as_delivered(desk: Desk) -> None:
    desk.takes(registered(), cs_policy(tier="advanced"))
    desk.takes(said("BenefitDelivered", "2026-03-05 10:00", policy="PC", benefit="project_advice", detail="as agreed"))
    desk.takes(said("BenefitDelivered", "2026-03-04 10:00:00.7", policy="PC", benefit="learning_material"))
    assert desk.consumed()["benefits"] == [
        {"at": "2026-03-04T16:00:00Z", "benefit": "learning_material", "detail": None},
        {"at": "2026-03-05T16:00:00Z", "benefit": "project_advice", "detail": "as agreed"},
    ]
    assert desk.consumed(at="2026-03-04 09:59")["benefits"] == []
