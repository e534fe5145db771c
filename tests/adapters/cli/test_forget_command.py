"""`bitacora forget`, `bitacora keys`, and how what was forgotten is shown, in both languages."""

import json
import os
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora, json_lines, process
from tests.adapters.cli.stories import AT


def test_a_forgotten_person_is_gone_from_every_face_and_no_figure_changes(desk: Bitacora) -> None:
    reports = [("report", name, "--at", AT, "--format", "json") for name in ("sla", "billing", "consumption", "unattended")]
    before = [desk.done(*it).out for it in reports]
    assert "luis" in desk.done("explain", "G-1", "--at", AT).out
    told = desk.done("forget", "luis", "--yes")
    assert "the key of luis is destroyed; recorded at position 19" in told.out and "keys backup" in told.out
    assert [desk.done(*it).out for it in reports] == before
    for face in (("explain", "G-1", "--at", AT), ("entries", "--ticket", "G-1"), ("entries", "--format", "json")):
        shown = desk.done(*face).out
        assert "luis" not in shown and "[forgotten]" in shown and "eva" in shown
    (last,) = desk.done("entries", "--after", "18", "--format", "json").lines()
    assert last["type"] == "PersonForgotten" and "luis" not in json.dumps(last)


def test_a_forgotten_client_is_shown_in_spanish_as_well(desk: Bitacora) -> None:
    desk.done("forget", "--client", "acme", "--yes")
    shown = desk.done("explain", "G-1", "--at", AT, "--lang", "es").out
    assert "Ticket G-1: [olvidado]" in shown and "ana" in shown and "no network" not in shown
    assert "Se olvidó lo que se contó de" in desk.done("--lang", "es", "entries", "--stream", "desk").out


def typed(text: bytes, *arguments: object) -> tuple[int, str]:
    """A call by somebody at a terminal who types that: the exit code, and what is printed."""
    ours, theirs = os.openpty()
    with open(ours, "r+b", buffering=0) as terminal, open(theirs, "rb", buffering=0) as stdin:
        terminal.write(text)
        done = process(*arguments, stdin=stdin)
    return done.returncode, (done.stdout + done.stderr).decode()


def test_the_name_must_be_typed_again(desk: Bitacora, tmp_path: Path) -> None:
    where = ("--ledger", tmp_path / "bitacora.db")
    code, told = typed(b"yes\n", *where, "forget", "luis")
    assert code == 2 and "nothing was forgotten: the name was not typed again" in told
    code, told = typed(b"luis\n", *where, "--lang", "es", "forget", "luis")
    assert code == 0 and "Olvidado: la llave de luis" in told


@pytest.mark.parametrize("stdin", [b"", b"luis\n"])
def test_where_nobody_can_be_asked_nothing_is_forgotten_without_yes(desk: Bitacora, tmp_path: Path, stdin: bytes) -> None:
    ran = process("--ledger", tmp_path / "bitacora.db", "forget", "luis", stdin=stdin)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"nothing was forgotten: there is no terminal to type the name at again; say --yes" in ran.stderr
    assert "luis" in desk.done("entries", "--ticket", "G-1").out


@pytest.mark.parametrize("arguments", [(), ("luis", "--client", "acme")])
def test_one_person_or_one_client_is_named(desk: Bitacora, arguments: tuple[str, ...]) -> None:
    ran = desk("forget", *arguments, "--yes")
    assert ran.code == 2 and "give either a PERSON or --client" in ran.err


def test_nobody_of_that_name(desk: Bitacora) -> None:
    ran = desk("forget", "nobody", "--yes")
    assert (ran.code, ran.err) == (1, "") and "No key is kept for nobody" in ran.out


def test_the_keys_are_listed_but_never_shown(desk: Bitacora) -> None:
    desk.done("forget", "luis", "--yes")
    rows = desk.done("keys", "--format", "json").lines()
    assert [(it["kind"], it["name"], it["entries"], it["state"]) for it in rows] == [
        ("client", "acme", 4, "kept"), ("client", "beta", 4, "kept"), ("person", "ana", 3, "kept"),
        ("person", "bob", 2, "kept"), ("person", "eva", 1, "kept"), (None, None, 3, "forgotten"),
    ]  # fmt: skip
    assert {key for it in rows for key in it} == {"subject", "kind", "name", "entries", "state"}
    table = desk.done("keys", "--lang", "es").out
    assert "persona" in table and "olvidado" in table


def test_a_backup_brings_back_what_was_lost(desk: Bitacora, tmp_path: Path) -> None:
    assert "5 keys" not in desk.done("keys", "backup", tmp_path / "copy.keys").out
    keys = tmp_path / "bitacora.db.keys"
    keys.unlink()
    assert "[sealed]" in desk.done("entries", "--ticket", "G-1").out
    assert "[sellado]" in desk.done("entries", "--ticket", "G-1", "--lang", "es").out
    refused = desk("forget", "luis", "--yes")
    assert refused.code == 2 and "key store of this ledger is not at" in refused.err
    lost = desk.done("keys", "--format", "json").lines()
    assert {(it["state"], it["name"]) for it in lost} == {("lost", None)} and len(lost) == 6
    assert "luis" in desk.done("entries", "--ticket", "G-1", "--keys", tmp_path / "copy.keys").out


def test_the_keys_may_be_anywhere(bitacora: Bitacora, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = {"type": "ClientRegistered", "at": "2026-01-05T08:00:00-06:00", "client": "acme", "name": "Acme", "local": True}
    (tmp_path / "one.jsonl").write_text(json.dumps(line))
    monkeypatch.setenv("BITACORA_KEYS", str(tmp_path / "safe.keys"))
    bitacora.done("record", "one.jsonl")
    assert (tmp_path / "safe.keys").exists() and not (tmp_path / "bitacora.db.keys").exists()
    assert "Acme" in bitacora.done("entries").out


def test_an_export_is_in_plain_or_sealed_and_both_are_restored(desk: Bitacora, tmp_path: Path) -> None:
    desk.done("forget", "luis", "--yes")
    desk.done("export", "entries", "-o", "plain.jsonl")
    desk.done("export", "entries", "--sealed", "-o", "sealed.jsonl")
    assert "no network" in Path("plain.jsonl").read_text() and "no network" not in Path("sealed.jsonl").read_text()
    assert "luis" not in Path("plain.jsonl").read_text() and "[forgotten]" not in Path("plain.jsonl").read_text()
    for name in ("plain", "sealed"):
        where = ("--ledger", f"{name}.db", "--keys", "bitacora.db.keys")
        desk.done(*where, "restore", f"{name}.jsonl")
        desk.done(*where, "export", "entries", "--sealed", "-o", "again.jsonl")
        assert json_lines(Path("again.jsonl")) == json_lines(Path("sealed.jsonl"))
