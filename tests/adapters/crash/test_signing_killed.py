"""What is left of a process that signs and is killed while another records: real processes, a real kill -9."""

import random
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from adapters.files.recording import record_file
from adapters.ledger import Ledger
from adapters.proofs.growing import hashes_from
from adapters.proofs.signing import is_right, make_key, open_key
from adapters.proofs.tree import TreeRows
from domain.refusal import said
from replay import merkle
from replay.notes import is_signed, read_checkpoint, read_note
from tests.adapters.cli.calling import process
from tests.adapters.crash.test_recording_killed import ROOT, desk_of, driver
from tests.adapters.given import DESK, write_lines
from tests.adapters.sealed import ORIGIN
from tests.stores import Ledgers

KILLS = 20
TICKETS = 40_000


def signing(ledger: Path, key: Path, entries: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.adapters.crash.signing", str(ledger), str(key), str(entries)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def killed_while_signing(process: "subprocess.Popen[str]", chance: random.Random) -> list[int]:
    """The sizes the process said it had signed before it was killed, at some moment after one of its first checkpoints."""
    assert process.stdout is not None
    heard = "".join(process.stdout.readline() for _ in range(chance.choice((0, 1, 2, 5, 9))))
    time.sleep(chance.uniform(0, 0.02) if heard else chance.uniform(0, 0.5))
    process.kill()
    rest, _ = process.communicate()
    assert process.returncode == -9, "it ended by itself"
    told = heard + rest
    return [int(it) for it in told[: told.rfind("\n") + 1].split()]


def test_twenty_kills_between_and_in_checkpoints_leave_one_signed_history(tmp_path: Path) -> None:
    ledger, key, chance = tmp_path / "busy.db", tmp_path / "desk.key", random.Random(20)
    make_key(key, ORIGIN)
    with Ledger.open(str(ledger), create=True) as begun:
        record_file(begun, write_lines(tmp_path / "desk.jsonl", DESK))
        before = begun.head()
    recording = driver(Ledgers(tmp_path), "busy", write_lines(tmp_path / "entries.jsonl", desk_of(TICKETS)), batch=5)
    try:
        shown = [size for _ in range(KILLS) for size in killed_while_signing(signing(ledger, key, 7), chance)]
        assert recording.poll() is None, "the file is too short to be recorded all the while"
    finally:
        recording.kill()
        recording.communicate()
    with Ledger.open(str(ledger)) as left, left.reading(said("reading the checkpoints")) as plain:
        rows = TreeRows.of(plain)
        kept = [read_checkpoint(read_note(it.note).text) for it in rows.checkpoints()]
        hash_at = hashes_from(rows)
        assert all(is_signed(read_note(it.note), open_key(key).key, is_right) for it in rows.checkpoints())
        for old, new in pairwise(kept):
            path = merkle.consistency(old.size, new.size, hash_at)
            assert merkle.holds_consistency(old.size, new.size, old.root, new.root, path)
    assert set(shown) <= {it.size for it in kept}, "what was shown is kept"
    assert len(kept) >= KILLS and kept[-1].size > before + 7 * KILLS
    ran = process("verify", "--key", key, "--ledger", ledger)
    assert (ran.returncode, ran.stdout[:6], ran.stderr) == (0, b"Whole:", b"")
