"""The bundle of a whole ledger: every entry up to the last checkpoint, the tree over them, and what was signed.

Written as it is read, so that it takes no more memory for more entries, and checked against the signed root before it is whole.
What a bundle for one ticket holds is in `proving`.
"""

import zipfile
from collections.abc import Iterator
from hashlib import sha256
from typing import BinaryIO

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.proofs.proving import FIRST_DAY, SignedTree, refuse_other_key, signed_tree
from adapters.proofs.signing import Signer, is_right
from adapters.proofs.tree import TreeRows
from domain.refusal import said
from replay import merkle
from replay.merkle import TILE_LEVELS, TILE_WIDTH
from replay.notes import is_signed, read_checkpoint, read_note
from replay.proofs import (
    MANIFEST,
    MANIFEST_NOTE,
    anchor_file,
    leaves_file,
    ledger_manifest,
    manifest_text,
    tile_file,
)

_CHANGED = said(
    "entry {position} is not the one that was signed: it, or the stored tree, was changed since; see what verify finds"
)


def whole_bundle(ledger: Ledger, signer: Signer, file: BinaryIO) -> int:
    """Writes the bundle of all entries up to the last checkpoint into a file, as a zip, and returns how many they are. Same
    ledger and key, same bytes. Checkpoints of other keys are left out.

    LedgerError if there is no checkpoint, the last is not of this key, or the entries are not those that were signed: what was
    written is no bundle then."""
    with ledger.reading(said("proving entries")) as plain, zipfile.ZipFile(file, "w") as archive:
        rows = TreeRows.of(plain)
        tree = signed_tree(rows)
        size = tree.checkpoint.size
        refuse_other_key(signer, size, tree.note)
        digests: dict[str, str] = {}
        for name, content in _contents(rows, signer, tree):
            digests[name] = sha256(content).hexdigest()
            archive.writestr(zipfile.ZipInfo(name, FIRST_DAY), content)
        manifest = ledger_manifest(size, digests)
        archive.writestr(zipfile.ZipInfo(MANIFEST, FIRST_DAY), manifest)
        archive.writestr(zipfile.ZipInfo(MANIFEST_NOTE, FIRST_DAY), signer.sign(manifest_text(signer.key.name, manifest)))
    return size


def _contents(rows: TreeRows, signer: Signer, tree: SignedTree) -> Iterator[tuple[str, bytes]]:
    yield "key.vkey", (signer.key.text() + "\n").encode()
    notes = {size: note for size, note, _ in rows.checkpoints() if is_signed(read_note(note), signer.key, is_right)}
    for size, note in notes.items():
        if merkle.root(size, tree.hash_at) != read_checkpoint(read_note(note).text).root:
            raise LedgerError(
                said("the stored tree is not that of the signed checkpoint of {size} entries: see what verify finds"), size=size
            )
        yield f"checkpoints/{size}.note", note
    for size, token in rows.anchors():
        if size in notes:
            yield anchor_file(size, token), token
    yield from _entries(rows, tree)


def _entries(rows: TreeRows, tree: SignedTree) -> Iterator[tuple[str, bytes]]:
    """The leaves and the tiles of the tree over them, made of these leaves and held against what was signed."""
    size = tree.checkpoint.size
    frontier = merkle.Frontier()
    upper: dict[int, list[bytes]] = {}
    for tile in range(-(-size // TILE_WIDTH)):
        found = rows.raw(frontier.size, min(size, frontier.size + TILE_WIDTH), TILE_WIDTH)
        leaves = [merkle.leaf(position, stream, version, state) for position, stream, version, _, state in found]
        hashes = [merkle.leaf_hash(it) for it in leaves]
        _refuse_changed(frontier.size, hashes, rows.tile(0, tile))
        for level, completed in list(enumerate(frontier.extend(hashes)))[TILE_LEVELS::TILE_LEVELS]:
            upper.setdefault(level // TILE_LEVELS, []).extend(completed)
        yield leaves_file(tile, leaves)
        yield tile_file(0, tile, hashes)
    if frontier.root() != tree.checkpoint.root:
        raise LedgerError(_CHANGED, position=min(frontier.size + 1, size))
    for level, hashes in upper.items():
        for first in range(0, len(hashes), TILE_WIDTH):
            yield tile_file(level, first // TILE_WIDTH, hashes[first : first + TILE_WIDTH])


def _refuse_changed(before: int, hashes: list[bytes], stored: bytes) -> None:
    """LedgerError naming the first entry after the `before` first ones that is not the one the stored tree was made of."""
    for number, hashed in enumerate(hashes):
        if stored[number * merkle.HASH_BYTES : (number + 1) * merkle.HASH_BYTES] != hashed:
            raise LedgerError(_CHANGED, position=before + number + 1)
