"""Messages sent in transactions, each together with the position that it leaves its lane at: both are there, or neither.

One transaction at a time, all of it in memory, is as much as is ever under way. Whoever begins to send for the same lane takes
over: what another left unfinished is undone, and the other can send no more.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer

from adapters.kafka.brokers import client_settings
from adapters.kafka.positions import Reached, encode, ends, last_reached
from adapters.kafka.topics import MOST_BYTES, Topics, Unsuitable
from domain.refusal import said

IDLE_SECONDS = 30.0
"""So long nothing is sent before it is said once more how far that was."""
TRANSACTION_SECONDS = 15
"""A transaction that takes longer is undone by the broker: so long at most a relay that died keeps readers waiting."""
_CALL_SECONDS = 2.0
_SETTLING_SECONDS = 2.0
PRODUCER: Mapping[str, Any] = {
    "transaction.timeout.ms": TRANSACTION_SECONDS * 1_000, "linger.ms": 5, "message.max.bytes": MOST_BYTES,
    "queue.buffering.max.kbytes": 64 * 1024,
    # What Kafka's own clients, and Faust, divide streams among partitions by.
    "partitioner": "murmur2_random",
}  # fmt: skip
_OUTDONE = (KafkaError._FENCED, KafkaError._FATAL, KafkaError.PRODUCER_FENCED, KafkaError.INVALID_PRODUCER_EPOCH)
_quiet = logging.getLogger("bitacora.kafka")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


Headers = list[tuple[str, bytes]]


class Outgoing(NamedTuple):
    """A message, and the topic it goes to, by its name in the contract. Without a `value` there is nothing by that key any
    more."""

    topic: str
    key: bytes
    headers: Headers
    value: bytes | None


class TakenOver(Unsuitable):
    """Another relay sends to the same topics since then; this one must not."""


class Stopped(Exception):
    """It was asked to stop while Kafka did not answer; what was under way will be undone."""


def is_beyond_repair(error: KafkaException) -> bool:
    """Whether a producer can send no more, as when another was begun with its `transactional.id`."""
    # Of one that was shut out, later calls say no more than `_FATAL`, and not all of them mark it as fatal.
    return error.args[0].code() in _OUTDONE or bool(error.args[0].fatal())


class Sending:
    """What sends for one lane, from `begin` on until `close`, or until it fails: then it begins again, and so finds out what
    was sent."""

    def __init__(self, topics: Topics, lane: str, is_stopped: Callable[[], bool] = lambda: False) -> None:
        """`is_stopped` is asked while Kafka does not answer."""
        self._topics = topics
        self._positions = topics.positions(lane)
        self._lane = lane
        self._is_stopped = is_stopped
        self._relay = uuid4().hex
        self._producer: Producer | None = None
        self._sent_at = 0.0

    def begin(self, source: str) -> Reached:
        """Takes over, and tells where to go on. Unsuitable if the topics are not as they must be or hold something else than
        the entries of the ledger `source` up to there; KafkaException if Kafka does not answer; Stopped."""
        partitions = self._topics.check(self._lane)
        # Before anybody is put out of work: is this the right place at all?
        self._refuse_others(self._last(), source, partitions)
        settings = {**client_settings(self._topics.brokers), **PRODUCER, "transactional.id": self._positions}
        self._producer = Producer(settings, logger=_quiet)
        self._patiently(self._producer.init_transactions)
        # An earlier record than the last would have everything since then sent twice.
        found = self._last(is_ours=True)
        self._refuse_others(found, source, partitions)
        reached = found or Reached(source, "", {})
        taken = msgspec.structs.replace(reached, relay=self._relay, partitions=partitions)
        # By this record alone the one before, should it come back to life, knows that it was replaced.
        self.send((), taken)
        return taken

    def send(self, messages: Iterable[Outgoing], reached: Reached | None) -> None:
        """Sends messages, and that they leave the lane `reached` (None: more have to follow first), all or nothing. Errors as
        `begin`, and TakenOver; after any of them, begin again."""
        producer = self._producer
        assert producer is not None, "sending has begun"
        try:
            producer.begin_transaction()
            for topic, key, headers, value in messages:
                self._produce(self._topics.named(topic), key, headers, value)
            if reached is not None:
                self._produce(self._positions, self._lane.encode(), [], encode(reached))
            self._patiently(producer.commit_transaction)
            self._sent_at = time.monotonic()
        except KafkaException as error:
            self.close()
            if is_beyond_repair(error) and self._is_taken_over():
                raise TakenOver(said("another relay has taken over {topic}; this one ends"),
                                topic=self._positions) from None  # fmt: skip
            raise
        except BaseException:
            self.close()
            raise

    def stay(self, reached: Reached) -> None:
        """To be called while there is nothing to send: so it is found out within half a minute if another relay has taken over,
        or Kafka does not let this one in any more. Errors as `send`."""
        if time.monotonic() - self._sent_at >= IDLE_SECONDS:
            self.send((), reached)

    def close(self) -> None:
        """Lets go of everything; a transaction under way is undone by whoever begins next, or by the broker in time."""
        if self._producer is not None:
            self._producer.purge()
            self._producer = None

    def _produce(self, topic: str, key: bytes, headers: Headers, value: bytes | None) -> None:
        assert self._producer is not None
        while True:
            try:
                self._producer.produce(topic, value, key, headers=headers)  # type: ignore[arg-type]
                return
            except BufferError:
                # Kafka takes less than we have: wait until it has taken some.
                self._producer.poll(0.1)
                if self._is_stopped():
                    raise Stopped from None

    def _patiently(self, call: Callable[[float], object]) -> None:
        """Calls again what Kafka did not answer in time, for as long as that may help."""
        until = time.monotonic() + TRANSACTION_SECONDS
        while True:
            try:
                call(_CALL_SECONDS)
                return
            except KafkaException as error:
                if not error.args[0].retriable() or time.monotonic() > until:
                    raise
                if self._is_stopped():
                    raise Stopped from None

    def _is_taken_over(self) -> bool:
        """Whether it was another relay that ended ours, or only the broker, because it took too long."""
        time.sleep(_SETTLING_SECONDS)
        found = self._last()
        return found is not None and found.relay != self._relay

    def _last(self, *, is_ours: bool = False) -> Reached | None:
        try:
            return last_reached(self._topics.brokers, self._positions, is_ours=is_ours)
        except msgspec.MsgspecError:
            raise Unsuitable(said("topic {topic} holds something that no relay wrote"), topic=self._positions) from None

    def _refuse_others(self, found: Reached | None, source: str, partitions: Mapping[str, int]) -> None:
        data = {name: count for name, count in partitions.items() if name != self._positions}
        names = ", ".join(data)
        written = ends(self._topics.brokers, data)
        if found is None:
            if written:
                raise Unsuitable(said("{topics}: there are messages, but {positions} does not say up to where they go"),
                                 topics=names, positions=self._positions)  # fmt: skip
            return
        if found.source != source:
            raise Unsuitable(said("{topics}: they are of another ledger, {found}; this one is {source}"),
                             topics=names, found=found.source, source=source)  # fmt: skip
        if found.sent and not written:
            raise Unsuitable(said("{topics}: nothing is there, but {positions} says that it was sent up to {position}: they are"
                                  " deleted and made together"),
                             topics=names, positions=self._positions, position=found.position)  # fmt: skip
        for name, count in found.partitions.items():
            if count != partitions.get(name, count):
                raise Unsuitable(said("topic {topic} has {found} partitions, and had {before} when it was begun: the entries of"
                                      " a stream would not stay in one"),
                                 topic=name, found=partitions[name], before=count)  # fmt: skip
