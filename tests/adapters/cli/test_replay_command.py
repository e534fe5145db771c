"""`bitacora replay`: what changed between two states of knowledge, because of which entries, in tables and in JSON."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT
from tests.adapters.given import write_lines

OPENED, LATE_ANSWER = 8, 20
"""G-1 is opened at position 8. Its answer of 14:00 is position 9; one given at 10:00 comes to be known at position 20."""


@pytest.fixture
def told_late(desk: Bitacora, tmp_path: Path) -> Bitacora:
    """The story, in which the answer of 14:00 is void and an earlier one was recorded late."""
    late: list[dict[str, Any]] = [
        {"type": "EntryVoided", "at": "2026-03-06T09:00:00-06:00", "entry": "answer-1", "reason": "it came before"},
        {"type": "Responded", "at": "2026-03-02T10:00:00-06:00", "ticket": "G-1"},
    ]
    desk.done("record", write_lines(tmp_path / "late.jsonl", late))
    return desk


def replayed(desk: Bitacora, *asked: object) -> str:
    """What a replay of differences prints, with its runs of spaces made one."""
    ran = desk("replay", "--at", AT, *asked)
    assert (ran.code, ran.err) == (1, ""), ran
    return " ".join(ran.out.split())


def test_a_late_answer_is_told_with_the_figures_it_changed(told_late: Bitacora) -> None:
    told = replayed(told_late, "--known-at", 18, "--ticket", "G-1")
    assert "Ticket G-1 of acme" in told
    assert "Response: verdict breached met" in told
    assert "Response: elapsed 5h 1h" in told
    assert f"{LATE_ANSWER} 2026-03-02 10:00:00 Answered · recorded late," in told
    assert "Responses breached 1 0 -1" in told
    assert "with what was recorded up to position 18 After" in told


def test_json_has_the_changes_with_their_causes_and_the_totals_of_both(told_late: Bitacora) -> None:
    ran = told_late("replay", "--at", AT, "--known-at", 18, "--against", 20, "--ticket", "G-1", "--format", "json")
    (change,) = ran.json()["changes"]
    assert (ran.code, change["report"], change["ticket"], change["change"]) == (1, "sla", "G-1", "changed")
    assert change["fields"]["response.verdict"] == {"before": "breached", "after": "met"}
    assert [(it["kind"], it["position"], it["alone"]) for it in change["causes"]] == [("late", LATE_ANSWER, True)]
    totals = ran.json()["totals"]
    assert [totals[side]["breaches"]["response"] for side in ("before", "after")] == [1, 0]


def test_a_replay_agrees_with_the_reports_of_both_states(told_late: Bitacora) -> None:
    found = told_late("replay", "--at", AT, "--known-at", 10, "--against", 17, "--format", "json").json()
    for side, known in (("before", 10), ("after", 17)):
        rows = told_late.done("report", "sla", "--at", AT, "--known-at", known, "--format", "json").json()
        breached = sum(it[clock]["verdict"] == "breached" for it in rows for clock in ("response", "resolution"))
        assert (found["totals"][side]["tickets"], found["totals"][side]["breaches"]["total"]) == (len(rows), breached)


def test_the_code_is_0_and_says_so_where_nothing_differs(desk: Bitacora) -> None:
    told = desk.done("replay", "--at", AT, "--known-at", 18, "--against", 99).out
    assert told.startswith("Nothing differs.")
    found = desk.done("replay", "--at", AT, "--known-at", 18, "--format", "json").json()
    assert found["changes"] == []
    assert found["totals"]["before"] == found["totals"]["after"]


def test_time_that_passed_is_a_cause_of_its_own(desk: Bitacora) -> None:
    told = replayed(desk, "--known-at", 18, "--at", "2026-03-02T12:00:00-06:00", "--against-at", AT, "--ticket", "G-1")
    assert "Status open resolved the time passed" in told


def test_what_a_later_state_no_longer_knows_is_told_the_other_way_round(told_late: Bitacora) -> None:
    told = replayed(told_late, "--known-at", 20, "--against", 18, "--ticket", "G-1")
    assert "Response: verdict met breached" in told
    assert "not known afterwards" in told


def test_a_new_ticket_a_charge_and_a_quota_are_told_in_a_line_each(desk: Bitacora) -> None:
    told = replayed(desk, "--known-at", 16, "--client", "beta")
    assert "Ticket C-2 of beta" in told
    assert "Quota - paid per event 17" in told
    assert "Bill, per event (entry 17) - 900.00 MXN 17" in told
    assert "Amount, MXN 0.00 900.00 +900.00" in told


def test_a_quota_is_told_with_its_policy(desk: Bitacora) -> None:
    told = replayed(desk, "--known-at", 12, "--policy", "PC")
    assert "Policy PC of beta" in told
    assert "P1: used 0 1 13" in told


def test_readings_hold_for_both_states(told_late: Bitacora) -> None:
    read = ("--reading", "gs.4=clock-hours", "--format", "json")
    ran = told_late("replay", "--at", AT, "--known-at", OPENED, "--against", 9, "--ticket", "G-1", *read)
    assert ran.json()["changes"][0]["fields"]["response.elapsed_seconds"] == {"before": 4 * 86400 + 9 * 3600, "after": 5 * 3600}


def test_it_speaks_spanish_with_the_same_figures(told_late: Bitacora) -> None:
    told = replayed(told_late, "--lang", "es", "--known-at", 18, "--ticket", "G-1")
    assert "Ticket G-1 de acme" in told
    assert "Respuesta: veredicto incumplido cumplido" in told
    assert "Respuesta: transcurrido 5h 1h" in told
    assert "registrado tarde" in told
    assert "Respuestas incumplidas 1 0 -1" in told


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_screen(
    language: str, columns: int, told_late: Bitacora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = told_late("--lang", language, "replay", "--known-at", 3, "--at", AT).out
    assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (("--against", "4"), "Missing option '--known-at'"),
        (("--known-at", "soon"), "soon is neither a position nor a time with its offset"),
        (("--known-at", "4", "--ticket", "G-9"), "there is no ticket G-9"),
        (("--known-at", "4", "--reading", "no.1=x"), "no terms have a reading no.1"),
        (("--known-at", "4", "--format", "csv"), "'csv' is not one of 'table', 'json'"),
    ],
)
def test_what_cannot_be_compared_is_misuse(asked: tuple[str, ...], complaint: str, desk: Bitacora) -> None:
    ran = desk("replay", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
