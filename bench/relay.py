"""Relaying a ledger to Kafka: against a bare transactional producer of the same bytes and headers; all of a large ledger to an
empty topic; and how soon a subscriber has an entry that was recorded.

The broker runs on the same machine and shares its cores with whoever sends, on both sides.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from adapters.contract.cloud_events import Message, entry_message, source_of
from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.lanes import MOST_ENTRIES, Entries
from adapters.kafka.sending import PRODUCER, Sending
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger
from adapters.proofs.tree import TreeRows
from bench.ledgers import ledger
from bench.measuring import Row, Times, in_turns
from dev.kafka.broker import own_broker
from tests.adapters.given import DESK, followed_up, opened
from tests.adapters.given import read as read_lines

SMALL, LARGE = 100_000, 1_000_000
STEPS = 200
_REPEATS = 3
_READ_AT_ONCE = 10_000


def run(folder: Path) -> list[Row]:
    """The relay against the bare producer, all of a large ledger, and the lag of single entries."""
    with own_broker() as broker:
        return [*_against_the_producer(folder, broker.address), *_all(folder, broker.address), *_lag(folder, broker.address)]


def _against_the_producer(folder: Path, brokers: str) -> list[Row]:
    with Ledger.open(str(ledger(folder, SMALL))) as kept:
        messages = list(_messages(kept))
        empty = [_topics(brokers) for _ in range(2 * _REPEATS)]
        ours, floor = in_turns(lambda: _relayed(kept, empty.pop()), lambda: _produced(messages, empty.pop()), repeats=_REPEATS)
    ratio = floor.middle / ours.middle
    return [
        Row(name=f"{SMALL:,} entries relayed (floor: a bare transactional producer of the same messages)",
            value=SMALL / ours.middle, unit="entries/s", spread=ours.spread, floor=SMALL / floor.middle, ratio=ratio,
            goal="≥ 0.5", met=ratio >= 0.5)
    ]  # fmt: skip


def _all(folder: Path, brokers: str) -> list[Row]:
    with Ledger.open(str(ledger(folder, LARGE))) as kept:
        empty = _topics(brokers)
        begun = perf_counter()
        _relayed(kept, empty)
        seconds = perf_counter() - begun
    return [
        Row(name=f"{LARGE:,} entries relayed from an empty topic (in {seconds:.0f} s)", value=LARGE / seconds,
            unit="entries/s", spread=None, floor=None, ratio=None, goal="-", met=None)
    ]  # fmt: skip


def _messages(kept: Ledger) -> Iterator[Message]:
    source = source_of(kept)
    for after in range(0, kept.head(), _READ_AT_ONCE):
        with kept.reading("entries") as plain:
            rows = TreeRows.of(plain).raw(after, 2**62, _READ_AT_ONCE)
        yield from (entry_message(source, it) for it in rows)


def _topics(brokers: str) -> Topics:
    topics = Topics(Brokers(brokers), f"bench-{uuid4().hex[:8]}")
    topics.create()
    return topics


def _relayed(kept: Ledger, topics: Topics) -> None:
    sending = Sending(topics, "entries")
    lane = Entries(kept)
    reached = sending.begin(source_of(kept))
    while reached.position < kept.head():
        reached = lane.step(sending, reached)
    sending.close()


def _produced(messages: Sequence[Message], topics: Topics) -> None:
    topic = topics.named(ENTRIES)
    producer = Producer({**client_settings(topics.brokers), **PRODUCER, "transactional.id": topic})
    producer.init_transactions()
    for first in range(0, len(messages), MOST_ENTRIES):
        producer.begin_transaction()
        for key, headers, value in messages[first : first + MOST_ENTRIES]:
            while True:
                try:
                    producer.produce(topic, value, key, headers=headers)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.commit_transaction()


def _lag(folder: Path, brokers: str) -> list[Row]:
    """From the commit of an entry until a subscriber has it; against a message sent in a transaction by a bare producer."""
    topics = _topics(brokers)
    topic = topics.named(ENTRIES)
    path = folder / "relayed.db"
    with Ledger.open(str(path), create=True) as kept, _subscribed(brokers, topic) as subscriber:
        kept.record(read_lines(*DESK, opened("T-1")))
        with _relaying(path, topics):
            _await(subscriber, kept.head())
            lags = Times(_seen_after(kept, subscriber, number) for number in range(STEPS))
    bare = _topics(brokers).named(ENTRIES)
    with _subscribed(brokers, bare) as subscriber:
        floors = Times(_round_trips(brokers, bare, subscriber))
    found = []
    for name, of in (("p50", 50), ("p99", 99)):
        ours, floor = (sorted(it)[len(it) * of // 100] for it in (lags, floors))
        found.append(
            Row(name=f"recorded until a subscriber has it, {name}, SQLite (floor: a bare transaction until it has it)",
                value=ours, unit="ms", spread=None, floor=floor, ratio=ours / floor, goal="-", met=None)
        )  # fmt: skip
    return found


@contextmanager
def _subscribed(brokers: str, topic: str) -> Iterator[Consumer]:
    """A subscriber at the end of a topic, which sees what is committed as soon as it is."""
    settings = {"group.id": "bench", "isolation.level": "read_committed", "auto.offset.reset": "earliest"}
    consumer = Consumer({**client_settings(Brokers(brokers)), **settings})
    consumer.assign([TopicPartition(topic, it, 0) for it in consumer.list_topics(topic).topics[topic].partitions])
    yield consumer
    consumer.close()


@contextmanager
def _relaying(path: Path, topics: Topics) -> Iterator[None]:
    """A relay at work, a process of its own."""
    command = [sys.executable, "-m", "adapters.cli", "--ledger", str(path), "relay", "--brokers", topics.brokers.addresses,
               "--topic-prefix", topics.prefix]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        yield
        process.terminate()


def _await(subscriber: Consumer, count: int) -> None:
    while count:
        count -= sum(it.error() is None for it in subscriber.consume(count, 0.1))


def _seen_after(kept: Ledger, subscriber: Consumer, number: int) -> float:
    """Milliseconds from a recorded follow-up until the subscriber has it."""
    kept.record(read_lines(followed_up("T-1", number)))
    begun = perf_counter()
    _await(subscriber, 1)
    return (perf_counter() - begun) * 1000


def _round_trips(brokers: str, topic: str, subscriber: Consumer) -> Iterator[float]:
    """Milliseconds of a transaction of one message until the subscriber has that."""
    producer = Producer({**client_settings(Brokers(brokers)), **PRODUCER, "transactional.id": topic})
    producer.init_transactions()
    for _ in range(STEPS):
        begun = perf_counter()
        producer.begin_transaction()
        producer.produce(topic, b"{}", b"ticket:T-1")
        producer.commit_transaction()
        _await(subscriber, 1)
        yield (perf_counter() - begun) * 1000
