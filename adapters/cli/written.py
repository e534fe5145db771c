"""JSON written out as it comes (see `adapters.reports.written`), to standard output or, the lines, to a file.

Always UTF-8, whatever the terminal; one row held at a time. Tables for reading are in `tables`, files that appear whole in
`adapters.files.targets`.
"""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from adapters.reports.written import Row, json_compared, json_lines, json_list

if TYPE_CHECKING:
    from adapters.reports.replays import Compared


def write_json_list(rows: Iterable[Row]) -> None:
    """See `adapters.reports.written.json_list`."""
    json_list(rows, sys.stdout.buffer)


def write_json_lines(rows: Iterable[Row], out: BinaryIO | None = None) -> int:
    """One object a line, to standard output or a binary file; answers how many."""
    return json_lines(rows, out or sys.stdout.buffer)


def write_compared(compared: "Compared", before_it: Row) -> bool:
    """See `adapters.reports.written.json_compared`."""
    return json_compared(compared, before_it, sys.stdout.buffer)
