"""`bitacora report`: the four reports as JSON, CSV and tables, for any moment, knowledge, reading and selection."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT
from tests.adapters.given import write_lines

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "examples"
LEDGERS = sorted(path.name.removesuffix(".expected.json") for path in EXAMPLES.glob("*.expected.json"))
WRITTEN_BY_THE_LEDGER = ("TermsPublished", "ReopenedAsNew", "RequestRefused")
REPORTS = ("sla", "consumption", "billing", "unattended")


def rows(desk: Bitacora, report: str, *asked: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.done("report", report, "--at", AT, "--format", "json", *asked).json()
    return found


def csv_rows(desk: Bitacora, report: str, *asked: object) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(desk.done("report", report, "--at", AT, "--format", "csv", *asked).out)))


# json ---------------------------------------------------------------------------------------------------------------


def test_sla_has_a_ticket_each_in_the_order_opened(desk: Bitacora) -> None:
    found = rows(desk, "sla")
    assert [it["ticket"] for it in found] == ["G-1", "C-1", "C-2", "G-2"]
    answered_late, *_, unofficial = found
    assert (answered_late["response"]["verdict"], answered_late["response"]["overrun_seconds"]) == ("breached", 3600)
    assert (answered_late["resolution"]["elapsed_seconds"], answered_late["resolution"]["clauses"]) == (
        37_800,
        ["gs.5.1", "gs.8.1"],
    )
    assert unofficial["response"]["clauses"] == ["gs.3.3"]


def test_billing_has_a_row_for_each_charge_in_order(desk: Bitacora) -> None:
    found = rows(desk, "billing")
    assert [(it["entry"], it["kind"], it["billable_minutes"], it["amount"]) for it in found] == [
        (10, "follow_up", 15, "150.00"),
        (11, "session", 120, "1200.00"),
        (17, "per_event", 0, "900.00"),
    ]


def test_consumption_has_policies_with_quotas(desk: Bitacora) -> None:
    (found,) = rows(desk, "consumption")
    assert (found["policy"], found["covered"], found["tickets"]["remaining"]) == ("PC", ["C-1"], 7)
    assert found["pay_per_event"][0]["reason"] == "priority_not_included"


def test_unattended_has_the_longest_left_first(desk: Bitacora) -> None:
    assert [(it["ticket"], it["support_seconds"]) for it in rows(desk, "unattended")] == [("C-1", 106_200), ("C-2", 100_800)]


def test_a_selection_narrows_every_report(desk: Bitacora) -> None:
    assert [it["ticket"] for it in rows(desk, "sla", "--client", "beta")] == ["C-1", "C-2"]
    assert [it["ticket"] for it in rows(desk, "sla", "--policy", "PG")] == ["G-1", "G-2"]
    assert [it["ticket"] for it in rows(desk, "sla", "--ticket", "C-2")] == ["C-2"]
    third_of_march = ("--from", "2026-03-03T00:00:00-06:00", "--to", "2026-03-04T00:00:00-06:00")
    assert [it["ticket"] for it in rows(desk, "sla", *third_of_march)] == ["C-2"]
    assert [it["entry"] for it in rows(desk, "billing", *third_of_march)] == [11, 17]


def test_a_report_can_be_asked_for_with_what_was_known_then(desk: Bitacora) -> None:
    assert [it["ticket"] for it in rows(desk, "sla", "--known-at", "12")] == ["G-1"]
    assert rows(desk, "sla", "--known-at", "2026-01-01T00:00:00Z") == []
    answered = rows(desk, "sla", "--ticket", "G-1", "--known-at", "8")[0]["response"]
    assert (answered["verdict"], answered["stopped_at"]) == ("breached", None)


def test_another_reading_is_another_account(desk: Bitacora) -> None:
    (by_the_clock,) = rows(desk, "sla", "--ticket", "G-1", "--reading", "gs.5.base=clock-hours", "--reading", "gs.wait=stops")
    assert by_the_clock["resolution"]["elapsed_seconds"] == 25 * 3600
    assert by_the_clock["resolution"]["readings"]["gs.5.base"] == "clock-hours"


def test_now_is_the_moment_judged_unless_another_is_named(desk: Bitacora) -> None:
    (ticket,) = desk.done("report", "sla", "--ticket", "C-1", "--format", "json").json()
    assert ticket["resolution"]["elapsed_seconds"] > rows(desk, "sla", "--ticket", "C-1")[0]["resolution"]["elapsed_seconds"]


def test_a_report_of_nothing_is_an_empty_list(desk: Bitacora) -> None:
    assert desk.done("report", "unattended", "--at", "2026-03-02T12:00:00-06:00", "--format", "json").out == "[]\n"


@pytest.mark.skipif(not LEDGERS, reason="the folder shared/examples is not beside this project")
@pytest.mark.parametrize("name", LEDGERS or ["absent"])
def test_the_reports_are_the_figures_worked_out_by_hand(name: str, bitacora: Bitacora) -> None:
    bitacora.done("record", EXAMPLES / f"{name}.jsonl", "--refused", "refused.jsonl")
    entries = bitacora.done("entries", "--format", "json").lines()
    ours = [it["position"] for it in entries if it["type"] not in WRITTEN_BY_THE_LEDGER]
    positions = dict(enumerate(ours, start=1))
    for evaluation in json.loads((EXAMPLES / f"{name}.expected.json").read_text("utf-8")):
        known = evaluation["known_position"]
        asked = ["--at", evaluation["at"], *(["--known-at", positions[known]] if known is not None else [])]
        asked += [it for pair in evaluation["readings"].items() for it in ("--reading", "=".join(pair))]
        for report in REPORTS:
            if report in evaluation:
                found = bitacora.done("report", report, "--format", "json", *asked).json()
                _assert_report(report, evaluation[report], found, positions)


def _assert_report(report: str, expected: list[Any], found: list[Any], positions: dict[int, int]) -> None:
    """All rows of a bill and of what is unattended; of the others those named."""
    if report in ("billing", "unattended"):
        assert len(found) == len(expected)
        rows = [row | ({"entry": positions[row["entry"]]} if "entry" in row else {}) for row in expected]
        pairs = list(zip(rows, found, strict=True))
    else:
        key = "ticket" if report == "sla" else "policy"
        by_key = {row[key]: row for row in found}
        pairs = [(row, by_key[row[key]]) for row in expected]
    for one, other in pairs:
        _assert_agrees(one, other)


def _assert_agrees(expected: Any, found: Any) -> None:
    if isinstance(expected, dict):
        for name, value in expected.items():
            if name == "clauses":
                assert found[name][: len(value)] == value
            else:
                _assert_agrees(value, found[name])
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        for one, other in zip(expected, found, strict=True):
            _assert_agrees(one, other)
    else:
        assert found == expected


# csv ----------------------------------------------------------------------------------------------------------------


def test_csv_has_nested_fields_under_dotted_names(desk: Bitacora) -> None:
    first = csv_rows(desk, "sla")[0]
    assert (first["ticket"], first["response.verdict"], first["response.elapsed_seconds"]) == ("G-1", "breached", "18000")
    assert first["resolution.clauses"] == "gs.5.1 gs.8.1"
    assert first["response.readings"].split()[0] == "gs.4=support-hours"
    assert first["closed_reason"] == ""


def test_csv_names_the_priorities_of_the_terms(desk: Bitacora) -> None:
    (first,) = csv_rows(desk, "consumption")
    assert (first["by_priority.P1.included"], first["by_priority.P1.used"], first["covered"]) == ("5", "1", "C-1")
    assert json.loads(first["pay_per_event"])[0]["ticket"] == "C-2"


@pytest.mark.parametrize("report", REPORTS)
def test_csv_and_json_have_the_same_fields(report: str, desk: Bitacora) -> None:
    flat = csv_rows(desk, report)
    for row, cells in zip(rows(desk, report), flat, strict=True):
        assert {name.partition(".")[0] for name in cells} == set(row)


def test_csv_of_nothing_is_its_header(desk: Bitacora) -> None:
    out = desk.done("report", "unattended", "--at", "2026-03-02T12:00:00-06:00", "--format", "csv").out
    assert out == "ticket,client,since,support_seconds,clause\r\n"


# tables -------------------------------------------------------------------------------------------------------------


def test_tickets_that_stop_the_operation_stand_first_in_a_table(desk: Bitacora) -> None:
    out = desk.done("report", "sla", "--at", AT).out
    assert [line.split()[0] for line in out.splitlines()[2:6]] == ["!", "G-1", "C-1", "G-2"]
    assert "! stops the client's operation" in out


def test_a_table_ends_with_what_it_comes_to(desk: Bitacora) -> None:
    sla = desk.done("report", "sla", "--at", AT).out
    assert "Response: 1 met, 2 breached, 1 not applicable." in sla
    assert "4 tickets. Times in America/Mexico_City." in sla
    bill = desk.done("report", "billing", "--at", AT).out
    assert "3 rows. Billable minutes: 135." in bill
    assert "Total: 2250.00 MXN." in bill


def test_a_table_says_what_has_no_agreed_price(bitacora: Bitacora, desk: Bitacora) -> None:
    out = bitacora.done("report", "consumption", "--at", AT).out
    assert "C-2" in out
    assert "priority not included" in out
    assert "1000.00" in out


def test_tables_come_in_spanish_with_the_same_figures(desk: Bitacora) -> None:
    out = desk.done("--lang", "es", "report", "sla", "--at", AT).out
    assert "Respuesta: 1 cumplido, 2 incumplido, 1 no aplica." in out
    assert "5h/4h" in out


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_of_a_table_is_wider_than_the_screen(
    report: str, language: str, columns: int, desk: Bitacora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = desk.done("--lang", language, "report", report, "--at", AT).out
    assert max(map(len, out.splitlines())) <= columns


def test_no_colour_is_sent_where_there_is_no_terminal(desk: Bitacora) -> None:
    assert "\x1b" not in desk.done("report", "sla", "--at", AT).out


def test_a_benefit_is_told_in_words_in_both_languages(desk: Bitacora, tmp_path: Path) -> None:
    registered = {"type": "ClientRegistered", "at": "2026-03-01T08:00:00-06:00", "client": "gamma", "name": "G", "local": True}
    advanced = {"type": "PolicyContracted", "at": "2026-03-01T08:05:00-06:00", "policy": "PA", "client": "gamma",
                "terms": "customsoft", "tier": "advanced", "starts": "2026-03-01"}  # fmt: skip
    delivered = {"type": "BenefitDelivered", "at": "2026-03-05T09:00:00-06:00", "policy": "PA", "benefit": "learning_material"}
    desk.done("record", write_lines(tmp_path / "benefit.jsonl", [registered, advanced, delivered]))
    for language, words in (("en", ": learning material"), ("es", ": material de aprendizaje")):
        told = desk.done("--lang", language, "report", "consumption", "--at", AT).out
        assert words in told and "learning_material" not in told
