"""Partitions of compacted topics, read whole: what a worker's tables were when the partitions became its own.

Read up to the very end as it is then: a transaction that another worker left open there is waited for, until it is done or the
broker undoes it. It knows no rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from time import monotonic
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.topics import ANSWER_SECONDS
from adapters.live.sending import TRANSACTION_SECONDS

_POLL_SECONDS = 0.1
_AT_ONCE = 5_000
_LONGEST_SECONDS = TRANSACTION_SECONDS + 30

Place = tuple[str, int]
"""A topic, and the number of one of its partitions."""


class Loaded(NamedTuple):
    """A message; without a value there is nothing by that key any more."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    offset: int


def loaded(brokers: Brokers, partitions: Sequence[Place], since: Mapping[Place, int] | None = None) -> Iterator[Loaded]:
    """The committed messages of these partitions, by offset, `since` an offset if there is one. KafkaException if they cannot
    be read, TimeoutError if an open transaction hides the end for longer than one may last."""
    begins = since or {}
    ends = {it: end for it, end in _ends(brokers, partitions).items() if end > begins.get(it, 0)}
    consumer = _consumer(brokers, "read_committed")
    try:
        consumer.assign([TopicPartition(*it, begins.get(it, 0)) for it in ends])
        yield from _up_to(consumer, ends)
    finally:
        consumer.close()


def _ends(brokers: Brokers, partitions: Sequence[Place]) -> dict[Place, int]:
    """Where these partitions end, counting what is not committed: whoever reads committed is told of no end beyond it."""
    consumer = _consumer(brokers, "read_uncommitted")
    try:
        ends = {}
        for topic, number in partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=ANSWER_SECONDS)
            if high > low:
                ends[topic, number] = high
        return ends
    finally:
        consumer.close()


def _consumer(brokers: Brokers, isolation: str) -> Consumer:
    return Consumer({
        **client_settings(brokers), "group.id": "bitacora.live.loading", "isolation.level": isolation,
        "enable.auto.commit": False, "auto.offset.reset": "earliest", "enable.partition.eof": True, "fetch.wait.max.ms": 50,
    })  # fmt: skip


def _up_to(consumer: Consumer, ends: dict[Place, int]) -> Iterator[Loaded]:
    heard = monotonic()
    while ends:
        messages = consumer.consume(_AT_ONCE, _POLL_SECONDS)
        for message in messages:
            error = message.error()
            if error is None:
                heard = monotonic()
                topic, number, offset = str(message.topic()), message.partition() or 0, message.offset() or 0
                yield Loaded(topic, number, message.key() or b"", message.value(), offset)
            elif error.code() != KafkaError._PARTITION_EOF:
                raise KafkaException(error)
        reached = consumer.position([TopicPartition(topic, number) for topic, number in ends])
        for it in reached:
            # The position is beyond the marks that end transactions, too.
            if it.offset >= ends[it.topic, it.partition]:
                del ends[it.topic, it.partition]
        if ends and monotonic() - heard > _LONGEST_SECONDS:
            raise TimeoutError(f"the end of {next(iter(ends))} cannot be read")
