"""Stored accounts against replays: the same answer, to the second and the cent, whatever was recorded, in whatever batches,
whenever the follower came by and whatever its clock said.

More ledgers with BITACORA_SEEDS=500.
"""

import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.accounts.comparing import compare
from adapters.accounts.places import Accounts
from adapters.ledger import Ledger
from adapters.reports.reports import Selection
from tests.adapters.accounts_kept import Clock, answered, kept, moments, opened, replayed
from tests.oracle.comparison import proposal
from tests.oracle.ledgers import random_ledger
from tests.postgres_server import Databases
from tests.stores import Ledgers
from tests.test_oracle_agrees import eventful_ledger

SEEDS = int(os.environ.get("BITACORA_SEEDS", "30"))
STEPS = 12
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)


def assert_verified(ledger: Ledger, accounts: Accounts, now: datetime) -> None:
    compared = compare(ledger, accounts, now)
    assert compared is not None and str(compared.difference) == "None" and compared.parked == 0


@pytest.mark.parametrize("seed", range(SEEDS))
def test_stored_accounts_answer_as_a_replay_does(seed: int, tmp_path: Path) -> None:
    check_answers(seed, Ledgers(tmp_path))


@pytest.mark.parametrize("seed", range(1000, 1000 + SEEDS // 5))
def test_in_another_database_they_do_too(seed: int, tmp_path: Path, databases: Databases) -> None:
    store = Ledgers(tmp_path, databases)
    check_answers(seed, store)
    store.close()


def check_answers(seed: int, store: Ledgers) -> None:
    rng = random.Random(f"accounts {seed}")
    entries = random_ledger(rng, 60) if seed % 3 else eventful_ledger(rng)
    recording, following = Clock(LONG_AFTER), Clock(LONG_AFTER)
    ledger, accounts = opened(store, recording)
    answers = 0
    for now in moments(rng, entries, STEPS):
        batch, entries = entries[: (size := rng.randint(0, 12))], entries[size:]
        ledger.record([proposal(it) for it in batch])
        following.now = now
        if rng.random() < 0.8:
            assert kept(ledger, accounts, following, rng.choice((1, 3, 7, 1000))) == ledger.head()
            assert_verified(ledger, accounts, now)
        for ahead in (0, rng.choice((0.000001, 1, 700, 4000, 86_400, 400_000))):
            asked = now + timedelta(seconds=ahead)
            found = answered(ledger, accounts, asked)
            if found is not None:
                answers += 1
                assert found == replayed(ledger, asked)
    assert answers
    accounts.close()
    ledger.close()


@pytest.mark.parametrize("seed", range(SEEDS // 5))
def test_stored_accounts_answer_any_selection_as_a_replay_does(seed: int, store: Ledgers) -> None:
    rng = random.Random(f"selections {seed}")
    entries = random_ledger(rng, 60)
    clock = Clock(LONG_AFTER)
    ledger, accounts = opened(store, clock)
    ledger.record([proposal(it) for it in entries])
    times = list(moments(rng, entries, 6))
    for now in times:
        clock.now = now
        kept(ledger, accounts, clock)
        for selection in selections(rng, ledger, times):
            assert answered(ledger, accounts, now, selection) == replayed(ledger, now, selection)
    accounts.close()
    ledger.close()


def selections(rng: random.Random, ledger: Ledger, times: list[datetime]) -> list[Selection]:
    """One of each kind, of what is there."""
    named = {kind: [it.partition(":")[2] for it in ledger.names(kind)] for kind in ("client", "policy", "ticket")}
    found = [Selection(**{kind: rng.choice(names)}) for kind, names in named.items() if names]
    since, until = sorted(rng.sample(times, 2)) if len(set(times)) > 1 else (None, None)
    return [*found, Selection(since=since), Selection(until=until), Selection(since=since, until=until)]
