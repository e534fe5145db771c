"""The beginning of what is live, when there is none yet: every ticket and policy of the ledger judged once, and written in one
transaction together with the place on the topics from which to go on. Nothing is told as changed, since nothing has.

Whoever begins it last shuts out an earlier one, which then waits for it; no worker has begun meanwhile.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition

from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import client_settings
from adapters.kafka.sending import is_beyond_repair
from adapters.kafka.topics import ANSWER_SECONDS, Topics
from adapters.ledger import Ledger
from adapters.live import judging
from adapters.live.contexts import Contexts
from adapters.live.rows import Part, encode
from adapters.live.sending import retried
from adapters.live.topics import PARTS, POLICIES, TICKETS, partition_of
from domain.events import PolicyContracted, TicketOpened

_TRANSACTION_SECONDS = 15 * 60
"""As long as a broker allows, unless it is told otherwise."""
_CALL_SECONDS = 10.0
_LOOK_SECONDS = 1.0
_STEP_TICKETS = 1_000
_QUEUED_MESSAGES = 100_000
Progress = Callable[[int, int], None]
"""Is told, now and then, how many tickets are judged of how many."""
_Row = tuple[str, str, bytes]
"""Topic, key, value."""


class Snapshot:
    """The first rows of a group of workers."""

    def __init__(self, ledger: Ledger, topics: Topics, partitions: int, group: str, near_percent: int) -> None:
        self._ledger, self._topics, self._partitions = ledger, topics, partitions
        self._group, self._near = group, near_percent
        self._consumer = Consumer({
            **client_settings(topics.brokers), "group.id": group, "isolation.level": "read_committed",
            "enable.auto.commit": False,
        })  # fmt: skip

    def close(self) -> None:
        """Lets go of what it opened."""
        self._consumer.close()

    def is_needed(self) -> bool:
        """Whether the group has never said how far it is. KafkaException if it cannot be asked."""
        asked = self._numbered(ENTRIES)
        return all(it.offset < 0 for it in self._consumer.committed(asked, timeout=ANSWER_SECONDS))

    def make(self, now: datetime, progress: Progress) -> int:
        """Judges and writes everything; how many tickets. KafkaException, also if another began after it; LedgerError."""
        producer = Producer({
            **client_settings(self._topics.brokers), "transactional.id": f"{self._group}-snapshot",
            "transaction.timeout.ms": _TRANSACTION_SECONDS * 1000, "queue.buffering.max.messages": _QUEUED_MESSAGES,
        })  # fmt: skip
        retried(lambda: producer.init_transactions(_CALL_SECONDS))
        # Whatever is on the topic by now is in the ledger, too.
        ends = {(it.topic, it.partition): self._end(it) for it in (*self._numbered(ENTRIES), *self._numbered(PARTS))}
        producer.begin_transaction()
        parts = self._topics.named(PARTS)

        def delivered(error: object, message: Message) -> None:
            if error is None and message.topic() == parts:
                ends[parts, message.partition() or 0] = (message.offset() or 0) + 1

        tickets = 0
        for topic, key, value in self._rows(now, progress):
            tickets += topic == TICKETS
            _produce(producer, self._topics.named(topic), key, value, self._partition(key), delivered)
        while producer.flush(_CALL_SECONDS):
            pass
        offsets = [TopicPartition(topic, number, offset) for (topic, number), offset in ends.items()]
        metadata = self._consumer.consumer_group_metadata()
        retried(lambda: producer.send_offsets_to_transaction(offsets, metadata, _CALL_SECONDS))
        retried(lambda: producer.commit_transaction(_CALL_SECONDS))
        return tickets

    def _rows(self, now: datetime, progress: Progress) -> Iterator[_Row]:
        contexts, head = Contexts(self._ledger), self._ledger.head()
        parts: dict[str, list[Part]] = {}
        total = len(self._ledger.names("ticket"))
        for number, (stream, recorded) in enumerate(self._ledger.streams("ticket", head)):
            opening = recorded[0].event
            if not isinstance(opening, TicketOpened):
                continue
            context = contexts.of(opening.client, now)
            try:
                judged = judging.ticket(opening.ticket, recorded, context, now, self._near)
            except Exception as problem:
                judged = judging.not_judged(opening.ticket, recorded, context, now, f"{type(problem).__name__}: {problem}")
            yield TICKETS, stream, encode(judged.ticket)
            if judged.ticket.use:
                parts.setdefault(judged.subject, []).append(judged.part)
                yield PARTS, f"{judged.subject} {judged.part.ticket}", encode(judged.part)
            if number % _STEP_TICKETS == 0:
                progress(number, total)
        progress(total, total)
        yield from self._policies(now, head, contexts, parts)

    def _policies(self, now: datetime, head: int, contexts: Contexts, parts: Mapping[str, list[Part]]) -> Iterator[_Row]:
        subjects = {subject: (held[0].client, 0) for subject, held in parts.items()}
        for stream, recorded in self._ledger.streams("policy", head):
            first = recorded[0].event
            if isinstance(first, PolicyContracted):
                subjects[stream] = (first.client, recorded[-1].version)
        for subject, (client, version) in subjects.items():
            context = contexts.of(client, now)
            row = judging.policy(subject, client, parts.get(subject, ()), context, now, version, self._near)
            yield POLICIES, subject, encode(row)

    def _numbered(self, topic: str) -> list[TopicPartition]:
        return [TopicPartition(self._topics.named(topic), it) for it in range(self._partitions)]

    def _end(self, it: TopicPartition) -> int:
        return int(self._consumer.get_watermark_offsets(it, timeout=ANSWER_SECONDS)[1])

    def _partition(self, key: str) -> int:
        return partition_of(key.partition(" ")[0].encode(), self._partitions)


def _produce(
    producer: Producer, topic: str, key: str, value: bytes, partition: int, delivered: Callable[[object, Message], None]
) -> None:
    while True:
        try:
            producer.produce(topic, value, key.encode(), partition, on_delivery=delivered)
            producer.poll(0)
            return
        except BufferError:
            producer.poll(0.1)


def made_if_needed(snapshot: Snapshot, now: Callable[[], datetime], progress: Progress) -> int | None:
    """Makes the snapshot if there is none; how many tickets it has, None if it was there, or another worker made it. Errors as
    `make`."""
    if not snapshot.is_needed():
        return None
    try:
        return snapshot.make(now(), progress)
    except KafkaException as error:
        if not is_beyond_repair(error):
            raise
        # Another one shut this one out, and is at it.
        until = time.monotonic() + _TRANSACTION_SECONDS
        while snapshot.is_needed():
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK_SECONDS)
        return None
