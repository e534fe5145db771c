"""`--workers`: the same output from several processes, and a number that makes sense."""

import sqlite3
from contextlib import closing

import pytest

from adapters import ledger as ledgers
from tests.adapters.cli.calling import Bitacora, process
from tests.adapters.cli.stories import AT


@pytest.mark.parametrize("report", ["sla", "consumption", "billing", "unattended"])
def test_a_report_is_the_same_byte_for_byte(desk: Bitacora, monkeypatch: pytest.MonkeyPatch, report: str) -> None:
    monkeypatch.setattr(ledgers, "PART_ENTRIES", 4)
    for form in ("json", "csv", "table") if report == "billing" else ("json",):
        asked = ("report", report, "--at", AT, "--format", form)
        assert desk.done(*asked, "--workers", 2).out == desk.done(*asked).out


def test_the_program_as_a_process_of_its_own_shares_work_out(desk: Bitacora) -> None:
    alone, shared = process("verify"), process("verify", "--workers", 2)
    assert (shared.returncode, shared.stdout, shared.stderr) == (alone.returncode, alone.stdout, alone.stderr) != (0, b"", b"")


def test_a_damaged_ledger_is_told_of_in_the_same_words(desk: Bitacora) -> None:
    with closing(sqlite3.connect("bitacora.db")) as behind:
        behind.execute("DROP TRIGGER stored_events_refuse_update")
        behind.execute("UPDATE stored_events SET topic = 'Closed' WHERE rowid = 9")
        behind.commit()
    alone, shared = desk("verify"), desk("verify", "--workers", 2)
    assert alone.code == 1 and "position 9" in alone.out
    assert shared == alone


@pytest.mark.parametrize("number, why", [("0", "from 1 on"), ("two", "from 1 on"), ("65", "more than 64"), ("-1", "from 1 on")])
def test_a_number_of_processes_that_makes_no_sense_is_misuse(desk: Bitacora, number: str, why: str) -> None:
    for command in (("report", "sla"), ("verify",)):
        ran = desk(*command, "--workers", number)
        assert ran.code == 2 and why in ran.err and ran.out == ""
