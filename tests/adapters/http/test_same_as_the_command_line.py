"""What the server answers is what the command line prints, byte for byte, on each store."""

import json
import re
import sqlite3
import tomllib
import zipfile
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

import domain.terms
from adapters.terms.files import read_terms_file
from tests.adapters.cli.calling import process
from tests.adapters.cli.stories import AT
from tests.adapters.http.served import Served, waited_for

JUDGED = ["--at", AT]
KNOWN = ["--known-at", "14"]
WAITING = ["--reading", "gs.wait=stops"]
ASKED = {
    "/v1/reports/sla": [["report", "sla"], JUDGED],
    "/v1/reports/sla?client=acme": [["report", "sla"], JUDGED, ["--client", "acme"]],
    "/v1/reports/sla?known_at=14&reading=gs.wait%3Dstops": [["report", "sla"], JUDGED, KNOWN, WAITING],
    "/v1/reports/consumption": [["report", "consumption"], JUDGED],
    "/v1/reports/consumption?policy=PC": [["report", "consumption"], JUDGED, ["--policy", "PC"]],
    "/v1/reports/billing": [["report", "billing"], JUDGED],
    "/v1/reports/billing?from=2026-03-03T00:00:00-06:00": [
        ["report", "billing"], JUDGED, ["--from", "2026-03-03T00:00:00-06:00"],
    ],
    "/v1/reports/unattended": [["report", "unattended"], JUDGED],
    "/v1/explain?ticket=G-1": [["explain", "G-1"], JUDGED],
    "/v1/explain?ticket=C-1&known_at=14": [["explain", "C-1"], JUDGED, KNOWN],
    "/v1/replay?known_at=10": [["replay", "--known-at", "10"], JUDGED],
    "/v1/replay?known_at=10&against=14&ticket=C-1": [
        ["replay", "--known-at", "10", "--against", "14", "--ticket", "C-1"], JUDGED,
    ],
    "/v1/readings?client=acme": [["readings", "--client", "acme"], JUDGED],
    "/v1/readings?known_at=14&reading=gs.wait%3Dstops": [["readings"], JUDGED, KNOWN, WAITING],
}  # fmt: skip


def printed(server: Served, *arguments: str) -> bytes:
    """What the command line prints as JSON."""
    place = ["--ledger", server.ledger_url, "--keys", str(server.keys)]
    done = process(*arguments, *place, "--format", "json")
    assert done.returncode in (0, 1) and done.stderr == b"", done
    return done.stdout


@pytest.mark.parametrize("asked", ASKED)
def test_the_same_question_has_the_same_answer(server: Served, asked: str) -> None:
    path = f"{asked}{'&' if '?' in asked else '?'}{urlencode({'at': AT})}"
    answer = server.as_("auditor").get(path)
    assert answer.status_code == 200, answer.text
    assert answer.content == printed(server, *(it for part in ASKED[asked] for it in part))


def test_a_supposition_has_the_same_answer(server: Served, tmp_path: Path) -> None:
    line = {"type": "Responded", "at": "2026-03-02T09:30:00-06:00", "ticket": "G-1"}
    (tmp_path / "with.jsonl").write_text(json.dumps(line) + "\n")
    sent = {"readings": {"gs.wait": "stops"}, "without": [9], "entries": [line]}
    answer = server.as_("auditor").post("/v1/what-if", params={"at": AT}, json=sent)
    assert answer.status_code == 200, answer.text
    options = ["--reading", "gs.wait=stops", "--without", "9", "--with", str(tmp_path / "with.jsonl"), *JUDGED]
    # What is supposed is recorded "now", whenever that is.
    told, printed_so = (
        re.sub(rb'"recorded_at":"[^"]*"', b"", it) for it in (answer.content, printed(server, "what-if", *options))
    )
    assert told == printed_so
    assert answer.json()["tried"][0]["positions"]


OTHER = (
    (Path(domain.terms.__file__).parent / "terms" / "grupo-staff.toml")
    .read_text("utf-8")
    .replace('terms = "grupo-staff"', 'terms = "other"')
)


@pytest.mark.parametrize("field", ["terms", "calendar"])
def test_terms_that_are_sent_are_supposed_as_those_in_a_file(one_server: Served, tmp_path: Path, field: str) -> None:
    text = OTHER.replace('within = "4h"', 'within = "8h"') if field == "terms" else OTHER.replace("18:00", "12:00")
    file = tmp_path / "other.toml"
    file.write_text(text, "utf-8")
    expected = printed(one_server, "what-if", f"--{field}", str(file), *JUDGED)
    assert json.loads(expected)["changes"]
    for sent in ({f"{field}_toml": text}, {field: read_terms_file(file)}, {field: as_json(tomllib.loads(text))}):
        answer = one_server.as_("auditor").post("/v1/what-if", params={"at": AT}, json=sent)
        assert (answer.status_code, answer.content) == (200, expected)


def as_json(value: Any) -> Any:
    """What a TOML file says, as JSON has it: its order, and no dates but as text."""
    return json.loads(json.dumps(value, default=lambda it: it.isoformat()))


@pytest.mark.parametrize(
    ("sent", "field", "told"),
    [
        ({"terms": "/etc/hostname"}, "terms", "there are no terms /etc/hostname"),
        ({"calendar": "pyproject.toml"}, "calendar", "there are no terms pyproject.toml"),
        ({"terms": "grupo-staff", "terms_toml": "terms = 1"}, "terms_toml", "only one of terms and terms_toml"),
        ({"terms_toml": "terms = 1\nzone = [oops"}, "terms_toml", "line 2: not valid TOML"),
        ({"terms": {"terms": "mine"}}, None, ""),
        ({"terms_toml": OTHER.replace("America/Mexico_City", "../../etc/hostname")}, "calendar.zone", "zone"),
        ({"terms_toml": OTHER.replace('"MX"', '"XX"')}, "calendar.holidays.", "XX"),
        ({"terms": json.loads('{"a":' * 900 + "1" + "}" * 900)}, None, ""),
        ({"calendar": {"hours": []}}, "calendar", "needs the terms"),
    ],
)
def test_terms_that_cannot_be_supposed_are_said_to_be_wrong(
    one_server: Served, sent: dict[str, Any], field: str | None, told: str
) -> None:
    answer = one_server.as_("auditor").post("/v1/what-if", params={"at": AT}, json=sent)
    assert answer.status_code == 400, answer.text
    assert told in answer.json()["detail"], answer.json()
    if field is not None:
        assert answer.json()["field"].startswith(field)


def test_terms_published_later_are_no_terms_yet(one_server: Served) -> None:
    answer = one_server.as_("auditor").post("/v1/what-if", params={"at": AT, "known_at": "1"}, json={"terms": "customsoft"})
    assert (answer.status_code, answer.json()["field"]) == (400, "terms")


def test_entries_are_those_that_are_listed(server: Served) -> None:
    listed = printed(server, "entries", "--client", "acme", "--type", "TicketOpened")
    asked = {"client": "acme", "type": "TicketOpened"}
    lines = server.as_("integrator").get("/v1/entries", params=asked, headers={"Accept": "application/x-ndjson"})
    assert lines.content == listed
    page = server.as_("integrator").get("/v1/entries", params=asked).json()
    assert page == {"entries": [json.loads(it) for it in listed.splitlines()], "next": None}


def test_pages_go_on_by_position_and_miss_nothing(server: Served) -> None:
    client, found, path = server.as_("reader"), [], "/v1/entries?limit=3"
    while path:
        answer = client.get(path)
        found += [it["position"] for it in answer.json()["entries"]]
        assert (answer.json()["next"] is None) == ("next" not in answer.links)
        path = answer.links.get("next", {}).get("url", "")
    assert found == list(range(1, len(found) + 1)) and len(found) > 15


def test_a_report_comes_as_lines_too(server: Served) -> None:
    asked = {"at": AT}
    rows = server.as_("reader").get("/v1/reports/sla", params=asked).json()
    lines = server.as_("reader").get("/v1/reports/sla", params=asked, headers={"Accept": "application/x-ndjson"})
    assert [json.loads(it) for it in lines.text.splitlines()] == rows


@pytest.mark.parametrize("report", ["sla", "consumption", "billing", "unattended"])
def test_a_report_has_the_same_csv_and_parquet(one_server: Served, tmp_path: Path, report: str) -> None:
    place = ["--ledger", one_server.ledger_url, "--keys", str(one_server.keys), *JUDGED]
    csv = process("report", report, *place, "--format", "csv").stdout
    file = tmp_path / "rows.parquet"
    assert process("report", report, *place, "--format", "parquet", "-o", str(file)).returncode == 0
    assert csv and file.stat().st_size
    for form, expected in (("csv", csv), ("parquet", file.read_bytes())):
        answer = one_server.as_("reader").get(f"/v1/reports/{report}", params={"at": AT, "format": form})
        assert (answer.status_code, answer.content) == (200, expected)
        assert answer.headers["content-disposition"] == f'attachment; filename="{report}.{form}"'


@pytest.mark.parametrize(
    ("more", "options"),
    [
        ({}, []),
        ({"sealed": "true", "client": "acme"}, ["--sealed", "--client", "acme"]),
        ({"known_at": "14", "reading": "gs.wait=stops"}, [*KNOWN, *WAITING]),
    ],
)
@pytest.mark.parametrize("log", ["xes", "ocel"])
def test_a_log_for_process_mining_has_the_same_bytes(
    server: Served, log: str, more: dict[str, str], options: list[str]
) -> None:
    done = process("export", log, "--ledger", server.ledger_url, "--keys", str(server.keys), *JUDGED, *options)
    assert done.returncode == 0 and b"G-1" in done.stdout
    answer = server.as_("auditor").get(f"/v1/exports/{log}", params={"at": AT} | more)
    assert (answer.status_code, answer.content) == (200, done.stdout)


@pytest.mark.parametrize(
    ("path", "command", "name"),
    [
        ("/v1/statement?client=acme&month=2026-03&format=html", ["statement", "acme", "--month", "2026-03"], "a.html"),
        ("/v1/statement?client=acme&month=2026-03", ["statement", "acme", "--month", "2026-03"], "a.pdf"),
        ("/v1/statement?client=beta&month=2026-03&format=xlsx", ["statement", "beta", "--month", "2026-03"], "a.xlsx"),
    ],
)
def test_a_paper_has_the_same_bytes(one_server: Served, tmp_path: Path, path: str, command: list[str], name: str) -> None:
    place = ["--ledger", one_server.ledger_url, "--keys", str(one_server.keys), *JUDGED, "-o", str(tmp_path / name)]
    assert process(*command, *place).returncode == 0
    answer = one_server.as_("auditor").get(f"{path}&{urlencode({'at': AT})}")
    assert answer.content == (tmp_path / name).read_bytes()


def test_a_dossier_carries_its_proof(one_server: Served) -> None:
    # The server signs what was there when it began.
    assert waited_for(lambda: one_server.as_("auditor").get("/v1/checkpoint").is_success)
    answer = one_server.as_("auditor").get("/v1/dossier", params={"ticket": "G-1", "at": AT, "format": "zip"})
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(BytesIO(answer.content)) as archive:
        assert set(archive.namelist()) == {"dossier.pdf", "dossier.html", "bundle.zip", "bitacora_verify.py"}


def test_a_ticket_that_is_not_signed_yet_has_a_dossier_without_proof(one_server: Served) -> None:
    opened = {"type": "TicketOpened", "at": "2026-03-05T09:00:00-06:00", "ticket": "G-3", "client": "acme", "requester": "ana",
              "channel": "phone", "priority": "low", "kind": "request", "subject": "a second user"}  # fmt: skip
    # The server signs what was there when it began.
    assert waited_for(lambda: one_server.as_("auditor").get("/v1/checkpoint").is_success)
    assert one_server.as_("recorder").post("/v1/entries", json=opened).status_code == 201
    asked = {"ticket": "G-3", "format": "html"}
    assert one_server.as_("auditor").get("/v1/dossier", params=asked).status_code == 200
    assert one_server.as_("auditor").get("/v1/dossier", params=asked | {"format": "zip"}).status_code == 404
    assert one_server.as_("auditor").get("/v1/dossier", params=asked | {"ticket": "G-99"}).status_code == 404


def test_what_the_stored_accounts_answer_is_the_same(one_server: Served) -> None:
    fresh = one_server.as_("reader").get("/v1/reports/billing")
    assert fresh.headers["bitacora-accounts"] == "replayed"
    assert process("follow", "--once", "--ledger", one_server.ledger_url, "--keys", str(one_server.keys)).returncode == 0
    kept = one_server.as_("reader").get("/v1/reports/billing")
    assert kept.headers["bitacora-accounts"].startswith("stored; position=")
    assert kept.content == fresh.content
    again = one_server.as_("reader").get("/v1/reports/billing", params={"fresh": "true"})
    assert again.headers["bitacora-accounts"] == "replayed" and again.content == fresh.content
    (accounts,) = one_server.as_("reader").get("/v1/accounts").json()
    assert accounts["behind"] == 0 and accounts["state"] == "active"


def test_stored_accounts_are_held_against_a_replay_as_the_command_line_does_it(one_server: Served) -> None:
    place = ["--ledger", one_server.ledger_url, "--keys", str(one_server.keys)]
    assert process("follow", "--once", *place).returncode == 0
    verified = one_server.as_("auditor").get("/v1/verify").json()
    same = verified["accounts"]
    assert (same["tickets"], same["position"], same["difference"]) == (len(tickets(one_server)), verified["entries"], None)
    wrong = "UPDATE billing_1 SET minutes = minutes + 1 WHERE ticket = 'G-1'"
    with closing(sqlite3.connect(f"{one_server.ledger_url}.accounts")) as file:
        file.execute(wrong)
        file.commit()
        found = one_server.as_("auditor").get("/v1/verify").json()
        told = process("verify", *place)
        file.execute(wrong.replace("+", "-"))
        file.commit()
    # Each is judged at its own moment.
    message = found["accounts"]["difference"]["message"].partition(" as of ")[0]
    assert found["is_whole"] and "stored as minutes of billing" in message
    assert told.returncode == 1 and message in told.stdout.decode()


def tickets(server: Served) -> list[str]:
    """The tickets that count now."""
    return [it["ticket"] for it in server.as_("auditor").get("/v1/reports/sla").json()]


def test_what_is_held_is_not_sent_again(one_server: Served) -> None:
    client, asked = one_server.as_("reader"), {"at": AT, "known_at": "12"}
    paper = {"client": "acme", "month": "2026-03", "format": "html", **asked}
    for path, held in (("/v1/statement", paper), ("/v1/terms", {}), ("/v1/terms/provisions", {"terms": "customsoft"})):
        tag = client.get(path, params=held).headers["etag"]
        assert client.get(path, params=held, headers={"If-None-Match": tag}).status_code == 304
    first = client.get("/v1/reports/sla", params=asked)
    again = client.get("/v1/reports/sla", params=asked, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get("/v1/reports/sla", params=asked | {"known_at": "13"}, headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200 and other.headers["etag"] != first.headers["etag"]


def test_what_changes_with_the_clock_has_no_tag(one_server: Served) -> None:
    assert "etag" not in one_server.as_("reader").get("/v1/reports/sla").headers


@pytest.mark.parametrize(
    ("accepted", "encoding"), [("gzip, deflate, br, zstd", "zstd"), ("gzip, br", "gzip"), ("identity", None)]
)
def test_answers_are_compressed_for_whoever_can_read_that(one_server: Served, accepted: str, encoding: str | None) -> None:
    client, headers = one_server.as_("reader"), {"Accept-Encoding": accepted}
    answer = client.get("/v1/terms/document", params={"terms": "customsoft"}, headers=headers)
    assert answer.headers.get("content-encoding") == encoding and answer.json()["terms"] == "customsoft"
    # One sent a part at a time, too.
    lines = client.get("/v1/entries", headers=headers | {"Accept": "application/x-ndjson"})
    assert lines.headers.get("content-encoding") == encoding
    assert [json.loads(it)["position"] for it in lines.text.splitlines()][:3] == [1, 2, 3]
