"""A ledger that may only be read: an auditor reports from it, nothing is recorded and nothing is left beside it.

Permissions do not bind the superuser, so each check runs in a process that has given that up.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ledger import Ledger
from tests.adapters.given import DESK, followed_up, opened, read

ROOT = Path(__file__).parents[2]
NOBODY = 65534
READ = """
import os, sys
from adapters.ledger import Ledger
if os.getuid() == 0:
    os.setuid(int(sys.argv[2]))
with Ledger.open(sys.argv[1]) as ledger:
    print(len(list(ledger.entries())), ledger.head())
"""
PROGRAM = """
import contextlib, importlib, io, os, pkgutil, sys
import adapters
from adapters.cli import main
# What is imported late might lie where only the superuser may look.
for found in pkgutil.walk_packages(adapters.__path__, "adapters."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
with contextlib.redirect_stdout(io.StringIO()):
    for command in (["report", "sla"], ["explain", "T-1"], ["entries"]):
        main(["--ledger", sys.argv[3], *command])
if os.getuid() == 0:
    os.setuid(int(sys.argv[2]))
sys.exit(main(["--ledger", sys.argv[1], *sys.argv[4:]]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a ledger, within reach of everyone and to be written by nobody but the superuser."""
    for above in (tmp_path, *tmp_path.parents):
        if above.owner() == tmp_path.owner() and above != Path("/tmp"):
            above.chmod(above.stat().st_mode | 0o055)
    folder = tmp_path / "audit"
    folder.mkdir()
    with Ledger.open(str(folder / "ledger.db"), create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1")))
    shutil.copy(folder / "ledger.db", tmp_path / "other.db")
    yield folder
    folder.chmod(0o755)


def run(code: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    first, *others = map(str, arguments)
    command = [sys.executable, "-c", code, first, str(NOBODY), *others]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o555, 0o444), (0o555, 0o666), (0o777, 0o444)])
def test_a_ledger_that_cannot_be_written_can_be_read_and_is_left_as_it_was(folder: Path, of_folder: int, of_file: int) -> None:
    (folder / "ledger.db").chmod(of_file)
    folder.chmod(of_folder)
    before = (folder / "ledger.db").read_bytes()
    ran = run(READ, folder / "ledger.db")
    assert (ran.stdout, ran.stderr) == ("6 6\n", "")
    assert sorted(it.name for it in folder.iterdir()) == ["ledger.db", "ledger.db.keys"]
    assert (folder / "ledger.db").read_bytes() == before


def test_what_another_process_is_recording_meanwhile_is_seen(folder: Path) -> None:
    folder.chmod(0o755)
    with Ledger.open(str(folder / "ledger.db")) as ledger:
        ledger.record(read(followed_up("T-1")))
        assert run(READ, folder / "ledger.db").stdout == "7 7\n"
        ledger.record(read(followed_up("T-1", 1)))
        assert run(READ, folder / "ledger.db").stdout == "8 8\n"


def test_a_copy_without_its_index_is_not_read_without_its_log(folder: Path, tmp_path: Path) -> None:
    with Ledger.open(str(folder / "ledger.db")) as ledger:
        ledger.record(read(followed_up("T-1")))
        for name in ("ledger.db", "ledger.db-wal"):
            (tmp_path / name).write_bytes((folder / name).read_bytes())
    for name in ("ledger.db", "ledger.db-wal"):
        (folder / name).write_bytes((tmp_path / name).read_bytes())
    folder.chmod(0o555)
    ran = run(PROGRAM, folder / "ledger.db", folder.parent / "other.db", "entries")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "ledger.db-wal" in ran.stderr
    assert "where it may be written" in ran.stderr


def test_reports_come_from_a_ledger_that_cannot_be_written(folder: Path) -> None:
    folder.chmod(0o555)
    for command in (("report", "sla"), ("explain", "T-1"), ("entries",), ("export", "entries")):
        ran = run(PROGRAM, folder / "ledger.db", folder.parent / "other.db", *command)
        assert (ran.returncode, ran.stderr) == (0, ""), command
        assert "T-1" in ran.stdout


@pytest.mark.parametrize(("of_folder", "of_file"), [(0o555, 0o666), (0o777, 0o444)])
def test_recording_into_it_is_refused_with_a_reason(folder: Path, of_folder: int, of_file: int) -> None:
    source = folder / "day.jsonl"
    source.write_text("")
    (folder / "ledger.db").chmod(of_file)
    folder.chmod(of_folder)
    refused = tempfile.gettempdir() + f"/{folder.parent.name}.refused"
    ran = run(PROGRAM, folder / "ledger.db", folder.parent / "other.db", "record", source, "--refused", refused)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.endswith("ledger.db can only be read here: to record, it and its folder must be writable\n")
