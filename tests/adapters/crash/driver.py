"""Records a file as a process of its own, and says on standard output how far it is as soon as that is committed."""

import sys
import time
from pathlib import Path

from adapters.files.recording import record_file
from adapters.ledger import Ledger


def main(ledger: str, keys: str, source: str, batch: str, pause_seconds: str) -> None:
    """Prints the lines done after each commit, and rests; `done` at the end."""

    def progress(lines: int, _: object) -> None:
        print(lines, flush=True)
        time.sleep(float(pause_seconds))

    with Ledger.open(ledger, create=True, keys=Path(keys)) as opened:
        record_file(opened, Path(source), batch=int(batch), progress=progress)
    print("done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
