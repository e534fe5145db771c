"""`bitacora export bundle`: one file with all that a dispute about one ticket needs, and the program that checks it.

It asks `adapters.proving` and writes what comes.
"""

import io
import json
import zipfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, NAME, Count, chosen_readings, everywhere, judged_at, open_ledger, read_as
from adapters.cli.proof_files import check_outputs, signing_key, write_whole
from adapters.language import _, ngettext
from domain.refusal import said

_VERIFIER = ("adapters.verifier", "bitacora_verify.py")


@click.command(
    name="bundle",
    cls=Command,
    example="bitacora export bundle T-1001 --key desk.key -o T-1001.zip --verifier bitacora_verify.py\n"
    "bitacora export bundle T-1001 --key desk.key -o T-1001.zip --at 2026-03-31T18:00:00-06:00 --held 1200",
    help=said("Write all that a dispute about TICKET needs into one file: its entries and those its figures hang on, each "
              "with its proof under the last checkpoint; checkpoints, time stamps, and what `explain` says. It shows the "
              "client's registration and policies and, where a quota is shared, the other tickets; nothing of other clients."
              "\n\nIt is checked away from the desk by a program of one file, which --verifier writes."),
)  # fmt: skip
@click.argument("ticket", type=NAME)
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
    ticket: str,
    key: Path,
    output: Path,
    verifier: Path | None,
    at: datetime | None,
    readings: tuple[tuple[str, str], ...],
    held: tuple[int, ...],
) -> None:
    """Writes a bundle; NotFound if there is no such ticket, LedgerError if nothing was signed or a proof fails."""
    from adapters.ledger import utc_now
    from adapters.proving import bundle
    from adapters.signing import open_key, public_path

    check_outputs(output, verifier, key=key)
    chosen = chosen_readings(readings)
    signer = open_key(key)
    with open_ledger() as ledger:
        made = bundle(ledger, signer, ticket, at or utc_now(), chosen, held)
        head = ledger.head()
    if write_whole(output, made):
        _tell(ticket, _size(made), head, output)
    package, name = _VERIFIER
    if verifier is not None and write_whole(verifier, (files(package) / name).read_bytes()):
        template = _("it is checked with: python {verifier} {bundle} --key {key}")
        print(template.format(verifier=verifier, bundle=output, key=public_path(key)))


def _tell(ticket: str, size: int, head: int, output: Path) -> None:
    template = _("bundle for {ticket}, as of the checkpoint of {size} entries, written to {path}")
    print(template.format(ticket=ticket, size=f"{size:,}", path=output))
    if later := head - size:
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
