"""`bitacora import`: small logs of our own making; every row accounted for, and a second import changes nothing."""

import gzip
from pathlib import Path

import pytest

from tests.adapters.cli.calling import Bitacora, json_lines
from tests.adapters.cli.test_record_command import counts

HELPDESK = """CaseID,ActivityID,CompleteTimestamp
1,1,2012-04-03 16:55:38
1,8,2012-04-03 16:55:53
1,9,2012-04-05 17:15:52
1,9,2012-04-05 18:15:52
1,6,2012-04-06 10:00:00
2,1,yesterday
2,1,2012-04-07 10:00:00
"""
SERVICENOW_COLUMNS = (
    "number,incident_state,reassignment_count,sys_mod_count,caller_id,opened_by,opened_at,sys_updated_by,sys_updated_at,"
    "contact_type,category,subcategory,u_symptom,priority,assignment_group,assigned_to"
)
SERVICENOW = f"""{SERVICENOW_COLUMNS}
INC1,New,0,0,Caller 1,Opened by 1,1/3/2016 09:00,Updated by 1,1/3/2016 09:05,Phone,?,?,?,3 - Moderate,Group 1,?
INC1,Resolved,0,1,Caller 1,Opened by 1,1/3/2016 09:00,Updated by 1,1/3/2016 11:00,Phone,?,?,?,3 - Moderate,Group 1,Resolver 1
"""


@pytest.fixture
def helpdesk(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(HELPDESK, "utf-8")
    return path


def test_rows_become_entries_or_are_counted_by_reason(bitacora: Bitacora, helpdesk: Path) -> None:
    ran = bitacora.done("import", "helpdesk", helpdesk, "--client", "acme", "--tier", "basic")
    found = counts(ran.out.partition("Why they made")[0])
    assert found["Rows read"] == 7
    assert found["Rows with entries"] + found["Rows without, explained below"] == 7
    assert found["Entries proposed"] == found["Recorded"]
    assert "already waiting for the client" in ran.out
    assert "CompleteTimestamp: not a date and time that can be read" in ran.out
    tickets = [it["ticket"] for it in bitacora.done("report", "sla", "--format", "json").json()]
    assert len(tickets) == 2


def test_reasons_are_given_in_spanish(bitacora: Bitacora, helpdesk: Path) -> None:
    ran = bitacora.done("import", "helpdesk", helpdesk, "--client", "acme", "--lang", "es")
    assert "ya se esperaba al cliente" in ran.out
    assert "Filas leídas" in ran.out


def test_importing_again_records_nothing(bitacora: Bitacora, helpdesk: Path) -> None:
    first = counts(bitacora.done("import", "helpdesk", helpdesk, "--client", "acme").out)
    again = counts(bitacora.done("import", "helpdesk", helpdesk, "--client", "acme").out)
    assert (again["Recorded"], again["Recorded before"]) == (0, first["Recorded"])


def test_a_compressed_log_is_the_same_log(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(HELPDESK.encode()))
    assert counts(bitacora.done("import", "helpdesk", "log.csv.gz", "--client", "acme").out)["Rows read"] == 7


def test_refused_entries_name_the_row_they_came_from(bitacora: Bitacora, helpdesk: Path, tmp_path: Path) -> None:
    bitacora.done("import", "helpdesk", helpdesk, "--client", "acme")
    ran = bitacora("import", "helpdesk", helpdesk, "--client", "other", "--refused", "refused.jsonl")
    assert ran.code == 1
    refused = json_lines(tmp_path / "refused.jsonl")
    # The same rows under another client: its openings have the keys of entries that are there already.
    assert {it["code"] for it in refused} <= {"key", "reference"}
    assert refused[0]["line"] == 2
    assert refused[0]["entry"]["type"] == "TicketOpened"


def test_times_without_an_offset_need_a_zone(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(SERVICENOW, "utf-8")
    ran = bitacora("import", "servicenow", "log.csv", "--client", "acme")
    assert ran.code == 2
    assert "--time-zone is needed" in ran.err
    assert not (tmp_path / "bitacora.db").exists()
    bitacora.done("import", "servicenow", "log.csv", "--client", "acme", "--time-zone", "America/Sao_Paulo")
    (opened,) = bitacora.done("entries", "--type", "TicketOpened", "--format", "json").lines()
    assert opened["at"] == "2016-03-01T12:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("helpdesk", "absent.csv", "--client", "acme"), "absent.csv: No such file or directory"),
        (("helpdesk", "story.jsonl", "--client", "acme"), "story.jsonl, line 1: the header lacks CaseID"),
        (("helpdesk", "story.jsonl"), "Missing option '--client'"),
        (("helpdesk", "story.jsonl", "--client", "a", "--time-zone", "Mars/Base"), "Mars/Base is not a time zone"),
        (("helpdesk", "story.jsonl", "--client", "a", "--starts", "2012-01-01"), "--tier is needed"),
        (("jira", "story.jsonl"), "No such command 'jira'"),
    ],
)
def test_what_cannot_be_imported_is_misuse(
    arguments: tuple[str, ...], complaint: str, bitacora: Bitacora, tmp_path: Path
) -> None:
    (tmp_path / "story.jsonl").write_text('{"type": "Responded"}\n', "utf-8")
    ran = bitacora("import", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert not (tmp_path / "bitacora.db").exists()


def test_a_damaged_log_keeps_what_was_read_before_and_says_where_it_broke(bitacora: Bitacora, tmp_path: Path) -> None:
    whole = gzip.compress(HELPDESK.encode())
    (tmp_path / "cut.csv.gz").write_bytes(whole[:-12])
    ran = bitacora("--lang", "es", "import", "helpdesk", "cut.csv.gz", "--client", "acme")
    assert ran.code == 2
    assert "no se puede seguir leyendo" in ran.err
