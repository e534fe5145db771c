"""`bitacora record`: what is taken, what is refused and where it is written, and that doing it again does nothing twice."""

import json
from pathlib import Path

from tests.adapters.cli.calling import Bitacora, json_lines, process
from tests.adapters.cli.stories import STORY
from tests.adapters.given import DESK, followed_up, opened, write_lines

UNKNOWN_TICKET = followed_up("T-9")
NOT_YET_SOLVED = {"type": "Closed", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "reason": "validated"}


def counts(out: str) -> dict[str, int]:
    """The summary, label by label."""
    lines = [line.rsplit(maxsplit=1) for line in out.splitlines() if line and line[-1].isdigit()]
    return {label: int(count.replace(",", "")) for label, count in lines}


def test_a_file_is_recorded_into_a_ledger_that_did_not_exist(bitacora: Bitacora, tmp_path: Path) -> None:
    ran = bitacora.done("record", write_lines(tmp_path / "story.jsonl", STORY))
    assert counts(ran.out) == {"Lines read": 16, "Recorded": 16, "Recorded before": 0, "Refused": 0}
    assert (tmp_path / "bitacora.db").exists()
    assert not (tmp_path / "story.jsonl.refused.jsonl").exists()


def test_the_same_file_again_records_nothing_and_succeeds(desk: Bitacora) -> None:
    assert counts(desk.done("record", "story.jsonl").out)["Recorded before"] == 16
    assert len(desk.done("entries", "--format", "json").lines()) == 18


def test_lines_added_to_a_file_are_all_that_is_recorded_next(desk: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "story.jsonl", [*STORY, followed_up("G-2") | {"at": "2026-03-04T10:00:00-06:00"}])
    ran = desk.done("record", "story.jsonl")
    assert (counts(ran.out)["Recorded"], counts(ran.out)["Recorded before"]) == (1, 16)


def test_what_is_refused_is_written_beside_with_line_reason_and_entry(bitacora: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [*DESK, opened("T-1"), UNKNOWN_TICKET, NOT_YET_SOLVED, followed_up("T-1")])
    ran = bitacora("record", "day.jsonl")
    assert (ran.code, ran.err) == (1, "")
    assert counts(ran.out)["Recorded"] == 5
    assert "day.jsonl.refused.jsonl" in ran.out
    assert "line 5 (reference ticket)" in ran.out
    unknown, unsolved = json_lines(tmp_path / "day.jsonl.refused.jsonl")
    assert {name: unknown[name] for name in ("line", "code", "field", "entry")} == {
        "line": 5,
        "code": "reference",
        "field": "ticket",
        "entry": UNKNOWN_TICKET,
    }
    assert "T-9" in unknown["message"]
    assert {name: unsolved[name] for name in ("line", "code", "clause", "entry")} == {
        "line": 6,
        "code": "clauses",
        "clause": "gs.2.2",
        "entry": NOT_YET_SOLVED,
    }


def test_reasons_are_written_in_the_language_asked_for(bitacora: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [*DESK, opened("T-1"), NOT_YET_SOLVED])
    ran = bitacora("--lang", "es", "record", "day.jsonl")
    (refused,) = json_lines(tmp_path / "day.jsonl.refused.jsonl")
    assert refused["message"].startswith("el ticket T-1 no puede cerrarse como validado: el cliente no ha validado")
    assert "Rechazados" in ran.out


def test_refused_entries_go_where_they_are_told(bitacora: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [*DESK, UNKNOWN_TICKET])
    assert bitacora("record", "day.jsonl", "--refused", "elsewhere.jsonl").code == 1
    assert len(json_lines(tmp_path / "elsewhere.jsonl")) == 1
    assert not (tmp_path / "day.jsonl.refused.jsonl").exists()


def test_a_refused_line_that_was_mended_is_recorded_and_the_file_of_refusals_goes(bitacora: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [*DESK, opened("T-1") | {"client": "nobody"}])
    assert bitacora("record", "day.jsonl").code == 1
    write_lines(tmp_path / "day.jsonl", [*DESK, opened("T-1")])
    assert counts(bitacora.done("record", "day.jsonl").out)["Recorded"] == 1
    assert not (tmp_path / "day.jsonl.refused.jsonl").exists()


def test_standard_input_is_recorded_and_its_refusals_have_their_own_file(tmp_path: Path) -> None:
    lines = "".join(json.dumps(it) + "\n" for it in [*DESK, UNKNOWN_TICKET]).encode()
    ran = process("record", "-", stdin=lines)
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert counts(ran.stdout.decode()) == {"Lines read": 4, "Recorded": 3, "Recorded before": 0, "Refused": 1}
    assert json_lines(tmp_path / "stdin.refused.jsonl")[0]["line"] == 4


def test_a_file_that_cannot_be_read_makes_no_ledger(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name, complaint in (("absent.jsonl", "No such file or directory"), ("folder", "Is a directory")):
        ran = bitacora("record", name)
        assert (ran.code, ran.out, ran.err) == (2, "", f"bitacora: {name}: {complaint}\n")
    assert not (tmp_path / "bitacora.db").exists()


def test_an_empty_file_records_nothing(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    assert counts(bitacora.done("record", "empty.jsonl").out)["Lines read"] == 0


def test_a_file_changed_after_it_was_recorded_is_told_of(desk: Bitacora, tmp_path: Path) -> None:
    changed = [*STORY]
    changed[7] = STORY[7] | {"note": "two cables"}
    write_lines(tmp_path / "story.jsonl", changed)
    ran = desk.done("record", "story.jsonl")
    assert (counts(ran.out)["Recorded"], counts(ran.out)["Recorded before"]) == (1, 15)
    assert "story.jsonl differs from what was recorded of it, from line 8 on." in ran.out
    assert "Void what is wrong." in ran.out
    assert "differs" not in desk.done("record", "story.jsonl").out
