"""Up to where a lane is, as Kafka has it: the last committed record of its topic of positions. Nothing is kept anywhere else.

Reading it back is right only after `init_transactions` by whoever writes it: until then another's transaction may be open.
"""

import time
from collections.abc import Mapping

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Struct

from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.topics import ANSWER_SECONDS

_BACK_AT_FIRST = 32
_POLL_SECONDS = 1.0
_COMMIT_SECONDS = 2.0
_PASSING = (KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.UNKNOWN_TOPIC_OR_PART)
"""What is said of partitions that were just made, or change brokers."""


class Reached(Struct, frozen=True):
    """Up to where a lane is: everything of the ledger `source` up to `position`, whose entry has that `id`, has been sent; by
    the relay of that name, to topics of so many partitions. `judged_at`: the accounts judged up to that moment, too."""

    source: str
    relay: str
    partitions: Mapping[str, int]
    position: int = 0
    id: str = ""
    judged_at: str = ""
    sent: int = 0


encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Reached).decode


def last_reached(brokers: Brokers, topic: str, *, is_ours: bool = False) -> Reached | None:
    """The last committed record of a topic of positions; None if it never had one. What is being committed is waited for, but
    not for long: if nobody else can have a transaction open there (`is_ours`), an earlier record is no answer.

    KafkaException if it cannot be read, msgspec.MsgspecError if it is none of ours."""
    written = ends(brokers, {topic: 1})
    until = time.monotonic() + (ANSWER_SECONDS if is_ours else _COMMIT_SECONDS)
    consumer = _consumer(brokers, "read_committed")
    try:
        low, high = _bounds(consumer, TopicPartition(topic, 0))
        # From the end: most of what is before was replaced, and not yet tidied up.
        back = _BACK_AT_FIRST
        while True:
            first = max(low, high - back)
            found, end = _last_since(consumer, TopicPartition(topic, 0, first))
            if end < written and time.monotonic() < until:
                continue
            if end < written and is_ours:
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{topic} is not settled up to {written}"))
            if found is not None or first == low:
                return None if found is None else _decode(found.value() or b"")
            back *= 8
    finally:
        consumer.close()


def ends(brokers: Brokers, partitions: Mapping[str, int]) -> int:
    """How much was ever written to these topics, of so many partitions each, committed or not. KafkaException if they cannot be
    asked."""
    consumer = _consumer(brokers, "read_uncommitted")
    try:
        each = [TopicPartition(name, it) for name, count in partitions.items() for it in range(count)]
        return sum(_bounds(consumer, it)[1] for it in each)
    finally:
        consumer.close()


def _consumer(brokers: Brokers, isolation: str) -> Consumer:
    settings = {"group.id": "bitacora.relay", "isolation.level": isolation, "enable.auto.commit": False,
                "enable.partition.eof": True, "auto.offset.reset": "earliest",
                # So long a broker waits for more at the end of a topic before it says that this is the end.
                "fetch.wait.max.ms": 10}  # fmt: skip
    return Consumer({**client_settings(brokers), **settings})


def _bounds(consumer: Consumer, partition: TopicPartition) -> tuple[int, int]:
    """The first offset of a partition, and the one after the last."""
    until = time.monotonic() + ANSWER_SECONDS
    while True:
        try:
            low, high = consumer.get_watermark_offsets(partition, timeout=ANSWER_SECONDS)
            return low, high
        except KafkaException as error:
            if error.args[0].code() not in _PASSING or time.monotonic() > until:
                raise
            time.sleep(0.1)


def _last_since(consumer: Consumer, first: TopicPartition) -> tuple[Message | None, int]:
    """The last committed message from an offset on, None if there is none; and up to which offset that was found out."""
    consumer.assign([first])
    last = None
    while True:
        message = consumer.poll(_POLL_SECONDS)
        if message is None:
            continue
        error = message.error()
        if error is None:
            last = message
        elif error.code() == KafkaError._PARTITION_EOF:
            return last, message.offset() or 0
        else:
            raise KafkaException(error)
