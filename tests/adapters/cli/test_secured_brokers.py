"""`bitacora relay` and `bitacora live` with brokers that ask for encryption, and for who one is; a real one that does."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.contract.topics import ENTRIES
from adapters.kafka import topics as topics_module
from adapters.kafka.brokers import Brokers, access_from
from adapters.kafka.topics import Topics
from tests.adapters.cli.calling import PROGRAM, Bitacora, environment
from tests.adapters.kafka.secured import KEY_PASSWORD, PASSWORD, USER, Secured, secured_broker
from tests.adapters.kafka.subscriber import received_by
from tests.adapters.live.workers import Streams

CERTIFICATE = ("security.protocol=SSL", "ssl.ca.location=ca.pem", "ssl.certificate.location=client.pem",
               "ssl.key.location=client.key", f"ssl.key.password={KEY_PASSWORD}")  # fmt: skip
SECRETS = (PASSWORD, KEY_PASSWORD)


def by_password(mechanism: str, *, password: str | None = PASSWORD, ca: str = "ca.pem") -> list[str]:
    given = [] if password is None else [f"sasl.password={password}"]
    return ["security.protocol=SASL_SSL", f"ssl.ca.location={ca}", f"sasl.mechanism={mechanism}",
            f"sasl.username={USER}", *given]  # fmt: skip


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_broker(tmp_path_factory.mktemp("secured")) as found:
        yield found


def place(secured: Secured, config: Path) -> str:
    return secured.by_certificate if "certificate" in config.read_text() else secured.by_password


def refused(ran: tuple[int, str, str], said: str, code: int) -> None:
    """One line says why, and it holds no secret."""
    assert (ran[0], ran[1]) == (code, ""), ran
    assert ran[2].count("\n") == 1 and said in ran[2], ran
    assert not any(it in ran[2] for it in SECRETS)


@pytest.mark.parametrize("way", ["certificate", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_it_relays_to_brokers_that_let_it_in(way: str, desk: Bitacora, secured: Secured) -> None:
    lines = CERTIFICATE if way == "certificate" else by_password(way)
    config = secured.config(f"relay-{way}", *lines)
    brokers, prefix = place(secured, config), f"by-{way.lower()}"
    asked = ["relay", "--brokers", brokers, "--kafka-config", config, "--topic-prefix", prefix]
    desk.done(*asked, "--create-topics", "--once")
    entries, *_ = desk.done(*asked, "--status", "--format", "json").json()
    assert entries["position"] > 0 == entries["behind"]
    topics = Topics(Brokers(brokers, access_from(config, {})), prefix)
    assert len(received_by(topics.brokers, topics.named(ENTRIES))) == entries["position"]


@pytest.mark.parametrize("way", ["certificate", "SCRAM-SHA-512"])
def test_what_is_live_is_kept_by_brokers_that_let_it_in(
    way: str, secured: Secured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The password comes from the environment this time."""
    monkeypatch.setenv("BITACORA_KAFKA_PASSWORD", PASSWORD)
    lines = CERTIFICATE if way == "certificate" else by_password(way, password=None)
    config = secured.config(f"live-{way}", *lines)
    streams = Streams(place(secured, config), f"live-{way.lower()}", tmp_path, kafka_config=config)
    try:
        streams.record(100)
        streams.relay()
        worker = streams.worker("one")
        worker.at_work()
        streams.record(100)
        streams.ledger_is_live()
        streams.check_entries()
        assert worker.end() == 0
    finally:
        streams.close()


@pytest.mark.parametrize(("language", "said"), [("en", "does not accept the user name"), ("es", "no acepta el usuario")])
@pytest.mark.parametrize("command", [["relay", "--once"], ["relay", "--status"], ["live"]])
def test_a_wrong_password_is_said_in_a_line(
    command: list[str], language: str, said: str, desk: Bitacora, secured: Secured
) -> None:
    config = secured.config("wrong-password", *by_password("SCRAM-SHA-256", password="another word"))
    ran = desk("--lang", language, *command, "--brokers", secured.by_password, "--kafka-config", config)
    refused(ran, said, 2)
    assert "another word" not in ran.err


@pytest.mark.parametrize(
    ("language", "said"), [("en", "no encrypted connection"), ("es", "no se establece una conexión cifrada")]
)
@pytest.mark.parametrize("command", [["relay", "--once"], ["live"]])
def test_a_broker_that_nobody_vouches_for_is_said_in_a_line(
    command: list[str], language: str, said: str, desk: Bitacora, secured: Secured
) -> None:
    config = secured.config("other-ca", *by_password("PLAIN", ca="other-ca.pem"))
    refused(desk("--lang", language, *command, "--brokers", secured.by_password, "--kafka-config", config), said, 2)


def test_a_broker_that_asks_for_encryption_and_gets_none_is_said_in_a_line(
    desk: Bitacora, secured: Secured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topics_module, "ANSWER_SECONDS", 1.0)
    refused(desk("relay", "--once", "--brokers", secured.by_password), "no broker answers", 2)


@pytest.mark.parametrize(
    ("lines", "said"),
    [(by_password("PLAIN", password="another word"), "does not accept the user name"),
     (by_password("PLAIN", ca="other-ca.pem"), "no encrypted connection")],
)  # fmt: skip
def test_a_relay_that_is_not_let_in_ends_rather_than_try_for_ever(
    lines: list[str], said: str, desk: Bitacora, secured: Secured
) -> None:
    command = ["relay", "--brokers", secured.by_password, "--kafka-config", str(secured.config("not-let-in", *lines))]
    ran = subprocess.run([*PROGRAM, *command], capture_output=True, text=True, env=environment(), timeout=120, check=False)
    refused((ran.returncode, ran.stdout, ran.stderr), said, 1)
