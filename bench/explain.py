"""`explain` of one ticket inside the process, in a ledger of 1,000,000 entries and in one of 10,000, and with what was known
halfway through the large one.

Each answer is made from nothing: the streams of the ticket, its client, its policies and the terms are read and decoded anew.
"""

from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from time import process_time

from adapters.ledger import Ledger
from adapters.reports.reports import Reports, Selection
from bench.ledgers import ledger
from bench.measuring import Row, Times, in_turns
from projections.contracts import Question

SMALL, LARGE = 10_000, 1_000_000
TICKETS = 40
MOST_MS = 20
SAME = 1.5
"""The two are called the same within this factor: the median ticket of one ledger is not that of the other."""


def run(folder: Path) -> list[Row]:
    """One row: milliseconds of the median ticket in the large ledger, with the small one as floor."""
    with Ledger.open(str(ledger(folder, SMALL))) as small, Ledger.open(str(ledger(folder, LARGE))) as large:
        half = large.head() // 2
        chosen = [(opened, _tickets(opened), None) for opened in (small, large)]
        chosen.append((large, _tickets(large, half), half))
        times = [Times(), Times(), Times()]
        for number in range(TICKETS):
            for kept, (opened, tickets, known) in zip(times, chosen, strict=True):
                (once,) = in_turns(partial(_explain, opened, tickets[number], known), repeats=5, clock=process_time)
                kept.append(1000 * once.middle)
    floor, ours, before = times
    ratio = ours.middle / floor.middle
    return [
        Row(name=f"explain one ticket of {LARGE:,} entries (floor: of {SMALL:,})", value=ours.middle, unit="ms",
            spread=ours.spread, floor=floor.middle, ratio=ratio, goal=f"≤ {MOST_MS} ms, the same (≤ {SAME} x)",
            met=ours.middle <= MOST_MS and ratio <= SAME),
        Row(name=f"the slowest of {TICKETS} tickets so explained", value=max(ours), unit="ms", spread=None, floor=max(floor),
            ratio=max(ours) / max(floor), goal=f"≤ {MOST_MS} ms", met=max(ours) <= MOST_MS),
        Row(name=f"the same --known-at position {half:,}", value=before.middle, unit="ms", spread=before.spread, floor=None,
            ratio=None, goal=f"< {MOST_MS} ms", met=before.middle < MOST_MS),
        Row(name=f"the slowest of {TICKETS} tickets so explained", value=max(before), unit="ms", spread=None, floor=None,
            ratio=None, goal=f"< {MOST_MS} ms", met=max(before) < MOST_MS),
    ]  # fmt: skip


def _explain(opened: Ledger, ticket: str, known: int | None) -> None:
    Reports(opened, Question(datetime(2027, 1, 1, tzinfo=UTC), known), Selection(ticket=ticket)).explain(ticket)


def _tickets(opened: Ledger, known: int | None = None) -> list[str]:
    """Some tickets, of those that had been opened by a position."""
    with opened.reading("choosing tickets") as rows:
        names = rows.names("ticket")
        if known is not None:
            names = [it for it in Random(0).sample(names, 10 * TICKETS) if rows.stream(it)[0].position <= known]
    return [it.removeprefix("ticket:") for it in Random(0).sample(names, TICKETS)]
