"""Reports, and what explains them, over HTTP: the rows of the functions that `bitacora report` and its likes call, in the same
JSON."""

from collections.abc import Iterable
from contextlib import closing
from functools import partial
from typing import Any

import msgspec
from anyio import to_thread
from litestar import Request, Response

from adapters.access.tokens import Role
from adapters.accounts.places import accounts_of
from adapters.accounts.reading import NotCurrent, stored
from adapters.contract.accounts import Charge, ConsumptionAccount, SlaAccount
from adapters.exporters.csv_text import write_csv
from adapters.http.answering import expect, named, rows, tagged, written
from adapters.http.asking import (
    AS_OF,
    AT,
    FOCUS,
    KNOWN_AT,
    READING,
    SINCE,
    TICKET,
    UNTIL,
    Asked,
    Parameter,
    flag,
    required,
    word,
)
from adapters.http.callers import Caller
from adapters.http.problems import Misused
from adapters.http.replay_schemas import Compared, ReadingsPage, Supposed
from adapters.http.schemas import Explained, UnattendedRow
from adapters.http.seeing import Seen
from adapters.http.supposing import supposition
from adapters.http.telling import BINARY, JSON, LINES, Answer, Sent, asks, takes
from adapters.ledger import Ledger, utc_now
from adapters.reports.replays import compare, readings_matrix, readings_page, what_if
from adapters.reports.reports import ReportName, Reports
from adapters.reports.written import json_compared, supposed_as_json
from domain.refusal import said
from projections.contracts import Question

_READERS: tuple[Role, ...] = ("reader", "auditor", "client")
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"
_FORMAT = word("format", "As what; json by default, or lines for whoever accepts them.", "json", "csv", "parquet")
_FRESH = flag("fresh", "Replay the entries, even if there are stored accounts that are current.")
_SELECTED = (*AS_OF, *FOCUS, SINCE, UNTIL, _FRESH, _FORMAT)
STORED = "Bitacora-Accounts"
"""Where the rows come from: `stored; position=N`, or `replayed`."""


def _reporting(name: ReportName, summary: str, row: type, example: Any) -> Any:
    def report(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
        return _report(name, request, asked, Seen(ledger, caller))

    report.__name__ = f"report_{name}"
    answers = (
        Answer(JSON, list[row], "The rows.", [example]),  # type: ignore[valid-type]
        Answer(LINES, row, "One row a line.", example),
        Answer(CSV, BINARY, "The rows, nested fields under dotted names."),
        Answer(PARQUET, BINARY, "The rows, with exact types."),
    )
    return asks(f"/v1/reports/{name}", f"report{name.title()}", summary, *answers, roles=_READERS, tag="reports",
                parameters=_SELECTED, problems=(304, 404, 409))(report)  # fmt: skip


_CLOCK = {"verdict": "met", "target_seconds": 14_400, "earliest_seconds": 3_600, "started_at": "2026-03-02T15:15:00Z",
          "due_at": "2026-03-02T19:15:00Z", "stopped_at": "2026-03-02T16:45:00Z", "elapsed_seconds": 5_400, "paused_seconds": 0,
          "overrun_seconds": 0, "clauses": ["gs.4", "gs.8.1"], "readings": {"gs.4": "support-hours"}}  # fmt: skip
_TICKET = {"ticket": "T-1001", "client": "acme", "policy": "P-7", "terms": "grupo-staff", "priority": "high", "kind":
"incident",
           "incident_type": "technical-regular", "opened_at": "2026-03-02T15:15:00Z", "official_at": "2026-03-02T15:15:00Z",
           "status": "resolved", "closed_reason": None, "continues": None, "continued_by": None, "level": 1,
           "stops_operation": None, "response": _CLOCK, "resolution": _CLOCK}  # fmt: skip
_CONSUMED = {"policy": "PC-0006", "client": "fletes-del-bajio", "terms": "customsoft", "tier": "advanced", "starts":
"2025-10-01",
             "ends": "2026-09-30", "state": "in_force", "tickets": {"included": 20, "used": 6, "remaining": 14},
             "by_priority": {"P1": {"included": 10, "used": 1, "remaining": 9}}, "onsite": [], "covered": ["T-0032"],
             "pay_per_event": [], "benefits": [], "readings": {"cs.4": "no-transfer"}}  # fmt: skip
_CHARGED = {"ticket": "T-1001", "client": "acme", "policy": "P-7", "entry": 8, "at": "2026-03-02T17:00:00Z", "kind":
"follow_up",
            "minutes": 15, "consultants": 1, "billable_minutes": 15, "after_hours_minutes": 0, "unrequested_minutes": 0,
            "amount": "150.00", "currency": "MXN", "amount_note": None, "clause": "gs.6"}  # fmt: skip
_ALONE = {"ticket": "T-0024", "client": "maderas-de-la-huasteca", "since": "2025-10-23T19:35:57Z", "support_seconds": 3_209_043,
          "clause": "gs.2.1"}  # fmt: skip

report_sla = _reporting("sla", "Response and resolution of every ticket, in the order opened.", SlaAccount, _TICKET)
report_consumption = _reporting(
    "consumption", "What every policy includes, what was used, and what is paid per event.", ConsumptionAccount, _CONSUMED
)
report_billing = _reporting("billing", "Billable time and amounts, one row for each charge.", Charge, _CHARGED)
report_unattended = _reporting(
    "unattended", "Open tickets that nobody attended for a support day, those left longest first.", UnattendedRow, _ALONE
)


def _report(name: ReportName, request: Request[Any, Any, Any], asked: Asked, seen: Seen) -> Response[Any]:
    selection, question = seen.selection(asked), seen.question(asked)
    if selection.since is not None and selection.until is not None and selection.until <= selection.since:
        raise Misused(said("to must lie after from"), field="to")
    headers = tagged(request, seen.ledger, seen.caller, question.known, is_fixed=asked["at"] is not None)
    reports = Reports(seen.ledger, question, selection)
    is_of_now = asked["at"] is None and asked["known_at"] is None and not question.readings
    shown = partial(_shown, name, request, asked["format"] or "json")
    if asked["fresh"] or not is_of_now:
        return shown(reports, headers | {STORED: "replayed"})
    with closing(accounts_of(seen.ledger.url)) as accounts:
        if not accounts.exists():
            return shown(reports, headers | {STORED: "replayed"})
        with stored(seen.ledger, reports, accounts) as answering:
            if isinstance(answering, NotCurrent):
                return shown(reports, headers | {STORED: "replayed"})
            # To a client the position would tell how much others recorded.
            where = "stored" if seen.client is not None else f"stored; position={answering.position}"
            return shown(answering, headers | {STORED: where})


def _shown(
    name: ReportName, request: Request[Any, Any, Any], form: str, reports: Reports, headers: dict[str, str]
) -> Response[Any]:
    found: Iterable[dict[str, Any]] = getattr(reports, name)()
    if form == "csv":
        return written(partial(write_csv, name, found), CSV, headers | named(f"{name}.csv"))
    if form == "parquet":
        from adapters.exporters.parquet import write_parquet

        return written(partial(write_parquet, name, found, reports.question), PARQUET, headers | named(f"{name}.parquet"))
    return rows(request, found, headers)


@asks(
    "/v1/explain",
    "explainTicket",
    "One ticket as one would explain it in a dispute: its entries, both clocks piece by piece, its bill, its quota.",
    Answer(JSON, Explained, "The ticket."),
    roles=_READERS,
    tag="reports",
    parameters=(required(TICKET, "The ticket."), *AS_OF),
    problems=(304, 404),
)
def explain_ticket(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora explain --format json` prints."""
    seen = Seen(ledger, caller)
    selection, question = seen.selection(asked), seen.question(asked)
    headers = tagged(request, ledger, caller, question.known, is_fixed=asked["at"] is not None)
    explained = Reports(ledger, question, selection).explain(asked["ticket"])
    return Response(msgspec.json.encode(explained) + b"\n", media_type=JSON, headers=headers)


AGAINST = Parameter("against", KNOWN_AT.read, KNOWN_AT.schema, "The second state, likewise; everything by default.", 2_400)
AGAINST_AT = AT._replace(name="against_at", described="Judge the second state at this moment; at that of the first by default.")


@asks(
    "/v1/replay",
    "replay",
    "What changed between two states of knowledge, and because of which entries.",
    Answer(JSON, Compared, "Every figure that differs."),
    roles=_READERS,
    tag="replays",
    parameters=(required(KNOWN_AT, "The first state: what was recorded by then."), AGAINST, AT, AGAINST_AT, READING, *FOCUS),
    problems=(304, 404),
)
def replay(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora replay --format json` prints."""
    seen = Seen(ledger, caller)
    before, focus = seen.question(asked), seen.focus(asked)
    after = Question(asked["against_at"] or before.at, seen.known(asked["against"]), before.readings)
    headers = tagged(request, ledger, caller, after.known, is_fixed=asked["at"] is not None)
    compared = compare(ledger, before, after, focus)
    return written(partial(json_compared, compared, {}), JSON, headers)


@asks(
    "/v1/readings",
    "hangingReadings",
    "On which unclear clauses the outcome hangs: each other reading, tried alone, and what it would change. With `reading`, "
    "clauses are supposed to be read so, and the others are tried beside that.",
    Answer(JSON, ReadingsPage, "The readings."),
    roles=("reader", "auditor"),
    tag="replays",
    parameters=(*FOCUS, *AS_OF),
    problems=(304, 404),
)
def hanging_readings(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora readings --format json` prints."""
    seen = Seen(ledger, caller)
    question = seen.question(asked)
    headers = tagged(request, ledger, caller, question.known, is_fixed=asked["at"] is not None)
    page = readings_page(readings_matrix(ledger, question, seen.focus(asked)))
    return Response(msgspec.json.encode(page) + b"\n", media_type=JSON, headers=headers)


@takes(
    "/v1/what-if",
    "whatIf",
    "What would have come out otherwise, under other terms, tier, calendar or readings, without some entries or with others. "
    "Nothing is written.",
    Answer(JSON, Supposed, "Every figure that would differ."),
    sent=Sent(JSON, "Supposition", {"readings": {"gs.wait": "stops"}, "without": [431]}),
    roles=("reader", "auditor"),
    tag="replays",
    parameters=(*FOCUS, AT, KNOWN_AT),
    problems=(404,),
)  # fmt: skip
async def what_if_asked(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora what-if --format json` prints."""
    expect(request, JSON)
    sent = await request.body()
    return await to_thread.run_sync(_supposed, sent, asked, Seen(ledger, caller))


def _supposed(sent: bytes, asked: Asked, seen: Seen) -> Response[Any]:
    question = Question(asked["at"] or utc_now(), seen.known(asked["known_at"]))
    answer = what_if(seen.ledger, question, supposition(sent, seen.ledger, question.known), seen.focus(asked))
    return written(partial(json_compared, answer.compared, supposed_as_json(answer)), JSON)
