"""`bitacora export entries` and `bitacora restore`: out and back without a difference."""

from pathlib import Path

from tests.adapters.cli.calling import Bitacora, json_lines


def test_an_export_is_every_entry_with_what_the_ledger_added(desk: Bitacora) -> None:
    exported = desk.done("export", "entries").lines()
    assert [it["position"] for it in exported] == list(range(1, 19))
    assert {"stream", "version", "recorded_at", "id"} <= set(exported[0])


def test_an_export_can_go_to_a_file(desk: Bitacora, tmp_path: Path) -> None:
    ran = desk.done("export", "entries", "-o", "all.jsonl")
    assert ran.out == "18 entries written to all.jsonl\n"
    assert len(json_lines(tmp_path / "all.jsonl")) == 18
    assert sorted(it.name for it in tmp_path.iterdir() if it.name.startswith(".")) == []


def test_a_restored_export_exports_the_same(desk: Bitacora) -> None:
    desk.done("export", "entries", "-o", "all.jsonl")
    assert desk.done("--ledger", "again.db", "restore", "all.jsonl").out == "18 entries restored into again.db\n"
    assert desk.done("export", "entries", "--ledger", "again.db").out == desk.done("export", "entries").out


def test_nothing_is_restored_over_a_ledger(desk: Bitacora) -> None:
    desk.done("export", "entries", "-o", "all.jsonl")
    before = desk.done("export", "entries").out
    ran = desk("restore", "all.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "bitacora.db exists already" in ran.err
    assert desk.done("export", "entries").out == before


def test_a_spoiled_export_names_line_and_field_and_makes_no_ledger(desk: Bitacora, tmp_path: Path) -> None:
    lines = desk.done("export", "entries").out.splitlines(keepends=True)
    (tmp_path / "gap.jsonl").write_text("".join(lines[:4] + lines[5:]), "utf-8")
    ran = desk("--ledger", "again.db", "restore", "gap.jsonl")
    assert ran.code == 2
    assert ran.err == "bitacora: line 5, field position: 6, where 5 comes next\n"
    assert not (tmp_path / "again.db").exists()
    assert desk("--ledger", "again.db", "--lang", "es", "restore", "gap.jsonl").err.startswith(
        "bitacora: línea 5, campo position"
    )


def test_an_export_that_cannot_be_written_is_misuse(desk: Bitacora, tmp_path: Path) -> None:
    ran = desk("export", "entries", "-o", "absent/all.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert "No such file or directory" in ran.err
