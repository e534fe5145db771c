"""What can be taken away from a page: dossier, bundle, statement, the proofs of a ticket, the program that checks them.

The same functions write them as for the command line, and the same question gives the same bytes.
"""

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from importlib.resources import files
from typing import Any

from adapters.dossier.document import Document
from adapters.dossier.gathering import Asked, gather
from adapters.dossier.setting import as_html, as_pdf, as_zip
from adapters.dossier.telling import told
from adapters.mapper import LedgerError
from adapters.proofs.proving import bundle, prove
from adapters.reports.reports import NotFound
from adapters.statement import gathering as statements
from adapters.statement.month import Month
from adapters.statement.telling import told as told_statement
from adapters.web.asking import State, readings_known
from adapters.web.desk import Desk
from adapters.web.ticket import position_of
from domain.refusal import said

VERIFIER = "bitacora_verify.py"
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "html": "text/html; charset=utf-8",
    "zip": "application/zip",
    "json": "application/json",
    "py": "text/x-python; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SETTERS: dict[str, Callable[[Document], bytes]] = {"html": as_html, "pdf": as_pdf}


def verifier() -> bytes:
    """The program that checks bundles, away from the desk."""
    return (files("adapters.verifier") / VERIFIER).read_bytes()


def dossier(desk: Desk, ticket: str, state: State, kind: str, client: str | None) -> bytes:
    """The dossier on a ticket as `pdf`, `html` or, with the proof and the program that checks it, `zip`; `client` is the
    caller's, if it may see no other. NotFound, BadQuestion; LedgerError if a proof is asked for and there is none to be had."""
    at = state.at or desk.clock()
    proved = _bundle(desk, ticket, state, at) if kind == "zip" else None
    known = None if state.known_at is None and client is None else position_of(desk.ledger, state.known_at, client)
    # What a dossier is held against by itself would be told by its position among everyone's entries.
    against = None if client is None else position_of(desk.ledger, at if state.known_at is None else None, client)
    with readings_known("reading"):
        document = told(gather(desk.ledger, Asked(ticket, at, known, against, state.readings), proved))
    if proved is None:
        return _SETTERS[kind](document)
    contents = {"dossier.pdf": as_pdf(document), "dossier.html": as_html(document), "bundle.zip": proved, VERIFIER: verifier()}
    return as_zip(contents)


def ticket_bundle(desk: Desk, ticket: str, state: State) -> bytes:
    """The bundle for a ticket. As `dossier`."""
    return _bundle(desk, ticket, state, state.at or desk.clock())


def _bundle(desk: Desk, ticket: str, state: State, at: datetime) -> bytes:
    if desk.signer is None:
        raise LedgerError(said("this server was not given the desk's key: it signs no bundle"))
    with readings_known("reading"):
        return bundle(desk.ledger, desk.signer, ticket, at, state.readings)


def proofs(desk: Desk, ticket: str) -> dict[str, Any]:
    """The proofs of a ticket's entries for the browser: of each its leaf (base64) and its C2SP proof, by version."""
    entries = [
        {"position": it.position, "version": it.version, "leaf": b64encode(it.leaf).decode(), "proof": it.proof.decode()}
        for it in prove(desk.ledger, ticket)
    ]
    return {"ticket": ticket, "entries": entries}


def statement(desk: Desk, client: str, month: Month, kind: str) -> bytes:
    """The statement of a client for a month, as of now, as `pdf`, `html` or `xlsx`. NotFound; LedgerError if the month had not
    begun."""
    found = statements.gather(desk.ledger, statements.Asked(client, month, desk.clock(), None, {}))
    if kind == "xlsx":
        from adapters.statement.sheets import as_xlsx

        return as_xlsx(found)
    if kind not in _SETTERS:
        raise NotFound("statement", kind)
    return _SETTERS[kind](told_statement(found))
