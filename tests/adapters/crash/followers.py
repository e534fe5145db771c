"""Followers as processes of their own, what they say, and whether the accounts they keep are right: for the tests that disturb
them."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import IO

from adapters.accounts.building import in_use
from adapters.accounts.comparing import Compared, compare
from adapters.accounts.places import Accounts, accounts_of
from adapters.ledger import Ledger
from adapters.reports.reports import Reports
from projections.contracts import Question
from tests.adapters.accounts_kept import answered, replayed
from tests.adapters.cli.calling import PROGRAM, environment
from tests.stores import Ledgers

PATIENCE_SECONDS = 60.0

Process = subprocess.Popen[str]
_started: list[Process] = []


def follower(store: Ledgers, *arguments: str) -> Process:
    """`bitacora follow` on a ledger."""
    command = [*PROGRAM, "--ledger", store.url(), "follow", *arguments]
    return started(command)


def started(command: Sequence[str]) -> Process:
    """A process of the program or of a test, with what it says in pipes; a test that fails leaves it to `all_ended`."""
    _started.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()))
    return _started[-1]


def all_ended() -> None:
    """Kills what was started and is still there."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def heard(process: Process, what: str) -> str:
    """The line in which a process says this on standard output."""
    return _heard(process, process.stdout, what)


def complained(process: Process, what: str) -> str:
    """The line in which it says this on standard error."""
    return _heard(process, process.stderr, what)


def _heard(process: Process, stream: IO[str] | None, what: str) -> str:
    assert stream is not None
    while line := stream.readline():
        if what in line:
            return line
    raise AssertionError(f"it ended without saying {what}: {process.communicate()}")


def until(holds: Callable[[], bool]) -> None:
    """Waits for something that another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def ended(process: Process) -> str:
    """Tells a follower to end, which it does as it should; its complaints."""
    process.send_signal(signal.SIGTERM)
    _, complaints = process.communicate()
    assert process.returncode == 0
    return complaints


def position(store: Ledgers) -> int:
    """Up to which position the accounts in use are; 0 if there are none."""
    with closing(accounts_of(store.url())) as accounts:
        version = in_use(accounts)
        return 0 if version is None else version.position


def caught_up(store: Ledgers) -> bool:
    """Whether the accounts are made of every entry there is."""
    with store.open() as ledger:
        return position(store) == ledger.head()


def compared(store: Ledgers) -> Compared:
    """The accounts of a ledger held against a replay; nothing differs."""
    with store.open() as ledger, closing(accounts_of(store.url())) as accounts:
        return compared_by(ledger, accounts)


def compared_by(ledger: Ledger, accounts: Accounts, at: datetime | None = None) -> Compared:
    """The same by whoever has them open; `at` is now unless the clock says otherwise."""
    found = compare(ledger, accounts, at or datetime.now(UTC))
    assert found is not None and found.difference is None, str(found and found.difference)
    return found


def assert_right(store: Ledgers) -> None:
    """Caught up, every row is what a replay says, and so is every report."""
    ran = subprocess.run(
        [*PROGRAM, "--ledger", store.url(), "follow", "--once"], env=environment(), check=True, capture_output=True
    )
    assert b"Caught up" in ran.stdout
    now = datetime.now(UTC)
    with store.open() as ledger, closing(accounts_of(store.url())) as accounts:
        tickets = compared_by(ledger, accounts, now).tickets
        assert position(store) == ledger.head()
        assert answered(ledger, accounts, now) == replayed(ledger, now)
        assert tickets == len(list(Reports(ledger, Question(now)).sla()))


def begun(store: Ledgers) -> None:
    """A new ledger."""
    with store.open(create=True):
        pass
