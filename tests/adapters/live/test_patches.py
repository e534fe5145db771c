"""What of Faust was put right, each with what fails without it: what is not committed is not read, a rebalance loses nothing,
no offset is committed before what it brought about, tables end where their topic ends, and every key has its worker."""

import asyncio
import os
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from faust.tables.recovery import Recovery
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP

from adapters.kafka.brokers import Brokers, client_settings
from adapters.live.loading import loaded
from adapters.live.patches import App, CommittedConsumer, LoadedRecovery
from adapters.live.topics import partition_of

WAIT_SECONDS = 60
THEIRS = os.environ.get("BITACORA_UNPATCHED") == "yes"
"""With this, the tests of the classes are those of the library's own, and fail."""


def application(brokers: str, name: str, folder: Path) -> Any:
    made = (faust.App if THEIRS else App)(
        name, broker=f"kafka://{brokers}", datadir=str(folder / name), web_enabled=False, topic_allow_declare=False,
        topic_disable_leader=True, topic_partitions=2, table_standby_replicas=0, consumer_auto_offset_reset="earliest",
        broker_session_timeout=10, broker_commit_interval=0.2, autodiscover=False,
    )  # fmt: skip
    made.finalize()
    return made


def topic(brokers: str, name: str) -> None:
    admin = AdminClient(client_settings(Brokers(brokers)))
    admin.create_topics([NewTopic(name, 2, 1)])[name].result()


def transactional(brokers: str, name: str) -> Producer:
    producer = Producer({**client_settings(Brokers(brokers)), "transactional.id": name, "partitioner": "murmur2_random"})
    producer.init_transactions(WAIT_SECONDS)
    return producer


def test_what_was_not_committed_is_not_taken(brokers: str, topic_prefix: str, tmp_path: Path) -> None:
    topic(brokers, topic_prefix)
    producer = transactional(brokers, topic_prefix)
    for values, is_committed in (([b"1", b"2"], True), ([b"undone"], False), ([b"3"], True)):
        producer.begin_transaction()
        for value in values:
            producer.produce(topic_prefix, value, b"k")
        producer.flush(WAIT_SECONDS)
        producer.commit_transaction() if is_committed else producer.abort_transaction()
    app, taken = application(brokers, topic_prefix, tmp_path), []

    async def take(stream: Any) -> None:
        async for event in stream.events():
            taken.append(event.message.value)

    app.agent(app.topic(topic_prefix, value_type=bytes, value_serializer="raw", key_serializer="raw"), name="take")(take)

    async def run() -> None:
        app.flush = nothing
        await app.start()
        until = time.monotonic() + WAIT_SECONDS
        while b"3" not in taken and time.monotonic() < until:
            await asyncio.sleep(0.05)
        await app.stop()

    asyncio.run(run())
    assert taken == [b"1", b"2", b"3"]


def test_a_topic_that_brokers_did_not_know_when_partitions_were_shared_out_is_taken_soon_after(
    brokers: str, topic_prefix: str, tmp_path: Path
) -> None:
    early, late = f"{topic_prefix}.early", f"{topic_prefix}.late"
    topic(brokers, early)
    app, taken = application(brokers, topic_prefix, tmp_path), []

    async def take(stream: Any) -> None:
        async for event in stream.events():
            taken.append(event.message.value)

    both = app.topic(early, late, value_type=bytes, value_serializer="raw", key_serializer="raw")
    app.agent(both, name="take")(take)

    async def run() -> None:
        app.flush = nothing
        await app.start()
        until = time.monotonic() + WAIT_SECONDS
        while not app.consumer.assignment() and time.monotonic() < until:
            await asyncio.sleep(0.05)
        await asyncio.to_thread(topic, brokers, late)
        producer = Producer(client_settings(Brokers(brokers)))
        producer.produce(late, b"1", b"k")
        await asyncio.to_thread(producer.flush, WAIT_SECONDS)
        while not taken and time.monotonic() < until:
            await asyncio.sleep(0.05)
        await app.stop()

    asyncio.run(run())
    assert taken == [b"1"]


async def nothing(*_: Any, **__: Any) -> None:
    """Nothing to wait for."""


def test_after_a_rebalance_fetching_begins_once_queues_have_been_cleared() -> None:
    """The library resumes partitions, then waits, then clears the queues: what was fetched meanwhile is gone."""
    steps: list[str] = []

    def noted(name: str) -> Any:
        return lambda *_: steps.append(name)

    async def seek() -> None:
        steps.append("seek")

    consumer = SimpleNamespace(
        assignment=lambda: {TP("entries", 0)}, resume_partitions=noted("fetch"), perform_seek=seek, resume_flow=noted("flow"),
    )  # fmt: skip
    app = SimpleNamespace(
        consumer=consumer, on_rebalance_complete=SimpleNamespace(send=nothing), consumer_generation_id=1,
        conf=SimpleNamespace(broker_request_timeout=1), flow_control=SimpleNamespace(resume=noted("clear")),
        _fetcher=SimpleNamespace(maybe_start=nothing), on_rebalance_end=noted("end"),
        assignor=SimpleNamespace(assigned_standbys=set),
    )  # fmt: skip

    async def wait(coro: Any, timeout: float) -> None:
        await coro

    kind = Recovery if THEIRS else LoadedRecovery
    recovery: Any = object.__new__(kind)
    tables = type("Tables", (dict,), {"on_actives_ready": noted("actives"), "on_standbys_ready": noted("standbys")})()
    stub = {
        "app": app, "tables": tables, "log": SimpleNamespace(info=noted("log"), dev=noted("log"), warning=noted("log")),
        "_set_recovery_ended": noted("ended"), "_wait": wait, "completed": SimpleNamespace(set=noted("completed")),
        "_is_changelog_tp": lambda tp: False, "actives_for_table": {}, "standbys_for_table": {},
    }  # fmt: skip
    asyncio.run(kind.on_recovery_completed(_Stub(recovery, stub), 1))
    assert steps.index("seek") < steps.index("clear") < steps.index("fetch")


def test_what_was_fetched_before_a_seek_is_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library hands it on, takes what lies before it for a hole, and drops that when it comes."""
    steps: list[str] = []

    async def seek(self: Any) -> None:
        steps.append("seek")

    async def fetch(self: Any, timeout: float) -> Any:
        await self.perform_seek()
        return {TP("entries", 0): ["fetched before"]}, {TP("entries", 0)}

    monkeypatch.setattr(Consumer, "perform_seek", seek)
    monkeypatch.setattr(Consumer, "_wait_next_records", fetch)
    consumer: Any = object.__new__(Consumer if THEIRS else CommittedConsumer)
    found = asyncio.run(consumer._wait_next_records(1))
    assert found == (None, None) and steps == ["seek", "seek"]


class _Stub:
    """Stands for an object, with these attributes."""

    def __init__(self, of: Any, attributes: dict[str, Any]) -> None:
        self.__dict__.update(attributes)


def test_a_flush_waits_for_what_was_said_before_offsets_are_committed(tmp_path: Path) -> None:
    app, steps = application("127.0.0.1:1", "flush", tmp_path), []

    async def flush() -> None:
        steps.append("said")

    app.flush = flush
    asyncio.run(flushed(app))
    assert steps == ["said"]


async def flushed(app: Any) -> None:
    producer = app._new_producer()
    producer._producer = SimpleNamespace(flush=nothing)
    producer.buffer.flush = nothing
    await producer.flush()


def test_a_topic_is_read_to_its_end_though_that_is_a_mark_or_hidden_for_a_while(brokers: str, topic_prefix: str) -> None:
    """The library waits for a message at the last offset, which is the mark of a transaction: ten seconds, or for ever."""
    topic(brokers, topic_prefix)
    producer = transactional(brokers, topic_prefix)
    producer.begin_transaction()
    producer.produce(topic_prefix, b"row", b"k", 0)
    producer.commit_transaction()
    assert [(it.key, it.value) for it in loaded(Brokers(brokers), [(topic_prefix, 0), (topic_prefix, 1)])] == [(b"k", b"row")]
    producer.begin_transaction()
    producer.produce(topic_prefix, b"undone", b"k", 0)
    producer.flush(WAIT_SECONDS)

    async def both() -> list[Any]:
        reading = asyncio.create_task(asyncio.to_thread(lambda: list(loaded(Brokers(brokers), [(topic_prefix, 0)]))))
        await asyncio.sleep(1)
        assert not reading.done()
        await asyncio.to_thread(producer.abort_transaction)
        return await reading

    assert [(it.key, it.value) for it in asyncio.run(both())] == [(b"k", b"row")]


def test_a_key_is_in_the_partition_that_kafkas_clients_put_it_in(brokers: str, topic_prefix: str) -> None:
    topic(brokers, topic_prefix)
    producer = Producer({**client_settings(Brokers(brokers)), "partitioner": "murmur2_random"})
    found: dict[bytes, int] = {}
    for key in (b"ticket:T-1", b"policy:P-7", b"client:acme", "ticket:ñandú".encode(), b"desk"):
        producer.produce(topic_prefix, key, key, on_delivery=lambda _, it: found.update({it.key(): it.partition()}))
    producer.flush(WAIT_SECONDS)
    assert found == {key: partition_of(key, 2) for key in found} and len(found) == 5


def test_the_worker_that_has_a_key_is_found_though_nothing_was_sent_to_its_topic(tmp_path: Path) -> None:
    app = application("127.0.0.1:1", "routes", tmp_path)
    app.partition = lambda key: partition_of(key, 2)

    async def asked() -> Any:
        return app._new_producer().key_partition("tickets", b"ticket:T-1")

    assert asyncio.run(asked()) == TP("tickets", partition_of(b"ticket:T-1", 2))
