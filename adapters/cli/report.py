"""`bitacora report`: the four reports, for any moment, with what was known then, under any readings.

It asks `adapters.reports` and writes what comes; JSON, CSV and Parquet as it comes. How a table looks is in `report_tables`.
"""

import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import (
    FILE,
    as_of,
    check_order,
    chosen_readings,
    everywhere,
    ledger_place,
    open_ledger,
    position_known,
    selecting,
    sharing,
    shown_as,
)
from adapters.cli.proof_files import check_outputs
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.ledger import Ledger
    from adapters.reports.reports import Reports

Rows = Iterable[dict[str, Any]]


@click.group(
    cls=Group,
    example="bitacora report sla --client acme\nbitacora report billing --from 2026-03-01T00:00:00-06:00 --format csv",
    help=said("The accounts, worked out from the entries. What was kept (sla), used up (consumption), owed (billing), and left "
              "alone (unattended)."),
)  # fmt: skip
@everywhere
def report() -> None:
    """The group of reports."""


def _reporting(name: str, example: str, help: str) -> None:
    """Adds one report as a command."""

    @report.command(name=name, cls=Command, example=example, help=help)
    @selecting
    @as_of
    @option("--fresh", is_flag=True, help=said("Replay, and leave stored accounts aside; see `bitacora follow`."))
    @shown_as("table", "json", "csv", "parquet")
    @option("-o", "--output", metavar="FILE", type=FILE,
            help=said("The Parquet file to write, whole or not at all; the other forms go to standard output."))  # fmt: skip
    @sharing
    @everywhere
    def command(form: str, fresh: bool, output: Path | None, **asked: Any) -> None:
        if (form == "parquet") != (output is not None):
            raise click.UsageError(_("--format parquet and --output FILE go together"))
        check_outputs(output)
        with open_ledger() as ledger:
            reports = reports_for(ledger, **asked)
            is_of_now = asked["at"] is None and asked["known_at"] is None and not asked["readings"]
            if fresh or not is_of_now:
                _write(name, reports, form, output)
            else:
                _write_stored(ledger, name, reports, form, output)


def reports_for(
    ledger: Any,
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
    workers: int = 1,
    **selected: Any,
) -> "Reports":
    """The reports of a ledger for what was asked on the command line."""
    from adapters.reports.reports import Reports, Selection
    from adapters.reports.shared_reports import SharedReports
    from projections.contracts import Question

    check_order(selected.get("since"), selected.get("until"))
    question = Question(at or datetime.now(UTC), position_known(ledger, known_at), chosen_readings(readings))
    selection = Selection(**selected)
    return Reports(ledger, question, selection) if workers == 1 else SharedReports(ledger, question, selection, workers)


def _write_stored(ledger: "Ledger", name: str, reports: "Reports", form: str, output: Path | None) -> None:
    """From the stored accounts if they are current, else by a replay; which of the two is said, unless there are none."""
    from adapters.accounts.places import accounts_of
    from adapters.accounts.reading import NotCurrent, stored

    with closing(accounts_of(ledger_place())) as accounts:
        if not accounts.exists():
            _write(name, reports, form, output)
            return
        with stored(ledger, reports, accounts) as answering:
            if isinstance(answering, NotCurrent):
                note = _("Replayed, since the stored accounts do not answer: {what}.").format(what=worded(answering))
                _write(name, reports, form, output)
            else:
                note = _("From the stored accounts, up to position {position}.").format(position=f"{answering.position:,}")
                _write(name, answering, form, output)
    print(note, file=sys.stdout if form == "table" else sys.stderr)


def _rows(name: str, reports: "Reports") -> Rows:
    makes: dict[str, Callable[[], Rows]] = {
        "sla": reports.sla,
        "unattended": reports.unattended,
        "consumption": reports.consumption,
        "billing": reports.billing,
    }
    return makes[name]()


def _write(name: str, reports: "Reports", form: str, output: Path | None) -> None:
    if output is not None:
        _write_parquet(name, reports, output)
        return
    rows = _rows(name, reports)
    if form == "json":
        from adapters.cli.written import write_json_list

        write_json_list(rows)
    elif form == "csv":
        from adapters.exporters.csv_text import write_csv

        write_csv(name, rows, sys.stdout.buffer)
    else:
        from adapters.cli.report_tables import show_report

        show_report(name, rows, reports)


def _write_parquet(name: str, reports: "Reports", output: Path) -> None:
    from adapters.exporters.parquet import write_parquet
    from adapters.files.targets import is_written_into, whole_file

    with whole_file(output) as file:
        count = write_parquet(name, _rows(name, reports), reports.question, file)
    if not is_written_into(output):
        told = ngettext("{count} row written to {path}", "{count} rows written to {path}", count)
        print(told.format(count=f"{count:,}", path=output))


_reporting(
    "sla",
    "bitacora report sla --client acme --at 2026-03-31T18:00:00-06:00",
    said("Response and resolution of every ticket, with verdict, time used and target."),
)
_reporting(
    "consumption",
    "bitacora report consumption --policy P-7 --reading cs.4=transfer",
    said("What every policy includes, what was used, what is left, and what is paid per event."),
)
_reporting(
    "billing",
    "bitacora report billing --from 2026-03-01T00:00:00-06:00 --to 2026-04-01T00:00:00-06:00",
    said("Billable time and amounts, one row for each charge. What has no agreed price says so."),
)
_reporting(
    "unattended",
    "bitacora report unattended",
    said("Open tickets that nobody attended for a support day, those left longest first."),
)
