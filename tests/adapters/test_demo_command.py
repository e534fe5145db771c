"""`make demo`, as a newcomer runs it: where it writes, and what it leaves alone."""

import subprocess
import sys
from pathlib import Path

from adapters.demo.__main__ import SEED, is_free
from adapters.demo.desk import REFUSED_KEY, year_as_recorded
from adapters.ledger import Ledger
from tests.adapters.cli.calling import environment
from tests.adapters.given import DESK, read


def demo(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "adapters.demo", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def test_it_records_where_it_is_told_and_only_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "demo.db-notes").write_text("mine")
    (started, first), *rest = year_as_recorded(SEED)
    with Ledger.open(str(tmp_path / "year.db"), create=True, clock=lambda: started) as ledger:
        ledger.record(read(first))
        begun = ledger.head()
    ran = demo(tmp_path, "year.db")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.startswith(f"year.db: {len(rest)} entries recorded, 1 refused")
    assert "\n$ bitacora --ledger year.db explain " in ran.stdout
    with Ledger.open(str(tmp_path / "year.db")) as ledger:
        recorded = [it.event.key for it in ledger.entries(after=begun) if it.event.key]
        assert recorded == [it["key"] for _, it in rest if it["key"] != REFUSED_KEY] and is_free(str(tmp_path / "year.db"))
    assert {it.name for it in tmp_path.iterdir()} == {"demo.db-notes", "year.db", "year.db.keys"}


def test_another_ledger_or_file_is_left_as_it_is(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "demo.db"), create=True) as ledger:
        ledger.record(read(*DESK))
    (tmp_path / "diary").write_text("dear diary\n" * 100)
    before = {it.name: it.read_bytes() for it in tmp_path.iterdir()}
    for arguments, complaint in (
        ((), "demo.db holds another ledger, which is left as it is: remove it, or name another place\n"),
        (("diary",), "diary is not a ledger: it is not even a database; it is left as it is: name another place\n"),
        (("one.db", "other.db"), "usage: python -m adapters.demo [FILE|postgresql://...]\n"),
        (("--help",), "usage: python -m adapters.demo [FILE|postgresql://...]\n"),
    ):
        ran = demo(tmp_path, *arguments)
        assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", complaint)
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == before
