"""The reports as Parquet: the same fields as their JSON, with exact types, written a batch of rows at a time.

Durations and counts are integers, times are timestamps in UTC, amounts are decimals. It works nothing out.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from adapters.mapper import NotPossible
from domain.exchange import time_text
from domain.refusal import said
from projections.contracts import Question

Row = dict[str, Any]
_BATCH_ROWS = 10_000
_TEXT, _WHOLE, _DAY = pa.string(), pa.int64(), pa.date32()
_TIME = pa.timestamp("us", tz="UTC")
_MOST_DIGITS, _DECIMALS = 38, 2
"""Of an amount. Arrow has wider decimals, which DuckDB and others do not read."""
_AMOUNT = pa.decimal128(_MOST_DIGITS, _DECIMALS)
_TEXTS = pa.list_(_TEXT)
_READINGS = pa.map_(_TEXT, _TEXT)
_COUNTER = pa.struct([("included", _WHOLE), ("used", _WHOLE), ("remaining", _WHOLE)])
_CLOCK = pa.struct(
    [
        ("verdict", _TEXT), ("target_seconds", _WHOLE), ("earliest_seconds", _WHOLE), ("started_at", _TIME), ("due_at", _TIME),
        ("stopped_at", _TIME), ("elapsed_seconds", _WHOLE), ("paused_seconds", _WHOLE), ("overrun_seconds", _WHOLE),
        ("clauses", _TEXTS), ("readings", _READINGS),
    ]
)  # fmt: skip
_VISITS = pa.struct([("from", _DAY), ("to", _DAY), ("included", _WHOLE), ("used", _WHOLE), ("foreign", pa.bool_())])
_PAID = pa.struct(
    [
        ("ticket", _TEXT), ("reason", _TEXT), ("price", _AMOUNT), ("discount_percent", _WHOLE), ("to_be_quoted", pa.bool_()),
        ("clause", _TEXT),
    ]
)  # fmt: skip
_BENEFIT = pa.struct([("at", _TIME), ("benefit", _TEXT), ("detail", _TEXT)])
SCHEMAS: dict[str, pa.Schema] = {
    "sla": pa.schema(
        [
            ("ticket", _TEXT), ("client", _TEXT), ("policy", _TEXT), ("terms", _TEXT), ("priority", _TEXT), ("kind", _TEXT),
            ("incident_type", _TEXT), ("opened_at", _TIME), ("official_at", _TIME), ("status", _TEXT), ("closed_reason", _TEXT),
            ("continues", _TEXT), ("continued_by", _TEXT), ("level", _WHOLE), ("stops_operation", _TEXT), ("response", _CLOCK),
            ("resolution", _CLOCK),
        ]
    ),
    "unattended": pa.schema(
        [("ticket", _TEXT), ("client", _TEXT), ("since", _TIME), ("support_seconds", _WHOLE), ("clause", _TEXT)]
    ),
    "billing": pa.schema(
        [
            ("ticket", _TEXT), ("client", _TEXT), ("policy", _TEXT), ("entry", _WHOLE), ("at", _TIME), ("kind", _TEXT),
            ("minutes", _WHOLE), ("consultants", _WHOLE), ("billable_minutes", _WHOLE), ("after_hours_minutes", _WHOLE),
            ("unrequested_minutes", _WHOLE), ("amount", _AMOUNT), ("currency", _TEXT), ("amount_note", _TEXT),
            ("clause", _TEXT),
        ]
    ),
    "consumption": pa.schema(
        [
            ("policy", _TEXT), ("client", _TEXT), ("terms", _TEXT), ("tier", _TEXT), ("starts", _DAY), ("ends", _DAY),
            ("state", _TEXT), ("tickets", _COUNTER), ("by_priority", pa.map_(_TEXT, _COUNTER)), ("onsite", pa.list_(_VISITS)),
            ("covered", _TEXTS), ("pay_per_event", pa.list_(_PAID)), ("benefits", pa.list_(_BENEFIT)), ("readings", _READINGS),
        ]
    ),
}  # fmt: skip


def write_parquet(name: str, rows: Iterable[Row], question: Question, out: BinaryIO) -> int:
    """Writes the rows of a report; answers how many. The question they answer stands in the file's metadata.

    NotPossible if an amount has more than 36 digits before its point: no decimal that readers of Parquet know holds it."""
    schema = SCHEMAS[name].with_metadata(_metadata(name, question))
    rows = iter(rows)
    count = 0
    # The first batch is worked out before the writer puts down the magic number: an early failure writes nothing.
    batch = list(islice(rows, _BATCH_ROWS))
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch:
            columns = [pa.array((_typed(row[field.name], field.type) for row in batch), field.type) for field in schema]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += len(batch)
            batch = list(islice(rows, _BATCH_ROWS))
    return count


def _metadata(name: str, question: Question) -> dict[str, str]:
    known = "" if question.known is None else str(question.known)
    readings = msgspec.json.encode(question.readings).decode()
    return {"report": name, "at": time_text(question.at), "known": known, "readings": readings}


def _typed(value: Any, kind: pa.DataType) -> Any:
    """A value of the JSON as what its column holds."""
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(value)
    if pa.types.is_date(kind):
        return date.fromisoformat(value)
    if pa.types.is_decimal(kind):
        return _amount(value)
    if pa.types.is_struct(kind):
        return {field.name: _typed(value[field.name], field.type) for field in _fields(kind)}
    if pa.types.is_map(kind):
        return [(key, _typed(inner, kind.item_type)) for key, inner in value.items()]
    if pa.types.is_list(kind):
        return [_typed(it, kind.value_type) for it in value]
    return value


def _amount(text: str) -> Decimal:
    amount = Decimal(text)
    if amount.adjusted() >= _MOST_DIGITS - _DECIMALS:
        template = said("an amount has more than {most} digits before its point, too many for Parquet: ask for JSON or CSV")
        raise NotPossible(template, most=_MOST_DIGITS - _DECIMALS)
    return amount


def _fields(kind: pa.DataType) -> Iterator[pa.Field]:
    return (kind.field(number) for number in range(kind.num_fields))
