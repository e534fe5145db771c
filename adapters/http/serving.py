"""The server: the application on a port, until it is told to stop. Requests under way are then finished, readers of the live
stream are told, and nothing new is taken."""

import uvicorn

from adapters.access.places import access_of
from adapters.http.application import application
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger

_KEEP_ALIVE_SECONDS = 30


def serve(ledger: Ledger, settings: ServerSettings) -> None:
    """Serves until a signal (SIGINT, SIGTERM) comes."""
    app = application(ledger, settings, access=access_of(ledger.url))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.stop_seconds,
        lifespan="on",
    )
    uvicorn.Server(config).run()
