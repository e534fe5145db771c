"""`bitacora verify`: whether the ledger is whole and what was signed, told in a few lines.

It asks `adapters.proofs.verifying` and writes what comes.
"""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, NAME, everywhere, ledger_place, open_ledger, sharing
from adapters.cli.proof_files import held_checkpoint, key_to_check
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.accounts.comparing import Compared
    from adapters.ledger import Ledger
    from adapters.proofs.verification import Verified


@click.command(
    cls=Command,
    example="bitacora verify --key desk.key\nbitacora verify --key desk.key.vkey --checkpoint desk.note",
    help=said("Read every stored byte and tell whether the ledger is whole and what was signed. Positions and versions without "
              "a gap, every entry in its place, the root of every signed checkpoint.\n\n"
              "Stored accounts, if there are any, are held against a replay.\n\n"
              "The first difference is printed with its position, and the exit code is 1. Without a key, signatures are not "
              "checked. Away from the desk, a bundle is checked by the program that comes with it."),
)  # fmt: skip
@option("--key", type=NAME, metavar="KEY|FILE",
        help=said("The desk's public key: its one line, or its file. With the private key, what it signed last is held "
                  "against the ledger too."))  # fmt: skip
@option("--checkpoint", "checkpoints", metavar="FILE", type=FILE, multiple=True,
        help=said("A checkpoint kept outside the ledger, to be held against it; repeatable."))  # fmt: skip
@sharing
@everywhere
def verify(key: str | None, checkpoints: tuple[Path, ...], workers: int) -> int:
    """Verifies the ledger; 1 if anything differs."""
    from adapters.proofs.verifying import verify

    public, held = (None, []) if key is None else key_to_check(key)
    held += [held_checkpoint(it) for it in checkpoints]
    with open_ledger() as ledger:
        found = verify(ledger, public, held, workers)
        compared = _compared(ledger) if found.difference is None else None
    if found.difference is not None:
        _tell_difference(found)
    else:
        _tell_whole(found)
    if public is None:
        print(_("Signatures were not checked: no --key was given."))
    if compared is not None:
        _tell_compared(compared)
    return int(found.difference is not None or (compared is not None and compared.difference is not None))


def _compared(ledger: "Ledger") -> "Compared | None":
    """The stored accounts, held against a replay."""
    from adapters.accounts.comparing import compare
    from adapters.accounts.places import accounts_of

    with closing(accounts_of(ledger_place())) as accounts:
        return compare(ledger, accounts, datetime.now(UTC))


def _tell_compared(compared: "Compared") -> None:
    if compared.difference is not None:
        print(_("DIFFERENT: {what}").format(what=worded(compared.difference)))
        print(_("`bitacora rebuild` makes the stored accounts anew from the entries."))
        return
    template = ngettext(
        "The stored accounts of {count} ticket, up to position {position}, are what a replay says.",
        "The stored accounts of {count} tickets, up to position {position}, are what a replay says.",
        compared.tickets,
    )
    print(template.format(count=f"{compared.tickets:,}", position=f"{compared.position:,}"))
    if compared.parked:
        template = ngettext(
            "{count} is parked and was not compared.", "{count} are parked and were not compared.", compared.parked
        )
        print(template.format(count=compared.parked))
    if compared.owed:
        template = ngettext(
            "{count} is still to be judged again and was not compared.",
            "{count} are still to be judged again and were not compared.",
            compared.owed,
        )
        print(template.format(count=f"{compared.owed:,}"))


def _tell_difference(found: "Verified") -> None:
    from adapters.proofs.verification import OF_THE_TREE

    difference = found.difference
    assert difference is not None
    if difference.position is None:
        print(_("DIFFERENT: {what}").format(what=worded(difference)))
    else:
        template = _("DIFFERENT from position {position} on: {what}")
        print(template.format(position=f"{difference.position:,}", what=worded(difference)))
    if difference.template in OF_THE_TREE:
        print(
            _("If it is the stored tree, `bitacora rebuild --tree` makes it anew from the entries, and refuses if it is not.")
        )
    if found.signed:
        print(_("The signed checkpoints agree up to position {signed}.").format(signed=f"{found.signed:,}"))


def _tell_whole(found: "Verified") -> None:
    template = ngettext("Whole: {count} entry, {streams} streams.", "Whole: {count} entries, {streams} streams.", found.entries)
    print(template.format(count=f"{found.entries:,}", streams=f"{found.streams:,}"))
    if not found.checkpoints:
        print(_("Nothing was signed: entries were checked in form only."))
        return
    template = ngettext(
        "{count} checkpoint, over {signed} entries at most, has the root its entries give.",
        "{count} checkpoints, over {signed} entries at most, have the root their entries give.",
        found.checkpoints,
    )
    print(template.format(count=f"{found.checkpoints:,}", signed=f"{found.signed:,}"))
    if later := found.entries - found.signed:
        template = ngettext(
            "{count} entry after them was checked in form only.", "{count} entries after them were checked in form only.", later
        )
        print(template.format(count=f"{later:,}"))
