"""The application: a ledger, and how it may be asked, put together out of the routes. Nothing listens here: see `serving`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import structlog
from anyio import to_thread
from litestar import Litestar, Request
from litestar.config.compression import CompressionConfig
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.handlers.base import BaseRouteHandler
from litestar.types import ControllerRouterHandler

from adapters.access.places import Access, access_of
from adapters.access.tokens import Tokens
from adapters.http.answering import Unchanged, unchanged
from adapters.http.asking import Asked, check, read
from adapters.http.callers import Credentials, calling, guard, roles_of
from adapters.http.compressing import Negotiated, Zstd
from adapters.http.delivering import Delivering
from adapters.http.entrance import Entrance
from adapters.http.following import Following
from adapters.http.heads import tell_methods
from adapters.http.metrics import Metrics
from adapters.http.operating import signing
from adapters.http.protection import protect
from adapters.http.routes import ROUTES
from adapters.http.sessions import Sessions
from adapters.http.settings import ServerSettings
from adapters.http.telling import PLAIN, told_of
from adapters.ledger import Ledger
from adapters.proofs.checkpointing import Cadence, Checkpointing
from adapters.proofs.signing import open_key
from adapters.web.responding import told
from adapters.web.setting import prepare

_COMPRESSED_BYTES, _LEVEL = 600, 6
_SIGNING_PAUSE_SECONDS = 0.5
_log = structlog.get_logger("bitacora.http")


def application(
    ledger: Ledger,
    settings: ServerSettings,
    *,
    access: Access | None = None,
    routes: Sequence[ControllerRouterHandler] = ROUTES,
    following: Following | None = None,
    metrics: Metrics | None = None,
) -> Litestar:
    """The application that serves a ledger. `access` are the tokens it knows, those beside the ledger by default. Handlers are
    given, by name: `caller` (None where nobody needs to be), `asked` (the parameters that the route is told to have), `ledger`,
    `settings`, `signer` (None without a key), `following`, `metrics`, `sessions`, `entrance`, `holding`.

    LedgerError if the key to sign with cannot be read; ImproperlyConfiguredException if a route does not say whom it admits."""
    access, following = access or access_of(ledger.url), following or Following(ledger)
    credentials, sessions = Credentials(Tokens(access)), Sessions(settings.session_seconds, settings.session_key)
    signer = open_key(Path(settings.signing_key)) if settings.signing_key else None
    metrics = metrics or Metrics()
    delivering = Delivering(ledger, settings, metrics) if settings.deliver_webhooks else None
    entrance = Entrance(credentials, sessions, settings, told)
    known: dict[str, Any] = {
        "ledger": ledger, "settings": settings, "signer": signer, "following": following, "metrics": metrics,
        "sessions": sessions, "entrance": entrance, "holding": credentials.still_holds,
    }  # fmt: skip

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        # The threads in which the ledger is asked: whoever comes when all are busy waits.
        to_thread.current_default_thread_limiter().total_tokens = settings.threads
        following.begin()
        tasks = [asyncio.create_task(to_thread.run_sync(prepare))]
        if signer is not None:
            checkpointing = Checkpointing(ledger, signer, Cadence(settings.checkpoint_entries, settings.checkpoint_seconds))
            tasks.append(asyncio.create_task(signing(checkpointing, _pause, _tell)))
        if delivering is not None:
            delivering.begin()
        try:
            yield
        finally:
            if delivering is not None:
                await to_thread.run_sync(delivering.end)
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
            following.end()
            await to_thread.run_sync(following.join)
            access.close()

    made = Litestar(
        route_handlers=list(routes),
        dependencies={name: Provide(_always(it), sync_to_thread=False) for name, it in known.items()}
        | {"caller": Provide(_caller, sync_to_thread=False), "asked": Provide(_asked, sync_to_thread=False)},
        guards=[guard, _known],
        middleware=[entrance],
        exception_handlers={Exception: told, Unchanged: unchanged},
        before_send=[protect, tell_methods],
        lifespan=[running],
        compression_config=CompressionConfig("zstd", middleware_class=Negotiated, compression_facade=Zstd,
                                             minimum_size=_COMPRESSED_BYTES, gzip_compress_level=_LEVEL, exclude_opt_key=PLAIN),
        request_max_body_size=settings.most_body_bytes,
        openapi_config=None,
        logging_config=None,
    )  # fmt: skip
    for handler in (it for route in made.routes for it in getattr(route, "route_handlers", ())):
        roles_of(handler)
    return made


async def _pause() -> None:
    await asyncio.sleep(_SIGNING_PAUSE_SECONDS)


def _tell(error: Exception) -> None:
    _log.error("a checkpoint failed, and will be tried again", problem=str(error))


def _always(value: Any) -> Any:
    def provided() -> Any:
        return value

    return provided


def _caller(request: Request[Any, Any, Any]) -> Any:
    return calling(request)


async def _known(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Misused for a parameter that a route for programs does not have."""
    told = told_of(handler)
    if told is not None and told.roles is not None:
        check(connection, told.parameters)


def _asked(request: Request[Any, Any, Any]) -> Asked:
    told = told_of(request.scope["route_handler"])
    return read(request, told.parameters if told is not None else ())
