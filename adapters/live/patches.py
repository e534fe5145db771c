"""What of Faust does not hold under kills, rebalances and aborted transactions, put right: each by a class in the place of one
of the library's, none by changing it for others.

Faust 0.15.3 reads what is not committed, unless it also writes by its own transactions (which lose and double); it lets a
rebalance lose events, in two ways; it shares out no topic that a broker just started did not tell it of, and asks again after
five minutes; it commits offsets before what they brought about is sent, if that is not sent by its own producer; it waits for
ever, or ten seconds, for the end of a changelog that ends with a mark of a transaction; and it cannot say which worker has a
key of a topic that its own producer never wrote to.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiokafka
import faust
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer
from faust.types import TP

_METADATA_SECONDS = 3
Load = Callable[[set[TP]], Awaitable[None]]


class CommittedThread(AIOKafkaConsumerThread):
    """Reads what is committed only."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._isolation_level = "read_committed"
        return consumer


class CommittedConsumer(Consumer):
    """A consumer with such a thread, which hands nothing on that was fetched before a seek: the library takes what lies between
    for a hole that nobody need read, and drops it when it comes."""

    seeks = 0

    def _new_consumer_thread(self) -> AIOKafkaConsumerThread:
        return CommittedThread(self, loop=self.loop, beacon=self.beacon)

    async def perform_seek(self) -> None:
        """To the offsets committed."""
        self.seeks += 1
        await super().perform_seek()
        self.seeks += 1

    async def _wait_next_records(self, timeout: float) -> Any:
        seeks = self.seeks
        found = await super()._wait_next_records(timeout)
        if found[0] and seeks != self.seeks:
            # Whether these were fetched before it or after cannot be known: from the place committed, once more.
            await super().perform_seek()
            return None, None
        return found

    async def getmany(self, timeout: float) -> AsyncIterator[Any]:
        """Messages fetched together, until a seek makes the rest be fetched again."""
        seeks = None
        async for it in super().getmany(timeout):
            seeks = self.seeks if seeks is None else seeks
            if seeks != self.seeks:
                break
            yield it


class LoadedRecovery(Recovery):
    """Tables are filled by `app.load`, from the changelogs of the partitions assigned; and streams go on in the right order."""

    app: Any

    async def _build_highwaters(self, consumer: Any, tps: Any, destination: Any, title: str) -> None:
        if title == "active":
            await self.app.load({*tps})
        destination.clear()
        destination.update(dict.fromkeys(tps, -1))

    async def on_recovery_completed(self, generation_id: int = 0) -> None:
        """As the library has it, but for the order of three steps: fetching begins last. The library begins it first, and then
        clears the queues that messages have been put into meanwhile."""
        app, consumer = self.app, self.app.consumer
        await app.on_rebalance_complete.send()
        self._set_recovery_ended()
        await asyncio.gather(*(
            table.on_recovery_completed(self.actives_for_table[table], self.standbys_for_table[table])
            for table in self.tables.values()
        ))  # fmt: skip
        assignment = consumer.assignment()
        if app.consumer_generation_id != generation_id:
            return
        if assignment:
            await self._wait(consumer.perform_seek(), timeout=app.conf.broker_request_timeout)
        self.completed.set()
        app.flow_control.resume()
        consumer.resume_partitions({it for it in assignment if not self._is_changelog_tp(it)})
        consumer.resume_flow()
        await app._fetcher.maybe_start()
        self.tables.on_actives_ready()
        self.tables.on_standbys_ready()
        app.on_rebalance_end()


class LoadedTables(TableManager):
    """Tables with such a recovery."""

    @property
    def recovery(self) -> Recovery:
        """The service that fills tables after a rebalance."""
        if self._recovery is None:
            self._recovery = LoadedRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery


class App(faust.App):
    """An application that asks for its topics every few seconds, reads what is committed, has its tables loaded by `load`
    (given the partitions of changelogs that are assigned, all of them), commits no offset before `flush` has returned, and
    finds a key by its `partition`."""

    load: Load
    flush: Callable[[], Awaitable[None]]
    partition: Callable[[bytes], int]

    def __init__(self, id: str, **settings: Any) -> None:
        super().__init__(id, consumer_metadata_max_age_ms=_METADATA_SECONDS * 1000, **settings)

    def _new_transport(self) -> Any:
        transport: Any = super()._new_transport()
        transport.Consumer = CommittedConsumer
        return transport

    def _new_producer(self) -> Any:
        producer: Any = super()._new_producer()
        theirs = producer.flush

        async def flush() -> None:
            await self.flush()
            await theirs()

        producer.flush = flush
        producer.key_partition = lambda topic, key: TP(topic, self.partition(key))
        return producer
