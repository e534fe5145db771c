"""What the command line reads and prints in no form for programs, or only in parts, and what a server answers to the same."""

import json
import sqlite3
from contextlib import closing
from typing import Any

from tests.adapters.cli.calling import process
from tests.adapters.cli.stories import AT
from tests.adapters.http.served import Served, waited_for


def test_readings_are_tried_beside_the_one_that_is_supposed(one_server: Served) -> None:
    def hanging(**more: str) -> dict[str, Any]:
        page = one_server.as_("auditor").get("/v1/readings", params={"at": AT, "client": "acme", **more}).json()
        return {it["reading"]: it for it in page["hangs"]} | {"totals": page["totals"]}

    plain, supposed = hanging(), hanging(reading="gs.5.5=first-response")
    compared = one_server.as_("auditor").post(
        "/v1/what-if", params={"at": AT, "client": "acme"}, json={"readings": {"gs.5.5": "first-response"}}
    )
    assert supposed["totals"] == compared.json()["totals"]["after"] and plain["totals"] == compared.json()["totals"]["before"]
    one, other = plain["gs.5.5"], supposed["gs.5.5"]
    assert (one["chosen"], other["chosen"]) == ("official-request", "first-response")
    # What it would change to suppose it is what it would change back.
    (there,), (back,) = ([it for it in row["otherwise"] if it["hangs"]] for row in (one, other))
    assert there["figures_changed"] == back["figures_changed"] and there["breaches"] == -back["breaches"] == -1


def test_a_ledger_is_written_out_sealed(server: Served) -> None:
    headers, asked = {"Accept": "application/x-ndjson"}, {"sealed": "true"}
    lines = server.as_("reader").get("/v1/entries", params=asked, headers=headers)
    done = process("export", "entries", "--sealed", "--ledger", server.ledger_url, "--keys", str(server.keys))
    assert lines.content == done.stdout and b"no network" not in lines.content
    assert b"no network" in server.as_("reader").get("/v1/entries", headers=headers).content


def test_what_terms_provide_is_told_under_readings(one_server: Served) -> None:
    asked = {"terms": "grupo-staff"}
    plain, other = (
        one_server.as_("client").get("/v1/terms/provisions", params=asked | it).json()
        for it in ({}, {"reading": "gs.4=clock-hours"})
    )
    assert (plain["readings"]["gs.4"], other["readings"]["gs.4"]) == ("support-hours", "clock-hours")
    bases = [{it["base"] for it in told["provisions"]["response"]["targets"]} for told in (plain, other)]
    assert bases == [{"support"}, {"clock"}]
    refused = one_server.as_("client").get("/v1/terms/provisions", params=asked | {"reading": "cs.4=transfer"})
    assert (refused.status_code, refused.json()["field"]) == (400, "reading")
    assert one_server.as_("client").get("/v1/terms/provisions", params={"terms": "customsoft"}).status_code == 404


def test_a_checkpoint_kept_elsewhere_is_held_against_the_ledger(one_server: Served) -> None:
    auditor = one_server.as_("auditor")
    assert waited_for(lambda: auditor.get("/v1/checkpoint").is_success)
    note, key = auditor.get("/v1/checkpoint").text, auditor.get("/v1/key").text.strip()
    same = auditor.get("/v1/verify", params={"checkpoint": note, "key": key}).json()
    assert same["is_whole"] and same["key"] == key
    forged = note.replace(note.splitlines()[2], "A" * 43 + "=")
    differs = auditor.get("/v1/verify", params={"checkpoint": [note, forged]}).json()
    assert not differs["is_whole"] and differs["difference"]["message"]
    for field in ("checkpoint", "key"):
        refused = auditor.get("/v1/verify", params={field: "nonsense", "lang": "es"})
        assert (refused.status_code, refused.json()["field"]) == (400, field) and "esto no es" in refused.json()["detail"]


def test_what_is_parked_is_listed(one_server: Served) -> None:
    place = ["--ledger", one_server.ledger_url, "--keys", str(one_server.keys)]
    assert process("follow", "--once", *place).returncode == 0
    assert one_server.as_("reader").get("/v1/accounts/parked").json() == []
    parked = "INSERT INTO parked_1 (subject, client, position, problem, parked_at, attempts) VALUES (?, ?, ?, ?, ?, ?)"
    with closing(sqlite3.connect(f"{one_server.ledger_url}.accounts")) as file:
        file.execute(parked, ("ticket:G-9", None, 7, "it broke", "2026-03-02T15:00:00Z", 1))
        file.commit()
        told = one_server.as_("reader").get("/v1/accounts/parked")
        printed = process("accounts", "--parked", "--format", "json", *place)
        file.execute("DELETE FROM parked_1 WHERE subject = 'ticket:G-9'")
        file.commit()
    assert told.json() == json.loads(printed.stdout) and told.json()[0]["subject"] == "ticket:G-9"
