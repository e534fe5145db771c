"""A sealed ledger whose keys are not there, are another ledger's, or come back."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.ledger import Ledger, LedgerError
from adapters.personal.marks import FORGOTTEN, UNREADABLE
from adapters.personal.sealing import keys_beside
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from adapters.reports.reports import Reports
from projections.contracts import Question
from replay.notes import read_checkpoint, read_note
from tests.adapters.every_type import ANA, note, shown, taken
from tests.adapters.given import DESK, followed_up, opened, read

AT = datetime(2026, 10, 31, tzinfo=UTC)


def test_without_its_keys_a_ledger_can_be_read_but_not_written(every_type: Ledger, path: Path) -> None:
    every_type.forget("person", ANA)
    every_type.close()
    path.with_name("ledger.db.keys").unlink()
    with Ledger.open(str(path)) as ledger:
        told = shown(ledger, "G-1")
        assert told[0]["requester"] == FORGOTTEN and told[0]["subject"] == UNREADABLE
        assert len(list(Reports(ledger, Question(AT)).sla())) == 3
        head = ledger.head()
        with pytest.raises(LedgerError, match="key store of this ledger is not at"):
            ledger.record(read(opened("T-9", requester=ANA)))
        assert ledger.head() == head and not path.with_name("ledger.db.keys").exists()


def test_the_keys_of_another_ledger_are_not_taken_for_its_own(every_type: Ledger, path: Path, tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "other.db"), create=True):
        pass
    with Ledger.open(str(path), keys=tmp_path / "other.db.keys") as ledger:
        assert shown(ledger, "G-1")[0]["subject"] == UNREADABLE
        with pytest.raises(LedgerError, match="key store of this ledger is not at"):
            ledger.record(read(opened("T-9", requester=ANA)))


def test_a_backup_brings_the_keys_back_but_not_whom_the_ledger_has_forgotten(every_type: Ledger, path: Path) -> None:
    keys, copy = path.with_name("ledger.db.keys"), path.with_name("copy.keys")
    every_type.seals.store.backup(copy)
    assert copy.stat().st_mode & 0o777 == 0o600
    every_type.forget("person", ANA)
    every_type.close()
    copy.replace(keys)
    with Ledger.open(str(path)) as ledger:
        assert shown(ledger, "G-1")[0]["requester"] == FORGOTTEN
        assert shown(ledger, "G-1")[0]["subject"] == note("no network")
        assert ledger.seals.store.subjects_of("person", ANA)
        taken(ledger.record(read(followed_up("G-1", at="2026-03-05T10:00:00-06:00"))))
        assert not ledger.seals.store.subjects_of("person", ANA)


def test_a_key_store_put_in_its_place_is_noticed_by_a_process_that_runs(every_type: Ledger, path: Path) -> None:
    keys, away = path.with_name("ledger.db.keys"), path.with_name("away.keys")
    keys.rename(away)
    assert shown(every_type, "G-1")[0]["subject"] == UNREADABLE
    with pytest.raises(LedgerError, match="key store of this ledger is not at"):
        every_type.record(read(opened("T-9", requester=ANA)))
    away.rename(keys)
    assert shown(every_type, "G-1")[0]["subject"] == note("no network")
    taken(every_type.record(read(opened("T-9", requester=ANA))))


def test_whoever_has_the_ledger_and_the_signing_key_can_sign_without_the_keys_of_persons(path: Path, tmp_path: Path) -> None:
    with Ledger.open(str(path), create=True) as ledger:
        ledger.record(read(*DESK))
    keys_beside(path).rename(tmp_path / "elsewhere")
    with Ledger.open(str(path)) as ledger:
        note = checkpoint(ledger, make_key(tmp_path / "desk.key", "example.com/desk"), AT)
        assert read_checkpoint(read_note(note).text).size == ledger.head()
