"""Workers that are killed, join, leave and lose their broker, under load: in the end what is live is what a replay says, every
change was told once, and every entry relayed once.

As often as docs/live.md says it was tried with BITACORA_FAULTS=full; a few times otherwise.
"""

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ledger import Taken
from dev.kafka.broker import Broker
from tests.adapters.live.workers import Streams
from tests.given import authorized, cs_policy, opened, read, registered

FULL = os.environ.get("BITACORA_FAULTS") == "full"
KILLS = 30 if FULL else 3
REBALANCES = 40 if FULL else 4
ROUNDS = 24 if FULL else 6


@pytest.fixture
def streams(brokers: str, topic_prefix: str, tmp_path: Path) -> Iterator[Streams]:
    found = Streams(brokers, topic_prefix, tmp_path)
    yield found
    found.close()


def test_what_is_live_is_right_however_often_a_worker_is_killed(streams: Streams) -> None:
    rng = random.Random("kills")
    streams.record(300)
    streams.relay()
    streams.load(5, 0.1)
    for _ in range(KILLS):
        worker = streams.worker("one")
        if rng.random() < 0.8:
            worker.at_work()
        time.sleep(rng.uniform(0, 1.5))
        worker.kill()
    streams.worker("one").at_work()
    streams.settle()
    streams.check()


def test_what_is_live_is_right_through_rebalances_under_load(streams: Streams) -> None:
    streams.record(300)
    streams.relay()
    stays = streams.worker("stays")
    stays.at_work()
    streams.load(10, 0.1)
    begun = generation = stays.at_work()["generation"]
    number = 0
    while generation - begun < REBALANCES:
        number += 1
        comes = streams.worker(f"comes-{number}")
        comes.at_work()
        time.sleep(0.5)
        if number % 2:
            comes.kill()
        else:
            assert comes.end() == 0
        generation = stays.at_work()["generation"]
    streams.settle()
    streams.check()


def test_a_broker_that_is_restarted_loses_nothing(topic_prefix: str, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "broker")
    (tmp_path / "broker").mkdir()
    broker.start()
    streams = Streams(broker.address, topic_prefix, tmp_path)
    try:
        streams.record(300)
        streams.relay()
        streams.worker("one").at_work()
        streams.load(5, 0.1)
        for _ in range(3 if FULL else 1):
            time.sleep(2)
            broker.stop()
            time.sleep(1)
            broker.start()
        time.sleep(2)
        for it in streams.workers:
            assert it.process.poll() is None
        streams.settle()
        streams.check()
    finally:
        streams.close()
        broker.stop()


def test_a_worker_that_cannot_send_ends_though_its_broker_is_still_away(topic_prefix: str, tmp_path: Path) -> None:
    """What it had to say is recorded in the ledger alone; whatever supervises it starts it again until the broker answers."""
    broker = Broker(tmp_path / "broker")
    broker.start()
    streams = Streams(broker.address, topic_prefix, tmp_path)
    try:
        desk = registered(), authorized(), cs_policy(ends="2029-12-31"), opened(priority="P3")
        streams.ledger.record([read(it) for it in desk])
        streams.relay()
        worker = streams.worker("one")
        worker.at_work()
        streams.ledger_is_live()
        broker.stop()
        (taken,) = streams.ledger.record([read(cs_policy("another", starts="2030-01-01"))])
        assert isinstance(taken, Taken)
        assert worker.process.wait(90) == 1
        broker.start()
        streams.supervise()
        streams.workers[-1].at_work()
        streams.settle()
        streams.check()
    finally:
        streams.close()
        broker.stop()


def test_all_of_it_at_once(topic_prefix: str, tmp_path: Path) -> None:
    """Relay and workers killed, workers joining and leaving, the broker restarted, entries recorded all the while."""
    rng = random.Random("all at once")
    (tmp_path / "broker").mkdir()
    broker = Broker(tmp_path / "broker")
    broker.start()
    streams = Streams(broker.address, topic_prefix, tmp_path)
    try:
        streams.record(300)
        streams.relay()
        workers = {name: streams.worker(name) for name in ("one", "two")}
        workers["one"].at_work()
        streams.load(5, 0.1)
        for number in range(ROUNDS):
            time.sleep(rng.uniform(0.5, 2))
            match ("relay", "worker", "broker", "worker")[number % 4]:
                case "relay":
                    streams.relay()
                case "worker":
                    name = rng.choice(("one", "two"))
                    workers[name].kill()
                    workers[name] = streams.worker(name)
                case "broker":
                    broker.stop()
                    broker.start()
        streams.settle()
        streams.check()
    finally:
        streams.close()
        broker.stop()
