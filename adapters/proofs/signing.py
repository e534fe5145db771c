"""The desk's signing key: made once, kept in a file of its own outside the ledger, and what it signed last beside it.

The file is the text other programs for signed notes use, readable by its owner only. It decides nothing about what may be
signed: see `proving`.
"""

import os
from base64 import b64encode
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.mapper import LedgerError
from domain.refusal import said
from replay.notes import ED25519, Key, Malformed, check_name, decoded, read_key, write_note

_PRIVATE = "PRIVATE+KEY"
_OTHERS = 0o077


class Signer:
    """A private key in hand. `remembered` is the file with the checkpoint it signed last, which a ledger put back to an
    older state cannot make it forget."""

    def __init__(self, key: Key, private: Ed25519PrivateKey, path: Path) -> None:
        self.key = key
        self._private = private
        self.remembered = path.with_name(path.name + ".last")

    def sign(self, text: str) -> bytes:
        """The note of this text with this key's signature."""
        return write_note(text, [(self.key, self._private.sign(text.encode()))])

    def last(self) -> bytes | None:
        """The checkpoint signed last, None if there is none. LedgerError if it cannot be read."""
        try:
            return self.remembered.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unusable(self.remembered, error.strerror or error) from None

    def remember(self, note: bytes) -> None:
        """Writes down what is about to be shown as signed, safely: the old one stands until the new one is whole."""
        _replace(self.remembered, note)


def is_right(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature is that of a public key (32 bytes) over a message."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def make_key(path: Path, origin: str) -> Signer:
    """A new key in a new file, for the log called `origin` (as `example.com/desk`); its public half goes beside it, `.vkey`.

    LedgerError if the file exists already, cannot be written, or the origin cannot be a key's name."""
    try:
        check_name(origin)
    except Malformed as wrong:
        raise _unusable(path, wrong) from None
    private = Ed25519PrivateKey.generate()
    key = Key(origin, private.public_key().public_bytes_raw())
    secret = b64encode(ED25519 + private.private_bytes_raw()).decode()
    try:
        _create(path, f"{_PRIVATE}+{origin}+{key.id.hex()}+{secret}\n".encode())
        _replace(public_path(path), (key.text() + "\n").encode())
    except FileExistsError:
        raise LedgerError(said("{path} exists already; a key is never replaced"), path=path) from None
    except OSError as error:
        raise _unusable(path, error.strerror or error) from None
    return Signer(key, private, path)


def public_path(path: Path) -> Path:
    """Where the public half of the key in a file is kept."""
    return path.with_name(path.name + ".vkey")


def open_key(path: Path) -> Signer:
    """The key in a file. LedgerError if it is not there, others may read it, or it holds no key."""
    try:
        if os.name == "posix" and path.stat().st_mode & _OTHERS:
            raise LedgerError(said("{path} is a private key that others may read: chmod 600 {path}"), path=path)
        return _signer(_text(path).strip(), path)
    except OSError as error:
        raise _unusable(path, error.strerror or error) from None
    except ValueError as wrong:
        raise _unusable(path, wrong) from None


def open_public_key(path: Path) -> Key:
    """The public key in a file. LedgerError if there is none."""
    try:
        return read_key(_text(path))
    except OSError as error:
        raise _unusable(path, error.strerror or error) from None
    except ValueError as wrong:
        raise _unusable(path, wrong) from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Malformed(said("it is not UTF-8")) from None


def _signer(text: str, path: Path) -> Signer:
    parts = text.removeprefix(_PRIVATE + "+").split("+", 2)
    if not text.startswith(_PRIVATE) or len(parts) != 3:
        raise Malformed(said("it is not a private key of a signed note"))
    raw = decoded(parts[2])
    if raw[:1] != ED25519 or len(raw) != 33:
        raise Malformed(said("it is not an Ed25519 key"))
    private = Ed25519PrivateKey.from_private_bytes(raw[1:])
    key = Key(check_name(parts[0]), private.public_key().public_bytes_raw())
    if key.id.hex() != parts[1]:
        raise Malformed(said("the id of the key is not that of its name and key"))
    return Signer(key, private, path)


def _unusable(path: Path, problem: object) -> LedgerError:
    return LedgerError(said("the key in {path} cannot be used: {problem}"), path=path, problem=problem)


def _create(path: Path, content: bytes) -> None:
    """A file that was not there, its owner's only from its first moment, on the disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.unlink(missing_ok=True)
    _create(fresh, content)
    fresh.replace(path)
    folder = os.open(path.absolute().parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
