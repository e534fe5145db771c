"""What a dossier says, before it is told: bands cut where the target was used up, what is in dispute, what is cited."""

from pathlib import Path
from typing import Any

import pytest

from adapters.dossier.gathering import Asked, gather
from adapters.ledger import Ledger
from replay.dossier import Band, Dossier, Stretch, band_of
from tests.adapters.given import DESK, opened
from tests.replay.desks import AT, small_desk

LATE = {
    "type": "Responded",
    "at": "2026-03-02T14:00:00-06:00",
    "ticket": "G-1",
    "consultant": "luis",
}
STORM: list[dict[str, Any]] = [
    {"type": "ContingencyDeclared", "at": "2026-03-02T10:00:00-06:00", "contingency": "storm", "client_informed": True},
    {"type": "ContingencyEnded", "at": "2026-03-02T11:00:00-06:00", "contingency": "storm"},
]


def drawn_up(ledger: Ledger, **asked: Any) -> Dossier:
    return gather(ledger, Asked("G-1", AT, asked.get("known"), asked.get("against"), asked.get("readings", {})), None)


def clock(verdict: str, *segments: tuple[str, str, str], due: str | None) -> dict[str, Any]:
    held = [{"from": start, "to": end, "state": state} for start, end, state in segments]
    return {"verdict": verdict, "started_at": segments[0][0], "stopped_at": None, "due_at": due, "segments": held}


def test_running_time_is_cut_where_the_target_was_used_up() -> None:
    band = band_of(
        clock(
            "breached",
            ("1970-01-01T00:00:10Z", "1970-01-01T00:00:30Z", "running"),
            ("1970-01-01T00:00:30Z", "1970-01-01T00:00:40Z", "closed_hours"),
            ("1970-01-01T00:00:40Z", "1970-01-01T00:00:50Z", "running"),
            due="1970-01-01T00:00:20Z",
        )
    )
    cut = (Stretch(10, 20, "running"), Stretch(20, 30, "overrun"), Stretch(30, 40, "closed_hours"), Stretch(40, 50, "overrun"))
    assert band == Band(cut, 10, 50, 20, False, True)


def test_a_clock_that_is_met_has_no_overrun_and_one_that_never_started_no_band() -> None:
    band = band_of(clock("met", ("1970-01-01T00:00:00Z", "1970-01-01T00:00:05Z", "running"), due="1970-01-01T00:00:05Z"))
    assert band is not None
    assert [it.state for it in band.stretches] == ["running"] and not band.is_breached
    assert band_of({"started_at": None, "segments": []}) is None


@pytest.mark.parametrize("name", ["response", "resolution"])
def test_a_band_covers_the_clock_without_gaps_and_its_running_time_is_the_figure_judged(tmp_path: Path, name: Any) -> None:
    with small_desk(tmp_path, *DESK, *STORM, opened("G-1", incident_type="technical-regular"), LATE) as ledger:
        dossier = drawn_up(ledger)
    band = dossier.band(name)
    assert band is not None
    assert all(one.end == other.start for one, other in zip(band.stretches, band.stretches[1:], strict=False))
    ran = {state: sum(it.end - it.start for it in band.stretches if it.state == state) for state in ("running", "overrun")}
    figures = dossier.explained[name]
    assert (ran["running"] + ran["overrun"], ran["overrun"]) == (figures["elapsed_seconds"], figures["overrun_seconds"])


def test_what_is_breached_or_hangs_on_a_reading_is_in_dispute(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1"), LATE) as ledger:
        dossier = drawn_up(ledger)
    assert dossier.explained["response"]["verdict"] == "breached"
    assert "response" in dossier.disputed()
    for key in dossier.hangs_on("response"):
        clause = next(it for it in dossier.hangs if it.key == key)
        assert any(one.before[0] != one.after[0] for it in clause.otherwise for one in it.verdicts)


def test_a_late_entry_makes_a_difference_between_then_and_now_and_is_named(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1"), LATE) as ledger:
        before = ledger.head() - 1
        dossier = drawn_up(ledger, known=before)
        same = drawn_up(ledger, against=before + 1)
    assert dossier.compared is not None
    assert (dossier.compared.then, dossier.compared.now) == (before, before + 1)
    assert {it["position"] for row in dossier.compared.changes for it in row["causes"]} == {before + 1}
    assert dossier.others[before + 1]["type"] == "Responded"
    assert same.compared is None


def test_every_clause_cited_by_a_segment_or_a_charge_is_worded_in_both_languages(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1"), LATE) as ledger:
        dossier = drawn_up(ledger)
    worded = dossier.clauses()
    cited = {it["clause"] for name in ("response", "resolution") for it in dossier.explained[name]["segments"] if it["clause"]}
    assert cited and all(it in worded or any(name.startswith(f"{it}.") for name in worded) for it in cited)
    assert all(text.es and text.en for text in worded.values())


def test_a_reading_asked_for_moves_the_figures_and_is_told_as_the_one_in_force(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1"), LATE) as ledger:
        dossier = drawn_up(ledger, readings={"gs.4": "clock-hours"})
    assert dossier.readings()["gs.4"][0] == "clock-hours"
    assert all(it.chosen == "clock-hours" for it in dossier.hangs if it.key == "gs.4")
