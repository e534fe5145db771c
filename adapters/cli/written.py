"""Data written out as it comes: JSON lists, JSON Lines and CSV, to standard output or, the lines, to a file.

Always UTF-8, whatever the terminal; one row held at a time. Tables for reading are in `tables`, files that appear whole in
`adapters.targets`.
"""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

if TYPE_CHECKING:
    from adapters.replays import Compared

Row = Mapping[str, Any]


def write_json_list(rows: Iterable[Row]) -> None:
    """A JSON list with one object a line. Nothing is written before the first row, so that an early failure is clean."""
    rows = iter(rows)
    first = next(rows, None)
    out = sys.stdout.buffer
    if first is None:
        out.write(b"[]\n")
        return
    out.write(b"[\n" + msgspec.json.encode(first))
    for row in rows:
        out.write(b",\n" + msgspec.json.encode(row))
    out.write(b"\n]\n")


def write_json_lines(rows: Iterable[Row], out: BinaryIO | None = None) -> int:
    """One object a line, to standard output or a binary file; answers how many."""
    out = out or sys.stdout.buffer
    count = 0
    for row in rows:
        out.write(msgspec.json.encode(row) + b"\n")
        count += 1
    return count


def write_compared(compared: "Compared", before_it: Row) -> bool:
    """Writes the answer of a comparison as one JSON object, a change a line as they come: what goes before, `changes`,
    `totals`. Whether anything differs.

    Nothing is written before the first change is there, so that an early failure is clean."""
    rows = compared.changes()
    first = next(rows, None)
    out = sys.stdout.buffer
    out.write(b"{")
    for name, value in before_it.items():
        out.write(msgspec.json.encode(name) + b":" + msgspec.json.encode(value) + b",\n")
    out.write(b'"changes":[')
    for number, row in enumerate(chain([first] if first is not None else (), rows)):
        out.write((b",\n" if number else b"\n") + msgspec.json.encode(row))
    out.write(b'\n],\n"totals":' + msgspec.json.encode(compared.totals) + b"}\n")
    return first is not None


def write_csv(rows: Iterable[Row], columns: Sequence[str]) -> None:
    """CSV (RFC 4180) with a header: nested objects under dotted names, lists and readings joined by spaces."""
    text = io.StringIO()
    writer = csv.writer(text)
    out = sys.stdout.buffer
    for cells in chain([columns], _cells(rows, columns)):
        writer.writerow(cells)
        out.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()


def _cells(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        flat = flattened(row)
        yield [flat.get(name, "") for name in columns]


def flattened(row: Row, prefix: str = "") -> dict[str, Any]:
    """A row as one level of dotted names; None is the empty text."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and name != "readings":
            flat |= flattened(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = _cell(value)
    return flat


def _cell(value: Any) -> Any:
    if isinstance(value, Mapping):
        return " ".join(f"{key}={name}" for key, name in value.items())
    if isinstance(value, list | tuple):
        if all(isinstance(it, str) for it in value):
            return " ".join(value)
        return msgspec.json.encode(value).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else value
