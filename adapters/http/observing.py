"""What is seen of every request from outside: an id, one line in the log, and the figures. Never what was asked or
answered, nor anything that opens something: no query, no header, no cookie, no body.
"""

import logging
import re
import secrets
import sys
import time
from typing import Any, TextIO

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from adapters.http.metrics import Metrics

_HEADER = b"x-request-id"
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_BYTES = 8
_QUIET = frozenset({"/health", "/ready", "/metrics"})
"""Asked again and again by machines: not worth a line."""
_log = structlog.get_logger("bitacora.http")


class Observed:
    """An application, seen from outside. A request keeps the id that it comes with (`X-Request-Id`), or is given one;
    the answer carries it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        request = given.decode() if _GIVEN.fullmatch(given) else secrets.token_hex(_BYTES)
        began, seen = time.monotonic(), _Seen()

        async def observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status, seen.seconds = message["status"], time.monotonic() - began
                message["headers"] = [*message["headers"], (_HEADER, request.encode())]
            await send(message)

        with structlog.contextvars.bound_contextvars(request=request):
            self._metrics.under_way.inc()
            try:
                await self._app(scope, receive, observed)
            finally:
                self._metrics.under_way.dec()
                self._tell(scope, seen, time.monotonic() - began)

    def _tell(self, scope: Any, seen: "_Seen", seconds: float) -> None:
        # The template, not the path: what stands in a path may name somebody.
        route, user = scope.get("path_template") or "none", scope.get("user")
        self._metrics.answered(scope["method"], route, seen.status, seen.seconds)
        if route not in _QUIET:
            _log.info("answered", method=scope["method"], route=route, status=seen.status, token=getattr(user, "token", None),
                      name=getattr(user, "name", None), milliseconds=round(seconds * 1_000))  # fmt: skip


class _Seen:
    """The answer, as far as it has come; 499 if whoever asked went away before it began."""

    status = 499
    seconds = 0.0


def log_as_json(out: TextIO = sys.stderr) -> None:
    """From here on, what this process logs is one JSON object a line: ours, and what libraries log from warnings up."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()],
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    # Without tracebacks: what a library says of an error may show what was sent.
    rendered = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _without_traceback,
                    structlog.processors.JSONRenderer()],
    )  # fmt: skip
    handler.setFormatter(rendered)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _without_traceback(_: Any, __: str, said: Any) -> Any:
    error = said.pop("exc_info", None)
    if error:
        said["error"] = type(error[1] if isinstance(error, tuple) else error).__name__
    return said
