"""What goes to the topics is a CloudEvent to the SDK of CloudEvents, and the entry of the exchange format to everybody else."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka
from cloudevents.core.formats.json import JSONFormat

from adapters.contract.cloud_events import Message, account_message, checkpoint_message, entry_message, source_of
from adapters.files.restoring import restore
from adapters.ledger import Ledger
from adapters.mapper import LedgerError, state_of
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.events import Entry, FollowedUp, RequesterAuthorized
from domain.exchange import entry_as_json
from tests.golden.test_golden import EXPORTED, HERE, LINES, STORED
from tests.oracle.comparison import NOW

SOURCE = "urn:uuid:00000000-0001-8734-ad01-d90f4aa69a27"


def row(number: int) -> Row:
    """A line of the golden ledger as its row."""
    line = json.loads(EXPORTED[number])
    return line["position"], line["stream"], line["version"], line["type"], STORED[number]


def read(message: Message) -> BaseCloudEvent:
    """The message as the SDK of CloudEvents reads it."""
    return from_kafka(KafkaMessage(dict(message.headers), message.key, message.value), JSONFormat())


def entry_row(entry: Entry) -> Row:
    return entry.position, entry.stream, entry.version, type(entry.event).__name__, state_of(entry)


@pytest.mark.parametrize("number", LINES)
def test_an_entry_is_a_cloud_event_to_the_sdk(number: int) -> None:
    line = json.loads(EXPORTED[number])
    event = read(entry_message(SOURCE, row(number)))
    assert event.get_specversion() == "1.0"
    assert (event.get_id(), event.get_source(), event.get_type()) == (line["id"], SOURCE, line["type"])
    assert event.get_time() == datetime.fromisoformat(line["at"])
    assert event.get_subject() == event.get_extension("partitionkey") == line["stream"]
    assert (event.get_extension("sequence"), event.get_extension("sequencetype")) == (str(line["position"]), "Integer")
    assert datetime.fromisoformat(event.get_extension("recordedtime")) == datetime.fromisoformat(line["recorded_at"])
    assert event.get_datacontenttype() == "application/json"
    assert event.get_data() == line


@pytest.mark.parametrize("number", LINES)
def test_its_value_is_the_line_of_the_export_to_the_byte(number: int) -> None:
    assert entry_message(SOURCE, row(number)).value == EXPORTED[number]


@pytest.mark.parametrize(
    ("at", "recorded_at"),
    [
        (datetime(2026, 3, 2, 9, 0, 0, 500_000, UTC), datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC)),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), datetime(2026, 3, 2, 9, 0, 1, 120_000, UTC)),
        (datetime(2026, 3, 2, 9, 0, 0, 123_456, UTC), datetime(2026, 3, 2, 9, 0, 1, 654_321, UTC)),
    ],
)
def test_fractions_of_a_second_lose_their_zeros_and_texts_that_look_like_times_keep_theirs(
    at: datetime, recorded_at: datetime
) -> None:
    note = 'at "2026-03-02T09:00:00.500000Z", or "at":"2026-03-02T09:00:00.500000Z"}'
    event = FollowedUp(at=at, ticket='T"1\\', kind="other", note=note, by="2026-03-02T09:00:00.500000Z")
    entry = Entry(7, 'ticket:T"1\\', 3, recorded_at, "00000000-0007-8734-ad01-d90f4aa69a27", event)
    message = entry_message(SOURCE, entry_row(entry))
    assert json.loads(message.value) == entry_as_json(entry)
    assert read(message).get_time() == at
    assert dict(message.headers)["ce_time"].decode() == entry_as_json(entry)["at"]
    assert dict(message.headers)["ce_recordedtime"].decode() == entry_as_json(entry)["recorded_at"]


def test_who_recorded_an_entry_is_in_its_message_as_in_the_export() -> None:
    at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    event = FollowedUp(at=at, ticket="T-1", kind="other")
    entry = Entry(7, "ticket:T-1", 3, at, "00000000-0007-8734-ad01-d90f4aa69a27", event, 'mail "gateway"')
    assert json.loads(entry_message(SOURCE, entry_row(entry)).value) == entry_as_json(entry)


def test_what_is_no_entry_is_no_message() -> None:
    for state in (
        b"",
        b"{}",
        b'{"id":"1","recorded_at":"2026-03-02T09:00:00Z","event":{"type":"Unheard","at":"2026-03-02T09:00:00Z"}}',
        b"\xff",
    ):
        with pytest.raises(LedgerError, match="entry 9"):
            entry_message(SOURCE, (9, "desk", 1, "", state))


@pytest.fixture
def desk(tmp_path: Path) -> Any:
    restore_into = tmp_path / "desk.db"
    restore(HERE / "exported.jsonl", restore_into, clock=lambda: NOW)
    with Ledger.open(str(restore_into)) as ledger:
        yield ledger


def rows_of(ledger: Ledger) -> list[Row]:
    with ledger.reading("entries") as plain:
        return TreeRows.of(plain).raw(0, ledger.head(), 1_000)


def test_personal_texts_stay_sealed_so_that_forgetting_holds_on_a_topic(desk: Ledger) -> None:
    sent = [entry_message(SOURCE, it) for it in rows_of(desk)]
    assert [json.loads(it.value) for it in sent] == [entry_as_json(it) for it in desk.entries()]
    people = {it.event.person for it in map(desk.unsealed().entry, desk.entries()) if isinstance(it.event, RequesterAuthorized)}
    assert people
    assert not any(b'"%b"' % person.encode() in it.value for it in sent for person in people)


def test_the_source_is_kept_by_whatever_is_restored_and_names_no_machine(desk: Ledger, tmp_path: Path) -> None:
    assert source_of(desk) == SOURCE
    with Ledger.open(str(tmp_path / "another.db"), create=True) as another:
        assert source_of(another) != SOURCE
        assert str(tmp_path) not in source_of(another)


def test_an_account_is_a_cloud_event_to_the_sdk() -> None:
    content = {"ticket": "T-1", "client": "acme"}
    at = datetime(2026, 3, 2, 9, 0, 0, tzinfo=UTC)
    event = read(account_message(SOURCE, "sla", "ticket:T-1", 48, at, content))
    assert (event.get_type(), event.get_subject(), event.get_extension("sequence")) == ("SlaAccount", "ticket:T-1", "48")
    assert (event.get_time(), event.get_data()) == (at, content)
    assert event.get_id() == "sla/ticket:T-1/48/2026-03-02T09:00:00Z"


def test_a_checkpoint_is_a_cloud_event_that_holds_the_anchor_itself(desk: Ledger, tmp_path: Path) -> None:
    note = checkpoint(desk, make_key(tmp_path / "desk.key", "example.com/desk"), NOW)
    with desk.reading("checkpoints") as plain:
        kept = TreeRows.of(plain).last_checkpoint()
    assert kept is not None
    event = read(checkpoint_message(SOURCE, kept.note, kept.made_at))
    assert (event.get_type(), event.get_subject()) == ("CheckpointSigned", "example.com/desk")
    assert event.get_extension("sequence") == str(desk.head())
    assert event.get_time() == NOW
    data = event.get_data()
    assert isinstance(data, dict)
    assert data["note"].encode() == note
    assert (data["origin"], data["size"], data["made_at"]) == ("example.com/desk", desk.head(), kept.made_at)
    assert data["root"] == note.decode().splitlines()[2]
