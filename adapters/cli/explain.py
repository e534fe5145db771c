"""`bitacora explain TICKET`: one ticket, whole: what happened, how each clock ran, by which clauses and readings, what is owed.

The figures come from `adapters.reports.reports`; how they are told is in `explain_text`.
"""

from datetime import datetime

import click

from adapters.cli.clicking import Command
from adapters.cli.options import NAME, as_of, everywhere, open_ledger, shown_as
from domain.refusal import said


@click.command(
    cls=Command,
    example="bitacora explain T-1001\nbitacora explain T-1001 --known-at 2026-03-03T00:00:00-06:00 --reading gs.4=clock-hours",
    help=said("Explain TICKET as one would in a dispute. What happened, in order and by whom; each clock in segments, each "
              "with its cause and clause; the wording of what is cited; the readings used and what else they could be; the "
              "bill and the quota."),
)  # fmt: skip
@click.argument("ticket", type=NAME)
@as_of
@shown_as("text", "json")
@everywhere
def explain(
    ticket: str,
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
    form: str,
) -> None:
    """Explains one ticket, or raises NotFound."""
    from adapters.cli.report import reports_for

    with open_ledger() as ledger:
        reports = reports_for(ledger, at, known_at, readings, ticket=ticket)
        explained = reports.explain(ticket)
        if form == "json":
            from adapters.cli.written import write_json_lines

            write_json_lines([explained])
        else:
            from adapters.cli.explain_text import show_explained

            show_explained(explained, reports)
