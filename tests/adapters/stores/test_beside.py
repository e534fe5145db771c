"""The files kept beside a ledger: tokens, webhooks, stored accounts; whoever makes them, and what stood there before."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.access.places import access_of
from adapters.accounts.places import accounts_of
from adapters.mapper import LedgerError
from adapters.webhooks.places import place_of

KINDS: dict[str, Callable[[str], Any]] = {"access": access_of, "webhooks": place_of, "accounts": accounts_of}
_WRITES = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def file_of(kind: str, folder: Path) -> Path:
    return folder / f"ledger.db.{kind}"


def beside(kind: str, folder: Path) -> Any:
    return closing(KINDS[kind](str(folder / "ledger.db")))


def test_the_file_of_another_program_is_refused_and_left_as_it_was(kind: str, tmp_path: Path) -> None:
    file = file_of(kind, tmp_path)
    with closing(sqlite3.connect(file)) as other:
        other.execute("CREATE TABLE mine (x)")
    before = file.read_bytes()
    with beside(kind, tmp_path) as it, pytest.raises(LedgerError, match="in a form that this program knows"), it.writing():
        pass
    assert file.read_bytes() == before


def test_who_makes_a_file_waits_for_who_is_making_it(kind: str, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file_of(kind, tmp_path), isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        ends = threading.Timer(0.5, lambda: other.execute("ROLLBACK"))
        ends.start()
        with beside(kind, tmp_path) as it, it.writing() as session:
            assert session.all("SELECT count(*) FROM sqlite_master") != [(0,)]
        ends.join()


@pytest.mark.parametrize("kind", ["access", "webhooks"])
def test_who_writes_keeps_its_lock_while_another_thread_makes_the_file(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """POSIX takes the locks of a whole process away when a file is closed anywhere in it."""
    is_made, close = threading.Event(), os.close

    def close_late(opened: int) -> None:
        if threading.current_thread() is making:
            is_made.set()
            time.sleep(0.5)
        close(opened)

    def make() -> None:
        with beside(kind, tmp_path) as it, it.writing():
            pass

    monkeypatch.setattr(os, "close", close_late)
    making = threading.Thread(target=make)
    making.start()
    assert is_made.wait(10)
    with beside(kind, tmp_path) as it, it.writing():
        time.sleep(1)
        found = subprocess.run([sys.executable, "-c", _WRITES, str(file_of(kind, tmp_path))], capture_output=True, text=True)
    making.join()
    assert "locked" in found.stderr
