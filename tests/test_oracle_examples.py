"""The hand-worked ledgers of the shared examples, held against the slow second implementation.

The figures are read from where they lie; none is copied here.
"""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.oracle import reports
from tests.oracle.admission import Book

EXAMPLES = Path(__file__).resolve().parents[2] / "shared" / "examples"
LEDGERS = sorted(path.name.removesuffix(".expected.json") for path in EXAMPLES.glob("*.expected.json"))
WRITTEN_BY_THE_LEDGER = ("TermsPublished", "ReopenedAsNew", "RequestRefused")
NOW = datetime(2026, 12, 31, tzinfo=UTC)
NAMED_BY = {"sla": "ticket", "consumption": "policy"}


def recorded(name: str) -> list[dict]:
    """The example's entries as the book exports them; every one must be taken."""
    book = Book()
    for line in (EXAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        answer = book.offer(json.loads(line), NOW)
        assert answer[0] == "taken", (line, answer)
    return book.entries


def numbered(entries: list[dict]) -> dict[int, int]:
    """Line of the file -> position in the ledger."""
    ours = [e["position"] for e in entries if e["type"] not in WRITTEN_BY_THE_LEDGER]
    return dict(enumerate(ours, start=1))


def assert_agrees(expected: object, found: object, path: str) -> None:
    """Every expected field is there with this value; of `clauses` only the first ones are given."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            if name == "clauses":
                assert found[name][: len(value)] == value, f"{path}.clauses"
            else:
                assert_agrees(value, found[name], f"{path}.{name}")
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(found) == len(expected), path
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            assert_agrees(one, other, f"{path}[{index}]")
    else:
        assert found == expected, path


@pytest.mark.skipif(not LEDGERS, reason="the folder shared/examples is not beside this project")
@pytest.mark.parametrize("name", LEDGERS or ["absent"])
def test_the_oracle_reaches_the_figures_worked_out_by_hand(name: str) -> None:
    entries = recorded(name)
    positions = numbered(entries)
    evaluations = json.loads((EXAMPLES / f"{name}.expected.json").read_text(encoding="utf-8"))
    for evaluation in evaluations:
        asked = (evaluation["at"], positions.get(evaluation["known_position"]), evaluation["readings"])
        for report in ("billing", "unattended"):
            if report in evaluation:
                expected = [row | ({"entry": positions[row["entry"]]} if "entry" in row else {}) for row in evaluation[report]]
                assert_agrees(expected, getattr(reports, report)(entries, *asked), f"{report} {asked}")
        for report, key in NAMED_BY.items():
            found = {row[key]: row for row in getattr(reports, report)(entries, *asked)}
            for expected in evaluation.get(report, []):
                assert_agrees(expected, found[expected[key]], f"{report} {asked} {expected[key]}")
