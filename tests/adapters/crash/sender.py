"""Posts to webhooks as a process of its own, with little patience, and says what it does."""

import sys
from pathlib import Path

from adapters.ledger import Ledger
from adapters.webhooks.sending import Sending
from tests.adapters.webhooks.patience import PATIENT


def main(url: str, keys: str) -> None:
    """Goes on until it is killed."""
    Sending(
        url, lambda what, error: print(what, error or "", flush=True), opened=lambda: Ledger.open(url, keys=Path(keys)),
        patience=PATIENT,
    ).run()  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
