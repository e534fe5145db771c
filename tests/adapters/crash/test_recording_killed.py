"""What is left of a recording that is killed, and of several that run side by side: real processes, a real kill -9."""

import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from adapters.files.recording import record_file
from tests.adapters.given import DESK, Entry, content, export, followed_up, opened, write_lines
from tests.stores import Ledgers

KILLS = int(os.environ.get("BITACORA_KILLS", "100"))
BATCH = 10
DRIVER = "tests.adapters.crash.driver"
ROOT = Path(__file__).parents[3]


def desk_of(tickets: int, mark: str = "T") -> Iterator[Entry]:
    """Without keys except on every third ticket, so that only the journal stands between a kill and a double entry."""
    for number in range(tickets):
        ticket = f"{mark}-{number:04d}"
        yield opened(ticket, **({"key": f"key-{ticket}"} if number % 3 == 0 else {}))
        yield followed_up(ticket, number % 60)
        yield followed_up("T-unknown") if number % 7 == 0 else followed_up(ticket, number % 60)
        if number % 11 == 0:
            yield opened(f"{ticket}-x", requester="zoe")


def driver(store: Ledgers, name: str, source: Path, batch: int = BATCH, pause_seconds: float = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", DRIVER, store.url(name), str(store.keys(name)), str(source), str(batch),
               str(pause_seconds)]  # fmt: skip
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def acknowledged(output: str) -> int:
    """The last number of lines said to be committed, in whole lines of output."""
    whole = output[: output.rfind("\n") + 1].split()
    return max((int(it) for it in whole if it != "done"), default=0)


def assert_dense(entries: list[Entry]) -> None:
    """Positions 1, 2, 3, … and, in every stream, versions 1, 2, 3, …"""
    assert [it["position"] for it in entries] == list(range(1, len(entries) + 1))
    seen: Counter[str] = Counter()
    for it in entries:
        seen[it["stream"]] += 1
        assert it["version"] == seen[it["stream"]]


def killed_at_random(process: "subprocess.Popen[str]", chance: random.Random) -> tuple[bool, int]:
    """Whether the process was killed, and how many lines it had said to be committed before it went."""
    assert process.stdout is not None
    # Some die while they start or make the ledger, most shortly after one of their first commits.
    heard = "".join(process.stdout.readline() for _ in range(chance.choice((0, 1, 2, 3, 4, 5))))
    try:
        process.wait(chance.uniform(0, 0.02) if heard else chance.uniform(0, 0.4))
    except subprocess.TimeoutExpired:
        process.kill()
    rest, _ = process.communicate()
    assert process.returncode in (-9, 0), "the driver failed by itself"
    return process.returncode == -9, acknowledged(heard + rest)


def recorded_of(lines: list[Entry]) -> int:
    """How many entries a ledger holds once these lines are done: the terms, and one for each line that is taken."""
    return 2 + sum(it.get("ticket") != "T-unknown" for it in lines)


def test_kills_at_random_lose_nothing_acknowledged_and_double_nothing(store: Ledgers, tmp_path: Path) -> None:
    # Enough for a fast machine, too.
    lines = [*DESK, *desk_of(60 * KILLS)]
    source = write_lines(tmp_path / "entries.jsonl", lines)
    chance = random.Random(8)
    kills = said = 0
    while kills < KILLS:
        killed, heard = killed_at_random(driver(store, "killed", source), chance)
        assert killed, "the file is too short to be killed so often"
        kills, said = kills + 1, max(said, heard)
        if said:
            with store.open("killed") as left:
                assert left.head() >= recorded_of(lines[:said])
    assert said < len(lines), "the last kill came when all was done"
    driver(store, "killed", source, batch=500).communicate()
    with store.open("killed") as killed, store.open("calm", create=True) as calm:
        record_file(calm, source)
        assert_dense(export(killed))
        assert content(killed) == content(calm)
        assert killed.head() == recorded_of(lines)


def test_four_processes_on_one_ledger_take_turns(store: Ledgers, tmp_path: Path) -> None:
    with store.open(create=True) as it:
        record_file(it, write_lines(tmp_path / "desk.jsonl", DESK))
    sources = [write_lines(tmp_path / f"{mark}.jsonl", desk_of(150, mark)) for mark in "ABCD"]
    running = [driver(store, "ledger", source, batch=7) for source in sources]
    for process in running:
        process.communicate()
    assert [it.returncode for it in running] == [0] * 4
    with store.open() as it:
        entries = export(it)
    assert_dense(entries)
    for mark, source in zip("ABCD", sources, strict=True):
        with store.open(f"alone-{mark}", create=True) as it:
            record_file(it, tmp_path / "desk.jsonl")
            record_file(it, source)
            expected = [(e["type"], e["at"]) for e in export(it) if e.get("ticket", "").startswith(f"{mark}-")]
        assert [(e["type"], e["at"]) for e in entries if e.get("ticket", "").startswith(f"{mark}-")] == expected


def test_four_processes_recording_the_same_file_record_it_once(store: Ledgers, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(100)])
    running = [driver(store, "ledger", source, batch=20) for _ in range(4)]
    for process in running:
        process.communicate()
    assert [it.returncode for it in running] == [0] * 4
    with store.open() as together, store.open("calm", create=True) as calm:
        record_file(calm, source)
        assert content(together) == content(calm)
