"""`bitacora export xes` and `bitacora export ocel`: tickets and their entries as logs for process mining.

They ask `adapters.exporters` and write what comes, whole or not at all.
"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from adapters.cli.clicking import Command, grouped, option
from adapters.cli.options import as_of, chosen_readings, everywhere, into_file, of_client, open_ledger, position_known
from adapters.cli.proof_files import check_outputs
from adapters.language import _
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.exporters.cases import Exported

Write = Callable[["Exported", BinaryIO], tuple[int, int]]
_asked = grouped(
    [
        into_file,
        of_client,
        as_of,
        option("--sealed", is_flag=True, help=said("Name persons by a pseudonym, the same for the same person.")),
        everywhere,
    ]
)  # fmt: skip


@click.command(
    cls=Command,
    example="bitacora export xes -o desk.xes\nbitacora export xes --client acme --sealed -o acme.xes",
    help=said("Write a log for process mining in XES (IEEE 1849): a trace for each ticket, with its verdicts; an event for "
              "each of its entries that count.\n\n"
              "Void entries are left out, and so is free text. Persons are named unless --sealed is given."),
)  # fmt: skip
@_asked
def xes(output: Path | None, **asked: Any) -> None:
    """Writes an XES log."""
    from adapters.exporters.xes import write_xes

    _export(write_xes, output, **asked)


@click.command(
    cls=Command,
    example="bitacora export ocel -o desk.jsonocel\nbitacora export ocel --client acme --sealed -o acme.jsonocel",
    help=said("Write a log for object-centric process mining in OCEL 2.0 (JSON): an event for each entry that counts; tickets, "
              "clients, policies and consultants as objects.\n\n"
              "Void entries are left out, and so is free text. Persons are named unless --sealed is given."),
)  # fmt: skip
@_asked
def ocel(output: Path | None, **asked: Any) -> None:
    """Writes an OCEL 2.0 log."""
    from adapters.exporters.ocel import write_ocel

    _export(write_ocel, output, **asked)


def _export(
    write: Write,
    output: Path | None,
    client: str | None,
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
    sealed: bool,
) -> None:
    """Writes one log of what is recorded when it begins. NotFound if there is no such client."""
    import sys

    from adapters.exporters.cases import Exported, pseudonym
    from adapters.files.targets import is_written_into, whole_file
    from adapters.ledger import utc_now
    from projections.contracts import Question

    check_outputs(output)
    with open_ledger() as ledger:
        known = position_known(ledger, known_at)
        # Several kinds of stream are read one after the other: all as of one position.
        question = Question(at or utc_now(), ledger.head() if known is None else known, chosen_readings(readings))
        exported = Exported(ledger, question, client, pseudonym if sealed else ledger.unsealed().text)
        if output is None:
            write(exported, sys.stdout.buffer)
            return
        with whole_file(output) as file:
            cases, events = write(exported, file)
    if not is_written_into(output):
        template = _("{cases} tickets with {events} entries written to {path}")
        print(template.format(cases=f"{cases:,}", events=f"{events:,}", path=output))
