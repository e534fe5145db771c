"""Up to where a lane is, as Kafka has it: the last committed record of its topic of positions. Nothing is kept anywhere else.

Reading it back is right only after `init_transactions` by whoever writes it: until then another's transaction may be open.
"""

from collections.abc import Mapping

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from msgspec import Struct

from adapters.kafka.topics import ANSWER_SECONDS, client_settings

_BACK_AT_FIRST = 32
_POLL_SECONDS = 1.0


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


def last_reached(brokers: str, topic: str) -> Reached | None:
    """The last committed record of a topic of positions; None if it never had one. KafkaException if it cannot be read,
    msgspec.MsgspecError if it is none of ours."""
    consumer = _consumer(brokers)
    try:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=ANSWER_SECONDS)
        back = _BACK_AT_FIRST
        while True:
            # From the end: most of what is before was replaced, and not yet tidied up.
            first = max(low, high - back)
            found = _last_since(consumer, TopicPartition(topic, 0, first))
            if found is not None or first == low:
                return None if found is None else _decode(found.value() or b"")
            back *= 8
    finally:
        consumer.close()


def ends(brokers: str, partitions: Mapping[str, int]) -> int:
    """How much was ever written to these topics, of so many partitions each. KafkaException if they cannot be asked."""
    consumer = _consumer(brokers)
    try:
        each = [TopicPartition(name, it) for name, count in partitions.items() for it in range(count)]
        return sum(consumer.get_watermark_offsets(it, timeout=ANSWER_SECONDS)[1] for it in each)
    finally:
        consumer.close()


def _consumer(brokers: str) -> Consumer:
    settings = {"group.id": "bitacora.relay", "isolation.level": "read_committed", "enable.auto.commit": False,
                "enable.partition.eof": True, "auto.offset.reset": "earliest",
                # So long a broker waits for more at the end of a topic before it says that this is the end.
                "fetch.wait.max.ms": 10}  # fmt: skip
    return Consumer({**client_settings(brokers), **settings})


def _last_since(consumer: Consumer, first: TopicPartition) -> Message | None:
    """The last committed message from an offset on; None if there is none."""
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
            return last
        else:
            raise KafkaException(error)
