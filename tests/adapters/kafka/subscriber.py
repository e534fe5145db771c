"""A subscriber that was told nothing of us but names of topics: it reads what is committed, from the beginning to the end."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, TopicPartition

from adapters.kafka.brokers import Brokers, client_settings


class Received(NamedTuple):
    """A message as it was received; `value` None if it takes back what was said by that key."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: dict[str, str]
    value: bytes | None

    @property
    def position(self) -> int:
        return int(self.headers["ce_sequence"])

    def json(self) -> Any:
        assert self.value is not None
        return json.loads(self.value)


def received(brokers: str, topic: str, isolation: str = "read_committed") -> list[Received]:
    """All messages of a topic, by partition and offset. Waits for what is being committed, or undone: a producer has its answer
    a moment before subscribers have the messages."""
    return received_by(Brokers(brokers), topic, isolation)


def received_by(brokers: Brokers, topic: str, isolation: str = "read_committed") -> list[Received]:
    """The same, of brokers that may ask for more than an address."""
    consumer, ends = _consumer(brokers, isolation), _ends(brokers, topic)
    try:
        consumer.assign([TopicPartition(topic, it, 0) for it in ends])
        found: list[Received] = []
        left = set(ends)
        while left:
            message = consumer.poll(30)
            assert message is not None, f"nothing more of {topic} came, and no end of {left}"
            error, partition, offset = message.error(), message.partition() or 0, message.offset() or 0
            if error is None:
                headers = {name: value.decode() for name, value in message.headers() or []}
                found.append(Received(topic, partition, offset, message.key().decode(), headers, message.value()))
            else:
                assert error.code() == KafkaError._PARTITION_EOF, error
                if offset >= ends[partition]:
                    left.discard(partition)
    finally:
        consumer.close()
    return sorted(found, key=lambda it: (it.partition, it.offset))


def _ends(brokers: Brokers, topic: str) -> dict[int, int]:
    """Up to where anything was written to each partition of a topic."""
    consumer = _consumer(brokers, "read_uncommitted")
    try:
        partitions = consumer.list_topics(topic, 10).topics[topic].partitions
        return {it: consumer.get_watermark_offsets(TopicPartition(topic, it), 10)[1] for it in partitions}
    finally:
        consumer.close()


def _consumer(brokers: Brokers, isolation: str) -> Consumer:
    return Consumer(
        {**client_settings(brokers), "group.id": "tests", "isolation.level": isolation, "enable.partition.eof": True,
         "enable.auto.commit": False, "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10}
    )  # fmt: skip


def latest(messages: Sequence[Received]) -> dict[str, Received]:
    """What was said last by each key, as compaction leaves it."""
    kept = {it.key: it for it in messages}
    return {key: it for key, it in kept.items() if it.value is not None}


def assert_each_once_and_in_order(messages: Sequence[Received], head: int) -> None:
    """Every position up to the head exactly once, those of a partition in order, those of a key in one partition."""
    assert sorted(it.position for it in messages) == list(range(1, head + 1))
    partitions: dict[str, int] = {}
    last: dict[int, int] = {}
    for it in messages:
        assert partitions.setdefault(it.key, it.partition) == it.partition
        assert last.get(it.partition, 0) < it.position
        last[it.partition] = it.position
