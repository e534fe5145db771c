"""Signs a ledger as a process of its own, looking again without rest, and says each size once its checkpoint is kept."""

import sys
from pathlib import Path

from adapters.ledger import Ledger
from adapters.proofs.checkpointing import Cadence, Checkpointing
from adapters.proofs.signing import open_key
from replay.notes import read_checkpoint, read_note


def main(ledger_path: str, key: str, entries: str) -> None:
    """Goes on until it is killed."""
    with Ledger.open(ledger_path) as ledger:
        after = Checkpointing(ledger, open_key(Path(key)), Cadence(int(entries)))
        while True:
            if (note := after.look()) is not None:
                print(read_checkpoint(read_note(note).text).size, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
