"""Sends what a worker keeps and tells: rows, parts and changes, all of one step in one transaction, in the order said.

Whoever reads committed sees all that an entry brought about, or nothing of it yet; a worker that is killed leaves nothing half
said. What cannot be sent ends the worker: another begins where the last transaction ended.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer

from adapters.kafka.brokers import Brokers, client_settings

log = logging.getLogger(__name__)

TRANSACTION_SECONDS = 15
"""So long at most a worker that died in the middle of one keeps the next waiting. The most that is sent at once takes a
fiftieth of it."""
_TRY_SECONDS = 10.0
_RETRY_SECONDS = 0.2
_PAUSE_SECONDS = 0.005
_MOST_AT_ONCE = 20_000
_QUEUED_MESSAGES = 200_000


class Telling(NamedTuple):
    """A message to be sent to a partition of a topic."""

    topic: str
    partition: int
    key: bytes
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class Overslept(Exception):
    """The process did not run for so long that others may have taken its partitions: what it says may be old."""


class Sending:
    """One worker's messages, sent in transactions, one after another."""

    def __init__(self, brokers: Brokers, name: str, failed: Callable[[BaseException], None], alive_seconds: float) -> None:
        """`name` is the worker's own: another by that name is shut out from here on. `failed` is told what ends it; after
        `alive_seconds` without a word from `beat`, nothing is sent any more."""
        self._producer = Producer({
            **client_settings(brokers), "transactional.id": name, "linger.ms": 0,
            "transaction.timeout.ms": TRANSACTION_SECONDS * 1000, "queue.buffering.max.messages": _QUEUED_MESSAGES,
        })  # fmt: skip
        self._failed = failed
        self._alive_seconds = alive_seconds
        self._waiting: list[Telling] = []
        self._said = self._sent = 0
        self._wake = asyncio.Event()
        self._moved = asyncio.Event()
        self._beat = time.monotonic()
        self.failure: BaseException | None = None

    def open(self) -> None:
        """Shuts out an older worker of this name, and ends what it left open. KafkaException."""
        retried(lambda: self._producer.init_transactions(_TRY_SECONDS))

    def beat(self) -> None:
        """The process runs."""
        self._beat = time.monotonic()

    def say(self, telling: Telling) -> None:
        """To be sent, soon."""
        self._waiting.append(telling)
        self._said += 1
        self._wake.set()

    @property
    def behind(self) -> int:
        """How many messages are said and not yet committed."""
        return self._said - self._sent

    async def flush(self) -> None:
        """Until everything said so far is committed. Raises what ended the sending."""
        said = self._said
        while self._sent < said:
            if self.failure is not None:
                raise self.failure
            self._moved.clear()
            await self._moved.wait()

    async def run(self) -> None:
        """Sends until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                    await asyncio.to_thread(self._send, batch)
                    self._sent += len(batch)
                    self._moved.set()
                    await asyncio.sleep(_PAUSE_SECONDS)
        except Exception as error:
            self.failure = error
            self._moved.set()
            log.error("nothing more can be sent: %s", error)
            self._failed(error)

    def _send(self, batch: Sequence[Telling]) -> None:
        if time.monotonic() - self._beat > self._alive_seconds:
            raise Overslept(f"no sign of life for {time.monotonic() - self._beat:.0f} s")
        self._producer.begin_transaction()
        for telling in batch:
            self._produce(telling)
        retried(lambda: self._producer.commit_transaction(_TRY_SECONDS))

    def _produce(self, it: Telling) -> None:
        while True:
            try:
                self._producer.produce(it.topic, it.value, it.key, it.partition, headers=list(it.headers))
                return
            except BufferError:
                self._producer.poll(_RETRY_SECONDS)


def retried(step: Callable[[], object]) -> None:
    """A step of a transaction, until it is done. KafkaException once trying again does not help."""
    while True:
        try:
            step()
            return
        except KafkaException as error:
            kafka: KafkaError = error.args[0]
            if not kafka.retriable():
                raise
            time.sleep(_RETRY_SECONDS)
