"""Forgets persons one after the other as a process of its own, and says each name as soon as that is done."""

import sys

from adapters.ledger import Ledger


def main(ledger_path: str, *names: str) -> None:
    """Prints the names forgotten."""
    with Ledger.open(ledger_path) as ledger:
        for name in names:
            ledger.forget("person", name)
            print(name, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
