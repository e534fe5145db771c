"""The views that reporting reads: every documented query runs, and what it answers is what the reports add up to."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.accounts.building import Building
from adapters.accounts.places import Accounts, accounts_of
from adapters.accounts.reference import reference
from adapters.accounts.views import VIEWS, tables_shown
from adapters.demo.desk import entries
from adapters.files.recording import record_file
from adapters.ledger import Ledger
from adapters.personal.sealing import subject_of
from adapters.reports.reports import Reports
from domain.events import SessionHeld
from projections.contracts import Question
from tests.adapters.cli.calling import ROOT
from tests.adapters.given import write_lines
from tests.postgres_server import Databases
from tests.stores import KINDS, Ledgers

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
PAGE = ROOT / "docs/reporting.md"


@pytest.fixture(scope="module", params=KINDS)
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[tuple[Ledger, Accounts]]:
    """A lifelike desk, sealed, and its accounts, on each store."""
    folder = tmp_path_factory.mktemp("views")
    store = Ledgers(folder, databases if request.param == "postgres" else None)
    with store.open(create=True) as ledger, closing(accounts_of(store.url())) as kept:
        record_file(ledger, write_lines(folder / "entries.jsonl", entries(7, 3_000)))
        Building(ledger, kept, lambda: NOW).build()
        yield ledger, kept
    store.close()


def asked(accounts: Accounts, query: str) -> list[dict[str, Any]]:
    """What a query over the views answers, by the names of its columns."""
    with accounts.reading() as session:
        names = re.split(r",\s*", re.match(r"SELECT (.*?)\s+FROM", query, re.DOTALL)[1])  # type: ignore[index]
        return [dict(zip(names, it, strict=True)) for it in session.all(query)]


def every(accounts: Accounts, view: str) -> list[dict[str, Any]]:
    columns = next([it.name for it in found.columns] for found in VIEWS if found.name == view)
    return asked(accounts, f"SELECT {', '.join(columns)} FROM {view}")


def test_the_page_is_what_the_definitions_say() -> None:
    assert PAGE.read_text("utf-8") == reference()


def test_every_documented_query_runs_and_answers_something(desk: tuple[Ledger, Accounts]) -> None:
    queries = re.findall(r"```sql\n(.*?);\n```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(queries) == len(VIEWS)
    for query in queries:
        assert asked(desk[1], query), query


def test_every_table_that_readers_may_rely_on_is_shown_under_its_plain_name(desk: tuple[Ledger, Accounts]) -> None:
    for table in tables_shown():
        asked(desk[1], f"SELECT {', '.join(table.names)} FROM {table.name}")


def test_sums_of_minutes_and_cents_are_whole_numbers(desk: tuple[Ledger, Accounts]) -> None:
    sums = [*every(desk[1], "monthly_billing"), *every(desk[1], "consultant_workload")]
    found = [it[name] for it in sums for name in ("billable_minutes", "after_hours_minutes", "amount_cents", "session_minutes")
             if it.get(name) is not None]  # fmt: skip
    assert found and {type(it) for it in found} == {int}


def test_the_schema_of_a_file_says_in_both_languages_what_a_view_and_its_columns_mean(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path), create=True) as ledger, closing(accounts_of(str(path))) as kept:
        Building(ledger, kept, lambda: NOW).build()
        with kept.reading() as session:
            schema = dict(session.all("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
    for it in (*tables_shown(), *VIEWS):
        assert f"-- {it.es} / {it.en}\n" in schema[it.name]
        for column in it.columns:
            assert re.search(rf"\b{column.name},? -- {re.escape(f'{column.es} / {column.en}')}\n", schema[it.name])


def test_monthly_compliance_adds_up_to_the_report(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    verdicts: Counter[tuple[Any, ...]] = Counter()
    for row in Reports(ledger, Question(NOW)).sla():
        for clock in ("response", "resolution"):
            verdicts[row["client"], row["priority"], clock, row[clock]["verdict"]] += 1
    found: Counter[tuple[Any, ...]] = Counter()
    for row in every(accounts, "monthly_compliance"):
        for clock in ("response", "resolution"):
            for verdict in ("met", "breached", "not_applicable"):
                found[row["client"], row["priority"], clock, verdict] += row[f"{clock}_{verdict}"]
            met, breached = row[f"{clock}_met"], row[f"{clock}_breached"]
            assert row[f"{clock}_percent"] == (100 * met // (met + breached) if met + breached else None)
            found[row["client"], row["priority"], clock, "open"] += row[f"{clock}_open"]
    assert +found == _opened_together(verdicts)


def _opened_together(verdicts: Counter[tuple[Any, ...]]) -> Counter[tuple[Any, ...]]:
    together: Counter[tuple[Any, ...]] = Counter()
    for (*key, verdict), count in verdicts.items():
        together[*key, "open" if verdict in ("running", "paused") else verdict] += count
    return together


def test_monthly_billing_is_exact_to_the_cent(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    sums: dict[tuple[str, str | None], Decimal] = {}
    minutes = 0
    for row in Reports(ledger, Question(NOW)).billing():
        minutes += row["billable_minutes"]
        if row["amount"] is not None:
            key = row["client"], row["currency"]
            sums[key] = sums.get(key, Decimal(0)) + Decimal(row["amount"])
    found: dict[tuple[str, str | None], Decimal] = {}
    for row in every(accounts, "monthly_billing"):
        if row["amount"] is not None:
            assert Decimal(row["amount"]) * 100 == row["amount_cents"] and re.fullmatch(r"\d+\.\d\d", row["amount"])
            key = row["client"], row["currency"]
            found[key] = found.get(key, Decimal(0)) + Decimal(row["amount"])
    assert found == sums and sum(it["billable_minutes"] for it in every(accounts, "monthly_billing")) == minutes


def test_a_charge_stands_in_the_month_of_the_zone_of_its_terms(desk: tuple[Ledger, Accounts]) -> None:
    late = asked(desk[1], "SELECT at, month FROM billing WHERE at >= '2025-11-01T00:00:00Z' AND at < '2025-11-01T06:00:00Z'")
    assert all(it["month"] == "2025-10" for it in late)


def test_quota_use_is_what_the_report_says(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    expected = {}
    for row in Reports(ledger, Question(NOW)).consumption():
        if row["policy"] is not None:
            expected |= {(row["policy"], priority): counter for priority, counter in row["by_priority"].items()}
            expected[row["policy"], "all"] = row["tickets"]
    found = {
        (it["policy"], it["priority"]): {name: it[name] for name in ("included", "used", "remaining")}
        for it in every(accounts, "quota_use")
    }
    assert found == expected


def test_every_breach_is_listed_with_the_longest_time_that_it_ran(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    reports = Reports(ledger, Question(NOW))
    expected = {
        (row["ticket"], clock): row[clock]["overrun_seconds"]
        for row in reports.sla() for clock in ("response", "resolution") if row[clock]["verdict"] == "breached"
    }  # fmt: skip
    found = {(it["ticket"], it["clock"]): it for it in every(accounts, "breaches")}
    assert {key: it["overrun_seconds"] for key, it in found.items()} == expected
    for (ticket, clock), breach in found.items():
        told = reports.explain(ticket)[clock]
        longest = max((it for it in told["segments"] if it["state"] == "running"), key=lambda it: int(it["counted_seconds"]))
        assert breach["longest_counted_seconds"] == longest["counted_seconds"]
        assert _instant(breach["longest_from_at"]) == _instant(longest["from"])
        clauses = breach["clauses"]
        assert (json.loads(clauses) if isinstance(clauses, str) else clauses) == told["clauses"]


def _instant(found: Any) -> datetime:
    return datetime.fromisoformat(found) if isinstance(found, str) else found


def test_unattended_tickets_are_those_of_the_report(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    expected = {it["ticket"]: it["support_seconds"] for it in Reports(ledger, Question(NOW)).unattended()}
    assert {it["ticket"]: it["unattended_seconds"] for it in every(accounts, "unattended_tickets")} == expected


def test_consultants_are_sealed_and_all_their_work_is_counted(desk: tuple[Ledger, Accounts]) -> None:
    ledger, accounts = desk
    rows = every(accounts, "consultant_workload")
    assert all(subject_of(it["consultant"]) for it in rows)
    unsealed = ledger.unsealed()
    sessions: Counter[str] = Counter()
    for _, recorded in ledger.streams("ticket"):
        for entry in map(unsealed.entry, Question(NOW).counted(recorded)):
            if isinstance(entry.event, SessionHeld):
                sessions.update(it.consultant for it in entry.event.consultants)
    found: Counter[str] = Counter()
    for it in rows:
        found[unsealed.text(it["consultant"])] += it["sessions"]
    assert +found == sessions
    open_tickets = sum(it["open_tickets"] + it["resolved_tickets"] for it in every(accounts, "consultant_open_work"))
    worked = asked(accounts, "SELECT ticket FROM open_work WHERE ticket IN (SELECT ticket FROM work)")
    assert open_tickets == len(worked)


def test_nothing_in_the_accounts_names_a_person(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path), create=True) as ledger, closing(accounts_of(str(path))) as kept:
        record_file(ledger, write_lines(tmp_path / "entries.jsonl", entries(7, 600)))
        Building(ledger, kept, lambda: NOW).build()
        names = {it.name for it in ledger.seals.store.subjects() if it.kind == "person" and it.name}
    content = (path.with_name("ledger.db.accounts")).read_bytes()
    assert names and not [it for it in names if it.encode() in content]
