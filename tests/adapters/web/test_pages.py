"""What the pages are made of, asked without a browser: the question in a URL, the lists, the figures, the form."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.accounts.building import Building
from adapters.accounts.places import accounts_of
from adapters.demo.__main__ import record
from adapters.language import speak
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.web import agreed, listing, pages, recording
from adapters.web.asking import BadQuestion, State, Supposed, id_in, place, state_of
from adapters.web.desk import Desk
from adapters.web.kept import Kept
from adapters.web.setting import Page, Viewer
from adapters.web.ticket import gathered
from domain.events import EVENT_TYPES, LEDGER_ONLY
from projections.contracts import Question
from tests.adapters.web.site import BEFORE_LATE, CLIENT, LATE, LATE_ENTRY, OTHER_CLIENT

NOW = datetime(2026, 11, 1, tzinfo=UTC)
BUSY = datetime(2026, 1, 16, 16, tzinfo=UTC)
AUDITOR, OWN = Viewer("auditor", None, "eva"), Viewer("client", CLIENT, "kiosk")

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


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    place = tmp_path_factory.mktemp("pages") / "desk.db"
    record(place)
    with Ledger.open(str(place)) as found:
        yield found


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    speak("en")
    found = Desk(ledger, None, lambda: NOW)
    yield found
    found.close()


def asked(path: str, *query: tuple[str, str], viewer: Viewer = AUDITOR) -> Page:
    return Page(viewer, path, query)


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


# Lists --------------------------------------------------------------------------------------------------------------


def test_the_overview_counts_what_the_report_says(ledger: Ledger, desk: Desk) -> None:
    with desk.kept.reading() as view:
        found = listing.overview(view, None)
    rows = list(Reports(ledger, Question(NOW, None)).sla())
    assert found.tickets == len(rows)
    assert found.breached == sum(row[clock]["verdict"] == "breached" for row in rows for clock in ("response", "resolution"))
    assert found.priorities == ["critical", "high", "medium", "low", "P1", "P2", "P3", "P4", "P5"]
    newest = max(found.months)
    met = sum(it["response"]["verdict"] == "met" and it["opened_at"] > f"{newest}-01T06" for it in rows)
    assert found.months[newest][""]["response_met"] == met
    for row in found.breaches:
        told = next(it for it in rows if it["ticket"] == row["ticket"])
        assert row["overrun_seconds"] == told[row["clock"]]["overrun_seconds"]
        assert row["longest"]["clause"] in told[row["clock"]]["clauses"]


def test_what_is_due_next_and_what_is_nearly_used_up_is_on_the_overview(ledger: Ledger) -> None:
    kept = Kept(ledger, lambda: BUSY)
    with kept.reading() as view:
        found = listing.overview(view, None)
    kept.close()
    rows = {it["ticket"]: it for it in Reports(ledger, Question(BUSY, None)).sla()}
    assert found.due and found.quotas and found.unattended
    for row in found.due:
        clock = rows[row["ticket"]][row["clock"]]
        assert (clock["verdict"], clock["due_at"]) == ("running", row["due_at"])
    running = (it[clock]["verdict"] for it in rows.values() for clock in ("response", "resolution") if it["status"] == "open")
    assert len(found.due) == list(running).count("running") > 1
    assert [it["due_at"] for it in found.due] == sorted(it["due_at"] for it in found.due)
    assert all(5 * it["remaining"] <= it["included"] for it in found.quotas)


def test_stored_accounts_answer_when_they_are_current_and_own_ones_else(ledger: Ledger, desk: Desk) -> None:
    with desk.kept.reading() as view:
        assert not view.is_stored
        own = listing.overview(view, None)
    accounts = accounts_of(ledger.url)
    try:
        Building(ledger, accounts, lambda: NOW).build()
        with desk.kept.reading() as view:
            assert view.is_stored
            assert listing.overview(view, None) == own
        Building(ledger, accounts, lambda: BUSY).build()
        later = Kept(ledger, lambda: BUSY + timedelta(days=3))
        with later.reading() as view:
            assert not view.is_stored, "clocks passed their targets since they were judged"
        later.close()
    finally:
        accounts.close()
        Path(f"{ledger.url}.accounts").unlink()


def test_tickets_come_in_pages_each_once_and_through_filters(desk: Desk) -> None:
    with desk.kept.reading() as view:
        found: list[str] = []
        before = ""
        while True:
            page = listing.tickets(view, listing.Filters(before=before))
            found += [it["ticket"] for it in page.rows]
            if not (before := page.next):
                break
        assert len(found) == len(set(found)) == 400
        late = listing.tickets(view, listing.Filters(client=CLIENT, response="breached", status="closed"))
        assert late.rows and {(it["client"], it["response_verdict"], it["status"]) for it in late.rows} == {
            (CLIENT, "breached", "closed")
        }
        begin = {it["ticket"] for it in listing.tickets(view, listing.Filters(ticket="T-004")).rows}
        assert begin == {f"T-004{it}" for it in range(10)}
        assert listing.tickets(view, listing.Filters(before="nonsense")).rows


def test_a_client_is_listed_alone_whatever_it_asks_for(desk: Desk) -> None:
    html = pages.tickets(desk, asked("/tickets", ("client", OTHER_CLIENT), viewer=OWN), CLIENT)
    assert 'class="first"' in html and OTHER_CLIENT not in html.partition("<main")[2]
    assert OTHER_CLIENT not in pages.overview(desk, asked("/", viewer=OWN), CLIENT)
    with pytest.raises(NotFound):
        pages.client(desk, asked(f"/clients/{OTHER_CLIENT}", viewer=OWN), OWN, OTHER_CLIENT)


# Recording ----------------------------------------------------------------------------------------------------------


def test_there_is_a_form_for_every_type_that_may_be_recorded_but_terms() -> None:
    assert recording.offered() == EVENT_TYPES.keys() - LEDGER_ONLY - {"TermsPublished"}
    for name in recording.offered():
        assert {it.name for it in recording.fields(name)} <= recording.LABELS.keys()


@pytest.mark.parametrize(
    ("type_name", "values", "field", "code"),
    [
        ("Responded", {"ticket": LATE, "at": "soon"}, "at", "shape"),
        ("Responded", {"at": "2026-10-01T10:00:00Z"}, "ticket", "shape"),
        ("Responded", {"ticket": "T-none", "at": "2026-10-01T10:00:00Z"}, "ticket", "reference"),
        ("FollowedUp", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "kind": "gossip"}, "kind", "shape"),
        ("TravelExpenseRecorded", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "amount": "1e3", "currency": "MXN"}, "amount",
         "sums"),
        ("SessionHeld", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "started": "2026-10-01T10:00:00Z", "delivery": "remote",
                         "ended": "2026-10-01T09:00:00Z", "consultants": "ana\nluis"}, "ended", "time"),
    ],
)  # fmt: skip
def test_a_refusal_is_told_beside_the_field_it_is_about(
    desk: Desk, type_name: str, values: dict[str, str], field: str, code: str
) -> None:
    found = recording.record(desk.ledger, type_name, values, "eva")
    assert isinstance(found, recording.Filled)
    assert (found.problem, found.values) == (field, values)
    assert found.code == code, found.told
    html = pages.record_form(desk, asked("/record", viewer=Viewer("recorder", None, "eva")), found)
    assert f'id="i-{field}" name="{field}"' in html and 'aria-invalid="true"' in html


@pytest.mark.parametrize(
    ("type_name", "values", "told"),
    [
        ("Responded", {"ticket": LATE, "at": "soon"}, "“Cuándo ocurrió” es soon"),
        ("Responded", {"at": "2026-10-01T10:00:00Z"}, "contestación necesita el campo “Ticket”"),
        ("FollowedUp", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "kind": "gossip"}, "seguimiento, conclusión"),
        ("Responded", {"ticket": LATE, "at": "2099-10-01T10:00:00Z"}, "“Cuándo ocurrió” es 2099"),
        ("SessionHeld", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "started": "2026-10-01T10:00:00Z", "delivery": "remote",
                         "ended": "2026-10-01T09:00:00Z", "consultants": "ana"}, "“Terminó” debe ser posterior a “Empezó”"),
        ("SessionHeld", {"ticket": LATE, "at": "2026-10-01T10:00:00Z", "started": "2026-10-01T10:00:00Z", "delivery": "remote",
                         "ended": "2026-10-01T12:00:00Z", "consultants": '[{"consultant": "ana"}, {"joined": "soon"}]'},
         "“Consultores” (2) es soon"),
        ("InformationReceived", {"ticket": LATE, "at": "2026-10-01T10:00:00Z"}, "información recibida"),
    ],
)  # fmt: skip
def test_a_refusal_calls_fields_and_values_what_the_form_calls_them(
    ledger: Ledger, type_name: str, values: dict[str, str], told: str
) -> None:
    speak("es")
    found = recording.record(ledger, type_name, values, "eva")
    speak("en")
    assert isinstance(found, recording.Filled) and found.told is not None
    assert told in found.told
    names = {it.name for it in recording.fields(type_name)} - {"ticket"} | {type_name}
    assert not names & set(re.findall(r"\w+", found.told))


def test_people_choose_what_to_record_by_words(desk: Desk) -> None:
    recorder = Viewer("recorder", None, "eva")
    html = pages.record_form(desk, asked("/record", viewer=recorder))
    links = dict(re.findall(r'<a class="word" href="/record\?type=(\w+)">([^<]+)</a>', html))
    assert links.keys() == recording.offered()
    assert [name for name, shown in links.items() if not shown.islower()] == []


def test_a_form_sent_twice_is_recorded_once_and_says_who_recorded_it(tmp_path: Path) -> None:
    with Ledger.open(str(tmp_path / "desk.db"), create=True) as ledger:
        values = {"key": "page-1", "at": "2026-10-01T10:00:00Z", "client": "acme", "name": "Acme", "local": "yes"}
        first, again = (recording.record(ledger, "ClientRegistered", values, "eva") for _ in range(2))
        assert first == again
        assert isinstance(first, recording.Recorded) and first.stream == "client:acme"
        entry = ledger.entry(first.position)
        assert entry is not None and entry.recorded_by == "eva"


# Another moment ------------------------------------------------------------------------------------------------------

ELSEWHERE = Question(datetime(2026, 7, 24, 18, tzinfo=UTC), BEFORE_LATE, {"gs.4": "clock-hours", "cs.2": "support-hours"})


@pytest.mark.parametrize("client", [None, CLIENT])
@pytest.mark.parametrize(
    "question",
    [ELSEWHERE, Question(BUSY, 2971), Question(BUSY, 700), Question(NOW, 2971, {"gs.wait": "stops"}), Question(BUSY, 0)],
    ids=["then and read otherwise", "then", "with little known", "now read otherwise", "before everything"],
)
def test_lists_of_another_moment_are_what_the_report_of_that_moment_says(
    ledger: Ledger, desk: Desk, question: Question, client: str | None
) -> None:
    selection = Selection(client=client)
    rows = {it["ticket"]: it for it in Reports(ledger, question, selection).sla()}
    used = [it for it in Reports(ledger, question, selection).consumption() if it["policy"]]
    with desk.moments.reading(question, client) as view:
        found, quotas = listing.overview(view, client), listing.quotas(view, client, near=False)
        listed = listing.tickets(view, listing.Filters(client=client or ""))
        assert view.position == question.known
    assert found.tickets == len(rows)
    assert found.breached == sum(row[clock]["verdict"] == "breached" for row in rows.values() for clock in ("response", "resolution"))
    assert [it["ticket"] for it in listed.rows] == list(rows)[::-1][:50]
    for row in listed.rows:
        for clock in ("response", "resolution"):
            told = (row[f"{clock}_verdict"], row[f"{clock}_due_at"], row[f"{clock}_elapsed_seconds"])
            assert told == tuple(rows[row["ticket"]][clock][it] for it in ("verdict", "due_at", "elapsed_seconds"))
    held = {it["policy"]: it["tickets"]["used"] for it in used}
    assert {it["policy"]: it["used"] for it in quotas}.items() <= held.items()
    assert {it["ticket"] for it in found.unattended} <= {it["ticket"] for it in Reports(ledger, question, selection).unattended()}


def test_a_list_of_another_moment_stands_at_an_address_that_says_moment_and_position(desk: Desk, ledger: Ledger) -> None:
    def there(*query: tuple[str, str], client: str | None = None) -> str | None:
        return pages.settled(desk, asked("/tickets", *query), client)

    at = ("at", "2026-07-24T18:00:00Z")
    assert there() is None and there(("month", "2026-03")) is None
    assert there(at, ("known_at", "2400")) is None
    assert there(at, ("known_at", "2026-07-24T18:00:00Z")) is None
    assert there(("month", "2026-03"), at) == f"/tickets?month=2026-03&at=2026-07-24T18:00:00Z&known_at={ledger.head()}"
    assert there(at, ("known_at", "999999")) == f"/tickets?at=2026-07-24T18:00:00Z&known_at={ledger.head()}"
    assert there(("reading", "gs.4=clock-hours")) == (
        f"/tickets?at=2026-11-01T00:00:00Z&known_at={ledger.head()}&reading=gs.4=clock-hours"
    )
    own = [there(at, ("known_at", it), client=CLIENT) for it in (str(ledger.head()), "999999")]
    assert own[0] == own[1], "a client is not told how much others recorded"


def test_the_page_says_that_another_moment_is_replayed_and_goes_on_with_it(desk: Desk) -> None:
    query = (("at", "2026-07-24T18:00:00Z"), ("known_at", str(BEFORE_LATE)), ("reading", "gs.4=clock-hours"))
    for html in (pages.overview(desk, asked("/", *query), None), pages.tickets(desk, asked("/tickets", *query), None)):
        assert "Replayed from the entries for this moment" in html
        assert f"with what was recorded up to position {BEFORE_LATE}" in html
        assert "In clock hours, day and night." in html
        assert f'href="/tickets/{LATE}?at=2026-07-24T18:00:00Z&amp;known_at={BEFORE_LATE}&amp;reading=gs.4=clock-hours' in html
    assert "Replayed from" not in pages.overview(desk, asked("/"), None)


def test_a_reading_that_no_terms_have_cannot_be_asked_of_a_list(desk: Desk) -> None:
    for reading, viewer in (("gs.4=nonsense", AUDITOR), ("zz.9=x", AUDITOR), ("cs.4=transfer", OWN)):
        query = (("at", "2026-07-24T18:00:00Z"), ("known_at", "2400"), ("reading", reading))
        with pytest.raises(BadQuestion):
            pages.tickets(desk, asked("/tickets", *query, viewer=viewer), viewer.client)


def test_moments_asked_for_longest_ago_are_forgotten_and_made_again(desk: Desk) -> None:
    for _again in range(2):
        for days in range(8):
            with desk.moments.reading(Question(BUSY - timedelta(days=days), 900), None) as view:
                assert listing.overview(view, None).tickets > 0
