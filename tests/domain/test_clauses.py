"""What the clauses of a ticket's or policy's terms refuse (rules 5, clauses), each with its accepted neighbour."""

import pytest

from tests.given import (
    Desk,
    Entry,
    cs_policy,
    on,
    opened,
    registered,
    said,
    window,
    without,
)

MONDAY = "2026-03-02"


# gs.5 ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incident_type", "hours", "seconds", "fits"),
    [
        ("maintenance", 16, 0, True), ("maintenance", 16, -1, False), ("maintenance", 36, 0, True),
        ("maintenance", 36, 1, False), ("investigation", 8, 0, True), ("investigation", 8, -1, False),
        ("investigation", 16, 0, True), ("investigation", 16, 1, False), ("technical-regular", 6, 0, False),
        ("technical-urgent", 4, 0, False),
    ],
)  # fmt: skip
def test_a_budget_lies_within_the_range_of_a_type_that_has_one(
    gs: Desk, incident_type: str, hours: int, seconds: int, fits: bool
) -> None:
    budget = on("IncidentClassified", "10:00", incident_type=incident_type, budget_seconds=hours * 3600 + seconds)
    gs.takes(opened())
    if fits:
        gs.takes(budget)
    else:
        gs.refuses(budget, "clauses", field="budget_seconds", clause="gs.5")
        gs.takes(without(budget, "budget_seconds"))


# gs.8.2 -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "fits"), [("18:59:59.999999", True), ("19:00", False), ("19:30", False)])
def test_a_window_is_asked_for_before_it_begins(gs: Desk, at: str, fits: bool) -> None:
    asked = window(f"{MONDAY} {at}", f"{MONDAY} 19:00", f"{MONDAY} 21:00")
    gs.takes(opened())
    if fits:
        gs.takes(asked)
    else:
        gs.refuses(asked, "clauses", clause="gs.8.2")


# gs.9 ---------------------------------------------------------------------------------------------------------------


def test_level_4_needs_the_vendors_case_number(gs: Desk) -> None:
    gs.takes(opened(), on("Escalated", "10:00", level=3, reason="r"))
    gs.refuses(on("Escalated", "11:00", level=4, reason="r"), "clauses", clause="gs.9")
    gs.takes(on("Escalated", "11:00", level=4, reason="r", reference="MS-1"))


def test_under_cs_it_does_not(cs: Desk) -> None:
    cs.takes(opened(priority="P1"), on("Escalated", "11:00", level=4, reason="r"))


# Values and events of other terms -----------------------------------------------------------------------------------


@pytest.mark.parametrize("priority", ["P1", "P5"])
def test_under_gs_there_are_no_priorities_of_cs(gs: Desk, priority: str) -> None:
    gs.refuses(opened(priority=priority), "clauses", field="priority")
    gs.takes(opened())
    gs.refuses(on("PriorityChanged", "10:00", priority=priority, reason="r"), "clauses", field="priority")
    gs.takes(on("PriorityChanged", "10:00", priority="low", reason="r"))


@pytest.mark.parametrize("priority", ["critical", "low"])
def test_under_cs_there_are_none_of_gs(cs: Desk, priority: str) -> None:
    cs.refuses(opened(priority=priority), "clauses", field="priority")
    cs.takes(opened(priority="P5"))
    cs.refuses(on("PriorityChanged", "10:00", priority=priority, reason="r"), "clauses", field="priority")
    cs.takes(on("PriorityChanged", "10:00", priority="P4", reason="r"))


def test_under_cs_an_opening_has_no_incident_type(cs: Desk) -> None:
    cs.refuses(opened(priority="P1", incident_type="maintenance"), "clauses", field="incident_type")


@pytest.mark.parametrize(
    "entry",
    [
        on("ExtensionRequested", "10:00", extra_seconds=60, reason="r"),
        on("IncidentClassified", "10:00", incident_type="maintenance"),
        window(f"{MONDAY} 10:00", f"{MONDAY} 19:00", f"{MONDAY} 20:00"),
    ],
)
def test_under_cs_nothing_is_extended_classified_or_asked_for_after_hours(cs: Desk, entry: Entry) -> None:
    cs.takes(opened(priority="P1"))
    cs.refuses(entry, "clauses", field="type")


@pytest.mark.parametrize("field", ["priority", "incident_type"])
def test_a_value_that_stands_in_no_terms_is_a_fault_of_shape(gs: Desk, field: str) -> None:
    gs.refuses(opened(**{field: "bogus"}), "shape", field=field)
    gs.refuses(on("PriorityChanged", "10:00", priority="bogus", reason="r"), "shape", field="priority")
    gs.refuses(said("BenefitDelivered", MONDAY + " 10:00", policy="PG", benefit="bogus"), "shape", field="benefit")


@pytest.mark.parametrize("benefit", ["equipment_discount", "learning_material", "project_advice"])
def test_benefits_come_with_the_intermediate_and_advanced_tiers(desk: Desk, benefit: str) -> None:
    desk.takes(registered())
    for number, tier in enumerate(("basic", "intermediate", "advanced")):
        desk.takes(cs_policy(tier, tier=tier, starts=f"202{number}-01-01", ends=f"202{number}-12-31"))
    delivered = said("BenefitDelivered", "2021-05-05 10:00", benefit=benefit)
    desk.refuses(delivered | {"policy": "basic"}, "clauses", field="benefit", clause="cs.4.5")
    desk.takes(delivered | {"policy": "intermediate"}, delivered | {"policy": "advanced"})


def test_under_gs_there_are_no_benefits(gs: Desk) -> None:
    gs.refuses(said("BenefitDelivered", MONDAY + " 10:00", policy="PG", benefit="project_advice"), "clauses", field="benefit")


def test_a_price_per_event_is_for_a_priority_of_the_terms(desk: Desk) -> None:
    desk.takes(registered())
    wrong = {"currency": "MXN", "per_event": {"P1": "1.00", "critical": "2.00"}}
    desk.refuses(cs_policy(prices=wrong), "clauses", field="prices.per_event")
    desk.takes(cs_policy(prices={"currency": "MXN", "per_event": {"P5": "1.00"}}))


TAKEN = [
    on("OperationStopDeclared", "10:00"),
    on("ConsultantUnavailable", "10:00"),
    on("ContingencyDeclared", "10:00", contingency="c", client_informed=True),
]


@pytest.mark.parametrize("entry", TAKEN)
def test_stops_absences_and_contingencies_are_taken_under_gs_and_count_for_nothing(gs: Desk, entry: Entry) -> None:
    gs.takes(opened(stops_operation=True, incident_type="technical-regular"))
    before = gs.sla("2026-03-02 15:00")
    gs.takes(entry)
    assert gs.sla("2026-03-02 15:00") == before


@pytest.mark.parametrize("values", [
    {"priority": "P1"}, {"priority": "critical", "incident_type": "maintenance"}, {"priority": "P5", "kind": "question"},
])  # fmt: skip
def test_where_no_terms_apply_any_listed_value_is_taken_and_shown(desk: Desk, values: dict[str, str]) -> None:
    desk.takes(registered(), opened(**values))
    desk.takes(on("IncidentClassified", "10:00", incident_type="investigation", budget_seconds=1))
    desk.takes(on("PriorityChanged", "10:00", priority="P3", reason="r"), on("Escalated", "10:00", level=4, reason="r"))
    desk.takes(window(f"{MONDAY} 10:00", f"{MONDAY} 09:30", f"{MONDAY} 10:30"))
    row = desk.sla()
    assert (row["priority"], row["incident_type"], row["level"], row["terms"]) == ("P3", "investigation", 4, None)
