"""`bitacora readings`: on which unclear clauses the outcome hangs at all, in one page.

It asks `adapters.reports.replays` and writes what comes. How the page looks is in `readings_text`; what readings the terms
admit, without any ticket, is told by `terms readings`.
"""

from datetime import UTC, datetime

import click

from adapters.cli.clicking import Command
from adapters.cli.options import as_of, chosen_readings, everywhere, looked_at, open_ledger, position_known, shown_as
from domain.refusal import said


@click.command(
    cls=Command,
    example="bitacora readings --client acme --at 2026-03-31T18:00:00-06:00\n"
            "bitacora readings --client acme --reading gs.4=clock-hours",
    help=said("Show on which unclear clauses the outcome hangs. For each, every other reading, tried alone: which verdicts, "
              "how much money and which quotas would come out otherwise. Clauses on which nothing hangs are named at the "
              "end.\n\nWith --reading, a clause is supposed to be read so, and the others are tried beside that. What hangs "
              "on several other readings at once is asked with `what-if`."),
)  # fmt: skip
@looked_at
@as_of
@shown_as("table", "json")
@everywhere
def readings(
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
    form: str,
    **focus: str | None,
) -> None:
    """Shows the readings matrix. NotFound for a client, policy or ticket that is not there, UnknownReading for a reading."""
    from adapters.reports.replays import readings_matrix, readings_page
    from projections.contracts import Question
    from replay.as_of import Focus

    with open_ledger() as ledger:
        question = Question(at or datetime.now(UTC), position_known(ledger, known_at), chosen_readings(readings))
        matrix = readings_matrix(ledger, question, Focus(**focus))
        if form == "json":
            from adapters.cli.written import write_json_lines

            write_json_lines([readings_page(matrix)])
        else:
            from adapters.cli.readings_text import show_readings_page
            from adapters.cli.replay_tables import Zone

            show_readings_page(matrix, question, Zone(ledger, question))
