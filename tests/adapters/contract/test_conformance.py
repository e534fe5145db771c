"""What a relay sends of a random ledger is what the document says comes on that topic, and a CloudEvent to the SDK."""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat
from jsonschema import Draft202012Validator

from adapters.contract.cloud_events import source_of
from adapters.contract.document import document
from adapters.kafka.topics import KINDS as RELAYED
from adapters.ledger import Ledger
from adapters.live.rows import encode
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from tests.adapters.contract.test_document import whole
from tests.adapters.contract.validation import FORMATS
from tests.adapters.kafka.relayed import Relaying, made
from tests.adapters.kafka.subscriber import Received, received
from tests.adapters.live.test_live_equals_replay import later_and_later, simulated
from tests.oracle.comparison import NOW, proposal
from tests.oracle.ledgers import random_ledger

MADE = document()
SEEDS = (1, 5)
LANES = ("entries", "accounts", "checkpoints")
_CHECKS: dict[str, Draft202012Validator] = {}


def fits(name: str, part: str, value: Any) -> list[str]:
    """In what the headers or the value of a message do not fit what the document says of it."""
    if (check := _CHECKS.get(f"{name}.{part}")) is None:
        schema = whole(MADE["components"]["messages"][name][part])
        check = _CHECKS[f"{name}.{part}"] = Draft202012Validator(schema, format_checker=FORMATS)
    return [f"{it.json_path}: {it.message}" for it in check.iter_errors(value)]


def check(it: Received, messages: dict[str, Any], source: str) -> str:
    """The message holds to the document; its name."""
    name = it.headers["ce_type"]
    assert name in messages
    assert fits(name, "headers", it.headers) == []
    assert fits(name, "payload", it.json()) == []
    assert (it.headers["ce_source"], it.headers["ce_subject"]) == (source, it.key)
    headers = {header: text.encode() for header, text in it.headers.items()}
    event = from_kafka(KafkaMessage(headers, it.key.encode(), it.value or b""), JSONFormat())
    assert (event.get_type(), event.get_data()) == (name, it.json())
    return name


@pytest.mark.parametrize("seed", SEEDS)
def test_what_a_relay_sends_is_what_the_document_says(seed: int, tmp_path: Path, brokers: str, topic_prefix: str) -> None:
    url = str(tmp_path / "desk.db")
    topics = made(brokers, topic_prefix)
    with Ledger.open(url, create=True, clock=lambda: NOW) as ledger:
        ledger.record([proposal(it) for it in random_ledger(random.Random(seed), 200)])
        checkpoint(ledger, make_key(tmp_path / "desk.key", "example.com/desk"), NOW)
        source, head = source_of(ledger), ledger.head()
    Relaying(topics, lambda: NOW, LANES).relay(lambda: Ledger.open(url, clock=lambda: NOW)).once()
    names = set()
    for channel in (it for it in MADE["channels"].values() if it["address"] in RELAYED):
        sent = received(brokers, topics.named(channel["address"]))
        names |= {check(it, channel["messages"], source) for it in sent if it.value is not None}
        if channel["address"] == "bitacora.entries":
            assert len(sent) == head
    assert names >= {"SlaAccount", "ConsumptionAccount", "BillingAccount", "CheckpointSigned", "TicketOpened", "SessionHeld"}


@pytest.mark.parametrize("seed", range(4))
def test_what_is_live_is_what_the_document_says(seed: int, tmp_path: Path) -> None:
    worker, ledger, rng, entries = simulated(f"live {seed}", tmp_path)
    with ledger:
        for worker.now in later_and_later(rng, entries):
            batch, entries = entries[:10], entries[10:]
            ledger.record([proposal(it) for it in batch])
            worker.settle()
            tables = worker.live.tables
            assert all(fits("LiveTicket", "payload", json.loads(it)) == [] for it in tables.tickets.values())
            assert all(fits("LivePolicy", "payload", json.loads(it)) == [] for it in tables.policies.values())
    assert tables.tickets and worker.told
    assert all(fits(type(it).__name__, "payload", json.loads(encode(it))) == [] for it in worker.told)


def test_an_example_of_the_document_is_a_cloud_event_to_the_sdk() -> None:
    for name, message in MADE["components"]["messages"].items():
        (example,) = message["examples"]
        if "headers" not in message:
            assert "headers" not in example
            continue
        headers = {header: text.encode() for header, text in example["headers"].items()}
        value = json.dumps(example["payload"]).encode()
        event = from_kafka(KafkaMessage(headers, example["headers"]["ce_subject"].encode(), value), JSONFormat())
        assert (event.get_type(), event.get_data()) == (name, example["payload"])
