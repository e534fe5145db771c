"""The demo year: the same for the same seed, lifelike, and taken by the ledger but for one request."""

import json
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from adapters.demo.desk import DISPUTED, REFUSED_KEY, START, TURNED_AWAY, entries, year, year_as_recorded
from adapters.ledger import Ledger, Refusal, Taken
from domain.events import EVENT_TYPES, LEDGER_ONLY
from domain.shape import read_entry
from tests.oracle import reports
from tests.oracle.admission import Book

SEED = 1
SEEDS = (0, 1, 2, 3)
NEXT_YEAR = datetime(2026, 10, 31, tzinfo=UTC)
MEBIBYTE = 1024 * 1024
AFTER_THE_YEAR = "2026-10-01T06:00:00Z"

History = list[tuple[datetime, dict[str, Any]]]
"""Entries, each with the moment it was taken down."""


@cache
def the_year(seed: int = SEED) -> History:
    return list(year_as_recorded(seed))


def of_type(name: str) -> list[dict[str, Any]]:
    return [entry for _, entry in the_year() if entry["type"] == name]


def values_in(value: object) -> Iterator[object]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    yield value
    for each in inner:
        yield from values_in(each)


def refused_by_the_ledger(told: list[dict[str, Any]], path: str) -> list[str]:
    """The keys of what a new ledger does not take, in batches as a file would be recorded."""
    refused = []
    with Ledger.open(path, create=True, clock=lambda: NEXT_YEAR) as ledger:
        for begin in range(0, len(told), 500):
            batch = told[begin : begin + 500]
            answers = ledger.record([read_entry(msgspec.json.encode(it)) for it in batch])
            for entry, answer in zip(batch, answers, strict=True):
                assert isinstance(answer, (Taken, Refusal)), entry
                if isinstance(answer, Refusal):
                    assert answer.refused.clause == "gs.1.1", (entry, str(answer.refused))
                    refused.append(entry["key"])
    return refused


def client_histories(told: History) -> dict[str, History]:
    """The year by client: the second implementation walks its whole ledger for each newcomer."""
    owner: dict[str, str] = {}
    for _, it in told:
        for name in ("ticket", "policy"):
            if name in it and "client" in it:
                owner[it[name]] = it["client"]
    keys: dict[str, str] = {}
    histories: dict[str, History] = {}
    for moment, it in told:
        named = it.get("client") or owner.get(it.get("ticket") or it.get("policy") or "")
        client = named or keys.get(it.get("entry", ""), "everyone")
        keys[it["key"]] = client
        histories.setdefault(client, []).append((moment, it))
    return histories


def disputed_entries() -> list[dict[str, Any]]:
    """The disputed ticket's client as exported by the second implementation's book."""
    client = next(it["client"] for it in of_type("TicketOpened") if it["ticket"] == DISPUTED)
    book = Book()
    for moment, it in the_year():
        concerned = it.get("ticket") == DISPUTED or str(it.get("entry", "")).startswith(f"{DISPUTED}/")
        if concerned or ("ticket" not in it and it.get("client") == client):
            assert book.offer(it, moment)[0] == "taken"
    return book.entries


def verdicts(readings: dict[str, str]) -> tuple[str, str]:
    row = reports.sla(disputed_entries(), AFTER_THE_YEAR, None, readings)[0]
    return row["response"]["verdict"], row["resolution"]["verdict"]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert [json.dumps(it) for it in year(7)] == [json.dumps(it) for it in year(7)]


def test_another_seed_gives_another_year() -> None:
    assert [it for _, it in the_year(1)] != [it for _, it in the_year(2)]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_type_that_a_person_can_record_appears(seed: int) -> None:
    assert {it["type"] for _, it in the_year(seed)} == set(EVENT_TYPES) - LEDGER_ONLY


@pytest.mark.parametrize("seed", SEEDS)
def test_no_key_is_used_twice(seed: int) -> None:
    assert max(Counter(it["key"] for _, it in the_year(seed)).values()) == 1


def test_as_many_tickets_are_opened_as_were_asked_for() -> None:
    opened = [it["ticket"] for it in of_type("TicketOpened") if it["key"] != REFUSED_KEY]
    assert len(opened) == len(set(opened)) == 400
    assert {DISPUTED, TURNED_AWAY} <= set(opened)


def test_nothing_emitted_is_a_float_or_null() -> None:
    for _, entry in the_year():
        assert not any(isinstance(it, float) or it is None for it in values_in(entry))


def test_everything_happens_and_is_taken_down_within_the_year_in_the_order_taken_down() -> None:
    moments = [moment for moment, _ in the_year()]
    assert all(before <= after for before, after in pairwise(moments))
    assert min(datetime.fromisoformat(it["at"]) for _, it in the_year()).date() == START
    assert max(moments).date() < START.replace(year=START.year + 1)
    assert all(datetime.fromisoformat(it["at"]) <= moment for moment, it in the_year())


def test_some_entries_come_days_late_and_most_at_once() -> None:
    lags = [moment - datetime.fromisoformat(it["at"]) for moment, it in the_year()]
    late = [lag for lag in lags if lag > timedelta(days=1)]
    assert 0 < len(late) < len(lags) // 20


@pytest.mark.parametrize("seed", SEEDS)
def test_the_ledger_takes_everything_but_the_request_of_someone_not_authorised(seed: int, tmp_path: Any) -> None:
    told = [it for _, it in the_year(seed)]
    assert refused_by_the_ledger(told, str(tmp_path / "demo.db")) == [REFUSED_KEY]


@pytest.mark.parametrize("start", [date(2021, 3, 1), date(2024, 2, 29)])
def test_the_ledger_takes_a_year_that_begins_on_another_day(start: date, tmp_path: Any) -> None:
    told = list(year(5, clients=25, tickets=300, start=start))
    assert refused_by_the_ledger(told, str(tmp_path / "demo.db")) == [REFUSED_KEY]


def test_the_second_implementation_takes_everything_but_that_request_too() -> None:
    refused = []
    for history in client_histories(list(year_as_recorded(SEED, tickets=160))).values():
        book = Book()
        # Publishing terms is left out of the second implementation.
        for moment, entry in (it for it in history if it[1]["type"] != "TermsPublished"):
            answer = book.offer(entry, moment)
            if answer[0] != "taken":
                refused.append((entry["key"], answer[3]))
    assert refused == [(REFUSED_KEY, "gs.1.1")]


def test_who_was_turned_away_is_authorised_later_and_opens_the_same_ticket() -> None:
    first, second = (it for it in of_type("TicketOpened") if it["ticket"] == TURNED_AWAY)
    authorised = next(it for it in of_type("RequesterAuthorized") if it["person"] == first["requester"])
    assert first["requester"] == second["requester"]
    assert first["at"] < authorised["at"] < second["at"]


def test_half_of_the_clients_are_under_each_terms_and_every_kind_of_contract_is_there() -> None:
    contracts = of_type("PolicyContracted")
    assert {it["terms"] for it in contracts} == {"grupo-staff", "customsoft"}
    assert {it["tier"] for it in contracts if "tier" in it} == {"basic", "intermediate", "advanced"}
    assert len({it["client"] for it in contracts if it["terms"] == "grupo-staff"}) == 6
    without = [it for it in of_type("ClientRegistered") if "prices" in it]
    assert len(of_type("ClientRegistered")) == 12 and len(without) == 1
    assert max(Counter(it["client"] for it in contracts).values()) == 2
    assert any(it["ends"] < "2026-09-01" for it in contracts if it["terms"] == "customsoft")
    assert any("prices" not in it for it in contracts) and any("holidays" in it for it in contracts)


def test_tickets_come_by_every_channel_out_of_hours_and_on_weekends_and_some_mails_never_come() -> None:
    opened = of_type("TicketOpened")
    moments = [datetime.fromisoformat(it["at"]) for it in opened]
    assert {it["channel"] for it in opened} == {"email", "phone", "chat", "portal", "remote", "onsite"}
    assert any(it.weekday() >= 5 for it in moments) and any(it.hour >= 18 for it in moments)
    official = {it["ticket"] for it in of_type("OfficialRequestReceived")}
    gs = [it for it in opened if it["priority"] in ("critical", "high", "medium", "low")]
    not_by_mail = {it["ticket"] for it in gs if it["channel"] != "email"}
    assert official <= not_by_mail and not_by_mail - official


def test_sessions_have_one_to_three_consultants_and_some_run_over_closing_time() -> None:
    sessions = of_type("SessionHeld")
    assert {len(it["consultants"]) for it in sessions} == {1, 2, 3}
    assert any("T17" in it["started"] and ("T18" in it["ended"] or "T19" in it["ended"]) for it in sessions)
    assert {it["delivery"] for it in sessions} == {"remote", "onsite"}


def test_tickets_end_in_every_way_and_some_are_continued_or_left_open() -> None:
    closed = of_type("Closed")
    assert {it["reason"] for it in closed} == {"validated", "unresponsive", "withdrawn"}
    assert any("continues" in it for it in of_type("TicketOpened"))
    assert {it["ticket"] for it in of_type("TicketOpened")} - {it["ticket"] for it in closed}


def test_escalations_reach_the_vendor_and_extensions_are_granted_declined_and_left_unanswered() -> None:
    assert {it["level"] for it in of_type("Escalated")} == {2, 3, 4}
    answered = len(of_type("ExtensionAuthorized")) + len(of_type("ExtensionDeclined"))
    assert 0 < answered < len(of_type("ExtensionRequested"))


def test_failures_hit_everyone_and_single_tickets_and_some_are_never_told_of() -> None:
    declared = of_type("ContingencyDeclared")
    assert {"ticket" in it for it in declared} == {True, False}
    told = {it["contingency"] for it in of_type("ContingencyNotified")}
    assert any(not it["client_informed"] and it["contingency"] not in told for it in declared)


def test_the_disputed_ticket_is_breached_as_the_clauses_stand() -> None:
    assert verdicts({}) == ("breached", "breached")


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ({"gs.3.4": "from-email"}, ("met", "breached")),
        ({"gs.wait": "stops"}, ("breached", "met")),
        ({"gs.5.6": "any-time"}, ("breached", "met")),
        ({"gs.9": "pauses"}, ("breached", "met")),
        ({"gs.8.1.holidays": "mexican"}, ("breached", "breached")),
    ],
)
def test_the_disputed_ticket_turns_on_how_the_clauses_are_read(readings: dict[str, str], expected: tuple[str, str]) -> None:
    assert verdicts(readings) == expected


def test_before_the_late_report_the_disputed_answer_was_the_session() -> None:
    recorded = disputed_entries()
    late = next(it["position"] for it in recorded if it["type"] == "Responded")
    before = reports.sla(recorded, AFTER_THE_YEAR, late - 1, {})[0]["response"]
    after = reports.sla(recorded, AFTER_THE_YEAR, late, {})[0]["response"]
    assert (before["elapsed_seconds"], after["elapsed_seconds"]) == (140 * 60, 50 * 60)


@pytest.mark.parametrize("count", [1_000, 30_000])
def test_entries_gives_as_many_as_were_asked_for(count: int) -> None:
    assert sum(1 for _ in entries(SEED, count)) == count


def test_a_larger_year_streams_in_little_memory() -> None:
    tracemalloc.start()
    total = sum(1 for _ in entries(SEED, 20_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == 20_000 and peak < 16 * MEBIBYTE


@pytest.mark.parametrize(("clients", "tickets"), [(3, 400), (12, 1)])
def test_a_year_too_small_for_its_scenes_is_refused(clients: int, tickets: int) -> None:
    with pytest.raises(ValueError, match="at least 4 clients and 2 tickets"):
        year(SEED, clients=clients, tickets=tickets)
