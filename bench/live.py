"""The live worker: entries a second against a Faust agent that does nothing, and against a bare consumer; and how soon a breach
that comes of itself is told.

Both are of one broker and one run. Time is that of the clock on the wall: the worker waits for Kafka as they do.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer

from adapters.kafka.brokers import Brokers, client_settings
from adapters.ledger import Ledger
from adapters.live.topics import CHANGES
from bench.ledgers import ledger
from bench.measuring import Row, Times
from dev.kafka.broker import Broker
from domain.shape import read_entry
from tests.adapters.live.workers import Streams

ENTRIES_COUNT = 10_000
_REPEATS = 2
_TARGET = timedelta(hours=24)
_FIRST_SECONDS, _LAST_SECONDS, _BREACHES = 12, 24, 100


def run(folder: Path) -> list[Row]:
    """Both, on a broker of their own."""
    with _broker(folder) as brokers:
        return [*_throughput(folder, brokers), *_lag(folder, brokers)]


@contextmanager
def _broker(folder: Path) -> Iterator[str]:
    home = folder / "live-broker"
    home.mkdir()
    broker = Broker(home)
    broker.start()
    try:
        yield broker.address
    finally:
        broker.stop()


def _throughput(folder: Path, brokers: str) -> list[Row]:
    path = ledger(folder, ENTRIES_COUNT)
    with Ledger.open(str(path)) as opened:
        count = opened.head()
    taken: dict[str, Times] = {kind: Times() for kind in ("floor", "fresh", "late", "bare")}
    for number in range(_REPEATS):
        prefix = f"bench-{number}"
        command = [sys.executable, "-m", "adapters.cli", "--ledger", str(path), "relay", "--brokers", brokers,
                   "--topic-prefix", prefix, "--create-topics", "--once"]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        for kind, times in taken.items():
            asked = [sys.executable, "-m", "bench.live_agents", kind, brokers, prefix, str(path), str(count)]
            said = subprocess.run(asked, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
            times.append(count / float(said.split()[-1]))
    return list(_compared(taken))


def _compared(taken: dict[str, Times]) -> Iterator[Row]:
    for kind, name in (("fresh", "judged at every entry"), ("late", "catching up")):
        for against, told in (("floor", "a Faust agent with an empty fold and a table"), ("bare", "a bare consumer")):
            ours, theirs = taken[kind], taken[against]
            ratio = ours.middle / theirs.middle
            goal = against == "floor"
            yield Row(
                name=f"live worker, {name} (floor: {told})", value=ours.middle, unit="entries/s", spread=ours.spread,
                floor=theirs.middle, ratio=ratio, goal="≥ 0.7" if goal else "-", met=ratio >= 0.7 if goal else None,
            )  # fmt: skip


# How soon a breach is told ------------------------------------------------------------------------------------------


def _lag(folder: Path, brokers: str) -> list[Row]:
    """From the second in which response clocks of 24 hours are over to a subscriber that reads what is committed."""
    place = folder / "lag"
    place.mkdir()
    streams = Streams(brokers, "lag", place)
    try:
        streams.relay()
        streams.worker("lag").at_work()
        consumer = _subscribed(brokers, streams.topics.named(CHANGES))
        streams.ledger.record([read_entry(json.dumps(it).encode()) for it in _soon_over()])
        lags = Times(_lags(consumer))
    finally:
        streams.close()
    found = []
    for name, value in (("p50", lags.middle), ("p99", sorted(lags)[len(lags) * 99 // 100])):
        found.append(
            Row(name=f"a breach told after it came of itself, {name}", value=value, unit="ms", spread=None, floor=None,
                ratio=None, goal="-", met=None)
        )  # fmt: skip
    return found


def _soon_over() -> Iterator[dict[str, Any]]:
    """A desk with a policy, and tickets opened a day ago, give or take seconds, that nobody has answered."""
    long_ago, now = "2020-01-01T08:00:00-06:00", datetime.now(UTC)
    yield {"type": "ClientRegistered", "at": long_ago, "client": "acme", "name": "Acme", "local": True}
    yield {"type": "PolicyContracted", "at": long_ago, "policy": "PC", "client": "acme", "terms": "customsoft", "tier": "basic",
           "starts": "2020-01-01"}  # fmt: skip
    for number in range(_BREACHES):
        seconds = _FIRST_SECONDS + (_LAST_SECONDS - _FIRST_SECONDS) * number / _BREACHES
        at = now - _TARGET + timedelta(seconds=seconds)
        yield {"type": "TicketOpened", "at": at.isoformat(), "ticket": f"T-{number}", "client": "acme", "requester": "ana",
               "channel": "email", "priority": "P1", "kind": "incident", "subject": "s"}  # fmt: skip


def _subscribed(brokers: str, topic: str) -> Consumer:
    consumer = Consumer({
        **client_settings(Brokers(brokers)), "group.id": "lag", "isolation.level": "read_committed",
        "auto.offset.reset": "earliest",
        "fetch.wait.max.ms": 10,
    })  # fmt: skip
    consumer.subscribe([topic])
    return consumer


def _lags(consumer: Consumer) -> Iterator[float]:
    """Milliseconds of every breach, from its instant on."""
    told, until = 0, time.monotonic() + 3 * _LAST_SECONDS
    while told < _BREACHES and time.monotonic() < until:
        message = consumer.poll(1)
        if message is None or message.error() is not None:
            continue
        change = json.loads(message.value() or b"{}")
        if change.get("clock") == "response" and change["after"] == "breached":
            told += 1
            yield (datetime.now(UTC) - datetime.fromisoformat(change["at"])).total_seconds() * 1000
    consumer.close()
    assert told == _BREACHES, f"{told} of {_BREACHES} breaches were told"
