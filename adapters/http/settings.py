"""What a server may be told: where it listens, how much it lets through, and what it signs with.

Values only, with their limits. Where they are read from is in `configuring`.
"""

from typing import Annotated

from msgspec import Meta, Struct

from adapters.proofs.checkpointing import AT_MOST_SECONDS, EVERY_ENTRIES
from adapters.settings import DEFAULT_LEDGER

MIB = 1024 * 1024
Port = Annotated[int, Meta(ge=0, le=65_535)]
Some = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class ServerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of one server. Sizes in bytes, times in whole seconds, rates a minute."""

    ledger: str = DEFAULT_LEDGER
    keys: str | None = None
    host: str = "127.0.0.1"
    port: Port = 8750
    trusted_proxies: str = ""
    """The addresses, separated by commas, whose word is taken for the client's address and for https."""
    threads: Annotated[int, Meta(ge=1, le=1_000)] = 12
    """So many questions are worked on at a time; others wait."""
    most_body_bytes: Annotated[int, Meta(ge=1_024, le=1_024 * MIB)] = 16 * MIB
    requests_a_minute: Some = 3_000
    """Of one token; and what comes without one, of one address."""
    failures_a_minute: Some = 20
    """So many tokens that do not hold are looked at, of one address."""
    session_seconds: Some = 12 * 3_600
    session_key: Annotated[str, Meta(min_length=32)] | None = None
    """A secret that seals the sessions of the page: the same for all servers that take each other's. One of this server's own,
    as long as it runs, by default."""
    most_streams: Some = 2_000
    """So many read the live stream at a time; whoever comes then is told to come again."""
    heartbeat_seconds: Annotated[int, Meta(ge=1, le=300)] = 15
    sending_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 30
    """How long is waited for the head of a request, and for each part of its body, to come."""
    stop_seconds: Annotated[int, Meta(ge=1, le=3_600)] = 20
    """How long requests under way may take to end when the server is stopped."""
    signing_key: str | None = None
    """A private key of `bitacora key new`: with it the server signs checkpoints."""
    checkpoint_entries: Some = EVERY_ENTRIES
    checkpoint_seconds: Some = AT_MOST_SECONDS
    deliver_webhooks: bool = False
    """Whether this server posts to the webhooks too, as `bitacora webhooks deliver` does."""
    webhooks_private: bool = False
    """Whether integrators may have entries posted into the network that this server stands in."""
