"""When a running process signs: by values alone, and on a real ledger with a clock of the test's."""

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.ledger import Ledger, LedgerError
from adapters.proofs.checkpointing import Cadence, Checkpointing, Unsigned, due, seen
from adapters.proofs.signing import make_key
from adapters.proofs.tree import TreeRows
from adapters.stores import sqlite
from domain.refusal import said
from replay.notes import read_checkpoint, read_note
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.sealed import NOW, ORIGIN
from tests.stores import behind

CADENCES = st.builds(Cadence, st.integers(1, 20), st.integers(1, 50))


class Step(NamedTuple):
    """What happens between two looks: seconds pass, entries come, and perhaps somebody else signs all of them."""

    seconds: int
    entries: int
    signed_by_another: bool


STEPS = st.lists(st.builds(Step, st.integers(0, 30), st.integers(0, 8), st.booleans()), max_size=60)


@given(CADENCES, st.integers(0, 30), STEPS)
def test_nothing_stays_unsigned_longer_than_agreed_and_nothing_is_signed_before(
    cadence: Cadence, there: int, steps: list[Step]
) -> None:
    now, signed, before = 1_000, 0, None
    first_seen: dict[int, int] = {}
    head = there
    for step in [Step(0, 0, False), *steps]:
        now, head = now + step.seconds, head + step.entries
        if step.signed_by_another:
            signed = head
        for position in range(signed + 1, head + 1):
            first_seen.setdefault(position, now if before is not None else -1)
        before = seen(before, head, signed, now)
        waiting = [now - first_seen[it] if first_seen[it] >= 0 else cadence.seconds for it in range(signed + 1, head + 1)]
        expected = len(waiting) >= cadence.entries or max(waiting, default=-1) >= cadence.seconds
        assert due(cadence, before, now) == expected
        signed = head if expected else signed


@given(CADENCES, st.integers(0, 100), st.integers(0, 100), st.integers(-100, 0))
def test_where_all_is_signed_nothing_is_due(cadence: Cadence, signed: int, now: int, more: int) -> None:
    assert not due(cadence, seen(None, signed + more, signed, now), now)
    assert not due(cadence, Unsigned(signed, 0, 0), 10**9)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 50

    def __call__(self) -> int:
        return self.seconds


def checkpointing(ledger: Ledger, folder: Path, cadence: Cadence, clock: Clock) -> Checkpointing:
    return Checkpointing(ledger, make_key(folder / "desk.key", ORIGIN), cadence, clock, lambda: NOW)


def size_of(note: bytes | None) -> int | None:
    return None if note is None else read_checkpoint(read_note(note).text).size


def test_a_ledger_looked_after_is_signed_by_count_and_by_time(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger.open(str(tmp_path / "ledger.db"), create=True, clock=lambda: NOW) as ledger:
        after = checkpointing(ledger, tmp_path, Cadence(5, 60), clock)
        assert size_of(after.look()) == 2, "what was there before is signed at once"
        assert after.look() is None
        ledger.record(read(*DESK, opened("T-1")))
        assert after.look() is None
        clock.seconds += 59
        assert after.look() is None
        ledger.record(read(followed_up("T-1")))
        assert size_of(after.look()) == 7, "the fifth"
        ledger.record(read(followed_up("T-1", 1)))
        assert after.look() is None
        clock.seconds += 60
        assert size_of(after.look()) == 8
        with ledger.reading(said("reading the checkpoints")) as rows:
            assert [it.size for it in TreeRows.of(rows).checkpoints()] == [2, 7, 8]


def test_a_ledger_that_does_not_continue_what_was_signed_ends_it(tmp_path: Path) -> None:
    clock = Clock()
    with Ledger.open(str(tmp_path / "ledger.db"), create=True, clock=lambda: NOW) as ledger:
        after = checkpointing(ledger, tmp_path, Cadence(1, 60), clock)
        note = after.look()
        with behind(tmp_path / "ledger.db") as rows:
            rows.run("DELETE FROM checkpoints")
            rows.run("UPDATE tree_tiles SET hashes = zeroblob(64)")
        with pytest.raises(LedgerError, match="nothing is signed"):
            after.look()
        assert (tmp_path / "desk.key.last").read_bytes() == note


def test_a_ledger_kept_busy_for_too_long_is_signed_at_a_later_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0)
    with Ledger.open(str(tmp_path / "ledger.db"), create=True, clock=lambda: NOW) as ledger:
        after = checkpointing(ledger, tmp_path, Cadence(1, 60), Clock())
        with behind(tmp_path / "ledger.db") as rows:
            rows.run("DELETE FROM entry_keys WHERE key = 'none'")
            assert after.look() is None
        assert size_of(after.look()) == 2
