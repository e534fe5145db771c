"""The product and the slow second implementation, on the same random ledgers and the same questions: no difference.

More ledgers with BITACORA_SEEDS=500; another range with BITACORA_FIRST_SEED=100000.
"""

import os
import random
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.comparison import differences, differences_on
from tests.oracle.ledgers import Pen, random_question
from tests.oracle.stories import Tale
from tests.oracle.terms import CS, GS, READINGS

SEEDS = int(os.environ.get("BITACORA_SEEDS", "60"))
FIRST = int(os.environ.get("BITACORA_FIRST_SEED", "7000"))

STOPPING = {
    GS: ("classify", "extend", "extend", "window", "escalate", "escalate", "ask", "solve", "solve", "session", "answer"),
    CS: ("ask", "ask", "unavailable", "contingency", "contingency", "solve", "solve", "priority", "answer", "session"),
}
STOPPED = {"gs.9": "pauses", "gs.wait": "stops", "cs.8.2.availability": "stops", "cs.8.5": "stops"}


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_on_a_random_ledger_product_and_oracle_agree(seed: int, tmp_path: Path) -> None:
    assert list(differences(seed, 60, 2, tmp_path)) == []


@pytest.mark.parametrize("seed", [14, 527, 1107, 1277, 7045])
def test_they_agree_where_they_once_did_not(seed: int, tmp_path: Path) -> None:
    assert list(differences(seed, 60, 4, tmp_path)) == []


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 3))
def test_they_agree_where_clocks_are_stopped_extended_and_given_more_hours(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"stopped {seed}")

    def asking(entries: list[dict[str, Any]]) -> tuple[str, int | None, dict[str, str]]:
        at, known, readings = random_question(rng, entries)
        return at, known, readings | {key: name for key, name in STOPPED.items() if rng.random() < 0.7}

    assert list(differences_on(seed, eventful_ledger(rng), 3, tmp_path, asking)) == []


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 6))
def test_they_agree_under_every_reading_by_itself(seed: int, tmp_path: Path) -> None:
    rng = random.Random(f"readings {seed}")
    others = iter([{key: name} for key, names in READINGS.items() for name in names[1:]])

    def asking(entries: list[dict[str, Any]]) -> tuple[str, int | None, dict[str, str]]:
        at, known, _ = random_question(rng, entries)
        return at, known, next(others)

    count = sum(len(names) - 1 for names in READINGS.values())
    assert list(differences_on(seed, eventful_ledger(rng, tickets=4), count, tmp_path, asking)) == []


def eventful_ledger(rng: random.Random, tickets: int = 6) -> list[dict[str, Any]]:
    """Tickets of a client under gs and of one under cs, full of what stops, extends or widens a clock."""
    pen = Pen(rng)
    before = pen.local(pen.monday - timedelta(days=4), time(8))
    for terms, tier in ((GS, {}), (CS, {"tier": "basic"})):
        policy = {"policy": f"P-{terms}", "terms": terms, "starts": pen.monday.isoformat()} | tier
        for kind, fields in (
            ("ClientRegistered", {"name": "n", "local": pen.chance(0.5)}),
            ("RequesterAuthorized", {"person": "ana"}),
            ("PolicyContracted", policy),
        ):
            pen.lines.append((before, {"type": kind, "at": pen.show(before), "client": terms} | fields))
    for _ in range(tickets):
        _eventful_ticket(pen)
    pen.lines.sort(key=lambda line: line[0])
    return [entry for _, entry in pen.lines]


def _eventful_ticket(pen: Pen) -> None:
    rng, terms, at = pen.rng, pen.rng.choice((GS, GS, CS)), pen.any_time(0, 15)
    opening = {"ticket": pen.name("T-"), "client": terms, "requester": "ana", "channel": "email", "subject": "s"}
    opening |= {"kind": "incident"} if pen.chance(0.8) else {"kind": "question"}
    opening |= {"priority": rng.choice(("critical", "high", "medium", "low") if terms == GS else ("P1", "P2", "P3", "P4"))}
    if terms == GS and pen.chance(0.8):
        opening["incident_type"] = rng.choice(("technical-regular", "technical-urgent", "maintenance", "investigation"))
    tale = Tale(pen, opening["ticket"], terms, at, pen.write("TicketOpened", at, **opening))
    for _ in range(rng.choice((3, 5, 8, 12))):
        getattr(tale, rng.choice(STOPPING[terms]))()
    if pen.chance(0.3):
        tale.close()
