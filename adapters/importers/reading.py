"""Reads a foreign log: lines out of a plain or compressed file, rows out of lines, times and ids out of what
a row says.

A row stands on one line, as in all the logs known here, so that a broken quote spoils its own row and no
other. Nothing is guessed or repaired: what cannot be read is answered with a reason that names the field, and
it is for the caller to count it.
"""

import csv
import gzip
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from domain.refusal import Sayable, said

LONGEST_LINE_BYTES = 1 << 20
LONGEST_NAME = 64
EARLIEST_YEAR, LATEST_YEAR = 1970, 2200  # rules.md 5: the ledger takes no time outside these

_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d{2})", re.ASCII)
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ T](\d{2}):(\d{2}):(\d{2})", re.ASCII)
_COUNT = re.compile(r"\d{1,9}(?:\.0)?", re.ASCII)


class ImportFileError(Sayable):
    """The file as a whole cannot be imported, `problem` says why: not there, damaged, without its header, or lacking an
    option it needs."""

    def __init__(self, file: Path, line: int, problem: Sayable) -> None:
        super().__init__(said("{file}, line {line}: {problem}"), file=file, line=line, problem=problem)
        self.file, self.line = file, line


@dataclass(frozen=True, slots=True)
class Translated:
    """What one row of the log came to: proposed entries in the exchange format, or the `reason` why it gave
    none.

    `row` is the line in the file (the header is line 1, so rows begin at 2); 0 stands for what the import
    itself proposes before any row. `reason` is a code of `reasons.REASONS`, with the field after a colon
    where one is to blame.
    """

    row: int
    entries: tuple[dict[str, Any], ...]
    reason: str | None


class Unreadable(ValueError):
    """A row that cannot be read; its text is the reason, as in `Translated.reason`."""


@dataclass(frozen=True, slots=True)
class Row:
    """A well-formed row: its line in the file and its cells by column."""

    line: int
    cells: dict[str, str]

    def count(self, column: str) -> int:
        """The whole number in `column` (also written `7.0`). Raises Unreadable."""
        text = self.cells[column]
        if not _COUNT.fullmatch(text):
            raise Unreadable(f"bad-number:{column}")
        return int(text.removesuffix(".0"))

    def day_first(self, column: str) -> datetime:
        """The wall clock `29/2/2016 01:16` in `column`, without a zone. Raises Unreadable."""
        found = _day_first(self.cells[column])
        if found is None:
            raise Unreadable(f"bad-date:{column}")
        return found

    def year_first(self, column: str) -> datetime:
        """The wall clock `2012-04-03 16:55:38` in `column`, without a zone. Raises Unreadable."""
        match = _YEAR_FIRST.fullmatch(self.cells[column])
        found = _wall_clock(*map(int, match.groups())) if match else None
        if found is None:
            raise Unreadable(f"bad-date:{column}")
        return found

    def instant(self, column: str, zone: tzinfo | None) -> datetime:
        """The instant in `column`; one without an offset is read in `zone`, and is Unreadable where there is
        no zone."""
        try:
            found = datetime.fromisoformat(self.cells[column])
        except ValueError:
            raise Unreadable(f"bad-date:{column}") from None
        if found.tzinfo is None and zone is not None:
            found = found.replace(tzinfo=zone)
        if found.tzinfo is None or not EARLIEST_YEAR < found.year < LATEST_YEAR:
            raise Unreadable(f"bad-date:{column}")
        return found

    def name(self, column: str) -> str:
        """The cell of `column` as an id. Raises Unreadable where nothing is left of it."""
        found = foreign_id(self.cells[column])
        if not found:
            raise Unreadable(f"bad-name:{column}")
        return found


@lru_cache(maxsize=4096)
def _day_first(text: str) -> datetime | None:
    match = _DAY_FIRST.fullmatch(text)
    if match is None:
        return None
    day, month, year, hour, minute = map(int, match.groups())
    return _wall_clock(year, month, day, hour, minute)


def _wall_clock(year: int, *rest: int) -> datetime | None:
    if not EARLIEST_YEAR < year < LATEST_YEAR:  # strictly, so that no zone carries it over the edge
        return None
    try:
        return datetime(year, *rest)  # type: ignore[arg-type]  # noqa: DTZ001 (a wall clock, its zone is given later)
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def foreign_id(text: str) -> str:
    """A foreign name as an id of the exchange format: `Caller 2403` becomes `caller-2403`; "" if nothing is
    left.

    Normalised (NFC), lower case, each run of what an id may not hold replaced by a hyphen. A name too long
    keeps its beginning and a digest of the whole, so that two long names stay two.
    """
    plain = unicodedata.normalize("NFC", text.lower())
    kept = "".join("-" if unicodedata.category(sign)[0] in "CZ" else sign for sign in plain)
    name = re.sub("-{2,}", "-", kept).strip("-") if "-" in kept else kept
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 17]}-{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


def read_rows(file: Path, columns: Iterable[str]) -> Iterator[Row | Translated]:
    """Every line after the header, in order: a Row with the `columns` asked for, or a Translated with the
    reason why not.

    Raises ImportFileError if the file cannot be opened, is damaged, or its header lacks a column.
    """
    lines = _lines(file)
    header = _header(file, next(lines, b""))
    wanted = {column: header.index(column) for column in columns if column in header}
    if missing := [column for column in columns if column not in wanted]:
        raise ImportFileError(file, 1, Sayable(said("the header lacks {columns}"), columns=", ".join(missing)))
    for number, line in enumerate(lines, start=2):
        try:
            cells = _cells(line, header)
            yield Row(number, {column: cells[index] for column, index in wanted.items()})
        except Unreadable as problem:
            yield Translated(number, (), str(problem))


def _header(file: Path, line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.decode("utf-8-sig").rstrip("\r\n")], strict=True), [])
    except (csv.Error, UnicodeDecodeError):
        raise ImportFileError(file, 1, Sayable(said("no header of comma-separated column names in UTF-8"))) from None


def _cells(line: bytes, header: list[str]) -> list[str]:
    if len(line) > LONGEST_LINE_BYTES:
        raise Unreadable("line-too-long")
    text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not text:
        raise Unreadable("empty-line")
    cells = text.split(",") if '"' not in text else _quoted_cells(text)
    if len(cells) != len(header):
        raise Unreadable("wrong-column-count")
    if not text.isascii():
        _check_text(cells, header)
    if "\0" in text:
        raise Unreadable("bad-character")
    return cells


def _quoted_cells(text: str) -> list[str]:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise Unreadable("bad-quoting") from None


def _check_text(cells: list[str], header: list[str]) -> None:
    for name, cell in zip(header, cells, strict=True):
        try:
            cell.encode("utf-8")
        except UnicodeEncodeError:
            raise Unreadable(f"not-utf-8:{name}") from None


def _lines(file: Path) -> Iterator[bytes]:
    """Lines as bytes; of one that is too long only as much as shows that it is."""
    number = 0
    try:
        with file.open("rb") as plain, _unpacked(plain) as stream:
            while line := stream.readline(LONGEST_LINE_BYTES + 1):
                number += 1
                yield line
                while len(line) > LONGEST_LINE_BYTES and not line.endswith(b"\n"):
                    line = stream.readline(LONGEST_LINE_BYTES + 1)
                    if not line or line.endswith(b"\n"):
                        break
    except (OSError, EOFError, zlib.error) as error:
        problem = _of_reading(error)
        raise ImportFileError(
            file, number + 1, Sayable(said("cannot be read any further: {problem}"), problem=problem)
        ) from error


def _of_reading(error: Exception) -> object:
    """Why reading broke off: in words of ours where the error is that of unpacking, else as the system says it."""
    if isinstance(error, EOFError):
        return Sayable(said("it ends too soon"))
    if isinstance(error, (gzip.BadGzipFile, zlib.error)):
        return Sayable(said("what is packed in it is damaged"))
    return getattr(error, "strerror", None) or error


def _unpacked(plain: IO[bytes]) -> IO[bytes]:
    magic = plain.read(2)
    plain.seek(0)
    return gzip.open(plain) if magic == b"\x1f\x8b" else plain  # type: ignore[return-value]
