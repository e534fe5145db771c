"""The pages docs/rules.md and docs/rules.es.md: every clause and reading is named, every figure shown is worked out again.

An example is a block of entries (jsonl) and the block of questions (json) after it; the first jsonl block of a page is the desk
that all its examples begin with. Objects show some fields of the answer; lists show all of it.
"""

import json
import re
import tomllib
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from adapters.ledger import Ledger, Refusal
from adapters.reports.reports import Question, Reports
from domain.refusal import CODES, Refused
from domain.shape import read_entry

ROOT = Path(__file__).resolve().parents[2]
PAGES = ["rules.md", "rules.es.md"]
TERMS = ["grupo-staff", "customsoft"]
NOW = datetime(2027, 1, 1, tzinfo=UTC)
ASKED = {"at", "known_at", "readings"}
REPORTS = ("sla", "unattended", "consumption", "billing")
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@cache
def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


@cache
def blocks(name: str) -> list[tuple[str, str]]:
    return _BLOCK.findall(page(name))


def desk(name: str) -> list[str]:
    return blocks(name)[0][1].splitlines()


def examples(name: str) -> list[tuple[list[str], list[dict[str, Any]]]]:
    """The entries and the questions of every example of a page."""
    entries, questions = blocks(name)[1::2], blocks(name)[2::2]
    return [(one.splitlines(), json.loads(other)) for (_, one), (_, other) in zip(entries, questions, strict=True)]


def terms(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "domain" / "terms" / f"{name}.toml").read_text("utf-8"))


def proposed(line: str) -> Any:
    try:
        return read_entry(line.encode())
    except Refused as refused:
        return refused


def recorded(ledger: Ledger, lines: list[str]) -> list[dict[str, Any]]:
    """Records the lines; those refused, with what a refusal says."""
    answers = ledger.record([proposed(it) for it in lines])
    return [
        {
            "line": number,
            "code": it.refused.code,
            "field": it.refused.field,
            "clause": it.refused.clause,
            "position": it.position,
        }
        for number, it in enumerate(answers, 1)
        if isinstance(it, Refusal)
    ]


def differences(shown: Any, found: Any, path: str) -> list[str]:
    """Where the answer is not what the page shows: objects by the fields shown, lists whole."""
    if isinstance(shown, dict) and isinstance(found, dict):
        return [line for key, value in shown.items() for line in differences(value, found.get(key, "absent"), f"{path}.{key}")]
    if isinstance(shown, list) and isinstance(found, list) and len(shown) == len(found):
        pairs = enumerate(zip(shown, found, strict=True))
        return [line for n, (one, other) in pairs for line in differences(one, other, f"{path}[{n}]")]
    return [] if shown == found and type(shown) is type(found) else [f"{path}: shown {shown!r}, worked out {found!r}"]


def wrong_in(ledger: Ledger, question: dict[str, Any]) -> list[str]:
    """The figures of one question that the reports do not confirm."""
    asked = Question(datetime.fromisoformat(question["at"]), question.get("known_at"), question.get("readings"))
    reports = Reports(ledger, asked)
    wrong = []
    assert question.keys() - ASKED, "a question that asks nothing"
    for name in question.keys() - ASKED:
        if name == "explain":
            wrong += differences(question[name], reports.explain(question[name]["ticket"]), name)
        else:
            assert name in REPORTS, name
            wrong += differences(question[name], list(getattr(reports, name)()), name)
    return wrong


NUMBERED = [(name, number) for name in PAGES for number in range(len(examples(name)))]


@pytest.mark.parametrize(("name", "number"), NUMBERED)
def test_an_example_comes_out_as_shown(name: str, number: int, tmp_path: Path) -> None:
    entries, questions = examples(name)[number]
    with Ledger.open(str(tmp_path / "ledger.db"), create=True, clock=lambda: NOW) as ledger:
        assert recorded(ledger, desk(name)) == []
        refused = recorded(ledger, entries)
        shown = [row for it in questions for row in it.pop("refused", [])]
        wrong = differences(shown, refused, "refused")
        wrong += [line for it in questions if it for line in wrong_in(ledger, it)]
    assert not wrong, "\n" + "\n".join(wrong)


def test_both_languages_have_the_same_examples() -> None:
    first, second = map(blocks, PAGES)
    assert first == second
    assert [kind for kind, _ in first] == ["jsonl", *["jsonl", "json"] * (len(first) // 2)]


def test_a_figure_that_is_not_so_is_found() -> None:
    found = {"ticket": "T-1", "rows": [{"amount": "10.00", "seconds": 1}]}
    assert differences({"rows": [{"seconds": 1}]}, found, "") == []
    wrong = (
        {"rows": []},
        {"rows": [{"seconds": 2}]},
        {"rows": [{"amount": "10.0"}]},
        {"rows": [{"seconds": True}]},
        {"at": None},
    )
    assert all(differences(shown, found, "") for shown in wrong)


@pytest.mark.parametrize("name", PAGES)
def test_every_clause_is_in_the_table_in_order(name: str) -> None:
    cells = re.findall(r"^\| ((?:`[gc]s\.[\d.]+`(?:, )?)+) \|", page(name), re.MULTILINE)
    assert re.findall(r"`([^`]+)`", " ".join(cells)) == [clause for of in TERMS for clause in terms(of)["clauses"]]


@pytest.mark.parametrize("name", PAGES)
def test_every_reading_is_named_with_its_options_the_default_first(name: str) -> None:
    listed = re.findall(r"`([gc]s\.[\w.]+)`: ((?:`[\w-]+`(?: · )?)+)", page(name))
    named = {key: re.findall(r"`([\w-]+)`", options) for key, options in listed}
    real = {key: list(it["options"]) for of in TERMS for key, it in terms(of)["readings"].items()}
    assert named == real
    declared = {key: it["default"] for of in TERMS for key, it in terms(of)["readings"].items() if "default" in it}
    assert all(real[key][0] == default for key, default in declared.items())


@pytest.mark.parametrize("name", PAGES)
def test_every_code_of_a_refusal_is_explained(name: str) -> None:
    assert all(f"| **{code}** |" in page(name) for code in CODES)
