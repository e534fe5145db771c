"""How brokers are reached: the file that says so, and what is told to either library."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from adapters.kafka.brokers import Access, Brokers, Unusable, access_from, client_settings
from adapters.language import speak, worded
from tests.adapters.kafka.secured import KEY_PASSWORD, make_certificates

SECRET = "a-word-of-passage"
BY_PASSWORD = ("security.protocol=SASL_PLAINTEXT", "sasl.mechanism=PLAIN", "sasl.username=barco")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


def written(folder: Path, lines: Iterable[str]) -> Path:
    path = folder / "kafka.properties"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_without_a_file_nothing_is_asked_of_brokers_but_their_address() -> None:
    access = access_from(None, {"BITACORA_KAFKA_PASSWORD": SECRET})
    assert access == Access() and access.context() is None
    settings = client_settings(Brokers("kafka:9092"))
    assert settings["bootstrap.servers"] == "kafka:9092" and "security.protocol" not in settings


def test_files_are_looked_for_beside_the_one_that_names_them(folder: Path) -> None:
    lines = ["# over TLS", "security.protocol = ssl", "", "ssl.ca.location = ca.pem", f"ssl.key.location={folder}/client.key",
             "ssl.certificate.location = client.pem", f"ssl.key.password = {KEY_PASSWORD}"]  # fmt: skip
    access = access_from(written(folder, lines), {})
    settings = client_settings(Brokers("kafka:9093", access))
    assert settings["security.protocol"] == "SSL"
    assert settings["ssl.ca.location"] == str(folder / "ca.pem")
    assert settings["ssl.key.location"] == str(folder / "client.key")
    context = access.context()
    assert context is not None and context.check_hostname


def test_a_password_comes_from_the_environment_unless_the_file_has_one(tmp_path: Path) -> None:
    environment = {"BITACORA_KAFKA_PASSWORD": "another"}
    assert access_from(written(tmp_path, BY_PASSWORD), environment).settings["sasl.password"] == "another"
    lines = [*BY_PASSWORD, f"sasl.password={SECRET}"]
    assert access_from(written(tmp_path, lines), environment).settings["sasl.password"] == SECRET


def test_what_is_shown_of_it_holds_no_password(tmp_path: Path) -> None:
    brokers = Brokers("kafka:9092", access_from(written(tmp_path, [*BY_PASSWORD, f"sasl.password={SECRET}"]), {}))
    assert str(brokers) == "kafka:9092"
    assert "sasl.password" in repr(brokers) and SECRET not in repr(brokers)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["sasl.password"], "line 1: it is not NAME=VALUE"),
        (["", "sasl.username="], "line 2: it is not NAME=VALUE"),
        (["ssl.ca.locations=ca.pem"], "there is no setting ssl.ca.locations; there are: security.protocol, ssl.ca.location"),
        (["security.protocol=TLS"], "security.protocol=TLS must be one of: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL"),
        ([*BY_PASSWORD[:1], "sasl.mechanism=GSSAPI"], "sasl.mechanism=GSSAPI must be one of: PLAIN, SCRAM-SHA-256, "),
        (BY_PASSWORD[1:], "sasl.mechanism is for security.protocol=SASL_SSL, SASL_PLAINTEXT; here it is PLAINTEXT"),
        ([*BY_PASSWORD, "ssl.ca.location=ca.pem"],
         "ssl.ca.location is for security.protocol=SSL, SASL_SSL; here it is SASL_PLAINTEXT"),
        (BY_PASSWORD, "sasl.password is missing, and BITACORA_KAFKA_PASSWORD is not set"),
        (BY_PASSWORD[:2], "sasl.username is missing"),
        (["security.protocol=SSL", "ssl.certificate.location=client.pem"], "ssl.key.location is missing"),
        (["security.protocol=SSL", "ssl.ca.location=nowhere.pem"], "ssl.ca.location: there is no file"),
        (["security.protocol=SSL", "ssl.ca.location=kafka.properties"], "certificates and key cannot be used: "),
        (["security.protocol=SSL", "ssl.certificate.location=client.pem", "ssl.key.location=client.key"],
         "certificates and key cannot be used: "),
        (["security.protocol=SSL", "ssl.certificate.location=client.pem", "ssl.key.location=client.key",
          "ssl.key.password=another"], "certificates and key cannot be used: "),
    ],
)  # fmt: skip
def test_what_would_not_work_is_refused_with_what_would(lines: list[str], said: str, folder: Path) -> None:
    path = written(folder, lines)
    with pytest.raises(Unusable) as refused:
        access_from(path, {})
    assert str(refused.value).startswith(str(path)) and said in str(refused.value)


def test_a_password_on_a_line_that_is_not_understood_is_not_repeated(tmp_path: Path) -> None:
    for line in (f"sasl.password {SECRET}", f"sasl.pasword={SECRET}", f"= {SECRET}"):
        with pytest.raises(Unusable) as refused:
            access_from(written(tmp_path, [line]), {})
        assert SECRET not in str(refused.value)


def test_it_is_refused_in_spanish_too(tmp_path: Path) -> None:
    with pytest.raises(Unusable) as refused:
        access_from(written(tmp_path, BY_PASSWORD), {})
    try:
        speak("es")
        assert worded(refused.value).endswith("falta sasl.password, y BITACORA_KAFKA_PASSWORD no está definida")
    finally:
        speak("en")
