"""The form by which an entry is recorded by hand: its fields, its words, its refusals."""

import re
from pathlib import Path

import pytest

from adapters.language import speak
from adapters.ledger import Ledger
from adapters.web import pages, recording
from adapters.web.desk import Desk
from adapters.web.setting import Viewer
from domain.events import EVENT_TYPES, LEDGER_ONLY
from tests.adapters.web.asking import asked
from tests.adapters.web.site import LATE


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
