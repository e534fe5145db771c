"""Disputes about what was forgotten: replay, suppositions, bundles and dossiers before and after, and for who has no keys."""

import json
import zipfile
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.proof_story import sign_twice
from tests.adapters.cli.stories import AT
from tests.adapters.cli.test_proof_commands import checked
from tests.adapters.given import write_lines

ASKED = {
    "type": "TicketOpened", "at": "2026-03-05T09:00:00-06:00", "ticket": "G-9", "client": "acme", "requester": "ana",
    "channel": "phone", "priority": "low", "kind": "request", "subject": "a mouse",
}  # fmt: skip
FACES = (
    ("replay", "--at", AT, "--known-at", "8", "--against", "18"),
    ("readings", "--at", AT),
    ("explain", "G-1", "--at", AT),
    ("entries",),
    ("what-if", "--without", "8", "--at", AT),
)


@pytest.fixture
def signed(desk: Bitacora, tmp_path: Path) -> Bitacora:
    return sign_twice(desk, tmp_path)


def shown(bitacora: Bitacora, *arguments: object) -> str:
    """What a face prints; 1 says that something differs, or was refused."""
    ran = bitacora(*arguments)
    assert ran.code in (0, 1) and not ran.err, ran
    return ran.out


@pytest.mark.parametrize("form", [(), ("--format", "json")])
def test_no_face_shows_a_sealed_text(signed: Bitacora, form: tuple[str, ...]) -> None:
    for face in FACES:
        assert "sealed1." not in shown(signed, *face, *form), face


@pytest.mark.parametrize("form", [(), ("--format", "json")])
def test_who_is_forgotten_is_named_by_no_face(signed: Bitacora, form: tuple[str, ...]) -> None:
    signed.done("forget", "luis", "--yes")
    for face in FACES:
        told = shown(signed, *face, *form)
        assert "sealed1." not in told and "luis" not in told, face


def test_a_bundle_names_nobody_and_is_as_valid_after_forgetting(signed: Bitacora, tmp_path: Path) -> None:
    signed.done(
        "export", "bundle", "G-1", "--key", "desk.key", "-o", "before.zip", "--at", AT, "--verifier", "bitacora_verify.py"
    )
    signed.done("forget", "luis", "--yes")
    signed.done("export", "bundle", "G-1", "--key", "desk.key", "-o", "after.zip", "--at", AT)
    assert (tmp_path / "before.zip").read_bytes() == (tmp_path / "after.zip").read_bytes()
    assert not any(it in (tmp_path / "before.zip").read_bytes() for it in (b"luis", b"no network", b"a cable"))
    with zipfile.ZipFile(tmp_path / "after.zip") as bundle:
        assert "[forgotten]" not in bundle.read("statement.json").decode()
    held = checked("after.zip", "--key", "desk.key.vkey", "--checkpoint", "second.note")
    assert held.returncode == 0 and held.stdout.startswith("VALID-ANCHORED")
    signed.done("verify", "--key", "desk.key")


def test_a_dossier_shows_the_names_that_may_still_be_known(signed: Bitacora, tmp_path: Path) -> None:
    make = ("dossier", "G-1", "--at", AT, "--key", "desk.key")
    signed.done(*make, "-o", "before.html")
    signed.done("forget", "luis", "--yes")
    signed.done(*make, "-o", "after.html", "--lang", "es")
    before, after = ((tmp_path / name).read_text("utf-8") for name in ("before.html", "after.html"))
    assert "luis" in before and "sealed1." not in before
    assert "luis" not in after and "[olvidado]" in after and "sealed1." not in after


def test_a_supposed_request_of_somebody_authorised_is_taken_and_nothing_written(signed: Bitacora, tmp_path: Path) -> None:
    keys = (tmp_path / "bitacora.db.keys").read_bytes()
    added = write_lines(tmp_path / "added.jsonl", [ASKED, ASKED | {"ticket": "G-10", "requester": "zoe"}])
    found = json.loads(shown(signed, "what-if", "--with", added, "--at", AT, "--format", "json"))
    taken, refused = found["tried"]
    assert taken["refused"] is None and taken["positions"] == [21]
    assert "zoe" in refused["refused"]["message"]
    assert (tmp_path / "bitacora.db.keys").read_bytes() == keys


def test_without_the_keys_nothing_can_be_supposed_to_be_recorded(signed: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "bitacora.db.keys").rename(tmp_path / "away")
    added = write_lines(tmp_path / "added.jsonl", [ASKED])
    ran = signed("what-if", "--with", added, "--at", AT)
    assert ran.code != 0 and "key store" in ran.err
    signed.done("what-if", "--without", "8", "--at", AT)
