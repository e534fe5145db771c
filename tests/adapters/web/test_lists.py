"""The lists of the page, of now and of another moment: every figure is one that a report says."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.accounts.building import Building
from adapters.accounts.places import accounts_of
from adapters.demo.desk import entries
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.reports.reports import NotFound, Reports, Selection
from adapters.web import listing, pages
from adapters.web.asking import BadQuestion
from adapters.web.desk import Desk
from adapters.web.kept import Kept
from domain.shape import read_entry
from projections.contracts import Question
from tests.adapters.web.asking import AUDITOR, BUSY, NOW, OWN, asked
from tests.adapters.web.site import BEFORE_LATE, CLIENT, LATE, OTHER_CLIENT
from tests.stores import behind


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
    assert found.breached == sum(
        row[clock]["verdict"] == "breached" for row in rows.values() for clock in ("response", "resolution")
    )
    assert [it["ticket"] for it in listed.rows] == list(rows)[::-1][:50]
    for row in listed.rows:
        for clock in ("response", "resolution"):
            told = (row[f"{clock}_verdict"], row[f"{clock}_due_at"], row[f"{clock}_elapsed_seconds"])
            assert told == tuple(rows[row["ticket"]][clock][it] for it in ("verdict", "due_at", "elapsed_seconds"))
    held = {it["policy"]: it["tickets"]["used"] for it in used}
    assert {it["policy"]: it["used"] for it in quotas}.items() <= held.items()
    assert {it["ticket"] for it in found.unattended} <= {
        it["ticket"] for it in Reports(ledger, question, selection).unattended()
    }


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


def test_a_ticket_that_cannot_be_read_is_named_and_lists_do_not_wait_for_it_for_ever(tmp_path: Path) -> None:
    url = str(tmp_path / "desk.db")
    with Ledger.open(url, create=True) as ledger:
        ledger.record([read_entry(json.dumps(it).encode()) for it in entries(7, 200)])
        with behind(url) as session:
            session.run(
                "UPDATE stored_events SET state = ? WHERE originator_id = 'ticket:T-0001'", b"nothing anybody could read"
            )
        desk = Desk(ledger, None, lambda: NOW)
        for query in ((), (("at", "2026-01-01T00:00:00Z"), ("known_at", "200"))):
            with pytest.raises(LedgerError, match="T-0001"):
                pages.tickets(desk, asked("/tickets", *query), None)
        desk.close()
