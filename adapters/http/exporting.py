"""Logs for process mining, over HTTP: the bytes that `bitacora export xes` and `export ocel` write for the same question."""

from typing import Any

from litestar import Request, Response

from adapters.access.tokens import Role
from adapters.exporters.cases import Exported, pseudonym
from adapters.exporters.ocel import write_ocel
from adapters.exporters.xes import write_xes
from adapters.http.answering import named, tagged, written
from adapters.http.asking import AS_OF, CLIENT, Asked, flag, readings_asked
from adapters.http.callers import Caller
from adapters.http.seeing import Seen
from adapters.http.telling import BINARY, JSON, Answer, asks
from adapters.ledger import Ledger, utc_now
from projections.contracts import Question

XML = "application/xml"
_READERS: tuple[Role, ...] = ("reader", "auditor")
_SEALED = flag("sealed", "Name persons by a pseudonym, the same for the same person; false by default.")
_PARAMETERS = (CLIENT, *AS_OF, _SEALED)


@asks("/v1/exports/xes", "exportXes", "A log for process mining in XES (IEEE 1849): a trace for each ticket, with its "
      "verdicts; an event for each of its entries that count.", Answer(XML, BINARY, "The log."), roles=_READERS, tag="exports",
      parameters=_PARAMETERS, problems=(304, 404))  # fmt: skip
def export_xes(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora export xes` writes."""
    headers, exported = _exported(request, asked, caller, ledger)
    return written(lambda file: write_xes(exported, file), XML, headers | named("desk.xes"))


@asks("/v1/exports/ocel", "exportOcel", "A log for object-centric process mining in OCEL 2.0: an event for each entry that "
      "counts; tickets, clients, policies and consultants as objects.", Answer(JSON, dict[str, Any], "The log."),
      roles=_READERS, tag="exports", parameters=_PARAMETERS, problems=(304, 404))  # fmt: skip
def export_ocel(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora export ocel` writes."""
    headers, exported = _exported(request, asked, caller, ledger)
    return written(lambda file: write_ocel(exported, file), JSON, headers | named("desk.jsonocel"))


def _exported(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> tuple[dict[str, str], Exported]:
    """What is exported, and the headers that go with it."""
    known = Seen(ledger, caller).known(asked["known_at"])
    # Several kinds of stream are read one after the other: all as of one position.
    question = Question(asked["at"] or utc_now(), ledger.head() if known is None else known, readings_asked(asked))
    headers = tagged(request, ledger, caller, question.known, is_fixed=asked["at"] is not None)
    called = pseudonym if asked["sealed"] else ledger.unsealed().text
    return headers, Exported(ledger, question, asked["client"], called)


EXPORTS = (export_xes, export_ocel)
"""The routes of this module."""
