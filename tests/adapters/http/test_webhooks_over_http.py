"""An integrator with nothing but a token: makes a webhook, is posted to by the server itself, looks after what was refused."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from adapters.ledger import Ledger
from domain.shape import read_entry
from tests.adapters.cli.stories import STORY
from tests.adapters.given import followed_up
from tests.adapters.http.served import Served, begin, serving, waited_for
from tests.adapters.webhooks.receiver import Answer, Receiver
from tests.postgres_server import Databases
from tests.stores import KINDS, Ledgers


@pytest.fixture(scope="module", params=KINDS)
def delivering(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases
) -> Iterator[Served]:
    """A server that posts to webhooks, also on this machine."""
    folder = tmp_path_factory.mktemp("delivering")
    ledgers = Ledgers(folder, databases if request.param == "postgres" else None)
    begin(ledgers.url(), ledgers.keys(), STORY)
    with serving(Served(folder, ledgers.url(), ledgers.keys(), deliver_webhooks=True, webhooks_private=True)) as it:
        yield it
    ledgers.close()


def made(served: Served, receiver: Receiver, role: str = "integrator", **more: Any) -> str:
    answer = served.as_(role).post("/v1/webhooks", json={"url": receiver.url, **more})
    assert answer.status_code == 201, answer.text
    receiver.secret = answer.json()["secret"]
    return str(answer.json()["webhook"]["id"])


def removed(served: Served, id: str) -> None:
    assert served.as_("integrator").post("/v1/webhooks/remove", params={"webhook": id}).status_code == 200


@contextmanager
def receiving(answer: Any = lambda _: 204) -> Iterator[Receiver]:
    with Receiver(answer) as receiver:
        yield receiver


def test_what_is_recorded_over_http_is_posted_to_the_webhook(delivering: Served) -> None:
    with receiving() as receiver:
        id = made(delivering, receiver, after=0, clients=["acme"])
        entry = followed_up("G-1", 30, key="over-http")
        assert delivering.as_("recorder").post("/v1/entries", json=entry).status_code in (200, 201)
        assert waited_for(lambda: any(it.event["data"].get("key") == "over-http" for it in receiver.taken()))
        last = receiver.taken()[-1]
        assert (last.stream, last.event["type"], last.event["data"]["recorded_by"]) == (
            "ticket:G-1",
            "FollowedUp",
            "the-recorder",
        )
        assert not receiver.is_forged
        assert {it.stream for it in receiver.received} <= {"client:acme", "policy:PG", "ticket:G-1", "ticket:G-2"}

        def is_there() -> bool:
            (found,) = delivering.as_("integrator").get("/v1/webhooks").json()
            return (found["id"], found["owner"], found["behind"], found["waiting"]) == (id, "the-integrator", 0, 0)

        assert waited_for(is_there)
        removed(delivering, id)


def test_dead_letters_are_listed_tried_again_and_skipped(delivering: Served) -> None:
    with receiving(lambda _: 410) as receiver:
        id = made(delivering, receiver, after=0, tickets=["G-1"])
        integrator, asked = delivering.as_("integrator"), {"webhook": id}
        assert waited_for(lambda: integrator.get("/v1/webhooks").json()[0]["state"] == "gone")
        assert integrator.get("/v1/webhooks/dead", params=asked).json() == []
        (waiting,) = integrator.get("/v1/webhooks/dead", params={**asked, "waiting": "true"}).json()
        assert (waiting["stream"], waiting["state"], waiting["problem"]) == ("ticket:G-1", "waiting", "http-410")
        receiver.answer = lambda _: 204
        skipped = integrator.post("/v1/webhooks/skip", params={**asked, "stream": "ticket:G-1"})
        assert skipped.json() == {"position": waiting["position"]}
        again = integrator.post("/v1/webhooks/skip", params={**asked, "stream": "ticket:G-1"})
        assert (again.status_code, again.json()["code"]) == (409, "not-now")
        assert integrator.post("/v1/webhooks/retry", params=asked).json() == {"streams": 1}
        assert waited_for(lambda: len(receiver.taken()) >= 4)
        assert waiting["position"] not in {it.position for it in receiver.taken()}
        missing = integrator.post("/v1/webhooks/skip", params={**asked, "stream": "ticket:G-2"})
        assert (missing.status_code, missing.json()["field"]) == (404, "stream")
        removed(delivering, id)


def test_a_webhook_is_tried_at_once(delivering: Served) -> None:
    answers: Iterator[Answer] = iter([204, 503])
    with receiving(lambda _: next(answers)) as receiver:
        id = made(delivering, receiver)
        tried = [delivering.as_("integrator").post("/v1/webhooks/test", params={"webhook": id}).json() for _ in range(2)]
        assert tried == [{"status": 204, "problem": None}, {"status": 503, "problem": "http-503"}]
        assert {it.event["type"] for it in receiver.received} == {"WebhookTest"}
        removed(delivering, id)


def test_an_integrator_is_told_of_its_own_webhooks_only_and_an_admin_of_all(delivering: Served) -> None:
    with receiving() as receiver:
        own, others = made(delivering, receiver), made(delivering, receiver, role="admin")
        integrator, admin = delivering.as_("integrator"), delivering.as_("admin")
        assert [it["id"] for it in integrator.get("/v1/webhooks").json()] == [own]
        assert {it["id"] for it in admin.get("/v1/webhooks").json()} == {own, others}
        for what in ("remove", "test", "retry", "skip"):
            asked = {"stream": "ticket:G-1"} if what == "skip" else {}
            told = [integrator.post(f"/v1/webhooks/{what}", params={"webhook": id, **asked}) for id in (others, "0" * 16)]
            assert [it.status_code for it in told] == [404, 404]
            assert [it.json()["detail"] for it in told] == [f"there is no webhook {others}", f"there is no webhook {'0' * 16}"]
        assert integrator.get("/v1/webhooks/dead", params={"webhook": others}).status_code == 404
        assert integrator.get("/v1/webhooks/dead").json() == []
        assert admin.post("/v1/webhooks/remove", params={"webhook": others}).status_code == 200
        removed(delivering, own)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"url": "http://example.com/hook"}, "url"),
        ({"url": "ftp://example.com/"}, "url"),
        ({"url": "https://example.com/", "types": ["Opened"]}, "types"),
        ({"url": "https://example.com/", "after": -1}, "after"),
        ({"url": "https://example.com/", "is_private": True}, "is_private"),
        ({}, "url"),
        ([], None),
    ],
)
def test_what_can_be_no_webhook_is_refused_with_the_field(delivering: Served, sent: Any, field: str | None) -> None:
    answer = delivering.as_("integrator").post("/v1/webhooks", json=sent)
    assert (answer.status_code, answer.json().get("field")) == (400, field)


def test_a_server_that_is_not_told_otherwise_posts_nothing_into_its_own_network(one_server: Served) -> None:
    for url in ("http://127.0.0.1:9/", "https://10.0.0.1/", "https://localhost/", "https://[::1]/"):
        answer = one_server.as_("integrator").post("/v1/webhooks", json={"url": url})
        assert (answer.status_code, answer.json()["field"]) == (400, "url")
    assert one_server.as_("integrator").get("/v1/webhooks").json() == []


def test_figures_of_webhooks_are_among_the_metrics(delivering: Served) -> None:
    with receiving() as receiver:
        id = made(delivering, receiver, after=0, types=["TicketOpened"])
        assert waited_for(lambda: len(receiver.taken()) >= 4)

        def told() -> bool:
            text = delivering.as_("admin").get("/metrics").text
            assert 'webhook_attempts_total{came_to="taken"}' in text
            return all(f'bitacora_webhook_{it}{{webhook="{id}"}} 0.0' in text for it in ("behind", "waiting", "dead"))

        assert waited_for(told)
        removed(delivering, id)
        assert id not in delivering.as_("admin").get("/metrics").text


def test_a_server_killed_and_started_again_goes_on_where_it_was(delivering: Served) -> None:
    is_open = threading.Event()
    with receiving(lambda _: 204 if is_open.is_set() else 500) as receiver:
        id = made(delivering, receiver, after=0, tickets=["C-1"])
        assert waited_for(lambda: receiver.received)
        delivering.kill()
        delivering.close()
        is_open.set()
        with Ledger.open(delivering.ledger_url, keys=delivering.keys) as ledger:
            line = {"type": "FollowedUp", "at": "2026-03-02T17:00:00-06:00", "ticket": "C-1", "kind": "progress"}
            (answer,) = ledger.record([read_entry(json.dumps(line).encode())])
            assert getattr(answer, "position", None)
        delivering.start()
        assert delivering.as_("integrator").post("/v1/webhooks/retry", params={"webhook": id}).status_code == 200
        assert waited_for(lambda: len(receiver.first_taken().get("ticket:C-1", [])) == 5)
        positions = receiver.first_taken()["ticket:C-1"]
        assert positions == sorted(positions)
        removed(delivering, id)


def test_neither_secret_nor_address_is_in_the_log(delivering: Served) -> None:
    with receiving(lambda _: 500) as receiver:
        answer = delivering.as_("integrator").post("/v1/webhooks", json={"url": f"{receiver.url}?token=hush-hush", "after": 0})
        receiver.secret = answer.json()["secret"]
        assert waited_for(lambda: len(receiver.received) > 2)
        id = answer.json()["webhook"]["id"]
        assert waited_for(lambda: id in delivering.log.read_text())
        log = delivering.log.read_text()
        assert "hush-hush" not in log and receiver.secret not in log
        removed(delivering, id)
