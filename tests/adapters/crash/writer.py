"""Records one entry after another as a process of its own, whatever happens to the store, and says what was acknowledged."""

import sys
import time
from pathlib import Path

from adapters.ledger import Ledger, LedgerError, Same, Taken
from tests.adapters.given import followed_up, read


def main(url: str, keys: str, ticket: str, count: str) -> None:
    """Prints the key and the position of every entry that was acknowledged, and `lost` for each that was not; then it asks
    again under the same key, until it is."""
    with Ledger.open(url, keys=Path(keys)) as ledger:
        for number in range(int(count)):
            key = f"{ticket}-{number}"
            while True:
                try:
                    (answer,) = ledger.record(read(followed_up(ticket, number % 60, key=key)))
                except LedgerError as error:
                    print(f"lost {key} {error}", flush=True)
                    time.sleep(0.05)
                    continue
                if not isinstance(answer, (Taken, Same)):
                    raise RuntimeError(answer)
                print(f"{type(answer).__name__} {key} {answer.position}", flush=True)
                break
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
