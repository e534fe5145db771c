"""What was known at a position is what a ledger that ends there says."""

import io
import json
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.reports import replays
from adapters.reports.readable import Readable
from adapters.reports.replay_streams import Seen
from adapters.reports.replays import Asked
from adapters.reports.reports import Reports
from domain.events import TermsPublished
from projections.contracts import Question
from replay.as_of import Focus, Knowledge
from replay.what_if import Supposition
from tests.oracle.ledgers import random_ledger, random_question
from tests.replay.desks import asked, exported, random_desk, restored, whole

SEEDS = st.integers(0, 2**32)


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_a_copy_cut_at_a_position_says_what_was_known_there(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        # The first two entries, the built-in terms, are recorded as one: there is no ledger with only the first.
        last = rng.randint(2, len(entries))
        at, _, readings = random_question(rng, entries)
        alone = asked(at, None, readings)
        with restored(Path(name), "cut", entries[:last]) as cut:
            there: list[Readable] = [ledger, Seen(ledger, last, Knowledge(last), Supposition())]
            for readable in there:
                known = Reports(readable, asked(at, last, readings))
                found = whole(known)
                assert found == whole(Reports(cut, alone))
                for row in found["sla"]:
                    assert known.explain(row["ticket"]) == Reports(cut, alone).explain(row["ticket"])
            assert exported(ledger)[:last] == exported(cut)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_comparisons_what_ifs_and_readings_of_a_cut_copy_are_those_of_what_was_known(seed: int) -> None:
    with TemporaryDirectory() as name, random_desk(Path(name), seed) as (ledger, entries, rng):
        earlier, last = sorted((rng.randint(2, len(entries)), rng.randint(2, len(entries))))
        at, _, readings = random_question(rng, entries)
        lines = [json.dumps(it).encode() for it in random_ledger(rng, 20)]

        def answers(of: object, known: int | None) -> list[object]:
            compared = replays.compare(of, asked(at, earlier), asked(at, known), Focus())  # type: ignore[arg-type]
            added = Asked(readings=readings, lines=io.BytesIO(b"\n".join(lines)))
            supposed = replays.what_if(of, asked(at, known), added, Focus(), now=entries_end)  # type: ignore[arg-type]
            matrix = replays.readings_matrix(of, asked(at, known), Focus())  # type: ignore[arg-type]
            told = [(it.line, it.positions, it.same, str(it.refused)) for it in supposed.tried]
            changes = list(compared.changes()), list(supposed.compared.changes())
            return [*changes, compared.totals, supposed.compared.totals, told, replays.readings_page(matrix)]

        entries_end = next(reversed(list(ledger.entries()))).recorded_at
        with restored(Path(name), "cut", entries[:last]) as cut:
            assert answers(ledger, last) == answers(cut, None)


def test_knowledge_flips_single_positions_either_way_and_always_shows_terms(tmp_path: Path) -> None:
    with random_desk(tmp_path, 1) as (ledger, _, _):
        entries = list(ledger.entries())
        shown = Knowledge(10, frozenset({7, 12})).entries("any", entries)
        terms = {it.position for it in entries if isinstance(it.event, TermsPublished)}
        assert {it.position for it in shown} == {*range(1, 11), 12} - {7} | terms
        assert Knowledge().entries("any", entries) is entries


def test_a_question_keeps_its_uncut_moment() -> None:
    assert asked("2026-03-02T09:00:00.5Z").at != Question(asked("2026-03-02T09:00:00Z").at).at
