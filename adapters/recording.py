"""A file of entries into the ledger: batches in one transaction each, resumable by recording the same file again.

For a file (not for standard input) the ledger keeps a journal in the same transaction as each batch: how many lines are done,
and a digest of those taken down. What it will not do: guess that two different files hold the same entries; keys do that.
"""

import gc
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
from msgspec import Struct

from adapters.ledger import Answer, Ledger, Refusal, Taken, Transaction, refusal_again
from adapters.lines import Line, lines_of
from adapters.mapper import LedgerError
from adapters.sqlite_rows import Journal, Rows
from domain.events import AnyEvent, RequestRefused
from domain.refusal import Refused, said
from domain.shape import MAX_LINE_BYTES, read_entry

BATCH_LINES = 2_000
_BATCH_BYTES = 16 * 1024 * 1024
_SHOWN_BYTES = 4_096
_DIGEST_MODULUS = 1 << 256


class Summary(Struct, frozen=True):
    """Of the lines `read`: how many this run recorded, how many were there already, how many are refused. They add up."""

    read: int
    recorded: int
    already: int
    refused: int


class _Moved(Exception):
    """Another process is recording the same file and went on meanwhile: look again before writing anything."""


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

    Lines of the same path that were done before and still read the same are skipped; those refused before are tried again.
    `progress(lines, bytes)` is told after each commit how far it is; what is refused is written to `refused`, in one go at
    the end (no file if nothing is), with messages worded by `say`. LedgerError if the file or the ledger cannot be read."""
    if not isinstance(source, Path):
        return _Run(ledger, source, None, batch, progress).finish(refused, say)
    try:
        with source.open("rb") as stream:
            journaled = str(source.resolve()) if source.is_file() else None
            recorded = 0
            while True:
                run = _Run(ledger, stream, journaled, batch, progress)
                try:
                    summary = run.finish(refused, say)
                except _Moved:
                    recorded += run.recorded
                    stream.seek(0)
                    continue
                return Summary(summary.read, summary.recorded + recorded, summary.already - recorded, summary.refused)
    except OSError as error:
        path, problem = error.filename or source, error.strerror or error
        raise LedgerError(said("{path} cannot be read or written: {problem}"), path=path, problem=problem) from None


class _Run:
    """One pass over the lines. `path` is None for what has no journal."""

    def __init__(
        self, ledger: Ledger, stream: BinaryIO, path: str | None, batch: int, progress: Callable[[int, int], None] | None
    ) -> None:
        self._ledger, self._stream, self._path, self._batch = ledger, stream, path, batch
        self._progress = progress or (lambda lines, upto: None)
        self.recorded = self._already = self._refused = 0
        self._done, self._sum, self._revision = 0, 0, 0
        self._refusals: dict[int, int | None] = {}
        self._starts_anew = False

    def finish(self, refused: Path | None, say: Callable[[Refused], str]) -> Summary:
        """Records what there is to record. _Moved if another process was at the same file; then nothing is reported."""
        if self._path is not None:
            self._look_up(self._path)
        resumed_at = self._done
        with RefusedLines(say) as report:
            lines: list[Line] = []
            size = 0
            for line in lines_of(self._stream):
                if line.number <= resumed_at and line.number not in self._refusals:
                    self._already += 1
                    continue
                lines.append(line)
                size += len(line.content)
                if len(lines) >= self._batch or size >= _BATCH_BYTES:
                    self._write(lines, report)
                    lines, size = [], 0
            if lines:
                self._write(lines, report)
            if refused is not None:
                report.publish(refused)
        return Summary(self.recorded + self._already + self._refused, self.recorded, self._already, self._refused)

    def _look_up(self, path: str) -> None:
        """Where to go on: after the lines the journal has, if the file still begins with them; else from the start."""
        with self._ledger.reading(said("looking up how far a file was recorded")) as rows:
            journal, refusals = rows.journal(path), rows.refusals(path)
        if journal is None:
            return
        self._revision = journal.revision
        found = _digest(self._stream, journal.lines, refusals)
        self._stream.seek(0)
        if found == journal.digest:
            self._done, self._sum, self._refusals = journal.lines, int(found, 16), refusals
        else:
            self._starts_anew = True

    def _write(self, lines: Sequence[Line], report: "RefusedLines") -> None:
        """One batch in one transaction, acknowledged once it is committed."""
        with _uncollected():
            answers = self._recorded(lines, [self._proposal(line) for line in lines])
        self._count(lines, answers, report)
        self._progress(lines[-1].number, lines[-1].upto)

    def _recorded(self, lines: Sequence[Line], proposed: Sequence[AnyEvent | Refused | None]) -> list[Answer]:
        with self._ledger.writing() as transaction:
            if self._path is not None and _revision(transaction.rows, self._path) != self._revision:
                raise _Moved
            answers = self._answers(transaction, lines, proposed)
            if self._path is not None:
                self._keep(transaction.rows, self._path, lines, answers)
        return answers

    def _proposal(self, line: Line) -> AnyEvent | Refused | None:
        """The event of a line, or why it is none; None for a line whose refusal is recorded, which is not asked again."""
        if self._refusals.get(line.number) is not None:
            return None
        try:
            return read_entry(line.content)
        except Refused as refused:
            return refused

    def _answers(self, transaction: Transaction, lines: Sequence[Line], proposed: Sequence[Any]) -> list[Answer]:
        new = iter(transaction.record([it for it in proposed if it is not None]))
        return [
            self._again(transaction, line.number) if event is None else next(new)
            for line, event in zip(lines, proposed, strict=True)
        ]

    def _again(self, transaction: Transaction, number: int) -> Answer:
        position = self._refusals[number] or 0
        entry = transaction.rows.at(position)
        if entry is None or not isinstance(entry.event, RequestRefused):
            raise LedgerError(said("entry {position} should be a refusal and is not: the ledger is damaged"), position=position)
        return refusal_again(entry.event, position, transaction.unsealed().text(entry.event.requester))

    def _keep(self, rows: Rows, path: str, lines: Sequence[Line], answers: Sequence[Answer]) -> None:
        """The journal after this batch. What is not recorded stays out of the digest, so that a refused line may be mended
        in place; a refused last line without newline is not even done, since the rest of it may still come."""
        if self._starts_anew:
            rows.drop_refusals(path)
            self._starts_anew = False
        before = self._refusals
        pairs = [it for it in zip(lines, answers, strict=True) if it[0].ended or it[1].position is not None]
        new = [line for line, answer in pairs if answer.position is not None and before.get(line.number) is None]
        self._sum = (self._sum + sum(map(_line_digest, new))) % _DIGEST_MODULUS
        refused = [(line.number, answer.position) for line, answer in pairs if isinstance(answer, Refusal)]
        taken = [line.number for line, answer in pairs if not isinstance(answer, Refusal)] if before else []
        if pairs:
            self._done = max(self._done, pairs[-1][0].number)
        self._revision += 1
        rows.drop_refusals(path, [number for number in taken if number in before])
        rows.keep_refusals(path, refused)
        rows.keep_journal(path, Journal(self._done, f"{self._sum:064x}", self._revision))

    def _count(self, lines: Sequence[Line], answers: Sequence[Answer], report: "RefusedLines") -> None:
        for line, answer in zip(lines, answers, strict=True):
            if isinstance(answer, Taken):
                self.recorded += 1
            elif isinstance(answer, Refusal):
                self._refused += 1
                report.add(line, answer.refused)
            else:
                self._already += 1


class RefusedLines:
    """What a run refuses, kept aside until it is complete."""

    def __init__(self, say: Callable[[Refused], str]) -> None:
        self._say = say
        self._aside = tempfile.SpooledTemporaryFile(max_size=1024 * 1024)  # noqa: SIM115 (closed by __exit__)
        self._any = False

    def __enter__(self) -> "RefusedLines":
        return self

    def __exit__(self, *_: object) -> None:
        self._aside.close()

    def add(self, line: Line, refused: Refused) -> None:
        """One more line, in the order of the file."""
        row: dict[str, Any] = {"line": line.number, "code": refused.code}
        if refused.field is not None:
            row["field"] = refused.field
        if refused.clause is not None:
            row["clause"] = refused.clause
        row["message"] = self._say(refused)
        row["entry"] = _as_refused(line.content)
        self._aside.write(msgspec.json.encode(row) + b"\n")
        self._any = True

    def publish(self, path: Path) -> None:
        """The file, complete or not at all; none, and no older one, if nothing was refused. OSError if it cannot be written."""
        if not self._any:
            path.unlink(missing_ok=True)
            return
        self._aside.seek(0)
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            with beside.open("wb") as file:
                while chunk := self._aside.read(1024 * 1024):
                    file.write(chunk)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


def _as_refused(content: bytes) -> Any:
    """The object on a refused line, digit for digit as it stood; the text, if it was none (of one too long, its beginning)."""
    if len(content) <= MAX_LINE_BYTES:
        try:
            if isinstance(msgspec.json.decode(content), dict):
                return msgspec.Raw(content)
        except (msgspec.DecodeError, RecursionError, ValueError):
            pass
        return content.decode("utf-8", "replace")
    return content[:_SHOWN_BYTES].decode("utf-8", "replace") + "…"


@contextmanager
def _uncollected() -> Iterator[None]:
    """Spares a batch the collector of reference cycles: it makes thousands of entries, which stay, and no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _revision(rows: Rows, path: str) -> int:
    journal = rows.journal(path)
    return 0 if journal is None else journal.revision


def _line_digest(line: Line) -> int:
    return int.from_bytes(hashlib.sha256(b"%d:" % line.number + line.content).digest(), "big")


def _digest(stream: BinaryIO, upto: int, refusals: dict[int, int | None]) -> str | None:
    """The sum of the digests of the first `upto` lines, those not recorded left out; None if there are fewer lines.

    A sum, because a line refused at first and taken later joins it without the others being read again."""
    total = number = 0
    if upto:
        for line in lines_of(stream):
            number = line.number
            if refusals.get(number, 0) is not None:
                total += _line_digest(line)
            if number == upto:
                break
    return f"{total % _DIGEST_MODULUS:064x}" if number == upto else None
