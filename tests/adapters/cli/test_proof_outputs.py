"""What the commands of proof write, and what they never write over."""

import os
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.proof_story import ORIGIN, sign_twice


@pytest.fixture
def signed(desk: Bitacora, tmp_path: Path) -> Bitacora:
    return sign_twice(desk, tmp_path)


@pytest.mark.parametrize("spared", ["bitacora.db", "./bitacora.db", "bitacora.db-wal", "link.db", "desk.key", "desk.key.last"])
@pytest.mark.parametrize(
    "command",
    [
        ("checkpoint", "--key", "desk.key", "-o"),
        ("checkpoint", "--key", "desk.key", "--request"),
        ("export", "bundle", "G-1", "--key", "desk.key", "-o"),
        ("export", "bundle", "G-1", "--key", "desk.key", "-o", "b.zip", "--verifier"),
        ("export", "bundle", "--all", "--key", "desk.key", "-o"),
    ],
    ids=lambda it: it[-1] if len(it) < 6 else " ".join(it[-3:]),
)
def test_no_output_is_written_over_the_ledger_or_the_key(
    command: tuple[str, ...], spared: str, signed: Bitacora, tmp_path: Path
) -> None:
    (tmp_path / "link.db").symlink_to("bitacora.db")
    before = {it.name: it.read_bytes() for it in tmp_path.iterdir()}
    ran = signed(*command, spared)
    assert (ran.code, ran.out) == (2, "")
    assert f"{Path(spared)} " in ran.err
    assert "choose another file to write to" in ran.err
    assert {it.name: it.read_bytes() for it in tmp_path.iterdir()} == before


def test_an_export_is_not_written_over_the_ledger(desk: Bitacora, tmp_path: Path) -> None:
    before = (tmp_path / "bitacora.db").read_bytes()
    assert desk("export", "entries", "-o", "bitacora.db").code == 2
    assert (tmp_path / "bitacora.db").read_bytes() == before


def test_two_outputs_are_two_files(signed: Bitacora, tmp_path: Path) -> None:
    ran = signed("checkpoint", "--key", "desk.key", "-o", "same", "--request", "same")
    assert ran.code == 2
    assert not (tmp_path / "same").exists()


@pytest.mark.parametrize(
    "command",
    [
        ("checkpoint", "--key", "desk.key"),
        ("prove", "G-1", "-o", "proofs"),
        ("export", "bundle", "G-1", "--key", "desk.key", "-o", "b.zip"),
        ("export", "bundle", "--all", "--key", "desk.key", "-o", "b.zip"),
        ("checkpoint", "--key", "desk.key", "--follow"),
        ("verify",),
        ("verify", "--key", "desk.key"),
    ],
    ids=" ".join,
)
def test_a_ledger_that_is_not_there_is_misuse_and_is_not_made(
    command: tuple[str, ...], bitacora: Bitacora, tmp_path: Path
) -> None:
    bitacora.done("key", "make", "desk.key", "--origin", ORIGIN)
    ran = bitacora(*command)
    assert (ran.code, ran.out, ran.err) == (2, "", "bitacora: there is no ledger at bitacora.db\n")
    assert sorted(os.listdir(tmp_path)) == ["desk.key", "desk.key.vkey"]
