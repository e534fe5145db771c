"""What replays answer, as the OpenAPI document tells it: what differs and because of what, what is supposed, and on which
readings something hangs. As in `schemas`, nothing is made of these types, but tests hold the rows against them.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from adapters.contract.accounts import Time
from replay.causes import CauseKind

Verdict = Literal["met", "breached", "running", "paused", "not_applicable"]


class Breaches(Struct):
    """How many clocks are breached."""

    response: int
    resolution: int
    total: int


class Totals(Struct):
    """What one side comes to. `amounts` by currency; of what is `not_agreed` or `to_be_quoted` no amount is known."""

    tickets: int
    breaches: Breaches
    covered: int
    pay_per_event: int
    amounts: dict[str, str]
    not_agreed: int
    to_be_quoted: int


class BothTotals(Struct):
    """What both sides come to."""

    before: Totals
    after: Totals


class BeforeAfter(Struct):
    """A field of a row, on both sides; null where the row is not there."""

    before: Any
    after: Any


class CauseOfChange(Struct):
    """What made fields of a row otherwise: an entry, at `position`, or what `said` names; `alone` if it does so by itself."""

    kind: CauseKind
    said: str
    fields: list[str]
    alone: bool
    position: int | UnsetType | None = UNSET
    stream: str | UnsetType | None = UNSET
    type: str | UnsetType = UNSET
    at: Time | UnsetType = UNSET
    recorded_at: Time | UnsetType = UNSET


class Change(Struct):
    """A row of a report that differs: by field what it says on both sides, and the causes. Of a policy's row `ticket` is null
    and `policy` is there; `entry` and `kind` name a row of the bill."""

    report: Literal["sla", "consumption", "billing"]
    client: str
    ticket: str | None
    change: Literal["appeared", "gone", "changed"]
    fields: dict[str, BeforeAfter]
    causes: list[CauseOfChange]
    policy: str | UnsetType | None = UNSET
    entry: int | UnsetType | None = UNSET
    kind: str | UnsetType | None = UNSET


class Compared(Struct):
    """What differs between two answers, and the totals of both."""

    changes: list[Change]
    totals: BothTotals


class WhyRefused(Struct):
    """Why an entry would not be taken."""

    code: str
    field: str | None
    clause: str | None
    message: str


class TriedLine(Struct):
    """An entry supposed: the positions it would have, `same` if it was recorded before, or why it is refused."""

    line: int
    positions: list[int]
    same: int | None
    refused: WhyRefused | None


class LeftIllegal(Struct):
    """An entry that could not stand without those left out."""

    stream: str
    position: int
    refused: WhyRefused


class Supposed(Compared):
    """What a supposition changes, what became of the entries supposed, and what could not stand without those left out."""

    tried: list[TriedLine]
    illegal: list[LeftIllegal]


class InTwoLanguages(Struct):
    """A text in Spanish and in English."""

    es: str
    en: str


class ClauseRead(Struct):
    """An unclear clause and how it is read. `not_tried` are options that some version of the terms lacks."""

    terms: str
    reading: str
    clauses: list[str]
    question: InTwoLanguages
    chosen: str
    recording_only: bool
    not_tried: list[str]


class VerdictsOtherwise(Struct):
    """The verdict of a clock, as it is and otherwise."""

    before: Verdict
    after: Verdict


class TicketOtherwise(Struct):
    """A ticket with another verdict."""

    ticket: str
    response: VerdictsOtherwise
    resolution: VerdictsOtherwise


class ReadOtherwise(Struct):
    """What another option, alone, would make of the accounts. Sums are differences."""

    option: str
    hangs: bool
    verdicts: list[TicketOtherwise]
    breaches: int
    figures_changed: int
    amounts: dict[str, str]
    not_agreed: int
    to_be_quoted: int
    charges_changed: int
    covered: list[str]
    no_longer_covered: list[str]
    policies: list[str | None]


class ClauseHangs(ClauseRead):
    """An unclear clause on which something hangs, with each other option."""

    hangs: bool
    otherwise: list[ReadOtherwise]


class ReadingsPage(Struct):
    """On which readings of unclear clauses something hangs, on which nothing does, and the totals as it is read."""

    totals: Totals
    hangs: list[ClauseHangs]
    hangs_not: list[ClauseRead]
