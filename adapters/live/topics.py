"""The topics of what is live: how they are called, made and found to be right, and which partition of them a subject is in.

All have as many partitions as the topic of entries, and divide subjects among them as it does, so that one worker gets all that
is about a ticket, or about a policy.
"""

from collections.abc import Mapping
from functools import lru_cache
from time import monotonic, sleep

from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import NewTopic  # type: ignore[attr-defined]

from adapters.contract.topics import ENTRIES, LIVE_CHANGES, LIVE_POLICIES, LIVE_TICKETS
from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.problems import topics_at
from adapters.kafka.topics import ANSWER_SECONDS, Topics, Unsuitable, make
from domain.refusal import said

_LOOK_SECONDS = 0.1
TICKETS, POLICIES, CHANGES = LIVE_TICKETS, LIVE_POLICIES, LIVE_CHANGES
PARTS = "bitacora.live.parts"
"""Between the workers: what tickets bring into the accounts of policies. Nobody else need read it."""
_LATEST = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.2"}
_SOME_TIME = {"cleanup.policy": "delete", "retention.ms": str(30 * 24 * 3600 * 1000)}
KINDS: Mapping[str, Mapping[str, str]] = {TICKETS: _LATEST, POLICIES: _LATEST, PARTS: _LATEST, CHANGES: _SOME_TIME}


@lru_cache(maxsize=65_536)
def partition_of(subject: bytes, partitions: int) -> int:
    """The partition that a stream's messages are in: as Kafka's own clients divide keys."""
    hashed: int = murmur2(subject)
    return (hashed & 0x7FFFFFFF) % partitions


def subject_of(key: bytes) -> str:
    """Whose account a part is brought into, by its key."""
    return key.decode().partition(" ")[0]


def made(topics: Topics) -> int:
    """Makes the topics of what is live that are missing; how many partitions each has, which is as many as the topic of entries
    has. Unsuitable if there is no such topic, or one has others; KafkaException if the broker does not answer."""
    found = topics_at(topics.brokers, ANSWER_SECONDS)
    entries = topics.named(ENTRIES)
    if entries not in found:
        raise Unsuitable(said("there is no topic {topics} at {brokers}: `{command}` makes what is missing"),
                         topics=entries, brokers=topics.brokers, command=topics.command())  # fmt: skip
    count = found[entries]
    for name in map(topics.named, KINDS):
        if found.get(name, count) != count:
            raise Unsuitable(said("topic {topic} has {found} partitions, and must have {wanted}"),
                             topic=name, found=found[name], wanted=count)  # fmt: skip
    new = [it for it in KINDS if topics.named(it) not in found]
    make(topics.brokers, [NewTopic(topics.named(it), count, -1, config=dict(KINDS[it])) for it in new])
    # Whoever made them, perhaps a moment ago.
    _await_leaders(topics.brokers, [(topics.named(it), number) for it in (ENTRIES, *KINDS) for number in range(count)])
    return count


def _await_leaders(brokers: Brokers, partitions: list[tuple[str, int]]) -> None:
    """Until topics can be read: a broker that has made them may take a moment. KafkaException if it takes too long."""
    consumer = Consumer({**client_settings(brokers), "group.id": "bitacora.live.loading"})
    until = monotonic() + ANSWER_SECONDS
    try:
        for topic, number in partitions:
            while True:
                try:
                    consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=ANSWER_SECONDS)
                    break
                except KafkaException:
                    if monotonic() > until:
                        raise
                    sleep(_LOOK_SECONDS)
    finally:
        consumer.close()
