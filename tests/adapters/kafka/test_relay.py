"""What a subscriber gets: every entry once and in order, with its personal texts sealed; signed checkpoints; and that a relay
goes on where the last one ended, unless another has taken over. Accounts are in `test_relay_accounts`."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import pytest
from aiokafka.partitioner import murmur2
from confluent_kafka import KafkaException, Producer

from adapters.contract.cloud_events import source_of
from adapters.contract.topics import CHECKPOINTS, ENTRIES
from adapters.kafka import positions, sending
from adapters.kafka.positions import Reached, encode, last_reached
from adapters.kafka.relaying import reached_by_lane
from adapters.kafka.sending import Outgoing, Sending, TakenOver
from adapters.kafka.topics import PARTITIONS
from adapters.ledger import Ledger
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from domain.exchange import entry_as_json
from tests.adapters.accounts_kept import Clock
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.kafka.relayed import Relaying, made
from tests.adapters.kafka.subscriber import assert_each_once_and_in_order, received
from tests.stores import Ledgers

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)
TICKETS = 30


@pytest.fixture
def relaying(brokers: str, topic_prefix: str) -> Relaying:
    return Relaying(made(brokers, topic_prefix), Clock(NOW))


def begun(store: Ledgers) -> Ledger:
    """A ledger with a desk and some tickets."""
    ledger = store.open(create=True, clock=lambda: NOW)
    ledger.record(read(*DESK, *(opened(f"T-{it}", subject="quiet please") for it in range(TICKETS))))
    return ledger


def record_more(ledger: Ledger, minute: int) -> None:
    ledger.record(read(*(followed_up(f"T-{it}", minute) for it in range(TICKETS))))


def test_every_entry_is_sent_once_and_in_order_just_as_it_is_stored(store: Ledgers, relaying: Relaying) -> None:
    with begun(store) as ledger:
        for minute in range(5):
            record_more(ledger, minute)
        entries = list(ledger.entries())
    relaying.once(store)
    messages = received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES))
    assert_each_once_and_in_order(messages, len(entries))
    for it in messages:
        entry = entries[it.position - 1]
        assert (it.key, it.json()) == (entry.stream, entry_as_json(entry))
        assert (it.headers["ce_id"], it.headers["ce_subject"]) == (entry.id, entry.stream)
    values = b"".join(it.value or b"" for it in messages)
    assert b'"person":' in values
    assert b'"ana"' not in values


def test_a_stream_stands_where_kafkas_own_clients_would_put_it(store: Ledgers, relaying: Relaying) -> None:
    begun(store).close()
    relaying.once(store)
    messages = received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES))
    assert {it.partition for it in messages} == set(range(PARTITIONS))
    for it in messages:
        assert it.partition == (murmur2(it.key.encode()) & 0x7FFF_FFFF) % PARTITIONS


def test_a_relay_goes_on_where_the_last_one_ended(store: Ledgers, relaying: Relaying) -> None:
    with begun(store) as ledger:
        for minute in range(3):
            relaying.once(store)
            record_more(ledger, minute)
        relaying.once(store)
        relaying.once(store)
        head = ledger.head()
    assert_each_once_and_in_order(received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES)), head)
    reached = reached_by_lane(relaying.topics)["entries"]
    assert reached is not None
    assert (reached.position, reached.sent) == (head, head)


def test_of_what_is_sent_nothing_can_be_read_that_the_ledger_does_not_tell_without_its_keys(
    store: Ledgers, relaying: Relaying
) -> None:
    with begun(store) as ledger:
        ledger.forget("person", "ana")
    relaying.once(store)
    values = b"".join(it.value or b"" for it in received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES)))
    assert b"PersonForgotten" in values
    for text in (b"quiet please", b'"ana"'):
        assert text not in values


def test_every_checkpoint_is_sent_with_the_note_that_was_signed(store: Ledgers, relaying: Relaying, tmp_path: Path) -> None:
    relaying = Relaying(relaying.topics, Clock(NOW), ["checkpoints"])
    signer = make_key(tmp_path / "desk.key", "example.com/desk")
    notes = []
    with begun(store) as ledger:
        for minute in range(3):
            record_more(ledger, minute)
            notes.append((ledger.head(), checkpoint(ledger, signer, NOW)))
            if minute == 1:
                relaying.once(store)
    relaying.once(store)
    messages = received(relaying.topics.brokers.addresses, relaying.topics.named(CHECKPOINTS))
    assert [(it.position, it.json()["note"].encode()) for it in messages] == notes
    assert {it.key for it in messages} == {"example.com/desk"}


# Who may send ---------------------------------------------------------------------------------------------------------


def entry(number: int) -> Outgoing:
    return Outgoing(ENTRIES, b"desk", [("ce_sequence", b"%d" % number)], b"{}")


def at(reached: Reached, position: int) -> Reached:
    return Reached(reached.source, reached.relay, reached.partitions, position, str(position), sent=position)


def test_whoever_begins_takes_over_and_the_one_before_can_send_no_more(store: Ledgers, relaying: Relaying) -> None:
    with begun(store) as ledger:
        source = source_of(ledger)
    old, new = Sending(relaying.topics, "entries"), Sending(relaying.topics, "entries")
    reached = at(old.begin(source), 1)
    old.send([entry(1)], reached)
    assert new.begin(source).position == 1
    with pytest.raises(TakenOver, match=r"another relay has taken over .*\.relay\.entries"):
        old.send([entry(2)], at(reached, 2))
    new.send([entry(2)], at(new.begin(source), 2))
    new.close()
    assert [it.position for it in received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES))] == [1, 2]


def test_the_one_before_finds_out_though_it_has_nothing_to_send(
    store: Ledgers, relaying: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begun(store) as ledger:
        source = source_of(ledger)
    old, new = Sending(relaying.topics, "entries"), Sending(relaying.topics, "entries")
    reached = old.begin(source)
    new.begin(source)
    # Half a minute has not passed.
    old.stay(reached)
    monkeypatch.setattr(sending, "IDLE_SECONDS", 0.0)
    with pytest.raises(TakenOver, match=r"another relay has taken over .*\.relay\.entries"):
        old.stay(reached)
    new.stay(reached)
    assert new.begin(source).position == 0
    new.close()


def test_a_relay_with_nothing_to_send_ends_when_it_is_replaced(
    store: Ledgers, relaying: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(store).close()
    monkeypatch.setattr(sending, "IDLE_SECONDS", 0.5)
    relaying.once(store)
    end = Event()
    with ThreadPoolExecutor() as threads:
        try:
            old = threads.submit(relaying.relay(store.open).run, end.wait)
            while len([it for it in relaying.told if it.happening == "caught_up"]) < 3:
                time.sleep(0.01)
            new = threads.submit(relaying.relay(store.open).run, end.wait)
            with pytest.raises(TakenOver):
                old.result(60)
        finally:
            end.set()
        new.result(60)


def test_what_was_not_finished_is_undone_and_sent_again(store: Ledgers, relaying: Relaying) -> None:
    with begun(store) as ledger:
        source = source_of(ledger)

    def interrupted() -> Iterator[Outgoing]:
        yield entry(1)
        raise InterruptedError

    one = Sending(relaying.topics, "entries")
    reached = one.begin(source)
    with pytest.raises(InterruptedError):
        one.send(interrupted(), at(reached, 1))
    assert one.begin(source).position == 0
    one.send([entry(1)], at(reached, 1))
    one.close()
    assert [it.position for it in received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES))] == [1]


def test_a_relay_that_took_too_long_is_undone_by_the_broker_and_begins_again(
    store: Ledgers, relaying: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    quickly = {"transaction.timeout.ms": 1_000, "socket.timeout.ms": 1_000}
    monkeypatch.setattr(sending, "PRODUCER", {**sending.PRODUCER, **quickly})
    with begun(store) as ledger:
        source = source_of(ledger)

    def slowly() -> Iterator[Outgoing]:
        yield entry(1)
        time.sleep(4)
        yield entry(2)

    one = Sending(relaying.topics, "entries")
    reached = one.begin(source)
    with pytest.raises(KafkaException):
        one.send(slowly(), at(reached, 2))
    assert last_reached(relaying.topics.brokers, relaying.topics.positions("entries")) == one.begin(source) == reached
    one.close()
    assert received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES)) == []


def test_an_earlier_position_is_no_answer_while_a_later_one_is_not_settled(
    relaying: Relaying, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(positions, "ANSWER_SECONDS", 1.0)
    brokers, topic = relaying.topics.brokers, relaying.topics.positions("entries")
    one = Sending(relaying.topics, "entries")
    reached = one.begin("urn:uuid:0")
    one.close()
    other = Producer({"bootstrap.servers": brokers.addresses, "transactional.id": f"{topic}.other"})
    other.init_transactions(10)
    other.begin_transaction()
    other.produce(topic, encode(reached), b"entries")
    other.flush(10)
    with pytest.raises(KafkaException, match="not settled"):
        last_reached(brokers, topic, is_ours=True)
    assert last_reached(brokers, topic) == reached
    other.abort_transaction(10)
    assert last_reached(brokers, topic, is_ours=True) == reached
