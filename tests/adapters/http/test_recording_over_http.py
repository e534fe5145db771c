"""Recording over HTTP: what is answered, what is refused and how, what is sent twice, and what proves it."""

import json
from base64 import b64decode
from typing import Any
from uuid import uuid4

import httpx
import pytest

from replay import merkle
from tests.adapters.http.served import Served

LINES = {"Content-Type": "application/x-ndjson"}


def answered(**more: Any) -> dict[str, Any]:
    return {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "by": "luis", "ticket": "G-1", "kind": "progress"} | more


def record(server: Served, entry: Any, **options: Any) -> httpx.Response:
    return server.as_("recorder").post("/v1/entries", json=entry, **options)


def entry_at(server: Served, position: int) -> dict[str, Any]:
    found: dict[str, Any] = server.as_("reader").get("/v1/entry", params={"position": position}).json()
    return found


def holds(proof: dict[str, Any]) -> bool:
    leaf, path = b64decode(proof["leaf"]), [b64decode(it) for it in proof["path"]]
    hashed = merkle.leaf_hash(leaf)
    return hashed == b64decode(proof["leaf_hash"]) and merkle.holds_inclusion(
        hashed, proof["index"], proof["size"], path, b64decode(proof["root"])
    )


def test_an_entry_is_answered_with_its_position_and_its_proof(server: Served) -> None:
    answer = record(server, answered())
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told["is_new"] and told["positions"] == [told["position"]]
    proof = told["proof"]
    assert proof["position"] == told["position"] == proof["index"] + 1 <= proof["size"]
    assert holds(proof)


def test_the_proof_holds_against_a_later_tree(server: Served) -> None:
    first = record(server, answered()).json()["proof"]
    later = record(server, answered()).json()["proof"]
    asked = {"first": first["size"], "second": later["size"]}
    grown = server.as_("auditor").get("/v1/consistency", params=asked).json()
    roots = b64decode(grown["first_root"]), b64decode(grown["second_root"])
    assert roots == (b64decode(first["root"]), b64decode(later["root"]))
    path = [b64decode(it) for it in grown["path"]]
    assert merkle.holds_consistency(first["size"], later["size"], *roots, path)


def test_who_recorded_it_is_in_the_entry_beside_who_did_it(server: Served) -> None:
    found = entry_at(server, record(server, answered()).json()["position"])
    assert (found["by"], found["recorded_by"]) == ("luis", "the-recorder")


@pytest.mark.parametrize("field", ["recorded_by", "position", "recorded_at", "id"])
def test_what_only_the_ledger_adds_cannot_be_sent(server: Served, field: str) -> None:
    answer = record(server, answered(**{field: "the-admin"}))
    assert answer.status_code == 422
    assert (answer.json()["code"], answer.json()["field"]) == ("shape", field)


def test_a_refusal_says_why_and_what_would_be_accepted(server: Served) -> None:
    answer = record(server, answered(kind="singing"))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"], told["field"]) == (422, "shape", "kind")
    assert "progress" in told["detail"] and told["type"] == "urn:bitacora:problem:shape"
    assert told["request"] == answer.headers["x-request-id"]


def test_a_refusal_names_the_clause_and_the_entry_that_tells_of_it(server: Served) -> None:
    opened = {"type": "TicketOpened", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-9", "client": "acme", "requester": "eve",
              "channel": "portal", "priority": "low", "kind": "incident", "subject": "x"}  # fmt: skip
    told = record(server, opened).json()
    assert (told["code"], told["clause"]) == ("clauses", "gs.1.1")
    found = entry_at(server, told["position"])
    assert (found["type"], found["recorded_by"]) == ("RequestRefused", "the-recorder")


def test_refusals_are_told_in_the_language_asked_for(server: Served) -> None:
    spoken = {
        it: record(server, answered(ticket="none"), headers={"Accept-Language": it}).json()["detail"] for it in ("es-MX", "en")
    }
    assert spoken["es-MX"] != spoken["en"] and "none" in spoken["es-MX"]


def test_the_same_key_is_recorded_once(server: Served) -> None:
    entry = answered(key=uuid4().hex)
    first, again = record(server, entry), record(server, entry)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["position"] == first.json()["position"] and not again.json()["is_new"]
    other = record(server, entry | {"by": "eva"})
    assert other.status_code == 409 and other.json()["code"] == "key"
    assert other.json()["status"] == 409


@pytest.mark.parametrize("quotes", ["", '"'])
def test_a_key_may_come_in_the_header(server: Served, quotes: str) -> None:
    key = uuid4().hex
    headers = {"Idempotency-Key": f"{quotes}{key}{quotes}"}
    first, again = record(server, answered(), headers=headers), record(server, answered(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 200)
    assert entry_at(server, first.json()["position"])["key"] == key


def test_a_key_that_cannot_be_one_is_refused(server: Served) -> None:
    for key in ("", "a b", "x" * 101):
        answer = record(server, answered(), headers={"Idempotency-Key": key})
        assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


def test_lines_are_recorded_or_refused_each_by_itself(server: Served) -> None:
    lines = [json.dumps(answered()), "{", json.dumps(answered(kind="other"))]
    answer = server.as_("recorder").post("/v1/entries/lines", content="\n".join(lines), headers=LINES)
    first, second, third = (json.loads(it) for it in answer.text.splitlines())
    assert [it["line"] for it in (first, second, third)] == [1, 2, 3]
    assert third["position"] == first["position"] + 1
    assert second["problem"]["code"] == "shape" and "position" not in second


def test_lines_sent_again_are_recorded_once(server: Served) -> None:
    lines = "".join(json.dumps(answered()) + "\n" for _ in range(3))
    headers = LINES | {"Idempotency-Key": uuid4().hex}
    sent = [server.as_("recorder").post("/v1/entries/lines?proof=true", content=lines, headers=headers) for _ in range(2)]
    first, again = ([json.loads(it) for it in one.text.splitlines()] for one in sent)
    assert [it["position"] for it in first] == [it["position"] for it in again]
    assert all(it["is_new"] for it in first) and not any(it.get("is_new") for it in again)
    assert all(holds(it["proof"]) for it in (*first, *again))


def test_what_is_of_another_kind_is_not_taken(one_server: Served) -> None:
    answer = one_server.as_("recorder").post("/v1/entries", content="{}", headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media-type")


def test_proofs_of_many_recorders_at_once_hold(one_server: Served) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: record(one_server, answered()).json(), range(40)))
    assert len({it["position"] for it in told}) == 40 and all(holds(it["proof"]) for it in told)
