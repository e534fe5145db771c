"""Records a file as a process of its own, and says on standard output how far it is as soon as that is committed."""

import sys
from pathlib import Path

from adapters.ledger import Ledger
from adapters.recording import record_file


def main(ledger: str, keys: str, source: str, batch: str) -> None:
    """Prints the lines done after each commit, `done` at the end."""
    with Ledger.open(ledger, create=True, keys=Path(keys)) as opened:
        record_file(opened, Path(source), batch=int(batch), progress=lambda lines, _: print(lines, flush=True))
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
