"""What is handed over, over HTTP: statements, dossiers, bundles. The same bytes as the command line writes for the same
question."""

from importlib.resources import files
from typing import Any

from litestar import Request, Response

from adapters import asked as texts
from adapters.dossier import gathering as dossiers
from adapters.dossier.setting import as_html, as_pdf, as_zip
from adapters.dossier.telling import told as dossier_told
from adapters.http.answering import attached, named, tagged, written
from adapters.http.asking import (
    AS_OF,
    AT,
    CLIENT,
    KNOWN_AT,
    READING,
    TICKET,
    Asked,
    Parameter,
    number,
    readings_asked,
    required,
    word,
)
from adapters.http.callers import Caller
from adapters.http.problems import NotNow
from adapters.http.seeing import Seen
from adapters.http.telling import BINARY, Answer, asks
from adapters.ledger import Ledger, utc_now
from adapters.mapper import NotPossible
from adapters.proofs.proving import bundle
from adapters.proofs.proving_whole import whole_bundle
from adapters.proofs.signing import Signer
from adapters.reports.reports import NotFound
from adapters.statement.gathering import Asked as StatementAsked
from adapters.statement.gathering import gather
from adapters.statement.month import Month
from adapters.statement.sheets import as_xlsx
from adapters.statement.telling import told as statement_told
from domain.refusal import said
from projections.contracts import Question

PDF, HTML, ZIP = "application/pdf", "text/html", "application/zip"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_VERIFIER = ("adapters.verifier", "bitacora_verify.py")
_MONTH = Parameter("month", texts.month, {"type": "string", "pattern": r"^\d{4}-(0[1-9]|1[0-2])$"},
                   "The month, in the zone of the client's terms.", "2026-03", is_required=True)  # fmt: skip
_AGAINST = Parameter(
    "against", KNOWN_AT.read, KNOWN_AT.schema, "Hold the figures against this other state of knowledge.", 2_400
)
_HELD = number(
    "held", "Lead from the checkpoint of so many entries, which the client holds; repeatable.", 1, 1_200, is_many=True
)


@asks(
    "/v1/statement",
    "statement",
    "What a client gets each month: tickets, verdicts, quota, and the bill with the reason and clause of each line.",
    Answer(PDF, BINARY, "The statement."),
    Answer(HTML, BINARY, "The statement."),
    Answer(XLSX, BINARY, "The statement, as a workbook."),
    roles=("reader", "auditor", "client"),
    tag="papers",
    parameters=(
        required(CLIENT, "The client."),
        _MONTH,
        word("format", "As what; pdf by default.", "pdf", "html", "xlsx"),
        *AS_OF,
    ),
    problems=(304, 404, 409),
)
def statement(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora statement` writes."""
    seen, month = Seen(ledger, caller), Month(*asked["month"])
    seen.check(asked)
    question = seen.question(asked)
    headers = tagged(request, ledger, caller, question.known, is_fixed=asked["at"] is not None)
    found = gather(ledger, StatementAsked(asked["client"], month, question.at, question.known, dict(question.readings)))
    name, form = f"{asked['client']}-{month}", asked["format"] or "pdf"
    if form == "xlsx":
        return attached(as_xlsx(found), XLSX, f"{name}.xlsx", headers)
    paper = statement_told(found)
    if form == "html":
        return attached(as_html(paper), HTML, f"{name}.html", headers)
    return attached(as_pdf(paper), PDF, f"{name}.pdf", headers)


@asks(
    "/v1/dossier",
    "dossier",
    "One ticket as a paper to hand over in a dispute. With the proof, if the server has a key to sign with; not to "
    "clients, since "
    "what proves a ticket shows all terms.",
    Answer(PDF, BINARY, "The dossier."),
    Answer(HTML, BINARY, "The dossier."),
    Answer(ZIP, BINARY, "Both, the bundle, and the program that checks it."),
    roles=("auditor", "client"),
    tag="papers",
    parameters=(required(TICKET, "The ticket."), word("format", "As what; pdf by default.", "pdf", "html", "zip"), *AS_OF,
                _AGAINST),
    problems=(404, 409),
)  # fmt: skip
def dossier(asked: Asked, caller: Caller, ledger: Ledger, signer: Signer | None) -> Response[Any]:
    """Answers what `bitacora dossier` writes."""
    seen, form, ticket = Seen(ledger, caller), asked["format"] or "pdf", asked["ticket"]
    seen.check(asked)
    question = seen.question(asked)
    is_proved = signer is not None and caller.client is None
    if form == "zip" and not is_proved:
        raise NotNow(said("a zip carries the proof, which is not given here"), field="format")
    against = asked["against"]
    if against is None and caller.client is not None:
        # What a dossier is held against by itself would be told by its position in the whole ledger.
        against = question.at if asked["known_at"] is None else ledger.head()
    other = None if against is None else seen.known(against)
    wanted = dossiers.Asked(ticket, question.at, question.known, other, dict(question.readings))
    proof = _proof(ledger, signer, ticket, question, is_needed=form == "zip") if signer is not None and is_proved else None
    paper = dossier_told(dossiers.gather(ledger, wanted, proof))
    if form == "html":
        return attached(as_html(paper), HTML, f"{ticket}.html")
    if form == "pdf" or proof is None:
        return attached(as_pdf(paper), PDF, f"{ticket}.pdf")
    package, verifier = _VERIFIER
    parts = {"dossier.pdf": as_pdf(paper), "dossier.html": as_html(paper), "bundle.zip": proof,
             verifier: (files(package) / verifier).read_bytes()}  # fmt: skip
    return attached(as_zip(parts), ZIP, f"{ticket}.zip")


def _proof(ledger: Ledger, signer: Signer, ticket: str, question: Question, *, is_needed: bool) -> bytes | None:
    """The bundle for a ticket; None if the last checkpoint does not cover it yet, and a paper is asked for that can do
    without."""
    try:
        return bundle(ledger, signer, ticket, question.at, question.readings)
    except (NotFound, NotPossible):
        if is_needed:
            raise
        return None


@asks(
    "/v1/bundle",
    "bundle",
    "All that a dispute about one ticket needs, each entry with its proof under the last checkpoint; or, without a ticket, the "
    "whole ledger.",
    Answer(ZIP, BINARY, "The bundle."),
    roles=("auditor",),
    tag="proofs",
    parameters=(TICKET, AT, READING, _HELD),
    problems=(404, 409),
)  # fmt: skip
def get_bundle(asked: Asked, ledger: Ledger, signer: Signer | None) -> Response[Any]:
    """Answers what `bitacora export bundle` writes."""
    if signer is None:
        raise NotNow(said("the server has no key to sign with: see signing_key in its configuration"))
    if asked["ticket"] is None:
        return written(lambda file: whole_bundle(ledger, signer, file), ZIP, named("ledger.zip"))
    made = bundle(ledger, signer, asked["ticket"], asked["at"] or utc_now(), readings_asked(asked), asked["held"])
    return attached(made, ZIP, f"{asked['ticket']}.zip")
