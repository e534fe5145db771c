"""Workers on a real broker: they begin from the ledger, answer for each other, tell a breach when it comes, and find what was
lost with nothing after it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from adapters.contract.cloud_events import entry_message, source_of
from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import Brokers, client_settings
from adapters.kafka.positions import Reached, encode
from adapters.kafka.topics import Topics, Unsuitable
from adapters.ledger import utc_now
from adapters.live.rows import ClockChanged, decode_change
from adapters.live.snapshot import Snapshot, made_if_needed
from adapters.live.topics import CHANGES, TICKETS, made
from adapters.proofs.tree import TreeRows
from tests.adapters.kafka.relayed import make
from tests.adapters.live.workers import Streams
from tests.given import cs_policy, opened, read, registered
from tests.stores import Ledgers

WAIT_SECONDS = 90
DAY = timedelta(hours=24)
SOON = timedelta(seconds=15)


@pytest.fixture
def streams(brokers: str, topic_prefix: str, tmp_path: Path) -> Iterator[Streams]:
    found = Streams(brokers, topic_prefix, tmp_path)
    yield found
    found.close()


def eventually(holds: Callable[[], Any]) -> Any:
    """What is found, as soon as there is something."""
    until = time.monotonic() + WAIT_SECONDS
    while not (found := holds()):
        assert time.monotonic() < until
        time.sleep(0.2)
    return found


@pytest.fixture
def on_each_store(brokers: str, topic_prefix: str, store: Ledgers) -> Iterator[Streams]:
    found = Streams(brokers, topic_prefix, store.folder, store.url())
    yield found
    found.close()


def test_workers_begin_from_the_ledger_and_answer_for_each_other(on_each_store: Streams) -> None:
    streams = on_each_store
    streams.record(400)
    streams.relay()
    first, second = streams.worker("one"), streams.worker("two")
    eventually(lambda: sum(len((it.health() or {"partitions": []})["partitions"]) == 2 for it in (first, second)) == 2)
    told = {key.decode(): json.loads(value) for key, value in streams.of_topic(TICKETS)}
    assert told.keys() == {*streams.ledger.names("ticket")}
    assert not list(streams.of_topic(CHANGES))
    for subject, row in list(told.items())[:20]:
        assert first.asked(f"/tickets/{subject}") == second.asked(f"/tickets/{subject}") == row
    streams.record(60)
    streams.settle()
    streams.check()


def test_whoever_judges_the_ledger_first_and_is_shut_out_waits_for_the_other(
    streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.live.snapshot._STEP_TICKETS", 1)
    streams.record(200)
    partitions = made(streams.topics)

    def snapshot() -> Snapshot:
        return Snapshot(streams.ledger, streams.topics, partitions, f"{streams.topics.prefix}.live", 75)

    with closing(snapshot()) as one, closing(snapshot()) as two:
        told: list[int | None] = []

        def progress(done: int, _of: int) -> None:
            if done == 1:
                told.append(made_if_needed(two, utc_now, lambda *_: None))
            # What is sent from here on is refused before more is.
            time.sleep(0.2 if done in (2, 3) else 0)

        assert made_if_needed(one, utc_now, progress) is None
        assert told == [len(streams.ledger.names("ticket"))]


def test_a_breach_is_told_at_its_moment_though_nothing_is_recorded_then(streams: Streams) -> None:
    streams.relay()
    streams.worker("one").at_work()
    due = (datetime.now(UTC) + SOON).replace(microsecond=0)
    ticket = opened(at=(due - DAY).isoformat(), priority="P1")
    streams.ledger.record([read(it) for it in (registered(), cs_policy(), ticket)])
    told = eventually(lambda: [it for it in clock_changes(streams, "response") if it.after == "breached"])
    (breach,) = told
    # Exactly on target is met: the second after it is over.
    assert datetime.fromisoformat(breach.at) == due + timedelta(seconds=1)
    assert datetime.now(UTC) >= due
    assert [it.after for it in clock_changes(streams, "response")] == ["at_risk", "breached"]


def clock_changes(streams: Streams, clock: str) -> list[ClockChanged]:
    found = [decode_change(value) for _, value in streams.of_topic(CHANGES)]
    return [it for it in found if isinstance(it, ClockChanged) and it.clock == clock]


def test_what_was_lost_with_nothing_after_it_is_found(streams: Streams) -> None:
    """The relay says that it sent the last entry of a ticket, and it never comes."""
    streams.record(300)
    worker = streams.worker("one")
    worker.at_work()
    assert worker.end() == 0
    before = streams.ledger.head()
    streams.record(60)
    with streams.ledger.reading("reading") as plain:
        rows = TreeRows.of(plain).raw(before, 2**62, 1_000)
    lost = max(row[0] for row in rows if row[1].startswith("ticket:"))
    producer = Producer({**client_settings(streams.topics.brokers), "partitioner": "murmur2_random"})
    source = source_of(streams.ledger)
    for row in rows:
        message = entry_message(source, row)
        if row[0] != lost:
            producer.produce(streams.topics.named(ENTRIES), message.value, message.key, headers=message.headers)
    reached = Reached(source, "test", {}, position=streams.ledger.head())
    producer.produce(streams.topics.positions("entries"), encode(reached), b"entries")
    assert producer.flush(30) == 0
    streams.worker("one").at_work()
    streams.ledger_is_live()


def test_a_topic_with_other_partitions_than_the_entries_is_named(brokers: str, topic_prefix: str) -> None:
    topics = Topics(Brokers(brokers), topic_prefix)
    topics.create(4)
    make(topics, topics.named(TICKETS), 3, cleanup_policy="compact")
    with pytest.raises(Unsuitable, match=r"live\.tickets has 3 partitions, and must have 4"):
        made(topics)
