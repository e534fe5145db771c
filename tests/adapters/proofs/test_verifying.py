import json
import random
from pathlib import Path

import pytest

from adapters.files.restoring import restore
from adapters.ledger import Ledger, LedgerError
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key
from adapters.proofs.verifying import verify
from replay.notes import read_checkpoint, read_note
from tests.adapters.given import export, followed_up, read
from tests.adapters.mutations import CHECKPOINT_MUTATIONS, ROW_MUTATIONS, flip_kind_of_column, forge_amount
from tests.adapters.sealed import FIRST, NOW, ORIGIN, SECOND, Kept, Sealed, copied, rebuild_tree, rewind, seal, set_head
from tests.stores import behind

MUTATIONS = 1_000
FILE_FLIPS = 300


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Sealed:
    return seal(tmp_path_factory.mktemp("sealed"))


class TestUntouched:
    def test_a_ledger_as_it_was_recorded_is_whole_and_signed(self, sealed: Sealed) -> None:
        found = sealed.verified()
        assert (found.entries, found.checkpoints, found.signed, found.difference) == (SECOND, 2, SECOND, None)
        assert found.streams == 8

    def test_a_ledger_that_was_never_signed_is_whole_all_the_same(self, tmp_path: Path, sealed: Sealed) -> None:
        with Ledger.open(str(tmp_path / "new.db"), create=True) as ledger:
            found = verify(ledger, None)
        assert (found.entries, found.checkpoints, found.signed, found.difference) == (2, 0, 0, None)

    def test_entries_after_the_last_checkpoint_are_said_to_be_unsigned(self, tmp_path: Path, sealed: Sealed) -> None:
        path = copied(sealed, tmp_path)
        with Ledger.open(str(path)) as ledger:
            ledger.record(read(followed_up("T-1", 200)))
            found = verify(ledger, sealed.signer().key)
        assert (found.entries, found.signed, found.difference) == (SECOND + 1, SECOND, None)

    def test_a_restored_export_with_ids_from_elsewhere_is_whole(self, tmp_path: Path, sealed: Sealed) -> None:
        with Ledger.open(str(sealed.path)) as ledger:
            lines = export(ledger)
        lines[7]["id"] = "11111111-2222-4333-8444-555555555555"
        (tmp_path / "export.jsonl").write_text("".join(json.dumps(it) + "\n" for it in lines), "utf-8")
        restore(tmp_path / "export.jsonl", tmp_path / "restored.db")
        with Ledger.open(str(tmp_path / "restored.db")) as ledger:
            assert verify(ledger, None).difference is None

    def test_an_export_restored_elsewhere_still_has_the_root_that_was_signed(self, tmp_path: Path, sealed: Sealed) -> None:
        with Ledger.open(str(sealed.path)) as ledger:
            lines = export(ledger)
        (tmp_path / "export.jsonl").write_text("".join(json.dumps(it) + "\n" for it in lines), "utf-8")
        restore(tmp_path / "export.jsonl", tmp_path / "restored.db", copied(sealed, tmp_path).with_name("copy.db.keys"))
        found = sealed.verified(tmp_path / "restored.db", remembered=True)
        assert (found.difference, found.signed, found.checkpoints) == (None, SECOND, 1)


class TestRows:
    @pytest.mark.parametrize("batch", range(20))
    def test_no_change_of_a_row_is_missed_and_each_is_located(self, kept: Kept, batch: int) -> None:
        rng = random.Random(batch)
        # In PostgreSQL a column has one kind of value.
        changes = [it for it in ROW_MUTATIONS if kept.ledgers.databases is None or it is not flip_kind_of_column]
        for number in range(kept.often(MUTATIONS // 20)):
            change = changes[(batch * kept.often(MUTATIONS // 20) + number) % len(changes)]
            path = kept.copied()
            with behind(path) as rows:
                expected = change(rows, rng)
            found = kept.sealed.verified(path)
            assert found.difference is not None, (change.__name__, expected)
            assert found.difference.position == expected, (change.__name__, expected, str(found.difference))
            assert str(expected) in str(found.difference)

    @pytest.mark.parametrize("batch", range(4))
    def test_no_change_of_a_checkpoint_is_missed_and_each_is_named(self, kept: Kept, tmp_path: Path, batch: int) -> None:
        rng, other = random.Random(batch), make_key(tmp_path / "other.key", ORIGIN)
        for number in range(50 if kept.ledgers.databases is None else 4):
            change = CHECKPOINT_MUTATIONS[number % len(CHECKPOINT_MUTATIONS)]
            path = kept.copied()
            with behind(path) as rows:
                size = change(rows, rng, other)
            found = kept.sealed.verified(path).difference
            assert found is not None, (change.__name__, size)
            told = {found.values.get("size"), found.values.get("found"), found.position}
            assert size in told, (change.__name__, size, str(found))

    @pytest.mark.parametrize("batch", range(4))
    def test_a_ledger_put_back_to_any_older_state_is_found_by_what_its_key_remembers(self, kept: Kept, batch: int) -> None:
        rng = random.Random(batch)
        for _ in range(kept.often(10)):
            path, size = kept.copied(), rng.randint(3, SECOND - 1)
            with behind(path) as rows:
                rewind(rows, size)
            found = kept.sealed.verified(path, remembered=True).difference
            assert found is not None and found.position == size + 1

    def test_a_change_of_a_row_and_of_its_tile_is_still_found_by_what_was_signed(self, kept: Kept) -> None:
        for seed in range(kept.often(60)):
            rng = random.Random(seed)
            path = kept.copied()
            with behind(path) as rows:
                changed = forge_amount(rows, rng)
                rebuild_tree(rows)
            found = kept.sealed.verified(path)
            expected = 1 if changed <= FIRST else FIRST + 1
            assert found.difference is not None and found.difference.position == expected
            assert found.difference.values["size"] == (FIRST if changed <= FIRST else SECOND)

    @pytest.mark.parametrize("seed", range(20))
    def test_a_flip_in_the_stored_tree_is_found(self, kept: Kept, seed: int) -> None:
        rng = random.Random(seed)
        path = kept.copied()
        with behind(path) as rows:
            level, tile, hashes = rng.choice(rows.all("SELECT level, tile, hashes FROM tree_tiles"))
            place = rng.randrange(len(hashes))
            changed = hashes[:place] + bytes([hashes[place] ^ 1]) + hashes[place + 1 :]
            rows.run("UPDATE tree_tiles SET hashes = ? WHERE level = ? AND tile = ?", changed, level, tile)
        found = kept.sealed.verified(path).difference
        first = (tile * 256 + place // 32) << 8 * level
        assert found is not None and found.position == first + 1
        assert "the stored tree" in str(found), "no entry is accused of what the tree did"

    def test_a_tile_cut_short_or_beside_the_tree_is_found(self, kept: Kept) -> None:
        for statement in ("DELETE FROM tree_tiles WHERE level = 1", f"INSERT INTO tree_tiles VALUES (2, 0, 1, '{'0' * 32}')",
                          "UPDATE tree_tiles SET width = width + 1 WHERE level = 0 AND tile = 1"):  # fmt: skip
            path = kept.copied()
            with behind(path) as rows:
                rows.run(statement)
            assert kept.sealed.verified(path).difference is not None, statement

    @pytest.mark.parametrize(
        "statement",
        [
            "DELETE FROM entry_keys WHERE key = 'mail-2'",
            "UPDATE entry_keys SET position = position + 1 WHERE key = 'mail-2'",
            "INSERT INTO entry_keys VALUES ('mail-9', 100)",
            "DELETE FROM client_streams WHERE stream = 'ticket:T-2'",
            "UPDATE client_streams SET client = 'beta' WHERE stream = 'ticket:T-2'",
            "INSERT INTO client_streams VALUES ('beta', 'ticket:T-2')",
            "DELETE FROM contingency_streams",
            "UPDATE contingency_streams SET stream = 'ticket:T-1'",
            "INSERT INTO contingency_streams VALUES ('flood', 'desk')",
            "INSERT INTO checkpoint_anchors VALUES (17, 'x', 'x')",
        ],
    )
    def test_what_leads_to_entries_is_held_against_them(self, kept: Kept, statement: str) -> None:
        path = kept.copied()
        with behind(path) as rows:
            rows.run(statement)
        assert kept.sealed.verified(path).difference is not None

    def test_entries_said_to_have_been_recorded_and_not_there_are_missed(self, kept: Kept) -> None:
        path = kept.copied()
        with behind(path) as rows:
            set_head(rows, SECOND + 1)
        found = kept.sealed.verified(path).difference
        assert found is not None and found.position == SECOND + 1

    def test_a_lost_key_is_named_with_its_entry(self, kept: Kept) -> None:
        path = kept.copied()
        with behind(path) as rows:
            (position,) = rows.all("SELECT position FROM entry_keys WHERE key = 'mail-2'")[0]
            rows.run("DELETE FROM entry_keys WHERE key = 'mail-2'")
        found = kept.sealed.verified(path).difference
        assert found is not None and found.position == position and "mail-2" in str(found)

    def test_rows_nobody_signed_yet_must_still_be_entries(self, kept: Kept) -> None:
        ledgers = kept.ledgers
        with Ledger.open(ledgers.copied("ledger", "longer"), keys=ledgers.keys()) as ledger:
            ledger.record(read(*(followed_up("T-1", minute) for minute in range(200, 210))))
        with behind(ledgers.url("longer")) as rows:
            (before,), (state,) = rows.all("SELECT state FROM stored_events WHERE rowid IN (339, 340) ORDER BY rowid")
        for statement, *values in (
            ("UPDATE stored_events SET state = ? WHERE rowid = 340", state[:40]),
            ("UPDATE stored_events SET topic = 'Resolved' WHERE rowid = 340",),
            ("UPDATE stored_events SET originator_version = originator_version + 1000 WHERE rowid >= 340",),
            ("UPDATE stored_events SET originator_id = 'ticket:T-2', originator_version = 1000 WHERE rowid = 340",),
            ("UPDATE stored_events SET state = ? WHERE rowid = 340", state.replace(b'"recorded_at":"20', b'"recorded_at":"19')),
            ("UPDATE stored_events SET state = ? WHERE rowid = 340", before),
            ("DELETE FROM stored_events WHERE rowid = 340",),
            *(() if ledgers.databases else (("UPDATE stored_events SET state = CAST(state AS TEXT) WHERE rowid = 340",),)),
        ):
            path = ledgers.copied("longer", "copy")
            with behind(path) as rows:
                rows.run(statement, *values)
            found = kept.sealed.verified(path).difference
            assert found is not None and found.position == 340, (statement, str(found))


class TestTheFile:
    def test_a_bit_flipped_anywhere_in_the_file_is_found_or_changes_nothing(self, sealed: Sealed, tmp_path: Path) -> None:
        rng = random.Random(4)
        whole = bytearray(sealed.path.read_bytes())
        with Ledger.open(str(sealed.path)) as ledger:
            expected = (
                list(ledger.entries()),
                [it for kind in ("ticket", "client", "policy", "desk") for it in ledger.streams(kind)],
            )
        harmless = 0
        for _ in range(FILE_FLIPS):
            place, bit = rng.randrange(len(whole)), 1 << rng.randrange(8)
            whole[place] ^= bit
            path = tmp_path / "flipped.db"
            path.write_bytes(whole)
            whole[place] ^= bit
            try:
                if sealed.verified(path).difference is not None:
                    continue
            except LedgerError:
                continue
            with Ledger.open(str(path)) as ledger:
                found = (
                    list(ledger.entries()),
                    [it for kind in ("ticket", "client", "policy", "desk") for it in ledger.streams(kind)],
                )
            assert found == expected, place
            harmless += 1
        assert harmless < FILE_FLIPS / 2


class TestSignatures:
    def test_a_history_rewritten_and_signed_anew_is_found_by_the_key(self, sealed: Sealed, tmp_path: Path) -> None:
        path = copied(sealed, tmp_path)
        other = make_key(tmp_path / "other.key", ORIGIN)
        with behind(path) as rows:
            forge_amount(rows, random.Random(1))
            rows.run("DELETE FROM checkpoints")
            rows.run("DELETE FROM tree_tiles")
        with Ledger.open(str(path)) as ledger:
            checkpoint(ledger, other, NOW)
            assert verify(ledger, other.key).difference is None
        found = sealed.verified(path).difference
        assert found is not None and "not signed by the key" in str(found)

    def test_a_ledger_put_back_to_an_older_state_is_found_by_what_its_key_remembers(
        self, sealed: Sealed, tmp_path: Path
    ) -> None:
        path = copied(sealed, tmp_path)
        with behind(path) as rows:
            rewind(rows)
        assert sealed.verified(path).difference is not None or sealed.verified(path).entries == FIRST
        found = sealed.verified(path, remembered=True).difference
        assert found is not None and found.position == FIRST + 1

    def test_a_checkpoint_a_client_holds_is_enough_to_find_it(self, sealed: Sealed, tmp_path: Path) -> None:
        path = copied(sealed, tmp_path)
        with behind(path) as rows:
            rewind(rows)
        with Ledger.open(str(path)) as ledger:
            found = verify(ledger, sealed.signer().key, [sealed.notes[SECOND]]).difference
        assert found is not None and found.position == FIRST + 1

    def test_two_signed_histories_of_one_size_are_found(self, sealed: Sealed, tmp_path: Path) -> None:
        text = read_checkpoint(read_note(sealed.notes[SECOND]).text)._replace(root=b"\1" * 32).text()
        with Ledger.open(str(sealed.path)) as ledger:
            found = verify(ledger, sealed.signer().key, [sealed.signer().sign(text)]).difference
        assert found is not None and "different roots" in str(found)
