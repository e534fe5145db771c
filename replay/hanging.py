"""What hangs on a reading: the answers of the readings matrix, as values ready to be shown."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from domain.terms_document import Reading, Text
from replay.as_of import Totals, money


class Verdicts(Struct, frozen=True):
    """The verdicts of a ticket, response and resolution, as they are and under another reading."""

    ticket: str
    before: tuple[str, str]
    after: tuple[str, str]


class Otherwise:
    """What comes out otherwise under one other reading, alone. Sums are differences: under it, less as it is."""

    def __init__(self, terms: str, key: str, reading: Reading, option: str) -> None:
        self.terms, self.key, self.reading, self.option = terms, key, reading, option
        self.verdicts: list[Verdicts] = []
        self.figures = 0
        self.money = Totals()
        self.billed = 0
        self.covered: list[str] = []
        self.no_longer_covered: list[str] = []
        self.policies: list[str | None] = []

    @property
    def hangs(self) -> bool:
        """Whether anything comes out otherwise: a verdict, a figure of a clock, a charge, a quota."""
        return bool(self.figures or self.billed or self.covered or self.no_longer_covered or self.policies)

    @property
    def breaches(self) -> int:
        """How many more verdicts are `breached`; fewer below 0."""
        return sum(it.after.count("breached") - it.before.count("breached") for it in self.verdicts)

    def as_row(self) -> dict[str, Any]:
        """The outcome ready for JSON. `figures_changed` counts tickets with any figure of a clock changed, `charges_changed`
        rows of the bill; `policies` are those whose consumption changed, null a client's tickets outside any."""
        return {
            "option": self.option,
            "hangs": self.hangs,
            "verdicts": [
                {
                    "ticket": it.ticket,
                    "response": {"before": it.before[0], "after": it.after[0]},
                    "resolution": {"before": it.before[1], "after": it.after[1]},
                }
                for it in self.verdicts
            ],
            "breaches": self.breaches,
            "figures_changed": self.figures,
            "amounts": money(self.money.amounts),
            "not_agreed": self.money.not_agreed,
            "to_be_quoted": self.money.to_be_quoted,
            "charges_changed": self.billed,
            "covered": self.covered,
            "no_longer_covered": self.no_longer_covered,
            "policies": self.policies,
        }


class Hangs(Struct, frozen=True):
    """One unclear clause: what is asked of it, how it is read, and what every other reading would make of the accounts.
    `recording_only`: it decides what may be recorded, and no account can rest on it. `not_tried` are options that some
    published version of the terms lacks, so that they cannot be asked for."""

    terms: str
    key: str
    reading: Reading
    chosen: str
    recording_only: bool
    otherwise: Sequence[Otherwise]
    not_tried: Sequence[str]

    @property
    def hangs(self) -> bool:
        """Whether anything comes out otherwise under any other reading."""
        return any(it.hangs for it in self.otherwise)

    @property
    def question(self) -> Text:
        """What is asked, in the two languages."""
        return self.reading.question

    def as_row(self) -> dict[str, Any]:
        """The clause ready for JSON."""
        return {
            "terms": self.terms,
            "reading": self.key,
            "clauses": list(self.reading.clauses),
            "question": {"es": self.question.es, "en": self.question.en},
            "chosen": self.chosen,
            "hangs": self.hangs,
            "recording_only": self.recording_only,
            "not_tried": list(self.not_tried),
            "otherwise": [it.as_row() for it in self.otherwise],
        }
