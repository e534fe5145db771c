"""`bitacora what-if`: what would have come out otherwise, with its cause, and nothing written."""

from pathlib import Path
from typing import Any

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT
from tests.adapters.given import write_lines

SHIFTED = """[calendar]
zone = "America/Mexico_City"
clause = "x.1"

[calendar.weekly]
mon = ["06:00-22:00"]
"""


def supposed(desk: Bitacora, *asked: object) -> str:
    """What a what-if prints, with its runs of spaces made one."""
    return " ".join(desk.done("what-if", "--at", AT, *asked).out.split())


def answered(desk: Bitacora, *asked: object) -> Any:
    return desk.done("what-if", "--at", AT, "--format", "json", *asked).json()


def test_another_reading_is_told_with_what_it_changes(desk: Bitacora) -> None:
    told = supposed(desk, "--reading", "gs.5.base=clock-hours", "--ticket", "G-1")
    assert "Resolution: elapsed 10h30m 25h gs.5.base=clock-hours" in told
    assert "Supposed, and nothing written; judged at 2026-03-06 18:00:00 -06:00 with everything recorded." in told


def test_an_entry_left_out_is_told_with_what_it_said(desk: Bitacora) -> None:
    told = supposed(desk, "--without", "11", "--ticket", "G-1")
    assert "Bill, session (entry 11) 1200.00 MXN - without 11" in told
    assert "without 11 2026-03-03 10:00:00 Session (remote)" in told
    assert "left out" in told
    assert "Amount, MXN 1350.00 150.00 -1200.00" in told


def test_what_could_not_stand_without_it_is_told(desk: Bitacora) -> None:
    told = supposed(desk, "--without", "15", "--ticket", "C-1")
    assert "this could not have been recorded; it is judged as it stands: entry 16:" in told
    left = answered(desk, "--without", "15", "--ticket", "C-1")["illegal"]
    assert [(it["stream"], it["position"]) for it in left] == [("ticket:C-1", 16)]


def test_other_terms_need_a_tier_where_they_have_tiers(desk: Bitacora) -> None:
    told = supposed(desk, "--terms", "customsoft", "--tier", "basic", "--client", "acme")
    assert "terms customsoft basic" in told
    assert "Policy PG of acme" in told
    ran = desk("what-if", "--terms", "customsoft", "--client", "acme")
    assert (ran.code, ran.out) == (2, "")
    assert "policy PG needs a tier under customsoft: one of basic, intermediate, advanced" in ran.err


def test_a_tier_and_a_calendar_of_a_file_are_causes(desk: Bitacora, tmp_path: Path) -> None:
    tier = answered(desk, "--tier", "advanced", "--policy", "PC")
    assert {it["kind"] for row in tier["changes"] for it in row["causes"]} == {"tier"}
    (tmp_path / "shifted.toml").write_text(SHIFTED)
    told = supposed(desk, "--calendar", tmp_path / "shifted.toml", "--ticket", "G-1")
    assert "calendar x.1" in told


def test_entries_of_a_file_are_supposed_and_those_refused_named(desk: Bitacora, tmp_path: Path) -> None:
    earlier = {"type": "Responded", "at": "2026-03-02T10:00:00-06:00", "ticket": "G-1", "consultant": "rosa"}
    unknown = {"type": "Responded", "at": "2026-03-02T10:00:00-06:00", "ticket": "G-9"}
    file = write_lines(tmp_path / "more.jsonl", [earlier, unknown])
    ran = desk("what-if", "--at", AT, "--with", file, "--ticket", "G-1")
    told = " ".join(ran.out.split())
    assert (ran.code, ran.err) == (1, "")
    assert "Entries supposed: 1; recorded before: 0; refused: 1. line 2 (reference ticket): " in told
    assert "Response: verdict breached met line 1" in told
    assert "line 1 2026-03-02 10:00:00 Answered; consultant: rosa · supposed" in told
    found = desk("what-if", "--at", AT, "--with", file, "--ticket", "G-1", "--format", "json").json()
    assert [(it["line"], it["positions"]) for it in found["tried"]] == [(1, [19]), (2, [])]
    assert found["tried"][1]["refused"]["code"] == "reference"
    assert found["changes"][0]["causes"][0]["said"] == "line 1"


def test_nothing_is_written(desk: Bitacora, tmp_path: Path) -> None:
    before = desk.done("entries", "--format", "json").out
    file = write_lines(tmp_path / "more.jsonl", [{"type": "Resolved", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-2"}])
    supposed(desk, "--with", file, "--without", "9", "--terms", "grupo-staff", "--client", "acme")
    assert desk.done("entries", "--format", "json").out == before


def test_the_terms_in_force_change_nothing(desk: Bitacora) -> None:
    assert supposed(desk, "--terms", "grupo-staff", "--client", "acme").startswith("Nothing differs.")


def test_a_position_beyond_the_last_is_told_for_what_it_is(desk: Bitacora) -> None:
    end = "which is everything: the last entry is 18"
    assert f"up to position 99, {end}" in supposed(desk, "--reading", "gs.5.base=clock-hours", "--known-at", "99")
    assert end not in supposed(desk, "--reading", "gs.5.base=clock-hours", "--known-at", "18")
    for command in (("report", "sla"), ("report", "billing"), ("explain", "G-1"), ("readings",)):
        told = " ".join(desk.done(*command, "--at", AT, "--known-at", "99").out.split())
        assert f"what was recorded up to position 99, {end}" in told, command
        everything, beyond = (desk.done(*command, "--at", AT, *known, "--format", "json").out
                              for known in ((), ("--known-at", "99")))  # fmt: skip
        assert everything == beyond


def test_only_what_was_known_is_supposed_otherwise(desk: Bitacora) -> None:
    found = answered(desk, "--known-at", "10", "--without", "9", "--ticket", "G-1")
    assert found["totals"]["before"]["amounts"] == {"MXN": "150.00"}
    ran = desk("what-if", "--known-at", "10", "--without", "11")
    assert (ran.code, "there is no entry at position 11" in ran.err) == (2, True)


def test_it_speaks_spanish_with_the_same_figures(desk: Bitacora) -> None:
    told = supposed(desk, "--lang", "es", "--without", "11", "--ticket", "G-1")
    assert "Cobro, sesión (asiento 11) 1200.00 MXN - sin 11" in told
    assert "Importe, MXN 1350.00 150.00 -1200.00" in told
    assert "nada se escribió" in told
    ran = desk("--lang", "es", "what-if", "--tier", "gold")
    assert (ran.code, "ninguna póliza" in ran.err) == (2, True)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_screen(language: str, columns: int, desk: Bitacora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    asked = ("--terms", "customsoft", "--tier", "basic", "--without", "15")
    out = desk.done("--lang", language, "what-if", "--at", AT, *asked).out
    assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ((), "nothing is supposed: give --terms"),
        (("--terms", "nowhere.toml"), "nowhere.toml is neither the id of published terms (customsoft, grupo-staff) nor a file"),
        (("--calendar", "nowhere.toml"), "nowhere.toml is neither the id of published terms"),
        (("--tier", "gold"), "no policy looked at can have the tier gold"),
        (("--reading", "gs.4=never"), "the reading gs.4 has no option never"),
        (("--reading", "no.1=x"), "no terms have a reading no.1"),
        (("--without", "99"), "there is no entry at position 99"),
        (("--without", "1"), "the entry at position 1 publishes terms"),
        (("--without", "first"), "first is not a whole number from 1 on"),
        (("--with", "nowhere.jsonl"), "nowhere.jsonl: No such file or directory"),
        (("--without", "9", "--client", "nobody"), "there is no client nobody"),
        (("--terms", "broken.toml"), "line 2: not valid TOML"),
        (("--terms", "unfinished.toml"), "name: is missing"),
    ],
)
def test_what_cannot_be_supposed_is_misuse(asked: tuple[str, ...], complaint: str, desk: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('terms = "x"\nthis is not TOML\n')
    (tmp_path / "unfinished.toml").write_text('terms = "x"\n')
    ran = desk("what-if", *asked)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
