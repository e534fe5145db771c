"""Errors that a person reads, and the closed list of reasons for which an entry is not taken (rules 5) as one of them.

A message is a template in English with named values, so that whoever shows it can say it in the reader's language; it does
not know about lines, files or languages.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Code = Literal["shape", "time", "reference", "order", "clauses", "sums", "key"]
CODES: tuple[Code, ...] = get_args(Code)


def said(template: str) -> str:
    """Marks a message template for translation (the extractor looks for this name) and returns it unchanged."""
    return template


class Sayable(Exception):
    """An error whose message a person reads: `template`, marked with `said`, and the `values` that go into it, which may be
    errors of this kind themselves. As text it is in English."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__(template)
        self.template = template
        self.values: Mapping[str, Any] = values

    def __str__(self) -> str:
        return self.template.format(**self.values)


class Refused(Sayable):
    """An entry that is not taken; it changes nothing.

    `code` is one of CODES; `field` (a dotted path such as `consultants[0].left`) or `clause` (such as `gs.2.3`), or both,
    say what it breaks; `template.format(**values)` says who was refused, why, and what would be accepted.
    """

    def __init__(
        self, code: Code, template: str, *, field: str | None = None, clause: str | None = None, **values: object
    ) -> None:
        super().__init__(template, field=field, clause=clause, **values)
        self.code: Code = code
        self.field = field
        self.clause = clause
        self.key: str | None = None
        """The idempotency key of the refused entry, where it could be read."""
        self.record: tuple[str, Any] | None = None
        """The stream and the `RequestRefused` that the ledger takes down for this refusal (gs.1.1 only)."""
