"""A ledger in a file on a disk that is full: nothing is taken by halves, and it goes on once there is room."""

import random
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.ledger import Ledger, LedgerError, Taken
from adapters.proofs.verifying import verify
from tests.adapters.crash.small_disk import mounted, unmounted
from tests.adapters.crash.test_recording_killed import assert_dense
from tests.adapters.given import DESK, export, followed_up, opened, read

ROOM = 2 * 1024 * 1024


@contextmanager
def too_little_room(folder: Path) -> Iterator[None]:
    """A folder for no more than that many bytes; where the tests may not mount a small disk, no file may grow larger."""
    if mounted("tmpfs", folder, f"size={ROOM}"):
        yield
        assert mounted("tmpfs", folder, f"remount,size={10 * ROOM}")
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_takes_nothing_by_halves_and_the_ledger_goes_on_once_there_is_room(tmp_path: Path) -> None:
    chance, folder = random.Random(3), tmp_path / "small"
    folder.mkdir()
    try:
        with too_little_room(folder), Ledger.open(str(folder / "ledger.db"), create=True, sealed=False) as ledger:
            ledger.record(read(*DESK, opened("T-1")))
            taken = ledger.head()
            with pytest.raises(LedgerError, match="disk"):
                for _ in range(1_000):
                    batch = read(*(followed_up("T-1", n, note=chance.randbytes(5_000).hex()) for n in range(3)))
                    taken = ledger.record(batch)[-1].position or 0
            assert ledger.head() == taken > 50
        with Ledger.open(str(folder / "ledger.db")) as ledger:
            assert_dense(export(ledger))
            assert ledger.record(read(followed_up("T-1", key="later"))) == [Taken(taken + 1, (taken + 1,))]
            assert verify(ledger, None).difference is None
    finally:
        unmounted(folder)
