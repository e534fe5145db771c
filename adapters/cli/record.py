"""`bitacora record`: a file of entries, or standard input, into the ledger; and what both recording commands tell of it.

What is refused goes to a file beside, line by line, with the reason; the rest is recorded. Judging is the ledger's affair.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, everywhere, ledger_place, open_ledger
from adapters.language import _, worded
from adapters.settings import ledger_path
from domain.refusal import said

STDIN = "-"
_STANDARD_INPUT = Path("/dev/stdin")
_SHOWN_REFUSALS = 3
_DIFFERS = said("{path} differs from what was recorded of it, from line {line} on. What was recorded stays recorded: an entry "
                "that was changed here and has no key now stands twice, and one that was taken out still counts. Void what is "
                "wrong.")  # fmt: skip

refused_to = option("--refused", metavar="PATH", type=FILE,
                    help=said("Where to write what is refused; FILE.refused.jsonl by default."))  # fmt: skip


@click.command(
    cls=Command,
    example="bitacora record entries.jsonl\nproducer | bitacora record - --refused refused.jsonl",
    help=said("Record the entries of FILE (JSON Lines; - is standard input). A ledger that does not exist is created.\n\n"
              "What is refused is written to FILE.refused.jsonl with its line, code, field or clause, and reason; the rest is "
              "recorded, and the exit code is 1. Running the same command again after an interruption goes on "
              "where it stopped."),
)  # fmt: skip
@click.argument("file", type=FILE)
@refused_to
@everywhere
def record(file: Path, refused: Path | None) -> int:
    """Records a file; 1 if anything was refused."""
    from adapters.files.recording import record_file

    if str(file) != STDIN:
        check_readable(file)
    refused = refused or refused_beside(file)
    check_refused(refused, file)
    if str(file) == STDIN:
        with open_ledger(create=True) as ledger, progress(None) as advance:
            summary = record_file(ledger, sys.stdin.buffer, refused=refused, say=worded, progress=_in_lines(advance))
    else:
        size = file.stat().st_size if file.is_file() else None
        with open_ledger(create=True) as ledger, progress(size) as advance:
            summary = record_file(ledger, file, refused=refused, say=worded, progress=lambda lines, upto: advance(upto))
    show_summary([
        (_("Lines read"), summary.read),
        (_("Recorded"), summary.recorded),
        (_("Recorded before"), summary.already),
        (_("Refused"), summary.refused),
    ])  # fmt: skip
    if summary.differs_from is not None:
        print(f"\n{_(_DIFFERS).format(path=file, line=summary.differs_from)}")
    return show_refused(refused, summary.refused)


def refused_beside(file: Path) -> Path:
    """Where refused entries go unless something else is said."""
    if str(file) == STDIN:
        return Path("stdin.refused.jsonl")
    return file.with_name(f"{file.name}.refused.jsonl")


def check_refused(refused: Path, file: Path) -> None:
    """Found out before anything is recorded: LedgerError if `refused` is the ledger or the file read (or what is redirected to
    standard input), a usage error if it cannot be written."""
    from adapters.files.targets import check_target

    source = file if str(file) != STDIN else _STANDARD_INPUT if _STANDARD_INPUT.is_file() else None
    try:
        check_target(refused, ledger_path(ledger_place()), source)
    except OSError as error:
        template = _("what is refused could not be written to {path}: {problem}. Choose another file with --refused")
        raise click.UsageError(template.format(path=refused, problem=_(error.strerror or str(error)))) from None


def check_readable(file: Path) -> None:
    """OSError if a file cannot be read: found out before a ledger is made."""
    with file.open("rb") as stream:
        stream.read(0)


def _in_lines(advance: Callable[[int], None]) -> Callable[[int, int], None]:
    return lambda lines, upto: advance(lines)


@contextmanager
def progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error if that is a terminal; the function given says how far the work is, in bytes of `total` or, with
    None, in lines."""
    if not sys.stderr.isatty():
        yield lambda reached: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

    counted: Any = DownloadColumn() if total is not None else TextColumn("{task.completed:,.0f}")
    screen = Console(file=sys.stderr)
    with Progress(TextColumn("{task.description}"), BarColumn(), counted, TimeElapsedColumn(), console=screen) as bar:
        task = bar.add_task(_("Recording"), total=total)
        yield lambda reached: bar.update(task, completed=reached)


def show_summary(counts: list[tuple[str, int]]) -> None:
    """The counts of a run, one a line."""
    wide = max(len(label) for label, _count in counts)
    digits = max(len(f"{count:,}") for _label, count in counts)
    for label, count in counts:
        print(f"{label:<{wide}}  {f'{count:,}':>{digits}}")


def show_refused(path: Path, count: int) -> int:
    """Where the refused entries are and why the first were; the exit code."""
    from adapters.files.targets import is_written_into

    if not count:
        return 0
    print()
    if is_written_into(path):
        print(_("Refused entries were written to {path}.").format(path=path))
        return 1
    print(_("Refused entries are in {path}; the first of them:").format(path=path))
    with path.open("rb") as file:
        for line, _number in zip(file, range(_SHOWN_REFUSALS), strict=False):
            row = msgspec.json.decode(line)
            about = " ".join(str(row[key]) for key in ("code", "field", "clause") if row.get(key))
            print("  " + _("line {line} ({about}): {message}").format(line=row["line"], about=about, message=row["message"]))
    return 1
