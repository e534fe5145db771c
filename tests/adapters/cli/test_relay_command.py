"""`bitacora relay`, as a person runs it against a real broker."""

import signal
import subprocess
from pathlib import Path

import pytest

from adapters.contract.topics import ENTRIES
from adapters.kafka import topics as topics_module
from adapters.kafka.brokers import Brokers
from adapters.kafka.topics import Topics
from tests.adapters.cli.calling import PROGRAM, Bitacora, environment
from tests.adapters.given import followed_up, opened, write_lines
from tests.adapters.kafka.subscriber import assert_each_once_and_in_order, received

NAMES = ("entries", "sla", "consumption", "billing", "checkpoints", "relay.entries", "relay.accounts", "relay.checkpoints")


@pytest.fixture
def asked(brokers: str, topic_prefix: str) -> list[str]:
    return ["relay", "--brokers", brokers, "--topic-prefix", topic_prefix]


def head_of(desk: Bitacora) -> int:
    return max(it["position"] for it in desk.done("entries", "--format", "json").lines())


def test_topics_are_made_what_is_there_is_sent_and_both_are_told(desk: Bitacora, asked: list[str], topic_prefix: str) -> None:
    head = head_of(desk)
    told = desk.done(*asked, "--create-topics", "--once").out.splitlines()
    assert told[: len(NAMES)] == [f"Topic {topic_prefix}.{name} made." for name in NAMES]
    assert told[len(NAMES) : len(NAMES) + 2] == [
        f"entries: going on after position 0 of {head}.",
        f"entries: at position {head} of {head}; {head} messages sent so far.",
    ]
    assert told[-1] == "checkpoints: at position 0 of 0; 0 messages sent so far."
    again = desk.done(*asked, "--create-topics", "--once").out.splitlines()
    assert again[0] == f"entries: going on after position {head} of {head}."


def test_its_status_says_how_far_each_lane_is_and_how_far_behind(desk: Bitacora, asked: list[str]) -> None:
    desk.done(*asked, "--create-topics", "--once")
    head = head_of(desk)
    desk.done("record", write_lines(Path("more.jsonl"), [opened("T-1"), followed_up("T-1")]))
    entries, accounts, checkpoints = desk.done(*asked, "--status", "--format", "json").json()
    assert entries == {"lane": "entries", "position": head, "behind": 2, "sent": head}
    assert (accounts["position"], accounts["behind"]) == (head, 2)
    assert checkpoints == {"lane": "checkpoints", "position": 0, "behind": 0, "sent": 0}
    shown = desk.done(*asked, "--status").out.splitlines()
    assert shown[0].split() == ["Lane", "Position", "Behind", "Messages", "sent"]
    assert shown[2].split() == ["entries", str(head), "2", str(head)]


def test_a_lane_that_was_never_begun_is_no_success(desk: Bitacora, asked: list[str], brokers: str, topic_prefix: str) -> None:
    Topics(Brokers(brokers), topic_prefix).create()
    ran = desk(*asked, "--status")
    assert ran.code == 1
    assert ran.out.splitlines()[2].split() == ["entries", "-", str(head_of(desk)), "0"]


def test_a_missing_topic_is_said_in_the_language_spoken(desk: Bitacora, asked: list[str], topic_prefix: str) -> None:
    for language, said in (("en", "topics are missing"), ("es", "faltan temas")):
        ran = desk("--lang", language, *asked, "--once")
        assert (ran.code, ran.out) == (1, "")
        assert said in ran.err and f"{topic_prefix}.entries" in ran.err and "--create-topics" in ran.err


def test_without_kafka_once_fails_and_says_where_it_looked(desk: Bitacora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics_module, "ANSWER_SECONDS", 0.5)
    for more in ("--once", "--status", "--create-topics"):
        ran = desk("relay", "--brokers", "127.0.0.1:1", more)
        assert (ran.code, ran.out) == (2, "")
        assert ran.err.startswith("bitacora: Kafka at 127.0.0.1:1: ")


def test_a_ledger_that_is_not_there_is_not_relayed(bitacora: Bitacora, asked: list[str]) -> None:
    assert bitacora(*asked).code == 2


@pytest.mark.parametrize("options", [["--partitions", "3"], ["--status", "--once"], ["--status", "--create-topics"]])
def test_options_that_do_not_go_together_are_misuse(desk: Bitacora, asked: list[str], options: list[str]) -> None:
    assert desk(*asked, *options).code == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_end_it_has_sent_what_it_said(
    number: signal.Signals, desk: Bitacora, asked: list[str], brokers: str, topic_prefix: str
) -> None:
    head = head_of(desk)
    with subprocess.Popen(
        [*PROGRAM, *asked, "--create-topics"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()
    ) as relay:
        assert relay.stdout is not None and relay.stderr is not None
        while f"entries: at position {head}" not in relay.stdout.readline():
            assert relay.poll() is None
        relay.send_signal(number)
        assert (relay.wait(30), relay.stderr.read()) == (0, "")
    assert_each_once_and_in_order(received(brokers, Topics(Brokers(brokers), topic_prefix).named(ENTRIES)), head)
