"""What goes wrong while somebody browses is told on a page, in their language, with a way on; programs get problems."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.http.problems import MEDIA_TYPE
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import Served, begin, serving
from tests.adapters.http.test_protection import signed_in

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "Accept-Language": "es-MX,es;q=0.9"}


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server that may be asked seldom."""
    folder = tmp_path_factory.mktemp("busy")
    begin(str(folder / "ledger.db"), folder / "ledger.db.keys", STORY)
    with serving(Served(folder, str(folder / "ledger.db"), folder / "ledger.db.keys", requests_a_minute=3)) as it:
        yield it


def is_page(answer: httpx.Response) -> bool:
    """Whether it is a page in Spanish, with a title and a way on, and the headers that protect."""
    assert answer.headers["content-type"].startswith("text/html"), answer.text
    assert '<html lang="es">' in answer.text and "<h1>" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    main = answer.text.partition("<main")[2]
    return "<a href=" in main


@pytest.mark.parametrize(
    "path", ["/nothing", "/nothing/at/all", "/favicon.ico", "/tickets/T-none", "/terms/none", "/clients/none"]
)
def test_what_is_not_there_is_told_on_a_page(one_server: Served, path: str) -> None:
    answer = signed_in(one_server, **BROWSER).get(path)
    assert answer.status_code == 404
    assert is_page(answer) and "<h1>No" in answer.text
    assert 'action="/logout"' in answer.text, "whoever has signed in still is"


def test_whoever_has_not_signed_in_is_shown_the_way_to_the_form(one_server: Served) -> None:
    answer = httpx.get(f"{one_server.url}/nothing", headers=BROWSER)
    assert answer.status_code == 404
    assert is_page(answer) and 'href="/login"' in answer.text.partition("<main")[2]


def test_an_unknown_address_is_a_problem_to_a_program_and_under_v1_to_everybody(one_server: Served) -> None:
    for path, headers in (("/nothing", {}), ("/v1/nothing", {}), ("/v1/nothing", BROWSER), ("/v1", BROWSER)):
        answer = one_server.as_("reader").get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (404, MEDIA_TYPE), path
        assert answer.json()["code"] == "http-404"
    refused = one_server.as_("client").get("/v1/verify", headers=BROWSER)
    assert (refused.status_code, refused.headers["content-type"]) == (403, MEDIA_TYPE)


def test_an_address_asked_in_another_way_is_told_on_a_page(one_server: Served) -> None:
    for method, path in (("PUT", "/tickets"), ("GET", "/logout"), ("POST", "/nothing")):
        answer = signed_in(one_server, **BROWSER, **{"Sec-Fetch-Site": "same-origin"}).request(method, path)
        assert answer.status_code in (404, 405)
        assert is_page(answer)


def test_a_role_that_may_not_is_told_which_may_in_words(one_server: Served) -> None:
    answer = signed_in(one_server, "recorder", **BROWSER).get("/tickets")
    assert answer.status_code == 403
    assert is_page(answer) and "administrador" in answer.text and "lector" in answer.text
    assert 'href="/record"' in answer.text.partition("<main")[2]


def test_what_another_site_sends_is_refused_on_a_page(one_server: Served) -> None:
    headers = BROWSER | {"Sec-Fetch-Site": "cross-site"}
    for client in (httpx.Client(base_url=one_server.url), signed_in(one_server)):
        answer = client.post("/login", data={"token": "x"}, headers=headers)
        assert answer.status_code == 403
        assert is_page(answer)


def test_whoever_asks_too_often_is_told_on_a_page_when_to_ask_again(busy: Served) -> None:
    reader = signed_in(busy, **BROWSER)
    answers = [reader.get("/terms") for _ in range(6)]
    assert [it.status_code for it in answers[:2]] == [200, 200]
    last = answers[-1]
    assert last.status_code == 429 and int(last.headers["retry-after"]) > 0
    assert is_page(last) and "Demasiadas" in last.text and 'href="/terms"' in last.text
    program = busy.as_("auditor").get("/v1/me")
    program = busy.as_("auditor").get("/v1/me") if program.status_code == 200 else program
    assert program.status_code == 200 or program.headers["content-type"] == MEDIA_TYPE


def test_a_ledger_that_cannot_be_read_is_told_on_a_page_without_what_it_was(tmp_path: Path) -> None:
    begin(str(tmp_path / "ledger.db"), tmp_path / "ledger.db.keys", STORY)
    with serving(Served(tmp_path, str(tmp_path / "ledger.db"), tmp_path / "ledger.db.keys")) as broken:
        reader = signed_in(broken, **BROWSER)
        (tmp_path / "ledger.db").write_bytes(b"nothing that anybody could read" * 1_000)
        answer = reader.get("/tickets/T-1")
        assert answer.status_code in (500, 503)
        assert is_page(answer) and "Traceback" not in answer.text and str(tmp_path) not in answer.text


def test_what_a_url_asks_wrongly_is_named_as_the_page_names_it(one_server: Served) -> None:
    answer = signed_in(one_server, **BROWSER).get("/tickets/G-1?known_at=-4")
    assert answer.status_code == 400
    assert is_page(answer) and "known_at" not in answer.text.partition("<main")[2].partition("<ul")[0]
    assert 'href="/tickets/G-1"' in answer.text
