"""Proofs as texts and bundles as files: the C2SP proof of an entry, of a longer tree, all that one ticket's dispute needs, and
the files of a whole ledger.

Values in, bytes out, and always the same bytes for the same values. It decides nothing about what goes into a bundle and
checks no proof; whoever receives one does that with a program of their own.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from domain.refusal import said
from replay.merkle import HASH_BYTES, TILE_WIDTH
from replay.notes import Malformed, decimal, decoded

FORM = "bitacora-bundle/1"
LEDGER_FORM = "bitacora-ledger/1"
PROOF_HEADING = "c2sp.org/tlog-proof@v1"
HEADS_HEADING = "bitacora-streams/1"
MANIFEST, MANIFEST_NOTE = "manifest.json", "manifest.note"
MANIFEST_HEADING = "bitacora-manifest/1"


class Inclusion(NamedTuple):
    """That the entry at `place` (its position less one) stands in the tree of a checkpoint, whose note follows the path."""

    place: int
    path: tuple[bytes, ...]
    checkpoint: bytes


class Consistency(NamedTuple):
    """That the tree of `old` entries begins the tree of a checkpoint, whose note follows the path."""

    old: int
    path: tuple[bytes, ...]
    checkpoint: bytes


class Disclosed(NamedTuple):
    """An entry shown: its position, stream and version, the bytes of its leaf and its path in the bundle's tree."""

    position: int
    stream: str
    version: int
    leaf: bytes
    path: tuple[bytes, ...]


class Bundle(NamedTuple):
    """All that is handed over about one ticket, at one checkpoint. `checkpoints` and `consistencies` are by size, `anchors` are
    time stamps with the size of the checkpoint each is of; `heads` is the signed note of how long each stream was."""

    ticket: str
    key: str
    size: int
    checkpoints: Mapping[int, bytes]
    consistencies: Mapping[tuple[int, int], tuple[bytes, ...]]
    entries: Sequence[Disclosed]
    heads: bytes
    anchors: Sequence[tuple[int, bytes]]
    statement: Mapping[str, Any]


def write_inclusion(proof: Inclusion) -> bytes:
    """The proof as C2SP's tlog-proof writes it."""
    return f"{PROOF_HEADING}\nindex {proof.place}\n{_hashes(proof.path)}\n".encode() + proof.checkpoint


def read_inclusion(raw: bytes) -> Inclusion:
    """The proof in such a text, an extra line passed over since nothing vouches for it. Malformed if it is none."""
    lines, checkpoint = _headed(raw)
    if lines[:1] != [PROOF_HEADING]:
        raise Malformed(said("it is not a proof of an entry"))
    rest = lines[2:] if len(lines) > 1 and lines[1].startswith("extra ") else lines[1:]
    index = _numbered(rest, "index")
    return Inclusion(index, _path(rest[1:]), checkpoint)


def write_consistency(proof: Consistency) -> bytes:
    """The proof as C2SP's tlog-witness has a log hand it over: the old size, the path, an empty line, the newer checkpoint."""
    return f"old {proof.old}\n{_hashes(proof.path)}\n".encode() + proof.checkpoint


def read_consistency(raw: bytes) -> Consistency:
    """The proof in such a text. Malformed if it is none."""
    lines, checkpoint = _headed(raw)
    return Consistency(_numbered(lines, "old"), _path(lines[1:]), checkpoint)


def heads_text(origin: str, size: int, heads: Mapping[str, int]) -> str:
    """What the desk signs about the streams it discloses: that among the first `size` entries these are all of each stream.

    A later proof of one more entry of such a stream within that size shows the statement to be false."""
    lines = [f"{stream} {version}\n" for stream, version in sorted(heads.items())]
    return f"{HEADS_HEADING}\n{origin}\n{size}\n{''.join(lines)}"


def manifest_text(origin: str, manifest: bytes) -> str:
    """What the desk signs about a bundle: the digest of its manifest, and with it of every file in it."""
    return f"{MANIFEST_HEADING}\n{origin}\n{sha256(manifest).hexdigest()}\n"


def leaves_file(tile: int, leaves: Sequence[bytes]) -> tuple[str, bytes]:
    """The file of the leaves of a tile in the bundle of a ledger: each its length in bytes, a line feed, and itself."""
    return f"entries/{tile}.leaves", b"".join(b"%d\n%b" % (len(it), it) for it in leaves)


def tile_file(level: int, tile: int, hashes: Sequence[bytes]) -> tuple[str, bytes]:
    """The file of a tile, as C2SP's tlog-tiles names it: `tile/0/x001/234`, and one that is not full `tile/0/005.p/12`."""
    place, rest = f"{tile % 1000:03d}", tile // 1000
    while rest:
        place, rest = f"x{rest % 1000:03d}/{place}", rest // 1000
    partial = f".p/{len(hashes)}" if len(hashes) < TILE_WIDTH else ""
    return f"tile/{level}/{place}{partial}", b"".join(hashes)


def ledger_manifest(size: int, digests: Mapping[str, str]) -> bytes:
    """The manifest of the bundle of a ledger of `size` entries, with the digest (SHA-256, hexadecimal) of every file."""
    return _json({"form": LEDGER_FORM, "size": size, "files": digests})


def anchor_file(size: int, token: bytes) -> str:
    """What the file of a time stamp over the checkpoint of `size` entries is called."""
    return f"anchors/{size}-{sha256(token).hexdigest()[:16]}.tsr"


def files(bundle: Bundle) -> dict[str, bytes]:
    """The files of a bundle by name, the manifest with their digests first. Same bundle, same bytes."""
    found = {"key.vkey": (bundle.key + "\n").encode(), "streams.note": bundle.heads}
    for size, note in sorted(bundle.checkpoints.items()):
        found[f"checkpoints/{size}.note"] = note
    for (old, new), path in sorted(bundle.consistencies.items()):
        text = write_consistency(Consistency(old, path, bundle.checkpoints[new]))
        found[f"consistency/{old}-{new}.txt"] = text
    signed = bundle.checkpoints[bundle.size]
    for it in sorted(bundle.entries):
        found[f"entries/{it.position}.leaf"] = it.leaf
        found[f"entries/{it.position}.tlog-proof"] = write_inclusion(Inclusion(it.position - 1, it.path, signed))
    for size, token in sorted(bundle.anchors):
        found[anchor_file(size, token)] = token
    found["statement.json"] = _json(bundle.statement)
    return {MANIFEST: _json(_manifest(bundle, found)), **found}


def _manifest(bundle: Bundle, found: Mapping[str, bytes]) -> dict[str, Any]:
    streams: dict[str, list[int]] = {}
    for it in sorted(bundle.entries, key=lambda it: (it.stream, it.version)):
        streams.setdefault(it.stream, []).append(it.position)
    return {
        "form": FORM,
        "ticket": bundle.ticket,
        "size": bundle.size,
        "streams": streams,
        "files": {name: sha256(content).hexdigest() for name, content in found.items()},
    }


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _hashes(path: Sequence[bytes]) -> str:
    return "".join(f"{b64encode(it).decode()}\n" for it in path)


def _headed(raw: bytes) -> tuple[list[str], bytes]:
    """The lines before the first empty one, and the bytes after it."""
    above, blank, below = raw.partition(b"\n\n")
    if not blank:
        raise Malformed(said("a proof is lines, an empty line and a checkpoint"))
    try:
        return above.decode("ascii").split("\n"), below
    except UnicodeDecodeError:
        raise Malformed(said("the lines of a proof are ASCII")) from None


def _numbered(lines: Sequence[str], word: str) -> int:
    name, space, number = lines[0].partition(" ") if lines else ("", "", "")
    if name != word or not space:
        raise Malformed(said("a line with the {word} is missing"), word=word)
    return decimal(number)


def _path(lines: Sequence[str]) -> tuple[bytes, ...]:
    found = tuple(decoded(it) for it in lines)
    if any(len(it) != HASH_BYTES for it in found):
        raise Malformed(said("a hash has 32 bytes"))
    return found
