"""`make demo`: records a made-up year of a desk and shows what a newcomer would ask of it first; into demo.db, or into the
file or the database named, which it migrates (`make demo-postgres`). A demo that is there already is shown again, and
completed if it was interrupted; another ledger is never touched.

The ledger's clock is put to the moment the desk took each entry down, so that `--known-at` tells the story of that year.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path

import msgspec

from adapters.demo.desk import DISPUTED, START, year_as_recorded
from adapters.ledger import Ledger, LedgerError, Refusal
from adapters.settings import LEDGER_VARIABLE, is_server, keys_path, ledger_name, ledger_path
from adapters.stores.migrating import migrate
from domain.shape import read_entry

SEED = 1
LEDGER = "demo.db"
USAGE = "python -m adapters.demo [FILE|postgresql://...]"
SHOWN = (
    ("report", "sla", "--client", "{client}", "--from", "2025-11-10T00:00:00-06:00", "--to", "2025-12-01T00:00:00-06:00"),
    ("report", "consumption", "--policy", "PC-0004"),
    ("report", "billing", "--client", "{client}", "--from", "2025-11-10T00:00:00-06:00", "--to", "2025-11-22T00:00:00-06:00"),
    ("explain", DISPUTED),
)


def record(place: Path | str, seed: int = SEED) -> tuple[int, int]:
    """Write the year into a new ledger at a path or URL; how many entries were taken, and how many refused."""
    moment = [datetime.fromisoformat(f"{START.isoformat()}T08:00:00-06:00")]
    taken = refused = 0
    keys = keys_path(None, os.environ)
    with Ledger.open(str(place), create=True, clock=lambda: moment[0], keys=keys) as ledger:
        for when, told in groupby(year_as_recorded(seed), key=lambda it: it[0]):
            moment[0] = when
            for answer in ledger.record([read_entry(msgspec.json.encode(entry)) for _, entry in told]):
                refused += isinstance(answer, Refusal)
                taken += not isinstance(answer, Refusal)
    return taken, refused


def is_free(place: str, seed: int = SEED) -> bool:
    """Whether a place holds nothing yet, or this year, whole or begun. LedgerError if what is there is no ledger."""
    path = ledger_path(place)
    if path is not None and not path.exists():
        return True
    first = next(iter(year_as_recorded(seed)))[1]
    with Ledger.open(place, create=path is None, keys=keys_path(None, os.environ)) as ledger:
        return ledger.head() == len(ledger.names("terms")) or ledger.entry(first["key"]) is not None


def commands(place: str) -> Iterator[list[str]]:
    """The commands shown, for the client of the disputed ticket."""
    with Ledger.open(place, keys=keys_path(None, os.environ)) as ledger:
        opening = ledger.stream(f"ticket:{DISPUTED}")[0].event
    client = getattr(opening, "client", "")
    for words in SHOWN:
        named = [] if is_server(place) else ["--ledger", place]
        yield ["bitacora", *named, *(word.format(client=client) for word in words)]


def main(arguments: Sequence[str]) -> int:
    """Record, then run the commands one after the other, each shown before its output; 2 if there is no place to record in."""
    if len(arguments) > 1 or any(it.startswith("-") for it in arguments):
        print(f"usage: {USAGE}", file=sys.stderr)
        return 2
    place = arguments[0] if arguments else LEDGER
    name = ledger_name(place)
    try:
        if is_server(place):
            migrate(place)
        if not is_free(place):
            print(f"{name} holds another ledger, which is left as it is: remove it, or name another place", file=sys.stderr)
            return 2
    except LedgerError as error:
        print(f"{error}; it is left as it is: name another place", file=sys.stderr)
        return 2
    taken, refused = record(place)
    print(f"{name}: {taken} entries recorded, {refused} refused (a request by someone whom the client had not authorised)")
    for command in commands(place):
        print(f"\n$ {' '.join(command)}", flush=True)
        environment = os.environ | {LEDGER_VARIABLE: place}
        subprocess.run([sys.executable, "-m", "adapters.cli", *command[1:]], check=True, env=environment)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
