"""Data written out as it comes: JSON (see `adapters.written`) and CSV, to standard output or, the lines, to a file.

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

from adapters.written import Row, json_compared, json_lines, json_list

if TYPE_CHECKING:
    from adapters.replays import Compared


def write_json_list(rows: Iterable[Row]) -> None:
    """See `adapters.written.json_list`."""
    json_list(rows, sys.stdout.buffer)


def write_json_lines(rows: Iterable[Row], out: BinaryIO | None = None) -> int:
    """One object a line, to standard output or a binary file; answers how many."""
    return json_lines(rows, out or sys.stdout.buffer)


def write_compared(compared: "Compared", before_it: Row) -> bool:
    """See `adapters.written.json_compared`."""
    return json_compared(compared, before_it, sys.stdout.buffer)


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
