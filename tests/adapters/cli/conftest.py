"""Every test of the command line runs in an empty folder, in English and 120 columns, unless it says otherwise."""

from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import STORY
from tests.adapters.given import write_lines


@pytest.fixture(autouse=True)
def _surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "LANGUAGE", "BITACORA_LEDGER", "FORCE_COLOR"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bitacora(capsys: pytest.CaptureFixture[str]) -> Bitacora:
    return Bitacora(capsys)


@pytest.fixture
def desk(bitacora: Bitacora, tmp_path: Path) -> Bitacora:
    """The program, with the story recorded in ./bitacora.db."""
    bitacora.done("record", write_lines(tmp_path / "story.jsonl", STORY))
    return bitacora
