"""The readings matrix, held against asking every report again under every other reading."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger import Ledger
from adapters.reports import replays
from adapters.reports.reports import NotFound, Reports, Selection
from projections.contracts import Question
from replay.as_of import Focus
from tests.adapters.given import CONTRACTED, DESK, REGISTERED, followed_up, opened
from tests.oracle.ledgers import random_question
from tests.oracle.terms import READINGS
from tests.replay.desks import AT, asked, random_desk, small_desk, unread

SEEDS = st.integers(0, 2**32)
Report = dict[Any, dict[str, Any]]


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_each_reading_alone_makes_of_the_accounts_what_asking_again_makes(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed, 90) as (ledger, entries, rng):
        at, known, readings = random_question(rng, entries)
        registered = [it["client"] for it in entries[:known] if it["type"] == "ClientRegistered"]
        client = rng.choice(registered) if registered and rng.random() < 0.3 else None
        matrix = replays.readings_matrix(ledger, asked(at, known, readings), Focus(client=client))
        before = _reports(ledger, asked(at, known, readings), client)
        tried = set()
        for clause in matrix.hangs():
            for outcome in clause.otherwise:
                tried.add((outcome.key, outcome.option))
                other = asked(at, known, {**readings, outcome.key: outcome.option})
                assert _told(outcome.as_row()) == _plainly(before, _reports(ledger, other, client)), (
                    outcome.key,
                    outcome.option,
                )
                assert not (clause.recording_only and outcome.hangs)
        chosen = {key: readings.get(key, names[0]) for key, names in READINGS.items()}
        assert tried == {(key, it) for key, names in READINGS.items() for it in names if it != chosen[key]}


def _reports(ledger: Ledger, question: Question, client: str | None) -> dict[str, Report]:
    reports = Reports(ledger, question, Selection(client=client))
    return {
        "sla": {row["ticket"]: row for row in reports.sla()},
        "billing": {(row["entry"], row["kind"]): row for row in reports.billing()},
        "consumption": {(row["client"], row["policy"]): row for row in reports.consumption()},
    }


def _plainly(before: dict[str, Report], after: dict[str, Report]) -> tuple[Any, ...]:
    verdicts = [
        {t: (r["response"]["verdict"], r["resolution"]["verdict"]) for t, r in it["sla"].items()} for it in (before, after)
    ]
    figures = [{t: unread(r, "clauses") for t, r in it["sla"].items()} for it in (before, after)]
    rows = [{key: unread(row) for key, row in it["consumption"].items()} for it in (before, after)]
    covered = [{ticket for row in it["consumption"].values() for ticket in row["covered"]} for it in (before, after)]
    sums = [_sums(it["billing"]) for it in (before, after)]
    return (
        set(_differing(*verdicts)),
        len(list(_differing(*figures))),
        len(list(_differing(before["billing"], after["billing"]))),
        covered[1] - covered[0],
        covered[0] - covered[1],
        sorted(str(policy) for _, policy in _differing(*rows)),
        {it: f"{sums[1].get(it, 0) - sums[0].get(it, 0):.2f}" for it in _differing(*sums)},
    )


def _told(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        {it["ticket"] for it in row["verdicts"]}, row["figures_changed"], row["charges_changed"], set(row["covered"]),
        set(row["no_longer_covered"]), sorted(map(str, row["policies"])), row["amounts"],
    )  # fmt: skip


def _differing(one: dict[Any, Any], other: dict[Any, Any]) -> Iterator[Any]:
    return (key for key in {**one, **other} if one.get(key) != other.get(key))


def _sums(bill: Report) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in bill.values():
        if row["amount"] is not None and Decimal(row["amount"]):
            found[row["currency"]] = found.get(row["currency"], Decimal(0)) + Decimal(row["amount"])
    return found


def test_the_clauses_on_which_nothing_hangs_are_named_as_such(tmp_path: Path) -> None:
    weekend = opened("T-1", at="2026-03-06T17:00:00-06:00")
    answered = {"type": "Responded", "at": "2026-03-09T09:00:00-06:00", "ticket": "T-1"}
    with small_desk(tmp_path, *DESK, weekend, answered) as ledger:
        page = replays.readings_page(replays.readings_matrix(ledger, Question(AT), Focus(client="acme")))
        assert [it["reading"] for it in page["hangs"]] == ["gs.4"]
        critical, clock = sorted(page["hangs"][0]["otherwise"], key=lambda it: it["hangs"])
        assert (critical["option"], clock["option"]) == ("critical-clock", "clock-hours")
        assert clock["verdicts"] == [
            {
                "ticket": "T-1",
                "response": {"before": "met", "after": "breached"},
                "resolution": {"before": "not_applicable", "after": "not_applicable"},
            }
        ]
        assert clock["breaches"] == 1
        only = {it["reading"] for it in page["hangs_not"] if it["recording_only"]}
        assert only == {"gs.2.3", "gs.2.5"}
        assert len(page["hangs"]) + len(page["hangs_not"]) == len(READINGS)


def test_money_that_comes_out_otherwise_is_told_by_currency(tmp_path: Path) -> None:
    mails = [followed_up("T-1", minute, kind="daily_email") for minute in (0, 20, 40)]
    with small_desk(tmp_path, *DESK, opened("T-1"), *mails) as ledger:
        (clause,) = [it for it in replays.readings_matrix(ledger, Question(AT), Focus()).hangs() if it.key == "gs.6.daily"]
        (row,) = [it.as_row() for it in clause.otherwise]
        assert (row["amounts"], row["charges_changed"], row["verdicts"]) == ({"MXN": "-300.00"}, 2, [])


def test_a_quota_read_otherwise_tells_which_tickets_it_would_cover(tmp_path: Path) -> None:
    policy = CONTRACTED | {"terms": "customsoft", "tier": "basic", "prices": {"currency": "MXN", "per_event": {"P3": "100.00"}}}
    tickets = [opened(f"T-{it}", channel="portal", priority="P3", at=f"2026-03-02T1{it}:00:00-06:00") for it in range(3)]
    with small_desk(tmp_path, REGISTERED, policy, *tickets) as ledger:
        found = {it.key: it for it in replays.readings_matrix(ledger, Question(AT), Focus()).hangs()}
        (row,) = [it.as_row() for it in found["cs.4"].otherwise]
        assert (row["covered"], row["no_longer_covered"]) == (["T-1", "T-2"], [])
        assert (row["amounts"], row["policies"]) == ({"MXN": "-180.00"}, ["P-1"])


def test_what_nobody_knows_has_no_matrix(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger, pytest.raises(NotFound):
        replays.readings_matrix(ledger, Question(AT, 5), Focus(ticket="T-1"))
