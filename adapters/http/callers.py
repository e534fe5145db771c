"""Who calls: a bearer token or the session of the page, turned into a `Caller`, and the roles a route admits held against it.

Tokens are looked up in the store, which is asked again after a second: whatever is revoked holds no longer than that.
"""

import time
from collections import OrderedDict
from functools import partial
from typing import Any, NamedTuple

from anyio import to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers.base import BaseRouteHandler

from adapters.access.tokens import ROLES, Role, Token, Tokens
from adapters.http.problems import Forbidden, NotSignedIn
from adapters.ledger import utc_now

COOKIE = "bitacora_session"
_BELIEVED_SECONDS = 1.0
_MOST_BELIEVED = 10_000


class Caller(NamedTuple):
    """Who calls. `client` is the one client that a caller of the role `client` may see, and None for every other role; `name`
    and `token` are the name and the id of the token shown; `is_at_the_page` whether it came as the session of the page."""

    role: Role
    client: str | None
    name: str
    token: str
    is_at_the_page: bool = False


class Credentials:
    """Checks what is shown to the server, remembering for a moment what was found."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._believed: OrderedDict[tuple[str, str], tuple[Token | None, float]] = OrderedDict()

    async def bearer(self, text: str) -> Token | None:
        """The token that a text shows, if it holds now."""
        return await self._holding(("shown", text), partial(self._tokens.shown, text))

    async def again(self, id: str) -> Token | None:
        """The token of an id that was shown before, if it still holds."""
        return await self._holding(("again", id), partial(self._tokens.kept, id))

    async def still_holds(self, caller: "Caller") -> Token | None:
        """The token of a caller, if it holds still."""
        return await self.again(caller.token)

    async def _holding(self, what: tuple[str, str], ask: Any) -> Token | None:
        found, since = self._believed.get(what, (None, -_BELIEVED_SECONDS))
        if time.monotonic() - since >= _BELIEVED_SECONDS:
            found = await to_thread.run_sync(ask)
            self._remember(what, found)
        return found if found is not None and found.holds(utc_now()) else None

    def _remember(self, what: tuple[str, str], found: Token | None) -> None:
        if found is None:
            # What opens nothing is not worth remembering: anybody can send as much of it as he likes.
            self._believed.pop(what, None)
            return
        self._believed[what] = found, time.monotonic()
        self._believed.move_to_end(what)
        if len(self._believed) > _MOST_BELIEVED:
            self._believed.popitem(last=False)


def caller_of(token: Token, *, is_at_the_page: bool) -> Caller:
    """The caller that shows a token."""
    return Caller(token.role, token.client, token.name, token.id, is_at_the_page)


def admits(*roles: Role) -> dict[str, Any]:
    """The `opt` of a route for callers of these roles; `admin` is always among them."""
    return {"roles": frozenset({*roles, "admin"})}


EVERYBODY: dict[str, Any] = {"roles": None}
"""The `opt` of a route that asks for no token."""
SIGNED_IN = admits(*ROLES)


async def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Lets a caller through whose role the route admits. NotSignedIn, or Forbidden, for any other."""
    roles = roles_of(handler)
    if roles is None:
        return
    caller = connection.scope.get("user")
    if not isinstance(caller, Caller):
        raise NotSignedIn
    if caller.role not in roles:
        raise Forbidden(caller.role, sorted(roles))


def roles_of(handler: BaseRouteHandler) -> frozenset[Role] | None:
    """The roles that a route admits, None for everybody. A route that says nothing of them is a mistake and admits nobody."""
    if getattr(handler, "http_methods", None) == {"OPTIONS"}:
        # Made by the framework for every path: it tells which methods there are.
        return None
    if "roles" not in handler.opt:
        raise ImproperlyConfiguredException(f"{handler} does not say which roles it admits")
    roles: frozenset[Role] | None = handler.opt["roles"]
    return roles


def calling(connection: ASGIConnection[Any, Any, Any, Any]) -> Caller | None:
    """Who calls, None if nobody has signed in."""
    found = connection.scope.get("user")
    return found if isinstance(found, Caller) else None
