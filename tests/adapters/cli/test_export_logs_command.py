"""`bitacora export xes`, `export ocel` and `report --format parquet`: what they write, say and refuse."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.adapters.cli.calling import Bitacora, process
from tests.adapters.cli.stories import AT


@pytest.mark.parametrize(("name", "events"), [("xes", 11), ("ocel", 16)])
def test_it_says_what_it_wrote(name: str, events: int, desk: Bitacora) -> None:
    out = desk.done("export", name, "--at", AT, "-o", f"log.{name}").out
    assert out == f"4 tickets with {events} entries written to log.{name}\n"


def test_without_a_file_it_goes_to_standard_output(desk: Bitacora) -> None:
    desk.done("export", "ocel", "--at", AT, "-o", "log.json")
    ran = process("export", "ocel", "--at", AT)
    assert (ran.returncode, ran.stderr, ran.stdout) == (0, b"", Path("log.json").read_bytes())
    assert {it["name"] for it in json.loads(ran.stdout)["objectTypes"]} == {"ticket", "client", "policy", "consultant"}


def test_one_client_under_a_pseudonym(desk: Bitacora) -> None:
    desk.done("export", "xes", "--client", "acme", "--sealed", "--at", AT, "-o", "log.xes")
    log = Path("log.xes").read_text("utf-8")
    assert log.count("<trace>") == 2 and "luis" not in log and "C-1" not in log


@pytest.mark.parametrize("name", ["xes", "ocel"])
def test_a_client_that_is_not_there_leaves_no_file(name: str, desk: Bitacora) -> None:
    ran = desk("export", name, "--client", "nobody", "-o", "log")
    assert (ran.code, ran.err) == (2, "bitacora: there is no client nobody\n")
    assert not Path("log").exists()


def test_it_never_writes_over_the_ledger(desk: Bitacora) -> None:
    for arguments in (("export", "xes"), ("export", "ocel"), ("report", "sla", "--format", "parquet")):
        assert desk(*arguments, "-o", "bitacora.db").code == 2
    assert desk.done("report", "sla", "--at", AT).out


def test_a_report_is_written_as_parquet(desk: Bitacora) -> None:
    out = desk.done("report", "billing", "--at", AT, "--format", "parquet", "-o", "bill.parquet").out
    assert out == "3 rows written to bill.parquet\n"
    assert pq.read_table("bill.parquet").column("entry").to_pylist() == [10, 11, 17]


@pytest.mark.parametrize("asked", [("--format", "parquet"), ("-o", "bill.csv"), ("--format", "csv", "-o", "bill.csv")])
def test_parquet_and_its_file_go_together(asked: tuple[str, ...], desk: Bitacora) -> None:
    ran = desk("report", "billing", *asked)
    assert ran.code == 2 and "--format parquet and --output FILE go together" in ran.err
