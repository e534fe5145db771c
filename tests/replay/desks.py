"""Random and small desks for the tests of replay, and the reports of one whole."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.files.restoring import restore
from adapters.ledger import Ledger
from adapters.reports.reports import Reports
from domain.exchange import entry_as_json
from projections.contracts import Question
from tests.adapters.given import read
from tests.oracle.comparison import NOW, proposal
from tests.oracle.ledgers import random_ledger

REPORTS = ("sla", "consumption", "billing")
AT = datetime(2026, 3, 31, 18, tzinfo=UTC)


@contextmanager
def random_desk(folder: Path, seed: int, size: int = 60) -> Iterator[tuple[Ledger, list[dict[str, Any]], random.Random]]:
    """A ledger of random entries, its export, and the generator that made it."""
    rng = random.Random(seed)
    with Ledger.open(str(folder / f"{seed}.db"), create=True, clock=lambda: NOW) as ledger:
        ledger.record([proposal(it) for it in random_ledger(rng, size)])
        yield ledger, exported(ledger), rng


def exported(ledger: Ledger) -> list[dict[str, Any]]:
    """Every entry as an export has it, its texts in plain."""
    return [entry_as_json(it) for it in map(ledger.unsealed().exported, ledger.entries())]


@contextmanager
def small_desk(folder: Path, *lines: dict[str, Any]) -> Iterator[Ledger]:
    """A ledger of these lines, each of which must be taken."""
    with Ledger.open(str(folder / "small.db"), create=True, clock=lambda: NOW) as ledger:
        for line, answer in zip(lines, ledger.record(read(*lines)), strict=True):
            assert hasattr(answer, "positions"), (line, answer)
        yield ledger


@contextmanager
def restored(folder: Path, name: str, entries: list[dict[str, Any]]) -> Iterator[Ledger]:
    """A ledger restored from an export."""
    export = folder / f"{name}.jsonl"
    export.write_text("".join(json.dumps(it) + "\n" for it in entries), "utf-8")
    restore(export, folder / f"{name}.db", clock=lambda: NOW)
    with Ledger.open(str(folder / f"{name}.db"), clock=lambda: NOW) as ledger:
        yield ledger


def asked(at: str, known: int | None = None, readings: dict[str, str] | None = None) -> Question:
    """A question, as the oracle puts it."""
    return Question(datetime.fromisoformat(at), known, readings)


def whole(reports: Reports) -> dict[str, list[dict[str, Any]]]:
    """All reports of a ledger."""
    return {name: list(getattr(reports, name)()) for name in (*REPORTS, "unattended")}


def unread(row: dict[str, Any], *also: str) -> dict[str, Any]:
    """A row without the readings it mentions, nor these fields, at any depth."""
    left_out = ("readings", *also)
    return {
        key: unread(value, *also) if isinstance(value, dict) and key != "by_priority" else value
        for key, value in row.items()
        if key not in left_out
    }


def plain(reports: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The verdicts, consumption and bill without what they mention of readings."""
    return {name: [unread(row) for row in reports[name]] for name in REPORTS}
