"""`make demo`: records a made-up year of a desk and shows what a newcomer would ask of it first.

The ledger's clock is put to the moment the desk took each entry down, so that `--known-at` tells the story of that year.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec

from adapters.demo.desk import DISPUTED, START, year_as_recorded
from adapters.ledger import Ledger, Refusal
from domain.shape import read_entry

SEED = 1
LEDGER = Path("demo.db")
SHOWN = (
    ("report", "sla", "--client", "{client}", "--from", "2025-11-10T00:00:00-06:00", "--to", "2025-12-01T00:00:00-06:00"),
    ("report", "consumption", "--policy", "PC-0004"),
    ("report", "billing", "--client", "{client}", "--from", "2025-11-10T00:00:00-06:00", "--to", "2025-11-22T00:00:00-06:00"),
    ("explain", DISPUTED),
)


def record(path: Path, seed: int = SEED) -> tuple[int, int]:
    """Write the year into a new ledger at `path`; how many entries were taken, and how many refused."""
    moment = [datetime.fromisoformat(f"{START.isoformat()}T08:00:00-06:00")]
    taken = refused = 0
    with Ledger.open(str(path), create=True, clock=lambda: moment[0]) as ledger:
        for when, told in groupby(year_as_recorded(seed), key=lambda it: it[0]):
            moment[0] = when
            for answer in ledger.record([read_entry(msgspec.json.encode(entry)) for _, entry in told]):
                refused += isinstance(answer, Refusal)
                taken += not isinstance(answer, Refusal)
    return taken, refused


def commands(path: Path) -> Iterator[list[str]]:
    """The commands shown, for the client of the disputed ticket."""
    with Ledger.open(str(path)) as ledger:
        opening = ledger.stream(f"ticket:{DISPUTED}")[0].event
    client = getattr(opening, "client", "")
    for words in SHOWN:
        yield ["bitacora", "--ledger", str(path), *(word.format(client=client) for word in words)]


def main() -> int:
    """Record, then run the commands one after the other, each shown before its output."""
    for leftover in LEDGER.parent.glob(f"{LEDGER.name}*"):
        leftover.unlink()
    taken, refused = record(LEDGER)
    print(f"{LEDGER}: {taken} entries recorded, {refused} refused (a request by someone whom the client had not authorised)")
    for command in commands(LEDGER):
        print(f"\n$ {' '.join(command)}", flush=True)
        subprocess.run([sys.executable, "-m", "adapters.cli", *command[1:]], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
