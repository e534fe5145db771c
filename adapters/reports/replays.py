"""Replay for auditors over a ledger: states of knowledge compared, what-if, the readings matrix, as rows ready to print.

All arithmetic is in `replay`; here it is decided which streams to read, and rows wait in a temporary file to be put in order.
Nothing is ever written to the ledger.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from adapters.files.lines import lines_of
from adapters.ledger import Ledger, utc_now
from adapters.personal.unsealing import Unsealed
from adapters.reports.readable import Readable
from adapters.reports.replay_streams import KnownBook, Seen, Streams
from adapters.reports.reports import Reports, Selection
from adapters.terms.files import read_terms_file
from domain.events import AnyEvent, Entry, PolicyContracted, TermsPublished
from domain.refusal import Refused, said
from domain.shape import read_entry
from domain.terms import Terms
from domain.terms_document import TermsError, about, calendar_of, defaults, readings_used
from domain.time_base import epoch_seconds
from projections.accounts import account
from projections.contracts import Contracts, Question
from replay.as_of import Focus, Knowledge, Lens, Named, policy_of
from replay.compare import Changed, Comparison
from replay.hanging import Hangs
from replay.learned import Learned
from replay.readings import Matrix
from replay.trying import Illegal, Overlay, Tried, illegal, try_entries
from replay.what_if import SUPPOSED, Supposition, WhatIf, WhatIfError

_RANKS = {"sla": 0, "consumption": 1, "billing": 2}


class Compared:
    """The answer of a comparison. `changes` come ticket by ticket in the order opened, of each its verdicts, its part in a
    quota and its bill, then policy by policy; `totals` of both sides are known once they have been read to the end."""

    def __init__(self, comparison: Comparison, unsealed: Unsealed) -> None:
        self._comparison, self._unsealed = comparison, unsealed

    def changes(self) -> Iterator[dict[str, Any]]:
        """The rows that differ (docs/replay.md)."""
        with closing(_InOrder()) as ordered:
            for changed in self._comparison.changes():
                ordered.add(changed)
            yield from map(self._unsealed.change, ordered)

    @property
    def totals(self) -> dict[str, Any]:
        """Both sides: breaches, covered tickets, money by currency, amounts that are not known."""
        return {"before": self._comparison.before.as_row(), "after": self._comparison.after.as_row()}


def compare(ledger: Ledger, before: Question, after: Question, focus: Focus) -> Compared:
    """Two states of knowledge held against each other, of what lies in `focus`, under the readings of `after`.

    A position None is the last one there is. NotFound for a client, policy or ticket that neither state knows."""
    head = ledger.head()
    (before, one), (after, other) = _settled(before, head), _settled(after, head)
    earlier = ledger.entry(min(one, other)) if min(one, other) else None
    case = Learned(before, after, earlier.recorded_at if earlier is not None else None)
    streams = Streams(ledger, focus, max(one, other))
    return Compared(Comparison(case, streams.shared, streams, focus), ledger.unsealed())


def readings_matrix(ledger: Ledger, question: Question, focus: Focus) -> Matrix:
    """The readings matrix of what lies in `focus`: `hangs` gives every unclear clause, `totals` what they are held against.

    NotFound for a client, policy or ticket that is not known; UnknownReading for a reading that no terms have."""
    settled, known = _settled(question, ledger.head())
    streams = Streams(ledger, focus, known)
    return Matrix(settled, streams.shared, streams.all(), focus)


def readings_page(matrix: Matrix) -> dict[str, Any]:
    """The readings matrix ready for JSON: the clauses on which something hangs, those on which nothing does, and the totals."""
    found = matrix.hangs()
    return {
        "totals": matrix.totals.as_row(),
        "hangs": [it.as_row() for it in found if it.hangs],
        "hangs_not": [_named(it) for it in found if not it.hangs],
    }


def _named(clause: Hangs) -> dict[str, Any]:
    return {name: value for name, value in clause.as_row().items() if name not in ("otherwise", "hangs")}


def _settled(question: Question, head: int) -> tuple[Question, int]:
    """The question with its position settled, and that position."""
    known = head if question.known is None else min(question.known, head)
    return Question(question.at, known, question.readings), known


# What-if ------------------------------------------------------------------------------------------------------------


class Asked(Struct, frozen=True):
    """What a what-if asks for. `terms` and `calendar` are ids of published terms, paths of files, or documents; `without` are
    positions; `lines` is a binary stream of entries in the exchange format."""

    terms: str | dict[str, Any] | None = None
    tier: str | None = None
    readings: dict[str, str] = {}
    calendar: str | dict[str, Any] | None = None
    without: tuple[int, ...] = ()
    lines: BinaryIO | None = None


class Answer:
    """The answer of a what-if: `tried` tells of each line added, `supposed` are the entries they became by the positions they
    would have; `illegal` tells of what could not stand without the entries left out; `compared` the difference, and `before`
    and `after` give the reports as they stand and as they would be."""

    def __init__(
        self, compared: Compared, before: Reports, after: Reports, tried: Sequence[Tried], supposed: Iterable[Entry],
        remains: Sequence[Illegal],
    ) -> None:  # fmt: skip
        self.compared, self.before, self.after = compared, before, after
        self.tried, self.illegal = tried, remains
        self.supposed = {it.position: it for it in supposed}


def what_if(ledger: Ledger, question: Question, asked: Asked, focus: Focus, now: datetime | None = None) -> Answer:
    """The accounts as they would be, and nothing written. Lines are judged at `now` (aware; the wall clock), or the moment of
    the question if that is later.

    WhatIfError, TermsError, UnknownReading or NotFound for what cannot be supposed; OSError for a file that cannot be read."""
    question, head = _settled(question, ledger.head())
    supposition = _supposition(ledger, question, head, asked, focus)
    tried: list[Tried] = []
    if asked.lines is not None:
        everything = Streams(ledger, Focus(), head, supposition)
        lens = WhatIf(question, supposition, everything.shared).after[1]
        overlay = Overlay(KnownBook(ledger, head), lens, supposition.streams)
        tried = try_entries(_proposed(ledger, asked.lines), overlay, head, max(now or utc_now(), question.at))
        _open_refusals(tried, ledger.unsealed())
        supposition = msgspec.structs.replace(supposition, added=overlay.added)
    streams = Streams(ledger, focus, head, supposition)
    case = WhatIf(question, supposition, streams.shared)
    after, lens = case.after
    selection = Selection(client=focus.client, policy=focus.policy, ticket=focus.ticket)
    return Answer(
        Compared(Comparison(case, streams.shared, streams, focus), ledger.unsealed()),
        Reports(Seen(ledger, head, Knowledge(head), Supposition()), case.before[0], selection),
        Reports(Seen(ledger, head, lens, supposition), after, selection),
        tried,
        chain.from_iterable(supposition.added.values()),
        list(illegal(_touched(ledger, lens, asked.without))),
    )  # fmt: skip


def _supposition(ledger: Ledger, question: Question, known: int, asked: Asked, focus: Focus) -> Supposition:
    published = newest_terms(ledger, known)
    terms, document = asked.terms, None
    if terms is not None and (isinstance(terms, dict) or terms not in published):
        terms, document = SUPPOSED, _document(terms, published)
        Terms.read(document)
    calendar = None
    if asked.calendar is not None:
        calendar = _calendar(_document(asked.calendar, published), {**question.readings, **asked.readings})
    return Supposition(
        terms=terms,
        document=document,
        tier=asked.tier,
        calendar=calendar,
        readings=asked.readings,
        without=frozenset(_checked(ledger, position, known) for position in asked.without),
        policies=_policies(ledger, question, known, focus),
    )


def _policies(ledger: Readable, question: Question, known: int, focus: Focus) -> frozenset[str] | None:
    """The policies that other terms are supposed for: the one looked at, that of the ticket looked at, else all."""
    if focus.policy is not None:
        return frozenset({focus.policy})
    name = f"ticket:{focus.ticket}"
    recorded = ledger.stream(name)
    if focus.ticket is None or not recorded or recorded[0].position > known:
        return None
    found = account(recorded, Contracts(question, Streams(ledger, focus, known).shared))
    policy = policy_of(found.assessment.agreed) if found is not None else None
    return frozenset({policy} if policy is not None else ())


def newest_terms(ledger: Readable, known: int) -> dict[str, dict[str, Any]]:
    """The newest document of all terms that were published up to a position, by id."""
    return {
        it.event.terms: it.event.document
        for _, recorded in ledger.streams("terms", known)
        for it in recorded
        if isinstance(it.event, TermsPublished)
    }


def _document(asked: str | dict[str, Any], published: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if isinstance(asked, dict):
        return asked
    if asked in published:
        return published[asked]
    try:
        return read_terms_file(asked)
    except FileNotFoundError:
        raise WhatIfError(said("{value} is neither the id of published terms ({known}) nor a file"), value=asked,
                          known=", ".join(sorted(published))) from None  # fmt: skip


def _calendar(document: dict[str, Any], readings: dict[str, str]) -> dict[str, Any]:
    """The calendar of whole terms under readings, or that of a file with nothing but a calendar."""
    if "terms" in document:
        offered = about(document).readings
        chosen = defaults(offered) | {key: name for key, name in readings.items() if key in offered}
        Terms.read(document).under(chosen)
    elif "calendar" in document and not any(readings_used(document["calendar"])):
        chosen = {}
    else:
        raise TermsError(("calendar",), said("a calendar that can be read in several ways needs the terms that say which"))
    found: dict[str, Any] = msgspec.to_builtins(calendar_of(document, chosen)[0])
    return found


def _checked(ledger: Ledger, position: int, known: int) -> int:
    entry = ledger.entry(position) if 0 < position <= known else None
    if entry is None:
        raise WhatIfError(said("there is no entry at position {position}"), position=position)
    if isinstance(entry.event, TermsPublished):
        raise WhatIfError(said("the entry at position {position} publishes terms; suppose other terms instead of none"),
                          position=position)  # fmt: skip
    return position


def _proposed(ledger: Ledger, lines: BinaryIO) -> Iterator[tuple[int, AnyEvent | Refused]]:
    for line in lines_of(lines):
        try:
            yield line.number, ledger.supposed(read_entry(line.content))
        except Refused as refused:
            yield line.number, refused


def _open_refusals(tried: Iterable[Tried], unsealed: Unsealed) -> None:
    """Whom a refusal speaks of by a sealed name, it names."""
    for refused in (it.refused for it in tried if it.refused is not None):
        refused.values = {name: unsealed.text(it) if isinstance(it, str) else it for name, it in refused.values.items()}


def _touched(ledger: Ledger, lens: Lens, without: Iterable[int]) -> Iterator[Named]:
    """The streams in which something is left out, as they would stand; of a policy, all policies of its client."""
    names: dict[str, None] = {}
    for position in without:
        entry = ledger.entry(position)
        if entry is not None:
            names[entry.stream] = None
            if entry.stream.startswith("policy:"):
                first = ledger.stream(entry.stream)[0].event
                client = first.client if isinstance(first, PolicyContracted) else ""
                names.update({name: None for name in ledger.streams_of(client) if name.startswith("policy:")})
    for name in names:
        yield name, lens.entries(name, ledger.stream(name))


class _InOrder:
    """Changes put in order while they wait in a temporary file: tickets first, by their opening, of each report by report."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute("CREATE TABLE waiting (section, at, micros, position, report, entry, kind, row BLOB)")
        self._rows.execute("BEGIN")

    def add(self, changed: Changed) -> None:
        at, position = changed.order
        row = changed.row
        values = (
            row.ticket is None, epoch_seconds(at), at.microsecond, position, _RANKS[row.report], row.entry or 0,
            row.kind or "", msgspec.json.encode(changed.as_row()),
        )  # fmt: skip
        self._rows.execute("INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for (row,) in self._rows.execute("SELECT row FROM waiting ORDER BY section, at, micros, position, report, entry, kind"):
            yield msgspec.json.decode(row)

    def close(self) -> None:
        self._rows.close()
