"""`bitacora replay`: what changed between two states of knowledge, and because of which entries.

It asks `adapters.reports.replays` and writes what comes. How a difference looks is in `replay_tables`, shared with `what-if`;
nothing is recorded.
"""

from datetime import UTC, datetime

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import (
    KNOWN,
    MOMENT,
    chosen_readings,
    everywhere,
    judged_at,
    looked_at,
    open_ledger,
    position_known,
    read_as,
    shown_as,
)
from domain.refusal import said


@click.command(
    cls=Command,
    example="bitacora replay --known-at 2026-03-03T00:00:00-06:00 --against 2026-03-10T00:00:00-06:00 --client acme\n"
    "bitacora replay --known-at 435 --ticket T-1001",
    help=said("List what changed between two states of knowledge. Every verdict, quota and row of the bill that differs, with "
              "the entries that changed it (recorded late, voiding, or simply new), and the totals of both; nothing is "
              "recorded.\n\n"
              "The exit code is 1 if anything differs, 0 if nothing does."),
)  # fmt: skip
@option("--known-at", type=KNOWN, required=True, help=said("The first state: what was recorded by then, a time or a position."))
@option("--against", type=KNOWN, help=said("The second state, likewise; everything recorded by default."))
@judged_at
@option("--against-at", type=MOMENT, help=said("Judge the second state at this moment; at that of the first by default."))
@read_as
@looked_at
@shown_as("table", "json")
@everywhere
def replay(
    known_at: datetime | int,
    against: datetime | int | None,
    at: datetime | None,
    against_at: datetime | None,
    readings: tuple[tuple[str, str], ...],
    form: str,
    **focus: str | None,
) -> int:
    """Compares two states of knowledge; 1 if anything differs."""
    from adapters.reports.replays import compare
    from projections.contracts import Question
    from replay.as_of import Focus

    chosen = chosen_readings(readings)
    first = at or datetime.now(UTC)
    with open_ledger() as ledger:
        before = Question(first, position_known(ledger, known_at), chosen)
        after = Question(against_at or first, position_known(ledger, against), chosen)
        compared = compare(ledger, before, after, Focus(**focus))
        if form == "json":
            from adapters.cli.written import write_compared

            return int(write_compared(compared, {}))
        from adapters.cli.replay_tables import Zone, show_asked, show_compared

        zone = Zone(ledger, after)
        differs = show_compared(compared, ledger, zone)
        show_asked([before, after], zone)
        return int(differs)
