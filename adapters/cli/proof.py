"""`bitacora key make`, `anchor` and `prove`: the desk's key, what it has stamped, and what it hands out entry by entry.

It parses, asks `adapters.proofs` for the key, proofs and anchors, and writes what comes. Checkpoints are in `proof_checkpoint`,
bundles in `proof_bundle`, `verify` in `proof_verify`.
"""

from pathlib import Path

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import FILE, NAME, everywhere, open_ledger
from adapters.cli.proof_files import certificates, check_outputs, size_of, write_whole
from adapters.language import _, ngettext
from domain.refusal import said


@click.group(
    cls=Group,
    example="bitacora key make desk.key --origin example.com/desk",
    help=said("Make the desk's signing key."),
)
@everywhere
def key() -> None:
    """The group of what is done with keys."""


@key.command(
    name="make",
    cls=Command,
    example="bitacora key make desk.key --origin example.com/desk",
    help=said("Make a new private key in FILE, which only its owner can read, and print its public half. That goes to "
              "FILE.vkey too: make it public, since whoever checks a proof needs it from you. What the key signs last is "
              "remembered in FILE.last.\n\nKeep copies of FILE and FILE.last away from the ledger. A key is never "
              "replaced."),
)  # fmt: skip
@click.argument("file", type=FILE)
@option("--origin", metavar="NAME", type=NAME, required=True,
        help=said("What the log is called in every checkpoint for ever, such as example.com/desk."))  # fmt: skip
@everywhere
def make(file: Path, origin: str) -> None:
    """Makes a key; LedgerError if the file is there already."""
    from adapters.proofs.signing import make_key, public_path

    check_outputs(file, public_path(file))
    print(make_key(file, origin).key.text())


@click.command(
    cls=Command,
    example="bitacora anchor desk.tsr --tsa-cert authority.pem",
    help=said("Take in FILE, a time stamp over a checkpoint: the answer of a time stamping authority to `checkpoint "
              "--request` (RFC 3161). It is kept only if it is of exactly one of the ledger's checkpoints and leads to a "
              "certificate given here. Bundles made from then on carry it."),
)  # fmt: skip
@click.argument("file", type=FILE)
@option("--tsa-cert", "trusted", metavar="PEM", type=FILE, multiple=True, required=True,
        help=said("The authority's root certificate, and those between; repeatable."))  # fmt: skip
@everywhere
def anchor(file: Path, trusted: tuple[Path, ...]) -> None:
    """Keeps a time stamp; LedgerError if it is not of this ledger or not to be trusted."""
    from adapters.proofs.anchors import anchor
    from domain.exchange import time_text

    roots = certificates(trusted)
    token = file.read_bytes()
    with open_ledger() as ledger:
        found = anchor(ledger, token, roots)
    template = ngettext(
        "the checkpoint of {count} entry existed by {when}, says {who}",
        "the checkpoint of {count} entries existed by {when}, says {who}",
        found.size,
    )
    print(template.format(count=f"{found.size:,}", when=time_text(found.when), who=found.who))


@click.command(
    cls=Command,
    example="bitacora prove T-1001 -o proofs",
    help=said("Write every entry of TICKET and its proof: that it stands, unchanged and in this position, in the tree of the "
              "last checkpoint. POSITION.leaf is what was hashed, POSITION.tlog-proof a C2SP text; all else that a dispute "
              "needs is in a bundle (`export bundle`).\n\n"
              "The exit code is 1 if no entry of the ticket is covered yet."),
)  # fmt: skip
@click.argument("ticket", type=NAME)
@option("-o", "--output", metavar="DIR", type=FILE, required=True, help=said("The folder for the proofs."))
@everywhere
def prove(ticket: str, output: Path) -> int:
    """Proves a ticket's entries; 1 if none is covered, NotFound if there is no such ticket."""
    from adapters.proofs.proving import prove
    from replay.proofs import read_inclusion

    with open_ledger() as ledger:
        found = prove(ledger, ticket)
    if not found:
        print(_("nothing of {ticket} is covered yet: it was opened after the last checkpoint").format(ticket=ticket))
        return 1
    files = {output / f"{it.position}.leaf": it.leaf for it in found}
    files |= {output / f"{it.position}.tlog-proof": it.proof for it in found}
    output.mkdir(parents=True, exist_ok=True)
    check_outputs(*files)
    for path, content in files.items():
        write_whole(path, content)
    size = size_of(read_inclusion(found[0].proof).checkpoint)
    template = ngettext(
        "{count} proof under the checkpoint of {size} entries written to {path}",
        "{count} proofs under the checkpoint of {size} entries written to {path}",
        len(found),
    )
    print(template.format(count=f"{len(found):,}", size=f"{size:,}", path=output))
    return 0
