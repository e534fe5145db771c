"""How the server is: what whoever operates it asks. Nothing of the ledger's contents is told to who shows no token."""

from contextlib import closing
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Response
from prometheus_client import generate_latest

from adapters.access.tokens import Role
from adapters.accounts.places import accounts_of
from adapters.accounts.rows import AccountRows
from adapters.accounts.versions import Versions
from adapters.http.callers import Caller
from adapters.http.following import Following
from adapters.http.metrics import Metrics
from adapters.http.schemas import Health, Me, Parked, Ready, StoredAccounts
from adapters.http.telling import JSON, Answer, asks
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.proofs.checkpointing import Checkpointing
from adapters.proofs.tree import TreeRows
from adapters.webhooks.places import place_of
from adapters.webhooks.webhooks import Webhook, Webhooks
from domain.refusal import said

_TEXT = "text/plain"
_FIGURES = "text/plain; version=0.0.4"
_PARKED = Parked("ticket:T-1001", "acme", 421, "no terms are known", "2026-03-02T15:00:00Z", 1)
_EVERYBODY: tuple[Role, ...] = ("recorder", "reader", "auditor", "integrator", "client")


@asks("/health", "health", "Whether the server answers at all.", Answer(JSON, Health, "It does.", {"status": "alive"}),
      roles=None, tag="operation")  # fmt: skip
async def health() -> Health:
    """Answers."""
    return Health("alive")


@asks("/ready", "ready", "Whether the server can do its work. How far it is behind is told to who may see everything.",
      Answer(JSON, Ready, "It can.", {"status": "ready", "checks": {"ledger": "ok", "stream": "ok"}}),
      Answer(JSON, Ready, "It cannot.", {"status": "not ready", "checks": {"ledger": "failed"}}, 503), roles=None,
      tag="operation")  # fmt: skip
async def ready(caller: Caller | None, ledger: Ledger, following: Following) -> Response[Ready]:
    """Asks the ledger for its head, and what follows it how far it is."""
    tells = caller is not None and caller.role in ("reader", "auditor", "admin")
    if following.is_over:
        return Response(Ready("not ready", {"stream": "stopping"}), status_code=503)
    checks = await to_thread.run_sync(partial(_checked, ledger, following, tells=tells))
    is_ready = "failed" not in checks.values()
    return Response(Ready("ready" if is_ready else "not ready", checks), status_code=200 if is_ready else 503)


def _checked(ledger: Ledger, following: Following, *, tells: bool) -> dict[str, str]:
    try:
        with ledger.reading(said("asking for the last position")) as plain:
            head, signed = plain.head(), TreeRows.of(plain).last_checkpoint()
        accounts = [head - it.position for it in kept_accounts(ledger) if it.state == "active"]
    except LedgerError:
        return {"ledger": "failed"}
    lags = {"stream": head - following.head, "signed": None if signed is None else head - signed.size,
            "accounts": accounts[0] if accounts else None}  # fmt: skip
    if not tells:
        return {"ledger": "ok", "stream": "ok"}
    behind = {name: "none" if lag is None else f"{max(0, lag)} behind" for name, lag in lags.items()}
    return {"ledger": f"ok, position {head}", **behind}


@asks("/metrics", "metrics", "Figures for Prometheus.", Answer(_TEXT, str, "The figures.", "bitacora_position 2971.0\n"),
      roles=("reader",), tag="operation")  # fmt: skip
def get_metrics(ledger: Ledger, following: Following, metrics: Metrics) -> Response[bytes]:
    """Answers what is counted, and where the ledger and what follows it are."""
    with ledger.reading(said("asking for the last position")) as plain:
        head, signed = plain.head(), TreeRows.of(plain).last_checkpoint()
    metrics.look(head, 0 if signed is None else signed.size, following.readers,
                 next((it.position for it in kept_accounts(ledger) if it.state == "active"), None))  # fmt: skip
    metrics.look_at_webhooks(_webhooks(ledger))
    return Response(generate_latest(metrics.registry), media_type=_FIGURES)


def _webhooks(ledger: Ledger) -> list[Webhook]:
    with closing(place_of(ledger.url)) as place:
        try:
            return Webhooks(ledger, place).all()
        except LedgerError:
            # A server whose database lets it read entries only has no figures of them, and all the others.
            return []


@asks("/v1/me", "whoAmI", "Who the bearer of the token is here.",
      Answer(JSON, Me, "The bearer.", {"name": "mail-gateway", "role": "recorder", "client": None}), roles=_EVERYBODY,
      tag="operation")  # fmt: skip
async def who_am_i(caller: Caller) -> Me:
    """Answers name, role and client."""
    return Me(caller.name, caller.role, caller.client)


@asks("/v1/accounts", "listAccounts", "The stored accounts: their versions, and how far they are behind.",
      Answer(JSON, list[StoredAccounts], "The versions; none if nobody follows."), roles=("reader", "auditor"),
      tag="operation")  # fmt: skip
def list_accounts(ledger: Ledger) -> list[StoredAccounts]:
    """Answers what `bitacora accounts --format json` prints."""
    return kept_accounts(ledger)


@asks("/v1/accounts/parked", "listParked", "What is parked in the stored accounts: tickets and others with an entry that could "
      "not be processed; their rows stay as they were.", Answer(JSON, list[Parked], "What is parked.", [_PARKED]),
      roles=("reader", "auditor"), tag="operation")  # fmt: skip
def list_parked(ledger: Ledger) -> list[Parked]:
    """Answers what `bitacora accounts --parked --format json` prints."""
    with closing(accounts_of(ledger.url)) as accounts:
        if not accounts.exists():
            return []
        with accounts.reading() as session:
            active = next((it.number for it in Versions(session).all() if it.state == "active"), None)
            return [] if active is None else msgspec.convert(AccountRows(session, active).parked(), list[Parked])


def kept_accounts(ledger: Ledger) -> list[StoredAccounts]:
    """The versions of the stored accounts there are."""
    with closing(accounts_of(ledger.url)) as accounts:
        if not accounts.exists():
            return []
        with accounts.reading() as session:
            versions = Versions(session).all()
            parked = {it.number: len(AccountRows(session, it.number).parked()) for it in versions if it.state == "active"}
    head = ledger.head()
    return [
        StoredAccounts(
            it.number, it.definition, it.state, it.position, head - it.position, it.begun_at, parked.get(it.number, 0)
        )
        for it in versions
    ]


async def signing(checkpointing: Checkpointing, pause: Any, tell: Any) -> None:
    """Signs what becomes due, again and again, until cancelled. What fails is told, and tried again."""
    while True:
        await pause()
        try:
            await to_thread.run_sync(checkpointing.look)
        except (LedgerError, OSError) as error:
            tell(error)
