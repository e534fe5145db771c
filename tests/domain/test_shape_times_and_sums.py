"""What can be wrong with an entry's times and figures by themselves (rules 5, time and sums)."""

import json

import pytest

from domain.refusal import Refused
from domain.shape import read_entry
from tests.given import Entry, cs_policy, did, gs_policy, opened, registered, session, window

NINE, TEN = "2026-03-02 09:00", "2026-03-02 10:00"


def fault(entry: Entry) -> tuple[str, str | None] | None:
    """Why a line is refused, None if it is not."""
    try:
        read_entry(json.dumps(entry).encode())
    except Refused as refused:
        return refused.code, refused.field
    return None


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("1970-01-01T00:00:00Z", True), ("1969-12-31T23:59:59.999999Z", False), ("1969-12-31T18:00:00-06:00", True),
        ("2200-12-31T23:59:59.999999Z", True), ("2201-01-01T00:00:00Z", False), ("0001-01-01T00:00:00+01:00", False),
        ("9999-12-31T23:59:59-01:00", False),
    ],
)  # fmt: skip
def test_a_time_lies_in_the_years_1970_to_2200(text: str, fits: bool) -> None:
    assert fault(did("Responded", text)) == (None if fits else ("time", "at"))


@pytest.mark.parametrize("field", ["started", "sent_at", "to"])
def test_so_does_every_other_time(field: str) -> None:
    entries = {
        "started": session("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
        "sent_at": did("OfficialRequestReceived", NINE, message_id="m", sent_at="1969-12-31T00:00:00Z"),
        "to": window(NINE, TEN, "2201-01-01T00:00:00Z"),
    }
    assert fault(entries[field]) == ("time", field)


@pytest.mark.parametrize(("started", "found"), [
    ("2026-03-02 09:59:59.999999", None), (TEN, ("time", "ended")), ("2026-03-02 10:00:01", ("time", "ended")),
])  # fmt: skip
def test_a_session_ends_after_it_started(started: str, found: tuple[str, str] | None) -> None:
    assert fault(session(started, TEN)) == found


def test_the_at_of_a_session_is_its_end() -> None:
    assert fault(session(NINE, TEN) | {"at": "2026-03-02T16:00:00Z"}) is None
    assert fault(session(NINE, TEN) | {"at": "2026-03-02T16:00:00.000001Z"}) == ("time", "at")
    assert fault(session(NINE, TEN) | {"at": "2026-03-02T15:59:59Z"}) == ("time", "at")


@pytest.mark.parametrize(("started", "found"), [
    ("2026-03-01 10:00", None), ("2026-03-01 09:59:59.999999", ("time", "ended")),
])  # fmt: skip
def test_a_session_lasts_at_most_24_hours(started: str, found: tuple[str, str] | None) -> None:
    assert fault(session(started, TEN)) == found


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ({"joined": NINE, "left": TEN}, None),
        ({"joined": "2026-03-02 09:30"}, None),
        ({"left": "2026-03-02 09:00:01"}, None),
        ({"joined": "2026-03-02 08:59:59"}, ("time", "consultants[0].joined")),
        ({"joined": "2026-03-02 10:00:01"}, ("time", "consultants[0].joined")),
        ({"left": "2026-03-02 08:59:59"}, ("time", "consultants[0].left")),
        ({"left": "2026-03-02 10:00:01"}, ("time", "consultants[0].left")),
        ({"joined": TEN}, ("time", "consultants[0].left")),
        ({"left": NINE}, ("time", "consultants[0].left")),
        ({"joined": "2026-03-02 09:30", "left": "2026-03-02 09:30"}, ("time", "consultants[0].left")),
        ({"joined": "2026-03-02 09:31", "left": "2026-03-02 09:30"}, ("time", "consultants[0].left")),
    ],
)
def test_a_consultant_joins_and_then_leaves_within_the_session(times: Entry, found: tuple[str, str] | None) -> None:
    assert fault(session(NINE, TEN, {"consultant": "luis"} | times)) == found


def test_a_consultant_stands_once_in_a_session() -> None:
    assert fault(session(NINE, TEN, "luis", "eva")) is None
    assert fault(session(NINE, TEN, "luis", "eva", "luis")) == ("time", "consultants[2].consultant")


@pytest.mark.parametrize(("to", "found"), [
    ("2026-03-02 19:00:00.000001", None), ("2026-03-02 19:00", ("time", "to")), ("2026-03-02 18:00", ("time", "to")),
])  # fmt: skip
def test_a_window_ends_after_it_began(to: str, found: tuple[str, str] | None) -> None:
    assert fault(window(NINE, "2026-03-02 19:00", to)) == found


@pytest.mark.parametrize(("sent_at", "found"), [
    (NINE, None), ("2026-03-02 08:00", None), ("2026-03-02 09:00:00.000001", ("time", "sent_at")),
])  # fmt: skip
def test_an_e_mail_arrives_after_it_was_sent(sent_at: str, found: tuple[str, str] | None) -> None:
    assert fault(did("OfficialRequestReceived", NINE, message_id="m", sent_at=sent_at)) == found


@pytest.mark.parametrize(("ends", "found"), [
    ("2026-01-01", None), ("2025-12-31", ("time", "ends")), ("9999-12-31", None),
])  # fmt: skip
def test_a_policy_ends_on_or_after_its_first_day(ends: str, found: tuple[str, str] | None) -> None:
    assert fault(gs_policy(starts="2026-01-01", ends=ends)) == found


AMOUNTS = ["0", "0.00", "1", "850.5", "850.50", "999999999999.99", "007", "0.01"]
NO_AMOUNTS = ["-1", "-0.00", "1.005", "0.000", "1000000000000", "1e3", "", " 1", "1 ", "+1", "1,50", "1.", ".5", "uno", "NaN",
              "Infinity", "١", "1_000", "0x1"]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_is_a_decimal_of_at_most_two_places_below_a_million_millions(amount: str) -> None:
    assert fault(did("TravelExpenseRecorded", NINE, amount=amount, currency="MXN")) is None
    assert fault(gs_policy(prices={"currency": "MXN", "hourly": amount})) is None
    assert fault(cs_policy(prices={"currency": "MXN", "per_event": {"P1": amount}})) is None


@pytest.mark.parametrize("amount", NO_AMOUNTS)
def test_anything_else_is_no_amount(amount: str) -> None:
    assert fault(did("TravelExpenseRecorded", NINE, amount=amount, currency="MXN")) == ("sums", "amount")
    assert fault(gs_policy(prices={"currency": "MXN", "hourly": amount})) == ("sums", "prices.hourly")
    assert fault(registered(prices={"currency": "MXN", "per_event": {"P1": amount}})) == ("sums", "prices.per_event.P1")


@pytest.mark.parametrize(("factor", "fits"), [
    ("1", True), ("1.0000", True), ("1.3333", True), ("2", True), ("0.9999", False), ("0", False), ("-1", False),
    ("1.00001", False), ("1e0", False), ("", False), ("dos", False),
])  # fmt: skip
def test_a_factor_is_1_or_more_with_at_most_four_decimals(factor: str, fits: bool) -> None:
    found = fault(registered(prices={"currency": "MXN", "after_hours_factor": factor}))
    assert found == (None if fits else ("sums", "prices.after_hours_factor"))


@pytest.mark.parametrize(("seconds", "fits"), [(1, True), (86_400, True), (0, False), (-60, False)])
def test_extra_and_budgeted_seconds_are_more_than_none(seconds: int, fits: bool) -> None:
    extra = did("ExtensionRequested", NINE, extra_seconds=seconds, reason="r")
    budget = did("IncidentClassified", NINE, incident_type="maintenance", budget_seconds=seconds)
    assert fault(extra) == (None if fits else ("sums", "extra_seconds"))
    assert fault(budget) == (None if fits else ("sums", "budget_seconds"))


@pytest.mark.parametrize("field", ["extra_seconds"])
def test_seconds_beyond_any_integer_are_refused(field: str) -> None:
    code, named = fault(did("ExtensionRequested", NINE, reason="r") | {field: 10**30}) or (None, None)
    assert code in ("shape", "sums")
    assert named == field


def test_a_valid_opening_is_just_read() -> None:
    assert fault(opened()) is None
