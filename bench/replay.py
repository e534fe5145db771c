"""The full replay of the three accounts: against reading and decoding alone, and how time and memory grow with the ledger.

`python -m bench.replay LEDGER` replays once in a process of its own and prints its seconds as JSON. A replay reads every
ticket, judges both clocks, bills it and deals the quotas; rows are not turned into text. Seconds are the processor's.
"""

import json
import sys
from collections import deque
from datetime import UTC, datetime
from pathlib import Path
from time import process_time

from adapters.ledger import Ledger
from bench.ledgers import ledger
from bench.measuring import Row, Times, alone, in_turns
from projections import consumption
from projections.accounts import accounts, bill
from projections.consumption import Use
from projections.contracts import Contracts, Question

AT = datetime(2027, 1, 1, tzinfo=UTC)
SMALL, LARGE = 100_000, 1_000_000
_GROWTH_REPEATS = 3
_CONTRACTS = ("terms", "client", "policy", "desk")


def replay(opened: Ledger) -> int:
    """All three accounts of everything recorded; how many tickets were judged."""
    question = Question(AT)
    contracts = Contracts(question, (it for kind in _CONTRACTS for it in opened.streams(kind)))
    uses: list[Use] = []
    judged = charged = 0
    for account in accounts(opened.streams("ticket"), contracts):
        judged += 1
        charged += len(account.charges)
        if account.use is not None:
            uses.append(account.use)
    bill((), consumption.consumed(contracts, uses))
    return judged


def read(opened: Ledger) -> None:
    """Reads and decodes every entry that a replay reads, in the same order, and does nothing with it."""
    for kind in (*_CONTRACTS, "ticket"):
        deque(opened.streams(kind), maxlen=0)


def run(folder: Path) -> list[Row]:
    """Replay against reading, and growth from 100,000 to 1,000,000 entries."""
    with Ledger.open(str(ledger(folder, SMALL))) as opened:
        ours, floor = in_turns(lambda: replay(opened), lambda: read(opened), clock=process_time)
    ratio = floor.middle / ours.middle
    return [
        Row(name=f"replay of {SMALL:,} entries, three accounts", value=SMALL / ours.middle, unit="entries/s",
            spread=ours.spread, floor=SMALL / floor.middle, ratio=ratio, goal="≥ 0.4 of reading and decoding",
            met=ratio >= 0.4),
        *_growth(folder),
    ]  # fmt: skip


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
