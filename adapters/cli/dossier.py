"""`bitacora dossier`: one ticket as a paper to hand over, as PDF, as HTML, or as a zip with what proves it.

It asks `adapters.dossier` and writes what comes, whole or not at all.
"""

from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, KNOWN, NAME, as_of, chosen_readings, everywhere, open_ledger, position_known
from adapters.cli.proof_files import check_outputs, write_whole
from adapters.language import _
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.dossier.document import Document

_KINDS = (".pdf", ".html", ".zip")
_VERIFIER = ("adapters.verifier", "bitacora_verify.py")


@click.command(
    cls=Command,
    example="bitacora dossier T-1001 -o T-1001.pdf\n"
    "bitacora dossier T-1001 -o T-1001.zip --key desk.key --at 2026-03-31T18:00:00-06:00 --lang es",
    help=said("Write a dossier on TICKET, to be handed over in a dispute: what happened; both clocks, drawn and in figures, "
              "each segment with its entry and clause; quota and bill; what was known then and now; the readings on which the "
              "outcome hangs; the clauses; the proof.\n\n"
              "FILE ends in .pdf, .html or .zip. The zip holds both, the bundle, and the program that checks it. The same "
              "question gives the same bytes."),
)  # fmt: skip
@click.argument("ticket", type=NAME)
@option("-o", "--output", metavar="FILE", type=FILE, required=True,
        help=said("The file to write, whole or not at all: .pdf, .html or .zip."))  # fmt: skip
@as_of
@option("--against", type=KNOWN,
        help=said("Hold the figures against this other state of knowledge, a time or a position; by default against what was "
                  "known at the moment judged, or, with --known-at, against everything."))  # fmt: skip
@option("--key", metavar="FILE", type=FILE,
        help=said("Add the proof: the desk's private key, made by `key make`. A zip needs it."))  # fmt: skip
@everywhere
def dossier(
    ticket: str,
    output: Path,
    at: datetime | None,
    known_at: datetime | int | None,
    readings: tuple[tuple[str, str], ...],
    against: datetime | int | None,
    key: Path | None,
) -> None:
    """Writes a dossier; NotFound if there is no such ticket, LedgerError if a proof is asked for and there is none."""
    from adapters.dossier.gathering import Asked, gather
    from adapters.dossier.telling import told
    from adapters.ledger import utc_now
    from adapters.proofs.proving import bundle
    from adapters.proofs.signing import open_key

    kind = _kind(output, key)
    check_outputs(output, key=key)
    signer = open_key(key) if key is not None else None
    with open_ledger() as ledger:
        asked = Asked(
            ticket,
            at or utc_now(),
            position_known(ledger, known_at),
            position_known(ledger, against),
            chosen_readings(readings),
        )
        proved = bundle(ledger, signer, ticket, asked.at, asked.readings) if signer is not None else None
        document = told(gather(ledger, asked, proved))
    write_whole(output, _set(kind, document, proved))
    print(_("dossier on {ticket} written to {path}").format(ticket=ticket, path=output))


def _kind(output: Path, key: Path | None) -> str:
    kind = output.suffix.lower()
    if kind not in _KINDS:
        raise click.UsageError(_("{path} is of no kind known here: .pdf, .html or .zip").format(path=output))
    if kind == ".zip" and key is None:
        raise click.UsageError(_("a .zip carries the proof: name the desk's key with --key"))
    return kind


def _set(kind: str, document: "Document", proved: bytes | None) -> bytes:
    """The bytes of the file asked for."""
    from adapters.dossier.setting import as_html, as_pdf, as_zip

    if kind == ".html":
        return as_html(document)
    if kind == ".pdf" or proved is None:
        return as_pdf(document)
    package, verifier = _VERIFIER
    return as_zip(
        {
            "dossier.pdf": as_pdf(document),
            "dossier.html": as_html(document),
            "bundle.zip": proved,
            verifier: (files(package) / verifier).read_bytes(),
        }
    )
