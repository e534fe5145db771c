"""Builds the stored accounts as a process of its own, a few tickets in a transaction, and says after each how many it has."""

import sys
import time
from contextlib import closing

from adapters import ledger as ledgers
from adapters.accounts.building import REBUILD, Building
from adapters.accounts.places import accounts_of
from adapters.ledger import Ledger

LITTLE = 16
"""Entries in a part, so that a build takes many transactions."""


def main(url: str, workers: str) -> None:
    """Prints how many tickets an interrupted build left, then how many are judged after each transaction."""
    ledgers.PART_ENTRIES = LITTLE
    with Ledger.open(url) as ledger, closing(accounts_of(url)) as accounts:
        # A server may take a moment to see that the builder before was killed.
        while not accounts.lock(REBUILD):
            time.sleep(0.05)
        building = Building(ledger, accounts, progress=lambda done, of: print(done, flush=True), workers=int(workers))
        print("left", building.left(), flush=True)
        building.build()
        print("built", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
