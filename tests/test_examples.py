"""The ledgers worked out by hand that stand beside the project, through the product: recorded as they are, reported as asked.

The figures are read from where they lie; none is copied here.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger import Taken
from tests.given import Desk

EXAMPLES = Path(__file__).resolve().parents[2] / "shared" / "examples"
NAMES = sorted(path.name.removesuffix(".expected.json") for path in EXAMPLES.glob("*.expected.json"))
WRITTEN_BY_THE_LEDGER = ("TermsPublished", "ReopenedAsNew", "RequestRefused")
IDENTIFIED_BY = {"sla": "ticket", "consumption": "policy"}
WHOLE = ("billing", "unattended")


@pytest.mark.skipif(not NAMES, reason="the folder shared/examples is not beside this project")
@pytest.mark.parametrize("name", NAMES or ["absent"])
def test_the_product_reaches_the_figures_worked_out_by_hand(desk: Desk, name: str) -> None:
    lines = (EXAMPLES / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    answers = desk.answers(*map(json.loads, lines))
    assert [it for it in answers if not isinstance(it, Taken)] == []
    ours = [it["position"] for it in desk.exported() if it["type"] not in WRITTEN_BY_THE_LEDGER]
    position_of = dict(enumerate(ours, start=1))
    for evaluation in json.loads((EXAMPLES / f"{name}.expected.json").read_text(encoding="utf-8")):
        reports = desk.reports(evaluation["at"], position_of.get(evaluation["known_position"]), evaluation["readings"])
        for report in {*IDENTIFIED_BY, *WHOLE} & evaluation.keys():
            found = list(getattr(reports, report)())
            expected = evaluation[report]
            if report in WHOLE:
                assert len(found) == len(expected), (evaluation["at"], report)
            else:
                key = IDENTIFIED_BY[report]
                by_name = {it[key]: it for it in found}
                found = [by_name[it[key]] for it in expected]
            for one, other in zip(expected, found, strict=True):
                assert_holds(_with_position(one, position_of), other, f"{evaluation['at']} {report}")


def _with_position(row: dict[str, Any], position_of: dict[int, int]) -> dict[str, Any]:
    return row | {"entry": position_of[row["entry"]]} if "entry" in row else row


def assert_holds(expected: Any, found: Any, path: str) -> None:
    """Every expected field has its value; of `clauses` and `readings` only some are given."""
    if isinstance(expected, dict):
        for name, value in expected.items():
            if name == "clauses":
                assert found[name][: len(value)] == value, f"{path}.clauses"
            else:
                assert_holds(value, found[name], f"{path}.{name}")
    elif isinstance(expected, list) and expected and isinstance(expected[0], dict):
        assert len(found) == len(expected), path
        for index, (one, other) in enumerate(zip(expected, found, strict=True)):
            assert_holds(one, other, f"{path}[{index}]")
    else:
        assert found == expected, path
