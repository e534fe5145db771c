"""Which policy and which terms apply to a ticket (rules 1.1, 1.2), and which of its entries count (rules 1.4, 1.5)."""

from copy import deepcopy
from typing import Any

import pytest

from tests.given import Desk, authorized, cs_policy, did, figures, gs_policy, opened, registered, said, session


def applied(desk: Desk, at: str, **readings: str) -> tuple[str | None, str | None]:
    """The policy and the terms of a ticket opened at a moment."""
    desk.takes(opened(at=at))
    row = desk.sla(**readings)
    return row["policy"], row["terms"]


@pytest.fixture
def people(desk: Desk) -> Desk:
    """acme, for which ana may ask."""
    desk.takes(registered(), authorized())
    return desk


@pytest.mark.parametrize(("at", "policy"), [
    ("2026-01-31 23:59:59", None), ("2026-02-01 00:00", "P"), ("2026-02-28 23:59:59.999999", "P"), ("2026-03-01 00:00", None),
])  # fmt: skip
def test_a_policy_is_in_force_from_its_first_day_to_its_last(people: Desk, at: str, policy: str | None) -> None:
    people.takes(gs_policy("P", starts="2026-02-01", ends="2026-02-28"))
    assert applied(people, at)[0] == policy


@pytest.mark.parametrize(("at", "policy"), [("2026-02-09 23:59:59", "P"), ("2026-02-10 00:00", None)])
def test_and_not_from_the_day_its_cancellation_takes_effect(people: Desk, at: str, policy: str | None) -> None:
    people.takes(gs_policy("P", starts="2026-02-01"))
    people.takes(said("PolicyCancelled", "2026-01-20 09:00", policy="P", effective="2026-02-10"))
    assert applied(people, at) == (policy, "grupo-staff")


# 2021-07-01 05:30Z is 00:30 on the 1st in Mexico City's summer time (-05:00), and 23:30 on the 30th at -06:00.
@pytest.mark.parametrize(("reading", "policy"), [("mexico-city", "P"), ("utc-6", None)])
def test_a_policys_days_are_days_in_the_zone_of_its_terms_under_the_reading_in_force(
    people: Desk, reading: str, policy: str | None
) -> None:
    people.takes(gs_policy("P", starts="2021-07-01"))
    assert applied(people, "2021-07-01T05:30:00Z", gs_8_1=reading)[0] == policy


def test_a_policy_contracted_after_the_ticket_applies_to_it_if_its_dates_do(people: Desk) -> None:
    people.takes(opened(), gs_policy("P", at="2026-03-20 09:00", starts="2026-03-01"))
    assert people.sla("2026-03-19 09:00")["policy"] is None
    assert people.sla("2026-03-20 09:00")["policy"] == "P"


def test_where_knowledge_is_cut_so_that_two_are_in_force_the_one_contracted_first_holds(people: Desk) -> None:
    people.takes(gs_policy("P", at="2026-01-01 09:00", starts="2026-01-01"))
    people.takes(said("PolicyCancelled", "2026-04-01 09:00", policy="P", effective="2026-03-01"))
    people.takes(gs_policy("A", at="2026-02-20 09:00", starts="2026-03-01"), opened())
    assert people.sla("2026-03-31 09:00")["policy"] == "P"
    assert people.sla("2026-04-01 09:00")["policy"] == "A"


# Terms without a policy ---------------------------------------------------------------------------------------------


def test_without_a_policy_the_terms_named_at_registration_hold_even_after_one_that_ended(desk: Desk) -> None:
    desk.takes(registered(terms="grupo-staff"), authorized(), cs_policy(ends="2026-02-28"), opened())
    assert figures(desk.sla(), "policy", "terms") == (None, "grupo-staff")


def test_else_those_of_the_policy_that_ended_last(people: Desk) -> None:
    people.takes(cs_policy("old", ends="2025-12-31"), gs_policy("new", starts="2026-01-01", ends="2026-02-28"))
    assert applied(people, "2026-03-02 09:00") == (None, "grupo-staff")


def test_last_is_by_the_last_day_in_force_not_by_the_order_contracted(people: Desk) -> None:
    people.takes(gs_policy("new", starts="2026-01-01", ends="2026-02-28"), cs_policy("old", ends="2025-12-31"))
    assert applied(people, "2026-03-02 09:00") == (None, "grupo-staff")


def test_a_cancellation_makes_a_last_day_earlier(people: Desk) -> None:
    # gs was contracted to December but cancelled from 10 January; cs ended on 20 February: cs was in force last.
    people.takes(gs_policy("g", starts="2026-01-01", ends="2026-12-31"))
    people.takes(said("PolicyCancelled", "2026-01-05 09:00", policy="g", effective="2026-01-10"))
    people.takes(cs_policy("c", starts="2026-01-10", ends="2026-02-20"), opened(priority="P1"))
    assert figures(people.sla(), "policy", "terms") == (None, "customsoft")


def test_a_policy_that_has_not_begun_lends_no_terms(people: Desk) -> None:
    people.takes(gs_policy("P", starts="2026-06-01"))
    assert applied(people, "2026-03-02 09:00") == (None, None)


def test_where_no_terms_apply_every_verdict_is_not_applicable(people: Desk) -> None:
    people.takes(opened(), did("Responded", "2026-03-02 10:00"))
    row = people.sla()
    assert figures(row, "policy", "terms", "official_at", "status") == (None, None, None, "open")
    for clock in (row["response"], row["resolution"]):
        assert clock == {
            "verdict": "not_applicable", "target_seconds": None, "earliest_seconds": None, "started_at": None, "due_at": None,
            "stopped_at": None, "elapsed_seconds": 0, "paused_seconds": 0, "overrun_seconds": 0, "clauses": [], "readings": {},
        }  # fmt: skip
    assert people.unattended("2026-12-31 00:00") == []


# Versions of terms --------------------------------------------------------------------------------------------------


def stricter(desk: Desk, terms: str = "grupo-staff", within: str = "2h") -> dict[str, Any]:
    """Terms published again with another target for answering `high`."""
    published = desk.ledger.stream(f"terms:{terms}")[0].event
    document = deepcopy(published.document)  # type: ignore[union-attr]
    high = next(it for it in document["response"]["targets"] if it.get("priority") == "high")
    high["within"] = within
    return said("TermsPublished", "2019-01-01 09:00", terms=terms, document=document)


def test_a_policy_is_bound_to_the_newest_terms_recorded_before_it(people: Desk) -> None:
    people.takes(gs_policy("old", ends="2025-12-31"), stricter(people), gs_policy("new", starts="2026-01-01"))
    people.takes(opened("T1", "2025-12-30 09:00"), opened("T2", "2026-03-02 09:00"))
    assert people.response(ticket="T1")["target_seconds"] == 4 * 3600
    assert people.response(ticket="T2")["target_seconds"] == 2 * 3600


def test_a_client_without_a_policy_is_bound_to_the_newest_recorded_before_its_ticket(desk: Desk) -> None:
    desk.takes(registered(terms="grupo-staff"), authorized(), opened("T1"), stricter(desk), opened("T2"))
    assert desk.response(ticket="T1")["target_seconds"] == 4 * 3600
    assert desk.response(ticket="T2")["target_seconds"] == 2 * 3600


def test_terms_with_another_digest_or_another_name_are_refused(desk: Desk) -> None:
    desk.refuses(stricter(desk) | {"digest": "0" * 64}, "shape", field="digest")
    desk.refuses(stricter(desk) | {"terms": "others"}, "shape", field="terms")


# What counts --------------------------------------------------------------------------------------------------------


def test_an_entry_later_than_the_moment_asked_for_does_not_count(gs: Desk) -> None:
    gs.takes(opened(), did("Responded", "2026-03-02 10:00:00.5"))
    assert gs.response("2026-03-02 10:00:00.499999")["stopped_at"] is None
    assert gs.response("2026-03-02 10:00:00.5")["stopped_at"] == "2026-03-02T16:00:00Z"


def test_a_ticket_opened_later_than_the_moment_asked_for_is_not_there(gs: Desk) -> None:
    gs.takes(opened())
    assert list(gs.reports("2026-03-02 08:59:59").sla()) == []
    assert len(list(gs.reports("2026-03-02 09:00").sla())) == 1


def test_fractions_of_a_second_are_cut_before_anything_is_measured(gs: Desk) -> None:
    # 09:00:00.9 counts as 09:00:00 and 09:00:10.1 as 09:00:10: 10 seconds, though less than that went by.
    gs.takes(opened(at="2026-03-02 09:00:00.9"), did("Responded", "2026-03-02 09:00:10.1"))
    row = gs.sla()
    assert row["opened_at"] == "2026-03-02T15:00:00Z"
    assert figures(row["response"], "stopped_at", "elapsed") == ("2026-03-02T15:00:10Z", 10)


def test_a_fraction_past_the_target_is_still_on_target(gs: Desk) -> None:
    gs.takes(opened(), did("Responded", "2026-03-02 13:00:00.999999"))
    assert figures(gs.response(), "verdict", "elapsed") == ("met", 4 * 3600)


def test_tickets_stand_in_the_order_opened_ties_in_the_order_recorded(gs: Desk) -> None:
    moments = {"T3": "09:00:00.2", "T2": "09:00:00.1", "T1": "09:00:00.2"}
    gs.takes(*(opened(name, f"2026-03-02 {it}") for name, it in moments.items()))
    assert [it["ticket"] for it in gs.reports("2026-03-03 09:00").sla()] == ["T2", "T3", "T1"]


def test_a_void_entry_counts_nowhere_once_the_voiding_is_known(gs: Desk) -> None:
    gs.takes(opened(), did("Responded", "2026-03-02 10:00", key="k"), session("2026-03-02 11:00", "2026-03-02 12:00", key="s"))
    gs.takes(said("EntryVoided", "2026-03-09 09:00", entry="k", reason="r"))
    (last,) = gs.takes(said("EntryVoided", "2026-03-09 09:00", entry="s", reason="r"))
    assert gs.response(known=last - 2)["elapsed_seconds"] == 3600
    assert gs.response(known=last - 1)["elapsed_seconds"] == 7200
    assert [it["kind"] for it in gs.billing(known=last - 1)] == ["session"]
    assert gs.billing(known=last) == []
    # The voiding counts whatever its own `at`: also for a report of an earlier day.
    assert figures(gs.response("2026-03-02 12:30", known=last), "verdict", "stopped_at") == ("running", None)


def test_a_void_escalation_priority_and_classification_count_for_nothing(gs: Desk) -> None:
    gs.takes(opened())
    done = gs.takes(
        did("Escalated", "2026-03-02 10:00", level=3, reason="r"),
        did("PriorityChanged", "2026-03-02 10:00", priority="low", reason="r"),
        did("IncidentClassified", "2026-03-02 10:00", incident_type="maintenance"),
    )
    assert figures(gs.sla(), "level", "priority", "incident_type") == (3, "low", "maintenance")
    gs.takes(*(said("EntryVoided", "2026-03-09 09:00", entry=it, reason="r") for it in done))
    assert figures(gs.sla(), "level", "priority", "incident_type") == (1, "high", None)


def test_a_report_with_what_was_known_is_that_of_the_ledger_as_it_was(gs: Desk) -> None:
    gs.takes(opened(), did("FollowedUp", "2026-03-02 10:00", kind="other"))
    then = list(gs.reports("2026-03-05 09:00").sla()), gs.billing("2026-03-05 09:00")
    head = gs.ledger.head()
    gs.takes(did("Responded", "2026-03-02 09:30"), opened("T2"))
    assert (list(gs.reports("2026-03-05 09:00", head).sla()), gs.billing("2026-03-05 09:00", head)) == then


# The rest of the row ------------------------------------------------------------------------------------------------


def test_the_status_is_open_resolved_or_closed(gs: Desk) -> None:
    gs.takes(opened(), did("Resolved", "2026-03-02 10:00"), did("ResolutionRejected", "2026-03-02 11:00"))
    gs.takes(did("Resolved", "2026-03-02 12:00"), did("Closed", "2026-03-02 13:00", reason="withdrawn"))
    hours = ("09:30", "10:30", "11:30", "12:30", "13:30")
    assert [gs.sla(f"2026-03-02 {it}")["status"] for it in hours] == ["open", "resolved", "open", "resolved", "closed"]
    assert gs.sla()["closed_reason"] == "withdrawn"


def test_a_continuation_is_shown_on_both_tickets(gs: Desk) -> None:
    gs.takes(opened(), did("Closed", "2026-03-02 13:00", reason="withdrawn"), opened("T2", "2026-03-03 09:00", continues="T1"))
    assert figures(gs.sla(ticket="T1"), "continues", "continued_by") == (None, "T2")
    assert figures(gs.sla(ticket="T2"), "continues", "continued_by") == ("T1", None)
    assert gs.sla("2026-03-03 08:59")["continued_by"] is None


def test_an_operation_stop_is_shown_under_cs_and_changes_no_target(cs: Desk) -> None:
    cs.takes(opened("A", priority="P1", stops_operation=True), opened("B", priority="P1"), opened("C", priority="P1"))
    cs.takes(did("OperationStopDeclared", "2026-03-02 10:00", ticket="B"))
    assert [cs.sla(ticket=it)["stops_operation"] for it in "ABC"] == ["at_opening", "declared_late", None]
    assert cs.sla("2026-03-02 09:59", ticket="B")["stops_operation"] is None
    assert len({(cs.response(ticket=it)["target_seconds"], cs.resolution(ticket=it)["target_seconds"]) for it in "ABC"}) == 1


def test_under_gs_it_is_not_shown(gs: Desk) -> None:
    gs.takes(opened(stops_operation=True), did("OperationStopDeclared", "2026-03-02 10:00"))
    assert gs.sla()["stops_operation"] is None
