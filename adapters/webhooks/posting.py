"""One message posted to one address, once: signed, within a time, to a machine that may be posted to, and no farther.

Redirects are not followed, proxies of the environment not used; of the answer only the status counts, and what it says about
when to come again. Nothing is raised for what goes wrong outside: it is an outcome.
"""

import asyncio
import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import NamedTuple, Self

import httpx

from adapters.webhooks.reaching import NotAllowed, addresses
from adapters.webhooks.signing import signed

GONE = 410
MEDIA_TYPE = "application/cloudevents+json; charset=utf-8"
_TOO_MANY, _UNAVAILABLE = 429, 503
_CONNECT_SECONDS = 10.0
_IDLE_SECONDS = 2.0
_MOST_ANSWER_BYTES = 64 * 1024
_LONGEST_RETRY_AFTER_SECONDS = 24 * 3_600
_PORTS = {"http": 80, "https": 443}


class Outcome(NamedTuple):
    """What became of it. `problem` is None if it was taken, else `http-STATUS`, `timeout`, `connection`, `tls`, `name`,
    `address` or `entry`; `retry_after_seconds` what the receiver asked for, 0 if nothing."""

    status: int | None
    problem: str | None
    retry_after_seconds: int = 0

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.problem is None


class Poster:
    """Posts to one subscription's address; use it as an asynchronous context manager."""

    def __init__(self, url: str, secret: bytes, *, is_private: bool, request_seconds: float, at_once: int) -> None:
        """`is_private`: also to machines of the private network; an attempt takes `request_seconds` at most; no more than
        `at_once` are under way."""
        self._url = httpx.URL(url)
        self._secret = secret
        self._is_private = is_private
        self._seconds = request_seconds
        self._client = httpx.AsyncClient(
            # The machine's own certificates, or those of SSL_CERT_FILE; no proxy and no password from its surroundings.
            verify=ssl.create_default_context(),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(request_seconds, connect=min(_CONNECT_SECONDS, request_seconds)),
            # Shorter than most servers keep a connection, lest it be closed just when something is sent.
            limits=httpx.Limits(max_connections=at_once, max_keepalive_connections=at_once, keepalive_expiry=_IDLE_SECONDS),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()

    async def post(self, id: str, body: bytes, now: datetime) -> Outcome:
        """Posts a message with that id, signed for the moment `now` (aware)."""
        headers = signed(self._secret, id, int(now.timestamp()), body) | {"content-type": MEDIA_TYPE}
        try:
            async with asyncio.timeout(self._seconds):
                return await self._tried(headers, body, now)
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(None, "timeout")
        except NotAllowed:
            return Outcome(None, "address")
        except httpx.ConnectError as error:
            return Outcome(None, "tls" if isinstance(_origin(error), ssl.SSLError) else "connection")
        except httpx.HTTPError:
            return Outcome(None, "connection")
        except (OSError, UnicodeError):
            return Outcome(None, "name")

    async def _tried(self, headers: dict[str, str], body: bytes, now: datetime) -> Outcome:
        """At each of the machines that the name leads to, until one can be connected to."""
        host = self._url.raw_host.decode()
        port = self._url.port or _PORTS[self._url.scheme]
        found = await addresses(host, port, is_private=self._is_private)
        for address in found[:-1]:
            try:
                return await self._sent(host, address, headers, body, now)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return await self._sent(host, found[-1], headers, body, now)

    async def _sent(self, host: str, address: str, headers: dict[str, str], body: bytes, now: datetime) -> Outcome:
        request = self._client.build_request(
            "POST",
            self._url.copy_with(host=address),
            content=body,
            headers=headers | {"host": self._url.netloc.decode(), "user-agent": "bitacora", "accept": "*/*"},
            # The certificate is that of the name, whatever address it led to.
            extensions={"sni_hostname": host},
        )
        response = await self._client.send(request, stream=True)
        try:
            await _read_little(response)
            return _outcome(response, now)
        finally:
            await response.aclose()


async def _read_little(response: httpx.Response) -> None:
    """Reads a short answer to its end, so that the connection can be used again; leaves a long one."""
    read = 0
    async for chunk in response.aiter_raw():
        read += len(chunk)
        if read > _MOST_ANSWER_BYTES:
            return


def _outcome(response: httpx.Response, now: datetime) -> Outcome:
    status = response.status_code
    if response.is_success:
        return Outcome(status, None)
    asked = response.headers.get("retry-after", "") if status in (_TOO_MANY, _UNAVAILABLE) else ""
    return Outcome(status, f"http-{status}", _retry_after_seconds(asked, now))


def _retry_after_seconds(text: str, now: datetime) -> int:
    """What a header Retry-After asks for, in either of its forms; 0 if it cannot be read."""
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return min(int(text), _LONGEST_RETRY_AFTER_SECONDS)
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return 0
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0, min(int((then - now).total_seconds()), _LONGEST_RETRY_AFTER_SECONDS))


def _origin(error: BaseException) -> BaseException:
    """The first of the errors that one came of."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error
