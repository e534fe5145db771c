"""History stays readable: one small ledger holding every type of entry, kept as it was stored and as it was exported.

`stored.jsonl` holds the exact bytes of each entry, `exported.jsonl` the export of the same. Lines are added, never edited: what
was written once is read for ever, and its bytes are what proofs are made over.
"""

import json
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.files.restoring import restore
from adapters.ledger import Ledger
from adapters.mapper import entry_from, state_of
from adapters.personal.key_store import KeyStore
from adapters.personal.sealing import Seals
from domain.events import EVENT_TYPES, LEDGER_ONLY, Entry, EntryVoided, RequesterAuthorized, TermsPublished, stream_of
from domain.exchange import entry_as_json, event_as_json
from domain.shape import read_entry
from domain.terms import digest, terms_from
from domain.upcasting import CHAIN
from tests.given import Desk
from tests.oracle.comparison import NOW

HERE = Path(__file__).parent
EXPORTED = (HERE / "exported.jsonl").read_bytes().splitlines()
STORED = (HERE / "stored.jsonl").read_bytes().splitlines()
ADDED = ("position", "stream", "version", "recorded_at", "id")
SEALED = "sealed1.0123456789abcdef.gEUTn7VLRKXI42BE4nmM3ETwhac7NUi-_zL3"
"""A name sealed under the key 00 01 02 … 3f. The form is never changed: bytes are hashed with it."""
UTC_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,5}[1-9])?Z")


def kept(number: int) -> Entry:
    """The entry of a line, from its stored bytes."""
    line = json.loads(EXPORTED[number])
    return entry_from(line["position"], line["stream"], line["version"], STORED[number])


LINES = [pytest.param(it, id=f"{it + 1}-{json.loads(EXPORTED[it])['type']}") for it in range(len(EXPORTED))]


def test_every_type_of_entry_has_an_example() -> None:
    assert {json.loads(line)["type"] for line in EXPORTED} == CHAIN.kinds.keys()
    assert len(EXPORTED) == len(STORED)


def test_every_field_of_every_type_stands_in_one() -> None:
    shown: dict[str, set[str]] = {}
    for line in map(json.loads, EXPORTED):
        shown.setdefault(line["type"], set()).update(line.keys() - set(ADDED))
    everywhere = {"at", "by", "key", "type"}
    for name, kind in EVENT_TYPES.items():
        assert shown[name] | everywhere >= set(kind.__struct_encode_fields__), name


@pytest.mark.parametrize("number", LINES)
def test_what_was_stored_still_decodes_and_encodes_to_the_same_bytes(number: int) -> None:
    assert state_of(kept(number)) == STORED[number]


@pytest.mark.parametrize("number", LINES)
def test_it_is_exported_as_it_was_to_the_byte(number: int) -> None:
    assert msgspec.json.encode(entry_as_json(kept(number))) == EXPORTED[number]


@pytest.mark.parametrize("number", LINES)
def test_what_was_exported_reads_back_as_the_same_event(number: int) -> None:
    line = {name: value for name, value in json.loads(EXPORTED[number]).items() if name not in ADDED}
    event = kept(number).event
    if line["type"] in LEDGER_ONLY:
        assert event_as_json(event) == line
    else:
        assert read_entry(json.dumps(line).encode()) == event


@pytest.mark.parametrize("number", LINES)
def test_an_entry_stands_in_the_stream_of_what_it_concerns(number: int) -> None:
    entry = kept(number)
    if isinstance(entry.event, EntryVoided):
        named = (it for it in map(kept, range(number)) if entry.event.entry in (it.position, it.event.key))
        assert entry.stream == next(named).stream
    else:
        assert entry.stream == stream_of(entry.event)


@pytest.mark.parametrize("number", LINES)
def test_its_times_are_in_utc_without_trailing_zeros(number: int) -> None:
    def check(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                check(inner, key)
        elif isinstance(value, list):
            for inner in value:
                check(inner, name)
        elif name in ("at", "sent_at", "started", "ended", "joined", "left", "from", "to", "recorded_at"):
            assert UTC_TIME.fullmatch(value), (name, value)

    line = json.loads(EXPORTED[number])
    check({name: value for name, value in line.items() if name != "document"}, "")


def test_terms_published_then_can_still_be_applied() -> None:
    published = [it for it in map(kept, range(len(EXPORTED))) if isinstance(it.event, TermsPublished)]
    assert len(published) >= 2
    for entry in published:
        event = entry.event
        assert isinstance(event, TermsPublished)
        assert terms_from(event.document).id == event.terms
        assert event.digest == digest(event.document)


def test_the_whole_export_is_restored_sealed_and_opens_to_the_same_bytes(tmp_path: Path) -> None:
    assert restore(HERE / "exported.jsonl", tmp_path / "restored.db", clock=lambda: NOW) == len(EXPORTED)
    with Ledger.open(str(tmp_path / "restored.db")) as ledger:
        assert [state_of(ledger.unsealed().exported(it)) for it in ledger.entries()] == STORED
        assert [state_of(it) for it in ledger.entries()] != STORED


def test_what_was_sealed_then_is_sealed_and_opened_the_same_now(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "golden.keys", create=True)
    store.key_for("person", "ana@acme.mx")
    store.commit()
    with sqlite3.connect(tmp_path / "golden.keys") as rows:
        rows.execute("UPDATE keys SET subject = ?, secret = ?", (SEALED.split(".")[1], bytes(range(64))))
    seals = Seals(tmp_path / "golden.keys", store.id)
    seals.begin(frozenset())
    event = RequesterAuthorized(at=datetime(2026, 3, 1, tzinfo=UTC), client="acme", person="ana@acme.mx")
    assert seals.seal(event, "acme").person == SEALED  # type: ignore[union-attr]
    assert seals.opened(SEALED) == "ana@acme.mx"


def test_its_figures_are_those_reached_then(tmp_path: Path) -> None:
    restore(HERE / "exported.jsonl", tmp_path / "desk.db", clock=lambda: NOW)
    desk = Desk(tmp_path)
    row = desk.sla()
    assert (row["status"], row["continued_by"], row["level"], row["official_at"]) == (
        "closed", "T2", 4, "2026-03-02T15:00:00Z",
    )  # fmt: skip
    # From the call at 9:00 to the answer at 9:14; solved at 14:00, less the ten minutes that the first solution stood.
    assert row["response"]["elapsed_seconds"] == 840
    assert row["resolution"]["elapsed_seconds"] == 5 * 3600 - 600
    assert row["resolution"]["target_seconds"] == 72_000 + 3_600
    assert [it["amount"] for it in desk.billing()] == ["150.00", "150.00", "2700.00", "120.5"]
    desk.ledger.close()


def test_known_positions_are_those_of_the_export() -> None:
    assert [json.loads(line)["position"] for line in EXPORTED] == list(range(1, len(EXPORTED) + 1))
