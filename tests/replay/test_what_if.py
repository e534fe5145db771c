"""What-if: the accounts as they would be are those of a ledger in which it had been so, and nothing is written."""

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger import Ledger, Refusal, Same, Taken
from adapters.reports import replays
from adapters.reports.replays import Answer, Asked
from adapters.reports.reports import NotFound, Reports
from adapters.terms.files import read_terms_file
from domain.terms import UnknownReading
from domain.terms_document import TermsError
from projections.contracts import Question
from replay.as_of import Focus
from replay.what_if import WhatIfError
from tests.adapters.given import AUTHORIZED, CONTRACTED, DESK, REGISTERED, followed_up, opened
from tests.oracle.comparison import NOW, proposal
from tests.oracle.ledgers import random_question
from tests.replay.desks import AT, asked, plain, random_desk, restored, small_desk, whole

SEEDS = st.integers(0, 2**32)


def answer(ledger: Ledger, focus: Focus | None = None, **wanted: Any) -> Answer:
    return replays.what_if(ledger, Question(AT), Asked(**wanted), focus or Focus(), now=NOW)


def changes(found: Answer) -> list[Any]:
    return list(found.compared.changes())


def lines(*entries: dict[str, Any]) -> io.BytesIO:
    return io.BytesIO(b"".join(json.dumps(it).encode() + b"\n" for it in entries))


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_with_the_terms_in_force_and_nothing_else_it_equals_the_report(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        question = asked(random_question(rng, entries)[0])
        tiers = {it["policy"]: it.get("tier") for it in entries if it["type"] == "PolicyContracted"}
        found = replays.what_if(ledger, question, Asked(), Focus())
        assert changes(found) == []
        assert whole(found.before) == whole(found.after) == whole(Reports(ledger, question))
        for row in Reports(ledger, question).sla():
            if row["terms"] is not None:
                same = Asked(terms=row["terms"], tier=tiers.get(row["policy"]), calendar=row["terms"])
                one = replays.what_if(ledger, question, same, Focus(ticket=row["ticket"]))
                assert changes(one) == []
                assert list(one.after.sla()) == [row]


@given(SEEDS)
@settings(max_examples=20, deadline=None)
def test_a_reading_supposed_equals_the_report_under_it(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        at, _, readings = random_question(rng, entries)
        found = replays.what_if(ledger, asked(at), Asked(readings=readings), Focus())
        assert whole(found.after) == whole(Reports(ledger, asked(at, None, readings)))
        _assert_changes_are_all(found)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_other_terms_equal_the_report_of_a_ledger_contracted_under_them(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        terms = rng.choice(("grupo-staff", "customsoft"))
        tier = rng.choice(("basic", "advanced")) if terms == "customsoft" else None
        at, _, readings = random_question(rng, entries)
        try:
            found = replays.what_if(ledger, asked(at), Asked(terms=terms, tier=tier, readings=readings), Focus())
        except WhatIfError:
            assert tier is not None and not any(it["type"] == "PolicyContracted" for it in entries)
            return
        with restored(Path(name), "other", [_contracted(it, terms, tier) for it in entries]) as other:
            assert whole(found.after) == whole(Reports(other, asked(at, None, readings)))
        _assert_changes_are_all(found)


def _contracted(entry: dict[str, Any], terms: str, tier: str | None) -> dict[str, Any]:
    if entry["type"] == "ClientRegistered":
        return entry | {"terms": terms}
    if entry["type"] == "PolicyContracted":
        return (
            {key: value for key, value in entry.items() if key != "tier"} | {"terms": terms} | ({"tier": tier} if tier else {})
        )
    return entry


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_entries_added_equal_a_ledger_that_recorded_them(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        last = rng.randint(2, len(entries))
        proposed = [_as_proposed(it) for it in entries[last:] if it["type"] not in ("ReopenedAsNew", "RequestRefused")]
        at, _, _ = random_question(rng, entries)
        found = replays.what_if(ledger, asked(at, last), Asked(lines=lines(*proposed)), Focus(), now=NOW)
        with restored(Path(name), "real", entries[:last]) as real:
            answers = real.record([proposal(it) for it in proposed])
            assert [_told(it) for it in found.tried] == [_answered(it) for it in answers]
            if not any(isinstance(it, Refusal) and it.position is not None for it in answers):
                assert whole(found.after) == whole(Reports(real, asked(at)))
                _assert_changes_are_all(found)
        assert ledger.head() == len(entries)


def _as_proposed(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in ("position", "stream", "version", "recorded_at", "id")}


def _told(tried: Any) -> tuple[Any, ...]:
    return (tried.refused.code,) if tried.refused is not None else ("same",) if tried.same is not None else tried.positions


def _answered(it: Taken | Same | Refusal) -> tuple[Any, ...]:
    match it:
        case Taken():
            return it.positions
        case Same():
            return ("same",)
        case Refusal():
            return (it.refused.code,)


def _assert_changes_are_all(found: Answer) -> None:
    """There are changes exactly where the accounts differ, and each has a cause."""
    rows = changes(found)
    assert (not rows) == (plain(whole(found.before)) == plain(whole(found.after)))
    assert all(it["causes"] for it in rows)


def test_an_entry_left_out_counts_for_nothing_and_is_named(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1"), followed_up("T-1")) as ledger:
        found = answer(ledger, without=(7,))
        (row,) = changes(found)
        assert (row["report"], row["change"], row["entry"]) == ("billing", "gone", 7)
        assert [(it["kind"], it["position"]) for it in row["causes"]] == [("without", 7)]
        assert found.compared.totals["before"]["amounts"] == {"MXN": "150.00"}
        assert found.compared.totals["after"]["amounts"] == {}
        assert found.illegal == []
        assert [it["entry"] for it in found.before.billing()] == [7] and list(found.after.billing()) == []


def test_what_could_not_stand_without_an_entry_is_told_and_stays(tmp_path: Path) -> None:
    asks = {"type": "InformationRequested", "at": "2026-03-02T09:10:00-06:00", "ticket": "T-1"}
    answers = {"type": "InformationReceived", "at": "2026-03-02T09:20:00-06:00", "ticket": "T-1"}
    with small_desk(tmp_path, *DESK, opened("T-1"), asks, answers) as ledger:
        (broken,) = answer(ledger, without=(7,)).illegal
        assert (broken.stream, broken.position, broken.refused.code) == ("ticket:T-1", 8, "order")


def test_policies_that_would_overlap_without_a_cancellation_are_told(tmp_path: Path) -> None:
    ends = {"type": "PolicyCancelled", "at": "2026-01-20T09:00:00-06:00", "policy": "P-1", "effective": "2026-02-01"}
    second = CONTRACTED | {"at": "2026-01-21T09:00:00-06:00", "policy": "P-2", "starts": "2026-02-01"}
    with small_desk(tmp_path, *DESK, ends, second, opened("T-1")) as ledger:
        found = answer(ledger, without=(6,))
        assert [(it.stream, it.refused.code) for it in found.illegal] == [("policy:P-2", "reference")]
        assert next(iter(found.after.sla()))["policy"] == "P-1"


def test_a_correction_is_tried_in_the_place_of_what_is_left_out(tmp_path: Path) -> None:
    solved = {"type": "Resolved", "at": "2026-03-04T09:10:00-06:00", "ticket": "T-1"}
    earlier = solved | {"at": "2026-03-02T10:00:00-06:00"}
    desk = [*DESK, opened("T-1", incident_type="technical-urgent"), solved]
    with small_desk(tmp_path, *desk) as ledger:
        assert [it.refused.code for it in answer(ledger, lines=lines(earlier)).tried if it.refused] == ["order"]
        found = answer(ledger, without=(7,), lines=lines(earlier))
        assert [it.positions for it in found.tried] == [(8,)]
        (row,) = [it for it in changes(found) if it["report"] == "sla"]
        assert row["fields"]["resolution.verdict"] == {"before": "breached", "after": "met"}
        verdicts = {it["kind"] for it in row["causes"] if "resolution.verdict" in it["fields"]}
        assert verdicts == {"with"}  # the earlier of two resolutions holds, with the later one or without


def test_refused_lines_are_told_by_number_and_change_nothing(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger:
        wrong = io.BytesIO(b"nonsense\n" + lines(followed_up("T-2"), followed_up("T-1")).getvalue())
        found = answer(ledger, lines=wrong)
        assert [(it.line, it.refused.code if it.refused else None) for it in found.tried] == [
            (1, "shape"), (2, "reference"), (3, None),
        ]  # fmt: skip
        assert [it["causes"][0]["said"] for it in changes(found)] == ["line 3"]
        assert ledger.head() == 6


def test_every_override_is_named_as_the_cause_of_what_it_changes(tmp_path: Path) -> None:
    held = {
        "type": "SessionHeld", "at": "2026-03-02T11:00:00-06:00", "ticket": "T-1", "started": "2026-03-02T10:00:00-06:00",
        "ended": "2026-03-02T11:00:00-06:00", "delivery": "remote",
        "consultants": [{"consultant": "a"}, {"consultant": "b", "left": "2026-03-02T10:15:00-06:00"}],
    }  # fmt: skip
    attempt = {"type": "ContactAttempted", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "outcome": "unanswered",
               "channel": "phone"}  # fmt: skip
    with small_desk(tmp_path, *DESK, opened("T-1"), held, attempt) as ledger:
        found = answer(ledger, readings={"gs.7": "own-minutes", "gs.6.attempts": "billed", "gs.9": "pauses"})
        causes = {it["entry"]: [cause["said"] for cause in it["causes"]] for it in changes(found)}
        assert causes == {7: ["gs.7=own-minutes"], 8: ["gs.6.attempts=billed"]}
        assert found.compared.totals["before"]["amounts"] == {"MXN": "1200.00"}
        assert found.compared.totals["after"]["amounts"] == {"MXN": "900.00"}


def test_another_calendar_moves_the_due_time_and_is_cited(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1", at="2026-03-02T12:00:00-06:00")) as ledger:
        (row,) = changes(answer(ledger, calendar="customsoft"))
        assert row["fields"]["response.clauses"] == {"before": ["gs.4", "gs.8.1"], "after": ["gs.4", "cs.3"]}
        assert row["fields"]["response.due_at"]["after"] == "2026-03-03T00:00:00Z"
        assert [it["kind"] for it in row["causes"]] == ["calendar"]


def test_a_calendar_may_come_from_a_file_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "always.toml"
    days = "".join(f'{day} = ["00:00-24:00"]\n' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    own.write_text(f'[calendar]\nclause = "always"\nzone = "UTC"\n[calendar.weekly]\n{days}', "utf-8")
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger:
        (row,) = changes(answer(ledger, calendar=str(own)))
        assert row["fields"]["response.elapsed_seconds"]["after"] == 29 * 86_400 + 3 * 3600


def test_terms_may_come_from_a_file_that_was_never_published(tmp_path: Path) -> None:
    import domain.terms

    text = Path(domain.terms.__file__).parent.joinpath("terms", "grupo-staff.toml").read_text("utf-8")
    own = tmp_path / "shorter.toml"
    own.write_text(text.replace('"grupo-staff"', '"shorter"', 1).replace("minutes = 15", "minutes = 10"), "utf-8")
    with small_desk(tmp_path, *DESK, opened("T-1"), followed_up("T-1")) as ledger:
        found = answer(ledger, terms=str(own), readings={"gs.4": "clock-hours"})
        rows = {it["report"]: it for it in changes(found)}
        assert rows["billing"]["fields"]["minutes"] == {"before": 15, "after": 10}
        assert rows["sla"]["fields"]["terms"] == {"before": "grupo-staff", "after": "shorter"}
        assert {it["said"] for it in rows["sla"]["causes"]} == {"shorter", "gs.4=clock-hours"}
        assert next(iter(found.after.sla()))["terms"] == "shorter"
        assert found.after.explain("T-1")["response"]["readings"]["gs.4"] == "clock-hours"


def test_terms_published_after_a_policy_was_contracted_can_be_supposed_for_it(tmp_path: Path) -> None:
    import domain.terms

    text = Path(domain.terms.__file__).parent.joinpath("terms", "grupo-staff.toml").read_text("utf-8")
    file = tmp_path / "shorter.toml"
    file.write_text(text.replace('"grupo-staff"', '"shorter"', 1).replace("minutes = 15", "minutes = 10"), "utf-8")
    later = {"type": "TermsPublished", "at": "2026-03-05T09:00:00-06:00", "terms": "shorter", "document": read_terms_file(file)}
    with small_desk(tmp_path, *DESK, opened("T-1"), followed_up("T-1"), later) as ledger:
        rows = {it["report"]: it for it in changes(answer(ledger, terms="shorter"))}
        assert rows["billing"]["fields"]["minutes"] == {"before": 15, "after": 10}


def test_a_line_cannot_refer_to_an_entry_that_is_left_out(tmp_path: Path) -> None:
    void = {"type": "EntryVoided", "at": "2026-03-04T09:30:00-06:00", "entry": 7, "reason": "twice"}
    with small_desk(tmp_path, *DESK, opened("T-1"), followed_up("T-1")) as ledger:
        (tried,) = answer(ledger, without=(7,), lines=lines(void)).tried
        assert tried.refused is not None and tried.refused.code == "reference"
        assert answer(ledger, lines=lines(void)).tried[0].positions == (8,)


def test_a_client_without_any_terms_is_judged_under_those_supposed(tmp_path: Path) -> None:
    with small_desk(tmp_path, REGISTERED, opened("T-1")) as ledger:
        (row,) = changes(answer(ledger, Focus(ticket="T-1"), terms="grupo-staff"))
        assert row["fields"]["terms"] == {"before": None, "after": "grupo-staff"}
        assert row["fields"]["response.verdict"] == {"before": "not_applicable", "after": "breached"}


def test_amounts_that_were_never_agreed_are_counted_not_guessed(tmp_path: Path) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1", priority="high")) as ledger:
        found = answer(ledger, terms="customsoft", tier="basic")
        changes(found)
        after = found.compared.totals["after"]
        assert (after["pay_per_event"], after["not_agreed"], after["amounts"]) == (1, 1, {})


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"terms": "customsoft"}, WhatIfError),
        ({"tier": "basic"}, WhatIfError),
        ({"terms": "customsoft", "tier": "gold"}, WhatIfError),
        ({"terms": "no-such-terms"}, WhatIfError),
        ({"calendar": "no-such-terms"}, WhatIfError),
        ({"without": (99,)}, WhatIfError),
        ({"without": (1,)}, WhatIfError),
        ({"readings": {"gs.4": "sometimes"}}, UnknownReading),
    ],
)
def test_what_cannot_be_supposed_is_refused(tmp_path: Path, wanted: dict[str, Any], error: type[Exception]) -> None:
    with small_desk(tmp_path, *DESK, opened("T-1")) as ledger, pytest.raises(error):
        answer(ledger, **wanted)


def test_a_calendar_with_readings_of_its_own_needs_its_terms(tmp_path: Path) -> None:
    own = tmp_path / "unclear.toml"
    own.write_text('[calendar]\nclause = "x"\nzone = { by = "z", a = "UTC", b = "UTC" }\nweekly = {}\n', "utf-8")
    with small_desk(tmp_path, *DESK) as ledger, pytest.raises(TermsError):
        answer(ledger, calendar=str(own))


def test_only_the_policy_of_the_ticket_looked_at_changes_its_terms(tmp_path: Path) -> None:
    cs = CONTRACTED | {"policy": "P-0", "terms": "customsoft", "tier": "basic", "starts": "2025-01-01", "ends": "2025-12-31"}
    with small_desk(tmp_path, REGISTERED, AUTHORIZED, cs, CONTRACTED, opened("T-1")) as ledger:
        assert changes(answer(ledger, Focus(ticket="T-1"), terms="grupo-staff")) == []
        with pytest.raises(NotFound):
            answer(ledger, Focus(ticket="T-2"))
