"""`bitacora webhooks` as a person runs it: subscribing, trying, delivering, and looking after what was refused."""

import os
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.adapters.cli.calling import PROGRAM, Bitacora, environment, process
from tests.adapters.given import followed_up, write_lines
from tests.adapters.webhooks.desk import until
from tests.adapters.webhooks.receiver import Receiver


def added(bitacora: Bitacora, receiver: Receiver, *options: str) -> str:
    """The id of a new webhook, whose secret the receiver learns."""
    ran = bitacora("webhooks", "add", receiver.url, *options)
    assert ran.code == 0, ran
    receiver.secret = ran.out.strip()
    assert receiver.secret.startswith("whsec_") and receiver.secret not in ran.err
    return ran.err.split()[1]


def test_a_webhook_from_its_beginning_to_its_end(desk: Bitacora) -> None:
    with Receiver() as receiver:
        id = added(desk, receiver, "--after", "0", "--client", "acme")
        assert desk.done("webhooks", "test", id).out == "Taken: answered 204.\n"
        assert [it.event["type"] for it in receiver.received] == ["WebhookTest"]
        (listed,) = desk.done("webhooks", "list", "--format", "json").json()
        assert (listed["id"], listed["clients"], listed["owner"], listed["position"]) == (id, ["acme"], None, 0)
        assert "secret" not in listed and "salt" not in listed
        assert desk.done("webhooks", "deliver", "--once").out == "Delivering.\nWaiting: 0. Given up: 0.\n"
        assert {it.stream for it in receiver.taken()[1:]} == {"client:acme", "policy:PG", "ticket:G-1", "ticket:G-2"}
        assert not receiver.is_forged
        assert id in desk.done("webhooks", "list").out
        assert desk.done("webhooks", "remove", id).out == f"Webhook {id} is removed.\n"
        assert desk.done("webhooks", "list", "--format", "json").json() == []


def test_by_default_a_webhook_begins_with_what_is_recorded_next(desk: Bitacora) -> None:
    with Receiver() as receiver:
        added(desk, receiver)
        desk.done("webhooks", "deliver", "--once")
        assert receiver.received == []
        desk.done("record", write_lines(Path("more.jsonl"), [followed_up("G-1", 90)]))
        desk.done("webhooks", "deliver", "--once")
        assert [it.stream for it in receiver.taken()] == ["ticket:G-1"]


def test_what_is_refused_is_said_listed_tried_again_and_skipped(desk: Bitacora) -> None:
    with Receiver(lambda _: 500) as receiver:
        id = added(desk, receiver, "--after", "0", "--ticket", "G-1", "--ticket", "C-1")
        ran = desk("webhooks", "deliver", "--once")
        assert (ran.code, ran.out) == (1, "Delivering.\nWaiting: 2. Given up: 0.\n")
        first = next(it for it in receiver.received if it.stream == "ticket:G-1").position
        assert f"{id}: entry {first} of ticket:G-1 was refused (answered 500), attempt 1; again at 2" in ran.err
        assert desk.done("webhooks", "dead").out == "Nothing is given up.\n"
        assert "answered 500" in desk.done("webhooks", "dead", id, "--waiting").out
        waiting = desk.done("webhooks", "dead", "--waiting", "--format", "json").json()
        assert {(it["stream"], it["state"], it["attempts"]) for it in waiting} == {
            ("ticket:G-1", "waiting", 1), ("ticket:C-1", "waiting", 1),
        }  # fmt: skip
        skipped = desk.done("webhooks", "skip", id, "ticket:G-1").out
        assert skipped == f"The entry at position {first} is not posted; ticket:G-1 goes on after it.\n"
        receiver.answer = lambda _: 204
        assert desk.done("webhooks", "retry", id, "--stream", "ticket:C-1").out == "1 is tried again.\n"
        assert desk.done("webhooks", "deliver", "--once").out.endswith("Waiting: 0. Given up: 0.\n")
        taken = receiver.first_taken()
        assert first not in taken["ticket:G-1"] and taken["ticket:G-1"] == sorted(taken["ticket:G-1"])
        assert len(taken["ticket:C-1"]) == 4
        assert desk.done("webhooks", "retry", id).out == "0 are tried again.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "http://example.com/hook"), "is not encrypted"),
        (("add", "https://[::1"), "is no address to post to"),
        (("add", "https://10.0.0.1/hook"), "lies in the private network"),
        (("add", "https://example.com/", "--type", "Opened"), "no type of entry"),
        (("add", "https://example.com/", "--after", "-1"), "whole number"),
        (("remove", "nobody"), "there is no webhook nobody"),
        (("test", "nobody"), "there is no webhook nobody"),
        (("dead", "nobody"), "there is no webhook nobody"),
        (("retry", "nobody"), "there is no webhook nobody"),
        (("skip", "nobody", "ticket:G-1"), "there is no webhook nobody"),
    ],
)
def test_what_cannot_be_done_is_said(desk: Bitacora, arguments: tuple[str, ...], said: str) -> None:
    ran = desk("webhooks", *arguments)
    assert (ran.code, ran.out) == (2, "") and said in ran.err
    assert desk.done("webhooks", "list", "--format", "json").json() == []


def test_the_private_network_is_posted_to_if_that_is_said(desk: Bitacora) -> None:
    assert desk("webhooks", "add", "https://10.0.0.1/hook", "--private").code == 0
    assert stat.S_IMODE(os.stat("bitacora.db.webhooks").st_mode) == 0o600


def test_a_test_that_fails_says_why(desk: Bitacora) -> None:
    with Receiver(lambda _: 503) as receiver:
        id = added(desk, receiver)
        ran = desk("webhooks", "test", id)
        assert (ran.code, ran.out) == (1, "Not taken: answered 503.\n")
    ran = desk("--lang", "es", "webhooks", "test", id)
    assert (ran.code, ran.out) == (1, "No se aceptó: no hay conexión.\n")


def test_a_sender_delivers_until_it_is_told_to_stop(desk: Bitacora) -> None:
    with Receiver() as receiver:
        added(desk, receiver)
        sender = subprocess.Popen(
            [*PROGRAM, "webhooks", "deliver"], env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert sender.stdout is not None and sender.stdout.readline() == "Delivering.\n"
        beside = process("webhooks", "deliver", "--once")
        assert (beside.returncode, beside.stdout) == (1, b"Another process delivers; standing by.\n")
        desk.done("record", write_lines(Path("more.jsonl"), [followed_up("G-1", minute) for minute in range(20)]))
        until(lambda: len(receiver.taken()) == 20)
        sender.send_signal(signal.SIGTERM)
        out, err = sender.communicate(timeout=60)
        assert (sender.returncode, out, err) == (0, "", "")
