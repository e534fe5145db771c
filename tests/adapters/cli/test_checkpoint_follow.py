"""`bitacora checkpoint --follow`: a process that signs until it is told to end."""

import re
import signal
import subprocess
from pathlib import Path

import pytest

from replay.notes import read_checkpoint, read_note
from tests.adapters.cli.calling import PROGRAM, Bitacora, environment
from tests.adapters.cli.proof_story import LATER, ORIGIN
from tests.adapters.given import write_lines

LINE = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ  checkpoint of (\d+) entries (.*)\n")


@pytest.fixture
def keyed(desk: Bitacora) -> Bitacora:
    """The story's desk, with a key that has signed nothing yet."""
    desk.done("key", "make", "desk.key", "--origin", ORIGIN)
    return desk


def following(*arguments: str) -> "subprocess.Popen[str]":
    command = [*PROGRAM, "checkpoint", "--key", "desk.key", "--follow", *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment())


def next_line(process: "subprocess.Popen[str]") -> tuple[int, str]:
    """The size and the rest of the next line that is printed."""
    assert process.stdout is not None
    found = LINE.fullmatch(process.stdout.readline())
    assert found is not None
    return int(found[1]), found[2]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_signs_what_is_there_and_what_comes_until_it_is_told_to_end(
    keyed: Bitacora, tmp_path: Path, ending: signal.Signals
) -> None:
    process = following("--every", "2", "--seconds", "100000", "-o", "newest.note")
    try:
        assert next_line(process) == (18, "written to newest.note")
        keyed.done("record", write_lines(tmp_path / "later.jsonl", LATER))
        assert next_line(process) == (20, "written to newest.note")
        assert read_checkpoint(read_note((tmp_path / "newest.note").read_bytes()).text).size == 20
        process.send_signal(ending)
        assert process.communicate() == ("", "")
        assert process.returncode == 0
    finally:
        process.kill()
    assert keyed.done("verify", "--key", "desk.key").out.splitlines() == [
        "Whole: 20 entries, 10 streams.",
        "2 checkpoints, over 20 entries at most, have the root their entries give.",
    ]


def test_an_entry_alone_is_signed_once_it_has_waited(keyed: Bitacora, tmp_path: Path) -> None:
    process = following("--seconds", "1")
    try:
        assert next_line(process) == (18, "signed")
        keyed.done("record", write_lines(tmp_path / "later.jsonl", LATER[:1]))
        assert next_line(process) == (19, "signed")
    finally:
        process.terminate()
        process.communicate()


def test_it_ends_where_history_was_changed_and_signs_nothing(keyed: Bitacora, tmp_path: Path) -> None:
    keyed.done("checkpoint", "--key", "desk.key")
    keyed.done("export", "entries", "-o", "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "older.jsonl").write_text("".join(lines[:-1]), "utf-8")
    keyed.done("restore", "older.jsonl", "--ledger", "older.db")
    last = (tmp_path / "desk.key.last").read_bytes()
    process = following("--ledger", "older.db")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == "bitacora: 18 entries were signed and the ledger has 17: entries were lost; nothing is signed\n"
    assert (tmp_path / "desk.key.last").read_bytes() == last


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--every", "5"), "say when to sign with --follow"),
        (("--seconds", "5"), "say when to sign with --follow"),
        (("--follow", "--every", "0"), "0 is not a whole number from 1 on"),
        (("--follow", "--request", "desk.tsq"), "exclude each other"),
    ],
)
def test_what_does_not_go_together_is_misuse(arguments: tuple[str, ...], complaint: str, keyed: Bitacora) -> None:
    ran = keyed("checkpoint", "--key", "desk.key", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
