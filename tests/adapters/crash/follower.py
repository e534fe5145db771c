"""Catches up once as a process of its own, with a clock that is so many seconds off."""

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

from adapters.accounts.places import accounts_of
from adapters.ledger import Ledger
from tests.adapters.accounts_kept import Clock, kept


def main(path: str, shift_seconds: str) -> None:
    """Prints the position reached."""
    clock = Clock(datetime.now(UTC) + timedelta(seconds=int(shift_seconds)))
    with Ledger.open(path) as ledger, closing(accounts_of(path)) as accounts:
        print(kept(ledger, accounts, clock), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
