"""Relaying a ledger to Kafka: against a bare transactional producer of the same bytes and headers, from a topic that is empty; and
how soon a subscriber has an entry that was recorded.

The broker runs on the same machine and shares its cores with whoever sends, on both sides.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from threading import Event, Thread
from time import perf_counter
from uuid import uuid4

from confluent_kafka import Consumer, Producer, TopicPartition

from adapters.contract.cloud_events import Message, entry_message, source_of
from adapters.contract.topics import ENTRIES
from adapters.kafka.lanes import MOST_ENTRIES, Entries
from adapters.kafka.relaying import Relay
from adapters.kafka.sending import PRODUCER, Sending
from adapters.kafka.topics import Topics, client_settings
from adapters.ledger import Ledger
from adapters.tree import TreeRows
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
        ours, floor = in_turns(partial(_relayed, kept, brokers), partial(_produced, messages, brokers), repeats=_REPEATS)
    ratio = floor.middle / ours.middle
    return [
        Row(name=f"{SMALL:,} entries relayed (floor: a bare transactional producer of the same messages)",
            value=SMALL / ours.middle, unit="entries/s", spread=ours.spread, floor=SMALL / floor.middle, ratio=ratio,
            goal="≥ 0.5", met=ratio >= 0.5)
    ]  # fmt: skip


def _all(folder: Path, brokers: str) -> list[Row]:
    with Ledger.open(str(ledger(folder, LARGE))) as kept:
        begun = perf_counter()
        _relayed(kept, brokers)
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
    topics = Topics(brokers, f"bench-{uuid4().hex[:8]}")
    topics.create()
    return topics


def _relayed(kept: Ledger, brokers: str) -> None:
    sending = Sending(_topics(brokers), "entries")
    lane = Entries(kept)
    reached = sending.begin(source_of(kept))
    while reached.position < kept.head():
        reached = lane.step(sending, reached)
    sending.close()


def _produced(messages: Sequence[Message], brokers: str) -> None:
    topics = _topics(brokers)
    topic = topics.named(ENTRIES)
    producer = Producer({**client_settings(brokers), **PRODUCER, "transactional.id": topic})
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
    """From the commit of an entry until a subscriber has it, on SQLite; against the same message sent by a bare producer."""
    topics = _topics(brokers)
    path = folder / "relayed.db"
    with Ledger.open(str(path), create=True) as kept:
        kept.record(read_lines(*DESK, opened("T-1")))
        with _relaying(path, topics):
            lags = Times(_seen_after(kept, topics))
    found = []
    for name, value in (("p50", lags.middle), ("p99", sorted(lags)[len(lags) * 99 // 100])):
        found.append(Row(name=f"an entry recorded until a subscriber has it, {name}, SQLite", value=value, unit="ms", spread=None,
                         floor=None, ratio=None, goal="-", met=None))  # fmt: skip
    return found
