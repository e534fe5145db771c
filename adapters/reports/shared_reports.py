"""Reports worked out by several processes: the same rows, where what concerns every client is read.

Each process opens the ledger itself and judges a part of the tickets at a time; here their figures are put together. All read
up to the same position. No arithmetic and no order of rows is here: see `reports`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from adapters.ledger import Ledger, Names
from adapters.reports.reports import Found, ReportName, Reports, Selection
from adapters.workers import shared_out
from projections.contracts import Question

_Part = tuple[ReportName, Names]


class SharedReports(Reports):
    """The reports of one ledger for one question and selection, by so many processes; of what is recorded by now."""

    def __init__(self, ledger: Ledger, question: Question, selection: Selection | None, workers: int) -> None:
        super().__init__(ledger, question, selection)
        self.known = self._upto = ledger.head() if question.known is None else question.known
        self._shared, self._workers = ledger, workers

    def parts(self, report: ReportName) -> Iterator[Found]:
        """As `Reports.parts`. One client, and what one process reads at a time anyway, is not worth another process."""
        _ = self.contracts  # What is wrong with the question is told before any process is started.
        parts: list[_Part] = [(report, names) for names in self._shared.divided("ticket", self._upto)]
        if self.client is not None or len(parts) == 1:
            return super().parts(report)
        question = Question(self.question.at, self._upto, self.question.readings)
        asked = (self._shared.url, question, self.selection)
        return shared_out(min(self._workers, len(parts)), _reading, asked, parts)


@contextmanager
def _reading(url: str, question: Question, selection: Selection) -> Iterator[Callable[[_Part], Found]]:
    with Ledger.open(url) as ledger:
        reports = Reports(ledger, question, selection)
        yield lambda part: reports.found(part[0], ledger.streams("ticket", question.known, part[1]))
