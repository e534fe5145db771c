"""The topics of accounts hold, by each key, what a report says: of the moment and the position that the message is of, and still
when everything recorded since is known."""

import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.contract.topics import BILLING, CONSUMPTION, SLA
from adapters.kafka.relaying import reached_by_lane
from adapters.ledger import Ledger
from adapters.reports import Reports, Selection
from projections.contracts import Question
from tests.adapters.accounts_kept import Clock, moments
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.kafka.relayed import Relaying, made
from tests.adapters.kafka.subscriber import Received, latest, received
from tests.oracle.comparison import proposal
from tests.oracle.ledgers import random_ledger
from tests.stores import Ledgers
from tests.test_oracle_agrees import eventful_ledger

SEEDS = int(os.environ.get("BITACORA_RELAY_SEEDS", "2"))
LONG_AFTER = datetime(2027, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
STEPS = 5


def kept(relaying: Relaying, topic: str) -> dict[str, Received]:
    return latest(received(relaying.topics.brokers, relaying.topics.named(topic)))


def reported(ledger: Ledger, it: Received, known: int | None) -> Any:
    """What the reports say of the subject of a message, at the moment it is of, with what was recorded up to a position."""
    question = Question(datetime.fromisoformat(it.headers["ce_time"]), known)
    kind, _, ident = it.key.partition(":")
    if it.headers["ce_type"] == "SlaAccount":
        return next(iter(Reports(ledger, question, Selection(ticket=ident)).sla()))
    if it.headers["ce_type"] == "BillingAccount":
        return {"ticket": ident, "billing": list(Reports(ledger, question, Selection(ticket=ident)).billing())}
    rows = Reports(ledger, question).consumption()
    return next(row for row in rows if (row["policy"], row["client"])[kind == "client"] == ident and
                (kind == "policy") == (row["policy"] is not None))  # fmt: skip


def sealed(row: Any) -> Any:
    """What is told of benefits to those with keys is not told to subscribers."""
    return {name: value for name, value in row.items() if name != "benefits"}


def check(ledger: Ledger, relaying: Relaying, now: datetime) -> None:
    for topic in (SLA, BILLING, CONSUMPTION):
        for it in kept(relaying, topic).values():
            assert sealed(it.json()) == sealed(reported(ledger, it, it.position)), it
            assert sealed(it.json()) == sealed(reported(ledger, it, None)), it
    reports = Reports(ledger, Question(now))
    verdicts = {it["ticket"]: (it["status"], it["response"]["verdict"], it["resolution"]["verdict"]) for it in reports.sla()}
    told = {it["ticket"]: (it["status"], it["response"]["verdict"], it["resolution"]["verdict"])
            for it in (message.json() for message in kept(relaying, SLA).values())}  # fmt: skip
    assert told == verdicts
    bills: dict[str, list[Any]] = {it: [] for it in verdicts}
    for it in reports.billing():
        bills[it["ticket"]].append(it)
    assert {it.json()["ticket"]: it.json()["billing"] for it in kept(relaying, BILLING).values()} == bills
    dealt = [sealed(it) for it in reports.consumption()]
    assert sorted((sealed(it.json()) for it in kept(relaying, CONSUMPTION).values()), key=str) == sorted(dealt, key=str)


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
            check(ledger, relaying, now)


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
        verdicts.append(kept(relaying, SLA)["ticket:T-1"].json()["response"]["verdict"])
    assert verdicts == ["running", "breached"]
