"""Proofs of single entries under the tree of now, signed or not: what whoever records gets at once, and may hold against any
later checkpoint.

The stored tree is grown to where it is needed, by one thread at a time for all who wait. Bundles and tickets are in `proving`.
"""

from base64 import b64encode
from collections.abc import Sequence
from threading import Lock

from msgspec import Struct

from adapters.ledger import Ledger
from adapters.mapper import LedgerError, NotPossible
from adapters.proofs.growing import grown, hashes_from
from adapters.proofs.tree import TreeRows
from domain.refusal import said
from replay import merkle
from replay.merkle import HashAt

_growing = Lock()


class ProvedEntry(Struct, frozen=True):
    """The proof (RFC 6962) that an entry stands in the tree over the first `size` entries: `leaf_hash` at `index`, `path` to
    `root`. Hashes, and `leaf`, the bytes that are hashed, are in base64; `checkpoint` is the signed note of exactly this tree,
    None if it was not signed."""

    position: int
    index: int
    size: int
    leaf: str
    leaf_hash: str
    path: list[str]
    root: str
    checkpoint: str | None


class ProvedGrowth(Struct, frozen=True):
    """The proof (RFC 6962) that the tree over the first `second` entries continues that over the first `first`."""

    first: int
    second: int
    first_root: str
    second_root: str
    path: list[str]


def proved_now(ledger: Ledger, positions: Sequence[int]) -> list[ProvedEntry]:
    """The proofs of entries that were recorded, under a tree over all of them. LedgerError if a proof would not hold."""
    if not positions:
        return []
    last = max(positions)
    if _covered(ledger) < last:
        with _growing:
            # Whoever held it before may have done it for everybody.
            if _covered(ledger) < last:
                grown(ledger, last)
    with ledger.reading(said("proving entries")) as plain:
        rows = TreeRows.of(plain)
        return _proofs(rows, positions, rows.covered())


def proved(ledger: Ledger, position: int, size: int | None) -> ProvedEntry:
    """The proof of an entry under the tree over the first `size` entries, or that of the last checkpoint.

    NotPossible if the tree does not cover it, or nothing was signed yet; LedgerError if it would not hold."""
    with ledger.reading(said("proving entries")) as plain:
        rows = TreeRows.of(plain)
        size = _size(rows, size)
        if position > size:
            raise NotPossible(said("entry {position} is not among the first {size}: make a checkpoint first"),
                              position=position, size=size)  # fmt: skip
        return _proofs(rows, [position], size)[0]


def proved_growth(ledger: Ledger, first: int, second: int | None) -> ProvedGrowth:
    """The proof that a tree continues a smaller one; `second` None: that of the last checkpoint. NotPossible as `proved`."""
    with ledger.reading(said("proving entries")) as plain:
        rows = TreeRows.of(plain)
        second, hash_at = _size(rows, second), hashes_from(rows)
        if first > second:
            raise NotPossible(
                said("a tree over {first} entries is not continued by one over {second}"), first=first, second=second
            )
        roots = [_text(merkle.root(it, hash_at)) for it in (first, second)]
        return ProvedGrowth(first, second, roots[0], roots[1], [_text(it) for it in merkle.consistency(first, second, hash_at)])


def _covered(ledger: Ledger) -> int:
    with ledger.reading(said("proving entries")) as plain:
        return TreeRows.of(plain).covered()


def _size(rows: TreeRows, size: int | None) -> int:
    if size is None:
        last = rows.last_checkpoint()
        if last is None:
            raise NotPossible(said("nothing has been signed yet: make a checkpoint first"))
        return last.size
    if size > rows.covered():
        raise NotPossible(said("the stored tree does not cover {size} entries: make a checkpoint first"), size=size)
    return size


def _proofs(rows: TreeRows, positions: Sequence[int], size: int) -> list[ProvedEntry]:
    hash_at = hashes_from(rows)
    root = merkle.root(size, hash_at)
    signed = rows.checkpoint_of(size)
    note = None if signed is None else signed.note.decode()
    return [_proof(rows, it, size, root, hash_at, note) for it in positions]


def _proof(rows: TreeRows, position: int, size: int, root: bytes, hash_at: HashAt, note: str | None) -> ProvedEntry:
    row = next(iter(rows.raw(position - 1, position, 1)), None)
    if row is None:
        raise LedgerError(said("there is no entry at position {position}: the ledger is damaged"), position=position)
    leaf = merkle.leaf(row[0], row[1], row[2], row[4])
    hashed, path = merkle.leaf_hash(leaf), merkle.inclusion(position - 1, size, hash_at)
    if not merkle.holds_inclusion(hashed, position - 1, size, path, root):
        raise LedgerError(said("entry {position} is not the one in the stored tree: see what verify finds"), position=position)
    return ProvedEntry(position, position - 1, size, _text(leaf), _text(hashed), [_text(it) for it in path], _text(root), note)


def _text(content: bytes) -> str:
    return b64encode(content).decode()
