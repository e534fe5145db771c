"""Runs every command shown in README and docs, and checks (or writes) the output shown beneath it.

`python -m docs.shown` names what differs and exits 1; `--write` writes the real output instead. Commands stand in blocks fenced
as `console`, each after `$ `; those of one document run one after the other in an empty folder that holds the ledger of
`make demo` and a copy of the folder `examples`; a document that shows the relay has a broker of its own. What a new key makes
different every time is shown as `…`.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.text import Text

from adapters.demo.__main__ import record
from dev.kafka.broker import own_broker

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "explain.svg"
PICTURED = "bitacora explain T-0042 --at 2025-12-15T00:00:00-06:00 | sed -n '/Response clock/,/Bill/p' | sed '$d'"
_BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.MULTILINE | re.DOTALL)
_WIDTH = 118
_KEY = re.compile(r"(?<=example\.com/desk\+)[0-9a-f]{8}(\+[A-Za-z0-9+/]{43}[A-Za-z0-9+/=])?")
"""The id of a key, and its public half, after the name that the documents give to theirs."""


class Terminal:
    """An empty folder with a demo ledger, in which commands run as a reader would run them."""

    def __init__(self, folder: Path, **more: str) -> None:
        """`more` is told to every command by the environment."""
        self._folder = folder
        programs = folder / ".programs"
        programs.mkdir()
        for name, called in (("bitacora", " -m adapters.cli"), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{called} "$@"\n')
            program.chmod(0o755)
        self._environment = {
            **os.environ,
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": str(_WIDTH),
            "LC_ALL": "C.UTF-8",
            "BITACORA_LEDGER": "demo.db",
            **more,
        }
        record(folder / "demo.db")
        shutil.copytree(ROOT / "examples", folder / "examples")

    def run(self, command: str, **more: str) -> str:
        """What the command prints, errors included."""
        done = subprocess.run(
            ["bash", "-c", command], cwd=self._folder, env={**self._environment, **more}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return _KEY.sub("…", "\n".join(line.rstrip() for line in done.stdout.splitlines()))


def documents() -> list[Path]:
    """The documents that may show commands."""
    return [ROOT / "README.md", ROOT / "README.es.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown(text: str, terminal: Terminal) -> str:
    """The document with the real output under every command."""
    return _BLOCK.sub(lambda block: "".join(_rerun(block[0], terminal)), text)


def _rerun(block: str, terminal: Terminal) -> Iterator[str]:
    for line in block.splitlines():
        if line.startswith("$ "):
            output = terminal.run(line[2:])
            yield f"{line}\n{output}\n" if output else f"{line}\n"


def picture(terminal: Terminal) -> str:
    """The picture in README: the clocks of the demo's disputed ticket, as the terminal shows them."""
    coloured = terminal.run(PICTURED, FORCE_COLOR="1", TERM="xterm-256color")
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(file=nowhere, record=True, width=_WIDTH, force_terminal=True)
        console.print(Text.from_ansi(coloured))
        return console.export_svg(title="bitacora explain T-0042", unique_id="bitacora", code_format=_svg_format())


def _svg_format() -> str:
    """Rich's own drawing, with the reader's fonts instead of fonts fetched from elsewhere."""
    from rich._export_format import CONSOLE_SVG_FORMAT

    return re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def main(arguments: list[str]) -> int:
    """0 if everything shown is real (or has just been written), 1 if something differs."""
    differing = []
    for document in documents():
        if not document.exists():
            continue
        before = document.read_text(encoding="utf-8")
        if "```console\n" not in before:
            continue
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory())
            more = {}
            if any("bitacora relay" in it for it in _BLOCK.findall(before)):
                more["BITACORA_BROKERS"] = stack.enter_context(own_broker()).address
            after = shown(before, Terminal(Path(folder), **more))
        if after != before:
            differing.append(document)
            if "--write" in arguments:
                document.write_text(after, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        drawn = picture(Terminal(Path(folder)))
    if not PICTURE.exists() or PICTURE.read_text(encoding="utf-8") != drawn:
        differing.append(PICTURE)
        if "--write" in arguments:
            PICTURE.write_text(drawn, encoding="utf-8")
    for document in differing:
        print(f"{document.relative_to(ROOT)}: {'written' if '--write' in arguments else 'shows what is not printed'}")
    return 0 if "--write" in arguments or not differing else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
