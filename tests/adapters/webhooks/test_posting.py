"""What a message meets on its way: addresses that nothing may be posted to, redirects, proxies, certificates, slow answers."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from adapters.mapper import LedgerError
from adapters.webhooks.posting import Outcome, Poster
from adapters.webhooks.reaching import is_allowed
from adapters.webhooks.signing import secret_text, signed
from adapters.webhooks.subscriptions import Unfit, check_url, is_loopback
from tests.adapters.webhooks.receiver import Receiver

SECRET = b"0123456789abcdef0123456789abcdef"
BODY = b'{"specversion":"1.0","sequence":"1","subject":"ticket:T-1"}'


def posted(url: str, *, is_private: bool = True, seconds: float = 2.0) -> Outcome:
    async def post() -> Outcome:
        async with Poster(url, SECRET, is_private=is_private, request_seconds=seconds, at_once=1) as poster:
            return await poster.post("message-1", BODY, datetime.now(UTC))

    return asyncio.run(post())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        receiver.secret = secret_text(SECRET)
        yield receiver


@contextmanager
def speaking(*said: bytes, pause_seconds: float = 0, context: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that reads a request and then says these, whatever it was asked; host and port."""
    listening = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
                with context.wrap_socket(connection, server_side=True) if context else connection as it:
                    it.recv(65_536)
                    for part in said:
                        it.sendall(part)
                        ended.wait(pause_seconds)
            except OSError:
                continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"127.0.0.1:{listening.getsockname()[1]}"
    ended.set()
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


OUTSIDE = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
INSIDE = ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fc00::1", "::ffff:10.0.0.1",
          "64:ff9b::a00:1", "2002:a00:1::1"]  # fmt: skip
NEVER = ["169.254.169.254", "fe80::1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::", "ff02::1", "::ffff:169.254.169.254"]


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_may_be_posted_to(address: str) -> None:
    assert is_allowed(ip_address(address), is_private=False)


@pytest.mark.parametrize("address", INSIDE)
def test_the_private_network_may_be_posted_to_only_if_that_is_said(address: str) -> None:
    assert not is_allowed(ip_address(address), is_private=False)
    assert is_allowed(ip_address(address), is_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_addresses_of_metadata_and_groups_are_never_posted_to(address: str) -> None:
    assert not is_allowed(ip_address(address), is_private=True)


@pytest.mark.parametrize(
    "url",
    ["", "hook", "ftp://example.com/", "https://", "https:///hook", "https://user:secret@example.com/", "https://example.com/#x",
     "http://example.com/hook", "http://10.0.0.1/hook", "https://example.com:0/", "https://example.com:99999/",
     "https://example.com/" + "x" * 2_000, "https://example.com/\n", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_safe_address_is_refused_whoever_asks(url: str) -> None:
    with pytest.raises(LedgerError):
        check_url(url, is_private=True)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://[::1]/hook",
                                 "https://[::ffff:10.0.0.1]/", "https://169.254.169.254/latest"])  # fmt: skip
def test_an_address_of_the_private_network_is_refused_unless_that_is_said(url: str) -> None:
    with pytest.raises(LedgerError, match="private network"):
        check_url(url, is_private=False)
    check_url(url, is_private=True)


@pytest.mark.parametrize("url", ["https://example.com/hook?x=1", "https://example.com:8443/", "https://93.184.216.34/"])
def test_an_address_outside_over_https_is_taken(url: str) -> None:
    check_url(url, is_private=False)


hosts = st.one_of(
    st.text(max_size=20), st.from_regex(r"(xn--)?[a-z0-9.-]{0,20}", fullmatch=True), st.ip_addresses(v=4).map(str),
    st.ip_addresses(v=6).map(lambda it: f"[{it}]"),
)  # fmt: skip


@given(st.sampled_from(["https://", "http://", "HTTPS://", "//", ""]), hosts, st.text(max_size=10), st.booleans())
@example("https://", "xn--a-.com", "", True)
@example("https://", "[::1", "", True)
def test_whatever_is_written_is_either_an_address_or_said_to_be_none(
    scheme: str, host: str, rest: str, is_private: bool
) -> None:
    text = f"{scheme}{host}{rest}"
    try:
        check_url(text, is_private=is_private)
    except Unfit as unfit:
        assert unfit.field == "url"
    else:
        assert text.lower().startswith("https://") or is_loopback(text)


def test_a_name_that_leads_into_the_private_network_is_not_posted_to(receiver: Receiver) -> None:
    url = receiver.url.replace("127.0.0.1", "localhost")
    assert posted(url, is_private=False) == Outcome(None, "address")
    assert receiver.received == []
    assert posted(url) == Outcome(204, None)
    (it,) = receiver.received
    assert it.headers["host"] == url.removeprefix("http://").removesuffix("/hook")


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with Receiver(lambda _: (307, {"Location": receiver.url})) as elsewhere:
        elsewhere.secret = receiver.secret
        assert posted(elsewhere.url) == Outcome(307, "http-307")
    assert receiver.received == []


def test_no_cookie_of_a_receiver_is_kept() -> None:
    with Receiver(lambda _: (200, {"Set-Cookie": "mine=1; Path=/"})) as receiver:
        receiver.secret = secret_text(SECRET)

        async def twice() -> None:
            async with Poster(receiver.url, SECRET, is_private=True, request_seconds=2, at_once=1) as poster:
                for _ in range(2):
                    assert (await poster.post("message-1", BODY, datetime.now(UTC))).is_taken

        asyncio.run(twice())
    assert len(receiver.received) == 2
    assert not any("cookie" in it.headers for it in receiver.received)


def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert posted(receiver.url).is_taken


def test_nobody_there_no_such_name_and_no_answer_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert posted(f"http://127.0.0.1:{port}/").problem == "connection"
    assert posted("https://no-such-name.invalid/").problem == "name"
    with speaking(b"") as place:
        assert posted(f"http://{place}/").problem == "connection"
    with speaking(b"nonsense\r\n\r\n") as place:
        assert posted(f"http://{place}/").problem == "connection"


def test_an_answer_that_comes_drop_by_drop_is_not_waited_for() -> None:
    drops = [b"HTTP/1.1 200 OK\r\n", *(b"X-%d: x\r\n" % number for number in range(100))]
    with speaking(*drops, pause_seconds=0.1) as place:
        assert posted(f"http://{place}/", seconds=0.5) == Outcome(None, "timeout")


def test_an_answer_without_end_is_left(receiver: Receiver) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    with speaking(head, *([b"10000\r\n" + b"x" * 65_536 + b"\r\n"] * 50)) as place:
        assert posted(f"http://{place}/") == Outcome(200, None)


def test_the_time_a_receiver_asks_for_is_read_in_both_its_forms() -> None:
    def asked(status: int, value: str) -> int:
        with speaking(b"HTTP/1.1 %d No\r\nRetry-After: %b\r\nContent-Length: 0\r\n\r\n" % (status, value.encode())) as place:
            return posted(f"http://{place}/").retry_after_seconds

    assert asked(429, "120") == asked(503, "120") == 120
    assert asked(500, "120") == asked(429, "soon") == asked(429, "-5") == 0
    assert asked(429, "999999999") == 86_400
    in_an_hour = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3_500 < asked(503, in_an_hour) <= 3_600
    assert asked(503, "Thu, 01 Jan 1970 00:00:00 GMT") == 0


def test_the_signature_is_that_of_the_package_for_receivers() -> None:
    now = datetime.now(UTC)
    headers = signed(SECRET, "message-1", int(now.timestamp()), BODY)
    assert headers["webhook-signature"] == Webhook(secret_text(SECRET)).sign("message-1", now, BODY.decode())
    assert Webhook(secret_text(SECRET)).verify(BODY, headers)["subject"] == "ticket:T-1"


def certified(folder: Path, name: str) -> Path:
    """A certificate of that name, and its key, which nobody but itself has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("name", "is_known", "problem"),
    [("localhost", True, None), ("localhost", False, "tls"), ("elsewhere.example", True, "tls")],
)
def test_a_certificate_must_hold_for_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, is_known: bool, problem: str | None
) -> None:
    path = certified(tmp_path, name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    if is_known:
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
    with speaking(b"HTTP/1.1 204 No Content\r\n\r\n", context=context) as place:
        assert posted(f"https://localhost:{place.rpartition(':')[2]}/").problem == problem


def test_no_attempt_takes_longer_than_it_may() -> None:
    began = time.monotonic()
    with Receiver(lambda _: threading.Event()) as hanging:
        hanging.secret = secret_text(SECRET)
        assert posted(hanging.url, seconds=0.3) == Outcome(None, "timeout")
    assert time.monotonic() - began < 30
