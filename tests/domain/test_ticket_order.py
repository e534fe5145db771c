"""An entry is taken if its stream's whole sequence, newcomer included, is legal in order (rules 5, order)."""

import pytest

from tests.given import Desk, Entry, did, on, opened, said, session

ORDER = {"code": "order", "field": "type"}


@pytest.fixture
def ticket(gs: Desk) -> Desk:
    """T1, opened on Monday 2 March at nine."""
    gs.takes(opened())
    return gs


ESCALATED = {"level": 2, "reason": "r"}
EXTENSION = {"extra_seconds": 60, "reason": "r"}
DECLARED = {"contingency": "c", "client_informed": False}


@pytest.mark.parametrize(
    "entry",
    [
        on("Responded", "08:59:59"),
        on("FollowedUp", "08:59:59.999999", kind="other"),
        on("InformationRequested", "08:00"),
        on("Closed", "08:00", reason="withdrawn"),
        on("TravelExpenseRecorded", "08:00", amount="1", currency="MXN"),
        on("ContingencyDeclared", "08:00", **DECLARED),
        session("2026-03-02 08:00", "2026-03-02 08:59"),
    ],
)
def test_nothing_comes_before_the_opening(ticket: Desk, entry: Entry) -> None:
    ticket.refuses(entry, **ORDER)


def test_at_the_moment_of_the_opening_it_may(ticket: Desk) -> None:
    ticket.takes(on("Responded", "09:00"), session("2026-03-02 08:00", "2026-03-02 09:00"))


def test_information_is_received_when_it_was_requested(ticket: Desk) -> None:
    ticket.refuses(on("InformationReceived", "10:00"), **ORDER)
    ticket.takes(on("InformationRequested", "11:00"))
    ticket.refuses(on("InformationReceived", "10:00"), **ORDER)
    ticket.takes(on("InformationReceived", "11:00"))
    ticket.refuses(on("InformationReceived", "12:00"), **ORDER)


@pytest.mark.parametrize("heard", ["ResolutionValidated", "ResolutionRejected"])
def test_judging_the_resolution_answers_the_request_for_information(ticket: Desk, heard: str) -> None:
    ticket.takes(on("InformationRequested", "10:00"), on("Resolved", "11:00"), on(heard, "12:00"))
    ticket.refuses(on("InformationReceived", "13:00"), **ORDER)


def test_one_answer_serves_several_requests_for_information(ticket: Desk) -> None:
    ticket.takes(on("InformationRequested", "10:00"), on("InformationRequested", "10:30"), on("InformationReceived", "11:00"))
    ticket.refuses(on("InformationReceived", "12:00"), **ORDER)


@pytest.mark.parametrize("judged", ["ResolutionValidated", "ResolutionRejected"])
def test_only_what_is_resolved_is_validated_or_rejected(ticket: Desk, judged: str) -> None:
    ticket.refuses(on(judged, "10:00"), **ORDER)
    ticket.takes(on("Resolved", "11:00"))
    ticket.refuses(on(judged, "10:59:59"), **ORDER)
    ticket.takes(on(judged, "11:00"))


def test_after_a_rejection_nothing_is_resolved(ticket: Desk) -> None:
    ticket.takes(on("Resolved", "10:00"), on("ResolutionRejected", "11:00"))
    ticket.refuses(on("ResolutionValidated", "12:00"), **ORDER)
    ticket.refuses(on("ResolutionRejected", "12:00"), **ORDER)


def test_a_resolution_may_be_validated_twice_and_rejected_after_that(ticket: Desk) -> None:
    ticket.takes(*(on(it, "11:00") for it in ("Resolved", "ResolutionValidated", "ResolutionValidated", "ResolutionRejected")))


def test_a_ticket_is_resolved_again_only_after_a_rejection(ticket: Desk) -> None:
    ticket.takes(on("Resolved", "10:00"))
    ticket.refuses(on("Resolved", "12:00"), **ORDER)
    ticket.refuses(on("Resolved", "09:30"), **ORDER)
    ticket.takes(on("ResolutionValidated", "10:30"))
    ticket.refuses(on("Resolved", "12:00"), **ORDER)
    ticket.takes(on("ResolutionRejected", "11:00"), on("Resolved", "12:00"))


@pytest.mark.parametrize("answer", ["ExtensionAuthorized", "ExtensionDeclined"])
def test_each_request_for_an_extension_is_answered_once(ticket: Desk, answer: str) -> None:
    ticket.refuses(on(answer, "10:00"), **ORDER)
    ticket.takes(on("ExtensionRequested", "10:00", **EXTENSION), on("ExtensionRequested", "10:30", **EXTENSION))
    ticket.takes(on(answer, "11:00"), on(answer, "11:00"))
    ticket.refuses(on(answer, "12:00"), **ORDER)


def test_a_consultant_becomes_available_who_was_not(ticket: Desk) -> None:
    ticket.refuses(on("ConsultantAvailable", "10:00"), **ORDER)
    ticket.takes(on("ConsultantUnavailable", "10:00"), on("ConsultantUnavailable", "10:30"), on("ConsultantAvailable", "11:00"))
    ticket.refuses(on("ConsultantAvailable", "12:00"), **ORDER)


@pytest.mark.parametrize("kind", ["ContingencyNotified", "ContingencyEnded"])
def test_a_contingency_is_notified_and_ended_while_it_is_open(ticket: Desk, kind: str) -> None:
    ticket.refuses(on(kind, "10:00", contingency="c"), **ORDER)
    ticket.takes(on("ContingencyDeclared", "10:00", **DECLARED))
    ticket.refuses(on(kind, "09:59", contingency="c"), **ORDER)
    ticket.takes(on(kind, "10:00", contingency="c"))
    if kind == "ContingencyNotified":
        ticket.takes(on("ContingencyEnded", "11:00", contingency="c"))
    ticket.refuses(on(kind, "12:00", contingency="c"), **ORDER)


@pytest.mark.parametrize("kind", ["ContingencyNotified", "ContingencyEnded"])
def test_a_contingency_is_notified_and_ended_for_the_ticket_it_was_declared_for(ticket: Desk, kind: str) -> None:
    ticket.takes(opened("T2"), on("ContingencyDeclared", "10:00", **DECLARED))
    ticket.refuses(on(kind, "11:00", contingency="c", ticket="T2"), **ORDER)
    ticket.refuses(said(kind, "2026-03-02 11:00", contingency="c"), **ORDER)
    ticket.takes(on(kind, "11:00", contingency="c"))


@pytest.mark.parametrize("kind", ["ContingencyNotified", "ContingencyEnded"])
def test_one_for_everyone_is_not_notified_or_ended_on_a_ticket(ticket: Desk, kind: str) -> None:
    ticket.refuses(said(kind, "2026-03-02 11:00", contingency="c"), **ORDER)
    ticket.takes(said("ContingencyDeclared", "2026-03-02 10:00", **DECLARED))
    ticket.refuses(on(kind, "11:00", contingency="c"), **ORDER)
    ticket.refuses(said(kind, "2026-03-02 09:59:59", contingency="c"), **ORDER)
    ticket.takes(said(kind, "2026-03-02 10:00", contingency="c"))


def test_a_ticket_begins_at_level_1_and_is_escalated_to_another_level(ticket: Desk) -> None:
    ticket.refuses(on("Escalated", "10:00", level=1, reason="r"), **ORDER)
    ticket.takes(on("Escalated", "10:00", level=3, reason="r"))
    ticket.refuses(on("Escalated", "11:00", level=3, reason="r"), **ORDER)
    ticket.takes(on("Escalated", "11:00", level=1, reason="r"))


def test_a_late_escalation_to_the_level_that_followed_is_refused(ticket: Desk) -> None:
    ticket.takes(on("Escalated", "12:00", **ESCALATED))
    ticket.refuses(on("Escalated", "10:00", **ESCALATED), **ORDER)
    ticket.takes(on("Escalated", "10:00", level=3, reason="r"))


def test_a_ticket_is_closed_once(ticket: Desk) -> None:
    ticket.takes(on("Closed", "12:00", reason="withdrawn"))
    ticket.refuses(on("Closed", "12:00", reason="withdrawn"), **ORDER)
    ticket.refuses(on("Closed", "13:00", reason="withdrawn"), **ORDER)
    ticket.refuses(on("Closed", "11:00", reason="withdrawn"), **ORDER)


def test_a_late_entry_is_refused_where_it_makes_what_followed_illegal(ticket: Desk) -> None:
    ticket.takes(on("InformationRequested", "10:00"), on("InformationReceived", "12:00"))
    ticket.refuses(on("InformationReceived", "11:00"), **ORDER)
    ticket.takes(on("InformationRequested", "11:30"), on("InformationReceived", "11:00"))


def test_a_late_entry_that_fits_in_between_is_taken(ticket: Desk) -> None:
    ticket.takes(on("Resolved", "15:00"), on("Responded", "10:00"), session("2026-03-02 11:00", "2026-03-02 12:00"))
    assert ticket.types("ticket:T1") == ["TicketOpened", "Resolved", "Responded", "SessionHeld"]


def test_of_equal_times_the_one_recorded_first_comes_first(ticket: Desk) -> None:
    ticket.takes(on("InformationRequested", "10:00"), on("InformationReceived", "10:00"))
    ticket.refuses(on("ResolutionValidated", "11:00"), **ORDER)
    ticket.takes(on("Resolved", "11:00"), on("ResolutionValidated", "11:00"))


def test_so_it_does_where_it_comes_late(ticket: Desk) -> None:
    ticket.takes(on("InformationRequested", "10:00"), on("Responded", "12:00"))
    ticket.takes(on("InformationReceived", "10:00"))


def test_order_goes_by_the_uncut_time(ticket: Desk) -> None:
    ticket.takes(on("Resolved", "11:00:00.5"))
    ticket.refuses(on("ResolutionValidated", "11:00:00.499999"), **ORDER)
    ticket.takes(on("ResolutionValidated", "11:00:00.500000"))


def test_the_order_of_arrival_of_different_tickets_does_not_matter(ticket: Desk) -> None:
    ticket.takes(opened("T0", "2026-02-01 09:00"), did("Responded", "2026-02-01 10:00", ticket="T0"))


# Voidings -----------------------------------------------------------------------------------------------------------


def void(entry: object, at: str = "2026-03-09 09:00") -> Entry:
    return said("EntryVoided", at, entry=entry, reason="r")


def test_an_entry_is_voided_by_position_key_or_id(ticket: Desk) -> None:
    first, _ = ticket.takes(on("Responded", "10:00"), on("Responded", "11:00", key="k"))
    last = ticket.takes(on("Responded", "12:00"))[0]
    entry = ticket.ledger.entry(last)
    assert entry is not None
    ticket.takes(void(first), void("k"), void(entry.id))
    assert ticket.response()["stopped_at"] is None


@pytest.mark.parametrize("nothing", [0, -1, 10**9, "no-such-key", "00000000-0000-8000-a000-000000000000", ""])
def test_what_is_voided_must_be_recorded(ticket: Desk, nothing: object) -> None:
    ticket.refuses(void(nothing), "reference", field="entry")


def test_what_begins_a_stream_is_never_voided(ticket: Desk) -> None:
    for entry in ticket.exported():
        if entry["type"] != "RequesterAuthorized":
            ticket.refuses(void(entry["position"]), "reference", field="entry")


def test_a_voiding_is_never_voided(ticket: Desk) -> None:
    (position,) = ticket.takes(on("Responded", "10:00"))
    (voiding,) = ticket.takes(void(position))
    ticket.refuses(void(voiding), "reference", field="entry")


def test_a_voiding_stands_in_the_stream_of_what_it_voids(ticket: Desk) -> None:
    (ticket_entry,) = ticket.takes(on("Responded", "10:00"))
    (desk_entry,) = ticket.takes(said("ContingencyDeclared", "2026-03-02 10:00", **DECLARED))
    ticket.takes(void(ticket_entry), void(desk_entry))
    assert ticket.types("ticket:T1")[-1] == ticket.types("desk")[-1] == "EntryVoided"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (on("Resolved", "10:00"), on("ResolutionValidated", "11:00")),
        (on("InformationRequested", "10:00"), on("InformationReceived", "11:00")),
        (on("ExtensionRequested", "10:00", **EXTENSION), on("ExtensionDeclined", "11:00")),
        (on("ConsultantUnavailable", "10:00"), on("ConsultantAvailable", "11:00")),
        (on("ContingencyDeclared", "10:00", **DECLARED), on("ContingencyEnded", "11:00", contingency="c")),
        (on("Escalated", "10:00", **ESCALATED), on("Escalated", "11:00", level=1, reason="r")),
    ],
)
def test_a_voiding_is_refused_if_what_remains_is_not_legal(ticket: Desk, first: Entry, then: Entry) -> None:
    one, other = ticket.takes(first, then)
    ticket.refuses(void(one), **ORDER)
    ticket.takes(void(other), void(one))


def test_so_is_the_voiding_of_a_declaration_for_everyone(ticket: Desk) -> None:
    (declared,) = ticket.takes(said("ContingencyDeclared", "2026-03-02 10:00", **DECLARED))
    (ended,) = ticket.takes(said("ContingencyEnded", "2026-03-02 11:00", contingency="c"))
    ticket.refuses(void(declared), **ORDER)
    ticket.takes(void(ended), void(declared))


def test_a_voiding_before_the_opening_is_refused_as_anything_is(ticket: Desk) -> None:
    (position,) = ticket.takes(on("Responded", "10:00"))
    ticket.refuses(void(position, at="2026-03-02 08:59"), **ORDER)


def test_a_voiding_may_lie_before_what_it_voids(ticket: Desk) -> None:
    (position,) = ticket.takes(on("Responded", "10:00"))
    ticket.takes(void(position, at="2026-03-02 09:30"))


def test_what_was_voided_is_free_to_happen_again(ticket: Desk) -> None:
    (position,) = ticket.takes(on("Resolved", "10:00"))
    ticket.takes(void(position), on("Resolved", "12:00"))


def test_a_voided_closing_leaves_the_ticket_open(ticket: Desk) -> None:
    (position,) = ticket.takes(on("Closed", "10:00", reason="withdrawn"))
    ticket.takes(void(position), on("Responded", "11:00"), on("Closed", "12:00", reason="withdrawn"))


def test_an_opening_can_not_be_voided_even_of_a_ticket_with_nothing_else(ticket: Desk) -> None:
    assert ticket.types("ticket:T1") == ["TicketOpened"]
    ticket.refuses(void(ticket.ledger.head()), "reference", field="entry")
