"""The commands of proof: one dispute from the first signature to the verified bundle, and each command by itself."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from replay import merkle
from replay.notes import read_checkpoint, read_key, read_note
from replay.proofs import read_inclusion
from tests.adapters.cli.calling import Bitacora, environment
from tests.adapters.cli.proof_story import LAST_OF_STORY, LATER, OPENED_LATER, ORIGIN, sign_twice
from tests.adapters.given import write_lines
from tests.adapters.sealed import authority, change_tile
from tests.stores import behind


@pytest.fixture
def signed(desk: Bitacora, tmp_path: Path) -> Bitacora:
    return sign_twice(desk, tmp_path)


def checked(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """The verifier that was written beside the bundle, as a process that finds nothing of this project."""
    command = [sys.executable, "bitacora_verify.py", *map(str, arguments)]
    alone = environment(**more) | {"PYTHONPATH": ""}
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", env=alone, timeout=60, check=False)


def test_a_damaged_tree_is_told_apart_and_made_anew(signed: Bitacora, tmp_path: Path) -> None:
    with behind(tmp_path / "bitacora.db") as rows:
        change_tile(rows, 0)
    found = signed("verify", "--key", "desk.key")
    assert found.code == 1 and "If it is the stored tree, `bitacora rebuild --tree` makes it anew" in found.out
    assert signed("prove", "G-1", "-o", "proofs").code == 2
    assert signed.done("rebuild", "--tree").out == (
        "The tree is made anew from 20 entries; 2 checkpoints have the root it gives.\n"
    )
    signed.done("prove", "G-1", "-o", "proofs")
    assert signed.done("verify", "--key", "desk.key").out.startswith("Whole: 20 entries")


def test_a_dispute_from_the_first_signature_to_a_verified_bundle(signed: Bitacora, tmp_path: Path) -> None:
    ran = signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", "G-1.zip", "--held", LAST_OF_STORY,
                      "--at", "2026-03-31T18:00:00-06:00", "--verifier", "bitacora_verify.py")  # fmt: skip
    assert ran.out.splitlines() == [
        "bundle for G-1, as of the checkpoint of 20 entries, written to G-1.zip",
        "it is checked with: python bitacora_verify.py G-1.zip --key desk.key.vkey",
    ]
    alone = checked("G-1.zip", "--key", "desk.key.vkey")
    assert (alone.returncode, alone.stdout.splitlines()[0], alone.stderr) == (3, "VALID-UNANCHORED", "")
    held = checked("G-1.zip", "--key", "desk.key.vkey", "--checkpoint", "second.note")
    assert (held.returncode, held.stdout.splitlines()[0]) == (0, "VALID-ANCHORED(checkpoint of 20 entries, held by you)")

    whole = (tmp_path / "G-1.zip").read_bytes()
    assert b"no network" not in whole
    place = whole.index(b'"subject":"sealed1.') + 40
    (tmp_path / "G-1.zip").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    spoiled = checked("G-1.zip", "--key", "desk.key.vkey")
    assert (spoiled.returncode, spoiled.stdout.splitlines()[0]) == (1, "INVALID")

    assert signed.done("verify", "--key", "desk.key").out.splitlines() == [
        "Whole: 20 entries, 10 streams.",
        "2 checkpoints, over 20 entries at most, have the root their entries give.",
    ]
    with behind(tmp_path / "bitacora.db") as rows:
        rows.run("UPDATE stored_events SET state = CAST(replace(state, 'email', 'phone') AS BLOB) WHERE rowid = 8")
    for language, words in (
        ("en", "DIFFERENT from position 8 on: entry 8"),
        ("es", "DIFERENTE desde la posición 8: el asiento 8"),
    ):
        ran = signed("verify", "--key", "desk.key", "--lang", language)
        assert (ran.code, ran.err) == (1, "")
        assert ran.out.startswith(words)


def test_the_bundle_holds_the_moment_and_the_readings_asked_for(signed: Bitacora, tmp_path: Path) -> None:
    at = "2026-03-31T18:00:00-06:00"
    signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", "G-1.zip", "--at", at, "--reading", "gs.4=clock-hours")
    with zipfile.ZipFile(tmp_path / "G-1.zip") as bundle:
        statement = bundle.read("statement.json").decode()
    assert '"gs.4": "clock-hours"' in statement
    assert '"at": "2026-04-01T00:00:00' in statement


def test_a_bundle_says_what_was_recorded_too_late_for_it(signed: Bitacora, tmp_path: Path) -> None:
    signed.done("record", write_lines(tmp_path / "more.jsonl", [OPENED_LATER]))
    ran = signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", "G-1.zip")
    assert ran.out.endswith("1 entry recorded since is not in it: make a checkpoint first if it should be\n")


def test_a_bundle_is_the_same_bytes_for_the_same_question(signed: Bitacora, tmp_path: Path) -> None:
    for name in ("one.zip", "two.zip"):
        signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", name, "--at", "2026-03-31T18:00:00-06:00")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_the_whole_ledger_is_handed_to_an_auditor_and_checked(signed: Bitacora, tmp_path: Path) -> None:
    ran = signed.done("export", "bundle", "--all", "--key", "desk.key", "-o", "ledger.zip", "--verifier", "bitacora_verify.py")
    assert ran.out.splitlines() == [
        "bundle of the whole ledger, as of the checkpoint of 20 entries, written to ledger.zip",
        "it is checked with: python bitacora_verify.py ledger.zip --key desk.key.vkey",
    ]
    held = checked("ledger.zip", "--key", "desk.key.vkey", "--checkpoint", "second.note")
    assert (held.returncode, held.stdout.splitlines()[0]) == (0, "VALID-ANCHORED(checkpoint of 20 entries, held by you)")
    assert "its 20 entries, none left out" in held.stdout
    signed.done("record", write_lines(tmp_path / "more.jsonl", [OPENED_LATER]))
    ran = signed.done("export", "bundle", "--all", "--key", "desk.key", "-o", "ledger.zip", "--lang", "es")
    assert ran.out.splitlines()[0].startswith("paquete de la bitácora entera")
    assert ran.out.splitlines()[1].startswith("1 asiento registrado después no está")


# Keys and checkpoints -----------------------------------------------------------------------------------------------


def test_a_new_key_prints_the_half_to_be_made_public(bitacora: Bitacora, tmp_path: Path) -> None:
    line = bitacora.done("key", "make", "desk.key", "--origin", ORIGIN).out
    assert read_key(line).name == ORIGIN
    assert (tmp_path / "desk.key.vkey").read_text("utf-8") == line
    assert (tmp_path / "desk.key").stat().st_mode & 0o077 == 0


def test_a_key_is_never_replaced(bitacora: Bitacora, tmp_path: Path) -> None:
    bitacora.done("key", "make", "desk.key", "--origin", ORIGIN)
    before = (tmp_path / "desk.key").read_bytes()
    ran = bitacora("key", "make", "desk.key", "--origin", ORIGIN)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "bitacora: desk.key exists already; a key is never replaced\n"
    assert (tmp_path / "desk.key").read_bytes() == before


def test_an_origin_that_no_key_can_have_makes_none(bitacora: Bitacora, tmp_path: Path) -> None:
    assert bitacora("key", "make", "desk.key", "--origin", "our desk").code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_made_again_is_the_same_and_goes_to_standard_output_as_it_is(signed: Bitacora, tmp_path: Path) -> None:
    note = signed.done("checkpoint", "--key", "desk.key").out
    assert note.encode() == (tmp_path / "second.note").read_bytes() == (tmp_path / "desk.key.last").read_bytes()
    assert read_checkpoint(read_note(note.encode()).text)[:2] == (ORIGIN, 20)


def test_a_ledger_put_back_to_an_older_state_is_not_signed_and_not_verified(signed: Bitacora, tmp_path: Path) -> None:
    signed.done("export", "entries", "-o", "all.jsonl")
    lines = (tmp_path / "all.jsonl").read_text("utf-8").splitlines(keepends=True)
    (tmp_path / "older.jsonl").write_text("".join(lines[:LAST_OF_STORY]), "utf-8")
    signed.done("restore", "older.jsonl", "--ledger", "older.db")
    ran = signed("checkpoint", "--key", "desk.key", "--ledger", "older.db")
    assert (ran.code, ran.out) == (2, "")
    assert "20 entries were signed and the ledger has 18" in ran.err
    ran = signed("verify", "--key", "desk.key", "--ledger", "older.db")
    assert (ran.code, ran.out.splitlines()[0][:34]) == (1, "DIFFERENT from position 19 on: ent")


def test_a_private_key_that_others_may_read_signs_nothing(signed: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "desk.key").chmod(0o644)
    ran = signed("checkpoint", "--key", "desk.key")
    assert (ran.code, ran.out) == (2, "")
    assert "chmod 600" in ran.err


# Time stamps --------------------------------------------------------------------------------------------------------


def test_a_time_stamp_asked_for_and_taken_in_anchors_the_next_bundle(signed: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    stamps = authority(tmp_path / "authority")
    signed.done("checkpoint", "--key", "desk.key", "--request", "desk.tsq")
    (tmp_path / "desk.tsr").write_bytes(stamps.stamp((tmp_path / "desk.tsq").read_bytes()))
    ran = signed.done("anchor", "desk.tsr", "--tsa-cert", stamps.root)
    assert ran.out.startswith("the checkpoint of 20 entries existed by 20")
    assert "CN=Clock" in ran.out
    signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", "G-1.zip", "--verifier", "bitacora_verify.py")
    found = checked("G-1.zip", "--key", "desk.key.vkey", "--tsa-cert", stamps.root)
    assert (found.returncode, found.stdout[:17]) == (0, "VALID-ANCHORED(20")


@pytest.mark.parametrize(
    ("token", "certificate", "complaint"),
    [
        ("absent.tsr", "root.pem", "absent.tsr: No such file or directory"),
        ("first.note", "root.pem", "it is no time stamp"),
        ("first.note", "first.note", "first.note holds no certificate in PEM"),
    ],
)
def test_what_is_no_time_stamp_is_not_taken_in(
    token: str, certificate: str, complaint: str, signed: Bitacora, tmp_path: Path
) -> None:
    if certificate == "root.pem":
        (tmp_path / "authority").mkdir()
        shutil.copy(authority(tmp_path / "authority").root, "root.pem")
    ran = signed("anchor", token, "--tsa-cert", certificate)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err


# Proofs -------------------------------------------------------------------------------------------------------------


def test_each_entry_of_a_ticket_gets_a_proof_of_its_own(signed: Bitacora, tmp_path: Path) -> None:
    ran = signed.done("prove", "G-1", "-o", "proofs/G-1")
    assert ran.out == "6 proofs under the checkpoint of 20 entries written to proofs/G-1\n"
    assert sorted(it.name for it in (tmp_path / "proofs/G-1").iterdir()) == sorted(
        f"{it}.{kind}" for it in (8, 9, 10, 11, 12, 20) for kind in ("leaf", "tlog-proof")
    )
    proof = read_inclusion((tmp_path / "proofs/G-1/20.tlog-proof").read_bytes())
    assert (proof.place, proof.checkpoint) == (19, (tmp_path / "second.note").read_bytes())
    signed = read_checkpoint(read_note(proof.checkpoint).text)
    hashed = merkle.leaf_hash((tmp_path / "proofs/G-1/20.leaf").read_bytes())
    assert merkle.holds_inclusion(hashed, proof.place, signed.size, proof.path, signed.root)


def test_a_ticket_opened_after_the_last_checkpoint_is_not_covered_yet(signed: Bitacora, tmp_path: Path) -> None:
    signed.done("record", write_lines(tmp_path / "more.jsonl", [OPENED_LATER]))
    ran = signed("prove", "G-3", "-o", "proofs")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == "nothing of G-3 is covered yet: it was opened after the last checkpoint\n"
    assert not (tmp_path / "proofs").exists()


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("prove", "T-9", "-o", "proofs"), "there is no ticket T-9"),
        (("prove", "G-1", "-o", "first.note"), "first.note: File exists"),
        (("export", "bundle", "T-9", "--key", "desk.key", "-o", "b.zip"), "there is no ticket T-9"),
        (("export", "bundle", "--key", "desk.key", "-o", "b.zip"), "name one ticket, or ask for the whole ledger"),
        (("export", "bundle", "G-1", "--all", "--key", "desk.key", "-o", "b.zip"), "name one ticket, or ask for the whole"),
        (("export", "bundle", "--all", "--held", "18", "--key", "desk.key", "-o", "b.zip"), "are about one ticket"),
        (("export", "bundle", "--all", "--key", "first.note", "-o", "b.zip"), "first.note"),
        (("export", "bundle", "G-1", "--key", "desk.key", "-o", "b.zip", "--held", "7"), "no checkpoint of 7 entries"),
        (("export", "bundle", "G-1", "--key", "desk.key", "-o", "b.zip", "--reading", "gs.4=never"), "has no option never"),
        (("export", "bundle", "G-1", "--key", "first.note", "-o", "b.zip"), "first.note"),
        (("checkpoint", "--key", "absent.key"), "the key in absent.key cannot be used: No such file"),
        (("verify", "--key", "nobody"), "nobody is neither a file nor a public key"),
        (("verify", "--key", "first.note"), "the key in first.note cannot be used"),
        (("verify", "--checkpoint", "desk.key.vkey"), "desk.key.vkey is no checkpoint"),
        (("verify", "--checkpoint", "absent.note"), "absent.note: No such file or directory"),
    ],
    ids=lambda it: " ".join(it) if isinstance(it, tuple) else "",
)
def test_what_cannot_be_done_is_one_complaint_and_no_file(
    arguments: tuple[str, ...], complaint: str, signed: Bitacora, tmp_path: Path
) -> None:
    before = sorted(os.listdir(tmp_path))
    ran = signed(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err.splitlines()[0]
    assert sorted(os.listdir(tmp_path)) == before


def test_nothing_is_proved_before_anything_was_signed(desk: Bitacora) -> None:
    ran = desk("prove", "G-1", "-o", "proofs")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "bitacora: nothing has been signed yet: make a checkpoint first\n"


# Verifying ----------------------------------------------------------------------------------------------------------


def test_verify_takes_a_key_as_a_line_a_file_or_the_private_one(signed: Bitacora, tmp_path: Path) -> None:
    line = (tmp_path / "desk.key.vkey").read_text("utf-8").strip()
    told = {signed.done("verify", "--key", key).out for key in (line, "desk.key.vkey", "desk.key")}
    assert len(told) == 1
    assert "not checked" not in told.pop()


def test_verify_without_a_key_says_that_signatures_were_not_checked(signed: Bitacora) -> None:
    assert signed.done("verify").out.endswith("Signatures were not checked: no --key was given.\n")


def test_verify_says_how_far_the_signatures_reach(desk: Bitacora, tmp_path: Path) -> None:
    assert desk.done("verify").out.splitlines()[1] == "Nothing was signed: entries were checked in form only."
    desk.done("key", "make", "desk.key", "--origin", ORIGIN)
    desk.done("checkpoint", "--key", "desk.key")
    desk.done("record", write_lines(tmp_path / "later.jsonl", LATER))
    assert desk.done("verify", "--key", "desk.key").out.splitlines()[1:] == [
        "1 checkpoint, over 18 entries at most, has the root its entries give.",
        "2 entries after them were checked in form only.",
    ]


def test_a_checkpoint_somebody_kept_is_held_against_the_ledger(signed: Bitacora, tmp_path: Path) -> None:
    signed.done("verify", "--key", "desk.key.vkey", "--checkpoint", "first.note", "--checkpoint", "second.note")
    signed.done("key", "make", "other.key", "--origin", ORIGIN)
    ran = signed("verify", "--key", "other.key.vkey", "--checkpoint", "first.note")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out.startswith("DIFFERENT: the checkpoint of 18 entries is not signed by the key example.com/desk+")
