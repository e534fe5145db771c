"""The bundle of a whole ledger, and what the program that checks it says of it."""

import io
import json
import random
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from cryptography import x509

from adapters.ledger import LedgerError
from adapters.proofs.anchors import anchor, request
from adapters.proofs.proving import checkpoint
from adapters.proofs.proving_whole import whole_bundle
from adapters.proofs.signing import make_key
from adapters.verifier import bitacora_verify as verifier
from adapters.verifier.bitacora_verify import told, verdict
from replay.proofs import tile_file
from tests.adapters.bundles import codes, files_of, mutated, re_signed, verified, zipped
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.sealed import FIRST, NOW, ORIGIN, SECOND, Kept, Sealed, authority
from tests.stores import Ledgers, behind


@pytest.fixture(scope="module")
def sealed(kept: Kept) -> Sealed:
    return kept.sealed


@pytest.fixture(scope="module")
def whole(sealed: Sealed) -> bytes:
    return bundled(sealed)


@pytest.fixture
def mine(kept: Kept, tmp_path: Path) -> Sealed:
    """The sealed ledger and key again, for a test that changes them."""
    return kept.mine(tmp_path)


def bundled(sealed: Sealed) -> bytes:
    made = io.BytesIO()
    with sealed.open() as ledger:
        whole_bundle(ledger, sealed.signer(), made)
    return made.getvalue()


class TestWhole:
    def test_it_holds_every_entry_and_the_checker_says_so(self, whole: bytes, sealed: Sealed, tmp_path: Path) -> None:
        result = verified(tmp_path, whole, sealed)
        assert result.word == "VALID-UNANCHORED"
        assert codes(result, "good") == ["consistency good", "whole good", "streams good", "tree good"]
        assert f"its {SECOND} entries, none left out, give the root" in told(result, "en")
        assert f"sus {SECOND} asientos, sin omitir ninguno" in told(result, "es")
        assert [it.code for it in result.unproved] == ["not truth", "nothing later", "not alone"]

    def test_any_checkpoint_ever_held_anchors_it_as_far_as_it_reaches(
        self, whole: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        result = verified(tmp_path, whole, sealed, held=[sealed.notes[SECOND]])
        assert verdict(result, "en") == f"VALID-ANCHORED(checkpoint of {SECOND} entries, held by you)"
        result = verified(tmp_path, whole, sealed, held=[sealed.notes[FIRST]])
        assert result.word == "VALID-UNANCHORED" and "partly" in codes(result, "note")

    def test_a_held_checkpoint_counts_even_where_the_desk_lost_it(self, mine: Sealed, tmp_path: Path) -> None:
        with behind(mine.path) as rows:
            rows.run("DELETE FROM checkpoints WHERE size = ?", FIRST)
        result = verified(tmp_path, bundled(mine), mine, held=[mine.notes[FIRST]])
        assert "held good" in codes(result, "good")

    def test_a_time_stamp_comes_with_it(self, mine: Sealed, tmp_path: Path) -> None:
        stamps = authority(tmp_path)
        with mine.open() as ledger:
            anchor(ledger, stamps.stamp(request(mine.notes[SECOND])), x509.load_pem_x509_certificates(stamps.root.read_bytes()))
        result = verified(tmp_path, bundled(mine), mine, root=stamps.root)
        assert result.word == "VALID-ANCHORED" and "CN=Clock" in verdict(result, "en")

    def test_the_same_ledger_gives_the_same_bytes(self, whole: bytes, sealed: Sealed) -> None:
        assert bundled(sealed) == whole

    def test_it_is_checked_by_the_one_file_alone(self, whole: bytes, sealed: Sealed, tmp_path: Path) -> None:
        (tmp_path / "ledger.zip").write_bytes(whole)
        program = tmp_path / "bitacora_verify.py"
        program.write_bytes(Path(verifier.__file__).read_bytes())
        run = [sys.executable, "-I", str(program), str(tmp_path / "ledger.zip"), "--key", f"{sealed.key}.vkey"]
        alone = subprocess.run(run, capture_output=True, text=True, check=False)
        assert (alone.returncode, alone.stdout.splitlines()[0], alone.stderr) == (3, "VALID-UNANCHORED", "")

    def test_its_tiles_are_named_as_c2sp_names_them(self) -> None:
        names = {tile_file(level, tile, [b"\0" * 32] * width)[0] for level, tile, width in
                 ((0, 5, 256), (0, 5, 12), (1, 1_234, 256), (0, 1_234_067, 256))}  # fmt: skip
        assert names == {"tile/0/005", "tile/0/005.p/12", "tile/1/x001/234", "tile/0/x001/x234/067"}
        assert {verifier.tile_name(level, tile, width) for level, tile, width in
                ((0, 5, 256), (0, 5, 12), (1, 1_234, 256), (0, 1_234_067, 256))} == names  # fmt: skip

    def test_more_entries_take_no_more_memory(self, store: Ledgers, tmp_path: Path) -> None:
        signer = make_key(tmp_path / "desk.key", ORIGIN)
        with store.open(create=True, clock=lambda: NOW) as ledger:
            ledger.record(read(*DESK))
            peaks = []
            for tickets in (range(40), range(40, 400)):
                for ticket in tickets:
                    follow_ups = (followed_up(f"T-{ticket}", minute, note="n" * 300) for minute in range(40))
                    ledger.record(read(opened(f"T-{ticket}"), *follow_ups))
                checkpoint(ledger, signer, NOW)
                with (tmp_path / "ledger.zip").open("wb") as file:
                    tracemalloc.start()
                    assert whole_bundle(ledger, signer, file) == ledger.head()
                    peaks.append(tracemalloc.get_traced_memory()[1])
                    tracemalloc.stop()
        assert peaks[1] < 1.5 * peaks[0], peaks
        assert (tmp_path / "ledger.zip").stat().st_size > 4 * peaks[1]


class TestRefused:
    def test_nothing_is_bundled_before_anything_was_signed(self, store: Ledgers, tmp_path: Path) -> None:
        with store.open(create=True) as ledger, pytest.raises(LedgerError, match="make a checkpoint"):
            whole_bundle(ledger, make_key(tmp_path / "desk.key", ORIGIN), io.BytesIO())

    def test_nor_with_a_key_that_did_not_sign_the_last_checkpoint(self, sealed: Sealed, tmp_path: Path) -> None:
        with sealed.open() as ledger, pytest.raises(LedgerError, match="signed with another key"):
            whole_bundle(ledger, make_key(tmp_path / "other.key", ORIGIN), io.BytesIO())

    @pytest.mark.parametrize("position", [1, 257, SECOND])
    def test_a_changed_or_lost_entry_is_not_bundled_but_named(self, mine: Sealed, position: int) -> None:
        with behind(mine.path) as rows:
            ((state,),) = rows.all("SELECT state FROM stored_events WHERE rowid = ?", position)
            rows.run("UPDATE stored_events SET state = ? WHERE rowid = ?", state + b" ", position)
        with pytest.raises(LedgerError, match=f"entry {position} is not the one that was signed"):
            bundled(mine)
        with behind(mine.path) as rows:
            rows.run("DELETE FROM stored_events WHERE rowid = ?", position)
        with pytest.raises(LedgerError, match=f"entry {position} is not the one that was signed"):
            bundled(mine)


class TestChanged:
    @pytest.mark.parametrize("batch", range(10))
    def test_no_change_of_its_files_by_anybody_but_the_desk_leaves_it_valid(
        self, whole: bytes, sealed: Sealed, tmp_path: Path, batch: int
    ) -> None:
        rng, files = random.Random(batch), files_of(whole)
        for _ in range(40):
            changed = mutated(files, rng)
            word = verified(tmp_path, zipped(changed), sealed).word
            assert word in ("INVALID", "INCOMPLETE") or changed == files

    def test_nor_does_the_desk_itself_change_a_bit_of_the_entries_or_the_tree_unnoticed(
        self, whole: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        rng, files = random.Random(12), files_of(whole)
        names = [it for it in files if it.startswith(("entries/", "tile/"))]
        for _ in range(200):
            name = rng.choice(names)
            content = bytearray(files[name])
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            result = verified(tmp_path, zipped({**files, name: bytes(content)}, sealed.signer()), sealed)
            assert result.word == "INVALID", (name, bytes(content))

    def test_a_changed_entry_is_named(self, whole: bytes, sealed: Sealed, tmp_path: Path) -> None:
        files = files_of(whole)
        leaves = verifier._leaves(files["entries/0.leaves"])
        position, leaf = next((n, it) for n, it in enumerate(leaves, 1) if b'"progress"' in it)
        changed = files["entries/0.leaves"].replace(leaf, leaf.replace(b'"progress"', b'"progrexx"'))
        result = verified(tmp_path, zipped({**files, "entries/0.leaves": changed}, sealed.signer()), sealed)
        assert [(it.code, it.values.get("position") or it.values.get("size")) for it in result.lines] == [
            ("not of the tree", position), ("not signed", FIRST), ("no figures", None),
        ]  # fmt: skip

    @pytest.mark.parametrize("name", ["entries/1.leaves", "tile/0/000", "tile/1/000.p/1", f"checkpoints/{SECOND}.note",
                                      "manifest.note"])  # fmt: skip
    def test_what_the_desk_leaves_out_is_named(self, whole: bytes, sealed: Sealed, tmp_path: Path, name: str) -> None:
        files = files_of(whole)
        del files[name]
        signer = None if name == "manifest.note" else sealed.signer()
        result = verified(tmp_path, zipped(files, signer), sealed)
        assert result.word == "INCOMPLETE" and [it.values["file"] for it in result.lines if it.kind == "missing"] == [name]

    def test_a_bundle_that_ends_earlier_than_its_manifest_says_is_found(
        self, whole: bytes, sealed: Sealed, tmp_path: Path
    ) -> None:
        files = files_of(whole)
        manifest = json.loads(files["manifest.json"])
        files["manifest.json"] = json.dumps(manifest | {"size": FIRST}).encode()
        assert verified(tmp_path, zipped(files, sealed.signer()), sealed).word == "INVALID"

    def test_signed_anew_with_another_key_it_is_invalid(self, whole: bytes, sealed: Sealed, tmp_path: Path) -> None:
        other = make_key(tmp_path / "other.key", ORIGIN)
        forged = zipped(re_signed(files_of(whole), other), other)
        assert verified(tmp_path, forged).word == "VALID-UNANCHORED"
        assert codes(verified(tmp_path, forged, sealed), "wrong")[0] == "other key"
        assert verified(tmp_path, forged, held=[sealed.notes[FIRST]]).word == "INVALID"
