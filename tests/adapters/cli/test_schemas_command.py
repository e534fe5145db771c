"""`bitacora schemas`: the contract printed, or written into a folder."""

import json
from pathlib import Path

from adapters.contract.document import kept_files
from adapters.contract.schemas import shown
from tests.adapters.cli.calling import ROOT, Bitacora


def test_it_prints_the_document_that_is_kept(bitacora: Bitacora) -> None:
    ran = bitacora("schemas")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (ROOT / "docs/schemas/asyncapi.json").read_text("utf-8")


def test_into_a_folder_it_writes_the_document_and_every_schema(bitacora: Bitacora, tmp_path: Path) -> None:
    ran = bitacora("schemas", "-o", tmp_path / "made/here")
    written = {str(it.relative_to(tmp_path / "made/here")): it.read_bytes() for it in (tmp_path / "made").rglob("*.json")}
    assert written == {name: shown(content) for name, content in kept_files().items()}
    assert (ran.code, ran.out) == (0, f"{len(written)} files written to {tmp_path / 'made/here'}\n")
    assert json.loads(written["events/TicketOpened.json"])["title"] == "TicketOpened"


def test_where_nothing_can_be_written_it_says_so(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = bitacora("schemas", "-o", tmp_path / "file")
    assert ran.code == 2
    assert "file" in ran.err and "Traceback" not in ran.err
