"""The application: a ledger, and how it may be asked, put together out of the routes. Nothing listens here: see `serving`."""

from collections.abc import Sequence
from typing import Any

from anyio import to_thread
from litestar import Litestar
from litestar.config.compression import CompressionConfig
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from adapters.access.places import Access, access_of
from adapters.access.tokens import Tokens
from adapters.http.callers import Credentials, calling, guard
from adapters.http.entrance import Entrance
from adapters.http.problems import respond
from adapters.http.protection import protect
from adapters.http.routes import ROUTES
from adapters.http.sessions import Sessions
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger

_COMPRESSED_BYTES, _LEVEL = 600, 6
PLAIN = "is_never_compressed"
"""The `opt` of a route whose answer must not wait for a compressor to have enough: a stream."""


def application(
    ledger: Ledger,
    settings: ServerSettings,
    *,
    access: Access | None = None,
    routes: Sequence[ControllerRouterHandler] = ROUTES,
) -> Litestar:
    """The application that serves a ledger. `access` are the tokens it knows, those beside the ledger by default. Handlers are
    given, by name: `caller` (None where nobody needs to be), `ledger`, `settings`, `sessions`, `entrance`."""
    access = access or access_of(ledger.url)
    credentials, sessions = Credentials(Tokens(access)), Sessions(settings.session_seconds)
    entrance = Entrance(credentials, sessions, settings)
    known: dict[str, Any] = {"ledger": ledger, "settings": settings, "sessions": sessions, "entrance": entrance}

    async def begin(_: Litestar) -> None:
        # The threads in which the ledger is asked: whoever comes when all are busy waits.
        to_thread.current_default_thread_limiter().total_tokens = settings.threads

    return Litestar(
        route_handlers=list(routes),
        dependencies={name: Provide(_always(it), sync_to_thread=False) for name, it in known.items()}
        | {"caller": Provide(_caller, sync_to_thread=False)},
        guards=[guard],
        middleware=[entrance],
        exception_handlers={Exception: respond},
        before_send=[protect],
        on_startup=[begin],
        on_shutdown=[access.close],
        compression_config=CompressionConfig("gzip", minimum_size=_COMPRESSED_BYTES, gzip_compress_level=_LEVEL,
                                             exclude_opt_key=PLAIN),
        request_max_body_size=settings.most_body_bytes,
        openapi_config=None,
        logging_config=None,
    )  # fmt: skip


def _always(value: Any) -> Any:
    def provided() -> Any:
        return value

    return provided


def _caller(request: Any) -> Any:
    return calling(request)
