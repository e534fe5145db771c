"""Importers of foreign logs: rows of somebody else's log in, proposed entries of the exchange format out.

Each translates and nothing more. What it proposes is judged by the ledger's admission as any other entry, and
a row that proposes nothing says why (`reasons`). Nothing here writes to a ledger or to any file.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from adapters.importers import comments, helpdesk, servicenow
from adapters.importers.contract import Contract, ImportOptions
from adapters.importers.reading import ImportFileError, Translated
from adapters.importers.reasons import REASONS, reason_text

__all__ = [
    "IMPORTERS",
    "REASONS",
    "Contract",
    "ImportFileError",
    "ImportOptions",
    "Translated",
    "reason_text",
]

IMPORTERS: dict[str, Callable[[Path, ImportOptions], Iterator[Translated]]] = {
    module.SOURCE: module.translate for module in (servicenow, helpdesk, comments)
}
