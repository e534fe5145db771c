"""All routes of the server, in one list. A route says which roles it admits, in its `opt` (see `callers.admits`); one that does
not is refused when the application is made. Routes of the page are added at `WEB`."""

from functools import lru_cache
from typing import Any

import msgspec
from litestar import Response, route
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from adapters.http.callers import EVERYBODY
from adapters.http.documenting import document
from adapters.http.entries import get_entry, list_entries
from adapters.http.exporting import EXPORTS
from adapters.http.operating import get_metrics, health, list_accounts, list_parked, ready, who_am_i
from adapters.http.papers import dossier, get_bundle, statement
from adapters.http.proofs import (
    get_checkpoint,
    get_key,
    list_checkpoints,
    prove_entry,
    prove_growth,
    prove_ticket,
    verify_ledger,
)
from adapters.http.recording import record_entry, record_lines
from adapters.http.reporting import (
    explain_ticket,
    hanging_readings,
    replay,
    report_billing,
    report_consumption,
    report_sla,
    report_unattended,
    what_if_asked,
)
from adapters.http.streaming import follow_entries
from adapters.http.telling import JSON, Answer, asks
from adapters.http.terms import get_provisions, get_terms, list_terms
from adapters.http.webhooks import WEBHOOKS
from adapters.web.routes import PAGES


@asks(
    "/v1/openapi.json",
    "getDocument",
    "This document.",
    Answer(JSON, dict[str, Any], "OpenAPI 3.1."),
    roles=None,
    tag="operation",
)
def get_document() -> Response[bytes]:
    """Answers the OpenAPI document."""
    return Response(openapi(), media_type=JSON)


@lru_cache
def openapi() -> bytes:
    """The OpenAPI document of the programs' routes, as it is kept in docs/schemas."""
    return msgspec.json.format(msgspec.json.encode(document(PROGRAMS)), indent=2) + b"\n"


_ENTRIES = (record_entry, record_lines, list_entries, get_entry, follow_entries)
_REPORTS = (report_sla, report_consumption, report_billing, report_unattended, explain_ticket)
_REPLAYS = (replay, hanging_readings, what_if_asked)
_PAPERS = (statement, dossier, get_bundle)
_PROOFS = (list_checkpoints, get_checkpoint, get_key, prove_entry, prove_growth, prove_ticket, verify_ledger)
_TERMS = (list_terms, get_terms, get_provisions)
_OPERATION = (health, ready, get_metrics, who_am_i, list_accounts, list_parked, get_document)

PROGRAMS: tuple[ControllerRouterHandler, ...] = (
    *_ENTRIES,
    *_REPORTS,
    *_REPLAYS,
    *_PAPERS,
    *EXPORTS,
    *_PROOFS,
    *_TERMS,
    *WEBHOOKS,
    *_OPERATION,
)
"""What programs ask: all of it is in the OpenAPI document."""

WEB: tuple[ControllerRouterHandler, ...] = (PAGES,)
"""What people see in a browser."""


@route("/{rest:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], opt=EVERYBODY, include_in_schema=False,
       sync_to_thread=False)  # fmt: skip
def nowhere(rest: FromPath[str]) -> None:
    """Where there is nothing: a route like any other, so that whoever asks is known there too, and not heard too often."""
    raise NotFoundException


ROUTES: tuple[ControllerRouterHandler, ...] = (*PROGRAMS, *WEB, nowhere)
