"""HEAD, for every address that is asked by GET: the same work and the same headers, and no body (RFC 9110, 9.3.2). A live
stream ends with its headers."""

from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

_GET, _HEAD, _ALLOW = "GET", "HEAD", b"allow"
_NOTHING: Any = {"type": "http.response.body", "body": b"", "more_body": False}


class Heads:
    """An application that knows GET, asked by HEAD too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        is_over = False

        async def allowing(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [_with_head(*it) for it in message["headers"]]
            await send(message)

        async def bare(message: Message) -> None:
            nonlocal is_over
            if message["type"] != "http.response.body":
                await allowing(message)
            elif not is_over:
                # After this the server says that the caller has gone, which ends what would have been streamed.
                is_over = True
                await send(_NOTHING)

        asked: Any = scope
        if asked["method"] != _HEAD:
            await self._app(scope, receive, allowing)
            return
        # The scope itself is changed: what was found out about the request is read from it afterwards.
        asked["method"] = _GET
        try:
            await self._app(scope, receive, bare)
        finally:
            asked["method"] = _HEAD


async def tell_methods(message: Message, scope: Scope) -> None:
    """Says in the answer to OPTIONS every method that an address has: the framework forgets those added to a path it knew."""
    asked: Any = scope
    if message["type"] != "http.response.start" or asked.get("method") != "OPTIONS":
        return
    found = {method for it in scope["litestar_app"].routes if it.path == scope.get("path_template") for method in it.methods}
    if found:
        MutableScopeHeaders.from_message(message)["Allow"] = ", ".join(sorted(found))


def _with_head(name: bytes, value: bytes) -> tuple[bytes, bytes]:
    """A header, HEAD added to the methods that are allowed where GET is among them."""
    methods = {it.strip() for it in value.split(b",")}
    if name.lower() != _ALLOW or _GET.encode() not in methods:
        return name, value
    return name, b", ".join(sorted({*methods, _HEAD.encode()}))
