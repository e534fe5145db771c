"""A disk that is full while stored accounts are written: nothing is half-done, and they go on once there is room."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.accounts.building import Building, in_use
from adapters.accounts.following import Follower
from adapters.accounts.places import accounts_of
from adapters.ledger import Ledger, LedgerError
from tests.adapters.crash.followers import (
    assert_right,
    begun,
    caught_up,
    compared,
    compared_by,
    complained,
    ended,
    follower,
    heard,
    position,
    until,
)
from tests.adapters.crash.small_disk import DatabaseDisk, Disk, FileDisk
from tests.adapters.crash.test_recording_killed import desk_of
from tests.adapters.given import DESK, read
from tests.postgres_server import own_server
from tests.stores import KINDS

KIB = 1024
ROOMS = (0, 72, 136, 264)
"""How much room there is left, in KiB: from nothing at all to nearly enough."""


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Disk]:
    if request.param == "sqlite":
        with closing(FileDisk(tmp_path / "small")) as disk:
            yield disk
        return
    with own_server() as server, closing(DatabaseDisk(server, tmp_path)) as disk:
        yield disk


def recorded(ledger: Ledger, tickets: int, mark: str = "T") -> None:
    """More tickets, in one transaction, so that a follower has much to write at once."""
    ledger.record(read(*([] if mark != "T" else DESK), *desk_of(tickets, mark)))


def test_a_follower_that_finds_no_room_says_so_and_goes_on_once_there_is(disk: Disk) -> None:
    store = disk.store
    begun(store)
    process = follower(store)
    heard(process, "Caught up")
    before = position(store)
    # It must not be done before the disk is full.
    process.send_signal(signal.SIGSTOP)
    with store.open() as ledger:
        recorded(ledger, 400)
    disk.fill(264 * KIB, process.pid)
    process.send_signal(signal.SIGCONT)
    assert "will be tried again" in complained(process, "Failed")
    assert position(store) == before and compared(store).position == before
    disk.give_room(process.pid)
    until(lambda: caught_up(store))
    ended(process)
    assert_right(store)


def test_wherever_the_room_ends_accounts_are_as_they_were_or_done_and_never_between(disk: Disk) -> None:
    url, failed = disk.store.url(), []
    with disk.store.open(create=True) as ledger, closing(accounts_of(url)) as accounts, closing(accounts_of(url)) as reader:
        recorded(ledger, 60)
        # A full server lets nobody in anew.
        assert not reader.exists()
        for room in ROOMS:
            disk.fill(room * KIB, os.getpid())
            failed.append(fails(Building(ledger, accounts).build))
            assert in_use(reader) is None or compared_by(ledger, reader)
            disk.give_room(os.getpid())
            Building(ledger, accounts).build()
            recorded(ledger, 20, f"R{room}")
            before = position(disk.store)
            disk.fill(room * KIB, os.getpid())
            failed.append(fails(Follower(ledger, accounts).follow))
            assert compared_by(ledger, reader).position == (before if failed[-1] else ledger.head())
            disk.give_room(os.getpid())
            Follower(ledger, accounts).follow()
            assert compared_by(ledger, reader).position == ledger.head()
    assert failed[:2] == [True, True] and sum(failed) > len(ROOMS) // 2
    assert_right(disk.store)


def fails(work: Callable[[], object]) -> bool:
    """Whether there was too little room for it."""
    try:
        work()
    except LedgerError as error:
        assert "no room left" in str(error) or "disk" in str(error)
        return True
    return False
