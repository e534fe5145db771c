"""A stored tree that was damaged, and made anew from the entries: the same roots and proofs, or nothing is changed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.ledger import LedgerError
from adapters.proofs.growing import hashes_from, rebuilt
from adapters.proofs.proving import checkpoint, prove
from adapters.proofs.tree import TreeRows
from adapters.proofs.verification import OF_THE_TREE
from adapters.stores.session import Session
from domain.refusal import said
from replay import merkle
from replay.notes import read_checkpoint, read_note
from tests.adapters.given import followed_up, read
from tests.adapters.sealed import NOW, SECOND, Kept, Sealed, change_tile
from tests.stores import behind


def change(statement: str) -> Callable[[Session], None]:
    return lambda rows: rows.run(statement) and None


DAMAGE: dict[str, Callable[[Session], None]] = {
    "a tile changed": change_tile,
    "a tile lost": change("DELETE FROM tree_tiles WHERE level = 0 AND tile = 0"),
    "the last tile lost": change("DELETE FROM tree_tiles WHERE level = 0 AND tile = 1"),
    "a level lost": change("DELETE FROM tree_tiles WHERE level = 1"),
    "a tile that calls itself wider": change("UPDATE tree_tiles SET width = width - 1 WHERE level = 0 AND tile = 1"),
    "a tile too many": change("INSERT INTO tree_tiles SELECT 3, tile, width, hashes FROM tree_tiles WHERE level = 1"),
}


@pytest.fixture
def mine(kept: Kept, tmp_path: Path) -> Sealed:
    return kept.mine(tmp_path)


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_tree_is_found_and_made_anew_with_the_roots_that_were_signed(mine: Sealed, damage: str) -> None:
    with mine.open() as ledger:
        proved = prove(ledger, "T-2")
    with behind(mine.path) as rows:
        DAMAGE[damage](rows)
    found = mine.verified(remembered=True).difference
    assert found is not None and found.template in OF_THE_TREE, str(found)
    with mine.open() as ledger:
        assert rebuilt(ledger) == (SECOND, 2)
        with ledger.reading(said("reading the checkpoints")) as plain:
            tree = TreeRows.of(plain)
            for size, note in mine.notes.items():
                assert merkle.root(size, hashes_from(tree)) == read_checkpoint(read_note(note).text).root
        assert prove(ledger, "T-2") == proved
        ledger.record(read(followed_up("T-1", 300)))
        checkpoint(ledger, mine.signer(), NOW)
    assert mine.verified(remembered=True).difference is None


def test_a_whole_tree_made_anew_is_the_same(mine: Sealed) -> None:
    def tiles() -> list[object]:
        with behind(mine.path) as rows:
            return rows.all("SELECT level, tile, width, hashes FROM tree_tiles ORDER BY level, tile")

    before = tiles()
    with mine.open() as ledger:
        rebuilt(ledger)
    assert tiles() == before


def test_entries_that_are_not_those_signed_give_no_new_tree(mine: Sealed) -> None:
    with behind(mine.path) as rows:
        ((state,),) = rows.all("SELECT state FROM stored_events WHERE rowid = 9")
        rows.run("UPDATE stored_events SET state = ? WHERE rowid = 9", state + b" ")
    before = mine.verified().difference
    with (
        mine.open() as ledger,
        pytest.raises(LedgerError, match=r"do not give the root that was signed over 280: .* as it was$"),
    ):
        rebuilt(ledger)
    assert before is not None and before.position == 9 and mine.verified().difference == before


def test_a_tree_made_anew_is_guarded_as_it_was(mine: Sealed) -> None:
    with mine.open() as ledger:
        rebuilt(ledger)
        for statement in ("DELETE FROM tree_tiles", "UPDATE tree_tiles SET width = width + 1"):
            with pytest.raises(LedgerError, match="a ledger is never changed"), ledger.writing_beside() as rows:
                rows._session.run(statement)
    assert mine.verified().difference is None
