import sqlite3
from pathlib import Path

import pytest

from adapters.ledger import Ledger, LedgerError
from adapters.proofs import growing
from adapters.proofs.growing import grown, hashes_from
from adapters.proofs.tree import StoredCheckpoint, TreeRows
from domain.refusal import said
from replay import merkle
from replay.merkle import Frontier
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.sealed import set_head
from tests.stores import Ledgers, behind


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger of 306 entries without a tree."""
    path = tmp_path / "ledger.db"
    with Ledger.open(str(path), create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(300))))
    return path


@pytest.fixture
def filled(store: Ledgers) -> Ledgers:
    """The same, on each store."""
    with store.open(create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(300))))
    return store


def root_of_rows(ledger: Ledger) -> bytes:
    with ledger.reading(said("reading entries")) as plain:
        rows = TreeRows.of(plain).raw(0, 2**62, 10**6)
    frontier = Frontier()
    frontier.extend([merkle.leaf_hash(merkle.leaf(it[0], it[1], it[2], it[4])) for it in rows])
    return frontier.root()


def root_of_tiles(ledger: Ledger, size: int) -> bytes:
    with ledger.reading(said("reading the tree")) as plain:
        return merkle.root(size, hashes_from(TreeRows.of(plain)))


def test_recording_leaves_the_tree_alone(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'tree_tiles'").fetchall() == []


@pytest.mark.parametrize("batch", [1, 100, 256, 300, 4096])
def test_the_tiles_hold_the_tree_of_the_rows_in_whatever_batches_they_grew(
    filled: Ledgers, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growing, "BATCH_ENTRIES", batch)
    with filled.open() as ledger:
        assert grown(ledger, 37) == 37 if batch > 37 else grown(ledger, 37) >= 37
        assert grown(ledger) == ledger.head() == 306
        assert root_of_tiles(ledger, 306) == root_of_rows(ledger)
        ledger.record(read(opened("T-2"), *(followed_up("T-2", number) for number in range(400))))
        assert grown(ledger) == 707
        assert root_of_tiles(ledger, 707) == root_of_rows(ledger)
    with behind(filled.url()) as rows:
        found = rows.all("SELECT level, tile, width FROM tree_tiles ORDER BY 1, 2")
    assert found == [(0, 0, 256), (0, 1, 256), (0, 2, 195), (1, 0, 2)]


def test_every_earlier_root_can_still_be_told_from_the_tiles(filled: Ledgers) -> None:
    with filled.open() as ledger:
        grown(ledger)
        with ledger.reading(said("reading the tree")) as plain:
            rows = TreeRows.of(plain)
            hash_at, frontier = hashes_from(rows), Frontier()
            for position, stream, version, _, state in rows.raw(0, 2**62, 10**6):
                frontier.extend([merkle.leaf_hash(merkle.leaf(position, stream, version, state))])
                assert merkle.root(position, hash_at) == frontier.root()


def test_growing_again_changes_nothing(filled: Ledgers) -> None:
    with filled.open() as ledger:
        grown(ledger)
        before = root_of_tiles(ledger, 306)
        assert grown(ledger) == 306
        assert root_of_tiles(ledger, 306) == before


def test_a_batch_that_fails_leaves_the_tiles_as_they_were(filled: Ledgers, monkeypatch: pytest.MonkeyPatch) -> None:
    with filled.open() as ledger:
        grown(ledger, 100)
        monkeypatch.setattr(growing, "BATCH_ENTRIES", 200)

        def fails(self: TreeRows, level: int, tile: int, hashes: bytes) -> None:
            TreeRows.grow(self, level, tile, hashes)
            raise LedgerError("disk I/O error")

        with monkeypatch.context() as patched:
            patched.setattr(growing, "_append", lambda rows, level, count, hashes: fails(rows, level, 7, b"".join(hashes)))
            with pytest.raises(LedgerError, match="disk I/O"):
                grown(ledger)
        with ledger.reading(said("reading the tree")) as plain:
            assert TreeRows.of(plain).covered() == 100
        assert grown(ledger) == 306
        assert root_of_tiles(ledger, 306) == root_of_rows(ledger)


def test_a_ledger_shorter_than_its_tree_is_refused(filled: Ledgers) -> None:
    with filled.open() as ledger:
        grown(ledger)
    with behind(filled.url()) as rows:
        rows.run("DELETE FROM stored_events WHERE rowid > 300")
        set_head(rows, 300)
    with filled.open() as ledger, pytest.raises(LedgerError, match="covers 306 entries and the ledger has 300"):
        grown(ledger)


def test_a_gap_is_refused_by_its_position(filled: Ledgers) -> None:
    with behind(filled.url()) as rows:
        rows.run("DELETE FROM stored_events WHERE rowid = 200")
    with filled.open() as ledger, pytest.raises(LedgerError, match="no entry at position 200"):
        grown(ledger)


def test_a_missing_tile_is_named(filled: Ledgers) -> None:
    with filled.open() as ledger:
        grown(ledger)
    with behind(filled.url()) as rows:
        rows.run("DELETE FROM tree_tiles WHERE level = 0 AND tile = 0")
    with filled.open() as ledger, pytest.raises(LedgerError, match="tile 0 of level 0"):
        root_of_tiles(ledger, 200)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tree_tiles",
        "UPDATE tree_tiles SET hashes = zeroblob(length(hashes))",
        "UPDATE tree_tiles SET width = width - 1, hashes = substr(hashes, 33) WHERE tile = 1",
        "UPDATE tree_tiles SET width = width + 1 WHERE tile = 1",
        "UPDATE tree_tiles SET tile = 9 WHERE tile = 1",
        "INSERT OR REPLACE INTO tree_tiles VALUES (0, 0, 1, zeroblob(32))",
        "INSERT INTO checkpoints VALUES (1, x'00', 'now')",
        "INSERT OR REPLACE INTO checkpoints VALUES (306, x'00', 'now')",
        "UPDATE checkpoints SET note = x'00'",
        "DELETE FROM checkpoints",
        "UPDATE checkpoint_anchors SET token = x'00'",
        "DELETE FROM checkpoint_anchors",
        "INSERT OR REPLACE INTO checkpoint_anchors VALUES (306, 'x', x'00')",
    ],
)
def test_the_tree_and_what_was_signed_only_grow(path: Path, statement: str) -> None:
    with Ledger.open(str(path)) as ledger:
        grown(ledger)
        with ledger.writing() as transaction:
            rows = TreeRows.of(transaction.rows)
            rows.keep_checkpoint(StoredCheckpoint(306, b"note", "now"))
            rows._session.run("INSERT INTO checkpoint_anchors VALUES (306, 'x', x'01')")
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(statement)
    connection.close()
