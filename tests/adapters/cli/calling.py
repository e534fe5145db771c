"""How the tests call the program: in this process through `main`, or as a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pytest

from adapters.cli import main

ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "adapters.cli"]


class Ran(NamedTuple):
    """What a call came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)

    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.split("\n") if line]


class Bitacora:
    """The program, called in this process in an empty folder."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        self._capsys.readouterr()
        code = main([str(it) for it in arguments])
        said = self._capsys.readouterr()
        return Ran(code, said.out, said.err)

    def done(self, *arguments: object) -> Ran:
        """A call that must succeed without a complaint."""
        ran = self(*arguments)
        assert (ran.code, ran.err) == (0, ""), ran
        return ran


def environment(**more: str) -> dict[str, str]:
    """What a process of the program is started with: English, 120 columns, no ledger named."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "BITACORA"))}
    return kept | {"PYTHONPATH": str(ROOT), "COLUMNS": "120"} | more


def process(
    *arguments: object, stdin: bytes | BinaryIO = b"", stdout: BinaryIO | int = subprocess.PIPE, **more: str
) -> subprocess.CompletedProcess[bytes]:
    """A call as a process of its own; standard input as bytes or from a file, standard output caught or into a file."""
    given: dict[str, Any] = {"input": stdin} if isinstance(stdin, bytes) else {"stdin": stdin}
    return subprocess.run(
        [*PROGRAM, *map(str, arguments)], **given, stdout=stdout, stderr=subprocess.PIPE, env=environment(**more), timeout=60,
        check=False,
    )  # fmt: skip


def json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def without_recording(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Entries without what differs from one recording to the next."""
    return [{name: it[name] for name in it if name not in ("recorded_at", "id")} for it in entries]
