"""The two built-in terms: every clause and reading in both languages, and the figures under each reading."""

from datetime import UTC, date, datetime
from itertools import product
from typing import Any

import pytest

from adapters.terms.files import builtin_documents
from domain.rules import Quota, Target
from domain.terms import Rules, Terms, UnknownReading, digest, terms_from
from domain.time_base import epoch_seconds

GS, CS = (Terms.read(document) for document in builtin_documents())

GS_CLAUSES = [
    "gs.1.1", "gs.1.2", "gs.2.1", "gs.2.2", "gs.2.3", "gs.2.4", "gs.2.5", "gs.3.1", "gs.3.2", "gs.3.3",
    "gs.3.4", "gs.4", "gs.5", "gs.5.1", "gs.5.2", "gs.5.3", "gs.5.4", "gs.5.5", "gs.5.6", "gs.6", "gs.7",
    "gs.7.1", "gs.7.2", "gs.8.1", "gs.8.2", "gs.8.3", "gs.9",
]  # fmt: skip
CS_CLAUSES = [
    "cs.1.1", "cs.1.2", "cs.1.3", "cs.2", "cs.3", "cs.4", "cs.4.1", "cs.4.2", "cs.4.3", "cs.4.4",
    "cs.4.5", "cs.5", "cs.6", "cs.6.1", "cs.7", "cs.8.1", "cs.8.2", "cs.8.3", "cs.8.4", "cs.8.5", "cs.9",
]  # fmt: skip

GS_READINGS = {
    "gs.2.3": ["reset-by-answer", "never-reset"],
    "gs.2.5": ["five-days", "attempts-suffice"],
    "gs.3.4": ["from-call", "from-email"],
    "gs.4": ["support-hours", "clock-hours", "critical-clock"],
    "gs.wait": ["runs", "stops"],
    "gs.5": ["upper-end", "lower-end"],
    "gs.5.base": ["support-hours", "clock-hours"],
    "gs.5.5": ["official-request", "first-response"],
    "gs.5.6": ["before-due", "any-time"],
    "gs.6.daily": ["each", "one-a-day"],
    "gs.6.attempts": ["not-billed", "billed"],
    "gs.7": ["full-session", "own-minutes"],
    "gs.8.1": ["mexico-city", "utc-6"],
    "gs.8.1.holidays": ["none", "mexican"],
    "gs.9": ["runs", "pauses"],
}
CS_READINGS = {
    "cs.2": ["clock-hours", "support-hours"],
    "cs.4": ["no-transfer", "transfer"],
    "cs.4.2": ["15-tickets", "14-events"],
    "cs.4.4": ["calendar-month", "policy-month"],
    "cs.5": ["discount", "list-price"],
    "cs.8.1": ["support-minutes", "clock-minutes"],
    "cs.8.2": ["support-hours", "working-day-hours", "three-days"],
    "cs.8.2.availability": ["runs", "stops"],
    "cs.8.5": ["stops", "runs"],
}
HOUR = 3600


def response(rules: Rules, priority: str, kind: str = "incident", has_policy: bool = True) -> Target | None:
    return rules.target(rules.provisions.response, priority, kind, None, has_policy)


def resolution(rules: Rules, kind: str = "incident", incident_type: str | None = None) -> Target | None:
    return rules.target(rules.provisions.resolution, "P1", kind, incident_type, True)


@pytest.mark.parametrize(("terms", "clauses"), [(GS, GS_CLAUSES), (CS, CS_CLAUSES)], ids=["gs", "cs"])
def test_every_clause_of_the_catalogue_is_worded_in_both_languages(terms: Terms, clauses: list[str]) -> None:
    assert list(terms.about.clauses) == clauses
    for text in (terms.about.name, *terms.about.clauses.values()):
        assert text.es.strip() and text.en.strip() and text.es != text.en


@pytest.mark.parametrize(("terms", "readings"), [(GS, GS_READINGS), (CS, CS_READINGS)], ids=["gs", "cs"])
def test_every_reading_is_there_with_its_options_default_first(terms: Terms, readings: dict[str, list[str]]) -> None:
    assert {key: list(it.options) for key, it in terms.about.readings.items()} == readings
    assert terms.under().readings == {key: options[0] for key, options in readings.items()}
    for reading in terms.about.readings.values():
        for text in (reading.question, *reading.options.values()):
            assert text.es.strip() and text.en.strip() and text.es != text.en


@pytest.mark.parametrize("terms", [GS, CS], ids=["gs", "cs"])
def test_every_option_of_every_reading_changes_the_rules(terms: Terms) -> None:
    usual = terms.under()
    for key, reading in terms.about.readings.items():
        for option in list(reading.options)[1:]:
            rules = terms.under({key: option})
            assert rules.readings == dict(usual.readings) | {key: option}
            assert (rules.provisions, rules.calendar) != (usual.provisions, usual.calendar), f"{key}={option}"


def test_a_reading_bears_on_the_parts_of_its_clause_and_not_on_the_whole() -> None:
    rules = GS.under({"gs.5": "lower-end", "gs.wait": "stops"})
    assert rules.cited(("gs.5.3",)) == {"gs.wait": "stops", "gs.5": "lower-end", "gs.5.base": "support-hours"}
    assert rules.cited(("gs.5",)) == rules.cited(("gs.5.3",))
    assert rules.cited(("gs.5.5",)) == rules.cited(("gs.5",)) | {"gs.5.5": "official-request"}
    assert rules.cited(("gs.4", "gs.8.1")) == {
        "gs.4": "support-hours",
        "gs.wait": "stops",
        "gs.8.1": "mexico-city",
        "gs.8.1.holidays": "none",
    }
    assert CS.under().cited(("cs.8.2",)) == {"cs.8.2": "support-hours", "cs.8.2.availability": "runs"}
    assert CS.under().cited(("cs.1.2",)) == {}


def test_a_reading_of_other_terms_is_ignored_and_an_unknown_option_is_named() -> None:
    assert GS.under({"cs.2": "support-hours"}) is GS.under()
    with pytest.raises(UnknownReading) as caught:
        GS.under({"gs.4": "calendar-hours"})
    assert (caught.value.key, caught.value.name) == ("gs.4", "calendar-hours")
    assert caught.value.known == ("support-hours", "clock-hours", "critical-clock")


@pytest.mark.parametrize(
    ("priority", "earliest_hours", "within_seconds"),
    [("critical", 0, 1800), ("high", 1, 4 * HOUR), ("medium", 8, 16 * HOUR), ("low", 16, 24 * HOUR)],
)
@pytest.mark.parametrize("reading", GS_READINGS["gs.4"])
def test_attention_at_grupo_staff_goes_by_priority(
    priority: str, earliest_hours: int, within_seconds: int, reading: str
) -> None:
    target = response(GS.under({"gs.4": reading}), priority)
    assert target is not None
    assert (target.clause, target.within, target.earliest) == ("gs.4", within_seconds, earliest_hours * HOUR)
    on_clock = reading == "clock-hours" or (reading == "critical-clock" and priority == "critical")
    assert target.base == ("clock" if on_clock else "support")
    assert target.suspended_by == ("waiting",)


@pytest.mark.parametrize(
    ("incident_type", "clause", "upper_hours", "lower_hours", "has_range"),
    [
        ("technical-regular", "gs.5.1", 6, 6, False),
        ("technical-urgent", "gs.5.2", 4, 4, False),
        ("maintenance", "gs.5.3", 36, 16, True),
        ("investigation", "gs.5.4", 16, 8, True),
    ],
)
@pytest.mark.parametrize(("base_reading", "base"), [("support-hours", "support"), ("clock-hours", "clock")])
def test_solution_at_grupo_staff_goes_by_incident_type(
    incident_type: str,
    clause: str,
    upper_hours: int,
    lower_hours: int,
    has_range: bool,
    base_reading: str,
    base: str,
) -> None:
    for end, hours in (("upper-end", upper_hours), ("lower-end", lower_hours)):
        target = resolution(GS.under({"gs.5": end, "gs.5.base": base_reading}), "request", incident_type)
        assert target is not None
        assert (target.clause, target.within, target.base) == (clause, hours * HOUR, base)
        limits = (lower_hours * HOUR, upper_hours * HOUR) if has_range else (None, None)
        assert (target.least, target.most) == limits
        assert target.suspended_by == ("waiting", "vendor")
    assert resolution(GS.under(), "incident", None) is None


def test_the_other_provisions_of_grupo_staff_follow_their_readings() -> None:
    usual = GS.under().provisions
    other = GS.under({key: options[-1] for key, options in GS_READINGS.items()}).provisions
    assert usual.closing.unresponsive is not None and other.closing.unresponsive is not None
    assert (usual.closing.unresponsive.attempts, other.closing.unresponsive.attempts) == (3, 3)
    assert (usual.closing.unresponsive.since_answer, other.closing.unresponsive.since_answer) == (True, False)
    assert (usual.closing.unresponsive.notice_days, other.closing.unresponsive.notice_days) == (5, 0)
    assert usual.requests.by_call is not None and other.requests.by_call is not None
    assert (usual.requests.by_call.from_opening, other.requests.by_call.from_opening) == (True, False)
    assert (usual.resolution.starts, other.resolution.starts) == ("official", "response")
    assert (usual.suspensions["waiting"].stops, other.suspensions["waiting"].stops) == (False, True)
    assert (usual.suspensions["vendor"].stops, other.suspensions["vendor"].stops) == (False, True)
    assert usual.extensions is not None and other.extensions is not None
    assert (usual.extensions.before_due, other.extensions.before_due) == (True, False)
    assert usual.billing.follow_ups is not None and other.billing.follow_ups is not None
    assert usual.billing.follow_ups.events == ("FollowedUp", "InformationRequested")
    assert other.billing.follow_ups.events == ("FollowedUp", "InformationRequested", "ContactAttempted")
    assert (usual.billing.follow_ups.one_daily_email, other.billing.follow_ups.one_daily_email) == (
        False,
        True,
    )
    assert usual.billing.sessions is not None and other.billing.sessions is not None
    assert (usual.billing.sessions.minutes, other.billing.sessions.minutes) == ("full", "own")
    assert usual.consumption is None and usual.tiers == {} and usual.quota(None) is None


@pytest.mark.parametrize("priority", ["P1", "P5"])
def test_answers_at_customsoft_go_by_kind_and_policy(priority: str) -> None:
    for reading, base in (("support-minutes", "support"), ("clock-minutes", "clock")):
        for has_policy in (True, False):
            asked = response(CS.under({"cs.8.1": reading}), priority, "question", has_policy)
            assert asked is not None
            assert (asked.clause, asked.within, asked.base) == ("cs.8.1", 600, base)
            assert asked.suspended_by == ("waiting", "contingency")
    for (reading, base), kind in product((("clock-hours", "clock"), ("support-hours", "support")), ("incident", "request")):
        held = response(CS.under({"cs.2": reading}), priority, kind)
        assert held is not None
        assert (held.clause, held.within, held.base) == ("cs.2", 86_400, base)
        assert held.suspended_by == ("contingency",)
        assert response(CS.under(), priority, kind, has_policy=False) is None


@pytest.mark.parametrize(
    ("reading", "within_seconds", "base"),
    [
        ("support-hours", 86_400, "support"),
        ("working-day-hours", 86_400, "working-days"),
        ("three-days", 75_600, "support"),
    ],
)
def test_only_incidents_at_customsoft_have_a_time_to_be_solved_in(reading: str, within_seconds: int, base: str) -> None:
    rules = CS.under({"cs.8.2": reading})
    target = resolution(rules, "incident")
    assert target is not None
    assert (target.clause, target.within, target.base) == ("cs.8.2", within_seconds, base)
    assert target.suspended_by == ("waiting", "contingency", "unavailability")
    assert resolution(rules, "question") is None and resolution(rules, "request") is None


def test_what_stops_a_clock_at_customsoft_follows_its_readings() -> None:
    def stopping(readings: dict[str, str]) -> set[str]:
        return {name for name, rule in CS.under(readings).provisions.suspensions.items() if rule.stops}

    assert stopping({}) == {"waiting", "contingency"}
    assert stopping({"cs.8.5": "runs"}) == {"waiting"}
    assert stopping({"cs.8.2.availability": "stops"}) == {"waiting", "contingency", "unavailability"}


@pytest.mark.parametrize(
    ("tier", "clause", "tickets", "by_priority", "percent"),
    [
        ("basic", "cs.4.1", 8, (5, 2, 1), 10),
        ("intermediate", "cs.4.2", 15, (6, 5, 4), 15),
        ("advanced", "cs.4.3", 20, (10, 5, 5), 15),
    ],
)
def test_each_tier_includes_what_its_clause_says(
    tier: str, clause: str, tickets: int, by_priority: tuple[int, ...], percent: int
) -> None:
    for reading, total in (("15-tickets", tickets), ("14-events", 14 if tier == "intermediate" else tickets)):
        quota = CS.under({"cs.4.2": reading}).quota(tier)
        assert isinstance(quota, Quota)
        assert (quota.clause, quota.tickets, quota.discount_percent) == (clause, total, percent)
        assert quota.by_priority == dict(zip(("P1", "P2", "P3"), by_priority, strict=True))
        assert quota.onsite_a_month == 1
        assert bool(quota.benefits) == (tier != "basic")


def test_consumption_at_customsoft_follows_its_readings() -> None:
    usual = CS.under().provisions.consumption
    other = CS.under({"cs.4": "transfer", "cs.4.4": "policy-month", "cs.5": "list-price"}).provisions.consumption
    assert usual is not None and other is not None
    assert (usual.transfer, usual.months, usual.discount) == (False, "calendar", True)
    assert (other.transfer, other.months, other.discount) == (True, "policy", False)


def test_the_two_calendars_have_their_own_ordinary_day_and_zone() -> None:
    assert GS.under().calendar.ordinary_day_seconds == 34_200
    assert CS.under().calendar.ordinary_day_seconds == 25_200
    eight_thirty_in_summer_2022 = epoch_seconds(datetime(2022, 7, 4, 13, 30, tzinfo=UTC))
    assert GS.under().calendar.ticks(eight_thirty_in_summer_2022)
    assert not GS.under({"gs.8.1": "utc-6"}).calendar.ticks(eight_thirty_in_summer_2022)


@pytest.mark.parametrize("holiday", [date(2026, 3, 16), date(2024, 10, 1), date(2000, 1, 1), date(2050, 12, 25)])
def test_mexican_holidays_close_customsoft_and_grupo_staff_only_if_so_read(holiday: date) -> None:
    assert holiday in CS.under().provisions.calendar.holidays
    assert GS.under().provisions.calendar.holidays == ()
    assert holiday in GS.under({"gs.8.1.holidays": "mexican"}).provisions.calendar.holidays
    if holiday.weekday() < 5:
        assert GS.under().calendar.is_open_day(holiday) and not CS.under().calendar.is_open_day(holiday)


def test_a_policys_own_holidays_close_the_calendar_beside_those_of_the_terms() -> None:
    own = date(2026, 3, 17)
    calendar = CS.under().calendar_with((own,))
    assert not calendar.is_open_day(own) and not calendar.is_open_day(date(2026, 3, 16))
    assert CS.under().calendar.is_open_day(own)
    assert CS.under().calendar_with((own,)) is calendar


def test_two_clocks_that_cite_one_clause_keep_their_own_targets() -> None:
    document: dict[str, Any] = builtin_documents()[1]
    document["resolution"]["clause"] = "cs.2"
    rules = Terms.read(document).under()
    assert (response(rules, "P1") or pytest.fail()).clause == "cs.2"
    assert (resolution(rules) or pytest.fail()).clause == "cs.8.2"


def test_the_same_content_has_the_same_digest_however_it_is_ordered() -> None:
    document = builtin_documents()[0]
    turned = dict(reversed(document.items()))
    assert digest(turned) == digest(document) == GS.digest
    assert digest({**document, "terms": "other"}) != GS.digest
    assert terms_from(document) is terms_from(builtin_documents()[0])
