"""`bitacora follow`, `rebuild`, `accounts`, and a report that reads what they keep, as a person runs them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.adapters.accounts.test_accounts import POISON
from tests.adapters.cli.calling import Bitacora
from tests.adapters.given import DESK, followed_up, opened, write_lines


@pytest.fixture
def desk(bitacora: Bitacora) -> Bitacora:
    """A ledger with a closed ticket and an open one, at ./bitacora.db."""
    closed = {"type": "Closed", "at": "2026-03-02T12:00:00-06:00", "ticket": "T-1", "reason": "withdrawn"}
    write_lines(Path("entries.jsonl"), [*DESK, opened("T-1"), followed_up("T-1"), closed, opened("T-2")])
    bitacora.done("record", "entries.jsonl")
    return bitacora


def test_a_report_says_where_it_comes_from_once_accounts_are_kept(desk: Bitacora) -> None:
    assert "stored" not in desk.done("report", "sla").out
    assert desk.done("follow", "--once").out.splitlines() == ["Making the accounts of 9 entries.", "Caught up: position 9."]
    assert desk.done("report", "sla").out.endswith("From the stored accounts, up to position 9.\n")
    assert "stored" not in desk.done("report", "sla", "--fresh").out
    assert "stored" not in desk.done("report", "sla", "--at", "2026-03-02T12:00:00-06:00").out


def test_data_stays_as_it_is_and_the_note_goes_to_standard_error(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    for form in ("json", "csv"):
        kept, fresh = desk("report", "billing", "--format", form), desk("report", "billing", "--fresh", "--format", form)
        assert kept.out == fresh.out and (kept.code, fresh.err) == (0, "")
        assert kept.err == "From the stored accounts, up to position 9.\n"


def test_accounts_that_are_behind_do_not_answer(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    write_lines(Path("more.jsonl"), [followed_up("T-2", 5), followed_up("T-2", 6)])
    desk.done("record", "more.jsonl")
    ran = desk.done("report", "billing")
    assert "Billable minutes: 45." in ran.out
    assert ran.out.endswith("Replayed, since the stored accounts do not answer: entries that they have not taken in: 2.\n")
    assert desk.done("--lang", "es", "report", "billing").out.endswith("no responden: asientos que aún no recogen: 2.\n")
    assert desk.done("accounts", "--format", "json").json()[0]["behind"] == 2
    desk.done("follow", "--once")
    assert desk.done("accounts", "--format", "json").json()[0]["behind"] == 0


def test_without_accounts_that_is_said(desk: Bitacora) -> None:
    ran = desk("accounts")
    assert (ran.code, ran.out) == (1, "There are no stored accounts; `bitacora follow` keeps them.\n")


def test_rebuilding_tells_whether_anything_is_another_than_before(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    same = ["Version 2 is in use: 2 tickets, up to position 9.", "What was stored before was the same."]
    assert desk.done("rebuild").out.splitlines() == same
    with closing(sqlite3.connect("bitacora.db.accounts")) as file:
        file.execute("UPDATE billing_2 SET minutes = 16")
        file.commit()
    verified = desk("verify")
    assert verified.code == 1 and "ticket:T-1 has 16 stored as minutes of billing, and 15 by a replay" in verified.out
    assert "1 row of billing is another than before." in desk.done("rebuild").out
    assert "The stored accounts of 2 tickets, up to position 9, are what a replay says." in desk.done("verify").out


def test_what_is_parked_is_listed_and_tried_again(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    with closing(sqlite3.connect("bitacora.db")) as file:
        file.execute("INSERT INTO stored_events VALUES (10, 'ticket:T-2', 2, 'FollowedUp', ?)", (POISON,))
        file.commit()
    told = "Parked, because an entry could not be processed: 1. See `bitacora accounts --parked`."
    assert desk.done("follow", "--once").out.splitlines() == [told, "Caught up: position 10."]
    assert desk.done("rebuild").out.splitlines()[1] == told
    assert "1 is parked; see --parked." in desk.done("accounts").out
    (parked,) = desk.done("accounts", "--parked", "--format", "json").json()
    assert (parked["subject"], parked["position"], parked["attempts"]) == ("ticket:T-2", 10, 1)
    ran = desk("accounts", "--retry", "--subject", "ticket:T-2")
    assert ran.code == 1 and "ticket:T-2" in ran.out and "Teleported" in ran.out
    assert desk("accounts", "--subject", "ticket:T-2").code == 2


def test_once_the_last_entry_can_be_read_again_and_was_tried_reports_are_answered_from_the_accounts(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    with closing(sqlite3.connect("bitacora.db", isolation_level=None)) as behind:
        behind.execute("DROP TRIGGER stored_events_refuse_update")
        (good,) = behind.execute("SELECT state FROM stored_events WHERE rowid = 9").fetchone()
        behind.execute("UPDATE stored_events SET state = ? WHERE rowid = 9", (POISON,))
        desk.done("rebuild")
        behind.execute("UPDATE stored_events SET state = ? WHERE rowid = 9", (good,))
    desk.done("accounts", "--retry")
    assert desk.done("report", "sla").out.endswith("From the stored accounts, up to position 9.\n")
    assert "are what a replay says" in desk.done("verify").out


def test_an_interrupted_build_is_shown_and_gone_on_with(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    with closing(sqlite3.connect("bitacora.db.accounts", isolation_level=None)) as behind:
        # As it is when a build was killed before its quotas were dealt.
        behind.execute("UPDATE account_versions SET state = 'dealing'")
        behind.execute("DELETE FROM consumption_1")
        behind.execute("DELETE FROM timetable_1 WHERE subject NOT LIKE 'ticket:%'")
    assert "being built: quotas" in desk("accounts").out
    going_on = "Going on with a build that was interrupted; tickets judged by then: 2."
    assert desk.done("follow", "--once", "--workers", 2).out.splitlines()[1:] == [going_on, "Caught up: position 9."]
    assert "are what a replay says" in desk.done("verify").out


def test_an_entry_that_stops_everything_is_named(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    with closing(sqlite3.connect("bitacora.db", isolation_level=None)) as behind:
        behind.execute("INSERT INTO stored_events VALUES (10, 'desk', 1, 'FollowedUp', ?)", (POISON,))
    assert desk("follow", "--once").code == 2
    stopped = "Nothing is kept up to date: the entry at position 10 (desk) cannot be read.\n"
    assert stopped in desk.done("accounts").out
    assert "entry 10 cannot be read" in desk("accounts", "--retry").err


def test_a_ledger_that_is_not_there_cannot_be_followed(bitacora: Bitacora) -> None:
    assert bitacora("follow").code == 2 and bitacora("follow", "--once").code == 2


def test_a_deleted_accounts_file_is_made_again(desk: Bitacora) -> None:
    desk.done("follow", "--once")
    for path in Path().glob("bitacora.db.accounts*"):
        path.unlink()
    assert "stored" not in desk.done("report", "sla").out
    desk.done("follow", "--once")
    assert "From the stored accounts" in desk.done("report", "sla").out


@pytest.mark.parametrize("statement", ["SELECT 1", "PRAGMA journal_mode = WAL"])
def test_a_file_whose_making_was_cut_short_holds_no_accounts_and_is_made_again(desk: Bitacora, statement: str) -> None:
    Path("bitacora.db.accounts").touch()
    with closing(sqlite3.connect("bitacora.db.accounts")) as file:
        file.execute(statement)
    assert "stored" not in desk.done("report", "sla").out
    assert desk("accounts").out == "There are no stored accounts; `bitacora follow` keeps them.\n"
    desk.done("follow", "--once")
    assert "From the stored accounts" in desk.done("report", "sla").out


def test_a_file_that_holds_no_accounts_is_left_alone_and_reports_replay(desk: Bitacora) -> None:
    Path("bitacora.db.accounts").write_text("a diary\n" * 200)
    ran = desk.done("report", "sla")
    assert "Replayed, since the stored accounts do not answer" in ran.out
    assert desk("follow", "--once").code == 2 and Path("bitacora.db.accounts").read_text().startswith("a diary")
