"""The closed list of reasons for which an entry is not taken (rules 5), as one exception.

A refusal changes nothing. Its message is a template in English with named values, so that whoever shows it can say it in the
reader's language; it does not know about lines, files or languages.
"""

from collections.abc import Mapping
from typing import Any, Literal, get_args

Code = Literal["shape", "time", "reference", "order", "clauses", "sums", "key"]
CODES: tuple[Code, ...] = get_args(Code)


def said(template: str) -> str:
    """Marks a message template for translation (the extractor looks for this name) and returns it unchanged."""
    return template


class Refused(Exception):
    """An entry that is not taken.

    `code` is one of CODES; `field` (a dotted path such as `consultants[0].left`) or `clause` (such as `gs.2.3`), or both,
    say what it breaks; `template.format(**values)` says who was refused, why, and what would be accepted.
    """

    def __init__(
        self, code: Code, template: str, *, field: str | None = None, clause: str | None = None, **values: object
    ) -> None:
        super().__init__(template)
        self.code: Code = code
        self.field = field
        self.clause = clause
        self.template = template
        self.values: Mapping[str, Any] = {"field": field, "clause": clause, **values}
        self.key: str | None = None
        """The idempotency key of the refused entry, where it could be read."""
        self.record: tuple[str, Any] | None = None
        """The stream and the `RequestRefused` that the ledger takes down for this refusal (gs.1.1 only)."""

    def __str__(self) -> str:
        return self.template.format(**self.values)
