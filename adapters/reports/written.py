"""JSON written as it comes, one row held at a time: lists, lines, and the answer of a comparison, whoever reads them.

What the command line and the server write is the same, byte for byte.
"""

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from adapters.language import worded

if TYPE_CHECKING:
    from adapters.reports.replays import Answer, Compared
    from domain.refusal import Refused

Row = Mapping[str, Any]


class Out(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Writes some bytes."""


def json_list(rows: Iterable[Row], out: Out) -> None:
    """A JSON list with one object a line. Nothing is written before the first row, so that an early failure is clean."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        out.write(b"[]\n")
        return
    out.write(b"[\n" + msgspec.json.encode(first))
    for row in rows:
        out.write(b",\n" + msgspec.json.encode(row))
    out.write(b"\n]\n")


def json_lines(rows: Iterable[Row], out: Out) -> int:
    """One object a line; answers how many."""
    count = 0
    for row in rows:
        out.write(msgspec.json.encode(row) + b"\n")
        count += 1
    return count


def json_compared(compared: "Compared", before_it: Row, out: Out) -> bool:
    """The answer of a comparison as one JSON object, a change a line as they come: what goes before, `changes`, `totals`.
    Whether anything differs.

    Nothing is written before the first change is there, so that an early failure is clean."""
    rows = compared.changes()
    first = next(rows, None)
    out.write(b"{")
    for name, value in before_it.items():
        out.write(msgspec.json.encode(name) + b":" + msgspec.json.encode(value) + b",\n")
    out.write(b'"changes":[')
    for number, row in enumerate(chain([first] if first is not None else (), rows)):
        out.write((b",\n" if number else b"\n") + msgspec.json.encode(row))
    out.write(b'\n],\n"totals":' + msgspec.json.encode(compared.totals) + b"}\n")
    return first is not None


def supposed_as_json(answer: "Answer") -> dict[str, Any]:
    """Of a what-if, what became of the entries supposed and of those that could not stand without what is left out."""
    tried = [
        {"line": it.line, "positions": list(it.positions), "same": it.same, "refused": _refusal(it.refused)}
        for it in answer.tried
    ]
    left = [{"stream": it.stream, "position": it.position, "refused": _refusal(it.refused)} for it in answer.illegal]
    return {"tried": tried, "illegal": left}


def _refusal(refused: "Refused | None") -> dict[str, Any] | None:
    if refused is None:
        return None
    return {"code": refused.code, "field": refused.field, "clause": refused.clause, "message": worded(refused)}
