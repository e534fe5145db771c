"""Statements: their figures are those of the reports; each ticket and each row of the bill is in one month, on any ledger."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.demo.__main__ import record
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.statement.counting import CLOCKS, Quota, charged, charged_by_kind, counter, kept, kept_by_priority, permille
from adapters.statement.gathering import Asked, Statement, gather
from adapters.statement.month import Month
from adapters.statement.wording import percent
from projections.contracts import Question
from tests.adapters.given import DESK, REGISTERED, followed_up, opened
from tests.oracle import reports as oracle
from tests.oracle.comparison import NOW
from tests.oracle.ledgers import random_question
from tests.replay.desks import exported, random_desk, small_desk

MARCH = Month(2026, 3)
APRIL_3 = datetime(2026, 4, 3, 18, tzinfo=UTC)
LAST_INSTANT = timedelta(microseconds=1)
CS_POLICY = {
    "type": "PolicyContracted", "at": "2026-01-05T08:05:00-06:00", "policy": "P-2", "client": "acme", "terms": "customsoft",
    "tier": "basic", "starts": "2026-01-05", "prices": {"currency": "MXN", "per_event": {"P4": "1000.00", "P1": "500.10"}},
}  # fmt: skip


def asked(
    client: str = "acme", month: Month = MARCH, at: datetime = APRIL_3, known: int | None = None, **readings: str
) -> Asked:
    return Asked(client, month, at, known, readings)


def clients_of(entries: Iterable[dict[str, Any]]) -> list[str]:
    return [it["client"] for it in entries if it["type"] == "ClientRegistered"]


def months_of(entries: list[dict[str, Any]]) -> list[Month]:
    """Every month from before the first entry to after the last."""
    days = [datetime.fromisoformat(it["at"]).date() for it in entries if it["type"] not in ("TermsPublished",)]
    month, last = Month(min(days).year, min(days).month), max(days) + timedelta(days=40)
    month = Month(month.year - 1, 12) if month.number == 1 else Month(month.year, month.number - 1)
    found = [month]
    while found[-1].first < date(last.year, last.month, 1):
        found.append(found[-1].following)
    return found


def statements(ledger: Ledger, entries: list[dict[str, Any]], client: str, question: Question) -> list[Statement]:
    """A client's statements of every month that had begun, in order."""
    made = []
    for month in months_of(entries):
        try:
            made.append(gather(ledger, Asked(client, month, question.at, question.known, question.readings)))
        except LedgerError:
            break
        except NotFound:
            # Nothing was known of the client yet.
            return []
    return made


# Against the reports, on random ledgers -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(9100, 9112))
def test_every_ticket_and_every_row_of_the_bill_is_in_the_statement_of_one_month(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, rng):
        at, known, readings = random_question(rng, entries)
        for question in (Question(NOW, len(entries)), Question(datetime.fromisoformat(at), known, readings)):
            for client in clients_of(entries):
                made = statements(ledger, entries, client, question)
                reports = Reports(ledger, question, Selection(client=client))
                if made:
                    assert [row for it in made for row in it.bill] == list(reports.billing())
                    assert [row for it in made for row in it.opened] == list(reports.sla())


@pytest.mark.parametrize("seed", range(9200, 9208))
def test_its_figures_are_those_of_the_second_implementation(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, _rng):
        # Not long after the last of them: the second implementation walks through every second.
        at = max(datetime.fromisoformat(it["at"]) for it in entries if it["type"] != "TermsPublished") + timedelta(days=3)
        sla, billing = oracle.sla(entries, at.isoformat()), oracle.billing(entries, at.isoformat())
        for client in clients_of(entries):
            for made in statements(ledger, entries, client, Question(at)):
                assert_verdicts(made, [it for it in sla if it["client"] == client and in_month(it["opened_at"], made)])
                assert_sums(made, [it for it in billing if it["client"] == client and in_month(it["at"], made)])


def in_month(text: str, made: Statement) -> bool:
    local = datetime.fromisoformat(text).astimezone(ZoneInfo(made.span.zone))
    return (local.year, local.month) == (made.month.year, made.month.number)


def assert_verdicts(made: Statement, rows: list[dict[str, Any]]) -> None:
    for clock in CLOCKS:
        verdicts = Counter(it[clock]["verdict"] for it in rows)
        found = kept(made.opened, clock)
        assert (found.met, found.breached) == (verdicts["met"], verdicts["breached"])
        assert (found.pending, found.not_applicable) == (
            verdicts["running"] + verdicts["paused"],
            verdicts["not_applicable"],
        )
        by_priority = kept_by_priority(made.opened, clock, made.priorities)
        assert {name: it.tickets for name, it in by_priority.items()} == Counter(it["priority"] for it in rows)


def assert_sums(made: Statement, rows: list[dict[str, Any]]) -> None:
    found = charged(made.bill)
    expected: dict[str, Decimal] = {}
    for row in rows:
        if row["amount"] is not None:
            expected[row["currency"]] = expected.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
    assert dict(found.amounts) == expected
    assert sum(found.notes.values()) == sum(it["amount"] is None for it in rows)
    assert found.billable_minutes == sum(it["billable_minutes"] for it in rows)
    kinds = charged_by_kind(made.bill)
    assert sum((sum(it.amounts.values()) for it in kinds.values()), Decimal(0)) == sum(expected.values(), Decimal(0))


@pytest.mark.parametrize("seed", range(9300, 9310))
def test_judged_at_the_end_of_the_month_the_quota_is_that_of_the_report(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, _rng):
        for client in clients_of(entries):
            for later in statements(ledger, entries, client, Question(NOW)):
                end = later.span.until - LAST_INSTANT
                if end < later.registered.at:
                    continue
                made = gather(ledger, Asked(client, later.month, end, None, {}))
                report = {it["policy"]: it for it in Reports(ledger, made.question, Selection(client=client)).consumption()}
                for it in made.used:
                    assert_counter(it.tickets, report[it.row["policy"]]["tickets"])
                    for priority, found in it.by_priority.items():
                        assert_counter(found, report[it.row["policy"]]["by_priority"][priority])


def assert_counter(found: Quota, row: dict[str, int]) -> None:
    assert (found.included, found.used, found.left) == (row["included"], row["used"], row["remaining"])


@pytest.mark.parametrize("seed", range(9400, 9406))
def test_what_was_used_in_the_months_adds_up_to_what_was_used(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, _rng):
        for client in clients_of(entries):
            made = statements(ledger, entries, client, Question(NOW))
            for row in Reports(ledger, Question(NOW), Selection(client=client)).consumption():
                months = [it for one in made for it in one.used if it.row["policy"] == row["policy"]]
                assert sum(it.tickets.month for it in months) == row["tickets"]["used"]
                assert [paid for it in months for paid in it.paid] == row["pay_per_event"]


# A month ------------------------------------------------------------------------------------------------------------


def test_months_follow_each_other() -> None:
    assert (Month(2026, 11).following, Month(2026, 12).following) == (Month(2026, 12), Month(2027, 1))
    assert str(Month(2026, 3)) == "2026-03"


def test_a_month_is_that_of_the_zone_of_the_terms(tmp_path: Path) -> None:
    late = opened("G-1", at="2026-03-31T23:59:59.5-06:00")
    early = opened("G-2", at="2026-04-01T00:00:00-06:00")
    with small_desk(tmp_path, *DESK, late, early) as ledger:
        assert [it["ticket"] for it in gather(ledger, asked()).opened] == ["G-1"]
        assert [it["ticket"] for it in gather(ledger, asked(month=Month(2026, 4))).opened] == ["G-2"]
        assert gather(ledger, asked()).span.zone == "America/Mexico_City"


def test_under_another_reading_of_the_zone_the_month_begins_at_another_instant(tmp_path: Path) -> None:
    contracted = [dict(it, at=it["at"].replace("2026", "2022")) for it in DESK]
    contracted[-1] = contracted[-1] | {"starts": "2022-01-05"}
    with small_desk(tmp_path, *contracted) as ledger:
        # Mexico City had summer time until 2022; GMT-6 has none.
        july = Month(2022, 7)
        assert gather(ledger, asked(month=july)).span.since == datetime(2022, 7, 1, 5, tzinfo=UTC)
        told = gather(ledger, Asked("acme", july, APRIL_3, None, {"gs.8.1": "utc-6"}))
        assert told.span.since == datetime(2022, 7, 1, 6, tzinfo=UTC)


def test_a_client_without_any_terms_has_months_in_utc(tmp_path: Path) -> None:
    with small_desk(tmp_path, REGISTERED) as ledger:
        made = gather(ledger, asked())
        assert (made.span.zone, made.span.since) == ("UTC", datetime(2026, 3, 1, tzinfo=UTC))


def test_a_client_whose_policy_is_over_keeps_the_zone_of_its_terms(tmp_path: Path) -> None:
    ended = DESK[-1] | {"ends": "2026-02-10"}
    with small_desk(tmp_path, *DESK[:-1], ended) as ledger:
        made = gather(ledger, asked())
        assert (made.span.zone, made.policies) == ("America/Mexico_City", [])


# Tickets of the month -----------------------------------------------------------------------------------------------


def test_tickets_open_when_the_month_began_come_from_before(tmp_path: Path) -> None:
    lines = [
        opened("OPEN", at="2026-02-20T09:00:00-06:00"),
        opened("SOLVED", at="2026-02-20T09:00:00-06:00"),
        {"type": "Resolved", "at": "2026-02-21T09:00:00-06:00", "ticket": "SOLVED"},
        opened("REJECTED", at="2026-02-20T09:00:00-06:00", incident_type="technical-regular"),
        {"type": "Resolved", "at": "2026-02-21T09:00:00-06:00", "ticket": "REJECTED"},
        {"type": "ResolutionRejected", "at": "2026-03-05T09:00:00-06:00", "ticket": "REJECTED"},
        {"type": "Resolved", "at": "2026-03-06T09:00:00-06:00", "ticket": "REJECTED"},
        opened("CLOSED", at="2026-02-20T09:00:00-06:00"),
        {"type": "Closed", "at": "2026-02-21T09:00:00-06:00", "ticket": "CLOSED", "reason": "withdrawn"},
        opened("LATER", at="2026-02-20T09:00:00-06:00"),
        {"type": "Resolved", "at": "2026-02-21T09:00:00-06:00", "ticket": "LATER"},
        {"type": "ResolutionRejected", "at": "2026-04-02T09:00:00-06:00", "ticket": "LATER"},
    ]
    with small_desk(tmp_path, *DESK, *sorted(lines, key=lambda it: it["at"])) as ledger:
        assert [it["ticket"] for it in gather(ledger, asked()).before] == ["OPEN", "REJECTED"]
        assert [it["ticket"] for it in gather(ledger, asked(month=Month(2026, 4))).before] == ["OPEN", "LATER"]


def test_a_ticket_of_before_that_is_charged_for_in_the_month_is_among_its_tickets(tmp_path: Path) -> None:
    travel = {
        "type": "TravelExpenseRecorded",
        "at": "2026-03-09T09:00:00-06:00",
        "ticket": "G-1",
        "amount": "80",
        "currency": "MXN",
    }
    closed = {"type": "Closed", "at": "2026-02-21T09:00:00-06:00", "ticket": "G-1", "reason": "withdrawn"}
    with small_desk(tmp_path, *DESK, opened("G-1", at="2026-02-20T09:00:00-06:00"), closed, travel) as ledger:
        made = gather(ledger, asked())
        assert [it["ticket"] for it in made.before] == ["G-1"]
        assert charged(made.bill).amounts == {"MXN": Decimal("80")}


def test_a_late_follow_up_is_on_the_statement_of_the_month_it_happened(tmp_path: Path) -> None:
    late = followed_up("G-1", at="2026-03-31T20:00:00-06:00")
    with small_desk(tmp_path, *DESK, opened("G-1"), late) as ledger:
        head = ledger.head()
        assert [it["entry"] for it in gather(ledger, asked()).bill] == [head]
        assert gather(ledger, asked(known=head - 1)).bill == []
        assert gather(ledger, asked(month=Month(2026, 4))).bill == []


def test_a_session_over_the_end_of_the_month_is_billed_once_in_that_in_which_it_began(tmp_path: Path) -> None:
    session = {
        "type": "SessionHeld", "at": "2026-04-01T00:30:00-06:00", "ticket": "G-1", "started": "2026-03-31T23:30:00-06:00",
        "ended": "2026-04-01T00:30:00-06:00", "consultants": [{"consultant": "luis"}], "delivery": "remote",
    }  # fmt: skip
    with small_desk(tmp_path, *DESK, opened("G-1"), session) as ledger:
        assert [it["kind"] for it in gather(ledger, asked()).bill] == ["session"]
        assert gather(ledger, asked(month=Month(2026, 4))).bill == []


def test_a_session_that_began_before_its_ticket_was_opened_is_billed_in_the_month_in_which_it_began(tmp_path: Path) -> None:
    session = {
        "type": "SessionHeld", "at": "2026-04-01T00:30:00-06:00", "ticket": "G-1", "started": "2026-03-31T23:30:00-06:00",
        "ended": "2026-04-01T00:30:00-06:00", "consultants": [{"consultant": "luis"}], "delivery": "remote",
    }  # fmt: skip
    with small_desk(tmp_path, *DESK, opened("G-1", at="2026-04-01T00:10:00-06:00"), session) as ledger:
        made = gather(ledger, asked())
        assert ([it["kind"] for it in made.bill], made.opened, [it["ticket"] for it in made.before]) == (
            ["session"],
            [],
            ["G-1"],
        )
        assert made.subjects["G-1"] == "no network"


def test_quota_is_told_as_before_in_and_left_after_the_month(tmp_path: Path) -> None:
    tickets = [
        opened(f"C-{number}", at=f"2026-{month}-10T09:0{number}:00-06:00", priority="P1", channel="portal")
        for number, month in enumerate(("02", "03", "03", "04"))
    ]
    with small_desk(tmp_path, REGISTERED, CS_POLICY, *tickets) as ledger:
        (used,) = gather(ledger, asked(at=datetime(2026, 4, 20, tzinfo=UTC))).used
        assert used.by_priority["P1"] == Quota(included=5, before=1, month=2, left=2)
        assert used.tickets == Quota(included=8, before=1, month=2, left=5)


def test_a_ticket_paid_per_event_has_its_reason_and_its_price(tmp_path: Path) -> None:
    with small_desk(tmp_path, REGISTERED, CS_POLICY, opened("C-1", priority="P4", channel="portal")) as ledger:
        made = gather(ledger, asked())
        assert made.paid["C-1"]["reason"] == "priority_not_included"
        assert charged(made.bill).amounts == {"MXN": Decimal("900.00")}


def test_readings_and_clauses_are_those_that_a_figure_rests_on(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1", incident_type="technical-regular"), followed_up("G-1")) as ledger:
        (cited,) = gather(ledger, Asked("acme", MARCH, APRIL_3, None, {"gs.4": "clock-hours"})).cited
        assert cited.clauses == ["gs.4", "gs.5.1", "gs.6", "gs.8.1"]
        assert cited.readings["gs.4"] == "clock-hours" and cited.readings["gs.6.daily"] == "each"
        assert "gs.7" not in cited.readings


def test_a_month_in_which_nothing_happened_has_a_statement_too(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK) as ledger:
        made = gather(ledger, asked())
        assert (made.opened, made.before, made.bill, made.cited) == ([], [], [], [])
        assert [policy.id for policy, _rules in made.policies] == ["P-1"]


def test_what_cannot_be_told_is_refused(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK) as ledger:
        with pytest.raises(NotFound):
            gather(ledger, asked("nobody"))
        with pytest.raises(NotFound):
            gather(ledger, asked(known=2))
        with pytest.raises(LedgerError, match="had not begun"):
            gather(ledger, asked(month=Month(2026, 5)))


def test_a_month_that_is_not_over_is_told_as_of_the_moment_judged(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1")) as ledger:
        made = gather(ledger, asked(at=datetime(2026, 3, 2, 20, tzinfo=UTC)))
        assert (made.is_over, len(made.opened)) == (False, 1)


def test_what_a_forgotten_client_was_told_is_told_no_more(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1", subject="no network")) as ledger:
        assert gather(ledger, asked()).subjects == {"G-1": "no network"}
        ledger.forget("client", "acme")
        made = gather(ledger, asked())
        assert (made.subjects, made.registered.name) == ({"G-1": "[forgotten]"}, "[forgotten]")


# The demo year ------------------------------------------------------------------------------------------------------


def test_the_statements_of_a_demo_year_add_up_to_its_bill(tmp_path: Path) -> None:
    record(tmp_path / "demo.db")
    question = Question(datetime(2026, 10, 31, tzinfo=UTC))
    with Ledger.open(str(tmp_path / "demo.db")) as ledger:
        entries = exported(ledger)
        for client in ("fletes-de-tepeyac", "refacciones-de-la-laguna"):
            made = statements(ledger, entries, client, question)
            bill = list(Reports(ledger, question, Selection(client=client)).billing())
            assert charged([row for it in made for row in it.bill]) == charged(bill)
            opened_by_it = [it for it in entries if it["type"] == "TicketOpened" and it["client"] == client]
            assert sum(len(it.opened) for it in made) == len(opened_by_it) > 20


# Counting -----------------------------------------------------------------------------------------------------------


def test_a_percentage_is_cut_off_and_never_rounded_up() -> None:
    assert (permille(2999, 3000), permille(0, 7), permille(0, 0)) == (999, 0, None)
    assert (percent(2999, 3000), percent(3, 3), percent(0, 0)) == ("99.9 %", "100.0 %", "–")


def test_what_is_left_of_a_quota_is_never_below_nothing() -> None:
    assert counter({"included": 2, "used": 5}, month=3, later=1) == Quota(included=2, before=1, month=3, left=0)


def test_what_has_no_amount_is_counted_by_its_reason_and_not_as_nothing() -> None:
    row = {"billable_minutes": 15, "after_hours_minutes": 0, "unrequested_minutes": 0, "kind": "follow_up", "currency": None}
    found = charged([row | {"amount": None, "amount_note": "not agreed"}, row | {"amount": "0.10", "amount_note": None}])
    assert (found.notes, found.amounts) == ({"not agreed": 1}, {"": Decimal("0.10")})
