import threading
from pathlib import Path

import pytest
from cryptography import x509

from adapters.ledger import LedgerError
from adapters.proofs.anchors import anchor, request
from adapters.proofs.proving import bundle, checkpoint, prove
from adapters.proofs.signing import is_right, make_key
from adapters.proofs.tree import TreeRows
from adapters.reports.reports import NotFound
from domain.refusal import said
from replay import merkle
from replay.notes import is_signed, read_checkpoint, read_note
from replay.proofs import read_inclusion
from tests.adapters.given import followed_up, opened, read
from tests.adapters.sealed import FIRST, NOW, ORIGIN, SECOND, Authority, Kept, Sealed, authority, change_tile, rewind
from tests.stores import Ledgers, behind


@pytest.fixture(scope="module")
def sealed(kept: Kept) -> Sealed:
    return kept.sealed


@pytest.fixture(scope="module")
def stamps(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def mine(kept: Kept, tmp_path: Path) -> Sealed:
    """The sealed ledger and key again, for a test that signs."""
    return kept.mine(tmp_path)


class TestCheckpoints:
    def test_a_checkpoint_is_a_signed_note_over_every_entry_and_is_kept(self, sealed: Sealed) -> None:
        note = read_note(sealed.notes[SECOND])
        assert is_signed(note, sealed.signer().key, is_right)
        assert read_checkpoint(note.text)[:2] == (ORIGIN, SECOND)
        with sealed.open() as ledger, ledger.reading(said("reading the checkpoints")) as rows:
            assert {it.size: it.note for it in TreeRows.of(rows).checkpoints()} == sealed.notes
        assert sealed.signer().last() == sealed.notes[SECOND]

    def test_with_nothing_new_recorded_the_last_checkpoint_stands(self, mine: Sealed) -> None:
        with mine.open() as ledger:
            assert checkpoint(ledger, mine.signer(), NOW) == mine.notes[SECOND]

    def test_the_next_one_continues_the_last(self, mine: Sealed) -> None:
        with mine.open() as ledger:
            ledger.record(read(followed_up("T-1", 300)))
            found = read_checkpoint(read_note(checkpoint(ledger, mine.signer(), NOW)).text)
        assert found.size == SECOND + 1

    def test_a_changed_tree_is_not_signed(self, mine: Sealed) -> None:
        with behind(mine.path) as rows:
            change_tile(rows)
        with mine.open() as ledger, pytest.raises(LedgerError, match="nothing is signed"):
            ledger.record(read(followed_up("T-1", 300)))
            checkpoint(ledger, mine.signer(), NOW)
        assert mine.signer().last() == mine.notes[SECOND]

    def test_a_ledger_put_back_to_an_older_state_is_not_signed_again(self, mine: Sealed) -> None:
        with behind(mine.path) as rows:
            rewind(rows)
        with mine.open() as ledger:
            with pytest.raises(LedgerError, match=f"{SECOND} entries were signed and the ledger has {FIRST}"):
                checkpoint(ledger, mine.signer(), NOW)
            ledger.record(read(*(followed_up("T-2", minute) for minute in range(300, 400))))
            with pytest.raises(LedgerError, match="history was changed; nothing is signed"):
                checkpoint(ledger, mine.signer(), NOW)

    def test_a_signature_the_ledger_lost_in_a_crash_is_made_again_and_not_another(self, mine: Sealed) -> None:
        with behind(mine.path) as rows:
            rows.run("DELETE FROM checkpoints WHERE size = ?", SECOND)
        with mine.open() as ledger:
            assert checkpoint(ledger, mine.signer(), NOW) == mine.notes[SECOND]

    def test_a_key_of_another_name_does_not_sign_this_ledger(self, mine: Sealed, tmp_path: Path) -> None:
        with mine.open() as ledger, pytest.raises(LedgerError, match="a ledger keeps its name"):
            checkpoint(ledger, make_key(tmp_path / "other.key", "example.com/other"), NOW)

    def test_a_new_key_signs_from_the_next_entry_on(self, mine: Sealed, tmp_path: Path) -> None:
        other = make_key(tmp_path / "other.key", ORIGIN)
        with mine.open() as ledger:
            with pytest.raises(LedgerError, match="with another key"):
                checkpoint(ledger, other, NOW)
            ledger.record(read(followed_up("T-1", 300)))
            assert is_signed(read_note(checkpoint(ledger, other, NOW)), other.key, is_right)

    def test_checkpoints_made_while_others_record_are_all_consistent(self, mine: Sealed) -> None:
        signer = mine.signer()
        with mine.open() as ledger, mine.open() as other:

            def record() -> None:
                for minute in range(300, 330):
                    other.record(read(followed_up("T-1", minute)))

            writer = threading.Thread(target=record)
            writer.start()
            while writer.is_alive():
                checkpoint(ledger, signer, NOW)
            writer.join()
            checkpoint(ledger, signer, NOW)
        found = mine.verified(remembered=True)
        assert found.difference is None and found.signed == SECOND + 30


class TestProofs:
    def test_every_entry_of_a_ticket_is_proved_by_its_text_alone(self, sealed: Sealed) -> None:
        with sealed.open() as ledger:
            found = prove(ledger, "T-2")
            with ledger.reading(said("reading entries")) as rows:
                leaves = {it[0]: merkle.leaf(it[0], it[1], it[2], it[4]) for it in TreeRows.of(rows).raw(0, SECOND, SECOND)}
        assert [it.version for it in found] == list(range(1, 110))
        for it in found:
            proof = read_inclusion(it.proof)
            signed = read_checkpoint(read_note(proof.checkpoint).text)
            assert proof.place == it.position - 1
            hashed = merkle.leaf_hash(leaves[it.position])
            assert merkle.holds_inclusion(hashed, proof.place, signed.size, proof.path, signed.root)

    def test_entries_after_the_checkpoint_are_left_out(self, mine: Sealed) -> None:
        with mine.open() as ledger:
            ledger.record(read(followed_up("T-2", 300), opened("T-9")))
            assert len(prove(ledger, "T-2")) == 109
            assert prove(ledger, "T-9") == []

    def test_a_ticket_that_is_not_there_is_not_proved(self, sealed: Sealed) -> None:
        with sealed.open() as ledger, pytest.raises(NotFound):
            prove(ledger, "T-9")

    def test_without_a_checkpoint_nothing_is_proved(self, store: Ledgers) -> None:
        with store.open(create=True) as ledger, pytest.raises(LedgerError, match="make a checkpoint"):
            prove(ledger, "T-1")

    def test_a_changed_entry_is_not_proved_but_named(self, mine: Sealed) -> None:
        with behind(mine.path) as rows:
            ((position, state),) = rows.all("SELECT rowid, state FROM stored_events WHERE originator_id = 'ticket:T-2'"
                                            " AND originator_version = 7")  # fmt: skip
            rows.run("UPDATE stored_events SET state = ? WHERE rowid = ?", state.replace(b"note", b"NOTE"), position)
        with mine.open() as ledger, pytest.raises(LedgerError, match=f"entry {position} is not the one"):
            prove(ledger, "T-2")

    def test_a_changed_tree_proves_nothing(self, mine: Sealed) -> None:
        with behind(mine.path) as rows:
            change_tile(rows)
        with mine.open() as ledger, pytest.raises(LedgerError, match="not that of the signed checkpoint"):
            prove(ledger, "T-2")


class TestBundles:
    def test_the_same_question_of_the_same_ledger_gives_the_same_bytes(self, sealed: Sealed) -> None:
        with sealed.open() as ledger:
            one = bundle(ledger, sealed.signer(), "T-2", NOW, held=[FIRST])
            assert one == bundle(ledger, sealed.signer(), "T-2", NOW, held=[FIRST])

    def test_a_checkpoint_that_was_never_signed_can_not_be_asked_for(self, sealed: Sealed) -> None:
        with sealed.open() as ledger, pytest.raises(LedgerError, match="no checkpoint of 17 entries"):
            bundle(ledger, sealed.signer(), "T-2", NOW, held=[17])

    def test_no_bundle_about_a_ticket_that_was_not_there_at_the_checkpoint(self, mine: Sealed) -> None:
        with mine.open() as ledger:
            ledger.record(read(opened("T-9")))
            with pytest.raises(NotFound):
                bundle(ledger, mine.signer(), "T-9", NOW)


class TestAnchors:
    def test_a_time_stamp_of_a_checkpoint_is_taken_in_once(self, mine: Sealed, stamps: Authority) -> None:
        trusted = x509.load_pem_x509_certificates(stamps.root.read_bytes())
        token = stamps.stamp(request(mine.notes[FIRST]))
        with mine.open() as ledger:
            taken = anchor(ledger, token, trusted)
            assert anchor(ledger, token, trusted) == taken
            with ledger.reading(said("reading the checkpoints")) as rows:
                assert TreeRows.of(rows).anchors() == [(FIRST, token)]
        assert taken.size == FIRST and "Clock" in taken.who and taken.when.tzinfo is not None
        assert mine.verified().difference is None

    def test_a_valid_time_stamp_of_something_else_is_no_anchor(self, sealed: Sealed, stamps: Authority) -> None:
        trusted = x509.load_pem_x509_certificates(stamps.root.read_bytes())
        with sealed.open() as ledger, pytest.raises(LedgerError, match="of something else"):
            anchor(ledger, stamps.stamp(request(sealed.notes[FIRST] + b"\n")), trusted)

    def test_a_time_stamp_of_an_authority_nobody_trusts_is_no_anchor(
        self, sealed: Sealed, stamps: Authority, tmp_path: Path
    ) -> None:
        trusted = x509.load_pem_x509_certificates(authority(tmp_path, "Somebody Else").root.read_bytes())
        with sealed.open() as ledger:
            token = stamps.stamp(request(sealed.notes[FIRST]))
            with pytest.raises(LedgerError, match=r"does not hold: it leads to none of the certificates given$"):
                anchor(ledger, token, trusted)
            with pytest.raises(LedgerError, match="none was given"):
                anchor(ledger, token, [])

    @pytest.mark.parametrize("token", [b"", b"\x30\x00", b"\x30\x05\x30\x03\x02\x01\x00", b"not a time stamp"])
    def test_anything_else_is_no_time_stamp(self, sealed: Sealed, token: bytes) -> None:
        with sealed.open() as ledger, pytest.raises(LedgerError, match=r"no time stamp: .* is expected, as it came$"):
            anchor(ledger, token, [])

    def test_an_authority_that_refuses_is_quoted(self, sealed: Sealed) -> None:
        told = b"only SHA-512 is stamped here"
        text = b"\x30" + bytes([2 + len(told)]) + b"\x0c" + bytes([len(told)]) + told
        status = b"\x02\x01\x02" + text
        refusal = b"\x30" + bytes([2 + len(status)]) + b"\x30" + bytes([len(status)]) + status
        with (
            sealed.open() as ledger,
            pytest.raises(LedgerError, match=r"refused to give one \(only SHA-512 is stamped here\)$"),
        ):
            anchor(ledger, refusal, [])

    def test_a_changed_time_stamp_is_told_without_the_words_of_a_library(self, sealed: Sealed, stamps: Authority) -> None:
        trusted = x509.load_pem_x509_certificates(stamps.root.read_bytes())
        token = stamps.stamp(request(sealed.notes[FIRST]))
        with (
            sealed.open() as ledger,
            pytest.raises(LedgerError, match="its signature is wrong, so that it was changed") as told,
        ):
            anchor(ledger, token[:-40] + bytes(40), trusted)
        assert "Error" not in str(told.value)


def test_a_copy_of_a_ledger_is_proved_like_the_ledger(sealed: Sealed, mine: Sealed) -> None:
    with mine.open() as copy, sealed.open() as ledger:
        assert prove(copy, "T-1") == prove(ledger, "T-1")


def test_no_bundle_is_made_with_a_key_that_did_not_sign_its_checkpoint(sealed: Sealed, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other.key", ORIGIN)
    with sealed.open() as ledger, pytest.raises(LedgerError, match="signed with another key"):
        bundle(ledger, other, "T-1", NOW)
