"""What the check finds in a document: faults of shape, what does not fit, and never anything but faults."""

import copy
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.terms.files import builtin_documents, read_terms_file
from domain.terms import Terms, TermsError
from domain.terms_check import faults

GS, CS = builtin_documents()
OTHER = read_terms_file(Path(__file__).parent / "other_desk.toml")
NOTHING = object()


def changed(document: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    """A copy with the value at the path replaced, or removed if it is NOTHING."""
    found = copy.deepcopy(document)
    place: Any = found
    for step in path[:-1]:
        place = place[step]
    if value is NOTHING:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return found


def fields(document: dict[str, Any]) -> list[str]:
    return [fault.field for fault in faults(document)]


@pytest.mark.parametrize("document", [GS, CS, OTHER], ids=["gs", "cs", "other"])
def test_the_built_in_terms_and_the_other_desks_have_no_fault(document: dict[str, Any]) -> None:
    assert list(faults(document)) == []


TARGET = ("resolution", "targets", 2)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("terms",), "grupo staff", "terms"),
        (("terms",), NOTHING, "terms"),
        (("name", "en"), NOTHING, "name.en"),
        (("name", "es"), " ", "name.es"),
        (("clauses", "gs.4", "es"), NOTHING, 'clauses."gs.4".es'),
        (("clauses", "gs.4", "fr"), "…", 'clauses."gs.4".fr'),
        (("clauses", "gs 4"), {"es": "…", "en": "…"}, 'clauses."gs 4"'),
        (("clauses", "gs.1.1"), NOTHING, "requests.authorized_clause"),
        (("readings", "gs.4", "options", "support-hours"), NOTHING, 'readings."gs.4".default'),
        (("readings", "gs.7", "clauses"), ["gs.70"], 'readings."gs.7".clauses[0]'),
        (("readings", "gs.7", "default"), "half", 'readings."gs.7".default'),
        (
            ("readings", "gs.7", "options"),
            {"full-session": {"es": "…", "en": "…"}},
            'readings."gs.7".options',
        ),
        (("readings", "gs.7", "options", "by"), {"es": "…", "en": "…"}, 'readings."gs.7".options.by'),
        (("billing", "sessions", "minutes"), "full", 'readings."gs.7"'),
        (("billing", "sessions", "minutes"), {"by": "gs.77", "a": "own"}, "billing.sessions.minutes.by"),
        (("billing", "sessions", "minutes"), {"by": ["gs.7"]}, "billing.sessions.minutes.by"),
        (("billing", "sessions", "minutes", "own-minutes"), NOTHING, "billing.sessions.minutes.own-minutes"),
        (("billing", "sessions", "minutes", "own-minutes"), "theirs", "billing.sessions.minutes.own-minutes"),
        (("billing", "sessions", "minutes", "half"), "own", "billing.sessions.minutes.half"),
        (("billing", "follow_ups", "minutes"), -15, "billing.follow_ups.minutes"),
        (("billing", "follow_ups", "minutes"), True, "billing.follow_ups.minutes"),
        (("billing", "follow_ups", "events", "billed", 1), "Closed", "billing.follow_ups.events.billed[1]"),
        (("billing", "per_event"), True, "billing.per_event"),
        (("after_hours",), NOTHING, "billing.after_hours_clause"),
        (("sla",), {}, "sla"),
        (("calendar",), NOTHING, "calendar"),
        (("calendar", "zone", "utc-6"), "America/Mexico", "calendar.zone.utc-6"),
        (("calendar", "weekly", "mon"), ["08:30-18:00", "17:00-19:00"], "calendar.weekly.mon[1]"),
        (("calendar", "weekly", "monday"), ["08:30-18:00"], "calendar.weekly.monday"),
        (("calendar", "weekly"), {}, "calendar.weekly"),
        (("calendar", "holidays", "none"), ["2026-02-30"], "calendar.holidays.none[0]"),
        (("calendar", "closures"), [["2026-01-01T10:00"]], "calendar.closures[0]"),
        (("calendar", "openings"), [["2026-01-01T10:00", "2026-01-01"]], "calendar.openings[0].to"),
        (("values", "kinds"), ["incident", "complaint"], "values.kinds[1]"),
        (("requests", "official_channels"), ["mail"], "requests.official_channels[0]"),
        (("requests", "official_channels"), NOTHING, "requests.by_call"),
        (("requests", "official_channels"), ["email", "phone"], "requests.by_call.channel"),
        (("requests", "clause"), NOTHING, "requests.clause"),
        (("requests", "by_call", "priority"), "P1", "requests.by_call.priority"),
        (("response", "starts"), "response", "response.starts_clause"),
        (("response", "stops"), [], "response.stops"),
        (("response", "targets", 0, "earliest"), "31m", "response.targets[0].earliest"),
        (("resolution", "starts_clause"), NOTHING, "resolution.starts_clause"),
        ((*TARGET, "within", "lower-end"), "15h", "resolution.targets[2].within.lower-end"),
        ((*TARGET, "within", "lower-end"), "4 hours", "resolution.targets[2].within.lower-end"),
        ((*TARGET, "within", "lower-end"), 57600, "resolution.targets[2].within.lower-end"),
        ((*TARGET, "within", "lower-end"), "0h", "resolution.targets[2].within.lower-end"),
        ((*TARGET, "within", "lower-end"), "90000h", "resolution.targets[2].within.lower-end"),
        ((*TARGET, "least"), NOTHING, "resolution.targets[2].least"),
        ((*TARGET, "incident_type"), "upgrade", "resolution.targets[2].incident_type"),
        ((*TARGET, "suspended_by"), ["holiday"], "resolution.targets[2].suspended_by[0]"),
        ((*TARGET, "clause"), "gs.5.30", "resolution.targets[2].clause"),
        (("suspensions", "lunch"), {"stops": True}, "suspensions.lunch"),
        (("suspensions", "vendor", "level"), 5, "suspensions.vendor.level"),
        (("closing", "unresponsive", "attempts"), 0, "closing.unresponsive.attempts"),
        (("closing", "unresponsive", "notice_clause"), NOTHING, "closing.unresponsive.notice_clause"),
        (("closing", "validated_needs"), "trust", "closing.validated_needs"),
    ],
)
def test_a_fault_names_its_field(path: tuple[str | int, ...], value: object, field: str) -> None:
    document = changed(GS, path, value)
    assert field in fields(document)
    with pytest.raises(TermsError):
        Terms.read(document)


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        (("tiers", "basic", "tickets"), -8, "consumption.tiers.basic.tickets"),
        (("tiers", "basic", "by_priority", "P1"), -1, "consumption.tiers.basic.by_priority.P1"),
        (("tiers", "basic", "by_priority", "P9"), 1, "consumption.tiers.basic.by_priority.P9"),
        (("tiers", "basic", "discount_percent"), 101, "consumption.tiers.basic.discount_percent"),
        (("tiers", "basic", "discount_percent"), 7.5, "consumption.tiers.basic.discount_percent"),
        (("tiers", "basic", "benefits"), ["car"], "consumption.tiers.basic.benefits[0]"),
        (("tiers", "basic", "events"), 8, "consumption.tiers.basic.events"),
        (("tiers",), NOTHING, "consumption"),
        (("months",), "lunar", "consumption.months"),
    ],
)
def test_a_fault_of_a_quota_names_its_field(path: tuple[str, ...], value: object, field: str) -> None:
    assert field in fields(changed(CS, ("consumption", *path), value))


def test_independent_faults_are_all_reported_at_once() -> None:
    document = changed(GS, ("terms",), 7)
    document = changed(document, ("response", "targets", 1, "within"), "soon")
    document = changed(document, ("calendar", "zone", "utc-6"), "GMT-six")
    document = changed(document, ("clauses", "gs.9", "en"), "")
    assert fields(document) == [
        "terms",
        'clauses."gs.9".en',
        "response.targets[1].within",
        "calendar.zone.utc-6",
    ]


def test_a_fault_that_shows_only_where_two_readings_meet_is_found() -> None:
    document = changed(OTHER, ("resolution", "targets", 1, "earliest"), {"by": "seat", "madrid": "1h", "bogota": "7h"})
    assert fields(document) == ["resolution.targets[1].earliest.bogota"]
    assert fields(changed(document, ("resolution", "targets", 1, "within", "shift"), "8h")) == []


def test_too_many_readings_meeting_in_one_place_are_refused_and_not_tried() -> None:
    document = copy.deepcopy(OTHER)
    for number in range(9):
        text = {"es": "…", "en": "…"}
        options = {"yes": text, "no": text}
        document["readings"][f"r{number}"] = {"clauses": ["rate"], "question": text, "options": options}
        rule = {"stops": {"by": f"r{number}", "yes": True, "no": False}}
        document["suspensions"]["contingency"] = rule if number == 0 else {**document["suspensions"]["contingency"]}
    levels: Any = 4
    for number in range(1, 9):
        levels = {"by": f"r{number}", "yes": levels, "no": 1}
    document["suspensions"]["vendor"] = {"level": levels}
    assert "choices by reading are nested too deep" in [str(it) for it in faults(document)]
    document["suspensions"]["vendor"] = {}
    document["billing"]["follow_ups"]["minutes"] = {"by": "r1", "yes": 5, "no": 10}
    spread = [("sessions", "clause", 2), ("sessions", "minutes", 3), ("follow_ups", "clause", 4)]
    for table, name, number in spread:
        usual = document["billing"][table][name]
        document["billing"][table][name] = {"by": f"r{number}", "yes": usual, "no": usual}
    for name, number in (("travel_clause", 5), ("after_hours_clause", 6)):
        document["billing"][name] = {"by": f"r{number}", "yes": "rate", "no": "rate"}
    document["billing"]["per_event"] = {"by": "r7", "yes": True, "no": False}
    document["billing"]["follow_ups"]["one_daily_email"] = {"by": "r8", "yes": True, "no": False}
    document["billing"]["follow_ups"]["events"] = {"by": "r0", "yes": ["FollowedUp"], "no": []}
    assert ("billing", "256") in [(it.field, str(it.values.get("most"))) for it in faults(document)]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
pieces = scalars | st.sampled_from(["24h", "1 ordinary day", "09:00-10:00", "gs.4", "support", "P1"])
values = st.recursive(
    pieces,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["by", "es", "clause", "within", "gs.4", "mon"]) | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [it for key, item in inner for it in places(item, (*path, key))]


PLACES = [(document, path) for document in (GS, CS, OTHER) for path in places(document)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), values | st.just(NOTHING))
def test_whatever_stands_anywhere_in_a_document_it_is_a_fault_or_it_resolves(
    place: tuple[dict[str, Any], tuple[str | int, ...]], value: object
) -> None:
    document = changed(*place, value)
    if not list(faults(document)):
        terms = Terms.read(document)
        for reading in [
            {},
            *({key: name} for key, it in terms.about.readings.items() for name in it.options),
        ]:
            assert terms.under(reading).calendar.ordinary_day_seconds > 0


def test_every_combination_of_the_built_in_readings_of_a_clause_resolves() -> None:
    for terms in (Terms.read(GS), Terms.read(CS)):
        for clause in terms.about.clauses:
            bearing = {key: it.options for key, it in terms.about.readings.items() if it.bears_on(clause)}
            for options in product(*bearing.values()):
                assert terms.under(dict(zip(bearing, options, strict=True))).provisions
