"""The sessions of the page: good on every server that shares their key, also after a restart; never without their token."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from adapters.access.places import access_of
from adapters.access.tokens import Tokens
from adapters.http.callers import COOKIE
from adapters.http.sessions import Sessions
from adapters.ledger import utc_now
from tests.adapters.cli.calling import process
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import Served, begin, serving

KEY = "a secret that only servers know, made for this test"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


def cookie_of(server: Served, token: str) -> dict[str, str]:
    answer = httpx.post(f"{server.url}/login", data={"token": token}, headers=SAME_SITE)
    assert answer.status_code == 303
    assert '"' not in answer.headers["set-cookie"]
    return {COOKIE: answer.cookies[COOKIE]}


def status(server: Served, cookie: dict[str, str]) -> int:
    return httpx.get(f"{server.url}/v1/me", cookies=cookie).status_code


def test_a_session_is_over_when_its_time_is() -> None:
    sessions = Sessions(60, KEY)
    text = sessions.begin("19007f3ca3", NOW)
    assert sessions.token(text, NOW + timedelta(seconds=60)) == "19007f3ca3"
    assert sessions.token(text, NOW + timedelta(seconds=61)) is None


@pytest.mark.parametrize("text", ["", "gAAAA", "19007f3ca3", "ñ", "a" * 10_000])
def test_what_no_server_sealed_is_no_session(text: str) -> None:
    assert Sessions(60, KEY).token(text, NOW) is None


def test_a_cookie_that_was_changed_or_is_of_another_key_is_no_session() -> None:
    text = Sessions(60, KEY).begin("19007f3ca3", NOW)
    changed = [text[:it] + ("A" if text[it] != "A" else "B") + text[it + 1 :] for it in range(len(text) - 1)]
    assert all(Sessions(60, KEY).token(it, NOW) is None for it in changed)
    assert Sessions(60, KEY + ".").token(text, NOW) is None and Sessions(60).token(text, NOW) is None


def test_a_session_that_was_left_stays_so_whatever_else_is_sent() -> None:
    sessions = Sessions(60, KEY)
    kept, other = sessions.begin("19007f3ca3", NOW), sessions.begin("19007f3ca3", NOW)
    sessions.end(kept, NOW)
    for it in range(20_000):
        sessions.end(f"nonsense {it}", NOW)
    assert sessions.token(other, NOW) == "19007f3ca3"
    # Nor is it another session because its text is written in another way.
    otherwise = (kept, f"{kept}=", f"{kept}==", f"!{kept}", f"{kept[:9]}\n{kept[9:]}")
    assert all(sessions.token(it, NOW) is None for it in otherwise)


def test_a_session_holds_on_every_server_of_the_key_and_after_a_restart(tmp_path: Path) -> None:
    url, keys = str(tmp_path / "ledger.db"), tmp_path / "ledger.db.keys"
    begin(url, keys, STORY)
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    one = Served(tmp_path / "one", url, keys, session_key=KEY)
    with serving(one), serving(Served(tmp_path / "other", url, keys, session_key=KEY)) as other:
        cookie = cookie_of(one, one.tokens["auditor"])
        assert status(one, cookie) == status(other, cookie) == 200
        one.stop()
        one.start()
        assert status(one, cookie) == 200
        access = access_of(url)
        (token,) = (it for it in Tokens(access).all() if it.name == "the-auditor" and it.id in one.tokens["auditor"])
        Tokens(access).revoke(token.id, utc_now())
        access.close()
        time.sleep(1.1)
        assert status(one, cookie) == status(other, cookie) == 401


def test_without_a_key_a_server_takes_no_session_but_its_own(one_server: Served, tmp_path: Path) -> None:
    url = one_server.ledger_url
    cookie = cookie_of(one_server, one_server.tokens["reader"])
    with serving(Served(tmp_path, url, one_server.keys)) as other:
        assert (status(one_server, cookie), status(other, cookie)) == (200, 401)


def test_who_left_cannot_come_back_with_a_copy_of_the_cookie(one_server: Served) -> None:
    cookie = cookie_of(one_server, one_server.tokens["reader"])
    assert httpx.post(f"{one_server.url}/logout", cookies=cookie, headers=SAME_SITE).status_code == 303
    assert status(one_server, cookie) == 401


def test_the_key_is_not_shown_with_the_configuration_and_not_taken_if_it_is_short() -> None:
    for form in ("table", "json"):
        told = process("config", "--format", form, BITACORA_SESSION_KEY=KEY)
        assert told.returncode == 0 and KEY.encode() not in told.stdout and b"environment" in told.stdout
    short = process("config", BITACORA_SESSION_KEY="guessable")
    assert short.returncode == 2 and b"session_key" in short.stderr and b"guessable" not in short.stderr
