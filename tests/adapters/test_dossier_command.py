"""`bitacora dossier`: what it writes, what it refuses, and that what it hands over is checked by the program in it."""

import io
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT, STORY
from tests.adapters.given import write_lines


@pytest.fixture
def desk(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bitacora:
    """The program in an empty folder, in English, with the story recorded and a key made."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "BITACORA_LEDGER", "FORCE_COLOR"):
        monkeypatch.setenv(name, "")
    monkeypatch.chdir(tmp_path)
    program = Bitacora(capsys)
    program.done("record", write_lines(tmp_path / "story.jsonl", STORY))
    program.done("key", "make", "desk.key", "--origin", "example.com/desk")
    return program


def test_it_writes_html_and_pdf_and_says_where(desk: Bitacora) -> None:
    assert desk.done("dossier", "G-1", "-o", "g.html", "--at", AT).out == "dossier on G-1 written to g.html\n"
    desk.done("dossier", "G-1", "-o", "g.PDF", "--at", AT)
    assert Path("g.html").read_bytes().startswith(b"<!DOCTYPE html>")
    assert Path("g.PDF").read_bytes().startswith(b"%PDF-")


def test_its_figures_are_those_of_explain(desk: Bitacora) -> None:
    desk.done("dossier", "G-1", "-o", "g.html", "--at", AT)
    page = Path("g.html").read_text("utf-8")
    explained = desk.done("explain", "G-1", "--at", AT, "--format", "json").json()
    for clock in (explained["response"], explained["resolution"]):
        assert f"({clock['elapsed_seconds']:,} s)" in page
    assert all(f"{row['amount']} {row['currency']}" in page for row in explained["billing"])
    assert page.count("<svg") == 2


def test_it_is_told_in_spanish_too(desk: Bitacora) -> None:
    desk.done("dossier", "G-1", "-o", "g.html", "--at", AT, "--lang", "es")
    page = Path("g.html").read_text("utf-8")
    assert '<html lang="es">' in page
    assert "Qué ocurrió" in page and "Reloj de respuesta" in page and "No se pidió prueba" in page


def test_the_zip_carries_what_is_needed_to_check_it_and_it_is_valid(desk: Bitacora, tmp_path: Path) -> None:
    desk.done("checkpoint", "--key", "desk.key")
    for name in ("one.zip", "two.zip"):
        desk.done("dossier", "G-1", "-o", name, "--at", AT, "--key", "desk.key")
    made = Path("one.zip").read_bytes()
    assert made == Path("two.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.namelist() == ["dossier.pdf", "dossier.html", "bundle.zip", "bitacora_verify.py"]
        archive.extractall("away")
        page = archive.read("dossier.html").decode()
    alone = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    # -P, and no PYTHONPATH: the verifier runs as it does away from the desk.
    checked = subprocess.run(
        [sys.executable, "-P", "bitacora_verify.py", "bundle.zip", "--key", str(tmp_path / "desk.key.vkey"), "--lang", "en"],
        cwd="away", env=alone, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, "VALID-UNANCHORED" in checked.stdout) == (3, True), checked
    root = Path("desk.key.last").read_text("utf-8").split("\n")[2]
    assert root.replace("+", "&#43;") in page or root in page


def test_no_time_stamp_is_told_as_a_number_not_as_a_word_of_another_gender(desk: Bitacora) -> None:
    desk.done("checkpoint", "--key", "desk.key")
    desk.done("dossier", "G-1", "-o", "g.html", "--at", AT, "--key", "desk.key", "--lang", "es")
    assert "<dt>Sellos de tiempo</dt><dd>0</dd>" in Path("g.html").read_text("utf-8")


def test_entries_recorded_after_the_checkpoint_are_told_as_not_covered(desk: Bitacora) -> None:
    desk.done("checkpoint", "--key", "desk.key")
    line = {"type": "FollowedUp", "at": "2026-03-04T09:00:00-06:00", "ticket": "G-1", "kind": "progress", "consultant": "eva"}
    desk.done("record", write_lines(Path("more.jsonl"), [line]))
    desk.done("dossier", "G-1", "-o", "g.html", "--at", AT, "--key", "desk.key")
    assert f"recorded after the checkpoint: {len(STORY) + 3}." in Path("g.html").read_text("utf-8")


def test_nothing_signed_yet_is_told_and_nothing_is_written(desk: Bitacora) -> None:
    ran = desk("dossier", "G-1", "-o", "g.pdf", "--key", "desk.key")
    assert (ran.code, ran.err) == (2, "bitacora: nothing has been signed yet: make a checkpoint first\n")
    assert not Path("g.pdf").exists()


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        (["-o", "g.txt"], "g.txt is of no kind known here"),
        (["-o", "g.zip"], "name the desk's key with --key"),
        (["-o", "bitacora.db"], "of no kind known here"),
        (["-o", "g.pdf", "--reading", "gs.4=never"], "the reading gs.4 has no option never"),
    ],
)
def test_what_cannot_be_made_is_misuse(desk: Bitacora, asked: list[str], complaint: str) -> None:
    ran = desk("dossier", "G-1", *asked)
    assert ran.code == 2 and complaint in ran.err


def test_it_never_writes_over_the_ledger(desk: Bitacora) -> None:
    os.rename("bitacora.db", "ledger.html")
    before = Path("ledger.html").read_bytes()
    ran = desk("--ledger", "ledger.html", "dossier", "G-1", "-o", "ledger.html")
    assert ran.code == 2 and "ledger.html" in ran.err
    assert Path("ledger.html").read_bytes() == before


def test_a_ticket_that_is_not_there_is_misuse(desk: Bitacora) -> None:
    ran = desk("dossier", "T-9", "-o", "g.pdf")
    assert (ran.code, ran.err) == (2, "bitacora: there is no ticket T-9, or none that counts at the moment asked for\n")


@pytest.mark.parametrize("ticket", ["G-2", "C-1", "C-2"])
def test_tickets_without_a_clock_under_a_quota_or_paid_per_event_have_one_too(desk: Bitacora, ticket: str) -> None:
    desk.done("dossier", ticket, "-o", "g.pdf", "--at", AT)
    desk.done("dossier", ticket, "-o", "g.html", "--at", AT)
    page = Path("g.html").read_text("utf-8")
    told = {"G-2": "This clock never started", "C-1": "is number 1 of those covered", "C-2": "This ticket is paid per event"}
    assert told[ticket] in page


def test_another_state_of_knowledge_is_held_against_it(desk: Bitacora) -> None:
    desk.done("dossier", "G-1", "-o", "g.html", "--at", AT, "--known-at", "8", "--against", "9")
    page = Path("g.html").read_text("utf-8")
    assert "What was recorded up to position 8, held against position 9" in page
    assert "What makes the difference" in page
