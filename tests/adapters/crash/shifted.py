"""Follows as a process of its own, with a clock that is as many seconds off as a file says at that moment."""

import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.accounts.running import Running


def main(url: str, shift: str) -> None:
    """Prints what happens, until told to end."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=int(Path(shift).read_text()))

    running = Running(url, lambda *it: print(*it, flush=True), clock)
    signal.signal(signal.SIGTERM, lambda *_: running.stop())
    running.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
