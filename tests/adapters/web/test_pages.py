"""A ticket's page, asked without a browser: the question in a URL, its figures, what is supposed, in what words."""

import re
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.language import speak
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.web import agreed, pages
from adapters.web.asking import BadQuestion, State, Supposed, id_in, place, state_of
from adapters.web.desk import Desk
from adapters.web.ticket import gathered
from domain.events import EVENT_TYPES
from projections.contracts import Question
from tests.adapters.web.asking import AUDITOR, NOW, OWN, asked
from tests.adapters.web.site import BEFORE_LATE, CLIENT, LATE, LATE_ENTRY

ids = st.text("abcz.-09", min_size=1, max_size=8)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2199, 1, 1), timezones=st.just(UTC))
states = st.builds(
    State,
    at=st.none() | moments,
    known_at=st.none() | moments | st.integers(0, 10**12),
    readings=st.dictionaries(ids, ids, max_size=3),
    supposed=st.builds(
        Supposed,
        terms=st.just("") | ids,
        tier=st.just("") | ids,
        readings=st.dictionaries(ids, ids, max_size=3),
        without=st.sets(st.integers(1, 10**9), max_size=3).map(lambda it: tuple(sorted(it))),
    ),
    hangs=st.booleans(),
    whole=st.booleans(),
)


# What a URL asks ----------------------------------------------------------------------------------------------------


@given(states)
def test_a_state_is_its_url(state: State) -> None:
    assert state_of(state.query()) == state


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("at", [("at", "yesterday")]),
        ("at", [("at", "2026-03-02T09:15:00")]),
        ("at", [("at", "0001-01-01T00:00:00-23:59")]),
        ("known_at", [("known_at", "-4")]),
        ("reading", [("reading", "gs.4")]),
        ("reading", [("reading", "gs.4=a"), ("reading", "gs.4=b")]),
        ("if_without", [("if_without", "first")]),
    ],
)
def test_what_cannot_be_asked_is_named_by_its_part_of_the_query(field: str, query: list[tuple[str, str]]) -> None:
    with pytest.raises(BadQuestion) as wrong:
        state_of(query)
    assert wrong.value.field == field


def test_a_plus_sign_that_a_form_sent_as_a_blank_is_one_again() -> None:
    assert state_of([("at", "2026-03-02T09:15:00 02:00")]).at == datetime(2026, 3, 2, 7, 15, tzinfo=UTC)


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_an_id_of_any_letters_is_one_part_of_a_path(ident: str) -> None:
    path = unquote(place("tickets", ident))
    before, part = path.rpartition("/")[::2]
    assert (before, id_in(part)) == ("/tickets", ident)


# A ticket -----------------------------------------------------------------------------------------------------------


def test_a_ticket_on_the_page_has_the_figures_that_explain_has(ledger: Ledger) -> None:
    for ticket in (LATE, "T-0042", "T-0064"):
        found = gathered(ledger, ticket, State(), NOW)
        reports = Reports(ledger, Question(NOW, ledger.head()), Selection(ticket=ticket))
        assert found.dossier.explained == reports.explain(ticket)


def test_every_counted_second_of_a_clock_is_in_a_segment_and_on_its_band(ledger: Ledger) -> None:
    found = gathered(ledger, "T-0042", State(whole=True), NOW)
    for name in ("response", "resolution"):
        running = [it.total for it in found.segments[name] if it.row["state"] == "running"]
        assert running[-1] == found.dossier.explained[name]["elapsed_seconds"]
        band = found.bands[name]
        assert band is not None
        assert {it.number for row in band.rows for it in row.pieces} == {it.number for it in found.segments[name]}


def test_knowledge_moves_back_before_a_late_entry_and_the_difference_is_told(ledger: Ledger) -> None:
    before = gathered(ledger, LATE, State(known_at=BEFORE_LATE), NOW)
    assert before.dossier.explained["response"]["verdict"] == "breached"
    assert [it["position"] for it in before.compared_causes] == [LATE_ENTRY]
    assert [it.position for it in before.known][before.known_place] == BEFORE_LATE
    after = gathered(ledger, LATE, State(), NOW)
    assert after.dossier.explained["response"]["verdict"] == "met"
    assert after.known_place == len(after.known)


def test_of_very_many_segments_the_first_and_the_last_are_listed_unless_all_are_wanted(ledger: Ledger) -> None:
    some, every = (gathered(ledger, "T-0064", State(whole=it), NOW).segments["resolution"] for it in (False, True))
    assert len(some) == 60 < len(every)
    assert [*some[:30], *some[-30:]] == [*every[:30], *every[-30:]]


def test_only_entries_on_the_page_can_be_left_out_and_only_terms_published_supposed(ledger: Ledger) -> None:
    speak("en")
    other = next(it.position for it in ledger.stream("ticket:T-0399"))
    for supposed in (Supposed(without=(other,)), Supposed(terms="/etc/hostname"), Supposed(readings={"gs.4": "nonsense"})):
        found = gathered(ledger, LATE, State(supposed=supposed), NOW)
        assert found.outcome is None and found.problem
    with pytest.raises(BadQuestion):
        gathered(ledger, LATE, State(readings={"gs.4": "nonsense"}), NOW)


def test_a_client_may_suppose_its_own_terms_only_and_is_not_told_how_much_others_recorded(ledger: Ledger) -> None:
    found = gathered(ledger, LATE, State(), NOW, client=CLIENT)
    own = agreed.terms_seen(ledger, CLIENT)
    assert own is not None and {it.terms for it in found.offered} == own < {"grupo-staff", "customsoft"}
    last = max(it.position for name in ledger.streams_of(CLIENT) for it in ledger.stream(name))
    assert found.head >= last
    everyone = gathered(ledger, LATE, State(), NOW)
    assert found.head < everyone.head or last == everyone.head
    assert found.dossier.explained == everyone.dossier.explained


def test_a_client_asks_for_readings_of_other_terms_in_vain_as_for_readings_that_are_not_there(desk: Desk) -> None:
    told = []
    for key in ("cs.4", "zz.9"):
        with pytest.raises(BadQuestion) as wrong:
            pages.ticket(desk, asked(f"/tickets/{LATE}", ("reading", f"{key}=x"), viewer=OWN), OWN, LATE)
        told.append(str(wrong.value).replace(key, "KEY"))
    assert told[0] == told[1]


def test_the_readings_asked_again_are_the_readings_asked_before(desk: Desk) -> None:
    page = asked("/readings", ("client", "fletes-del-bajio"), ("at", NOW.isoformat()))
    first = pages.readings(desk, page, AUDITOR)
    assert "PC-0006" in first
    assert pages.readings(desk, page, AUDITOR) == first == pages.readings(desk, page, AUDITOR)


def test_the_readings_are_held_against_those_the_url_asks_for(desk: Desk) -> None:
    found = pages.readings(desk, asked("/readings", ("client", "fletes-del-bajio"), ("reading", "cs.2=support-hours")), AUDITOR)
    assert "→ support-hours: Support hours." in found and "<td>clock-hours: " in found


def test_what_anyone_wrote_is_shown_as_text(tmp_path: Path, desk: Desk) -> None:
    with pytest.raises(NotFound):
        pages.ticket(desk, asked("/tickets/x"), AUDITOR, "<script>")
    html = pages.tickets(desk, asked("/tickets", ("ticket", '"><script>alert(1)</script>')), None)
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_entries_are_chosen_by_words_and_only_the_raw_ones_keep_their_names(desk: Desk) -> None:
    for language in ("en", "es"):
        speak(language)
        html = pages.ticket(desk, asked(f"/tickets/{LATE}", ("known_at", str(BEFORE_LATE))), AUDITOR, LATE)
        chosen = re.findall(r"<option[^>]*>([^<]*)</option>", html) + re.findall(r"data-asks> ([^<]*)</label>", html)
        assert len(chosen) > 20
        assert not EVENT_TYPES.keys() & set(re.findall(r"\w+", " ".join(chosen)))
        assert "&#34;type&#34;: &#34;TicketOpened&#34;" in html
    speak("en")


def test_tiers_of_the_built_in_terms_are_told_in_the_language_spoken(desk: Desk) -> None:
    speak("es")
    supposing = pages.ticket(desk, asked(f"/tickets/{LATE}", ("if_tier", "advanced")), AUDITOR, LATE)
    client = pages.client(desk, asked("/clients/fletes-del-bajio"), AUDITOR, "fletes-del-bajio")
    speak("en")
    assert 'value="advanced" selected>avanzado</option>' in supposing
    assert "· avanzado" in client


def test_without_its_opening_a_ticket_is_judged_by_nothing(ledger: Ledger) -> None:
    opening = ledger.stream(f"ticket:{LATE}")[0].position
    found = gathered(ledger, LATE, State(supposed=Supposed(without=(opening,))), NOW)
    assert found.outcome is not None
    assert found.outcome.verdicts == {"response": ("met", "not_applicable"), "resolution": ("met", "not_applicable")}


def test_verdicts_of_a_what_if_are_those_that_its_reports_explain(ledger: Ledger) -> None:
    for ticket in (LATE, "T-0042", "T-0064"):
        for readings in ({"gs.4": "clock-hours"}, {"gs.wait": "stops", "cs.2": "support-hours"}):
            found = gathered(ledger, ticket, State(supposed=Supposed(readings=readings)), NOW)
            assert found.outcome is not None
            sides = [it.explain(ticket) for it in (found.outcome.answer.before, found.outcome.answer.after)]
            for clock, pair in found.outcome.verdicts.items():
                assert pair == (sides[0][clock]["verdict"], sides[1][clock]["verdict"])  # type: ignore[literal-required]


def test_what_a_reading_says_stands_where_it_makes_a_difference_and_who_acted_is_named_once(desk: Desk) -> None:
    query = (("if_reading", "gs.4=clock-hours"), ("reading", "gs.wait=stops"), ("known_at", str(BEFORE_LATE)))
    html = pages.ticket(desk, asked(f"/tickets/{LATE}", *query), AUDITOR, LATE)
    assert "<td>gs.4: In clock hours, day and night</td>" in html
    assert '<span class="clause">gs.wait</span> No: they stop until the client answers.' in html
    assert "consultant: s.galindo</p>" in html and "s.galindo <span" not in html
