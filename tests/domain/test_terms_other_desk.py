"""The terms language says what a quite different desk needs: other_desk.toml, unlike the built-in two."""

from datetime import UTC, date, datetime
from pathlib import Path

from adapters.terms.files import read_terms_file
from domain.calendar import Calendar
from domain.rules import Target
from domain.terms import Rules, Terms
from domain.time_base import epoch_seconds

TERMS = Terms.read(read_terms_file(Path(__file__).parent / "other_desk.toml"))
ORDINARY_DAY_SECONDS = 23 * 3600 + 1800


def solving(rules: Rules, priority: str, kind: str, has_policy: bool) -> Target:
    target = rules.target(rules.provisions.resolution, priority, kind, None, has_policy)
    assert target is not None
    return target


def worked(calendar: Calendar, start: tuple[int, ...], end: tuple[int, ...]) -> int:
    first, last = (epoch_seconds(datetime(*moment, tzinfo=UTC)) for moment in (start, end))  # type: ignore[arg-type]
    return calendar.elapsed(first, last)


def test_the_first_target_that_matches_a_ticket_is_its_own() -> None:
    rules = TERMS.under()
    assert solving(rules, "urgent", "question", True).within == 90
    assert solving(rules, "urgent", "question", True).base == "clock"
    assert solving(rules, "urgent", "incident", True).within == ORDINARY_DAY_SECONDS
    assert solving(rules, "urgent", "incident", True).base == "working-days"
    assert solving(rules, "urgent", "incident", False).within == 2 * ORDINARY_DAY_SECONDS
    assert solving(rules, "normal", "incident", True).base == "support"


def test_one_reading_may_give_a_figure_and_its_base_at_once() -> None:
    target = solving(TERMS.under({"fix.urgent": "shift"}), "urgent", "incident", True)
    assert (target.within, target.base) == (6 * 3600, "support")


def test_an_answer_is_due_whatever_the_ticket_and_waits_for_the_client() -> None:
    rules = TERMS.under()
    target = rules.target(rules.provisions.response, "normal", "question", None, False)
    assert target is not None
    assert (target.within, target.suspended_by) == (5400, ("waiting", "unavailability"))
    assert rules.provisions.suspensions["waiting"].clause == "first"
    assert "unavailability" not in rules.provisions.suspensions


def test_a_clock_may_run_from_the_opening_to_the_closing() -> None:
    clock = TERMS.under().provisions.resolution
    assert (clock.starts, clock.starts_clause, clock.stops) == ("opened", "fix", ("Closed",))


def test_the_day_breaks_for_lunch_and_the_saturday_shift_ends_on_sunday() -> None:
    calendar = TERMS.under({"seat": "bogota"}).calendar
    assert calendar.ordinary_day_seconds == ORDINARY_DAY_SECONDS
    assert worked(calendar, (2026, 6, 1, 5), (2026, 6, 2, 5)) == ORDINARY_DAY_SECONDS
    assert worked(calendar, (2026, 6, 6, 5), (2026, 6, 8, 5)) == 8 * 3600


def test_closures_openings_and_holidays_are_those_of_the_desk() -> None:
    calendar = TERMS.under({"seat": "bogota"}).calendar
    christmas_eve = worked(calendar, (2026, 12, 24, 5), (2026, 12, 25, 5))
    assert christmas_eve == ORDINARY_DAY_SECONDS - 6 * 3600
    assert worked(calendar, (2026, 12, 25, 5), (2026, 12, 26, 5)) == 2 * 3600
    assert TERMS.under().provisions.calendar.holidays == (date(2026, 12, 25), date(2027, 1, 1))


def test_the_zone_may_hang_on_a_reading() -> None:
    noon_in_madrid = epoch_seconds(datetime(2026, 6, 1, 11, 15, tzinfo=UTC))
    assert not TERMS.under({"seat": "madrid"}).calendar.ticks(noon_in_madrid)
    assert TERMS.under({"seat": "bogota"}).calendar.ticks(noon_in_madrid)
    assert TERMS.under().cited(("hours",)) == {"seat": "madrid"}


def test_a_desk_without_tiers_has_one_quota_for_every_policy() -> None:
    rules = TERMS.under()
    quota = rules.quota(None)
    assert quota is not None
    assert (quota.tickets, quota.by_priority, quota.discount_percent) == (40, {"urgent": 10, "normal": 40}, 5)
    assert rules.provisions.tiers == {}


def test_what_the_desk_does_not_provide_is_absent() -> None:
    provisions = TERMS.under().provisions
    assert (provisions.extensions, provisions.after_hours, provisions.escalation) == (None, None, None)
    assert (provisions.operation_stop, provisions.unattended) == (None, None)
    assert provisions.requests.official_channels is None and provisions.requests.authorized_clause is None
    assert provisions.billing.after_hours_clause is None and not provisions.billing.per_event
