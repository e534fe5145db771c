import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.ledger import Ledger, LedgerError
from adapters.stores.sqlite_files import APPLICATION_ID
from tests.adapters.given import DESK, followed_up, opened, read


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of some size, closed."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path), create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(300))))
    return path


def explained(path: Path) -> str:
    """What a person is told who opens the file and reads all of it."""
    with pytest.raises(LedgerError) as caught, Ledger.open(str(path)) as ledger:
        for _ in ledger.entries():
            pass
        list(ledger.streams("ticket"))
    return str(caught.value)


class TestOpening:
    def test_a_missing_ledger_is_not_made_unless_asked_for(self, tmp_path: Path) -> None:
        assert "there is no ledger at" in explained(tmp_path / "none.db")
        assert list(tmp_path.iterdir()) == []

    def test_an_empty_file_is_no_ledger_yet_but_becomes_one_when_asked_for(self, tmp_path: Path) -> None:
        path = tmp_path / "empty.db"
        path.touch()
        assert "is empty" in explained(path)
        with Ledger.open(str(path), create=True) as ledger:
            assert ledger.head() == 2

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(LedgerError, match="unable to open"):
            Ledger.open(str(tmp_path / "nowhere" / "ledger.db"), create=True)

    def test_a_folder_is_no_ledger(self, tmp_path: Path) -> None:
        assert "is not a file" in explained(tmp_path)

    def test_a_file_of_something_else_is_no_ledger(self, tmp_path: Path) -> None:
        path = tmp_path / "notes.txt"
        path.write_text("dear diary " * 500)
        assert "not even a database" in explained(path)

    def test_another_programs_database_is_refused_and_left_as_it_was(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE recipes (name TEXT)")
        other.close()
        before = path.read_bytes()
        with pytest.raises(LedgerError, match="another program"):
            Ledger.open(str(path), create=True)
        assert path.read_bytes() == before

    def test_a_newer_ledger_is_refused_with_both_versions_named(self, path: Path) -> None:
        with sqlite3.connect(path) as newer:
            newer.execute("PRAGMA user_version = 7")
        newer.close()
        assert "newer version of this program (form 7; this one reads up to 2)" in explained(path)

    def test_the_file_says_whose_it_is_and_is_durable(self, path: Path) -> None:
        with Ledger.open(str(path)) as ledger, ledger._store._datastore.transaction(commit=False) as cursor:
            asked = {}
            for pragma in ("application_id", "user_version", "journal_mode", "synchronous"):
                cursor.execute(f"PRAGMA {pragma}")
                asked[pragma] = cursor.fetchone()[0]
        assert asked == {"application_id": APPLICATION_ID, "user_version": 2, "journal_mode": "wal", "synchronous": 2}


class TestDamage:
    def test_a_truncated_file(self, path: Path) -> None:
        whole = path.read_bytes()
        for size in (len(whole) - 1, len(whole) // 2, 4096, 5000, 100):
            path.write_bytes(whole[:size])
            assert "damaged" in explained(path) or size == 100

    def test_pages_overwritten_with_rubbish(self, path: Path) -> None:
        whole = path.read_bytes()
        assert len(whole) > 10 * 4096
        for page in range(1, len(whole) // 4096):
            damaged = bytearray(whole)
            damaged[page * 4096 : (page + 1) * 4096] = b"\xa5" * 4096
            path.write_bytes(damaged)
            try:
                with Ledger.open(str(path)) as ledger:
                    list(ledger.entries())
                    list(ledger.streams("ticket"))
                    ledger.record(read(followed_up("T-1", 301, key="k")))
            except LedgerError as error:
                assert str(error)

    def test_bytes_that_are_no_entry_name_their_position(self, path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b'"type":"TicketOpened"', b'"type":"TicketOpenex"'))
        assert explained(path).startswith("entry 6 cannot be read")

    def test_writing_into_a_damaged_file_is_explained_too(self, path: Path) -> None:
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b'"type":"TicketOpened"', b'"type":"TicketOpenex"'))
        with Ledger.open(str(path)) as ledger, pytest.raises(LedgerError, match="entry 6 cannot be read"):
            ledger.record(read(followed_up("T-1", 301)))


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE stored_events SET state = 'x' WHERE rowid = 3",
            "DELETE FROM stored_events WHERE rowid = 3",
            "DELETE FROM stored_events",
            "INSERT OR REPLACE INTO stored_events VALUES (3, 'client:acme', 1, 'ClientRegistered', 'x')",
            "REPLACE INTO stored_events (originator_id, originator_version, topic, state) VALUES ('client:acme', 1, 'x', 'x')",
            "INSERT INTO stored_events VALUES (9999, 'client:acme', 99, 'ClientRegistered', 'x')",
            "UPDATE entry_keys SET position = 1",
            "DELETE FROM entry_keys",
        ],
    )
    def test_nothing_recorded_is_changed_removed_or_skipped(self, path: Path, statement: str) -> None:
        with Ledger.open(str(path)) as ledger:
            ledger.record(read(followed_up("T-1", 301, key="k")))
            before = list(ledger.entries())
            stranger = sqlite3.connect(path, isolation_level=None)
            with pytest.raises(sqlite3.IntegrityError):
                stranger.execute(statement)
            stranger.close()
            assert list(ledger.entries()) == before


_ANOTHER = "import sys; from adapters.ledger import Ledger; from tests.adapters.given import followed_up, read\n" \
    "with Ledger.open(sys.argv[1]) as it: it.record(read(followed_up('T-1', int(sys.argv[2]))))"  # fmt: skip


def test_a_ledger_open_twice_in_one_process_sees_what_others_record_and_loses_nothing(path: Path) -> None:
    """As in a relay with its lanes: the locks of the one are not lost to the opening of the other."""
    with Ledger.open(str(path)) as one, Ledger.open(str(path)) as two:
        before = one.head()
        for number in (301, 302, 303):
            subprocess.run([sys.executable, "-c", _ANOTHER, str(path), str(number)], check=True)
        assert one.head() == two.head() == before + 3
        one.record(read(followed_up("T-1", 304)))
    with Ledger.open(str(path)) as again:
        assert again.head() == before + 4


def test_a_writer_that_waits_too_long_is_told_why(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.stores.sqlite.WAIT_SECONDS", 1)
    stranger = sqlite3.connect(path, isolation_level=None)
    stranger.execute("BEGIN IMMEDIATE")
    with Ledger.open(str(path)) as ledger, pytest.raises(LedgerError, match="written by another process"):
        ledger.record(read(followed_up("T-1", 301)))
    stranger.close()
