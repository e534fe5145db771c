"""Kafka's brokers, and how they are reached: encrypted or not, as whom. Said once, in a file of a few settings under the names
that librdkafka has for them, and told to both libraries alike. A password stands in the file, or in BITACORA_KAFKA_PASSWORD;
never on a command line, and never in a message of ours.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from adapters.settings import KAFKA_PASSWORD_VARIABLE
from domain.refusal import Sayable, said

_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_FILES = ("ssl.ca.location", "ssl.certificate.location", "ssl.key.location")
_KNOWN = ("security.protocol", *_FILES, "ssl.key.password", "sasl.mechanism", "sasl.username", "sasl.password")
_NEEDED = ("sasl.mechanism", "sasl.username", "sasl.password")


class Unusable(Sayable):
    """A file of settings does not say how to reach the brokers: which line or setting is wrong, and what would be accepted."""


class Access(Struct, frozen=True):
    """Settings by their names, complete and sound; none for brokers that ask for nothing."""

    settings: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"Access({', '.join(self.settings)})"

    @property
    def protocol(self) -> str:
        """One of Kafka's four."""
        return self.settings.get("security.protocol", "PLAINTEXT")

    @property
    def is_encrypted(self) -> bool:
        """Whether it goes over TLS."""
        return self.protocol.endswith("SSL")

    @property
    def says_who(self) -> bool:
        """Whether a user name and a password are given."""
        return self.protocol.startswith("SASL")

    def context(self) -> ssl.SSLContext | None:
        """For a library that takes Python's TLS; None if there is none. OSError if a certificate or key cannot be used."""
        if not self.is_encrypted:
            return None
        context = ssl.create_default_context(cafile=self.settings.get("ssl.ca.location"))
        if certificate := self.settings.get("ssl.certificate.location"):
            # Without a password, a key that has one must not have it asked for on the terminal.
            password = self.settings.get("ssl.key.password", "")
            context.load_cert_chain(certificate, self.settings["ssl.key.location"], lambda: password)
        return context


class Brokers(Struct, frozen=True):
    """Brokers of one Kafka: host:port, more after commas; and how they are reached."""

    addresses: str
    access: Access = Access()

    def __str__(self) -> str:
        return self.addresses


def client_settings(brokers: Brokers) -> dict[str, Any]:
    """What every client of librdkafka is told. Of what it would complain about by itself, on standard error, we tell what
    matters."""
    common = {"log_level": 0, "reconnect.backoff.max.ms": 2_000, "socket.timeout.ms": 10_000}
    return {"bootstrap.servers": brokers.addresses, **common, **brokers.access.settings}


def access_from(path: Path | None, environment: Mapping[str, str]) -> Access:
    """How to reach the brokers, by a file of settings, `name=value` a line and # before what is for people; None: without any.
    Files that it names are looked for beside it. Unusable if it says nothing that would work; OSError if it cannot be read."""
    if path is None:
        return Access()
    found = _read(path)
    for name in _FILES:
        if name in found:
            found[name] = str(path.parent / found[name])
    password = environment.get(KAFKA_PASSWORD_VARIABLE)
    if "sasl.username" in found and password:
        found.setdefault("sasl.password", password)
    access = Access({"security.protocol": "PLAINTEXT", **found})
    _check(path, access)
    return access


def _read(path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = (it.strip() for it in line.partition("="))
        # What stands there may be a password: only names are repeated.
        if not equals or not value:
            raise Unusable(said("{file}, line {line}: it is not NAME=VALUE"), file=path, line=number)
        if name not in _KNOWN:
            raise Unusable(said("{file}, line {line}: there is no setting {name}; there are: {known}"),
                           file=path, line=number, name=name, known=", ".join(_KNOWN))  # fmt: skip
        found[name] = value.upper() if name in ("security.protocol", "sasl.mechanism") else value
    return found


def _check(path: Path, access: Access) -> None:
    settings = access.settings
    for name, allowed in (("security.protocol", _PROTOCOLS), ("sasl.mechanism", _MECHANISMS)):
        if name in settings and settings[name] not in allowed:
            raise Unusable(said("{file}: {name}={value} must be one of: {allowed}"),
                           file=path, name=name, value=settings[name], allowed=", ".join(allowed))  # fmt: skip
    for prefix, is_used, protocols in (("ssl.", access.is_encrypted, "SSL, SASL_SSL"),
                                       ("sasl.", access.says_who, "SASL_SSL, SASL_PLAINTEXT")):  # fmt: skip
        idle = sorted(it for it in settings if it.startswith(prefix) and not is_used)
        if idle:
            raise Unusable(said("{file}: {name} is for security.protocol={allowed}; here it is {value}"),
                           file=path, name=idle[0], allowed=protocols, value=access.protocol)  # fmt: skip
    _check_whole(path, access)
    try:
        access.context()
    except OSError as error:
        # An error of OpenSSL says what is wrong with a certificate or key, and quotes neither.
        raise Unusable(said("{file}: certificates and key cannot be used: {problem}"),
                       file=path, problem=error.strerror or str(error)) from None  # fmt: skip


def _check_whole(path: Path, access: Access) -> None:
    settings = access.settings
    needed = _NEEDED if access.says_who else ()
    pair = ("ssl.certificate.location", "ssl.key.location")
    if any(it in settings for it in (*pair, "ssl.key.password")):
        needed = (*needed, *pair)
    for name in needed:
        if name == "sasl.password" and name not in settings:
            raise Unusable(said("{file}: sasl.password is missing, and {variable} is not set"),
                           file=path, variable=KAFKA_PASSWORD_VARIABLE)  # fmt: skip
        if name not in settings:
            raise Unusable(said("{file}: {name} is missing"), file=path, name=name)
    for name in _FILES:
        if name in settings and not Path(settings[name]).is_file():
            raise Unusable(said("{file}: {name}: there is no file {value}"), file=path, name=name, value=settings[name])
