"""`bitacora export bundle`: one file with all that a dispute about one ticket needs, or with the whole ledger, and the program
that checks it.

It asks `adapters.proofs.proving` or `adapters.proofs.proving_whole` and writes what comes.
"""

import io
import json
import zipfile
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, NAME, Count, chosen_readings, everywhere, judged_at, open_ledger, read_as
from adapters.cli.proof_files import check_outputs, signing_key, write_whole
from adapters.language import _, ngettext
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.proofs.signing import Signer

_VERIFIER = ("adapters.verifier", "bitacora_verify.py")


@click.command(
    name="bundle",
    cls=Command,
    example="bitacora export bundle T-1001 --key desk.key -o T-1001.zip --verifier bitacora_verify.py\n"
    "bitacora export bundle T-1001 --key desk.key -o T-1001.zip --at 2026-03-31T18:00:00-06:00 --held 1200\n"
    "bitacora export bundle --all --key desk.key -o ledger.zip",
    help=said("Write all that a dispute about TICKET needs into one file: its entries and those its figures hang on, each "
              "with its proof under the last checkpoint; checkpoints, time stamps, and what `explain` says. It shows the "
              "client's registration and policies and, where a quota is shared, the other tickets; nothing of other clients."
              "\n\nWith --all, write the whole ledger up to the last checkpoint instead: every entry of every client, the tree "
              "over them, every checkpoint and time stamp; no figures."
              "\n\nIt is checked away from the desk by a program of one file, which --verifier writes."),
)  # fmt: skip
@click.argument("ticket", type=NAME, required=False)
@option("--all", "everything", is_flag=True, help=said("The whole ledger, for an auditor: it shows every client's entries."))
@signing_key
@option("-o", "--output", metavar="FILE.zip", type=FILE, required=True, help=said("The file to write, whole or not at all."))
@option("--verifier", metavar="FILE", type=FILE,
        help=said("Write the program that checks bundles too; it needs Python and `cryptography` only."))  # fmt: skip
@judged_at
@read_as
@option("--held", metavar="SIZE", type=Count(1), multiple=True,
        help=said("Lead from the checkpoint of so many entries, which the client holds; repeatable."))  # fmt: skip
@everywhere
def bundle(
    ticket: str | None,
    everything: bool,
    key: Path,
    output: Path,
    verifier: Path | None,
    at: datetime | None,
    readings: tuple[tuple[str, str], ...],
    held: tuple[int, ...],
) -> None:
    """Writes a bundle; NotFound if there is no such ticket, LedgerError if nothing was signed or a proof fails."""
    from adapters.proofs.signing import open_key, public_path

    if (ticket is None) != everything:
        raise click.UsageError(_("name one ticket, or ask for the whole ledger with --all"))
    if everything and (at or readings or held):
        raise click.UsageError(_("--at, --reading and --held are about one ticket, not about the whole ledger"))
    check_outputs(output, verifier, key=key)
    chosen = chosen_readings(readings)
    signer = open_key(key)
    if ticket is None:
        _write_whole_ledger(signer, output)
    else:
        _write_ticket(ticket, signer, output, at, chosen, held)
    package, name = _VERIFIER
    if verifier is not None and write_whole(verifier, (files(package) / name).read_bytes()):
        template = _("it is checked with: python {verifier} {bundle} --key {key}")
        print(template.format(verifier=verifier, bundle=output, key=public_path(key)))


def _write_ticket(
    ticket: str, signer: "Signer", output: Path, at: datetime | None, readings: Mapping[str, str], held: tuple[int, ...]
) -> None:
    from adapters.ledger import utc_now
    from adapters.proofs.proving import bundle

    with open_ledger() as ledger:
        made = bundle(ledger, signer, ticket, at or utc_now(), readings, held)
        head = ledger.head()
    if write_whole(output, made):
        size = _size(made)
        template = _("bundle for {ticket}, as of the checkpoint of {size} entries, written to {path}")
        print(template.format(ticket=ticket, size=f"{size:,}", path=output))
        _tell_later(head - size)


def _write_whole_ledger(signer: "Signer", output: Path) -> None:
    from adapters.files.targets import is_written_into, whole_file
    from adapters.proofs.proving_whole import whole_bundle

    with open_ledger() as ledger:
        with whole_file(output) as file:
            size = whole_bundle(ledger, signer, file)
        head = ledger.head()
    if not is_written_into(output):
        template = _("bundle of the whole ledger, as of the checkpoint of {size} entries, written to {path}")
        print(template.format(size=f"{size:,}", path=output))
        _tell_later(head - size)


def _tell_later(later: int) -> None:
    if later:
        template = ngettext(
            "{count} entry recorded since is not in it: make a checkpoint first if it should be",
            "{count} entries recorded since are not in it: make a checkpoint first if they should be",
            later,
        )
        print(template.format(count=f"{later:,}"))


def _size(made: bytes) -> int:
    """How many entries the checkpoint of a bundle covers, as its manifest says."""
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        return int(json.loads(archive.read("manifest.json"))["size"])
