"""The reports as CSV (RFC 4180): the fields of their JSON, nested ones under dotted names, lists and readings joined by spaces.

Always UTF-8. It works nothing out.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import msgspec

from adapters.reports.written import Out, Row

_CLOCK = (
    "verdict", "target_seconds", "earliest_seconds", "started_at", "due_at", "stopped_at", "elapsed_seconds", "paused_seconds",
    "overrun_seconds", "clauses", "readings",
)  # fmt: skip
_COLUMNS: dict[str, tuple[str, ...]] = {
    "sla": (
        "ticket", "client", "policy", "terms", "priority", "kind", "incident_type", "opened_at", "official_at", "status",
        "closed_reason", "continues", "continued_by", "level", "stops_operation",
        *(f"{clock}.{field}" for clock in ("response", "resolution") for field in _CLOCK),
    ),
    "unattended": ("ticket", "client", "since", "support_seconds", "clause"),
    "billing": (
        "ticket", "client", "policy", "entry", "at", "kind", "minutes", "consultants", "billable_minutes",
        "after_hours_minutes", "unrequested_minutes", "amount", "currency", "amount_note", "clause",
    ),
    "consumption": (
        "policy", "client", "terms", "tier", "starts", "ends", "state", "tickets.included", "tickets.used", "tickets.remaining",
        "onsite", "covered", "pay_per_event", "benefits", "readings",
    ),
}  # fmt: skip


def write_csv(name: str, rows: Iterable[Row], out: Out) -> None:
    """Writes the rows of a report, under a header. Nothing is written before the first row is there, so that an early failure
    is clean.

    The columns are known before any row is, except those of a policy's priorities, which its terms name."""
    columns: Sequence[str] = _COLUMNS[name]
    rows = iter(rows)
    if name == "consumption":
        held = list(rows)
        priorities = dict.fromkeys(it for row in held for it in _flattened(row) if it.startswith("by_priority."))
        before = columns.index("onsite")
        columns, rows = [*columns[:before], *priorities, *columns[before:]], iter(held)
    first = next(rows, None)
    _write(_cells(rows if first is None else chain([first], rows), columns), columns, out)


def _write(cells: Iterable[Sequence[Any]], columns: Sequence[str], out: Out) -> None:
    text = io.StringIO()
    writer = csv.writer(text)
    for it in chain([columns], cells):
        writer.writerow(it)
        out.write(text.getvalue().encode())
        text.seek(0)
        text.truncate()


def _cells(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        flat = _flattened(row)
        yield [flat.get(name, "") for name in columns]


def _flattened(row: Row, prefix: str = "") -> dict[str, Any]:
    """A row as one level of dotted names; None is the empty text."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, Mapping) and name != "readings":
            flat |= _flattened(value, f"{prefix}{name}.")
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
