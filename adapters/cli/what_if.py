"""`bitacora what-if`: the accounts as they would be under other terms, tier, calendar or readings, without some entries or with
others; before and after, with the cause of every difference.

It asks `adapters.reports.replays` and writes what comes; nothing is recorded, whatever is supposed.
"""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import (
    FILE,
    NAME,
    Count,
    as_known,
    chosen_readings,
    everywhere,
    judged_at,
    looked_at,
    open_ledger,
    position_known,
    read_as,
    shown_as,
)
from adapters.cli.record import STDIN
from adapters.language import _, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.reports.replays import Answer, Asked


@click.command(
    name="what-if",
    cls=Command,
    example="bitacora what-if --terms customsoft --tier basic --client acme\n"
    "bitacora what-if --reading gs.4=clock-hours --without 431 --ticket T-1001",
    help=said("Say what would have come out otherwise, and write nothing. The accounts before and after: every verdict, quota "
              "and row of the bill that differs, with its cause, and the totals of both.\n\n"
              "Several suppositions can be made at once. What depends on an entry left out stays; where the rest could not "
              "have been recorded, that is told. The exit code is 1 if an entry of --with is refused."),
)  # fmt: skip
@option("--terms", type=NAME, metavar="ID|FILE", help=said("Suppose these terms, published or in a file, for every policy."))
@option("--tier", type=NAME, help=said("Suppose this tier, for every policy whose terms have it."))
@read_as
@option("--calendar", type=NAME, metavar="ID|FILE", help=said("Suppose the calendar of these terms, or of a file."))
@option("--without", type=Count(1), multiple=True, metavar="POSITION",
        help=said("Suppose that the entry at this position counts for nothing; repeatable."))  # fmt: skip
@option("--with", "lines", type=FILE, metavar="FILE",
        help=said("Suppose the entries of this file too (JSON Lines; - is standard input)."))  # fmt: skip
@judged_at
@as_known
@looked_at
@shown_as("table", "json")
@everywhere
def what_if(
    terms: str | None,
    tier: str | None,
    readings: tuple[tuple[str, str], ...],
    calendar: str | None,
    without: tuple[int, ...],
    lines: Path | None,
    at: datetime | None,
    known_at: datetime | int | None,
    form: str,
    **focus: str | None,
) -> int:
    """Shows the difference that a supposition makes; 1 if an entry supposed is refused."""
    from adapters.reports.replays import Asked, what_if
    from projections.contracts import Question
    from replay.as_of import Focus

    with open_ledger() as ledger, _opened(lines) as stream, _clear():
        asked = Asked(terms, tier, chosen_readings(readings), calendar, without, stream)
        _check(asked)
        question = Question(at or datetime.now(UTC), position_known(ledger, known_at))
        answer = what_if(ledger, question, asked, Focus(**focus))
        if form == "json":
            from adapters.cli.written import write_compared
            from adapters.reports.written import supposed_as_json

            write_compared(answer.compared, supposed_as_json(answer))
        else:
            from adapters.cli.replay_tables import Zone, judged, show_compared
            from adapters.cli.tables import show

            _show_tried(answer)
            zone = Zone(ledger, question)
            show_compared(answer.compared, ledger, zone, answer.supposed)
            show(_("Supposed, and nothing written; {asked}.").format(asked=judged(question, zone)))
        return int(any(it.refused is not None for it in answer.tried))


def _opened(path: Path | None) -> AbstractContextManager[BinaryIO | None]:
    """The lines to suppose, as a stream of bytes. OSError if the file cannot be read."""
    if path is None:
        return nullcontext()
    return nullcontext(sys.stdin.buffer) if str(path) == STDIN else path.open("rb")


def _check(asked: "Asked") -> None:
    if not any((asked.terms, asked.tier, asked.readings, asked.calendar, asked.without, asked.lines)):
        raise click.UsageError(_("nothing is supposed: give --terms, --tier, --reading, --calendar, --without or --with"))


@contextmanager
def _clear() -> Iterator[None]:
    """Says of terms that cannot be supposed where they are wrong, not only how."""
    from domain.terms_document import TermsError

    try:
        yield
    except TermsError as error:
        place = [error.field] if error.field else []
        line = getattr(error, "line", None)
        if line is not None:
            place = [_("line {line}").format(line=line)]
        raise click.ClickException(": ".join([*place, worded(error)])) from None


def _show_tried(answer: "Answer") -> None:
    """What became of the entries supposed, and what could not stand without those left out."""
    from adapters.cli.tables import show

    refused = [(it.line, it.refused) for it in answer.tried if it.refused is not None]
    if answer.tried:
        same = sum(it.same is not None for it in answer.tried)
        template = _("Entries supposed: {taken}; recorded before: {same}; refused: {refused}.")
        show(template.format(taken=len(answer.tried) - same - len(refused), same=same, refused=len(refused)))
    for line, why in refused:
        about = " ".join(it for it in (why.code, why.field, why.clause) if it)
        show(_("line {line} ({about}): {message}").format(line=line, about=about, message=worded(why)), indent=2)
    if answer.illegal:
        show(_("Without what is left out, this could not have been recorded; it is judged as it stands:"))
    for it in answer.illegal:
        show(_("entry {position}: {message}").format(position=it.position, message=worded(it.refused)), indent=2)
