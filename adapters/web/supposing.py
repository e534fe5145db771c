"""What a reader of a ticket supposes, and what would come out: the what-if of `adapters.reports`, kept to what the page shows.

Nothing is written. An entry that is not on the page cannot be left out, and terms the reader does not see cannot be supposed.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from adapters.language import worded
from adapters.ledger import Ledger
from adapters.reports.replays import Answer, Asked, what_if
from adapters.web.asking import BadQuestion, Supposed, readings_known
from domain.events import TermsPublished
from domain.refusal import said
from domain.terms import terms_from
from domain.terms_document import Reading, TermsError, Text
from replay.as_of import Focus
from replay.dossier import CLOCKS, ClockName, Dossier, Row
from replay.what_if import WhatIfError


class Offered(Struct, frozen=True):
    """Published terms that may be supposed: their id, their name in both languages, their tiers, their unclear clauses."""

    terms: str
    name: Text
    tiers: Sequence[str]
    readings: Mapping[str, Reading]


class Outcome(Struct, frozen=True):
    """What a supposition makes: the rows that differ, the totals of both sides, and the ticket's verdicts before and after."""

    answer: Answer
    changes: Sequence[Row]
    verdicts: Mapping[str, tuple[str, str]]


def offered(ledger: Ledger, known: int, seen: frozenset[str] | None) -> list[Offered]:
    """The newest version of all terms known, of those that may be seen (None: all)."""
    newest = {}
    for _, recorded in ledger.streams("terms", known):
        for it in recorded:
            if isinstance(it.event, TermsPublished) and (seen is None or it.event.terms in seen):
                newest[it.event.terms] = it.event.document
    found = {name: terms_from(document) for name, document in newest.items()}
    return [Offered(name, it.about.name, list(it.under().provisions.tiers), it.about.readings) for name, it in found.items()]


def outcome(ledger: Ledger, dossier: Dossier, wanted: Supposed, choices: Sequence[Offered]) -> tuple[Outcome | None, str]:
    """What a supposition makes of a ticket; or None, and why it cannot be made, in the language spoken. None and nothing to say
    if nothing is supposed."""
    if not wanted:
        return None, ""
    try:
        _check(dossier, wanted, choices)
        with readings_known("if_reading"):
            return _outcome(ledger, dossier, wanted), ""
    except (BadQuestion, WhatIfError, TermsError) as error:
        return None, worded(error)


def _check(dossier: Dossier, wanted: Supposed, choices: Sequence[Offered]) -> None:
    """Only what stands on the page: of anything else not even the existence is told, and no text is taken for a file's path."""
    shown = {it["position"] for it in dossier.in_order()}
    for position in wanted.without:
        if position not in shown:
            raise BadQuestion("if_without", said("there is no entry {position} on this page"), position=position)
    if wanted.terms and wanted.terms not in {it.terms for it in choices}:
        raise BadQuestion("if_terms", said("there are no terms {terms}"), terms=wanted.terms)


def _outcome(ledger: Ledger, dossier: Dossier, wanted: Supposed) -> Outcome:
    asked = Asked(wanted.terms or None, wanted.tier or None, wanted.readings, None, wanted.without)
    answer = what_if(ledger, dossier.question, asked, Focus(ticket=dossier.ticket))
    changes = list(answer.compared.changes())
    return Outcome(answer, changes, {name: _verdicts(name, dossier, changes) for name in CLOCKS})


def _verdicts(name: ClockName, dossier: Dossier, changes: Sequence[Row]) -> tuple[str, str]:
    """The verdict of a clock before and after: that of the page, and what becomes of it among what differs."""
    before: str = dossier.explained[name]["verdict"]
    own = (it["fields"] for it in changes if it["report"] == "sla" and it["ticket"] == dossier.ticket)
    moved = next((it[f"{name}.verdict"] for it in own if f"{name}.verdict" in it), None)
    # Of a ticket that would not be there nothing is judged.
    return before, before if moved is None else moved["after"] or "not_applicable"
