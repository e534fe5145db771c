"""Two states of knowledge compared: what differs is what the oracle's reports differ in, and each row names what changed it."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger import Ledger
from adapters.reports import replays
from adapters.reports.replay_streams import Seen
from adapters.reports.reports import NotFound, Reports
from projections.contracts import Question
from replay import causes as causes_module
from replay.as_of import Focus, Knowledge
from replay.what_if import Supposition
from tests.adapters.given import AUTHORIZED, CONTRACTED, DESK, REGISTERED, followed_up, opened
from tests.oracle import reports as oracle
from tests.oracle.ledgers import random_question
from tests.replay.desks import AT, REPORTS, asked, random_desk, small_desk, unread

SEEDS = st.integers(0, 2**32)
CS = CONTRACTED | {"terms": "customsoft", "tier": "basic", "prices": {"currency": "MXN", "per_event": {"P3": "850.00"}}}


def changes(ledger: Ledger, before: int | Question, after: int | Question | None, focus: Focus | None = None) -> list[Any]:
    first = before if isinstance(before, Question) else Question(AT, before)
    second = after if isinstance(after, Question) else Question(AT, after)
    return list(replays.compare(ledger, first, second, focus or Focus()).changes())


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_nothing_differs_exactly_where_the_oracles_reports_are_equal(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        at, _, readings = random_question(rng, entries)
        other_at = random_question(rng, entries)[0] if rng.random() < 0.3 else at
        one, other = rng.randint(2, len(entries)), rng.randint(2, len(entries))
        compared = replays.compare(ledger, asked(at, one, readings), asked(other_at, other, readings), Focus())
        found = list(compared.changes())
        before, after = (
            {report: [unread(row) for row in getattr(oracle, report)(entries, moment, known, readings)] for report in REPORTS}
            for moment, known in ((at, one), (other_at, other))
        )
        assert (before == after) == (not found)
        verdicts = [{row["ticket"]: row for row in it["sla"]} for it in (before, after)]
        differing = {it for it in {*verdicts[0], *verdicts[1]} if verdicts[0].get(it) != verdicts[1].get(it)}
        assert {row["ticket"] for row in found if row["report"] == "sla"} == differing
        for side, reports in (("before", before), ("after", after)):
            clocks = [row[clock] for row in reports["sla"] for clock in ("response", "resolution")]
            assert compared.totals[side]["breaches"]["total"] == sum(it["verdict"] == "breached" for it in clocks)
            assert compared.totals[side]["covered"] == sum(len(row["covered"]) for row in reports["consumption"])


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_an_entry_that_matters_alone_is_one_without_which_the_row_is_another(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        at, _, _ = random_question(rng, entries)
        last = len(entries)
        known = rng.randint(2, last)
        for row in changes(ledger, asked(at, known), asked(at)):
            assert {field for cause in row["causes"] for field in cause["fields"]} == set(row["fields"])
            if row["report"] == "sla" and row["change"] == "changed" and len(row["causes"]) > 1:
                full = _sla(ledger, asked(at), None, row["ticket"])
                for position in range(known + 1, last + 1):
                    left = _sla(ledger, asked(at), position, row["ticket"])
                    moved = sorted(it for it in row["fields"] if left.get(it) != full.get(it))
                    told = [it["fields"] for it in row["causes"] if it["alone"] and it["position"] == position]
                    assert told == ([moved] if moved else [])


def _sla(ledger: Ledger, question: Question, without: int | None, ticket: str) -> dict[str, Any]:
    """The plain way: the whole report of a ledger that never had the entry."""
    lens = Knowledge(None, frozenset({without} if without is not None else ()))
    rows = Reports(Seen(ledger, ledger.head(), lens, Supposition()), question).sla()
    row = next((it for it in rows if it["ticket"] == ticket), {})
    clocks = {f"{c}.{name}": value for c in ("response", "resolution") for name, value in row.get(c, {}).items()}
    return row | clocks


def test_a_late_answer_is_named_as_what_changed_the_verdict(tmp_path: Path) -> None:
    late = {"type": "Responded", "at": "2026-03-02T09:30:00-06:00", "ticket": "T-1"}
    noted = {"type": "FollowedUp", "at": "2026-03-03T09:30:00-06:00", "ticket": "T-1", "kind": "progress"}
    with small_desk(tmp_path, *DESK, opened("T-1"), noted, late) as ledger:
        rows = changes(ledger, 7, 8)
        assert [(it["report"], it["change"]) for it in rows] == [("sla", "changed")]
        assert rows[0]["fields"]["response.verdict"] == {"before": "breached", "after": "met"}
        (cause,) = rows[0]["causes"]
        assert (cause["kind"], cause["position"], cause["alone"]) == ("late", 8, True)


def test_a_voiding_takes_a_charge_away_and_says_so(tmp_path: Path) -> None:
    noted = {"type": "FollowedUp", "at": "2026-03-02T09:30:00-06:00", "ticket": "T-1", "kind": "progress"}
    void = {"type": "EntryVoided", "at": "2026-03-04T09:30:00-06:00", "entry": 7, "reason": "twice"}
    with small_desk(tmp_path, *DESK, opened("T-1"), noted, void) as ledger:
        rows = changes(ledger, 7, 8)
        assert [(it["report"], it["change"], it["entry"]) for it in rows] == [("billing", "gone", 7)]
        assert [(it["kind"], it["position"]) for it in rows[0]["causes"]] == [("voiding", 8)]


def test_a_ticket_opened_late_takes_another_ones_place_in_the_quota(tmp_path: Path) -> None:
    first = opened("T-1", priority="P3", channel="portal", at="2026-03-03T09:00:00-06:00")
    late = opened("T-2", priority="P3", channel="portal", at="2026-03-02T09:00:00-06:00")
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, CS, first, late) as ledger:
        compared = replays.compare(ledger, Question(AT, 6), Question(AT), Focus())
        rows = {(it["ticket"], it["report"]): it for it in compared.changes()}
        moved = rows["T-1", "consumption"]
        assert moved["fields"]["covered"] == {"before": True, "after": False}
        assert moved["fields"]["reason"] == {"before": None, "after": "priority_exhausted"}
        assert [(it["position"], it["alone"]) for it in moved["causes"]] == [(7, True)]
        assert rows["T-1", "billing"]["fields"]["amount"] == {"before": None, "after": "765.00"}
        assert rows["T-2", "sla"]["change"] == "appeared"
        assert compared.totals["before"]["amounts"] == {}
        assert compared.totals["after"]["amounts"] == {"MXN": "765.00"}


def test_entries_that_matter_only_together_are_told_together(tmp_path: Path) -> None:
    told = {"type": "ContingencyDeclared", "at": "2026-03-02T10:00:00-06:00", "contingency": "C-1", "client_informed": True}
    again = {"type": "ContingencyNotified", "at": "2026-03-02T10:00:00-06:00", "contingency": "C-1"}
    ticket = opened("T-1", priority="P3", channel="portal")
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, CS, ticket, told, again) as ledger:
        (row,) = [it for it in changes(ledger, 6, None) if it["report"] == "sla"]
        verdicts = [it for it in row["causes"] if "response.verdict" in it["fields"]]
        assert [(it["position"], it["alone"]) for it in verdicts] == [(7, False), (8, False)]


def test_entries_that_move_a_quota_only_together_are_told_together(tmp_path: Path) -> None:
    changed = {"type": "PriorityChanged", "at": "2026-03-02T10:00:00-06:00", "ticket": "T-1", "priority": "P5", "reason": "so"}
    again = changed | {"at": "2026-03-02T11:00:00-06:00"}
    ticket = opened("T-1", priority="P3", channel="portal")
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, CS, ticket, changed, again) as ledger:
        rows = [it for it in changes(ledger, 6, None) if it["report"] == "consumption"]
        assert len(rows) == 2
        for row in rows:
            assert [(it["position"], it["alone"]) for it in row["causes"]] == [(7, False), (8, False)]


def test_causes_of_several_streams_that_hide_each_other_are_told_together(tmp_path: Path) -> None:
    struck = {"type": "ContingencyDeclared", "at": "2026-03-02T09:05:00-06:00", "contingency": "C-1", "client_informed": True}
    asks = {"type": "InformationRequested", "at": "2026-03-02T09:05:00-06:00", "ticket": "T-1"}
    ticket = opened("T-1", priority="P3", channel="portal", kind="question")
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, CS, ticket, struck, asks) as ledger:
        (row,) = [it for it in changes(ledger, 6, None) if it["report"] == "sla"]
        assert row["fields"]["response.verdict"] == {"before": "breached", "after": "paused"}
        verdicts = [it for it in row["causes"] if "response.verdict" in it["fields"]]
        assert [(it["position"], it["alone"]) for it in verdicts] == [(8, False), (7, False)]


def test_what_has_no_part_in_it_is_not_told_with_causes_that_hide_each_other(tmp_path: Path) -> None:
    struck = {"type": "ContingencyDeclared", "at": "2026-03-02T09:05:00-06:00", "contingency": "C-1", "client_informed": True}
    asks = {"type": "InformationRequested", "at": "2026-03-02T09:05:00-06:00", "ticket": "T-1"}
    ticket = opened("T-1", priority="P3", channel="portal", kind="question")
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, CS, ticket, struck, followed_up("T-1", 6), asks) as ledger:
        (row,) = [it for it in changes(ledger, 6, None) if it["report"] == "sla"]
        verdicts = [it for it in row["causes"] if "response.verdict" in it["fields"]]
        assert [(it["position"], it["alone"]) for it in verdicts] == [(9, False), (7, False)]


def test_the_passing_of_time_is_a_cause_like_any_other(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger:
        early = Question(AT - timedelta(days=29))
        (row,) = changes(ledger, early, Question(AT))
        assert row["fields"]["response.verdict"] == {"before": "running", "after": "breached"}
        assert [it["kind"] for it in row["causes"]] == ["moment"]


def test_knowing_less_names_what_was_forgotten(tmp_path: Path) -> None:
    late = {"type": "Responded", "at": "2026-03-02T09:30:00-06:00", "ticket": "T-1"}
    with small_desk(tmp_path, *DESK, opened("T-1"), late) as ledger:
        (row,) = changes(ledger, 7, 6)
        assert [(it["kind"], it["position"]) for it in row["causes"]] == [("forgotten", 7)]


def test_more_causes_than_can_be_left_out_one_by_one_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes_module, "LEFT_OUT_AT_MOST", 1)
    answers = [{"type": "Responded", "at": f"2026-03-02T09:{it}0:00-06:00", "ticket": "T-1"} for it in (3, 4)]
    with small_desk(tmp_path, *DESK, opened("T-1"), *answers) as ledger:
        (row,) = changes(ledger, 6, None)
        assert [(it["kind"], it["said"], it["alone"]) for it in row["causes"]] == [("several", "2", False)]


def test_only_what_is_looked_at_is_told(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1"), opened("T-2")) as ledger:
        assert {it["ticket"] for it in changes(ledger, 5, None, Focus(ticket="T-2"))} == {"T-2"}
        assert {it["ticket"] for it in changes(ledger, 5, None, Focus(policy="P-1"))} == {"T-1", "T-2"}
        with pytest.raises(NotFound):
            changes(ledger, 5, None, Focus(client="nobody"))
        with pytest.raises(NotFound):
            changes(ledger, 4, 5, Focus(ticket="T-2"))


def test_comparing_records_nothing(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger:
        head = ledger.head()
        changes(ledger, 3, None)
        assert ledger.head() == head
