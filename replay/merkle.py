"""The Merkle tree of RFC 6962 over the entries of a ledger: what a leaf is, roots, proofs, and whether a proof holds.

Everything is worked out from a lookup of hashes of complete subtrees, so that a proof costs O(log n) wherever those are kept.
It keeps nothing, signs nothing and knows no file.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256

HASH_BYTES = 32
TILE_LEVELS = 8
TILE_WIDTH = 1 << TILE_LEVELS
"""How many hashes of a level are kept and shown together (C2SP tlog-tiles)."""
EMPTY_ROOT = sha256(b"").digest()
"""The root of a tree without leaves."""

HashAt = Callable[[int, int], bytes]
"""hash_at(level, index): the hash of the complete subtree over the 2**level leaves from leaf index * 2**level on."""

Path = Sequence[bytes]


def leaf(position: int, stream: str, version: int, state: bytes) -> bytes:
    """The bytes a leaf hashes: a heading, then position, stream and version, a line each, then the stored bytes untouched.

    ValueError for a stream with a line break in it, which could pass for another one."""
    if "\n" in stream:
        raise ValueError("a stream has no line break in its name")
    return b"bitacora-leaf/1\n%d\n%b\n%d\n%b" % (position, stream.encode(), version, state)


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf (RFC 6962, 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows, kept as the hashes of its complete subtrees that have no sibling yet: one a level at most."""

    def __init__(self) -> None:
        self.size = 0
        self._waiting: list[bytes | None] = []

    @classmethod
    def at(cls, size: int, hash_at: HashAt) -> "Frontier":
        """The frontier of the first `size` leaves of a tree whose subtrees are known."""
        made = cls()
        made.size = size
        made._waiting = [
            hash_at(level, (size >> level) - 1) if size >> level & 1 else None for level in range(size.bit_length())
        ]
        return made

    def extend(self, leaves: Sequence[bytes]) -> list[list[bytes]]:
        """Takes the hashes of the next leaves; returns the hashes of the subtrees completed by them, by level, leaves first."""
        self.size += len(leaves)
        grown: list[list[bytes]] = []
        hashes = list(leaves)
        while hashes:
            level = len(grown)
            grown.append(hashes)
            if level == len(self._waiting):
                self._waiting.append(None)
            held = self._waiting[level]
            pending = hashes if held is None else [held, *hashes]
            self._waiting[level] = pending[-1] if len(pending) % 2 else None
            hashes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pending[::2], pending[1::2], strict=False)]
        return grown

    def root(self) -> bytes:
        """The root over all leaves taken."""
        found: bytes | None = None
        for held in self._waiting:
            if held is not None:
                found = held if found is None else node_hash(held, found)
        return EMPTY_ROOT if found is None else found


def root(size: int, hash_at: HashAt) -> bytes:
    """The root of the first `size` leaves."""
    return _over(0, size, hash_at) if size else EMPTY_ROOT


def inclusion(index: int, size: int, hash_at: HashAt) -> list[bytes]:
    """The audit path of leaf `index` (from 0) in the tree of the first `size` leaves (RFC 6962, 2.1.1), leaf's sibling first.

    ValueError if there is no such leaf."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    first, end = 0, size
    path = []
    while end - first > 1:
        middle = first + _split(end - first)
        if index < middle:
            path.append(_over(middle, end, hash_at))
            end = middle
        else:
            path.append(_over(first, middle, hash_at))
            first = middle
    return path[::-1]


def consistency(old: int, new: int, hash_at: HashAt) -> list[bytes]:
    """The proof that the tree of `old` leaves is the beginning of the tree of `new` leaves (RFC 6962, 2.1.2).

    ValueError unless 0 < old ≤ new."""
    if not 0 < old <= new:
        raise ValueError(f"a tree of {old} is not proved to begin one of {new}")
    first, end = 0, new
    path = []
    whole = True
    while old != end:
        middle = first + _split(end - first)
        if old <= middle:
            path.append(_over(middle, end, hash_at))
            end = middle
        else:
            path.append(_over(first, middle, hash_at))
            first, whole = middle, False
    if not whole:
        path.append(_over(first, end, hash_at))
    return path[::-1]


def holds_inclusion(hashed: bytes, index: int, size: int, path: Path, claimed: bytes) -> bool:
    """Whether a path proves that the leaf with this hash stands at `index` in the tree of this size and root
    (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or not _are_hashes([hashed, *path]):
        return False
    place, last, found = index, size - 1, hashed
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == claimed


def holds_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Path) -> bool:
    """Whether a path proves that the tree of `old` leaves and `old_root` is the beginning of that of `new` leaves and
    `new_root` (RFC 9162, 2.1.4.2)."""
    if not 0 < old <= new or not _are_hashes(path):
        return False
    if old == new:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    older = newer = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node_hash(newer, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and older == old_root and newer == new_root


def _are_hashes(found: Path) -> bool:
    return all(len(it) == HASH_BYTES for it in found)


def _split(width: int) -> int:
    """The largest power of two below a width of two or more."""
    return 1 << (width - 1).bit_length() - 1


def _over(first: int, end: int, hash_at: HashAt) -> bytes:
    """The hash over the leaves first ≤ i < end, where `first` is the beginning of a subtree at least as wide."""
    parts = []
    while first < end:
        level = (end - first).bit_length() - 1
        parts.append(hash_at(level, first >> level))
        first += 1 << level
    found = parts.pop()
    while parts:
        found = node_hash(parts.pop(), found)
    return found
