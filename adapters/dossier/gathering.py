"""Gathers a dossier: asks the reports, the comparison, the readings matrix and the proof about one ticket, for one question.

Everything comes from one state of the ledger, that of the position known when it begins. Nothing is written.
"""

import io
import json
import zipfile
from base64 import b64encode
from datetime import datetime
from hashlib import sha256

from msgspec import Struct

from adapters.ledger import Ledger
from adapters.reports.explained import rules_of
from adapters.reports.replays import compare, readings_matrix
from adapters.reports.reports import Reports, Selection
from domain.exchange import entry_as_json
from projections.contracts import Question
from replay.as_of import Focus
from replay.dossier import Compared, Dossier, Proof, Row, causes_elsewhere
from replay.notes import read_checkpoint, read_note


class Asked(Struct, frozen=True):
    """What a dossier is about. `at` is aware; `known` a position, None for everything; `against` the position of the other
    state of knowledge, None for what was known at `at`, or, under a `known`, for everything."""

    ticket: str
    at: datetime
    known: int | None
    against: int | None
    readings: dict[str, str]


def gather(ledger: Ledger, asked: Asked, bundle: bytes | None, *, hanging: bool = True) -> Dossier:
    """The dossier on a ticket; `bundle` is the one that `proving.bundle` made for it, None if no proof was asked for. Without
    `hanging` it is not tried on which readings the outcome hangs, which is most of the work.

    NotFound if there is no such ticket, UnknownReading for a reading that no terms have."""
    head = ledger.head()
    known = head if asked.known is None else min(asked.known, head)
    question = Question(asked.at, known, asked.readings)
    reports = Reports(ledger, question, Selection(ticket=asked.ticket))
    explained = reports.explain(asked.ticket)
    rules = rules_of(explained, reports)
    compared = _compared(ledger, question, asked, head)
    clauses = readings_matrix(ledger, question, Focus(ticket=asked.ticket)).hangs() if hanging else []
    return Dossier(
        question=question,
        zone=rules.provisions.calendar.zone if rules is not None else "UTC",
        explained=explained,
        rules=rules,
        others=_entries(ledger, causes_elsewhere(explained, compared)),
        compared=compared,
        hangs=[it for it in clauses if it.hangs],
        unclear=sum(it.hangs or it.terms == explained["terms"] for it in clauses),
        proof=proof_of(bundle, asked.ticket) if bundle is not None else None,
    )


def _compared(ledger: Ledger, question: Question, asked: Asked, head: int) -> Compared | None:
    """The two states of knowledge, the earlier first; None if they are one and the same."""
    assert question.known is not None, "a dossier is of a settled position"
    other = asked.against
    if other is None:
        other = ledger.position_at(asked.at) if asked.known is None else head
    then, now = sorted((question.known, min(other, head)))
    if then == now:
        return None
    before, after = (Question(question.at, it, question.readings) for it in (then, now))
    found = compare(ledger, before, after, Focus(ticket=asked.ticket))
    return Compared(then, now, list(found.changes()))


def _entries(ledger: Ledger, positions: list[int]) -> dict[int, Row]:
    found = {it: ledger.entry(it) for it in positions}
    unsealed = ledger.unsealed()
    return {position: entry_as_json(unsealed.entry(entry)) for position, entry in found.items() if entry is not None}


def proof_of(bundle: bytes, ticket: str) -> Proof:
    """What a bundle proves, told from its own files."""
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        names = archive.namelist()
        size = int(json.loads(archive.read("manifest.json"))["size"])
        note = archive.read(f"checkpoints/{size}.note")
        statement = json.loads(archive.read("statement.json"))["explain"]
        key = archive.read("key.vkey").decode().strip()
    positions = [int(it["position"]) for it in statement["entries"]]
    checkpoint = read_checkpoint(read_note(note).text)
    return Proof(
        origin=checkpoint.origin,
        size=size,
        root=b64encode(checkpoint.root).decode(),
        note=note.decode(),
        key=key,
        covered=[it for it in positions if it <= size],
        later=[it for it in positions if it > size],
        disclosed=sum(it.endswith(".leaf") for it in names),
        stamps=sum(it.endswith(".tsr") for it in names),
        bundle_sha256=sha256(bundle).hexdigest(),
    )
