"""`bitacora checkpoint`: all entries there are signed, once or, with --follow, again and again as they are recorded.

It asks `adapters.proofs.proving` or `adapters.proofs.checkpointing` and writes what comes.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, Count, everywhere, open_ledger
from adapters.cli.proof_files import check_outputs, signing_key, size_of, write_whole
from adapters.language import _, ngettext
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.proofs.checkpointing import Cadence
    from adapters.proofs.signing import Signer

_POLL_SECONDS = 0.5


@click.command(
    cls=Command,
    example="bitacora checkpoint --key desk.key\nbitacora checkpoint --key desk.key -o desk.note --request desk.tsq\n"
    "bitacora checkpoint --key desk.key --follow --every 1000 --seconds 300",
    help=said("Sign all entries there are, and print the checkpoint: a few lines to publish, or to send along with every "
              "statement. Made again with nothing new recorded, it is the same one.\n\n"
              "With --follow, go on signing as entries are recorded, one line for each checkpoint, until interrupted. What is "
              "unsigned when it begins is signed at once.\n\n"
              "Nothing is signed that does not continue what was signed before."),
)  # fmt: skip
@signing_key
@option("-o", "--output", metavar="FILE", type=FILE,
        help=said("Write it to this file, with --follow the newest; else to standard output."))  # fmt: skip
@option("--request", metavar="FILE", type=FILE,
        help=said("Write a request for a time stamp over it (RFC 3161), to be sent to a time stamping authority."))  # fmt: skip
@option("--follow", is_flag=True, help=said("Go on signing as entries are recorded, until interrupted."))
@option("--every", metavar="NUMBER", type=Count(1),
        help=said("With --follow, sign as soon as so many entries are unsigned; 1000 by default."))  # fmt: skip
@option("--seconds", metavar="NUMBER", type=Count(1),
        help=said("With --follow, sign once an entry was unsigned for so many seconds; 300 by default."))  # fmt: skip
@everywhere
def checkpoint(
    key: Path, output: Path | None, request: Path | None, follow: bool, every: int | None, seconds: int | None
) -> None:
    """Makes a checkpoint, or many; LedgerError, and nothing signed, if it would not continue the last."""
    from adapters.proofs.signing import open_key

    if not follow and (every is not None or seconds is not None):
        raise click.UsageError(_("--every and --seconds say when to sign with --follow"))
    if follow and request is not None:
        raise click.UsageError(_("--follow and --request exclude each other"))
    check_outputs(output, request, key=key)
    if follow:
        _follow(open_key(key), _cadence(every, seconds), output)
    else:
        _once(open_key(key), output, request)


def _once(signer: "Signer", output: Path | None, request: Path | None) -> None:
    from adapters.ledger import utc_now
    from adapters.proofs.proving import checkpoint

    with open_ledger() as ledger:
        note = checkpoint(ledger, signer, utc_now())
    if request is not None:
        from adapters.proofs.anchors import request as request_for

        write_whole(request, request_for(note))
    if output is None:
        sys.stdout.buffer.write(note)
    elif write_whole(output, note):
        print(_told(note, output))


def _cadence(every: int | None, seconds: int | None) -> "Cadence":
    from adapters.proofs.checkpointing import Cadence

    usual = Cadence()
    return Cadence(usual.entries if every is None else every, usual.seconds if seconds is None else seconds)


def _follow(signer: "Signer", cadence: "Cadence", output: Path | None) -> None:
    """Signs what becomes due until the process is told to end; what is being signed then is finished."""
    from adapters.ending import told_to_end
    from adapters.proofs.checkpointing import Checkpointing

    with told_to_end() as wait, open_ledger() as ledger:
        checkpointing = Checkpointing(ledger, signer, cadence)
        while True:
            if (note := checkpointing.look()) is not None:
                _tell(note, output)
            if wait(_POLL_SECONDS):
                return


def _tell(note: bytes, output: Path | None) -> None:
    """One line about a checkpoint, with the time, once it is written."""
    from adapters.ledger import utc_now
    from domain.exchange import time_text

    if output is None or write_whole(output, note):
        print(f"{time_text(utc_now().replace(microsecond=0))}  {_told(note, output)}", flush=True)


def _told(note: bytes, output: Path | None) -> str:
    size = size_of(note)
    if output is None:
        template = ngettext("checkpoint of {count} entry signed", "checkpoint of {count} entries signed", size)
        return template.format(count=f"{size:,}")
    template = ngettext(
        "checkpoint of {count} entry written to {path}", "checkpoint of {count} entries written to {path}", size
    )
    return template.format(count=f"{size:,}", path=output)
