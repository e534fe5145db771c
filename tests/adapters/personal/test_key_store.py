"""The key store: one key for each subject, on disk when it says so, and gone when it is destroyed."""

import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.personal.key_store import KeyStore, made_key_store
from tests.adapters.given import DESK, opened, read
from tests.stores import Ledgers


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.keys"


def test_a_store_that_holds_keys_is_not_taken_for_a_new_ledger(store: Ledgers) -> None:
    with store.open("first", create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1")))
    with pytest.raises(LedgerError, match=r"first.db.keys belongs to another ledger: name another with --keys"):
        Ledger.open(store.url("second"), create=True, keys=store.keys("first"))
    with store.open("second", create=True) as ledger:
        ledger.record(read(*DESK))
    with store.open("first") as ledger:
        assert ledger.seals.is_here() and ledger.head() == 6


def test_a_store_that_a_killed_beginning_left_is_taken_up(store: Ledgers) -> None:
    made = made_key_store(store.keys())
    with store.open(create=True) as ledger:
        assert ledger.seals.store.id == made


def test_a_person_and_a_client_of_the_same_name_have_different_keys(path: Path) -> None:
    store = KeyStore(path, create=True)
    person, client = store.key_for("person", "acme"), store.key_for("client", "acme")
    store.commit()
    assert person.subject != client.subject and person.secret != client.secret and len(person.secret) == 64
    again = KeyStore(path, create=False)
    assert again.key_for("person", "acme") == person and again.secret(client.subject) == client.secret
    assert again.id == store.id


def test_no_name_stands_in_the_file(path: Path) -> None:
    store = KeyStore(path, create=True)
    store.key_for("person", "ana.secret@acme.mx")
    store.commit()
    assert b"secret@acme" not in path.read_bytes()
    assert [(it.kind, it.name) for it in store.subjects()] == [("person", "ana.secret@acme.mx")]


def test_keys_that_were_not_committed_are_not_kept(path: Path) -> None:
    store = KeyStore(path, create=True)
    made = store.key_for("person", "ana")
    store.rollback()
    assert store.secret(made.subject) is None and store.subjects() == []


def test_a_destroyed_key_is_nowhere_in_the_file_and_its_subject_stays_until_it_is_dropped(path: Path) -> None:
    store = KeyStore(path, create=True)
    keys = [store.key_for("person", f"person-{number}") for number in range(300)]
    store.commit()
    gone = keys[::3]
    store.destroy([it.subject for it in gone])
    held = path.read_bytes()
    assert not any(it.secret[at : at + 8] in held for it in gone for at in range(0, 64, 8))
    assert store.subjects_of("person", "person-0") == [keys[0].subject]
    assert {it.subject for it in store.subjects() if it.name is None} == {it.subject for it in gone}
    store.drop([it.subject for it in gone])
    assert len(store.subjects()) == 200 and not any(it.subject.encode() in path.read_bytes() for it in gone)
    assert store.key_for("person", "person-0").subject != keys[0].subject


def test_a_change_by_another_process_is_noticed_once(path: Path) -> None:
    one, other = KeyStore(path, create=True), KeyStore(path, create=False)
    assert not one.changed()
    other.key_for("person", "ana")
    other.commit()
    assert one.changed() and not one.changed()


def test_stores_made_at_once_in_one_place_are_one(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: KeyStore(path, create=True).id, range(8)))) == 1


def test_a_backup_is_whole_private_and_replaces_an_older_one(path: Path, tmp_path: Path) -> None:
    store, copy = KeyStore(path, create=True), tmp_path / "copy.keys"
    for name in ("ana", "bob"):
        store.key_for("person", name)
        store.commit()
        store.backup(copy)
    assert KeyStore(copy, create=False).subjects() == store.subjects() and len(store.subjects()) == 2
    assert copy.stat().st_mode & 0o777 == 0o600 and [it.name for it in tmp_path.glob(".*")] == []
    with pytest.raises(LedgerError, match="key store itself"):
        store.backup(path)


def test_what_is_no_key_store_is_refused_and_left_alone(path: Path, tmp_path: Path) -> None:
    path.write_bytes(b"my letters, not a database at all" * 100)
    with pytest.raises(LedgerError, match="is not a key store"):
        KeyStore(path, create=True)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE t (x)")
    with pytest.raises(LedgerError, match="is not a key store"):
        KeyStore(tmp_path / "other.db", create=True)
    with pytest.raises(LedgerError, match="failed"):
        KeyStore(tmp_path / "nowhere" / "x.keys", create=True)


def test_a_newer_key_store_is_refused(path: Path) -> None:
    KeyStore(path, create=True).close()
    with sqlite3.connect(path) as rows:
        rows.execute("PRAGMA user_version = 9")
    with pytest.raises(LedgerError, match="form 9; this one reads up to 1"):
        KeyStore(path, create=False)


def test_a_ledger_that_is_opened_leaves_the_locks_of_the_key_store_alone(tmp_path: Path) -> None:
    """Someone else in this process is writing keys meanwhile: another process has to wait for it."""
    ledger = tmp_path / "desk.db"
    with Ledger.open(str(ledger), create=True) as made:
        made.record(read(*DESK, opened("T-1")))
    keys = f"{ledger}.keys"
    with closing(sqlite3.connect(keys, isolation_level=None)) as writing:
        writing.execute("BEGIN IMMEDIATE")
        with Ledger.open(str(ledger)) as reading:
            assert reading.seals.is_here()
        found = subprocess.run([sys.executable, "-c", _WRITES, keys], capture_output=True, text=True)
        assert "locked" in found.stderr
        writing.execute("ROLLBACK")


_WRITES = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN IMMEDIATE')"
