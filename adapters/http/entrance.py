"""The entrance: what is done with every request before a route sees it. Who calls, how often, in what language, from where.

It refuses whoever asks too often, and whatever another site sends with the session of the page. Which role may do what is not
decided here: see `callers.guard`.
"""

import time
from collections.abc import Callable
from typing import Any

from litestar import Request, Response
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from adapters.access.tokens import Token
from adapters.http.callers import COOKIE, Caller, Credentials, caller_of
from adapters.http.negotiating import language_of
from adapters.http.problems import CrossSite, TooMany
from adapters.http.rates import Rates
from adapters.http.sessions import Sessions
from adapters.http.settings import ServerSettings
from adapters.language import speak
from adapters.ledger import utc_now

_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "
Tell = Callable[[Request[Any, Any, Any], Exception], Response[Any]]


class Entrance(ASGIMiddleware):
    """Puts the caller, if there is one, into the scope as `user`."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, credentials: Credentials, sessions: Sessions, settings: ServerSettings, tell: Tell) -> None:
        """`tell` answers whoever is refused."""
        self._credentials, self._sessions, self._tell = credentials, sessions, tell
        self._requests = Rates(settings.requests_a_minute)
        self._failures = Rates(settings.failures_a_minute)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """See `ASGIMiddleware.handle`."""
        request: Request[Any, Any, Any] = Request(scope, receive, send)
        speak(language_of(request))
        try:
            scope["user"] = await self._caller(request)
            self._check(request, scope["user"])
        except (TooMany, CrossSite) as refused:
            answer = self._tell(request, refused).to_asgi_response(None, request)
            await answer(scope, receive, send)
            return
        await next_app(scope, receive, send)

    async def _caller(self, request: Request[Any, Any, Any]) -> Caller | None:
        shown, *others = request.headers.getall("authorization", [""])
        if others:
            # Which of them a proxy in front has looked at is not known.
            return None
        if shown:
            is_bearer = shown[: len(_BEARER)].lower() == _BEARER
            token = await self.checked(request, shown[len(_BEARER) :].strip() if is_bearer else "")
            return None if token is None else caller_of(token, is_at_the_page=False)
        cookie = request.cookies.get(COOKIE)
        id = self._sessions.token(cookie, utc_now()) if cookie else None
        token = None if id is None else await self._credentials.again(id)
        return None if token is None else caller_of(token, is_at_the_page=True)

    async def checked(self, request: Request[Any, Any, Any], text: str) -> Token | None:
        """The token that a text shows, if it holds. TooMany if this address has shown too many that do not."""
        token = await self._credentials.bearer(text)
        if token is None:
            # Only now: who shows a token that holds is let in, whatever others at his address have tried.
            address, now = address_of(request), time.monotonic()
            if seconds := self._failures.wait_seconds(address, now):
                raise TooMany(seconds)
            self._failures.take(address, now)
        return token

    def _check(self, request: Request[Any, Any, Any], caller: Caller | None) -> None:
        whose = address_of(request) if caller is None else f"token {caller.token}"
        now = time.monotonic()
        if seconds := self._requests.wait_seconds(whose, now):
            raise TooMany(seconds)
        self._requests.take(whose, now)
        if caller is not None and caller.is_at_the_page:
            check_site(request)


def check_site(request: Request[Any, Any, Any]) -> None:
    """CrossSite unless what would change something comes from a page of this server: the browser says so by itself, in
    `Sec-Fetch-Site` or else in `Origin`, and no script of another site can make it say otherwise."""
    if request.method in _CHANGES_NOTHING:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None and site != "same-origin":
        raise CrossSite
    if site is None and origin != f"{request.url.scheme}://{request.headers.get('host', '')}":
        raise CrossSite


def address_of(request: Request[Any, Any, Any]) -> str:
    """The address a request came from."""
    return request.client.host if request.client else "?"
