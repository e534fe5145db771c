"""A sealed ledger exported and restored: with its keys, under new ones, or as it was sealed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.files.restoring import restore
from adapters.ledger import Ledger, LedgerError
from adapters.mapper import state_of
from adapters.personal.marks import UNREADABLE
from adapters.personal.sealing import keys_beside
from adapters.reports.reports import Reports
from domain.exchange import entry_as_json
from projections.contracts import Question
from tests.adapters.every_type import ANA, EVERY_TYPE, LUIS, SECRET, ZOE, files_with, shown, taken
from tests.adapters.given import DESK, export, followed_up, opened, read, write_lines

AT = datetime(2026, 10, 31, tzinfo=UTC)


def exported(ledger: Ledger, path: Path, *, sealed: bool) -> Path:
    entries = ledger.entries() if sealed else map(ledger.unsealed().exported, ledger.entries())
    path.write_bytes(b"".join(msgspec.json.encode(entry_as_json(it)) + b"\n" for it in entries))
    return path


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize("forget", [(), (("person", ZOE), ("person", LUIS), ("client", "acme"))])
def test_with_the_same_keys_a_restored_ledger_has_the_same_bytes(
    every_type: Ledger, tmp_path: Path, sealed: bool, forget: tuple[tuple[Any, str], ...]
) -> None:
    for kind, name in forget:
        every_type.forget(kind, name)
    source = exported(every_type, tmp_path / "export.jsonl", sealed=sealed)
    keys = tmp_path / "ledger.db.keys"
    assert (SECRET in source.read_text("utf-8")) is not sealed
    restore(source, tmp_path / "restored.db", keys)
    with Ledger.open(str(tmp_path / "restored.db"), keys=keys) as restored:
        assert [(it.position, it.stream, state_of(it)) for it in restored.entries()] == [
            (it.position, it.stream, state_of(it)) for it in every_type.entries()
        ]
        assert shown(restored, "G-1") == shown(every_type, "G-1")


def test_under_new_keys_it_says_the_same(every_type: Ledger, tmp_path: Path) -> None:
    every_type.forget("person", ZOE)
    source = exported(every_type, tmp_path / "export.jsonl", sealed=False)
    restore(source, tmp_path / "restored.db")
    source.unlink()
    assert files_with(tmp_path, SECRET) == []
    with Ledger.open(str(tmp_path / "restored.db")) as restored:
        assert export(restored) == export(every_type)
        taken(restored.record(read(opened("T-9", requester=ANA))))


def test_a_sealed_export_without_keys_still_gives_every_figure(every_type: Ledger, tmp_path: Path) -> None:
    source = exported(every_type, tmp_path / "export.jsonl", sealed=True)
    restore(source, tmp_path / "restored.db")
    with Ledger.open(str(tmp_path / "restored.db")) as restored:
        assert list(Reports(restored, Question(AT)).sla()) == list(Reports(every_type, Question(AT)).sla())
        assert shown(restored, "G-1")[0]["subject"] == UNREADABLE


def test_an_unsealed_ledger_becomes_a_sealed_one(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "plain.db"), create=True, sealed=False) as plain:
        taken(plain.record(read(*EVERY_TYPE)))
        source = exported(plain, tmp_path / "export.jsonl", sealed=False)
        before = export(plain)
    restore(source, tmp_path / "sealed.db")
    with Ledger.open(str(tmp_path / "sealed.db")) as sealed:
        assert export(sealed) == before
        assert files_with(tmp_path, SECRET) == ["export.jsonl", "plain.db"]
        assert sealed.forget("person", ZOE)


def test_a_failed_restore_leaves_no_keys_behind(tmp_path: Path) -> None:
    source = write_lines(tmp_path / "bad.jsonl", [EVERY_TYPE[0]])
    with pytest.raises(LedgerError):
        restore(source, tmp_path / "restored.db")
    assert [it.name for it in tmp_path.iterdir()] == ["bad.jsonl"]


def test_the_longest_names_and_notes_survive_an_export_as_they_are_sealed(path: Path, tmp_path: Path) -> None:
    longest = "ñ" * 128
    lines = [
        *DESK,
        {"type": "RequesterAuthorized", "at": "2026-03-01T09:00:00-06:00", "client": "acme", "person": longest},
        opened("T-1", requester=longest),
        opened("T-2", requester=longest[:-1] + "x"),
        followed_up("T-1", note="n" * 65536, consultant=longest),
    ]
    with Ledger.open(str(path), create=True) as ledger:
        ledger.record(read(*lines))
        ledger.forget("person", longest)
        before = list(ledger.entries())
        sealed = [entry_as_json(it) for it in before]
    (tmp_path / "sealed.jsonl").write_bytes(b"".join(msgspec.json.encode(it) + b"\n" for it in sealed))
    restore(tmp_path / "sealed.jsonl", tmp_path / "again.db", keys_beside(path))
    with Ledger.open(str(tmp_path / "again.db")) as again:
        assert list(again.entries()) == before
