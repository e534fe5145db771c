"""The files that the commands of proof read and write: keys, checkpoints, certificates, and outputs that spare the ledger.

What cannot be read is misuse and told as such. It signs nothing and judges nothing.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import option
from adapters.cli.options import FILE, ledger_place
from adapters.files.targets import check_target, is_written_into, whole_file
from adapters.language import _
from adapters.settings import ledger_path
from domain.refusal import said

if TYPE_CHECKING:
    from cryptography import x509

    from replay.notes import Key

_OF_A_KEY = ("", ".vkey", ".last")
_PRIVATE = b"PRIVATE+KEY+"

signing_key = option("--key", metavar="FILE", type=FILE, required=True,
                     help=said("The desk's private key, made by `key make`."))  # fmt: skip


def check_outputs(*outputs: Path | None, key: Path | None = None) -> None:
    """Asks, before anything is done, whether the files to be written may be: see `targets.check_target`. A usage error if one
    belongs to the key, or is named twice."""
    ledger = ledger_path(ledger_place())
    taken = [] if key is None else [key.with_name(key.name + it).resolve() for it in _OF_A_KEY]
    for output in outputs:
        if output is None:
            continue
        check_target(output, ledger)
        if output.resolve() in taken:
            template = _("{path} belongs to the key, or is to be written twice; choose another file to write to")
            raise click.UsageError(template.format(path=output))
        taken.append(output.resolve())


def write_whole(path: Path, content: bytes) -> bool:
    """Writes a file of these bytes, whole or not at all; whether there is a file now to tell of, no pipe or device. OSError,
    naming it, if it cannot be written."""
    with whole_file(path) as file:
        file.write(content)
    return not is_written_into(path)


def key_to_check(given: str) -> tuple["Key", list[bytes]]:
    """The public key in `given`: its one line, the file of it, or that of a private key, which comes with the checkpoint it
    remembers. A usage error if it is none of these, LedgerError if a file holds no key."""
    from adapters.proofs.signing import open_key, open_public_key
    from replay.notes import Malformed, read_key

    path = Path(given)
    if path.exists():
        if not path.read_bytes().startswith(_PRIVATE):
            return open_public_key(path), []
        signer = open_key(path)
        last = signer.last()
        return signer.key, [] if last is None else [last]
    try:
        return read_key(given), []
    except Malformed:
        raise click.UsageError(_("--key: {text} is neither a file nor a public key").format(text=given)) from None


def size_of(note: bytes) -> int:
    """How many entries the checkpoint in a note of ours covers."""
    from replay.notes import read_checkpoint, read_note

    return read_checkpoint(read_note(note).text).size


def held_checkpoint(path: Path) -> bytes:
    """The note in a file that somebody kept. OSError if it cannot be read, a usage error if it is no checkpoint."""
    from replay.notes import Malformed, read_checkpoint, read_note

    note = path.read_bytes()
    try:
        read_checkpoint(read_note(note).text)
    except Malformed:
        raise click.UsageError(_("{path} is no checkpoint").format(path=path)) from None
    return note


def certificates(paths: Sequence[Path]) -> list["x509.Certificate"]:
    """All certificates in PEM files. OSError if one cannot be read, a usage error if it holds none."""
    from cryptography import x509

    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(path.read_bytes())
        except ValueError:
            raise click.UsageError(_("{path} holds no certificate in PEM").format(path=path)) from None
    return found
