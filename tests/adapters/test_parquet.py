"""Reports as Parquet: the rows of the JSON, with exact types, and the question they answer."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from adapters.exporters import parquet
from adapters.exporters.parquet import SCHEMAS, write_parquet
from adapters.mapper import NotPossible
from adapters.reports.reports import Reports
from projections.contracts import Question
from tests.adapters.given import DESK, followed_up, opened
from tests.oracle.ledgers import random_question
from tests.replay.desks import AT, random_desk, small_desk

REPORTS = ("sla", "consumption", "billing", "unattended")


def table(folder: Path, name: str, reports: Reports) -> pa.Table:
    path = folder / f"{name}.parquet"
    with path.open("wb") as file:
        write_parquet(name, getattr(reports, name)(), reports.question, file)
    return pq.read_table(path)


def as_json(value: Any, kind: pa.DataType) -> Any:
    """A value read back as the JSON has it; amounts as numbers, since their text may have fewer decimals."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if pa.types.is_map(kind):
        return {key: as_json(inner, kind.item_type) for key, inner in value}
    if pa.types.is_struct(kind):
        return {field.name: as_json(value[field.name], field.type) for field in kind}
    if pa.types.is_list(kind):
        return [as_json(it, kind.value_type) for it in value]
    return value


def with_numbers(row: Any) -> Any:
    """A row of JSON with its amounts as decimals."""
    if isinstance(row, dict):
        return {
            name: Decimal(it) if name in ("amount", "price") and it is not None else with_numbers(it)
            for name, it in row.items()
        }
    return [with_numbers(it) for it in row] if isinstance(row, list) else row


CHARGE: dict[str, Any] = {
    "ticket": "T-1", "client": "acme", "policy": None, "entry": 8, "at": "2026-03-02T17:00:00Z", "kind": "follow_up",
    "minutes": 15, "consultants": 1, "billable_minutes": 15, "after_hours_minutes": 0, "unrequested_minutes": 0,
    "currency": "MXN", "amount_note": None, "clause": "gs.6",
}  # fmt: skip


def test_an_amount_of_36_digits_is_exact_and_a_longer_one_is_told_to_be_too_long(tmp_path: Path) -> None:
    longest, question = "9" * 36 + ".99", Question(AT, None, {})
    path = tmp_path / "billing.parquet"
    with path.open("wb") as file:
        write_parquet("billing", [CHARGE | {"amount": longest}], question, file)
    assert pq.read_table(path)["amount"].to_pylist() == [Decimal(longest)]
    with path.open("wb") as file, pytest.raises(NotPossible, match="36 digits"):
        write_parquet("billing", [CHARGE | {"amount": "1" + "0" * 36 + ".00"}], question, file)


@pytest.mark.parametrize("seed", range(9600, 9606))
def test_every_report_read_back_is_its_json(seed: int, tmp_path: Path) -> None:
    with random_desk(tmp_path, seed) as (ledger, entries, rng):
        at, known, readings = random_question(rng, entries)
        reports = Reports(ledger, Question(datetime.fromisoformat(at), known, readings))
        for name in REPORTS:
            found = table(tmp_path, name, reports)
            rows = [{field.name: as_json(row[field.name], field.type) for field in found.schema} for row in found.to_pylist()]
            assert rows == with_numbers(list(getattr(reports, name)()))


def test_types_are_exact(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("G-1"), followed_up("G-1")) as ledger:
        billing = table(tmp_path, "billing", Reports(ledger, Question(AT)))
    (row,) = billing.to_pylist()
    assert (row["amount"], row["minutes"], row["at"]) == (Decimal("150.00"), 15, datetime(2026, 3, 2, 16, tzinfo=UTC))
    assert billing.schema.field("at").type == pa.timestamp("us", tz="UTC")
    assert not any(pa.types.is_floating(field.type) for schema in SCHEMAS.values() for field in schema)


def test_the_question_stands_in_the_file(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK) as ledger:
        found = table(tmp_path, "sla", Reports(ledger, Question(AT, 4, {"gs.4": "clock-hours"})))
    metadata = {key.decode(): value.decode() for key, value in found.schema.metadata.items()}
    assert metadata == {"report": "sla", "at": "2026-03-31T18:00:00Z", "known": "4", "readings": '{"gs.4":"clock-hours"}'}


def test_rows_are_written_batch_by_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 2)
    with small_desk(tmp_path, *DESK, opened("G-1"), *(followed_up("G-1", it) for it in range(5))) as ledger:
        found = table(tmp_path, "billing", Reports(ledger, Question(AT)))
    assert found.num_rows == 5 and pq.ParquetFile(tmp_path / "billing.parquet").num_row_groups == 3


def test_a_report_of_nothing_has_its_columns(tmp_path: Path) -> None:
    with small_desk(tmp_path) as ledger:
        found = table(tmp_path, "unattended", Reports(ledger, Question(AT)))
    assert (found.num_rows, found.column_names) == (0, ["ticket", "client", "since", "support_seconds", "clause"])
