"""`bitacora statement`: what a client gets each month, as PDF, as HTML or as a workbook.

It asks `adapters.statement` and writes what comes, whole or not at all.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adapters import asked
from adapters.cli.clicking import Command, option
from adapters.cli.options import (
    FILE,
    NAME,
    as_of,
    chosen_readings,
    everywhere,
    open_ledger,
    position_known,
    printable,
)
from adapters.cli.proof_files import check_outputs, write_whole
from adapters.language import _, worded
from adapters.statement.month import Month
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.statement.gathering import Statement

_KINDS = (".pdf", ".html", ".xlsx")


class MonthGiven(click.ParamType):
    """A month as ISO 8601 writes it: `2026-03`."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        try:
            return Month(*asked.month(printable(value, self, param, ctx)))
        except asked.Unclear as unclear:
            self.fail(worded(unclear), param, ctx)


@click.command(
    cls=Command,
    example="bitacora statement acme --month 2026-03 -o acme-2026-03.pdf\n"
    "bitacora statement acme --month 2026-03 -o acme-2026-03.xlsx --lang es",
    help=said("Write the statement of CLIENT for a month: its policy, the tickets of the month, what was met, breached and "
              "unattended, the quota used, the bill with the reason and clause of each line, and the readings it rests "
              "on.\n\n"
              "FILE ends in .pdf, .html or .xlsx. The figures are those of `report` at the same moment. The same question "
              "gives the same bytes."),
)  # fmt: skip
@click.argument("client", type=NAME)
@option("--month", type=MonthGiven(), required=True,
        help=said("The month, such as 2026-03, in the zone of the client's terms."))  # fmt: skip
@option("-o", "--output", metavar="FILE", type=FILE, required=True,
        help=said("The file to write, whole or not at all: .pdf, .html or .xlsx."))  # fmt: skip
@as_of
@everywhere
def statement(
    client: str,
    month: Month,
    output: Path,
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
) -> None:
    """Writes a statement; NotFound if there is no such client, LedgerError if the month had not begun."""
    from adapters.ledger import utc_now
    from adapters.statement.gathering import Asked, gather

    kind = output.suffix.lower()
    if kind not in _KINDS:
        raise click.UsageError(_("{path} is of no kind known here: .pdf, .html or .xlsx").format(path=output))
    check_outputs(output)
    with open_ledger() as ledger:
        known = position_known(ledger, known_at)
        found = gather(ledger, Asked(client, month, at or utc_now(), known, chosen_readings(readings)))
    write_whole(output, _set(kind, found))
    print(_("statement of {client} for {month} written to {path}").format(client=client, month=month, path=output))


def _set(kind: str, found: "Statement") -> bytes:
    """The bytes of the file asked for."""
    if kind == ".xlsx":
        from adapters.statement.sheets import as_xlsx

        return as_xlsx(found)
    from adapters.dossier.setting import as_html, as_pdf
    from adapters.statement.telling import told

    return (as_html if kind == ".html" else as_pdf)(told(found))
