"""The topics of accounts hold, by each key, what a report says: of the moment and the position that the message is of, and
still when everything recorded since is known."""

import os
import random
from datetime import UTC, datetime, timedelta

import pytest

from adapters.contract.topics import BILLING, SLA
from adapters.kafka.relaying import reached_by_lane
from tests.adapters.accounts_kept import Clock, moments
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.kafka.accounts_sent import assert_as_of_their_own, assert_current, kept
from tests.adapters.kafka.relayed import Relaying, made
from tests.adapters.kafka.subscriber import latest, received
from tests.oracle.comparison import proposal
from tests.oracle.ledgers import random_ledger
from tests.stores import Ledgers
from tests.test_oracle_agrees import eventful_ledger

SEEDS = int(os.environ.get("BITACORA_RELAY_SEEDS", "2"))
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
STEPS = 5


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_is_recorded_and_whenever_the_relay_comes_by_accounts_are_those_of_the_reports(
    seed: int, store: Ledgers, brokers: str, topic_prefix: str
) -> None:
    rng = random.Random(f"relay {seed}")
    entries = random_ledger(rng, 60) if seed % 2 else eventful_ledger(rng)
    clock = Clock(LONG_AFTER)
    relaying = Relaying(made(brokers, topic_prefix, 2), clock, ["accounts"])
    with store.open(create=True, clock=lambda: LONG_AFTER, sealed=False) as ledger:
        for now in moments(rng, entries, STEPS):
            batch, entries = entries[: (size := rng.randint(0, 25))], entries[size:]
            ledger.record([proposal(it) for it in batch])
            clock.now = now
            relaying.once(store)
            assert_as_of_their_own(ledger, relaying.topics)
            assert_current(ledger, relaying.topics, now)


def test_only_what_changed_is_sent(store: Ledgers, brokers: str, topic_prefix: str) -> None:
    clock = Clock(NOW)
    relaying = Relaying(made(brokers, topic_prefix), clock, ["accounts"])
    with store.open(create=True, clock=clock) as ledger:
        ledger.record(read(*DESK, opened("T-1"), opened("T-2")))
        relaying.once(store)
        clock.now += timedelta(seconds=1)
        ledger.record(read(followed_up("T-2", 1)))
        relaying.once(store)
        relaying.once(store)
        head = ledger.head()
    sent = received(brokers, relaying.topics.named(BILLING))
    assert [it.key for it in sorted(sent, key=lambda it: (it.position, it.key))] == ["ticket:T-1", "ticket:T-2", "ticket:T-2"]
    assert [row["minutes"] for row in latest(sent)["ticket:T-2"].json()["billing"]] == [15]
    reached = reached_by_lane(relaying.topics)["accounts"]
    assert reached is not None
    assert (reached.position, reached.sent) == (head, 6)


def test_what_time_alone_changes_is_sent_too(store: Ledgers, brokers: str, topic_prefix: str) -> None:
    clock = Clock(datetime(2026, 3, 2, 16, tzinfo=UTC))
    relaying = Relaying(made(brokers, topic_prefix), clock, ["accounts"])
    with store.open(create=True, clock=clock) as ledger:
        ledger.record(read(*DESK, opened("T-1")))
    verdicts = []
    for hours in (0, 24):
        clock.now += timedelta(hours=hours)
        relaying.once(store)
        verdicts.append(kept(relaying.topics, SLA)["ticket:T-1"].json()["response"]["verdict"])
    assert verdicts == ["running", "breached"]
