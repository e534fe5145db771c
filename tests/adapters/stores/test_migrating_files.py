"""A ledger in a file that an earlier version of the program began, brought to the form of this one."""

import sqlite3
from pathlib import Path

import pytest

from adapters.ledger import Ledger, LedgerError, Taken
from adapters.stores.migrating import migrate
from adapters.stores.sqlite_files import SCHEMA_VERSION
from tests.adapters.given import DESK, export, opened, read


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger of the first form."""
    path = tmp_path / "old.db"
    with Ledger.open(str(path), create=True, sealed=False) as ledger:
        ledger.record(read(*DESK))
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE key_store")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    return path


def test_an_older_file_is_read_and_written_before_and_after_it_is_migrated(old: Path) -> None:
    with Ledger.open(str(old)) as ledger:
        before = export(ledger)
    assert migrate(str(old)) == (1, SCHEMA_VERSION)
    assert migrate(str(old)) == (SCHEMA_VERSION, SCHEMA_VERSION)
    with Ledger.open(str(old)) as ledger:
        assert export(ledger) == before
        assert ledger.record(read(opened("T-1"))) == [Taken(6, (6,))]


def test_a_migrated_file_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    migrate(f"sqlite:{old}")
    Ledger.open(str(tmp_path / "new.db"), create=True, sealed=False).close()
    found = []
    for path in (old, tmp_path / "new.db"):
        connection = sqlite3.connect(path)
        found.append(set(connection.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")))
        connection.close()
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.unlink(), "there is no ledger at"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_text("dear diary " * 500), "not even a database"),
    ],
)
def test_what_is_no_ledger_is_not_made_one(old: Path, spoil: object, told: str) -> None:
    spoil(old)  # type: ignore[operator]
    with pytest.raises(LedgerError, match=told):
        migrate(str(old))


def test_a_newer_file_is_refused(old: Path) -> None:
    connection = sqlite3.connect(old)
    connection.execute("PRAGMA user_version = 9")
    connection.close()
    with pytest.raises(LedgerError, match="newer version of this program"):
        migrate(str(old))
