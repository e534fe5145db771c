"""`bitacora verify`: is the ledger what it was when it was signed, and whole? It reads every stored byte and believes none.

One process reads it from the first entry to the last, or several a run of entries each. It changes nothing, repairs nothing,
and says how far the signatures reach.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, count
from typing import Any, NamedTuple

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.proofs.growing import BATCH_ENTRIES
from adapters.proofs.soundness import NEVER, Difference, Differs, Entries, Versions
from adapters.proofs.tree import TreeRows
from adapters.proofs.verification import PAGE_ENTRIES, UNHASHABLE, Verification, Verified, is_dense, leaf_hashes
from adapters.stores.rows import Row
from adapters.workers import WorkerLost, shared_out
from domain.refusal import said
from replay.merkle import HASH_BYTES
from replay.notes import Key

_DAMAGED = said("entries are not found as they should be, the file is damaged: {problem}")

_UNNAMED = "something differs"
"""Ends a shared reading. Nobody is told: a reading by one names what it is."""


def verify(ledger: Ledger, key: Key | None, held: Iterable[bytes] = (), workers: int = 1) -> Verified:
    """Reads the whole ledger once, in one consistent view, and tells whether it is whole and what was signed.

    `key` is the desk's public key, from outside the ledger; without it, signatures are not checked and only a difference is
    news. `held` are notes of checkpoints kept elsewhere: beside the key, or by a client. Several `workers` can only find that
    all is well; if they cannot, the ledger is read again by one, which names what differs first. LedgerError if one is lost."""
    held = list(held)

    def shared(upto: int, runs: Iterable[Run]) -> Iterator[Any]:
        return shared_out(workers, checking, (ledger.url, upto), runs)

    if workers > 1 and (whole := verified(ledger, Together(key, shared), held)).difference is None:
        return whole
    return verified(ledger, Verification(key), held)


def verified(ledger: Ledger, checking: Verification, held: Sequence[bytes]) -> Verified:
    """One reading of a ledger, in one consistent view."""
    try:
        # SQLite looks over its own pages meanwhile: that needs none of Python's time.
        with ThreadPoolExecutor(1) as beside, ledger.reading(said("verifying it")) as plain:
            damage = beside.submit(_damage, ledger)
            checking.run(TreeRows.of(plain), held)
            if found := damage.result():
                raise Differs(None, _DAMAGED, problem=found)
    except Differs as differs:
        return checking.result(differs.difference)
    except WorkerLost:
        raise
    except LedgerError as error:
        return checking.result(Difference(checking.frontier.size + 1, error.template, dict(error.values)))
    return checking.result(None)


def _damage(ledger: Ledger) -> str | None:
    with ledger.reading(said("verifying it")) as plain:
        return TreeRows.of(plain).damage()


# By several processes ------------------------------------------------------------------------------------------------


Run = tuple[int, int] | None
"""The entries at the positions after the first number up to the second; None: whatever leads to entries from elsewhere."""


class _Read(NamedTuple):
    """What a run of entries comes to, each being right by itself and beside the others: the hashes of their leaves, one after
    the other; of every stream the versions it goes on with, from one to another; when the first and the last were recorded;
    what leads to them from elsewhere, as `Entries` has it."""

    leaves: bytes
    streams: list[tuple[str, int, int]]
    first_recorded: datetime
    last_recorded: datetime
    foreign_ids: dict[str, int]
    declared: dict[str, str]
    keys: int
    owned: int


class _Links(NamedTuple):
    """What leads to the entries from elsewhere, as it is stored."""

    keys: int
    owned: int


class Together(Verification):
    """A reading shared out: elsewhere it is checked what a run of entries shows by itself, here how the runs fit together and
    into the tree. Where anything does not, Differs, without saying what: that is for a reading by one.

    `share(upto, runs)` gives what `checking(url, upto)` finds of each run, in their order."""

    def __init__(
        self, key: Key | None, share: Callable[[int, Iterable[Run]], Iterable[Any]], run_entries: int = BATCH_ENTRIES
    ) -> None:
        super().__init__(key)
        self._share, self._run_entries = share, run_entries

    def read(self) -> None:
        upto, step = self.rows.head(), self._run_entries
        # Not a list: a position behind the ledger's back may be of any size, and its run is never reached.
        runs = ((after, min(after + step, upto)) for after in range(0, upto, step))
        self.streams = self._versions = dict[str, int]()
        self._last = NEVER
        self._foreign_ids: dict[str, int] = {}
        self._declared: dict[str, str] = {}
        self._keys = self._owned = 0
        self._links: _Links | None = None
        for found in self._share(upto, chain((None,), runs)):
            match found:
                case _Read():
                    self._take_run(found)
                case _Links():
                    self._links = found
                case _:
                    self._expect(False)

    def finish(self) -> None:
        self._expect(self.rows.ever_recorded() == self.frontier.size)
        self._expect(self._links == (self._keys, self._owned))
        self._expect(self.rows.contingencies() == self._declared)

    def _take_run(self, run: _Read) -> None:
        for stream, first, last in run.streams:
            self._expect(first == self._versions.get(stream, 0) + 1)
            self._versions[stream] = last
        self._expect(self._last <= run.first_recorded)
        self._last = run.last_recorded
        for id, position in run.foreign_ids.items():
            self._expect(self._foreign_ids.setdefault(id, position) == position)
        self._declared |= run.declared
        self._keys += run.keys
        self._owned += run.owned
        hashed = [run.leaves[at : at + HASH_BYTES] for at in range(0, len(run.leaves), HASH_BYTES)]
        self._expect(self.against_tiles(self.frontier.size, hashed) is None)
        self.grow(hashed)

    def _expect(self, holds: bool) -> None:
        if not holds:
            raise Differs(None, _UNNAMED)


@contextmanager
def checking(url: str, upto: int) -> Iterator[Callable[[Run], _Read | _Links | None]]:
    """The part of one process in a reading up to a position: of a run, what it comes to, None if anything is wrong."""
    with Ledger.open(url) as ledger, ledger.reading(said("verifying it")) as plain:
        rows = TreeRows.of(plain)

        wrong: tuple[type[Exception], ...] = (Differs, LedgerError, *rows.failures, *UNHASHABLE)

        def checked(run: Run) -> _Read | _Links | None:
            try:
                return _links(rows, upto) if run is None else _checked(rows, *run)
            except wrong:
                return None

        yield checked


def _checked(rows: TreeRows, after: int, upto: int) -> _Read:
    versions = _Continued()
    entries = Entries(rows, versions)
    leaves: list[bytes] = []
    for first in range(after, upto, PAGE_ENTRIES):
        page = rows.raw(first, min(first + PAGE_ENTRIES, upto), PAGE_ENTRIES)
        if len(page) != min(PAGE_ENTRIES, upto - first) or not is_dense(page, first + 1):
            raise Differs(first + 1, _UNNAMED)
        leaves += leaf_hashes(page)
        versions.go_on(page)
        entries.take(page)
    first_recorded = rows.recorded_at(after + 1)
    assert first_recorded is not None, "it was read"
    return _Read(
        b"".join(leaves), versions.ranges(), first_recorded, entries.last, entries.foreign_ids, entries.declared,
        entries.keys, entries.owned,
    )  # fmt: skip


class _Continued(Versions):
    """Versions that go on wherever a run finds a stream."""

    def __init__(self) -> None:
        super().__init__()
        self._firsts: dict[str, int] = {}

    def go_on(self, page: Sequence[Row]) -> None:
        """Takes the streams that the rows are the first to mention, with the version they have there."""
        for _, stream, version, _, _ in page:
            if stream not in self:
                self[stream] = count(version)
                self._firsts[stream] = version

    def ranges(self) -> list[tuple[str, int, int]]:
        """Every stream with the first and the last of its versions. Nothing may be taken after."""
        return [(stream, first, next(self[stream]) - 1) for stream, first in self._firsts.items()]


def _links(rows: TreeRows, upto: int) -> _Links:
    """What leads to the entries up to a position; what others recorded since is left aside, and nothing else."""
    head = rows.head()
    since = rows.streams_begun_after(upto)
    keys = (it for it in rows.all_keys() if it[1] <= upto or it[1] > head) if head > upto else rows.all_keys()
    sum_of_keys = sum(map(hash, keys))
    return _Links(sum_of_keys, sum(hash(it) for it in rows.all_client_streams() if it[1] not in since))
