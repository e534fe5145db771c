"""A file of entries into the ledger: batches in one transaction each, resumable by recording the same file again.

What is remembered of a file (not of standard input) is in `journal`, kept in the same transaction as each batch. What it will
not do: guess that two different files hold the same entries; keys do that.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from msgspec import Struct, structs

from adapters.files.journal import RECORDED_BEFORE, FileJournal, Moved
from adapters.files.lines import Line, lines_of
from adapters.files.refused_lines import RefusedLines
from adapters.ledger import Answer, Ledger, Refusal, Same, Taken, Transaction
from adapters.mapper import LedgerError
from adapters.uncollected import uncollected
from domain.events import AnyEvent
from domain.refusal import Refused, said
from domain.shape import read_entry

BATCH_LINES = 2_000
_BATCH_BYTES = 16 * 1024 * 1024


class Summary(Struct, frozen=True):
    """Of the lines `read`: how many this run recorded, how many were there already, how many are refused. They add up.

    `differs_from` is the first line recorded now of a file of which other lines were recorded before: see `journal`."""

    read: int
    recorded: int
    already: int
    refused: int
    differs_from: int | None = None


def record_file(
    ledger: Ledger,
    source: Path | BinaryIO,
    *,
    batch: int = BATCH_LINES,
    progress: Callable[[int, int], None] | None = None,
    refused: Path | None = None,
    say: Callable[[Refused], str] = str,
) -> Summary:
    """Records every line of a file, or of a binary stream (never journaled), `batch` lines a transaction.

    What was taken of the same path before is not taken again, even if the file was changed meanwhile. What was refused is tried
    again, except that a request turned away (gs.1.1), a recorded fact, is answered the same as long as it reads the same.
    `progress(lines, bytes)` is told after each commit how far it is; what is refused is written to `refused`, in one go at
    the end (no file if nothing is), with messages worded by `say`. LedgerError if the file or the ledger cannot be read."""
    if not isinstance(source, Path):
        return _Run(ledger, source, FileJournal(None), batch, progress).finish(refused, say)
    try:
        with source.open("rb") as stream:
            journaled = str(source.resolve()) if source.is_file() else None
            recorded = 0
            while True:
                run = _Run(ledger, stream, FileJournal(journaled), batch, progress)
                try:
                    summary = run.finish(refused, say)
                except Moved:
                    recorded += run.recorded
                    stream.seek(0)
                    continue
                return structs.replace(summary, recorded=summary.recorded + recorded, already=summary.already - recorded)
    except OSError as error:
        path, problem = error.filename or source, error.strerror or error
        raise LedgerError(said("{path} cannot be read or written: {problem}"), path=path, problem=problem) from None


class _Run:
    """One pass over the lines; `journal` is what is remembered of them."""

    def __init__(
        self, ledger: Ledger, stream: BinaryIO, journal: FileJournal, batch: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self._ledger, self._stream, self._journal, self._batch = ledger, stream, journal, batch
        self._progress = progress or (lambda lines, upto: None)
        self.recorded = self._already = self._refused = 0

    def finish(self, refused: Path | None, say: Callable[[Refused], str]) -> Summary:
        """Records what there is to record. Moved if another process was at the same file; then nothing is reported."""
        self._journal.look_up(self._ledger, self._stream)
        with RefusedLines(say) as report:
            for lines in self._batches():
                self._write(lines, report)
            if refused is not None:
                report.publish(refused)
        read = self.recorded + self._already + self._refused
        return Summary(read, self.recorded, self._already, self._refused, self._journal.differs_from)

    def _batches(self) -> Iterator[list[Line]]:
        """The lines that were not taken where they stand, as many at a time as one transaction holds."""
        lines: list[Line] = []
        size = 0
        for line in lines_of(self._stream):
            if self._journal.passes(line):
                self._already += 1
                continue
            lines.append(line)
            size += len(line.content)
            if len(lines) >= self._batch or size >= _BATCH_BYTES:
                yield lines
                lines, size = [], 0
        if lines:
            yield lines

    def _write(self, lines: Sequence[Line], report: RefusedLines) -> None:
        """One batch in one transaction, acknowledged once it is committed."""
        with uncollected():
            proposed = [RECORDED_BEFORE if self._journal.knows(line) else _read(line) for line in lines]
            with self._ledger.writing() as transaction:
                self._journal.check(transaction.rows)
                answers = self._answers(transaction, lines, proposed)
                self._journal.keep(transaction.rows, lines, answers)
        self._count(lines, answers, report)
        self._progress(lines[-1].number, lines[-1].upto)

    def _answers(
        self, transaction: Transaction, lines: Sequence[Line], proposed: Sequence[AnyEvent | Refused | Same]
    ) -> list[Answer]:
        """The answers to the lines: those given before, and the ledger's to all others."""
        known = [self._known(transaction, line, it) for line, it in zip(lines, proposed, strict=True)]
        asked = [it for it, answer in zip(proposed, known, strict=True) if answer is None and not isinstance(it, Same)]
        new = iter(transaction.record(asked))
        return [next(new) if answer is None else answer for answer in known]

    def _known(self, transaction: Transaction, line: Line, proposed: AnyEvent | Refused | Same) -> Answer | None:
        if isinstance(proposed, Refused):
            return None
        return proposed if isinstance(proposed, Same) else self._journal.refusal(transaction, line, proposed)

    def _count(self, lines: Sequence[Line], answers: Sequence[Answer], report: RefusedLines) -> None:
        for line, answer in zip(lines, answers, strict=True):
            if isinstance(answer, Taken):
                self.recorded += 1
            elif isinstance(answer, Refusal):
                self._refused += 1
                report.add(line, answer.refused)
            else:
                self._already += 1


def _read(line: Line) -> AnyEvent | Refused:
    """The event of a line, or why it is none."""
    try:
        return read_entry(line.content)
    except Refused as refused:
        return refused
