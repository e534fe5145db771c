"""The Merkle tree of a ledger grown from its entries, and read as it is stored.

Tiles are written by whoever needs the tree, never while recording. It signs nothing: see `proving`.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.proofs.tree import StoredCheckpoint, TreeRows
from adapters.stores.rows import Row
from domain.refusal import said
from replay.merkle import HASH_BYTES, TILE_LEVELS, TILE_WIDTH, Frontier, HashAt, leaf, leaf_hash, node_hash, root
from replay.notes import Malformed, read_checkpoint, read_note

BATCH_ENTRIES = 16 * TILE_WIDTH


def hashes_from(rows: TreeRows) -> HashAt:
    """The hashes of complete subtrees from the stored tiles; each tile is read and hashed together once.

    LedgerError if a tile is missing or narrower than it should be."""

    @lru_cache(maxsize=1024)
    def pyramid(level: int, tile: int) -> list[list[bytes]]:
        raw = rows.tile(level, tile)
        layers = [[raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]]
        while len(below := layers[-1]) > 1:
            layers.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])
        return layers

    def hash_at(level: int, index: int) -> bytes:
        stored, above = divmod(level, TILE_LEVELS)
        first = index << above
        layers = pyramid(stored, first // TILE_WIDTH)
        place = (first % TILE_WIDTH) >> above
        if above >= len(layers) or place >= len(layers[above]):
            raise LedgerError(
                said("tile {tile} of level {level} of the stored tree is missing or cut short"),
                level=stored, tile=first // TILE_WIDTH,
            )  # fmt: skip
        return layers[above][place]

    return hash_at


def grown(ledger: Ledger, upto: int | None = None) -> int:
    """Extends the tiles to the head of the ledger (or to a position, if that is farther than they reach), a batch a
    transaction, and returns how many entries they cover. LedgerError if the ledger has fewer entries than the tiles."""
    head = ledger.head() if upto is None else upto
    while True:
        with ledger.writing_beside() as plain:
            rows = TreeRows.of(plain)
            covered = grow_once(rows, head)
        if covered >= head:
            return covered


def grow_once(rows: TreeRows, upto: int) -> int:
    """One batch of entries more, inside a writing transaction; returns how many the tiles cover now."""
    rows.prepare()
    covered = rows.covered()
    if covered > rows.head():
        raise LedgerError(
            said("the tree covers {covered} entries and the ledger has {head}: entries were lost from its end"),
            covered=covered, head=rows.head(),
        )  # fmt: skip
    entries = rows.raw(covered, upto, BATCH_ENTRIES)
    if not entries:
        return covered
    _refuse_gaps(entries, covered)
    frontier = Frontier.at(covered, hashes_from(rows))
    completed = frontier.extend([leaf_hash(leaf(position, stream, version, state))
                                 for position, stream, version, _, state in entries])  # fmt: skip
    for level, hashes in enumerate(completed[::TILE_LEVELS]):
        _append(rows, level, covered >> level * TILE_LEVELS, hashes)
    return frontier.size


def rebuilt(ledger: Ledger) -> tuple[int, int]:
    """Makes the tiles anew from the entries: how many entries they cover, and how many checkpoints have the root they give.

    LedgerError, and nothing is changed, if any has another: then it is not the tree that was damaged."""
    with ledger.writing_beside() as plain:
        rows = TreeRows.of(plain)
        rows.clear()
        head = rows.head()
        while grow_once(rows, head) < head:
            pass
        hash_at, checkpoints = hashes_from(rows), rows.checkpoints()
        for it in checkpoints:
            if not _has_root(it, head, hash_at):
                raise LedgerError(
                    said("the entries do not give the root that was signed over {size}: they, or the checkpoint, were changed,"
                         " and not the tree alone. The tree is left as it was"),
                    size=it.size,
                )  # fmt: skip
        return head, len(checkpoints)


def _has_root(kept: StoredCheckpoint, head: int, hash_at: HashAt) -> bool:
    try:
        signed = read_checkpoint(read_note(kept.note).text)
    except Malformed:
        return False
    return signed.size <= head and root(signed.size, hash_at) == signed.root


def _refuse_gaps(entries: Sequence[Row], covered: int) -> None:
    for expected, row in enumerate(entries, covered + 1):
        if row[0] != expected:
            raise LedgerError(said("there is no entry at position {position}: the ledger is damaged"), position=expected)


def _append(rows: TreeRows, level: int, count: int, hashes: Sequence[bytes]) -> None:
    """Hashes after the `count` there are on a level of tiles."""
    for tile, part in tiles_of(count, hashes):
        held = rows.tile(level, tile) if count // TILE_WIDTH == tile and count % TILE_WIDTH else b""
        rows.grow(level, tile, held + b"".join(part))


def tiles_of(count: int, hashes: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Hashes that follow the `count` before them on a level, divided at the borders of tiles: (tile, hashes)."""
    done = 0
    while done < len(hashes):
        tile, width = divmod(count + done, TILE_WIDTH)
        part = hashes[done : done + TILE_WIDTH - width]
        yield tile, part
        done += len(part)
