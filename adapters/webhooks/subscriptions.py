"""A subscription: where entries are posted, which ones, how far that has come; and the queue of a stream that waits.

Values, and what an address must be like to be one. Where they are kept is in `places`; nothing here connects to anything.
"""

from ipaddress import ip_address
from typing import Literal

import httpx
from msgspec import Struct

from adapters.mapper import LedgerError
from adapters.webhooks.reaching import is_allowed
from domain.refusal import said

MOST_URL_LENGTH = 2_000
_LOOPBACK_NAME = "localhost"
_LAST_PORT = 65_535

SubscriptionState = Literal["active", "gone"]
QueueState = Literal["waiting", "dead"]


class Wanted(Struct, frozen=True, kw_only=True):
    """Which entries: those of any of these types, clients and tickets; empty: of all. What belongs to no client (the desk's
    entries, terms) goes to nobody who asked for clients, and to nobody who asked for tickets what is no ticket's."""

    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()


class Subscription(Struct, frozen=True, kw_only=True):
    """Where entries are posted. `owner` is the name of the tokens that it belongs to, None if it was made on the command line;
    `is_private` whether its address may lie in the private network; `salt` (hexadecimal) is what its secret is worked out
    from. Entries up to `position` were looked at: they are delivered, or wait in a queue. `gone`: its receiver said so."""

    id: str
    url: str
    owner: str | None
    wanted: Wanted
    is_private: bool
    salt: str
    state: SubscriptionState
    position: int
    made_at: str


class Queue(Struct, frozen=True, kw_only=True):
    """What of a stream waits for a subscription: its entries wanted after the position `after`, up to the subscription's. Once
    the first was refused: its `position`, since when (RFC 3339, as `due_at`, when it is tried next), how often, and why."""

    webhook: str
    stream: str
    after: int
    state: QueueState = "waiting"
    attempts: int = 0
    position: int | None = None
    since: str | None = None
    due_at: str | None = None
    problem: str | None = None


class Unfit(LedgerError):
    """What is asked for can be no subscription; `field` names what of it is wrong."""

    def __init__(self, template: str, field: str, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field


def check_url(text: str, *, is_private: bool) -> None:
    """Unfit, saying what would be accepted, unless entries may be posted to that address: https, or http on this machine;
    without a password; and `is_private` if it plainly lies in the private network."""
    url = _parsed(text)
    is_text = len(text) <= MOST_URL_LENGTH and text.isprintable()
    is_port = url.port is None or 0 < url.port <= _LAST_PORT
    if not (is_text and is_port and url.raw_host and url.scheme in ("http", "https")):
        template = said("{url} is no address to post to: https://HOST/PATH is expected, in at most {most} characters")
        raise Unfit(template, "url", url=text[:MOST_URL_LENGTH], most=MOST_URL_LENGTH)
    if url.userinfo or url.fragment:
        raise Unfit(said("an address to post to has neither a user nor a fragment: what is posted is signed instead"), "url")
    if url.scheme == "http" and not is_loopback(text):
        raise Unfit(said("{url} is not encrypted: https is needed for any other machine than this one"), "url", url=text)
    if not is_private and _is_plainly_private(_host(url)):
        template = said("{url} lies in the private network: whoever runs the server must allow that, see docs/webhooks.md")
        raise Unfit(template, "url", url=text)


def is_loopback(text: str) -> bool:
    """Whether an address names this machine itself."""
    host = _host(_parsed(text))
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == _LOOPBACK_NAME


def _parsed(text: str) -> httpx.URL:
    """The address, or an empty one if it cannot be read."""
    try:
        return httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        return httpx.URL("")


def _host(url: httpx.URL) -> str:
    """The host as it is asked for: what stands for letters of other alphabets stays as it is written, good or not."""
    return url.raw_host.decode().lower()


def _is_plainly_private(host: str) -> bool:
    """Whether that can be told without asking for the name; the answer is looked at whenever something is posted."""
    try:
        return not is_allowed(ip_address(host), is_private=False)
    except ValueError:
        return host == _LOOPBACK_NAME
