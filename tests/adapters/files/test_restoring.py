import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.files.restoring import restore
from adapters.ledger import Ledger, LedgerError, Same, Taken
from adapters.mapper import state_of
from adapters.proofs.growing import grown, hashes_from
from adapters.proofs.tree import TreeRows
from adapters.proofs.verifying import verify
from domain.refusal import said
from replay import merkle
from tests.adapters.given import DESK, Entry, export, followed_up, opened, read, write_lines
from tests.postgres_server import Databases
from tests.stores import Ledgers

SESSION: Entry = {
    "type": "SessionHeld", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "started": "2026-03-02T11:00:00.5-06:00",
    "ended": "2026-03-02T12:00:00-06:00", "delivery": "remote",
    "consultants": [{"consultant": "luis"}, {"consultant": "eva", "joined": "2026-03-02T11:30:00-06:00"}],
}  # fmt: skip
WINDOW: Entry = {
    "type": "AfterHoursRequested", "at": "2026-03-02T11:00:00-06:00", "ticket": "T-1", "message_id": "m",
    "from": "2026-03-03T20:00:00-06:00", "to": "2026-03-03T21:00:00-06:00",
}  # fmt: skip
VOIDED: Entry = {"type": "EntryVoided", "at": "2026-03-02T13:00:00-06:00", "entry": "note", "reason": "wrong ticket"}
STRANGER = opened("T-2", requester="zoe", key="stranger")


@pytest.fixture
def exported(store: Ledgers) -> list[Entry]:
    """The export of a ledger with every kind of thing that is awkward to restore."""
    lines = [*DESK, opened("T-1", key="k"), followed_up("T-1", key="note"), SESSION, WINDOW, VOIDED, STRANGER]
    with store.open("first", create=True) as ledger:
        answers = ledger.record(read(*lines))
        assert all(it.position is not None for it in answers)
        return export(ledger)


def test_a_restored_ledger_has_the_same_bytes_at_the_same_positions(
    store: Ledgers, tmp_path: Path, exported: list[Entry]
) -> None:
    keys = store.keys("first")
    assert store.restore(write_lines(tmp_path / "export.jsonl", exported), "second", keys=keys) == len(exported) == 11
    with store.open("first") as first, Ledger.open(store.url("second"), keys=keys) as second:
        assert list(second.entries()) == list(first.entries())
        assert [state_of(it) for it in second.entries()] == [state_of(it) for it in first.entries()]
        assert export(second) == exported


def test_the_bytes_are_the_same_whatever_the_offset_of_the_clock_they_were_recorded_by(tmp_path: Path) -> None:
    noon = datetime.fromisoformat("2026-03-02T12:00:00-06:00")
    with Ledger.open(str(tmp_path / "first.db"), create=True, clock=lambda: noon) as first:
        first.record(read(*DESK))
        lines, states = export(first), [state_of(it) for it in first.entries()]
    restore(write_lines(tmp_path / "export.jsonl", lines), tmp_path / "second.db", tmp_path / "first.db.keys")
    with Ledger.open(str(tmp_path / "second.db"), keys=tmp_path / "first.db.keys") as second:
        assert [state_of(it) for it in second.entries()] == states


def test_a_restored_ledger_goes_on_where_it_stopped(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    store.restore(write_lines(tmp_path / "export.jsonl", exported), "second")
    with store.open("second") as ledger:
        same, again, new = ledger.record(read(opened("T-1", key="k"), STRANGER, followed_up("T-1", 20)))
        assert (same, again.position, new) == (Same(6), 11, Taken(12, (12,)))
        assert ledger.streams_of("acme") == ["policy:P-1", "ticket:T-1"]


def test_ids_made_elsewhere_are_kept_and_found(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    foreign = "0192d3c4-7a5b-7c3d-8e1f-0123456789ab"
    exported[4]["id"] = foreign
    store.restore(write_lines(tmp_path / "export.jsonl", exported), "second")
    with store.open("second") as ledger:
        assert ledger.entry(foreign) == ledger.entry(5)


def test_times_with_another_offset_are_kept_in_utc(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    other = [it | {"recorded_at": it["recorded_at"].replace("Z", "+00:00")} for it in exported]
    store.restore(write_lines(tmp_path / "export.jsonl", other), "second")
    with store.open("second") as ledger:
        assert export(ledger) == exported


def changed(number: int, **fields: Any) -> Callable[[list[Entry]], None]:
    return lambda lines: lines[number - 1].update(fields)


def without(number: int, field: str) -> Callable[[list[Entry]], None]:
    def remove(lines: list[Entry]) -> None:
        del lines[number - 1][field]

    return remove


@pytest.mark.parametrize(
    ("spoil", "line", "field"),
    [
        (changed(4, position=9), 4, "position"),
        (changed(4, position="4"), 4, "position"),
        (lambda lines: lines.pop(3), 4, "position"),
        (lambda lines: lines.insert(3, lines[3]), 5, "position"),
        (changed(6, version=2), 6, "version"),
        (changed(6, stream="ticket:T-9"), 6, "stream"),
        (changed(10, stream="client:acme"), 10, "stream"),
        (changed(10, entry="unknown"), 10, "entry"),
        (changed(5, recorded_at="2020-01-01T00:00:00Z"), 5, "recorded_at"),
        (changed(5, recorded_at="2020-01-01T00:00:00"), 5, "recorded_at"),
        (changed(5, recorded_at="yesterday"), 5, "recorded_at"),
        (changed(5, id="5"), 5, "id"),
        (lambda lines: (lines[4].update(id="0192d3c4-7a5b-7c3d-8e1f-0123456789ab"),
                        lines[5].update(id="0192d3c4-7a5b-7c3d-8e1f-0123456789ab")), 6, "id"),
        (changed(7, key="k"), 7, "key"),
        (changed(7, at="2026-03-02T16:00:00"), 7, "at"),
        (changed(8, consultants=[{"consultant": "eva", "left": "2026-03-02T17:30:00"}]), 8, "consultants[0].left"),
        (changed(9, **{"from": "2026-03-02T17:30:00"}), 9, "from"),
        (changed(3, surname="x"), 3, "surname"),
        (changed(3, type="Nonsense"), 3, "type"),
        (without(3, "name"), 3, "name"),
        (without(3, "version"), 3, "version"),
        (without(3, "type"), 3, "type"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_field_and_no_ledger_is_made(
    store: Ledgers, tmp_path: Path, exported: list[Entry], spoil: Callable[[list[Entry]], object], line: int, field: str
) -> None:
    spoil(exported)
    source = write_lines(tmp_path / "export.jsonl", exported)
    before = set(tmp_path.iterdir())
    with pytest.raises(LedgerError) as caught:
        store.restore(source, "second")
    assert str(caught.value).startswith(f"line {line}, field {field}: ")
    assert set(tmp_path.iterdir()) == before and store.is_absent("second")


@pytest.mark.parametrize("rubbish", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"a":"' + b"x" * 3_000_000 + b'"}'])
def test_a_line_that_is_no_object_is_named(store: Ledgers, tmp_path: Path, exported: list[Entry], rubbish: bytes) -> None:
    source = tmp_path / "export.jsonl"
    source.write_bytes(json.dumps(exported[0]).encode() + b"\n" + rubbish + b"\n")
    with pytest.raises(LedgerError, match=r"^line 2: "):
        store.restore(source, "second")
    assert store.is_absent("second")


def test_an_existing_ledger_is_never_overwritten(store: Ledgers, tmp_path: Path, exported: list[Entry]) -> None:
    source = write_lines(tmp_path / "export.jsonl", exported)
    with pytest.raises(LedgerError, match="exists already"):
        store.restore(source, "first")
    with store.open("first") as ledger:
        assert export(ledger) == exported


def test_an_export_that_is_not_there_is_explained(store: Ledgers, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="cannot be restored"):
        store.restore(tmp_path / "none.jsonl", "second")
    assert list(tmp_path.iterdir()) == [] and store.is_absent("second")


def test_an_empty_export_is_refused(store: Ledgers, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no entries"):
        store.restore(write_lines(tmp_path / "export.jsonl", []), "second")
    assert store.is_absent("second")


def test_many_entries_are_restored_in_batches(store: Ledgers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.files.restoring._BATCH_LINES", 3)
    with store.open("first", create=True) as ledger:
        ledger.record(
            read(
                *DESK,
                opened("T-1"),
                *(followed_up("T-1", number, key=f"k{number}") for number in range(20)),
                VOIDED | {"entry": "k7"},
            )
        )
        exported = export(ledger)
    store.restore(write_lines(tmp_path / "export.jsonl", exported), "second")
    with store.open("second") as second:
        assert export(second) == exported


@pytest.mark.parametrize("there", [False, True])
def test_an_export_of_one_store_restored_into_the_other_is_the_same_ledger_with_the_same_root(
    there: bool, tmp_path: Path, databases: Databases
) -> None:
    stores = [Ledgers(tmp_path / "files"), Ledgers(tmp_path / "databases", databases)]
    here, other = stores[::-1] if there else stores
    for it in stores:
        it.folder.mkdir()
    lines = [
        *DESK,
        opened("T-1", key="k"),
        *(followed_up("T-1", number, note=f"note {number}") for number in range(600)),
        STRANGER,
    ]
    with here.open(create=True) as first:
        first.record(read(*lines))
        exported = export(first)
        roots = [root(first)]
    assert other.restore(write_lines(tmp_path / "export.jsonl", exported), "ledger", keys=here.keys()) == len(exported)
    with Ledger.open(other.url(), keys=here.keys()) as second:
        assert export(second) == exported
        roots.append(root(second))
        assert verify(second, None).difference is None
    assert roots[0] == roots[1]
    for it in stores:
        it.close()


def root(ledger: Ledger) -> bytes:
    """The root of the Merkle tree over all entries, from the stored tiles."""
    size = grown(ledger)
    with ledger.reading(said("reading the tree")) as rows:
        return merkle.root(size, hashes_from(TreeRows.of(rows)))
