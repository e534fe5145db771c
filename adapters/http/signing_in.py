"""Signing in to the page and out of it: a form posts a token, and gets a cookie that stands for it.

The forms themselves are the page's (`GET /login`); what is posted here answers with a redirect, as forms expect.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from litestar import Request, Response, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect

from adapters.http.callers import COOKIE, EVERYBODY
from adapters.http.entrance import Entrance, check_site
from adapters.http.sessions import Sessions
from adapters.ledger import utc_now

SIGN_IN, SIGN_OUT = "/login", "/logout"
_SEE_OTHER: Literal[303] = 303
_MOST_FORM_BYTES = 8_192
"""Anybody may send these forms, and they are taken apart before anything is asked: they hold a token and a path, no more."""


@dataclass
class SigningIn:
    """What the form posts: a token, and where to go then."""

    token: str = ""
    next: str = "/"


Posted = Annotated[SigningIn, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post(SIGN_IN, opt=EVERYBODY, include_in_schema=False, status_code=_SEE_OTHER, request_max_body_size=_MOST_FORM_BYTES)
async def sign_in(request: Request[Any, Any, Any], data: Posted, entrance: Entrance, sessions: Sessions) -> Response[Any]:
    """Begins a session for the token posted, and goes where the form says; back to the form if the token does not hold."""
    check_site(request)
    there = _local(data.next)
    token = await entrance.checked(request, data.token.strip())
    if token is None:
        return Redirect(f"{SIGN_IN}?{urlencode({'failed': '1', 'next': there})}", status_code=_SEE_OTHER)
    text = sessions.begin(token.id, utc_now())
    return Redirect(there, status_code=_SEE_OTHER, cookies=[_cookie(request, text, sessions.seconds)])


@post(SIGN_OUT, opt=EVERYBODY, include_in_schema=False, status_code=_SEE_OTHER, request_max_body_size=_MOST_FORM_BYTES)
async def sign_out(request: Request[Any, Any, Any], sessions: Sessions) -> Response[Any]:
    """Ends the session, if there is one."""
    check_site(request)
    sessions.end(request.cookies.get(COOKIE, ""), utc_now())
    return Redirect(SIGN_IN, status_code=_SEE_OTHER, cookies=[_cookie(request, "", 0)])


def _cookie(request: Request[Any, Any, Any], text: str, seconds: int) -> Cookie:
    """No script reads it, no other site sends it but for a link that is followed, and over https it goes no other way."""
    is_secure = request.url.scheme == "https"
    return Cookie(key=COOKIE, value=text, path="/", max_age=seconds, httponly=True, samesite="lax", secure=is_secure)


def _local(path: str) -> str:
    """Where to go: on this server, or else to its first page."""
    is_local = path.startswith("/") and not path.startswith("//") and "\\" not in path and path.isprintable()
    return path if is_local and not path.startswith((SIGN_IN, SIGN_OUT)) else "/"
