"""What the server does not let through, and does not let out."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.access.places import access_of
from adapters.access.tokens import Tokens
from adapters.http.callers import COOKIE
from adapters.ledger import utc_now
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import PATIENCE_SECONDS, Served, begin, serving, waited_for

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SLOW_BODY = (
    b"POST /login HTTP/1.1\r\nHost: here\r\nSec-Fetch-Site: same-origin\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60\r\n\r\n"
)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that lets little through."""
    folder = tmp_path_factory.mktemp("strict")
    url = str(folder / "ledger.db")
    begin(url, folder / "ledger.db.keys", STORY)
    with serving(Served(folder, url, folder / "ledger.db.keys", requests_a_minute=40, failures_a_minute=5,
                        most_body_bytes=2_048, sending_seconds=2)) as it:  # fmt: skip
        yield it


def signed_in(server: Served, role: str = "auditor", **headers: str) -> httpx.Client:
    client = httpx.Client(base_url=server.url, headers=headers)
    answer = client.post("/login", data={"token": server.tokens[role], "next": "/v1/me"}, headers=SAME_SITE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/v1/me"), answer.text
    return client


def test_no_token_no_answer(one_server: Served) -> None:
    answer = one_server.as_(None).get("/v1/entries")
    assert (answer.status_code, answer.json()["code"]) == (401, "token")
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("shown", ["Bearer", "Bearer nonsense", "Basic dGVzdA==", "Bearer bitacora_0000000000_" + "x" * 43])
def test_what_is_no_token_is_not_taken_for_one(one_server: Served, shown: str) -> None:
    assert one_server.as_(None).get("/v1/me", headers={"Authorization": shown}).status_code == 401


def test_a_wrong_secret_behind_a_right_id_is_no_token(one_server: Served) -> None:
    right = one_server.tokens["admin"]
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert one_server.as_(None).get("/v1/me", headers={"Authorization": f"Bearer {wrong}"}).status_code == 401


def test_a_revoked_token_ends_within_a_second_and_its_session_with_it(one_server: Served) -> None:
    access = access_of(one_server.ledger_url)
    made, text = Tokens(access).make("leaving", "reader", None, utc_now(), None)
    headers = {"Authorization": f"Bearer {text}"}
    page = httpx.Client(base_url=one_server.url)
    page.post("/login", data={"token": text}, headers=SAME_SITE)
    assert one_server.as_(None).get("/v1/me", headers=headers).status_code == 200 == page.get("/v1/me").status_code
    Tokens(access).revoke(made.id, utc_now())
    access.close()
    time.sleep(1.1)
    assert one_server.as_(None).get("/v1/me", headers=headers).status_code == 401 == page.get("/v1/me").status_code


def test_a_token_expires(one_server: Served) -> None:
    from datetime import timedelta

    access = access_of(one_server.ledger_url)
    _, text = Tokens(access).make("short", "reader", None, utc_now(), utc_now() + timedelta(seconds=1))
    access.close()
    ask = {"Authorization": f"Bearer {text}"}
    assert one_server.as_(None).get("/v1/me", headers=ask).status_code == 200
    assert waited_for(lambda: one_server.as_(None).get("/v1/me", headers=ask).status_code == 401, 5)


def test_the_page_is_entered_with_a_token_and_left(one_server: Served) -> None:
    page = signed_in(one_server)
    assert page.get("/v1/me").json()["name"] == "the-auditor"
    assert page.post("/logout", headers=SAME_SITE).status_code == 303
    assert page.get("/v1/me").status_code == 401


def test_the_cookie_is_for_this_site_and_no_script(one_server: Served) -> None:
    answer = one_server.as_(None).post("/login", data={"token": one_server.tokens["reader"]}, headers=SAME_SITE)
    kept = answer.headers["set-cookie"].lower()
    assert "httponly" in kept and "samesite=lax" in kept and "path=/" in kept
    assert one_server.tokens["reader"] not in answer.headers["set-cookie"]


def test_a_token_that_does_not_hold_leads_back_to_the_form(one_server: Served) -> None:
    answer = one_server.as_(None).post("/login", data={"token": "no", "next": "/tickets/G-1"}, headers=SAME_SITE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?failed=1&next=%2Ftickets%2FG-1")
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("there", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_site(one_server: Served, there: str) -> None:
    sent = {"token": one_server.tokens["reader"], "next": there}
    assert one_server.as_(None).post("/login", data=sent, headers=SAME_SITE).headers["location"] == "/"


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_another_site_does_nothing_with_the_session_of_the_page(one_server: Served, headers: dict[str, str]) -> None:
    page = signed_in(one_server, "recorder")
    entry = {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": "G-1", "kind": "progress"}
    refused = page.post("/v1/entries", json=entry, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "cross-site")
    assert page.post("/v1/entries", json=entry, headers={"Origin": one_server.url}).status_code == 201
    assert one_server.as_(None).post("/login", data={"token": "x"}, headers=headers).status_code == 403


def test_every_answer_carries_the_headers_that_protect(one_server: Served) -> None:
    for path in ("/v1/me", "/health", "/nowhere", "/v1/openapi.json"):
        headers = one_server.as_("reader").get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_more_than_is_taken_at_once_is_refused(strict: Served) -> None:
    for path, kind in (("/v1/entries", "application/json"), ("/v1/entries/lines", "application/x-ndjson")):
        answer = strict.as_("admin").post(path, content=b" " * 3_000, headers={"Content-Type": kind})
        assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")


def test_what_is_sent_in_pieces_is_measured_too(strict: Served) -> None:
    answer = strict.as_("admin").post(
        "/v1/entries", content=(b" " * 500 for _ in range(10)), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 413


def test_the_form_of_the_page_is_not_taken_apart_if_it_is_too_long_for_one(one_server: Served) -> None:
    answer = httpx.post(f"{one_server.url}/login", content=b"a=1&" * 10_000, headers={**SAME_SITE, **FORM})
    assert answer.status_code == 413


@pytest.mark.parametrize("begun", [b"", b"GET /health HTTP/1.1\r\nX-Slow: ", SLOW_BODY + b"tok", SLOW_BODY[:-4]])
def test_who_does_not_go_on_sending_is_not_waited_for(strict: Served, begun: bytes) -> None:
    with socket.create_connection(("127.0.0.1", strict.port)) as connection:
        connection.settimeout(PATIENCE_SECONDS)
        connection.sendall(begun)
        while connection.recv(4_096):
            pass
    assert strict.as_(None).get("/health").status_code == 200


def test_who_sends_slowly_but_goes_on_is_heard(strict: Served) -> None:
    def slowly() -> Iterator[bytes]:
        for part in (b"token=", b"nobody", b"&next=/"):
            time.sleep(0.3)
            yield part

    answer = httpx.post(f"{strict.url}/login", content=slowly(), headers={**SAME_SITE, **FORM})
    assert answer.status_code == 303


def test_who_asks_too_often_waits_and_nobody_else(strict: Served) -> None:
    told = [strict.as_("reader").get("/v1/me") for _ in range(60)]
    refused = [it for it in told if it.status_code == 429]
    assert refused and told[0].status_code == 200
    assert int(refused[0].headers["retry-after"]) >= 1 and refused[0].json()["code"] == "rate"
    assert strict.as_("auditor").get("/v1/me").status_code == 200


def test_who_tries_tokens_is_soon_not_heard_any_more(strict: Served) -> None:
    headers = {"Authorization": "Bearer bitacora_0000000000_guess"}
    told = [strict.as_(None).get("/v1/me", headers=headers).status_code for _ in range(12)]
    assert told[0] == 401 and told[-1] == 429
    assert strict.as_("integrator").get("/v1/me").status_code == 200


def test_no_secret_and_no_content_is_in_the_log(one_server: Served) -> None:
    page = signed_in(one_server)
    page.get("/v1/explain", params={"ticket": "G-1"})
    one_server.as_("recorder").post(
        "/v1/entries", content=b'{"type": "secret-in-a-body"', headers={"Content-Type": "application/json"}
    )
    one_server.as_("reader").get("/v1/entries", params={"ticket": "secret-in-a-query"})
    log = waited_for(lambda: (it := Path(one_server.log).read_text()) and "/v1/explain" in it and it)
    hidden = [*one_server.tokens.values(), *(it.partition("_")[2] for it in one_server.tokens.values())]
    hidden += [page.cookies[COOKIE], "secret-in-a-body", "secret-in-a-query", "no network", "ana"]
    assert [it for it in hidden if it in log] == []
    assert {json.loads(it)["event"] for it in log.splitlines()} <= {"answered", "failed"}


def test_a_failure_of_the_server_is_told_without_what_it_was(tmp_path: Path) -> None:
    url = str(tmp_path / "ledger.db")
    begin(url, tmp_path / "ledger.db.keys", STORY)
    with serving(Served(tmp_path, url, tmp_path / "ledger.db.keys")) as server:
        (tmp_path / "ledger.db.accounts").write_bytes(b"not a database at all, secret-in-a-file")
        answer = server.as_("reader").get("/v1/accounts")
        assert (answer.status_code, answer.json()["code"]) == (500, "ledger")
        assert str(tmp_path) not in answer.text
        log = [json.loads(it) for it in Path(server.log).read_text().splitlines()]
        failed = next(it for it in log if it["event"] == "failed")
        assert failed["request"] == answer.headers["x-request-id"] and server.tokens["reader"] not in json.dumps(log)
