"""One worker of each kind as a process of its own: `python -m bench.live_agents KIND BROKERS PREFIX LEDGER COUNT` prints the
seconds from the first of so many entries taken to the last one settled.

`floor` is a Faust agent with an empty fold and a table, under the settings of the live worker; `fresh` the live worker judging
at every entry, `late` as it catches up; `bare` a consumer of the same client as the relay's, decoding into a dict.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from time import perf_counter
from typing import Any

import faust
from confluent_kafka import Consumer

from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger
from adapters.live.application import Settings, Worker
from adapters.live.arriving import entry_arriving
from adapters.live.topics import made
from tests.adapters.live.workers import free_port

_ALWAYS, _LATE = 1e9, 5.0
_LOOK_SECONDS = 0.02
_BUFFERED = 10_000


async def timed(taken: Callable[[], int], count: int, unsettled: Callable[[], int]) -> float:
    """Seconds from the first to the last, all of it settled."""
    while not taken():
        await asyncio.sleep(_LOOK_SECONDS)
    begun = perf_counter()
    while taken() < count or unsettled():
        await asyncio.sleep(_LOOK_SECONDS)
    return perf_counter() - begun


def live(topics: Topics, ledger: str, count: int, fresh_seconds: float) -> float:
    """The live worker."""

    async def run() -> float:
        with Ledger.open(ledger) as opened:
            port = free_port()
            settings = Settings(topics, made(topics), "bench", f"{topics.prefix}.{fresh_seconds}", "127.0.0.1", port,
                                f"http://127.0.0.1:{port}", fresh_seconds=fresh_seconds)  # fmt: skip
            worker, stop = Worker(opened, settings), False
            running = asyncio.create_task(worker.run(lambda: stop))
            seconds = await timed(lambda: worker.live.counts.entries, count, lambda: worker.sending.behind)
            stop = True
            await running
            return seconds

    return asyncio.run(run())


def floor(topics: Topics, count: int) -> float:
    """A Faust agent that does nothing but write a table."""
    app = faust.App(
        f"{topics.prefix}-floor", broker=f"kafka://{topics.brokers}", store="memory://", datadir=tempfile.mkdtemp(),
        web_enabled=False, topic_disable_leader=True, topic_partitions=made(topics), topic_replication_factor=1,
        table_standby_replicas=0, broker_commit_interval=1, consumer_auto_offset_reset="earliest", autodiscover=False,
        stream_buffer_maxsize=_BUFFERED,
    )  # fmt: skip
    app.finalize()
    raw: dict[str, Any] = {"key_type": bytes, "value_type": bytes}
    table = app.Table("rows", **raw)
    taken = 0

    async def fold(stream: Any) -> None:
        nonlocal taken
        async for event in stream.events():
            table[event.message.key] = b"0"
            taken += 1

    topic = app.topic(topics.named(ENTRIES), key_serializer="raw", value_serializer="raw", **raw)
    app.agent(topic, name="fold")(fold)

    async def run() -> float:
        app.producer.buffer.max_messages = _BUFFERED
        await app.start()
        seconds = await timed(lambda: taken, count, lambda: app.producer.buffer.size)
        await app.stop()
        return seconds

    return asyncio.run(run())


def bare(topics: Topics, count: int) -> float:
    """A consumer, a decoder and a dict."""
    consumer = Consumer({
        **client_settings(topics.brokers), "group.id": f"{topics.prefix}-bare", "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",
    })  # fmt: skip
    consumer.subscribe([topics.named(ENTRIES)])
    rows: dict[str, int] = {}
    begun, taken = 0.0, 0
    while taken < count:
        for message in consumer.consume(500, 0.1):
            begun = begun or perf_counter()
            entry = entry_arriving(message.value() or b"")
            rows[entry.stream] = entry.version
            taken += 1
    seconds = perf_counter() - begun
    consumer.close()
    return seconds


def main() -> None:
    """As asked for."""
    kind, brokers, prefix, ledger, count = sys.argv[1:]
    topics = Topics(Brokers(brokers), prefix)
    match kind:
        case "floor":
            print(floor(topics, int(count)))
        case "bare":
            print(bare(topics, int(count)))
        case _:
            print(live(topics, ledger, int(count), _ALWAYS if kind == "fresh" else _LATE))


if __name__ == "__main__":
    main()
