"""Several processes that write, and one that reads along: what it sees has no holes and is never overtaken."""

import subprocess
import sys

from tests.adapters.crash.test_recording_killed import ROOT
from tests.adapters.given import DESK, opened, read
from tests.stores import Ledgers

WRITERS = 4
ENTRIES = 80


def test_whoever_reads_along_sees_every_entry_once_and_in_order(store: Ledgers) -> None:
    with store.open(create=True) as ledger:
        ledger.record(read(*DESK, *(opened(f"T-{number}") for number in range(WRITERS))))
        seen = ledger.head()
        wanted = seen + WRITERS * ENTRIES
        command = [sys.executable, "-m", "tests.adapters.crash.writer", store.url(), str(store.keys())]
        running = [
            subprocess.Popen([*command, f"T-{number}", str(ENTRIES)], stdout=subprocess.DEVNULL, cwd=ROOT)
            for number in range(WRITERS)
        ]
        while seen < wanted and (ledger.wait_for_news(seen, 60) > seen):
            found = [it.position for it in ledger.entries(after=seen)]
            assert found == list(range(seen + 1, seen + len(found) + 1))
            seen += len(found)
        assert [it.wait() for it in running] == [0] * WRITERS
        assert seen == wanted == ledger.head()
