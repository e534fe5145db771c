"""The full replay of the three accounts: against reading and decoding alone, and how time and memory grow with the ledger.

`python -m bench.replay LEDGER` replays once in a process of its own and prints its seconds as JSON. A replay reads every
ticket, judges both clocks, bills it and deals the quotas; rows are not turned into text. Seconds are the processor's, except
where several processes share the work: then all are the wall's.
"""

import json
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from time import process_time

from adapters.ledger import Ledger, Names
from adapters.reports.waiting import Waiting, WaitingUse, use_waiting
from adapters.workers import shared_out
from bench.ledgers import ledger
from bench.measuring import REPEATS, Row, Times, alone, in_turns
from domain.events import Entry
from projections import billing, consumption
from projections.accounts import accounts
from projections.contracts import Contracts, Question

AT = datetime(2027, 1, 1, tzinfo=UTC)
SMALL, LARGE = 100_000, 1_000_000
GOAL = 0.4
_GROWTH_REPEATS = _LARGE_REPEATS = 3
_TICKETS_AT_ONCE = 100
_CONTRACTS = ("terms", "client", "policy", "desk")

Figures = tuple[int, int, list[WaitingUse]]
"""How many tickets were judged and how many charges they have, and their uses of quotas."""


def replay(opened: Ledger, workers: int = 1) -> int:
    """All three accounts of everything recorded, worked out by so many processes; how many tickets were judged."""
    contracts = _contracts(opened)
    judged = charged = 0
    with closing(Waiting(contracts)) as waiting:
        for tickets, charges, uses in _found(opened, contracts, workers):
            judged += tickets
            charged += charges
            waiting.add(uses=uses)
        for it in consumption.deals(contracts, waiting):
            charged += sum(1 for _ in billing.per_event(it.deal))
    return judged


def _contracts(opened: Ledger) -> Contracts:
    return Contracts(Question(AT), (it for kind in _CONTRACTS for it in opened.streams(kind)))


def _found(opened: Ledger, contracts: Contracts, workers: int) -> Iterator[Figures]:
    if workers > 1:
        yield from shared_out(workers, _reading, (opened.url,), opened.divided("ticket", opened.head()))
        return
    streams = opened.streams("ticket")
    while together := list(islice(streams, _TICKETS_AT_ONCE)):
        yield _of_tickets(together, contracts)


@contextmanager
def _reading(url: str) -> Iterator[Callable[[Names], Figures]]:
    with Ledger.open(url) as opened:
        contracts = _contracts(opened)
        yield lambda names: _of_tickets(opened.streams("ticket", None, names), contracts)


def _of_tickets(streams: Iterable[tuple[str, Sequence[Entry]]], contracts: Contracts) -> Figures:
    judged = charged = 0
    uses: list[WaitingUse] = []
    for it in accounts(streams, contracts):
        judged += 1
        charged += len(it.charges)
        if it.use is not None:
            uses.append(use_waiting(it.use))
    return judged, charged, uses


def read(opened: Ledger) -> None:
    """Reads and decodes every entry that a replay reads, in the same order, and does nothing with it."""
    for kind in (*_CONTRACTS, "ticket"):
        deque(opened.streams(kind), maxlen=0)


def run(folder: Path) -> list[Row]:
    """Replay against reading, on one process and on two, and growth from 100,000 to 1,000,000 entries."""
    rows = []
    for count, repeats in ((SMALL, REPEATS), (LARGE, _LARGE_REPEATS)):
        with Ledger.open(str(ledger(folder, count))) as opened:
            ours, floor = in_turns(partial(replay, opened), partial(read, opened), clock=process_time, repeats=repeats)
        rows.append(_against(f"replay of {count:,} entries, three accounts", count, ours, floor, GOAL))
    return [*rows, _on_two(folder), *_growth(folder)]


def _on_two(folder: Path) -> Row:
    """By the wall's clock: two processes that have the machine to themselves could take half the time of one."""
    with Ledger.open(str(ledger(folder, LARGE))) as opened:
        ours, floor = in_turns(partial(replay, opened, 2), partial(read, opened), repeats=_LARGE_REPEATS)
    return _against(f"the same of {LARGE:,} on two processes", LARGE, ours, floor, None)


def _against(name: str, count: int, ours: Times, floor: Times, goal: float | None) -> Row:
    ratio = floor.middle / ours.middle
    return Row(
        name=name, value=count / ours.middle, unit="entries/s", spread=ours.spread, floor=count / floor.middle, ratio=ratio,
        goal="" if goal is None else f"≥ {goal} of reading and decoding", met=None if goal is None else ratio >= goal,
    )  # fmt: skip


def _growth(folder: Path) -> list[Row]:
    seconds = {count: Times() for count in (SMALL, LARGE)}
    memory = {count: Times() for count in (SMALL, LARGE)}
    for _ in range(_GROWTH_REPEATS):
        for count in (SMALL, LARGE):
            found = alone("bench.replay", str(ledger(folder, count)))
            seconds[count].append(json.loads(found["printed"])["seconds"])
            memory[count].append(found["peak_mb"])
    rows = []
    for name, measured, unit, most in (("time", seconds, "s", 11), ("peak memory", memory, "MB", 1.3)):
        small, large = measured[SMALL], measured[LARGE]
        ratio = large.middle / small.middle
        rows.append(
            Row(name=f"{name} of the replay, {LARGE:,} entries against {SMALL:,}", value=large.middle, unit=unit,
                spread=large.spread, floor=small.middle, ratio=ratio, goal=f"≤ {most} x", met=ratio <= most)
        )  # fmt: skip
    return rows


if __name__ == "__main__":
    with Ledger.open(sys.argv[1]) as measured:
        begun = process_time()
        tickets = replay(measured)
        print(json.dumps({"seconds": process_time() - begun, "tickets": tickets}))
