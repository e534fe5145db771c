"""What goes wrong, as problems of RFC 9457 in the language of whoever asked: for a program to tell apart, and a person to read.

Every failure comes out as one of these, whatever raised it; what went wrong inside the server is logged and not told.
"""

import traceback
from http import HTTPStatus
from typing import Any

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, InternalServerException, ValidationException
from msgspec import Struct

from adapters.asked import Unclear
from adapters.http.negotiating import language_of
from adapters.language import _, speak, worded
from adapters.mapper import LedgerBusy, LedgerError, NotPossible
from adapters.reports.reports import NotFound
from domain.refusal import Refused, Sayable, said
from domain.terms import UnknownReading
from domain.terms_document import TermsError
from replay.what_if import WhatIfError

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:bitacora:problem:"
_BUSY_SECONDS = 5
_GONE = "client disconnected prematurely"
"""What the framework calls it when a caller goes away, or sends what is no HTTP, in the middle of a body."""
_log = structlog.get_logger("bitacora.http")


class Problem(Struct, frozen=True, omit_defaults=True):
    """A problem (RFC 9457). `code` tells kinds of problem apart; `field` names what of the request it is about (a parameter,
    or a field of an entry), `clause` the clause of the terms that an entry would break; `position` the entry that tells of a
    refusal; `request` is the id under which the server's log tells more."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    clause: str | None = None
    position: int | None = None
    request: str | None = None


class ProblemError(Sayable):
    """A request that is not answered: `template` and `values` as `Sayable`; `field` names what of the request is wrong."""

    status = HTTPStatus.BAD_REQUEST
    code = "request"

    def __init__(self, template: str, *, field: str | None = None, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field

    @property
    def headers(self) -> dict[str, str]:
        """What the answer says besides."""
        return {}


class Misused(ProblemError):
    """A request that says something impossible: a parameter that is none, or not of its form."""


class NotSignedIn(ProblemError):
    """A token is needed, and none that holds was shown."""

    status, code = HTTPStatus.UNAUTHORIZED, "token"

    def __init__(self) -> None:
        super().__init__(said("a token is needed that was made by `bitacora token make`, has not expired and is not revoked:"
                              " Authorization: Bearer TOKEN"))  # fmt: skip

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="bitacora"'}


class Forbidden(ProblemError):
    """A token was shown whose role may not do this."""

    status, code = HTTPStatus.FORBIDDEN, "role"

    def __init__(self, role: str, roles: list[str]) -> None:
        template = said("a token of the role {role} may not do this; one of these may: {roles}")
        super().__init__(template, role=role, roles=", ".join(roles))
        self.role, self.roles = role, roles


class CrossSite(ProblemError):
    """A page of another site sent this along with the session of the page."""

    status, code = HTTPStatus.FORBIDDEN, "cross-site"

    def __init__(self) -> None:
        super().__init__(said("this came from another site than the page it is meant for"))


class TooMany(ProblemError):
    """Somebody asks too often."""

    status, code = HTTPStatus.TOO_MANY_REQUESTS, "rate"

    def __init__(self, seconds: int) -> None:
        super().__init__(said("too many requests; ask again after {seconds} s"), seconds=seconds)
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.seconds)}


class Busy(ProblemError):
    """The server has as much to do as it may take on."""

    status, code = HTTPStatus.SERVICE_UNAVAILABLE, "busy"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(_BUSY_SECONDS)}


class Unsuited(ProblemError):
    """What is sent is of another kind than is taken here."""

    status, code = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media-type"

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "identity"}


class NotNow(ProblemError):
    """What is asked for cannot be given as the ledger, or the server, stands."""

    status, code = HTTPStatus.CONFLICT, "not-now"


class Missing(ProblemError):
    """What is asked for is not there, or not for this caller."""

    status, code = HTTPStatus.NOT_FOUND, "missing"


_OF_HTTP = {
    404: said("there is nothing at this address"),
    405: said("this address is not asked in this way"),
    413: said("more is sent than is taken at once"),
}
_MISSING = {
    "entry": said("there is no entry at position {value}"),
    "ticket": said("there is no ticket {value}, or none that counts at the moment asked for"),
    "client": said("there is no client {value}"),
    "policy": said("there is no policy {value}"),
    "stream": said("there is no stream {value}"),
    "terms": said("there are no terms {value}"),
}


def problem(status: int, code: str, detail: str, **more: Any) -> Problem:
    """A problem of a kind, with what it says in the language spoken."""
    request = structlog.contextvars.get_contextvars().get("request")
    return Problem(_TYPE + code, HTTPStatus(status).phrase, status, detail, code, request=request, **more)


def refused_problem(refused: Refused, position: int | None = None) -> Problem:
    """Why an entry is not taken; `position` is that of the entry that tells of it (gs.1.1)."""
    return problem(422, refused.code, worded(refused), field=refused.field, clause=refused.clause, position=position)


def missing_problem(error: NotFound) -> Problem:
    """What is not there."""
    template = _MISSING.get(error.field, said("there is no {value}"))
    return problem(404, "missing", _(template).format(value=error.value), field=error.field)


def problem_of(error: Exception) -> tuple[Problem, dict[str, str]]:
    """The problem that an error is, and the headers that go with it. What is nobody's mistake but the server's is logged."""
    match error:
        case ProblemError():
            return problem(error.status, error.code, worded(error), field=error.field), error.headers
        case Refused():
            return refused_problem(error), {}
        case Unclear() | WhatIfError() | TermsError():
            return problem(400, "request", worded(error), field=getattr(error, "field", None) or None), {}
        case NotPossible():
            return problem(409, "not-now", worded(error)), {}
        case UnknownReading():
            return problem(400, "reading", _reading(error), field="reading"), {}
        case NotFound():
            return missing_problem(error), {}
        case LedgerBusy():
            return problem(503, "busy", worded(error)), {"Retry-After": str(_BUSY_SECONDS)}
        case ValidationException():
            return _invalid(error), {}
        case InternalServerException() if error.detail == _GONE:
            return problem(400, "request", _("the request ended before all of it had come")), {}
        case HTTPException():
            headers = {name: value for name, value in (error.headers or {}).items() if name.lower() != "content-type"}
            detail = _(_OF_HTTP.get(error.status_code, HTTPStatus(error.status_code).phrase))
            return problem(error.status_code, f"http-{error.status_code}", detail), headers
    # The traceback as text, without the values of variables: among them are tokens, and what entries say of people.
    _log.error("failed", traceback="".join(traceback.format_exception(error)))
    if isinstance(error, LedgerError):
        return problem(500, "ledger", _("the ledger failed; the server's log tells more")), {}
    return problem(500, "server", _("the server failed; its log tells more")), {}


def _reading(error: UnknownReading) -> str:
    if not error.known:
        return _("no terms have a reading {key}; see `bitacora terms readings`").format(key=error.key)
    template = _("the reading {key} has no option {name}; it has: {known}")
    return template.format(key=error.key, name=error.name, known=", ".join(error.known))


def _invalid(error: ValidationException) -> Problem:
    """A request that is not of its form: the first thing that is wrong with it."""
    found: Any = error.extra
    first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
    template = _("{problem}; see /v1/openapi.json for what is accepted")
    return problem(400, "request", template.format(problem=first.get("message") or error.detail), field=first.get("key"))


def respond(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The exception handler of every route, and of what no route is for."""
    speak(language_of(request))
    found, headers = problem_of(error)
    return Response(found, status_code=found.status, media_type=MEDIA_TYPE, headers=headers)
