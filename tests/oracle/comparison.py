"""Holds the product against the oracle: the same proposals to both, then the same questions to both.

Returns differences as sentences; a test asserts that there are none.
"""

import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from adapters.ledger import Ledger, Refusal, Same, Taken
from adapters.reports.reports import NotFound, Reports, Selection
from domain.events import AnyEvent
from domain.exchange import entry_as_json
from domain.refusal import Refused
from domain.shape import read_entry
from projections.contracts import Question
from tests.oracle import reports as oracle
from tests.oracle.admission import Book
from tests.oracle.ledgers import random_ledger, random_question

NOW = datetime(2027, 1, 1, tzinfo=UTC)
REPORTS = ("sla", "unattended", "consumption", "billing")


def proposal(entry: dict[str, Any]) -> AnyEvent | Refused:
    """What the product reads from an entry's line: an event, or its refusal."""
    try:
        return read_entry(json.dumps(entry).encode())
    except Refused as refused:
        return refused


def differences(seed: int, size: int, questions: int, folder: Path) -> Iterator[str]:
    """Every difference between the product and the oracle on one random ledger."""
    rng = random.Random(seed)
    proposals = random_ledger(rng, size)
    yield from differences_on(seed, proposals, questions, folder, lambda entries: random_question(rng, entries))


def differences_on(
    seed: int, proposals: list[dict[str, Any]], questions: int, folder: Path, asking: Callable[[list[dict[str, Any]]], Any]
) -> Iterator[str]:
    """Every difference on these proposals and so many questions about what was recorded, each as `asking` makes it."""
    book = Book()
    with Ledger.open(str(folder / f"{seed}.db"), create=True, clock=lambda: NOW) as ledger:
        answers = ledger.record([proposal(it) for it in proposals])
        for number, (entry, answer) in enumerate(zip(proposals, answers, strict=True)):
            yield from _answer_differs(seed, number, entry, book.offer(entry, NOW), answer)
        entries = [entry_as_json(it) for it in map(ledger.unsealed().exported, ledger.entries())]
        for _ in range(questions):
            yield from _reports_differ(seed, ledger, entries, asking(entries))


def _answer_differs(seed: int, number: int, entry: dict[str, Any], expected: Any, answer: Any) -> Iterator[str]:
    match answer:
        case Taken():
            got: tuple[Any, ...] = ("taken", len(answer.positions))
            wanted: tuple[Any, ...] = (expected[0], len(expected[1]) if expected[0] == "taken" else expected[1])
        case Same():
            got, wanted = ("same", answer.position), expected[:2]
        case Refusal():
            got = ("refused", answer.refused.code)
            wanted = tuple(expected[:2])
            if got == wanted and expected[3] is not None and answer.refused.clause not in (expected[3],):
                yield f"seed {seed} line {number} {entry}: clause {answer.refused.clause}, the oracle says {expected}"
            if got == wanted and expected[2] is not None and answer.refused.field is not None:
                outer = (answer.refused.field or "").split(".")[0].split("[")[0]
                if outer != expected[2].split(".")[0].split("[")[0]:
                    yield f"seed {seed} line {number} {entry}: field {answer.refused.field}, the oracle says {expected}"
        case _:
            got, wanted = (answer,), ()
    if got != wanted:
        said = answer.refused if isinstance(answer, Refusal) else answer
        yield f"seed {seed} line {number} {entry}: {got} ({said}), the oracle says {expected}"


def _reports_differ(seed: int, ledger: Ledger, entries: list[dict[str, Any]], question: Any) -> Iterator[str]:
    at, known, readings = question
    asked = Question(datetime.fromisoformat(at), known, readings)
    for name in REPORTS:
        expected = getattr(oracle, name)(entries, at, known, readings)
        got = list(getattr(Reports(ledger, asked), name)())
        for difference in differing(expected, got, name):
            yield f"seed {seed} at {at} known {known} {readings}: {difference}"
    for row in oracle.sla(entries, at, known, readings)[:6]:
        yield from _segments_differ(seed, ledger, entries, question, row["ticket"])


def _segments_differ(seed: int, ledger: Ledger, entries: list[dict[str, Any]], question: Any, ticket: str) -> Iterator[str]:
    at, known, readings = question
    asked = Question(datetime.fromisoformat(at), known, readings)
    expected = oracle.segments(entries, ticket, at, known, readings)
    try:
        got = Reports(ledger, asked, Selection(ticket=ticket)).explain(ticket)
    except NotFound:
        yield f"seed {seed} at {at} known {known}: {ticket} is not found"
        return
    for clock in ("response", "resolution"):
        yield from _segment_sums(f"seed {seed} at {at} known {known} {ticket} {clock}", got[clock])
        if [_shape(it) for it in _merged(expected[clock])] != [_shape(it) for it in _merged(got[clock]["segments"])]:
            yield (
                f"seed {seed} at {at} known {known} {readings} {ticket} {clock} segments:\n"
                f"  oracle  {_merged(expected[clock])}\n  product {_merged(got[clock]['segments'])}"
            )


def _segment_sums(where: str, clock: dict[str, Any]) -> Iterator[str]:
    """Contiguous, and adding up to the figures judged."""
    segments = clock["segments"]
    for one, after in pairwise(segments):
        if one["to"] != after["from"]:
            yield f"{where}: a gap between {one} and {after}"
    sums = {"running": 0, "paused": 0, "contingency": 0, "closed_hours": 0, "resolved": 0}
    for it in segments:
        sums[it["state"]] += it["counted_seconds"]
    if sums["running"] != clock["elapsed_seconds"] or sums["paused"] + sums["contingency"] != clock["paused_seconds"]:
        yield f"{where}: segments sum up to {sums}, judged {clock}"


def _shape(segment: dict[str, Any]) -> tuple[Any, ...]:
    return (segment["from"], segment["to"], segment["state"], segment["counted_seconds"])


def _merged(segments: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one state as one: how finely the same state is cut is free."""
    merged: list[dict[str, Any]] = []
    for it in segments:
        if it["from"] == it["to"]:
            continue
        if merged and merged[-1]["state"] == it["state"]:
            last = merged[-1]
            merged[-1] = {**last, "to": it["to"], "counted_seconds": last["counted_seconds"] + it["counted_seconds"]}
        else:
            merged.append(it)
    return merged


def differing(expected: Any, got: Any, path: str) -> Iterator[str]:
    """Where two reports differ; `readings` are left to their own tests, since which to mention is free."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for key in sorted({*expected, *got} - {"readings"}):
            yield from differing(expected.get(key, "<absent>"), got.get(key, "<absent>"), f"{path}.{key}")
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        for number, (one, other) in enumerate(zip(expected, got, strict=True)):
            name = one.get("ticket", number) if isinstance(one, dict) else number
            yield from differing(one, other, f"{path}[{name}]")
    elif expected != got:
        yield f"{path}: oracle {expected!r}, product {got!r}"
