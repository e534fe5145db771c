"""Checkpoints, proofs and bundles out of a ledger: what the desk signs, and what it hands to whoever doubts it.

Never signs a tree that does not continue the last one signed, whatever the ledger's file says by then. Proofs are read from the
stored tiles and checked against the signed root before they are handed out. It judges no history: see `verifying`.
"""

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from adapters.ledger import Ledger
from adapters.mapper import LedgerError, NotPossible
from adapters.personal.unsealing import AS_STORED
from adapters.proofs.disclosed import DisclosedLedger
from adapters.proofs.growing import grown, hashes_from
from adapters.proofs.signing import Signer, is_right
from adapters.proofs.tree import StoredCheckpoint, TreeRows
from adapters.reports.readable import Readable
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.stores.rows import Row
from domain.exchange import time_text
from domain.refusal import said
from projections.accounts import account
from projections.contracts import Question
from replay import merkle
from replay.merkle import HashAt
from replay.notes import Checkpoint, Malformed, is_signed, read_checkpoint, read_note
from replay.proofs import (
    MANIFEST,
    MANIFEST_NOTE,
    Bundle,
    Disclosed,
    Inclusion,
    files,
    heads_text,
    manifest_text,
    write_inclusion,
)

FIRST_DAY = (1980, 1, 1, 0, 0, 0)
"""A zip has a date for every file; this one is the same whenever a bundle is made."""


class Proved(NamedTuple):
    """One entry and the text that proves it: its position, stream, version, the leaf that is proved, and its C2SP proof."""

    position: int
    stream: str
    version: int
    leaf: bytes
    proof: bytes


class SignedTree(NamedTuple):
    """The last checkpoint of a ledger and the hashes of its tree."""

    checkpoint: Checkpoint
    note: bytes
    hash_at: HashAt


def checkpoint(ledger: Ledger, signer: Signer, now: datetime) -> bytes:
    """The signed checkpoint over all entries, kept in the ledger and remembered beside the key before it is returned; `now`
    (aware) is noted with it. If nothing was recorded since the last one, that one.

    LedgerError, and nothing signed, if the tree does not continue a checkpoint signed before, or is smaller."""
    grown(ledger)
    with ledger.writing_beside() as plain:
        rows = TreeRows.of(plain)
        size, hash_at = rows.covered(), hashes_from(rows)
        root = merkle.root(size, hash_at)
        last = rows.last_checkpoint()
        for note in (last.note if last else None, signer.last()):
            if note is not None:
                _refuse_inconsistent(_read(note), size, hash_at, signer)
        if last is not None and last.size == size:
            return _again(last, signer)
        note = signer.sign(Checkpoint(signer.key.name, size, root).text())
        signer.remember(note)
        rows.keep_checkpoint(StoredCheckpoint(size, note, time_text(now)))
    return note


def prove(ledger: Ledger, ticket: str) -> list[Proved]:
    """The proofs of a ticket's entries under the last checkpoint, by version; later entries are left out.

    NotFound if there is no such ticket, LedgerError if there is no checkpoint or a proof would not hold."""
    with ledger.reading(said("proving entries")) as plain:
        rows = TreeRows.of(plain)
        tree = signed_tree(rows)
        found = disclosed(rows, tree, [f"ticket:{ticket}"])
        if not found and not rows.version(f"ticket:{ticket}"):
            raise NotFound("ticket", ticket)
    return [
        Proved(*it[:4], write_inclusion(Inclusion(it.position - 1, it.path, tree.note))) for it in found
    ]  # fmt: skip


def bundle(
    ledger: Ledger, signer: Signer, ticket: str, at: datetime, readings: Mapping[str, str] | None = None,
    held: Iterable[int] = (),
) -> bytes:  # fmt: skip
    """The bundle for one ticket as a zip, as of the last checkpoint: its stream and those its figures hang on, with proofs,
    and `explain` judged at `at` (aware) with what was known at the checkpoint, under `readings`. `held` are sizes of earlier
    checkpoints that the client holds. Same arguments and ledger, same bytes.

    NotFound if there is no such ticket, LedgerError if there is no checkpoint, none of a size held, or a proof fails."""
    with ledger.reading(said("reading the checkpoints")) as plain:
        size = signed_tree(TreeRows.of(plain)).checkpoint.size
    question = {"at": time_text(at), "known_at": size, "readings": dict(readings or {})}
    statement = {"question": question, "explain": _explained(ledger, question, ticket)}
    streams = [f"ticket:{ticket}", *streams_behind(ledger, ticket, _asked(question))]
    with ledger.reading(said("proving entries")) as plain:
        rows = TreeRows.of(plain)
        tree = signed_tree(rows, size)
        entries = disclosed(rows, tree, streams)
        heads: dict[str, int] = {}
        for it in entries:
            heads[it.stream] = max(it.version, heads.get(it.stream, 0))
        anchors = [it for it in rows.anchors() if it[0] <= size]
        notes = _notes(rows, {size, *held, *(it[0] for it in anchors)})
        for signed_size, note in notes.items():
            refuse_other_key(signer, signed_size, note)
        made = Bundle(
            ticket=ticket, key=signer.key.text(), size=size, checkpoints=notes,
            consistencies=_consistencies(sorted(notes), tree.hash_at), entries=entries,
            heads=signer.sign(heads_text(signer.key.name, size, heads)), anchors=anchors, statement=statement,
        )  # fmt: skip
    contents = files(made)
    return _zipped({**contents, MANIFEST_NOTE: signer.sign(manifest_text(signer.key.name, contents[MANIFEST]))})


def refuse_other_key(signer: Signer, size: int, note: bytes) -> None:
    """LedgerError if the checkpoint of `size` entries in this note is not signed with the signer's key."""
    if not is_signed(read_note(note), signer.key, is_right):
        raise NotPossible(
            said("the checkpoint of {size} entries was signed with another key: make one with this key first"), size=size
        )


def signed_tree(rows: TreeRows, size: int | None = None) -> SignedTree:
    """The last checkpoint, or the one of a size, with the tree it is over. LedgerError if there is none, or the stored tree
    is not the one that was signed."""
    stored = rows.last_checkpoint() if size is None else next((it for it in rows.checkpoints() if it.size == size), None)
    if stored is None:
        raise NotPossible(said("nothing has been signed yet: make a checkpoint first"))
    found, hash_at = _read(stored.note), hashes_from(rows)
    if found.size > rows.covered() or merkle.root(found.size, hash_at) != found.root:
        raise LedgerError(
            said("the stored tree is not that of the signed checkpoint of {size} entries: see what verify finds"),
            size=found.size,
        )  # fmt: skip
    return SignedTree(found, stored.note, hash_at)


def disclosed(rows: TreeRows, tree: SignedTree, streams: Iterable[str]) -> list[Disclosed]:
    """The entries of streams, up to the checkpoint, each with a proof that holds; by stream as given, then version.

    LedgerError naming the first entry that is not the one that was signed."""
    return [_proved(row, tree) for stream in streams for row in rows.raw_stream(stream, tree.checkpoint.size)]


def streams_behind(ledger: Readable, ticket: str, question: Question) -> list[str]:
    """The streams that a ticket's figures hang on besides its own, for a question: terms, its client, the client's policies,
    the desk and, where a quota is dealt out among them, the client's other tickets. NotFound if there is no such ticket."""
    reports = Reports(ledger, question, Selection(ticket=ticket))
    contracts = reports.contracts
    own = account(ledger.stream(f"ticket:{ticket}"), contracts)
    if own is None:
        raise NotFound("ticket", ticket)
    client = own.assessment.facts.opening.client
    owned = ledger.streams_of(client)
    policies = [it for it in owned if it.startswith("policy:")]
    tickets = [it for it in owned if it.startswith("ticket:") and it != f"ticket:{ticket}"]
    terms = [name for name, _ in ledger.streams("terms", question.known)]
    return [*terms, f"client:{client}", *policies, "desk", *(tickets if own.use is not None else ())]


def worked_out(rows: Iterable[tuple[int, str, int, bytes]], question: Mapping[str, Any], ticket: str) -> dict[str, Any]:
    """What `explain` says of a ticket, from disclosed rows (position, stream, version, bytes) alone; ready for JSON.

    LedgerError if the bytes are no entries, NotFound if the ticket is not among them."""
    with closing(DisclosedLedger(rows)) as ledger:
        return _explained(ledger, question, ticket)


def _explained(ledger: Readable, question: Mapping[str, Any], ticket: str) -> dict[str, Any]:
    found = Reports(ledger, _asked(question), Selection(ticket=ticket), shown=AS_STORED).explain(ticket)
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return plain


def _asked(question: Mapping[str, Any]) -> Question:
    return Question(datetime.fromisoformat(question["at"]), question["known_at"], question["readings"])


def _refuse_inconsistent(signed: Checkpoint, size: int, hash_at: HashAt, signer: Signer) -> None:
    if signed.origin != signer.key.name:
        raise LedgerError(
            said("a checkpoint of {origin} was signed before; a ledger keeps its name, and the key is for {name}"),
            origin=signed.origin, name=signer.key.name,
        )  # fmt: skip
    if signed.size > size:
        raise LedgerError(
            said("{signed} entries were signed and the ledger has {size}: entries were lost; nothing is signed"),
            signed=signed.size, size=size,
        )  # fmt: skip
    if merkle.root(signed.size, hash_at) != signed.root:
        raise LedgerError(
            said("the first {signed} entries are not those that were signed: history was changed; nothing is signed"),
            signed=signed.size,
        )  # fmt: skip


def _again(last: StoredCheckpoint, signer: Signer) -> bytes:
    if not is_signed(read_note(last.note), signer.key, is_right):
        raise LedgerError(
            said("the last checkpoint, of {size} entries, was signed with another key; this one can sign the next"),
            size=last.size,
        )  # fmt: skip
    return last.note


def _read(note: bytes) -> Checkpoint:
    try:
        return read_checkpoint(read_note(note).text)
    except Malformed as wrong:
        raise LedgerError(said("a kept checkpoint cannot be read: {problem}"), problem=wrong) from None


def _proved(row: Row, tree: SignedTree) -> Disclosed:
    position, stream, version, _, state = row
    leaf = merkle.leaf(position, stream, version, state)
    path = merkle.inclusion(position - 1, tree.checkpoint.size, tree.hash_at)
    if not merkle.holds_inclusion(merkle.leaf_hash(leaf), position - 1, tree.checkpoint.size, path, tree.checkpoint.root):
        raise LedgerError(
            said("entry {position} is not the one that was signed: it, or the stored tree, was changed since; see what verify"
                 " finds"),
            position=position,
        )  # fmt: skip
    return Disclosed(position, stream, version, leaf, tuple(path))


def _notes(rows: TreeRows, sizes: set[int]) -> dict[int, bytes]:
    found = {it.size: it.note for it in rows.checkpoints() if it.size in sizes}
    for size in sorted(sizes - found.keys()):
        raise NotPossible(said("no checkpoint of {size} entries was ever signed here"), size=size)
    return found


def _consistencies(sizes: Sequence[int], hash_at: HashAt) -> dict[tuple[int, int], tuple[bytes, ...]]:
    return {(old, new): tuple(merkle.consistency(old, new, hash_at)) for old, new in pairwise(sizes)}


def _zipped(contents: Mapping[str, bytes]) -> bytes:
    """A zip whose bytes depend on the contents alone: nothing compressed, no dates."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, FIRST_DAY), content)
    return made.getvalue()
