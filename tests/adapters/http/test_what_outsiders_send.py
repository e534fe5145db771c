"""What comes from somebody who has read only docs/http.md, or not even that: told what is wrong, in the language asked for, and
never an answer of 500 or more."""

import gzip
import json
import re
import socket
from pathlib import Path

import httpx
import pytest

from adapters.http.application import application
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger
from tests.adapters.http.served import PATIENCE_SECONDS, Served

JSON = {"Content-Type": "application/json"}
ENTRY = {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-1", "kind": "progress"}
DEEP = 20_000


@pytest.fixture(scope="module")
def methods(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The methods of every path without parts that vary."""
    with Ledger.open(str(tmp_path_factory.mktemp("empty") / "empty.db"), create=True) as ledger:
        made = application(ledger, ServerSettings())
    found: dict[str, set[str]] = {}
    for it in made.routes:
        if "{" not in it.path:
            found.setdefault(it.path, set()).update(getattr(it, "methods", ()))
    return found


def test_every_address_tells_its_methods(one_server: Served, methods: dict[str, set[str]]) -> None:
    for path, known in methods.items():
        answer = one_server.as_(None).options(path)
        told = set(answer.headers["allow"].split(", "))
        assert answer.status_code == 204 and told == known | ({"HEAD"} if "GET" in known else set())
        for method in {"GET", "POST", "PUT", "DELETE", "TRACE", "FOO"} - known:
            refused = one_server.as_("admin").request(method, path, headers={"Accept-Language": "es"})
            assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, told)
            assert refused.json()["detail"] == "a esta dirección no se le pide de este modo"


def test_every_address_that_is_got_has_a_head(one_server: Served, methods: dict[str, set[str]]) -> None:
    for path in (it for it, known in methods.items() if "GET" in known and it != "/v1/verify"):
        head = one_server.as_("admin").head(path)
        assert head.content == b"" and head.status_code < 500
        if path != "/v1/entries/stream":
            got = one_server.as_("admin").get(path)
            assert (head.status_code, head.headers["content-type"]) == (got.status_code, got.headers["content-type"])
    assert one_server.as_("admin").head("/v1/webhooks/remove").status_code == 405
    assert "bitacora_stream_readers 0.0" in one_server.as_("admin").get("/metrics").text


def test_a_head_has_the_length_and_the_tag_of_what_would_come(one_server: Served) -> None:
    path, headers = "/v1/entry?position=4", {"Accept-Encoding": "identity"}
    head, got = one_server.as_("reader").head(path, headers=headers), one_server.as_("reader").get(path, headers=headers)
    assert head.headers["content-length"] == str(len(got.content)) and head.headers["etag"] == got.headers["etag"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("ticket=G-1&ticket=G-2", "ticket"),
        ("ticket=", "ticket"),
        ("ticket=%00", "ticket"),
        (f"ticket={'a' * 30_000}", "ticket"),
        ("ticket=G-1&at=2026-02-29T00:00:00Z", "at"),
        ("ticket=G-1&at=9999-12-31T23:59:59-23:59", "at"),
        ("ticket=G-1&at=0001-01-01T00:00:00%2B23:59", "at"),
        ("ticket=G-1&at=1969-12-31T23:59:59Z", "at"),
        ("ticket=G-1&known_at=-1", "known_at"),
        ("ticket=G-1&known_at=9999999999999999999999", "known_at"),
        ("ticket=G-1&reading=gs.4", "reading"),
        ("ticket=G-1&reading=gs.4%3Dclock-hours&reading=gs.4%3Dsupport-hours", "reading"),
        ("ticket=G-1&reading=%C3%B1%3Da%3Db", "reading"),
        ("ticket=G-1&tikcet=G-1", "tikcet"),
        ("ticket=G-1&lang=fr", "lang"),
        ("ticket=G-1&lang=es&lang=en", "lang"),
    ],
)
def test_a_parameter_that_cannot_be_is_named(one_server: Served, query: str, field: str) -> None:
    answer = one_server.as_("reader").get(f"/v1/explain?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field), answer.text


@pytest.mark.parametrize("ticket", ["a/b", "a%2Fb", "%F0%9F%98%80", "..%2F..%2Fetc%2Fpasswd", "%ff", "'%20OR%201=1"])
def test_a_ticket_of_any_name_is_only_not_there(one_server: Served, ticket: str) -> None:
    expected = 400 if "%20" in ticket else 404
    assert one_server.as_("auditor").get(f"/v1/explain?ticket={ticket}").status_code == expected
    assert one_server.as_("auditor").get(f"/tickets/{ticket}").status_code == 404


def test_a_route_without_parameters_takes_none(one_server: Served) -> None:
    for path in ("/v1/me", "/v1/checkpoints", "/v1/terms", "/v1/accounts", "/v1/webhooks"):
        assert one_server.as_("admin").get(path, params={"limit": 1}).json()["field"] == "limit"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b'{"without": [9], "without": [10]}', "without"),
        (b'{"without": ["9"]}', "without[0]"),
        (b'{"without": [0]}', "without[0]"),
        (b'{"tier": ""}', "tier"),
        (b'{"witout": [9]}', "witout"),
        (b'{"readings": {"gs.4": 3}}', None),
        (b'{"terms": ' + b'{"a": ' * DEEP + b"1" + b"}" * DEEP + b"}", None),
        (b"[" * DEEP, None),
        (b'{"without": [NaN]}', None),
        (b'{"tier": "caf\xe9"}', None),
        (b"null", None),
        (b"", None),
    ],
)
def test_a_body_that_cannot_be_is_told_where_it_goes_wrong(one_server: Served, sent: bytes, field: str | None) -> None:
    for path in ("/v1/what-if", "/v1/webhooks"):
        answer = one_server.as_("admin").post(path, content=sent, headers=JSON | {"Accept-Language": "es"})
        assert answer.status_code == 400 and answer.json()["detail"], answer.text
        assert not re.search("recursion|Expected", answer.text), answer.text
        if field is not None and path == "/v1/what-if":
            assert answer.json()["field"] == field


def test_what_is_compressed_is_not_taken(one_server: Served) -> None:
    line = json.dumps(ENTRY | {"key": "packed"}).encode()
    for path, kind in (("/v1/entries", "application/json"), ("/v1/entries/lines", "application/x-ndjson")):
        headers = {"Content-Type": kind, "Content-Encoding": "gzip"}
        answer = one_server.as_("recorder").post(path, content=gzip.compress(line), headers=headers)
        assert (answer.status_code, answer.headers["accept-encoding"]) == (415, "identity")
        assert "gzip" in answer.json()["detail"]


def test_what_is_sent_in_pieces_is_one_entry(one_server: Served) -> None:
    line = json.dumps(ENTRY | {"key": "pieces"}).encode()
    pieces = (line[it : it + 7] for it in range(0, len(line), 7))
    assert one_server.as_("recorder").post("/v1/entries", content=pieces, headers=JSON).json()["is_new"]


def test_two_keys_for_one_entry_are_not_taken(one_server: Served) -> None:
    headers = [("Content-Type", "application/json"), ("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    answer = one_server.as_("recorder").post("/v1/entries", content=json.dumps(ENTRY), headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "Idempotency-Key")


def test_two_tokens_are_none(one_server: Served) -> None:
    shown = [("Authorization", f"Bearer {one_server.tokens[it]}") for it in ("admin", "reader")]
    assert httpx.get(f"{one_server.url}/v1/me", headers=shown).status_code == 401


@pytest.mark.parametrize("place", ["abc", "-1", "1.5", "4,5", "٣", "9" * 20, "9" * 15])
def test_a_place_in_the_stream_that_is_none_is_refused(one_server: Served, place: str) -> None:
    answer = one_server.as_("reader").get("/v1/entries/stream", headers={"Last-Event-ID": place.encode()})
    assert (answer.status_code, answer.json()["field"]) == (400, "last-event-id")


@pytest.mark.parametrize(("held", "status"), [('"x", {tag}, "y"', 304), ("{strong}", 304), ('"x", ,,W/', 200), ("*", 200)])
def test_of_several_tags_held_one_is_enough(one_server: Served, held: str, status: int) -> None:
    path, client = "/v1/entry?position=4", one_server.as_("reader")
    tag = client.get(path).headers["etag"]
    asked = client.get(path, headers={"If-None-Match": held.format(tag=tag, strong=tag.removeprefix("W/"))})
    assert asked.status_code == status


def test_a_range_is_not_needed_to_be_kept_to(one_server: Served) -> None:
    assert one_server.as_("reader").get("/v1/entry?position=4", headers={"Range": "bytes=0-3"}).json()["position"] == 4


CHUNK = b"POST /v1/entries HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n%b\r\nZZ\r\n\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /v1/mé HTTP/1.1\r\nHost: a\r\n\r\n".encode(),
        b"POST /v1/entries HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\n",
        b"GET /v1/me HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 70_000,
    ],
)
def test_what_is_no_http_is_a_problem_too(one_server: Served, sent: bytes) -> None:
    head, _, body = said_to(one_server, sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ") and b"application/problem+json" in head
    assert b'"code":"http-400"' in body


def test_a_body_that_breaks_off_is_no_failure_of_the_server(one_server: Served) -> None:
    shown = f"Content-Type: application/json\r\nAuthorization: Bearer {one_server.tokens['recorder']}\r\n".encode()
    assert said_to(one_server, CHUNK % shown).startswith(b"HTTP/1.1 400 ")
    one_server.as_("reader").get("/v1/me", headers={"X-Request-Id": "after-it-broke-off"})
    log = [json.loads(it) for it in Path(one_server.log).read_text().splitlines()]
    assert not [it for it in log if it.get("status", 0) >= 500 or it["event"] == "failed"]


def said_to(server: Served, sent: bytes) -> bytes:
    """What is answered to these bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        connection.sendall(sent)
        found = b""
        while some := connection.recv(4_096):
            found += some
    return found
