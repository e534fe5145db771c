"""The server: the application on a port, until it is told to stop. Requests under way are then finished, readers of the live
stream are told, and nothing new is taken."""

import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import uvicorn

from adapters.http.application import application
from adapters.http.following import Following
from adapters.http.heads import Heads
from adapters.http.metrics import Metrics
from adapters.http.observing import Observed, log_as_json
from adapters.http.sending import patient_for
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger

_KEEP_ALIVE_SECONDS = 30
_WAITING = 2_048
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(ledger: Ledger, settings: ServerSettings, began: Callable[[str], None]) -> None:
    """Serves until a signal (SIGINT, SIGTERM) comes; `began` is told the address once it is listened on. OSError if it
    cannot be."""
    log_as_json(sys.stderr)
    following, metrics = Following(ledger), Metrics()
    app: Any = Observed(Heads(application(ledger, settings, following=following, metrics=metrics)), metrics)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=patient_for(settings.sending_seconds),
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=_WAITING,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.stop_seconds,
        lifespan="on",
    )
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.create_server((settings.host, settings.port), family=family, backlog=_WAITING) as listening:
        # Inherited by every connection. The loop would not do it for a socket that it did not make, and an answer of two parts
        # would then wait 40 ms for the client's acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _Server(config, following, began).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Tells the readers of the live stream that it stops, since they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, following: Following, began: Callable[[str], None]) -> None:
        super().__init__(config)
        self._following, self._began = following, began

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """See `uvicorn.Server.startup`."""
        await super().startup(sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            self._began(f"http://{f'[{host}]' if ':' in host else host}:{port}")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See `uvicorn.Server.capture_signals`; having stopped as it was told to, it does not raise the signal again."""
        before = {it: signal.signal(it, self._stop) for it in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self._following.end()
        self.handle_exit(number, frame)
