"""What is live against replays: the same whatever was recorded, whenever it came, however often, or not at all, and whenever
the worker was killed.

More ledgers with BITACORA_SEEDS=500.
"""

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.ledger import Ledger
from adapters.live.rows import decode_ticket
from tests.adapters.accounts_kept import Clock, moments
from tests.adapters.live.moving import Group
from tests.adapters.live.simulated import Simulated
from tests.given import authorized, cs_policy, did, opened, read, registered
from tests.oracle.comparison import proposal
from tests.oracle.ledgers import random_ledger
from tests.stores import Ledgers
from tests.test_oracle_agrees import eventful_ledger

SEEDS = int(os.environ.get("BITACORA_SEEDS", "30"))
STEPS = 10
ONE_DOES = ("flush", "deliver", "deliver_parts", "turn", "commit", "follow", "compare")
ALL_DO = ("relay", "rebalance", "kill", "settle")
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)
ALWAYS, NEVER = timedelta(days=100_000), timedelta(days=-100_000)


def later_and_later(rng: random.Random, entries: list[dict[str, object]]) -> Iterator[datetime]:
    latest = None
    for it in moments(rng, entries, STEPS):
        latest = it if latest is None else max(latest, it)
        yield latest


def simulated(seed: str, folder: Path) -> tuple[Simulated, Ledger, random.Random, list[dict[str, object]]]:
    rng = random.Random(seed)
    entries = random_ledger(rng, 60) if rng.random() < 0.7 else eventful_ledger(rng)
    ledger = Ledgers(folder).open(create=True, clock=Clock(LONG_AFTER), sealed=False)
    return Simulated(ledger, rng, rng.choice((ALWAYS, NEVER))), ledger, rng, entries


@pytest.mark.parametrize("seed", range(SEEDS))
def test_what_is_live_is_what_a_replay_says(seed: int, tmp_path: Path) -> None:
    worker, ledger, rng, entries = simulated(f"live {seed}", tmp_path)
    for worker.now in later_and_later(rng, entries):
        batch, entries = entries[: (size := rng.randint(0, 12))], entries[size:]
        ledger.record([proposal(it) for it in batch])
        worker.relay()
        worker.deliver(rng.randint(0, 20))
        worker.deliver_parts(rng.randint(0, 20))
        if rng.random() < 0.5:
            worker.live.turn(rng.randint(1, 5))
        if rng.random() < 0.5:
            worker.settle()
            worker.check()
    worker.settle()
    worker.check()
    assert worker.live.counts.lost == worker.live.counts.gaps == worker.live.counts.problems == 0
    ledger.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_with_messages_lost_and_repeated_and_workers_killed_it_is_too(seed: int, tmp_path: Path) -> None:
    worker, ledger, rng, entries = simulated(f"live lost {seed}", tmp_path)
    for worker.now in later_and_later(rng, entries):
        batch, entries = entries[: (size := rng.randint(0, 12))], entries[size:]
        ledger.record([proposal(it) for it in batch])
        worker.relay()
        for step in rng.choices(("deliver", "parts", "turn", "commit", "kill", "settle"), (6, 4, 3, 4, 2, 2), k=6):
            match step:
                case "deliver":
                    worker.deliver(rng.randint(0, 9), losing=0.2, repeating=0.3)
                case "parts":
                    worker.deliver_parts(rng.randint(0, 9), losing=0.2, repeating=0.3)
                case "turn":
                    worker.live.turn(3)
                case "commit":
                    worker.commit()
                case "kill":
                    worker.kill(offsets_too=rng.random() < 0.5)
                case "settle":
                    worker.settle()
                    worker.check()
    worker.settle()
    worker.check()
    ledger.close()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_with_partitions_that_move_between_workers_it_is_too(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"live moving {seed}")
    entries = random_ledger(rng, 60) if rng.random() < 0.7 else eventful_ledger(rng)
    ledger = Ledgers(tmp_path).open(create=True, clock=Clock(LONG_AFTER), sealed=False)
    group = Group(ledger, rng, rng.choice((ALWAYS, NEVER)), rng.randint(2, 3))
    losing, repeating = rng.choice((0, 0.2)), rng.choice((0, 0.3))
    for group.now in later_and_later(rng, entries):
        batch, entries = entries[: (size := rng.randint(0, 12))], entries[size:]
        ledger.record([proposal(it) for it in batch])
        for step in rng.choices((*ONE_DOES, *ALL_DO), (3, 6, 4, 4, 2, 3, 3, 2, 2, 1, 1), k=10):
            member = rng.choice(group.members)
            match step:
                case "deliver" | "deliver_parts":
                    getattr(member, step)(rng.randint(0, 9), losing, repeating)
                case "turn":
                    member.live.turn(3)
                case "relay":
                    group.relay(rng.randint(0, 12))
                case "settle":
                    group.settle()
                    group.check()
                case _:
                    getattr(member if step in ONE_DOES else group, step)()
    group.settle()
    group.check()
    ledger.close()


def test_a_policy_is_judged_by_parts_that_came_when_nobody_had_its_partition(tmp_path: Path) -> None:
    """Whoever begins finds them among its tables, and takes no message of them for news."""
    ledger = Ledgers(tmp_path).open(create=True, clock=Clock(LONG_AFTER), sealed=False)
    ledger.record([read(it) for it in (registered(), authorized(), cs_policy(), opened(priority="P3"))])
    worker = Simulated(ledger, random.Random("parts"), ALWAYS)
    worker.now = LONG_AFTER
    worker.relay()
    worker.deliver(10)
    worker.commit()
    assert len(worker.parts) == 1 and worker.parts_taken == 0
    worker.kill()
    worker.settle()
    worker.check()
    ledger.close()


def test_what_was_recorded_before_a_worker_began_and_lost_after_it_compared_is_found(tmp_path: Path) -> None:
    """The relay is behind when the worker begins, and what it sends then is lost, with nothing after it."""
    ledger = Ledgers(tmp_path).open(create=True, clock=Clock(LONG_AFTER), sealed=False)
    answered = did("Responded", "2026-03-02 10:00", by="eva")
    ledger.record([read(it) for it in (registered(), authorized(), cs_policy(), opened(priority="P3"), answered)])
    group = Group(ledger, random.Random("behind"), ALWAYS, 1)
    member, group.now = group.members[0], LONG_AFTER
    group.relay(ledger.head() - 1)
    member.deliver(10**9)
    member.compare()
    group.relay()
    member.deliver(10**9, losing=1)
    group.settle()
    group.check()
    ticket = next(it for rows in group.tickets for it in map(decode_ticket, rows.values()))
    assert (ticket.version, member.live.counts.lost) == (2, 1)
    ledger.close()
