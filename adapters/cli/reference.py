"""The reference of the command line, written by the program itself: the help of every command, as docs/cli.md has it.

`python -m adapters.cli.reference > docs/cli.md` writes it again; a test holds the two together.
"""

from collections.abc import Iterator

import click

from adapters.cli.program import bitacora
from adapters.language import speak

_WIDTH = 80
_PREFACE = """# The command line

Written by the program: `python -m adapters.cli.reference > docs/cli.md`. The same help comes in Spanish with
`--lang es`, or when the locale is Spanish. `--ledger` and `--lang` may stand before or after the command.

Data goes to standard output, complaints and the progress bar to standard error. Exit codes: 0 done, 1 something was
refused or is different, 2 misuse; 130 when interrupted, 141 when whoever reads the output stops reading.
"""


def reference() -> str:
    """The whole reference in Markdown, in English."""
    speak("en")
    return _PREFACE + "".join(f"\n## {name}\n\n```text\n{help}\n```\n" for name, help in _helps(bitacora, "bitacora", None))


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[tuple[str, str]]:
    """The command and all below it, each with its help."""
    context = click.Context(command, info_name=name.rpartition(" ")[2], parent=parent, terminal_width=_WIDTH)
    yield name, "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    if isinstance(command, click.Group):
        for below, inner in command.commands.items():
            yield from _helps(inner, f"{name} {below}", context)


if __name__ == "__main__":
    print(reference(), end="")
