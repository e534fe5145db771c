"""A broker that asks for encryption and for who one is: over TLS with a client's certificate, and over TLS with a password. Its
authority, certificates and users are made for the test.
"""

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from dev.kafka.broker import own_broker

USER, PASSWORD, KEY_PASSWORD = "barco", "a-word-of-passage", "a-word-for-the-key"
_PASSWORDS = "listener.name.password"
_MORE = f"""
listeners=PLAINTEXT://127.0.0.1:{{port}},CERTIFICATE://127.0.0.1:CERTIFICATE_PORT,PASSWORD://127.0.0.1:PASSWORD_PORT,CONTROLLER://127.0.0.1:{{controller}}
advertised.listeners=PLAINTEXT://127.0.0.1:{{port}},CERTIFICATE://127.0.0.1:CERTIFICATE_PORT,PASSWORD://127.0.0.1:PASSWORD_PORT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,CERTIFICATE:SSL,PASSWORD:SASL_SSL
ssl.keystore.type=PEM
ssl.keystore.location=FOLDER/broker.pem
ssl.truststore.type=PEM
ssl.truststore.location=FOLDER/ca.pem
listener.name.certificate.ssl.client.auth=required
{_PASSWORDS}.sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
{_PASSWORDS}.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
{_PASSWORDS}.scram-sha-256.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
{_PASSWORDS}.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
"""


class Secured:
    """Where it listens, and the folder of what a client needs to be let in."""

    def __init__(self, folder: Path, by_certificate: str, by_password: str) -> None:
        self.folder = folder
        self.by_certificate, self.by_password = by_certificate, by_password

    def config(self, name: str, *lines: str) -> Path:
        """A file of settings beside the certificates."""
        path = self.folder / name
        path.write_text("# how we are let in\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path


@contextmanager
def secured_broker(folder: Path) -> Iterator[Secured]:
    """Such a broker, as long as this lasts."""
    make_certificates(folder)
    by_certificate, by_password = _free_ports()
    more = _MORE.replace("FOLDER", str(folder)).replace("CERTIFICATE_PORT", str(by_certificate))
    with own_broker(more.replace("PASSWORD_PORT", str(by_password))) as broker:
        _make_users(broker.address)
        yield Secured(folder, f"127.0.0.1:{by_certificate}", f"127.0.0.1:{by_password}")


def make_certificates(folder: Path) -> None:
    """An authority, and another that nobody trusts; a broker's certificate, and a client's with a key that has a password."""
    authority, its_key = _made("authority", None, None)
    _write(folder / "ca.pem", authority)
    _write(folder / "other-ca.pem", _made("another authority", None, None)[0])
    certificate, key = _made("broker", authority, its_key)
    _write(folder / "broker.pem", certificate, key)
    certificate, key = _made("client", authority, its_key)
    _write(folder / "client.pem", certificate)
    (folder / "client.key").write_bytes(_pem(key, BestAvailableEncryption(KEY_PASSWORD.encode())))


def _made(
    name: str, issuer: x509.Certificate | None, issuer_key: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer is None:
        builder = builder.add_extension(_signs(), critical=True)
    return builder.sign(issuer_key or key, hashes.SHA256()), key


def _signs() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _write(path: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey | None = None) -> None:
    own = b"" if key is None else _pem(key, NoEncryption())
    path.write_bytes(own + certificate.public_bytes(Encoding.PEM))


def _pem(key: ec.EllipticCurvePrivateKey, encryption: KeySerializationEncryption) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


def _make_users(address: str) -> None:
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    # A broker takes no two of one user at a time.
    for it in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        made = UserScramCredentialUpsertion(USER, ScramCredentialInfo(it, 4096), PASSWORD.encode())
        admin.alter_user_scram_credentials([made])[USER].result()


def _free_ports() -> list[int]:
    with ExitStack() as open_until:
        return [open_until.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(2)]
