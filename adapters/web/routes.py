"""The routes of the page: which address is which page, for whom, and what can be taken away from it.

What is on a page is made in `pages`; how an answer is sent, and what goes wrong told, is in `responding`.
"""

from http import HTTPStatus
from typing import Any, Literal

from anyio import to_thread
from litestar import Response, Router, get, post
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Redirect

from adapters.asked import Unclear, month
from adapters.http.callers import EVERYBODY, SIGNED_IN, Caller, admits
from adapters.http.problems import Forbidden
from adapters.http.signing_in import sign_in, sign_out
from adapters.ledger import Ledger
from adapters.proofs.signing import Signer
from adapters.reports.reports import NotFound
from adapters.statement.month import Month
from adapters.web import downloads, pages, recording
from adapters.web.asking import BadQuestion, address, id_in, place, state_of
from adapters.web.desk import Desk
from adapters.web.responding import Asked, answer, page_of, viewer_of, wrong
from adapters.web.setting import KINDS, READING, static_files

_YEAR_SECONDS = 365 * 86_400
_FOR_EVER = f"public, max-age={_YEAR_SECONDS}, immutable"
_READERS = admits("reader", "auditor", "client")
_SEE_OTHER: Literal[303] = 303


# What a handler is given ---------------------------------------------------------------------------------------------


def desk_of(request: Asked, ledger: Ledger, signer: Signer | None) -> Desk:
    """The desk behind the pages of an application, made when it is first asked for."""
    state = request.app.state
    if "desk" not in state:
        state.desk = Desk(ledger, signer)
    found: Desk = state.desk
    return found


# Pages --------------------------------------------------------------------------------------------------------------


@get("/", opt=SIGNED_IN, sync_to_thread=True)
def overview(request: Asked, caller: Caller, desk: Desk) -> Response[Any]:
    """The overview; whoever may only record is led to the form for it."""
    page = page_of(request)
    if not viewer_of(caller).may_read:
        if not viewer_of(caller).may_record:
            raise Forbidden(caller.role, sorted(READING))
        return Redirect("/record")
    if there := pages.settled(desk, page, caller.client):
        return Redirect(there)
    return answer(request, page, pages.overview(desk, page, caller.client))


@get("/tickets", opt=_READERS, sync_to_thread=True)
def tickets(request: Asked, caller: Caller, desk: Desk) -> Response[Any]:
    """The list of tickets."""
    page = page_of(request)
    if there := pages.settled(desk, page, caller.client):
        return Redirect(there)
    return answer(request, page, pages.tickets(desk, page, caller.client))


@get("/tickets/{ident:str}", opt=_READERS, sync_to_thread=True)
def ticket(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str]) -> Response[str]:
    """One ticket."""
    page = page_of(request)
    return answer(request, page, pages.ticket(desk, page, viewer_of(caller), id_in(ident)))


@get("/clients", opt=_READERS, sync_to_thread=True)
def clients(request: Asked, caller: Caller, desk: Desk) -> Response[Any]:
    """All clients; whoever is one is led to itself."""
    page = page_of(request)
    if caller.client is not None:
        return Redirect(place("clients", caller.client))
    return answer(request, page, pages.clients(desk, page))


@get("/clients/{ident:str}", opt=_READERS, sync_to_thread=True)
def client(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str]) -> Response[str]:
    """One client."""
    page = page_of(request)
    return answer(request, page, pages.client(desk, page, viewer_of(caller), id_in(ident)))


@get("/readings", opt=_READERS, sync_to_thread=True)
def readings(request: Asked, caller: Caller, desk: Desk) -> Response[str]:
    """What hangs on each unclear clause."""
    page = page_of(request)
    return answer(request, page, pages.readings(desk, page, viewer_of(caller)))


@get("/terms", opt=_READERS, sync_to_thread=True)
def terms(request: Asked, caller: Caller, desk: Desk) -> Response[str]:
    """The terms published."""
    page = page_of(request)
    return answer(request, page, pages.terms(desk, page, viewer_of(caller)))


@get("/terms/{ident:str}", opt=_READERS, sync_to_thread=True)
def one_terms(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str]) -> Response[str]:
    """One terms with its clauses."""
    page = page_of(request)
    return answer(request, page, pages.one_terms(desk, page, viewer_of(caller), id_in(ident)))


@get("/login", opt=EVERYBODY, sync_to_thread=True)
def sign_in_form(request: Asked) -> Response[str]:
    """The form that a token is shown in."""
    page = page_of(request)
    asked = dict(page.query)
    return answer(request, page, pages.sign_in(page, "failed" in asked, asked.get("next", "/")))


# Recording ----------------------------------------------------------------------------------------------------------


@get("/record", opt=admits("recorder"), sync_to_thread=True)
def record_form(request: Asked, desk: Desk) -> Response[str]:
    """The form by which an entry is recorded by hand."""
    page = page_of(request)
    return answer(request, page, pages.record_form(desk, page))


@post("/record", opt=admits("recorder"), status_code=_SEE_OTHER)
async def record(request: Asked, caller: Caller, desk: Desk) -> Response[Any]:
    """Records what was filled in and goes where it stands; the form again, with the refusal, if it is not taken."""
    values = {name: str(value) for name, value in (await request.form()).items()}
    return await to_thread.run_sync(_recorded, request, caller, desk, values)


def _recorded(request: Asked, caller: Caller, desk: Desk, values: dict[str, str]) -> Response[Any]:
    page = page_of(request)
    found = pages.record(desk, viewer_of(caller), values)
    if isinstance(found, recording.Filled):
        return answer(request, page, pages.record_form(desk, page, found), HTTPStatus.UNPROCESSABLE_ENTITY)
    kind, _colon, ident = found.stream.partition(":")
    there = place("tickets", ident) if kind == "ticket" and viewer_of(caller).may_read else "/record"
    there = address(there, [("recorded", str(found.position))])
    return Redirect(f"{there}#e{found.position}", status_code=_SEE_OTHER)


# Downloads ----------------------------------------------------------------------------------------------------------


def _file(content: bytes, name: str) -> Response[bytes]:
    kind = name.rpartition(".")[2]
    quoted = "".join(it if it.isascii() and (it.isalnum() or it in "-._") else "_" for it in name)
    headers = {"Content-Disposition": f'attachment; filename="{quoted}"'}
    return Response(content, media_type=downloads.MEDIA_TYPES[kind], headers=headers)


@get("/tickets/{ident:str}/{name:str}", opt=admits("auditor", "client"), sync_to_thread=True)
def taken_away(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """What can be taken away of a ticket: `dossier.pdf`, `.html` or `.zip`, and `bundle.zip`."""
    page, ident = page_of(request), id_in(ident)
    pages.check_seen(desk, viewer_of(caller), ident)
    what, _dot, kind = name.partition(".")
    if kind == "zip" and caller.client is not None:
        raise Forbidden(caller.role, ["auditor"])
    if name == "bundle.zip":
        return _file(downloads.ticket_bundle(desk, ident, state_of(page.query)), f"{ident}-bundle.zip")
    if what != "dossier" or kind not in ("pdf", "html", "zip"):
        raise NotFound("file", name)
    return _file(downloads.dossier(desk, ident, state_of(page.query), kind, caller.client), f"{ident}.{kind}")


@get("/tickets/{ident:str}/proof.json", opt=_READERS, sync_to_thread=True)
def proof(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str]) -> dict[str, Any]:
    """The proofs of a ticket's entries, for the browser to check."""
    page_of(request)
    ident = id_in(ident)
    pages.check_seen(desk, viewer_of(caller), ident)
    return downloads.proofs(desk, ident)


@get("/clients/{ident:str}/statement/{name:str}", opt=_READERS, sync_to_thread=True)
def statement(request: Asked, caller: Caller, desk: Desk, ident: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """The statement of a client for a month: `2026-03.pdf`, `.html` or `.xlsx`."""
    page_of(request)
    ident = id_in(ident)
    if caller.client not in (None, ident):
        raise NotFound("client", ident)
    written, _dot, kind = name.partition(".")
    try:
        wanted = Month(*month(written))
    except Unclear as error:
        raise BadQuestion("month", error.template, **error.values) from None
    return _file(downloads.statement(desk, ident, wanted, kind), f"{ident}-{name}")


@get(f"/verifier/{downloads.VERIFIER}", opt=EVERYBODY, sync_to_thread=False)
def verifier() -> Response[bytes]:
    """The program that checks bundles."""
    return _file(downloads.verifier(), downloads.VERIFIER)


@get("/static/{name:str}", opt=EVERYBODY, sync_to_thread=False)
def static(name: FromPath[str]) -> Response[bytes]:
    """A style sheet, a script, the icon: kept by browsers for ever, since its name changes with its content."""
    content = static_files().get(name)
    if content is None:
        raise NotFound("file", name)
    return Response(content, media_type=KINDS[name.rpartition(".")[2]], headers={"Cache-Control": _FOR_EVER})


PAGES = Router(
    path="/",
    route_handlers=[
        overview, tickets, ticket, clients, client, readings, terms, one_terms, sign_in_form, sign_in, sign_out,
        record_form, record, taken_away, proof, statement, verifier, static,
    ],
    dependencies={"desk": Provide(desk_of, sync_to_thread=False)},
    exception_handlers={Exception: wrong},
    include_in_schema=False,
)  # fmt: skip
"""Everything that people see in a browser."""
