"""Signed notes and checkpoints as C2SP writes them (signed-note, tlog-checkpoint): texts read and written, byte by byte.

Whoever signs and whoever checks a signature hands that in as a function; no key is held here and nothing is judged but form.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import NamedTuple

from domain.refusal import Sayable, said
from replay.merkle import HASH_BYTES

ED25519 = b"\x01"
"""The type of a plain Ed25519 signature."""
LARGEST_NOTE_BYTES = 1_000_000
_SIGNATURE = "\u2014 "

Check = Callable[[bytes, bytes, bytes], bool]
"""check(public key, signature, message): whether the Ed25519 signature is that key's over that message."""


class Malformed(Sayable, ValueError):
    """A text that is not in the form it should be in; the message says how."""


class Key(NamedTuple):
    """A key that notes can be checked with: its name (the origin of a log) and the 32 bytes of its Ed25519 public half."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The four bytes a signature names its key by."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """The verifier key in one line: name, id and key, with plus signs between them."""
        return f"{self.name}+{self.id.hex()}+{b64encode(ED25519 + self.public).decode()}"


class Signature(NamedTuple):
    """One line below a note: the name and id of a key, and what it signed the text with."""

    name: str
    id: bytes
    signed: bytes


class Note(NamedTuple):
    """A text, which ends in a line break, and the signatures below it."""

    text: str
    signatures: tuple[Signature, ...]


class Checkpoint(NamedTuple):
    """What a log says of itself: the tree of its first `size` entries has this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


def check_name(name: str) -> str:
    """The name, if a key may have it: not empty, no white space, no plus sign, all of it printable. Else Malformed."""
    if not name or "+" in name or " " in name or not name.isprintable():
        raise Malformed(said("a name of a key is not empty and has neither white space nor a plus sign"))
    return name


def read_key(text: str) -> Key:
    """The key in a verifier key's line. Malformed if it is none, or not an Ed25519 key."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Malformed(said("a key is a name, an id and a key with plus signs between them"))
    raw = decoded(parts[2])
    if len(raw) != 1 + HASH_BYTES or raw[:1] != ED25519:
        raise Malformed(said("the key is not an Ed25519 key"))
    key = Key(check_name(parts[0]), raw[1:])
    if key.id.hex() != parts[1]:
        raise Malformed(said("the id of the key is not that of its name and key"))
    return key


def write_note(text: str, signed: Sequence[tuple[Key, bytes]]) -> bytes:
    """A note of this text with the signatures of these keys over it."""
    lines = [f"{_SIGNATURE}{key.name} {b64encode(key.id + signature).decode()}\n" for key, signature in signed]
    return f"{text}\n{''.join(lines)}".encode()


def read_note(raw: bytes) -> Note:
    """The note in these bytes, none of its signatures checked. Malformed if it is not in the form of one."""
    text = _plain(raw)
    body, blank, below = text.rpartition("\n\n")
    if not blank or not below.endswith("\n") or not below.strip():
        raise Malformed(said("a note is a text, an empty line and signatures"))
    return Note(body + "\n", tuple(_signature(line) for line in below[:-1].split("\n")))


def is_signed(note: Note, key: Key, check: Check) -> bool:
    """Whether the key signed the note: there is a signature in its name and id, and every one of those is right."""
    own = [it.signed for it in note.signatures if (it.name, it.id) == (key.name, key.id)]
    return bool(own) and all(check(key.public, signed, note.text.encode()) for signed in own)


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text. Malformed if it is none; further lines are refused, no log of ours writes any."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise Malformed(said("a checkpoint is three lines: origin, size and root"))
    hashed = decoded(lines[2])
    if len(hashed) != HASH_BYTES:
        raise Malformed(said("the root of a checkpoint has 32 bytes"))
    return Checkpoint(lines[0], decimal(lines[1]), hashed)


def decoded(text: str) -> bytes:
    """The bytes of a base64 text in its one right form, so that a text cannot be changed without changing what it says."""
    try:
        raw = b64decode(text, validate=True)
    except (Error, ValueError):
        raise Malformed(said("this is not base64")) from None
    if b64encode(raw).decode() != text:
        raise Malformed(said("this is not base64 in its usual form"))
    return raw


def decimal(text: str) -> int:
    """The number of a text of digits without leading zeros. Malformed otherwise."""
    if not (text.isascii() and text.isdigit() and len(text) < 19) or (text[0] == "0" and text != "0"):
        raise Malformed(said("this is not a number in its usual form"))
    return int(text)


def _plain(raw: bytes) -> str:
    if len(raw) > LARGEST_NOTE_BYTES:
        raise Malformed(said("it is too long for a note"))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed(said("a note is UTF-8")) from None
    if any(character < " " and character != "\n" for character in text):
        raise Malformed(said("a note has no control characters but line breaks"))
    return text


def _signature(line: str) -> Signature:
    name, space, signed = line.removeprefix(_SIGNATURE).partition(" ")
    if not line.startswith(_SIGNATURE) or not space:
        raise Malformed(said("a signature is a dash, the name of a key and base64"))
    raw = decoded(signed)
    if len(raw) < 5:
        raise Malformed(said("a signature has more than an id"))
    return Signature(check_name(name), raw[:4], raw[4:])
