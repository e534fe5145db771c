"""Reports worked out by several processes: the same rows in the same order as by one, byte for byte."""

import os
import random
import signal
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters import ledger as ledgers
from adapters.ledger import ALL, Ledger
from adapters.reports.reports import Reports, Selection
from adapters.reports.shared_reports import SharedReports
from adapters.workers import WorkerLost
from domain.exchange import entry_as_json
from projections.contracts import Question
from tests.oracle.comparison import NOW, REPORTS, proposal
from tests.oracle.ledgers import random_ledger, random_question

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "examples"
NAMES = sorted(path.name.removesuffix(".jsonl") for path in EXAMPLES.glob("*.jsonl"))


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few tickets are shared out too."""
    monkeypatch.setattr(ledgers, "PART_ENTRIES", 16)


def recorded(path: Path, proposals: list[dict[str, Any]]) -> Ledger:
    ledger = Ledger.open(str(path), create=True, clock=lambda: NOW)
    ledger.record([proposal(it) for it in proposals])
    return ledger


def rows(ledger: Ledger, report: str, question: Question, workers: int, selection: Selection | None = None) -> list[bytes]:
    reports = Reports(ledger, question, selection) if workers == 1 else SharedReports(ledger, question, selection, workers)
    return [msgspec.json.encode(it) for it in getattr(reports, report)()]


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("seed", [31, 32])
def test_on_a_random_ledger_two_processes_answer_as_one(seed: int, report: str, tmp_path: Path) -> None:
    rng = random.Random(seed)
    with recorded(tmp_path / "random.db", random_ledger(rng, 150)) as ledger:
        at, known, readings = random_question(rng, [entry_as_json(it) for it in ledger.entries()])
        question = Question(datetime.fromisoformat(at), known, readings)
        assert len(ledger.divided("ticket", ledger.head())) > 2
        assert rows(ledger, report, question, 2) == rows(ledger, report, question, 1)


@pytest.mark.skipif(not NAMES, reason="the folder shared/examples is not beside this project")
@pytest.mark.parametrize("name", NAMES or ["absent"])
def test_on_the_examples_two_processes_answer_as_one(name: str, tmp_path: Path) -> None:
    lines = (EXAMPLES / f"{name}.jsonl").read_text("utf-8").splitlines()
    with recorded(tmp_path / "example.db", [msgspec.json.decode(it) for it in lines]) as ledger:
        for report in REPORTS:
            assert rows(ledger, report, Question(NOW), 2) == rows(ledger, report, Question(NOW), 1)


@pytest.mark.parametrize("seed", range(20))
def test_every_ticket_lies_in_exactly_one_part(seed: int, tmp_path: Path) -> None:
    with recorded(tmp_path / "random.db", random_ledger(random.Random(seed), 60)) as ledger:
        parts = ledger.divided("ticket", ledger.head())
        assert (parts[0][0], parts[-1][1]) == ALL
        found = [it for names in parts for it in ledger.streams("ticket", None, names)]
        assert found == list(ledger.streams("ticket"))


def test_one_client_is_never_shared_out(tmp_path: Path) -> None:
    with recorded(tmp_path / "random.db", random_ledger(random.Random(5), 60)) as ledger:
        client = next(ledger.streams("client"))[0].removeprefix("client:")
        chosen = Selection(client=client)
        assert rows(ledger, "sla", Question(NOW), 60, chosen) == rows(ledger, "sla", Question(NOW), 1, chosen)


def test_what_is_recorded_meanwhile_is_for_the_next_question(tmp_path: Path) -> None:
    proposals = random_ledger(random.Random(7), 120)
    with recorded(tmp_path / "random.db", proposals[:200]) as ledger:
        expected = rows(ledger, "billing", Question(NOW), 1)
        reports = SharedReports(ledger, Question(NOW), None, 2)
        ledger.record([proposal(it) for it in proposals[200:]])
        assert [msgspec.json.encode(it) for it in reports.billing()] == expected


def test_a_process_that_dies_is_an_error_and_no_row_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded(tmp_path / "random.db", random_ledger(random.Random(3), 60)) as ledger:
        monkeypatch.setattr("adapters.reports.shared_reports._reading", _dying)
        with pytest.raises(WorkerLost):
            list(SharedReports(ledger, Question(NOW), None, 2).sla())


def _dying(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
