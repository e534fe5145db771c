"""How pages are asked for and answered: a request as a page, a page as a response, and what goes wrong told on a page too.

A refusal says what is wrong in the reader's language and shows a way on. Programs are answered by `adapters.http.problems`.
"""

from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import parse_qsl

from litestar import Request, Response
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from adapters.http.callers import Caller, calling
from adapters.http.negotiating import language_of
from adapters.http.problems import Forbidden, NotSignedIn, problem_of, respond
from adapters.language import LANGUAGES, _, speak, worded
from adapters.mapper import LedgerError
from adapters.reports.reports import NotFound
from adapters.web import pages
from adapters.web.asking import BadQuestion, address
from adapters.web.kept import BeingMade
from adapters.web.setting import Page, Viewer, Wrong
from adapters.wording.values import role_word
from domain.refusal import said

LANGUAGE_COOKIE = "bitacora_lang"
_YEAR_SECONDS = 365 * 86_400
_AGAIN_SECONDS = 2
_PROGRAMS = "/v1/"
_SEE_OTHER: Literal[303] = 303
_FIELDS = {
    "at": said("Judged at"), "known_at": said("Known at"), "reading": said("Reading"), "if_reading": said("Reading supposed"),
    "if_without": said("Entry left out"), "if_terms": said("Terms supposed"), "if_tier": said("Tier supposed"),
    "month": said("Month"),
}  # fmt: skip
"""The parts of a query by what the page calls them."""
_WENT_WRONG = said("This went wrong")
_TITLES: dict[int, str] = {
    403: said("Not from there"),
    409: said("This is not possible now"),
    413: said("Too much at once"),
    429: said("Too many requests"),
    503: said("This is not possible now"),
}
Asked = Request[Any, Any, Any]


def viewer_of(caller: Caller) -> Viewer:
    """A caller as the page knows it."""
    return Viewer(caller.role, caller.client, caller.name)


def page_of(request: Asked) -> Page:
    """The page asked for, in the language that its URL, a cookie or the browser asks for; it is spoken from here on."""
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=500)
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    if not any(name == "lang" for name, _value in query) and chosen in LANGUAGES:
        speak("es" if chosen == "es" else "en")
    caller = calling(request)
    kept = [it for it in query if it[0] != "part"]
    return Page(viewer_of(caller) if caller else None, request.scope["path"], kept, len(kept) != len(query))


def answer(request: Asked, page: Page, html: str, status: int = 200) -> Response[str]:
    """A page; a language asked for in its URL is remembered."""
    headers = {"Content-Language": page.language, "Vary": "Accept-Language, Cookie"}
    found = Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)
    if any(name == "lang" and value in LANGUAGES for name, value in page.query):
        is_secure = request.url.scheme == "https"
        found.set_cookie(
            LANGUAGE_COOKIE, page.language, max_age=_YEAR_SECONDS, httponly=True, samesite="lax", secure=is_secure
        )  # fmt: skip
    return found


# What goes wrong ----------------------------------------------------------------------------------------------------


def told(request: Asked, error: Exception) -> Response[Any]:
    """The exception handler of everything: a page for whoever reads one, a problem for programs."""
    return wrong(request, error) if _is_read(request) else respond(request, error)


def _is_read(request: Asked) -> bool:
    """Whether a person is to read the answer: a browser says so by itself. What is under /v1 is for programs only."""
    path: str = request.scope["path"]
    return "text/html" in request.headers.get("accept", "") and not f"{path}/".startswith(_PROGRAMS)


def wrong(request: Asked, error: Exception) -> Response[Any]:
    """What went wrong, on a page, in the reader's language; whoever has not signed in is led to the form for it."""
    speak(language_of(request))
    page = page_of(request)
    if isinstance(error, NotSignedIn):
        there = address(page.path, page.query)
        return Redirect(address("/login", [("next", there)] if there != "/" else []), status_code=_SEE_OTHER)
    if isinstance(error, BeingMade):
        found = answer(request, page, pages.being_made(page, error), HTTPStatus.SERVICE_UNAVAILABLE)
        found.headers["Refresh"] = found.headers["Retry-After"] = str(_AGAIN_SECONDS)
        return found
    said = _said(error)
    found = answer(request, page, pages.problem(page, said), said.status)
    found.headers.update(said.headers)
    return found


def _said(error: Exception) -> Wrong:
    """An error as it is told to a person, in the language spoken."""
    match error:
        case BadQuestion():
            named = _FIELDS.get(error.field, error.field)
            return Wrong(HTTPStatus.BAD_REQUEST, _("This cannot be asked"), f"{_(named)}: {worded(error)}", "plainly")
        case NotFound():
            return Wrong(HTTPStatus.NOT_FOUND, _("Not found"), pages.missing(error), "plainly")
        case Forbidden():
            roles = ", ".join(role_word(it) for it in error.roles)
            told = _("The role {role} may not do this; these may: {roles}.").format(role=role_word(error.role), roles=roles)
            return Wrong(HTTPStatus.FORBIDDEN, _("Not for this role"), told)
        case HTTPException() if error.status_code == HTTPStatus.NOT_FOUND:
            return Wrong(HTTPStatus.NOT_FOUND, _("Not found"), _("there is no such page"))
    found, headers = problem_of(error)
    text = worded(error) if isinstance(error, LedgerError) and not found.request else found.detail
    return Wrong(found.status, _(_TITLES.get(found.status, _WENT_WRONG)), text, "again", found.request, headers)
