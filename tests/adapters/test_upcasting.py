"""An entry of an old form: kept and hashed as it was stored; read, reported, exported and sent in the form of today.

The old form is invented: `Replied`, which named its ticket `case`.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.contract.cloud_events import entry_message
from adapters.files.restoring import restore
from adapters.ledger import Ledger, LedgerError
from adapters.live.arriving import entry_arriving
from adapters.mapper import id_at
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from adapters.proofs.tree import TreeRows
from adapters.proofs.verifying import verify
from adapters.stores.rows import Row
from domain import upcasting
from domain.events import EVENT_TYPES, Entry, Responded
from domain.exchange import entry_as_json
from replay.merkle import Frontier, leaf, leaf_hash
from replay.notes import read_checkpoint, read_note
from tests.domain.test_upcasting import ANSWERED, REPLIED
from tests.given import Desk, authorized, did, gs_policy, opened, read, registered
from tests.oracle.comparison import NOW
from tests.stores import Ledgers

OLD = {"type": "Replied", "case": "1", "at": "2026-03-02T16:00:00Z", "by": "luis", "key": "reply-1"}
NEW = {"type": "Responded", "ticket": "T-1", "at": "2026-03-02T16:00:00Z", "by": "luis", "key": "reply-1"}


@pytest.fixture(autouse=True)
def past(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that once wrote `Replied`."""
    monkeypatch.setattr(upcasting, "CHAIN", upcasting.Chain([REPLIED, ANSWERED], EVENT_TYPES))


@pytest.fixture
def ledger(store: Ledgers) -> Iterator[Ledger]:
    """A ledger whose last entry was stored as `Replied`, in the days when that was written."""
    with Ledger.open(store.url(), create=True, keys=store.keys(), clock=lambda: NOW) as ledger:
        ledger.record([read(it) for it in (registered(), authorized(), gs_policy(), opened("T-1"))])
        position = ledger.head() + 1
        stored = {"id": id_at(position, "8734-ad01-d90f4aa69a27"), "recorded_at": "2027-01-01T00:00:00Z", "event": OLD,
                  "recorded_by": "mail-gateway"}  # fmt: skip
        with ledger.writing_beside() as rows:
            rows.insert([(position, "ticket:T-1", 2, "Replied", json.dumps(stored, separators=(",", ":")).encode())])
            rows.insert_keys([("reply-1", position)])
        yield ledger


def row_of(ledger: Ledger) -> Row:
    """The old entry just as it is stored."""
    with ledger.reading("entries") as plain:
        return TreeRows.of(plain).raw(ledger.head() - 1, ledger.head(), 1)[0]


def last(ledger: Ledger) -> Entry:
    return ledger.stream("ticket:T-1")[-1]


def test_it_is_read_in_the_form_of_today_and_stays_as_it_is_stored(ledger: Ledger) -> None:
    before = row_of(ledger)
    assert (last(ledger).event, last(ledger).recorded_by) == (read(NEW), "mail-gateway")
    assert list(ledger.entries())[-1] == last(ledger)
    assert ledger.entry("reply-1") == last(ledger)
    assert row_of(ledger) == before
    assert b'"Replied"' in before[4]


def test_without_the_step_it_cannot_be_read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcasting, "CHAIN", upcasting.Chain([], EVENT_TYPES))
    with pytest.raises(LedgerError, match=f"entry {ledger.head()} cannot be read"):
        last(ledger)
    with pytest.raises(LedgerError, match=f"entry {ledger.head()} cannot be read"):
        entry_message("urn:uuid:1", row_of(ledger))


def test_it_counts_as_what_it_says_today(ledger: Ledger) -> None:
    desk = Desk.__new__(Desk)
    desk.ledger = ledger
    assert desk.response(ticket="T-1")["verdict"] == "met"
    assert desk.response(ticket="T-1")["elapsed_seconds"] == 3600


def test_what_is_signed_are_the_bytes_that_are_stored(ledger: Ledger, tmp_path: Path) -> None:
    signer = make_key(tmp_path / "desk.key", "example.com/desk")
    note = checkpoint(ledger, signer, NOW)
    with ledger.reading("entries") as plain:
        rows = TreeRows.of(plain).raw(0, ledger.head(), 1_000)
    leaves = Frontier()
    leaves.extend([leaf_hash(leaf(position, stream, version, state)) for position, stream, version, _, state in rows])
    assert read_checkpoint(read_note(note).text).root == leaves.root()
    assert verify(ledger, signer.key).difference is None


def test_on_a_topic_it_has_the_form_of_today(ledger: Ledger) -> None:
    message = entry_message("urn:uuid:1", row_of(ledger))
    assert json.loads(message.value) == entry_as_json(last(ledger))
    assert json.loads(message.value).items() >= NEW.items()
    assert dict(message.headers)["ce_type"] == b"Responded"


def test_what_an_older_program_sent_to_a_topic_is_understood(ledger: Ledger) -> None:
    added = {name: value for name, value in entry_as_json(last(ledger)).items() if name not in NEW}
    for own in (added, added | {"recorded_by": "mail"}):
        found = [entry_arriving(json.dumps({**it, **own}, separators=(",", ":")).encode()) for it in (OLD, NEW)]
        assert entry_as_json(found[0]) == entry_as_json(found[1]) == NEW | own


def test_it_is_exported_in_the_form_of_today_and_restored_from_either(ledger: Ledger, tmp_path: Path) -> None:
    exported = [entry_as_json(it) for it in map(ledger.unsealed().exported, ledger.entries())]
    assert exported[-1].items() >= NEW.items()
    added = {name: value for name, value in exported[-1].items() if name not in NEW}
    for name, line in (("new", exported[-1]), ("old", {**OLD, **added})):
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(json.dumps(it) + "\n" for it in [*exported[:-1], line]), "utf-8")
        restore(file, str(tmp_path / f"{name}.db"), clock=lambda: NOW)
        with Ledger.open(str(tmp_path / f"{name}.db")) as restored:
            assert restored.unsealed().exported(last(restored)) == ledger.unsealed().exported(last(ledger))
            assert b'"Responded"' in row_of(restored)[4]
            assert verify(restored, None).difference is None


def test_whoever_still_proposes_the_old_form_is_understood_and_known_again(ledger: Ledger) -> None:
    desk = Desk.__new__(Desk)
    desk.ledger = ledger
    assert desk.knows(OLD) == desk.knows(NEW) == ledger.head()
    desk.takes({**OLD, "key": "reply-2"})
    assert isinstance(last(ledger).event, Responded)
    assert b'"Responded"' in row_of(ledger)[4]
    desk.refuses({**OLD, "key": "reply-3", "at": "2026-03-02T16:00:00"}, "shape", "at")
    desk.refuses({**OLD, "key": "reply-4", "more": 1}, "shape", "more")
    desk.refuses(did("Replied", "2026-03-02 10:00"), "shape", "ticket")
