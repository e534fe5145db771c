"""One reading of a ledger, every stored byte of it: is it what it was when it was signed, and whole?

Finds the first thing that is wrong and names its position; what comes after that is not worth reporting. It opens nothing and
shares no work out: see `verifying`.
"""

from collections.abc import Collection, Iterator, Sequence
from hashlib import sha256
from itertools import zip_longest

from msgspec import Struct

from adapters.proofs.growing import tiles_of
from adapters.proofs.signing import is_right
from adapters.proofs.soundness import Difference, Differs, Entries, Versions
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.refusal import said
from replay.merkle import EMPTY_ROOT, HASH_BYTES, TILE_LEVELS, TILE_WIDTH, Frontier
from replay.notes import Checkpoint, Key, Malformed, is_signed, read_checkpoint, read_note

PAGE_ENTRIES = 256
"""Rows read at once stay in the processor's cache until they are checked."""
UNHASHABLE = (TypeError, AttributeError, UnicodeEncodeError)
"""What `leaf_hashes` raises for a row with a column of another type."""
_COLUMNS = [int, str, int, str, bytes]


class Verified(Struct, frozen=True):
    """What was verified: how many entries and streams, the size and number of the checkpoints whose root they have, how many
    entries the largest of them covers, and the first difference, None if there is none."""

    entries: int
    streams: int
    checkpoints: int
    signed: int
    difference: Difference | None


_OF_ANOTHER_TREE = said("entry {position} is not the one that the tree was made of: it, or the stored tree, was changed")
_NOT_ONE_TREE = said("the stored tree does not agree with itself over the entries {position} to {end}: it was changed")
_NOT_A_TILE = said("tile {tile} of level {level} of the stored tree is missing, or not as wide as it should be")
_CUT_SHORT = said("the stored tree covers {covered} entries, and {size} were signed: it was cut short")
OF_THE_TREE = frozenset({_OF_ANOTHER_TREE, _NOT_ONE_TREE, _NOT_A_TILE, _CUT_SHORT})
"""Differences that are gone with a tree made anew, if it was the tree that was changed."""


def _tiles_over(covered: int) -> Iterator[tuple[int, int, int, int]]:
    """The tiles over so many entries, as `TreeRows.tile_widths` has them."""
    level = 0
    while (hashes := covered >> level * TILE_LEVELS) > 0:
        for tile in range(-(-hashes // TILE_WIDTH)):
            width = min(TILE_WIDTH, hashes - tile * TILE_WIDTH)
            yield level, tile, width, width * HASH_BYTES
        level += 1


def is_dense(page: Sequence[Row], first: int) -> bool:
    """Whether these rows stand at the positions from `first` on, without a gap."""
    return [row[0] for row in page] == list(range(first, first + len(page)))


def leaf_hashes(page: Sequence[Row]) -> list[bytes]:
    """The hashes of the rows' leaves; the same bytes as `merkle.leaf`, put together where they are hashed."""
    return [
        sha256(b"\x00bitacora-leaf/1\n%d\n%b\n%d\n%b" % (position, stream.encode(), version, state)).digest()
        for position, stream, version, _, state in page
    ]


class Verification:
    """One reading of a ledger, from the first entry to the last."""

    def __init__(self, key: Key | None) -> None:
        self.key = key
        self.frontier = Frontier()
        self.streams: Collection[str] = ()
        self.signed = self.agreed = 0

    def result(self, difference: Difference | None) -> Verified:
        """What was verified until a difference, or until the end."""
        return Verified(self.frontier.size, len(self.streams), self.agreed, self.signed, difference)

    def run(self, rows: TreeRows, held: Sequence[bytes]) -> None:
        """Everything, in the order in which a difference is worth naming. Differs at the first."""
        self.rows = rows
        self._covered = rows.covered()
        self._checkpoints, unreadable = self._all_checkpoints(held)
        if 0 in self._checkpoints and self._checkpoints[0].root != EMPTY_ROOT:
            raise Differs(0, said("the checkpoint of no entries has a root"))
        self.read()
        signed = max(self._checkpoints, default=0)
        if signed > self.frontier.size:
            raise Differs(
                self.frontier.size + 1,
                said("entry {position} is missing: {size} entries were signed, and there are {found}"),
                size=signed, found=self.frontier.size,
            )  # fmt: skip
        if unreadable is not None:
            raise unreadable
        self._tiles_end()
        self.finish()

    def read(self) -> None:
        """Every entry, against those before it and against the tree."""
        self.streams = versions = Versions()
        self._entries = Entries(self.rows, versions)
        while page := self._page():
            self._take(page)

    def finish(self) -> None:
        """What can only be known when every entry was read."""
        self._entries.finish(self.frontier.size)

    def grow(self, hashed: Sequence[bytes]) -> None:
        """Takes the hashes of the next leaves into the tree, and holds its root against every checkpoint on the way."""
        first, done = self.frontier.size, 0
        for size in sorted(it for it in self._checkpoints if first < it <= first + len(hashed)):
            self._grow(hashed[done : size - first])
            done = size - first
            self._agree(size, self._checkpoints[size])
        self._grow(hashed[done:])

    def _take(self, page: Sequence[Row]) -> None:
        """A page of rows: first against the tree, which says what was there; then for what they say themselves."""
        first = self.frontier.size
        hashed = self._hashes(page)
        wrong = self.against_tiles(first, hashed)
        # What is wrong with a row itself says more than that its hash differs, unless an earlier row's does.
        self._entries.take(page if wrong is None else page[: wrong.difference.position - first])  # type: ignore[operator]
        if wrong is not None:
            raise wrong
        self.grow(hashed)

    def _page(self) -> list[Row]:
        """The next rows. If the database cannot give them, Differs at the first that it cannot."""
        after = self.frontier.size
        try:
            return self.rows.raw(after, 2**62, PAGE_ENTRIES)
        except self.rows.failures:
            for position in range(after + 1, after + PAGE_ENTRIES + 1):
                try:
                    self._entries.take(self.rows.raw(position - 1, position, 1))
                except self.rows.failures as problem:
                    raise Differs(position, said("entry {position} cannot be read: {problem}"), problem=problem) from None
            raise

    def _hashes(self, page: Sequence[Row]) -> list[bytes]:
        first = self.frontier.size + 1
        if not is_dense(page, first):
            self._find_gap(page, first)
        try:
            return leaf_hashes(page)
        except UNHASHABLE:
            wrong = next(row for row in page if [type(it) for it in row] != _COLUMNS or not row[1].isprintable())
            self._entries.take(page[: wrong[0] - first])
            raise Differs(wrong[0], said("entry {position} is not stored as entries are: a column has another type")) from None

    def _find_gap(self, page: Sequence[Row], first: int) -> None:
        """Names the first position that is missing, unless something is wrong before it."""
        expected, found = next((n, row[0]) for n, row in enumerate(page, first) if n != row[0])
        self._hashes(page[: expected - first])
        self._entries.take(page[: expected - first])
        raise Differs(expected, said("entry {position} is missing; the next one is {found}"), found=found)

    # The stored tree ------------------------------------------------------------------------------------------------

    def against_tiles(self, first: int, hashed: Sequence[bytes]) -> Differs | None:
        """The first of these leaves that is not the one the stored tree was made of, None if there is none.

        Tiles are no evidence, checkpoints are; but only tiles can tell which of many entries was changed."""
        for tile, part in tiles_of(first, hashed):
            stored = self._stored_tile(0, tile)
            begin = max(first, tile * TILE_WIDTH)
            offset = begin % TILE_WIDTH * HASH_BYTES
            known = stored[offset : offset + len(part) * HASH_BYTES]
            if not b"".join(part).startswith(known):
                number = next(n for n, it in enumerate(part) if it != known[n * HASH_BYTES : (n + 1) * HASH_BYTES])
                return Differs(
                    begin + number + 1,
                    _OF_ANOTHER_TREE,
                )
        return None

    def _stored_tile(self, level: int, tile: int) -> bytes:
        return self.rows.tile(level, tile) if self._covered > tile * TILE_WIDTH << level * TILE_LEVELS else b""

    def _grow(self, hashed: Sequence[bytes]) -> None:
        """Takes leaves into the tree; the upper tiles they complete are compared with those stored."""
        before = self.frontier.size
        grown = self.frontier.extend(hashed)
        for level in range(1, (len(grown) - 1) // TILE_LEVELS + 1):
            count = before >> level * TILE_LEVELS
            for tile, part in tiles_of(count, grown[level * TILE_LEVELS]):
                self._same_tile(level, tile, max(count, tile * TILE_WIDTH) % TILE_WIDTH, part)

    def _same_tile(self, level: int, tile: int, place: int, part: Sequence[bytes]) -> None:
        stored = self._stored_tile(level, tile)[place * HASH_BYTES :]
        for number, hashed in enumerate(part):
            known = stored[number * HASH_BYTES : (number + 1) * HASH_BYTES]
            index = tile * TILE_WIDTH + place + number
            end = (index + 1) << level * TILE_LEVELS
            if end <= self._covered and hashed != known:
                raise Differs(
                    (index << level * TILE_LEVELS) + 1,
                    _NOT_ONE_TREE,
                    end=end,
                )  # fmt: skip

    def _tiles_end(self) -> None:
        """The stored tree covers no entries that are not there, and has no tile it should not have."""
        size, covered = self.frontier.size, self._covered
        if covered > size:
            raise Differs(size + 1, said("entry {position} is missing: the tree was made of {size}, and there are {found}"),
                           size=covered, found=size)  # fmt: skip
        last = self.rows.last_checkpoint()
        if last is not None and last.size > covered:
            raise Differs(covered + 1, _CUT_SHORT, covered=covered, size=last.size)
        for expected, found in zip_longest(_tiles_over(covered), self.rows.tile_widths()):
            if expected != found:
                level, tile = min(it[:2] for it in (expected, found) if it is not None)
                raise Differs((tile * TILE_WIDTH << level * TILE_LEVELS) + 1, _NOT_A_TILE, tile=tile, level=level)

    # Checkpoints ----------------------------------------------------------------------------------------------------

    def _all_checkpoints(self, held: Sequence[bytes]) -> tuple[dict[int, Checkpoint], Differs | None]:
        """All that was signed, by size; and what is wrong with the first that cannot be believed, which is said last: a
        changed entry says more than a changed checkpoint."""
        found: dict[int, Checkpoint] = {}
        wrong: Differs | None = None
        stored = [(it.size, it.note) for it in self.rows.checkpoints()]
        for size, note in [*stored, *((None, it) for it in held)]:
            try:
                one = self._checkpoint(size, note)
                if one.size in found and found[one.size].root != one.root:
                    raise Differs(None, said("two checkpoints of {size} entries have different roots"), size=one.size)
                found[one.size] = one
            except Differs as differs:
                wrong = wrong or differs
        for size, _ in self.rows.anchors():
            if size not in dict(stored):
                wrong = wrong or Differs(
                    None, said("a time stamp is kept for a checkpoint of {size} entries that is not there"), size=size
                )
        return found, wrong

    def _checkpoint(self, size: int | None, note: bytes) -> Checkpoint:
        try:
            read = read_note(note)
            found = read_checkpoint(read.text)
        except (Malformed, TypeError, AttributeError) as wrong:
            problem = wrong if isinstance(wrong, Malformed) else Malformed(said("it is not bytes"))
            raise Differs(
                None, said("the checkpoint of {size} entries cannot be read: {problem}"), size=size, problem=problem
            ) from None
        if size is not None and found.size != size:
            raise Differs(
                None, said("the checkpoint kept as that of {size} entries is of {found}"), size=size, found=found.size
            )
        if self.key is not None and (found.origin != self.key.name or not is_signed(read, self.key, is_right)):
            raise Differs(None, said("the checkpoint of {size} entries is not signed by the key {key}"),
                           size=found.size, key=f"{self.key.name}+{self.key.id.hex()}")  # fmt: skip
        return found

    def _agree(self, size: int, signed: Checkpoint) -> None:
        if self.frontier.root() != signed.root:
            raise Differs(
                self.signed + 1,
                said("the entries {position} to {size} are not those that were signed: one or the checkpoint was changed"),
                size=size,
            )  # fmt: skip
        self.signed, self.agreed = size, self.agreed + 1
