"""Where commands write: never over the ledger or what they read, straight into what is no file, and found out beforehand."""

import os
import threading
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora, json_lines, process
from tests.adapters.cli.test_import_command import HELPDESK
from tests.adapters.cli.test_record_command import UNKNOWN_TICKET, counts
from tests.adapters.given import DESK, write_lines

LEDGER = ("bitacora.db", "bitacora.db-wal", "bitacora.db-shm", "sub/../bitacora.db")


@pytest.fixture
def folder(desk: Bitacora, tmp_path: Path) -> Path:
    """The folder of a desk, with a file of entries and a log to import."""
    (tmp_path / "sub").mkdir()
    write_lines(tmp_path / "day.jsonl", [*DESK, UNKNOWN_TICKET])
    (tmp_path / "log.csv").write_text(HELPDESK, "utf-8")
    (tmp_path / "link.db").symlink_to("bitacora.db")
    os.link(tmp_path / "bitacora.db", tmp_path / "hard.db")
    return tmp_path


def files(folder: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in folder.iterdir() if it.is_file()}


@pytest.mark.parametrize("target", [*LEDGER, "link.db", "hard.db"])
@pytest.mark.parametrize(
    "command",
    [
        ("export", "entries", "-o"),
        ("record", "day.jsonl", "--refused"),
        ("import", "helpdesk", "log.csv", "--client", "acme", "--refused"),
    ],
)
def test_nothing_is_written_over_the_ledger(desk: Bitacora, folder: Path, command: tuple[str, ...], target: str) -> None:
    before = files(folder)
    ran = desk(*command, target)
    assert (ran.code, ran.out) == (2, "")
    assert f"{target} is the ledger" in ran.err
    assert files(folder) == before


@pytest.mark.parametrize("target", ["day.jsonl", "sub/../day.jsonl"])
def test_what_is_refused_is_not_written_over_the_file_read(desk: Bitacora, folder: Path, target: str) -> None:
    before = files(folder)
    ran = desk("record", "day.jsonl", "--refused", target)
    assert (ran.code, ran.out) == (2, "")
    assert f"{target} is the file to be read" in ran.err
    assert "es el archivo que se va a leer" in desk("--lang", "es", "record", "day.jsonl", "--refused", target).err
    assert files(folder) == before


def test_nor_over_the_log_imported_or_the_file_on_standard_input(desk: Bitacora, folder: Path) -> None:
    before = files(folder)
    assert "is the file to be read" in desk("import", "helpdesk", "log.csv", "--client", "a", "--refused", "log.csv").err
    with (folder / "day.jsonl").open("rb") as stdin:
        ran = process("record", "-", "--refused", "day.jsonl", stdin=stdin)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"is the file to be read" in ran.stderr
    assert files(folder) == before


def test_a_ledger_about_to_be_made_is_not_written_over_either(bitacora: Bitacora, tmp_path: Path) -> None:
    write_lines(tmp_path / "day.jsonl", [*DESK, UNKNOWN_TICKET])
    for target in LEDGER[:3]:
        assert bitacora("record", "day.jsonl", "--refused", target).code == 2
    assert [it.name for it in tmp_path.iterdir()] == ["day.jsonl"]


def drained(path: Path) -> tuple[threading.Thread, list[bytes]]:
    """A reader at the other end of a pipe."""
    found: list[bytes] = []
    thread = threading.Thread(target=lambda: found.append(path.read_bytes()), daemon=True)
    thread.start()
    return thread, found


@pytest.mark.parametrize(
    ("command", "lines"), [(("export", "entries", "-o", "pipe"), 18), (("record", "day.jsonl", "--refused", "pipe"), 2)]
)
def test_what_is_no_file_is_written_into_and_stays(desk: Bitacora, folder: Path, command: tuple[str, ...], lines: int) -> None:
    write_lines(folder / "day.jsonl", [UNKNOWN_TICKET, UNKNOWN_TICKET])
    os.mkfifo(folder / "pipe")
    reader, found = drained(folder / "pipe")
    ran = desk(*command)
    reader.join(20)
    assert ran.err == ""
    assert found[0].count(b"\n") == lines
    assert (folder / "pipe").is_fifo()


def test_a_pipe_for_refusals_stays_when_nothing_is_refused(desk: Bitacora, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    assert desk("record", "story.jsonl", "--refused", "pipe").code == 0
    assert (folder / "pipe").is_fifo()


def test_a_link_is_followed_and_stays_a_link(desk: Bitacora, folder: Path) -> None:
    (folder / "out.jsonl").symlink_to("sub/real.jsonl")
    desk.done("export", "entries", "-o", "out.jsonl")
    assert (folder / "out.jsonl").is_symlink()
    assert len(json_lines(folder / "sub/real.jsonl")) == 18


@pytest.mark.parametrize(
    ("target", "problem"),
    [("absent/refused.jsonl", "No such file or directory"), ("sub", "Is a directory"), ("day.jsonl/x", "Not a directory")],
)
@pytest.mark.parametrize("command", [("record", "day.jsonl"), ("import", "helpdesk", "log.csv", "--client", "new")])
def test_refusals_that_could_not_be_written_are_found_out_before_anything_is_recorded(
    desk: Bitacora, folder: Path, command: tuple[str, ...], target: str, problem: str
) -> None:
    before = files(folder)
    ran = desk(*command, "--refused", target)
    assert (ran.code, ran.out) == (2, "")
    assert f"could not be written to {target}: {problem}." in ran.err
    assert "tmp" not in ran.err
    assert files(folder) == before


def test_an_export_to_where_one_cannot_write_names_what_was_asked_for(desk: Bitacora, folder: Path) -> None:
    ran = desk("export", "entries", "-o", "absent/all.jsonl")
    assert (ran.code, ran.out, ran.err) == (2, "", "bitacora: absent/all.jsonl: No such file or directory\n")


def test_recording_works_as_before_where_it_may_write(desk: Bitacora, folder: Path) -> None:
    ran = desk("record", "day.jsonl", "--refused", "sub/refused.jsonl")
    assert ran.code == 1
    assert counts(ran.out)["Refused"] == len(json_lines(folder / "sub/refused.jsonl")) > 0


def test_standard_output_by_name_is_standard_output(desk: Bitacora, folder: Path) -> None:
    expected = desk.done("export", "entries").out.encode()
    with (folder / "appended.jsonl").open("ab") as out:
        out.write(b"{}\n")
        out.flush()
        assert process("export", "entries", "-o", "/proc/self/fd/1", stdout=out).returncode == 0
    assert (folder / "appended.jsonl").read_bytes() == b"{}\n" + expected
    assert process("export", "entries", "-o", "/proc/self/fd/1").stdout == expected
