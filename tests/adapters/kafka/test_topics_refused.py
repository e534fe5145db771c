"""Topics that are not right for a ledger: whoever relays is told what is wrong and what to do, and nothing is sent."""

import re
from contextvars import copy_context
from datetime import UTC, datetime
from threading import Event

import pytest
from confluent_kafka import Producer

from adapters.contract.topics import ENTRIES, SLA
from adapters.kafka.brokers import Brokers
from adapters.kafka.relaying import Relay
from adapters.kafka.topics import LANES, Topics, Unsuitable
from adapters.language import speak, spoken
from tests.adapters.accounts_kept import Clock
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.kafka.relayed import Relaying, delete, divide, made, make
from tests.adapters.kafka.subscriber import received
from tests.stores import Ledgers

NOW = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def ledgers(tmp_path: object) -> Ledgers:
    store = Ledgers(tmp_path, None)  # type: ignore[arg-type]
    with store.open(create=True, clock=lambda: NOW) as ledger:
        ledger.record(read(*DESK, opened("T-1")))
    return store


@pytest.fixture
def relaying(brokers: str, topic_prefix: str) -> Relaying:
    return Relaying(Topics(Brokers(brokers), topic_prefix), Clock(NOW))


def refused(relaying: Relaying, ledgers: Ledgers, why: str, name: str = "ledger") -> None:
    """Nothing more is on any topic than was, and it is said why."""
    with pytest.raises(Unsuitable, match=why):
        relaying.once(ledgers, name)


def sent(relaying: Relaying) -> int:
    return len(received(relaying.topics.brokers.addresses, relaying.topics.named(ENTRIES)))


def test_all_topics_that_are_missing_are_named_with_their_partitions_and_what_makes_them(
    relaying: Relaying, ledgers: Ledgers
) -> None:
    prefix = relaying.topics.prefix
    divided, single = ("entries", "sla", "consumption", "billing"), ("checkpoints", *(f"relay.{it}" for it in LANES))
    names = ", ".join([*(f"{prefix}.{it} (4)" for it in divided), *(f"{prefix}.{it} (1)" for it in single)])
    refused(relaying, ledgers, re.escape(f"{names}. `bitacora relay --create-topics --topic-prefix {prefix}` makes them"))


def test_what_is_missing_besides_others_is_to_have_as_many_partitions_as_they(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create(3)
    delete(relaying.topics, relaying.topics.named(SLA), relaying.topics.positions("accounts"))
    prefix = relaying.topics.prefix
    refused(relaying, ledgers, rf": {prefix}\.sla \(3\), {prefix}\.relay\.accounts \(1\)\. `.* --partitions 3` makes them")


def test_of_the_ledger_that_the_topics_are_usually_of_the_prefix_is_not_repeated() -> None:
    assert Topics(Brokers("127.0.0.1:9092")).command(7) == "bitacora relay --create-topics --partitions 7"


def test_what_is_missing_is_made_and_the_rest_left_as_it_is(relaying: Relaying, ledgers: Ledgers) -> None:
    make(relaying.topics, relaying.topics.named(ENTRIES), 7, cleanup_policy="delete")
    names = relaying.topics.create(3)
    assert relaying.topics.named(ENTRIES) not in names
    assert relaying.topics.create(3) == []
    relaying.once(ledgers)
    assert relaying.topics.check("entries")[relaying.topics.named(ENTRIES)] == 7
    assert relaying.topics.check("accounts")[relaying.topics.named(SLA)] == 3


def test_more_partitions_than_when_it_was_begun(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    relaying.once(ledgers)
    before = sent(relaying)
    divide(relaying.topics, relaying.topics.named(ENTRIES), 6)
    refused(relaying, ledgers, r"entries has 6 partitions, and had 4 when it was begun")
    assert sent(relaying) == before


def test_positions_in_more_than_one_partition(relaying: Relaying, ledgers: Ledgers) -> None:
    make(relaying.topics, relaying.topics.positions("entries"), 2, cleanup_policy="compact")
    relaying.topics.create()
    refused(relaying, ledgers, r"relay\.entries has 2 partitions, and must have 1")


def test_entries_that_would_be_compacted_away(relaying: Relaying, ledgers: Ledgers) -> None:
    make(relaying.topics, relaying.topics.named(ENTRIES), 4, cleanup_policy="compact")
    relaying.topics.create()
    refused(relaying, ledgers, r"entries has cleanup\.policy=compact, and must have delete")


def test_accounts_that_would_pile_up(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying = Relaying(relaying.topics, Clock(NOW), ["accounts"])
    make(relaying.topics, relaying.topics.named(SLA), 4, cleanup_policy="delete")
    relaying.topics.create()
    refused(relaying, ledgers, r"sla has cleanup\.policy=delete, and must have compact")


def test_the_topics_of_another_ledger(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    relaying.once(ledgers)
    before = sent(relaying)
    ledgers.open("other", create=True).close()
    refused(relaying, ledgers, r"they are of another ledger, urn:uuid:.*; this one is urn:uuid:", "other")
    assert sent(relaying) == before


@pytest.mark.parametrize("has_gone_on", [True, False])
def test_the_topics_of_a_copy_that_knows_more_or_went_its_own_way(
    has_gone_on: bool, relaying: Relaying, ledgers: Ledgers
) -> None:
    relaying.topics.create()
    ledgers.copied("ledger", "copy")
    with ledgers.open(clock=lambda: NOW) as ledger:
        ledger.record(read(followed_up("T-1", 1)))
    relaying.once(ledgers)
    before = sent(relaying)
    ledgers.keys("copy").write_bytes(ledgers.keys().read_bytes())
    if has_gone_on:
        with ledgers.open("copy", clock=lambda: NOW) as copy:
            copy.record(read(followed_up("T-1", 2)))
    refused(relaying, ledgers, r"not the ledger that was relayed, or has lost entries", "copy")
    assert sent(relaying) == before


def test_messages_of_which_nothing_is_remembered(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    producer = Producer({"bootstrap.servers": relaying.topics.brokers.addresses})
    producer.produce(relaying.topics.named(ENTRIES), b"{}", b"desk", headers={"ce_sequence": "1"})
    assert producer.flush(10) == 0
    refused(relaying, ledgers, r"there are messages, but .*relay\.entries does not say up to where they go")
    assert sent(relaying) == 1


def test_positions_of_topics_that_were_made_anew(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    relaying.once(ledgers)
    delete(relaying.topics, relaying.topics.named(ENTRIES))
    relaying.topics.create()
    refused(relaying, ledgers, r"nothing is there, but .* says that it was sent up to \d+: they are deleted and made together")


def test_positions_that_no_relay_wrote(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    producer = Producer({"bootstrap.servers": relaying.topics.brokers.addresses})
    producer.produce(relaying.topics.positions("entries"), b"yes", b"entries")
    assert producer.flush(10) == 0
    refused(relaying, ledgers, r"relay\.entries holds something that no relay wrote")


def test_two_ledgers_share_a_broker_under_prefixes_of_their_own(
    relaying: Relaying, ledgers: Ledgers, topic_prefix: str
) -> None:
    ledgers.open("other", create=True).close()
    for name, prefix in (("ledger", topic_prefix), ("other", f"{topic_prefix}-other")):
        own = Relaying(made(relaying.topics.brokers.addresses, prefix), Clock(NOW))
        own.once(ledgers, name)
        with ledgers.open(name) as ledger:
            assert sent(own) == ledger.head()


def test_what_the_lanes_tell_is_said_in_the_language_of_whoever_began_them(relaying: Relaying, ledgers: Ledgers) -> None:
    relaying.topics.create()
    heard: list[str] = []
    relay = Relay(ledgers.open, relaying.topics, lambda _told: heard.append(spoken()))

    def run() -> None:
        speak("es")
        relay.run(lambda seconds: len(heard) >= len(LANES) or Event().wait(seconds))

    copy_context().run(run)
    assert {*heard} == {"es"}
