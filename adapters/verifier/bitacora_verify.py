#!/usr/bin/env python3
"""Checks a bundle of a bitacora ledger, away from the desk and without trusting it.

One file: Python 3.11 and the `cryptography` package are all it needs. Bytes → leaf → root → signature → no version missing →
anchors; with bitacora installed it also works the disputed figures out again. It asks nobody and writes nothing.

    python bitacora_verify.py BUNDLE.zip --key desk.vkey --checkpoint held.note --tsa-cert tsa-root.pem

Exit codes: 0 VALID-ANCHORED, 1 INVALID, 2 misuse, 3 VALID-UNANCHORED, 4 INCOMPLETE.
"""

import argparse
import base64
import hashlib
import json
import os
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    from datetime import UTC, datetime
    from itertools import islice, pairwise

    from cryptography import x509
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID
except ImportError as missing:
    # Else Python would exit with 1, which here is the word for a bundle that does not hold.
    print("bitacora_verify needs Python 3.11 or newer and the package cryptography (pip install cryptography)\n"
          "bitacora_verify necesita Python 3.11 o posterior y el paquete cryptography (pip install cryptography)\n"
          f"  {missing}", file=sys.stderr)  # fmt: skip
    sys.exit(2)

FORM, LEDGER_FORM = "bitacora-bundle/1", "bitacora-ledger/1"
EXIT_CODES = {"VALID-ANCHORED": 0, "INVALID": 1, "VALID-UNANCHORED": 3, "INCOMPLETE": 4}
MISUSE = 2
LARGEST_BYTES = 1 << 30
MOST_LINES = 30
TILE_WIDTH = 256

# What is said, in English and in Spanish. ------------------------------------------------------------------------------

SAID: dict[str, tuple[str, str]] = {
    "unreadable": ("the bundle cannot be read: {problem}", "el paquete no se puede leer: {problem}"),
    "form": ("it is no bundle of the form {form}", "no es un paquete de la forma {form}"),
    "manifest": ("{file} is of another manifest than the one in the bundle: the bundle was changed after it was signed",
                 "{file} es de otro manifiesto que el del paquete: el paquete fue alterado después de firmarse"),
    "twice": ("{file} stands in the bundle twice", "{file} está dos veces en el paquete"),
    "absent": ("{file} is missing", "falta {file}"),
    "changed": ("{file} was changed: its digest is not that of the manifest",
                "{file} fue alterado: su huella no es la del manifiesto"),
    "unlisted": ("{file} is not in the manifest", "{file} no está en el manifiesto"),
    "no checkpoint": ("{file} is no checkpoint, which is a note that the desk signed",
                      "{file} no es un punto de control, que es una nota firmada por la mesa"),
    "no key": ("{file} is no public key of a desk", "{file} no es la llave pública de una mesa"),
    "no certificate": ("{file} holds no certificate in PEM", "{file} no contiene ningún certificado en PEM"),
    "malformed": ("{file} is malformed: {problem}", "{file} está mal formado: {problem}"),
    "other key": ("the bundle is signed with the key {found}, not with yours, {expected}",
                  "el paquete está firmado con la llave {found}, no con la suya, {expected}"),
    "signature": ("{file} is not signed by the key {key}", "{file} no está firmado con la llave {key}"),
    "origin": ("{file} is of {found}, not of {expected}", "{file} es de {found}, no de {expected}"),
    "size": ("{file} tells of {found} entries, not of {expected}", "{file} habla de {found} asientos, no de {expected}"),
    "inconsistent": ("the checkpoint of {old} entries is not the beginning of that of {new}: history was rewritten",
                     "el punto de control de {old} asientos no es el comienzo del de {new}: la historia fue reescrita"),
    "leaf": ("{file} says it is position {found}", "{file} dice ser la posición {found}"),
    "root": ("entry {position} ({stream}, version {version}) does not lead to the signed root",
             "el asiento {position} ({stream}, versión {version}) no lleva a la raíz firmada"),
    "not signed": ("the entries 1 to {size} are not those that were signed: one of them, or the checkpoint, was changed",
                   "los asientos 1 a {size} no son los que se firmaron: uno de ellos, o el punto de control, fue alterado"),
    "not of the tree": ("entry {position} is not the one that the tree was made of: it, or {file}, was changed",
                        "el asiento {position} no es aquel con que se hizo el árbol: fue alterado él, o {file}"),
    "tile": ("{file} does not agree with the entries below it", "{file} no concuerda con los asientos debajo de él"),
    "gap": ("entry {position} is missing: {file} has {found} in its place",
            "falta el asiento {position}: {file} tiene {found} en su lugar"),
    "version": ("entry {position} is version {found} of {stream}, where {expected} comes next",
                "el asiento {position} es la versión {found} de {stream}, donde sigue la {expected}"),
    "other checkpoint": ("{file} is not under the bundle's checkpoint", "{file} no está bajo el punto de control del paquete"),
    "stored": ("entry {position} is not in the form entries are stored in",
               "el asiento {position} no tiene la forma en que se guardan los asientos"),
    "time": ("entry {position} says it was recorded before the entries in front of it",
             "el asiento {position} dice haberse registrado antes que los anteriores"),
    "id": ("entries {position} and {other} have the same id", "los asientos {position} y {other} tienen el mismo id"),
    "order": ("version {version} of {stream} stands before an older one",
             "la versión {version} de {stream} está antes que una previa"),
    "versions": ("{stream}: versions {missing} of 1 to {total} are missing",
             "{stream}: faltan las versiones {missing} de 1 a {total}"),
    "more": ("{stream} has version {version}, where the desk signed that there are {total}",
             "{stream} tiene la versión {version}, y la mesa firmó que hay {total}"),
    "no ticket": ("the ticket's own stream, {stream}, is not in it", "no contiene el flujo del ticket, {stream}"),
    "split": ("your checkpoint of {size} entries has another root: the desk showed two histories, and both are signed",
              "su punto de control de {size} asientos tiene otra raíz: la mesa mostró dos historias, ambas firmadas"),
    "held apart": ("your checkpoint of {size} entries is not among those of the bundle; ask for one made with it",
                   "su punto de control de {size} asientos no está en el paquete; pida uno hecho con él"),
    "imprint": ("{file} is a time stamp of something else, not of the checkpoint of {size} entries",
                "{file} es un sello de tiempo de otra cosa, no del punto de control de {size} asientos"),
    "stamp": ("{file} is no valid time stamp: {problem}", "{file} no es un sello de tiempo válido: {problem}"),
    "ticket": ("the statement is about {found}, the bundle about {expected}",
             "la declaración es sobre {found}, el paquete sobre {expected}"),
    "figures": ("worked out again, {figure} is not what the statement says",
             "calculado de nuevo, {figure} no es lo que dice la declaración"),
    "not worked out": ("the figures cannot be worked out from the bundle: {problem}",
             "las cifras no se pueden calcular con el paquete: {problem}"),
    # What was found in order.
    "entries good": ("{count} entries lead to the root that {key} signed over {size}",
                     "{count} asientos llevan a la raíz que {key} firmó sobre {size}"),
    "streams good": ("{count} streams, none of their versions missing", "{count} flujos, sin versiones faltantes"),
    "consistency good": ("{count} checkpoints, each the beginning of the next",
             "{count} puntos de control, cada uno comienzo del siguiente"),
    "whole good": ("it is the whole ledger: its {count} entries, none left out, give the root that {key} signed over them",
                   "es la bitácora entera: sus {count} asientos, sin omitir ninguno, dan la raíz que {key} firmó sobre ellos"),
    "tree good": ("the tree over them, in {count} tiles, agrees with them",
                  "el árbol sobre ellos, en {count} losetas, concuerda con ellos"),
    "no figures": ("no figures are stated in it: they follow from the entries",
                   "no declara cifras: se siguen de los asientos"),
    "figures good": ("the figures of the statement, worked out again, are the same",
             "las cifras de la declaración, calculadas de nuevo, son las mismas"),
    "stamp good": ("existed by {when}, says {who} (checkpoint of {size} entries)",
                   "existía el {when}, dice {who} (punto de control de {size} asientos)"),
    "held good": ("is the history of the checkpoint you hold, of {size} entries",
                  "es la historia del punto de control que usted guarda, de {size} asientos"),
    "stamp unchecked": ("{file} was not checked: {problem}", "{file} no se comprobó: {problem}"),
    "partly": ("an anchor at {size} entries says nothing of the entries after it",
             "un ancla en {size} asientos nada dice de los posteriores"),
    "not installed": ("bitacora is not installed here: the figures were not worked out again",
                      "bitacora no está instalado aquí: las cifras no se calcularon de nuevo"),
    # What is never proved.
    "not truth": ("that what was written down is true, or that nothing was left out before it was written down",
                  "que lo asentado sea cierto, ni que nada se omitiera antes de asentarlo"),
    "not later": ("what came after position {size}; that these streams hold no more up to there is the desk's signed word, "
                  "which one more entry would disprove",
                  "lo posterior a la posición {size}; que hasta ahí estos flujos no tengan más es palabra firmada de la mesa, "
                  "que un asiento más desmentiría"),
    "nothing later": ("what came after position {size}", "lo posterior a la posición {size}"),
    "not key": ("whose key it is: it came with the bundle; compare {key} with the one the desk made public, or pass --key",
                "de quién es la llave: vino en el paquete; compare {key} con la que publicó la mesa, o use --key"),
    "not alone": ("that the desk shows everybody this same history: nothing outside the desk vouches for it "
                  "(a time stamp, or a checkpoint you held)",
                  "que la mesa muestre a todos esta misma historia: nada ajeno a la mesa la respalda "
                  "(un sello de tiempo, o un punto de control que usted guarde)"),
    "not created": ("when the entries were made: a time stamp says that they existed by then, not since when",
                    "cuándo se hicieron los asientos: un sello de tiempo dice que ya existían, no desde cuándo"),
    "by you": ("held by you", "guardado por usted"),
    "checkpoint of": ("checkpoint of {size} entries", "punto de control de {size} asientos"),
    "wrong": ("WRONG", "MAL"), "missing": ("MISSING", "FALTA"), "good": ("good", "bien"), "note": ("note", "nota"),
    "not proved": ("Not proved:", "No prueba:"),
}  # fmt: skip


class Malformed(ValueError):
    """A text or a token that is not in its form."""


@dataclass
class Line:
    """One thing found: `kind` is wrong, missing, good or note; `code` is a key of SAID."""

    kind: str
    code: str
    values: dict[str, Any]

    def said(self, language: str) -> str:
        return say(self.code, language, **self.values)


@dataclass
class Result:
    """All that was found, in order; the anchors as (when, by whom, over so many entries); and what stays unproved."""

    lines: list[Line] = field(default_factory=list)
    anchors: list[tuple[str, str, int]] = field(default_factory=list)
    unproved: list[Line] = field(default_factory=list)
    reach: int = 0
    """The last position among the entries shown: an anchor must cover it to anchor them all."""

    def add(self, kind: str, code: str, **values: Any) -> None:
        self.lines.append(Line(kind, code, values))

    def has(self, kind: str) -> bool:
        return any(it.kind == kind for it in self.lines)

    @property
    def word(self) -> str:
        if self.has("wrong"):
            return "INVALID"
        if self.has("missing"):
            return "INCOMPLETE"
        return "VALID-ANCHORED" if self.whole_anchors() else "VALID-UNANCHORED"

    def whole_anchors(self) -> list[tuple[str, str, int]]:
        return sorted(it for it in self.anchors if it[2] >= self.reach)


def say(code: str, language: str, **values: Any) -> str:
    return SAID[code][language == "es"].format(**values)


# Texts: signed notes, checkpoints and proofs, as C2SP writes them. -----------------------------------------------------


@dataclass(frozen=True)
class Key:
    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}"


@dataclass(frozen=True)
class Checkpoint:
    origin: str
    size: int
    root: bytes
    note: bytes


def decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raise Malformed("base64") from None
    if base64.b64encode(raw).decode() != text:
        raise Malformed("base64")
    return raw


def decimal(text: str) -> int:
    if not re.fullmatch(r"0|[1-9][0-9]{0,17}", text):
        raise Malformed(f"number {text[:20]!r}")
    return int(text)


def read_key(raw: bytes) -> Key:
    parts = raw.decode("utf-8").strip().split("+", 2)
    public = decoded(parts[2]) if len(parts) == 3 else b""
    if len(public) != 33 or public[0] != 1 or not parts[0]:
        raise Malformed("Ed25519 key")
    key = Key(parts[0], public[1:])
    if key.id.hex() != parts[1]:
        raise Malformed("key id")
    return key


def split_note(raw: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    text, blank, below = raw.decode("utf-8").rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise Malformed("note")
    found = []
    for line in below[:-1].split("\n"):
        match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
        if not match or len(signed := decoded(match[2])) < 5:
            raise Malformed("signature")
        found.append((match[1], signed[:4], signed[4:]))
    return text + "\n", found


def is_signed(raw: bytes, key: Key) -> bool:
    text, signatures = split_note(raw)
    own = [signed for name, id, signed in signatures if (name, id) == (key.name, key.id)]
    try:
        for signed in own:
            ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(signed, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return bool(own)


def read_checkpoint(raw: bytes) -> Checkpoint:
    lines = split_note(raw)[0].split("\n")
    if len(lines) != 4 or lines[3] or len(root := decoded(lines[2])) != 32:
        raise Malformed("checkpoint")
    return Checkpoint(lines[0], decimal(lines[1]), root, raw)


def read_proof(raw: bytes, word: str) -> tuple[int, list[bytes], bytes]:
    """The number on the line of `word`, the path, and the note below."""
    above, blank, below = raw.partition(b"\n\n")
    lines = above.decode("ascii").split("\n")
    if word == "index" and lines.pop(0) != "c2sp.org/tlog-proof@v1":
        raise Malformed("tlog-proof")
    if not blank or not lines or not lines[0].startswith(word + " "):
        raise Malformed(word)
    path = [decoded(it) for it in lines[1:]]
    if any(len(it) != 32 for it in path):
        raise Malformed("hash")
    return decimal(lines[0].removeprefix(word + " ")), path, below


# The tree (RFC 6962; verification as in RFC 9162, 2.1.3.2 and 2.1.4.2). ------------------------------------------------


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def holds_inclusion(hashed: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, hashed
    for sibling in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = node(found, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and found == root


def holds_consistency(old: Checkpoint, new: Checkpoint, path: Sequence[bytes]) -> bool:
    if not 0 < old.size < new.size:
        return False
    steps = [old.root, *path] if old.size & (old.size - 1) == 0 else list(path)
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not steps:
        return False
    older = newer = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node(sibling, older), node(sibling, newer)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            newer = node(newer, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and older == old.root and newer == new.root


class Tree:
    """A tree that grows leaf by leaf: the hashes of complete subtrees without a sibling yet, one a level at most; and those of
    every eighth level, which tiles are made of."""

    def __init__(self) -> None:
        self.waiting: list[bytes | None] = []
        self.upper: dict[int, list[bytes]] = {}

    def add(self, hashed: bytes) -> None:
        level = 0
        while level < len(self.waiting) and (left := self.waiting[level]) is not None:
            self.waiting[level] = None
            hashed, level = node(left, hashed), level + 1
            if level % 8 == 0:
                self.upper.setdefault(level // 8, []).append(hashed)
        if level == len(self.waiting):
            self.waiting.append(None)
        self.waiting[level] = hashed

    def root(self) -> bytes:
        found: bytes | None = None
        for held in self.waiting:
            if held is not None:
                found = held if found is None else node(held, found)
        return hashlib.sha256(b"").digest() if found is None else found


def tile_name(level: int, tile: int, width: int) -> str:
    """Where C2SP's tlog-tiles puts a tile."""
    place, rest = f"{tile % 1000:03d}", tile // 1000
    while rest:
        place, rest = f"x{rest % 1000:03d}/{place}", rest // 1000
    return f"tile/{level}/{place}" + (f".p/{width}" if width < TILE_WIDTH else "")


# Time stamps (RFC 3161 tokens, CMS signed data). -----------------------------------------------------------------------


class Unchecked(Exception):
    """A time stamp that may be right but could not be checked with what was given."""


@dataclass(frozen=True)
class Der:
    """One value of a DER encoding: its tag, its content, and all its bytes."""

    tag: int
    content: bytes
    raw: bytes

    @property
    def parts(self) -> "list[Der]":
        return list(_ders(self.content))

    @property
    def oid(self) -> str:
        if self.tag != 6 or not self.content:
            raise Malformed("object identifier")
        arcs, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 127
            if not byte & 128:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2)
        return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def _ders(data: bytes) -> Iterator[Der]:
    at = 0
    while at < len(data):
        tag, length, head = data[at], data[at + 1] if at + 1 < len(data) else 0, 2
        if length & 128:
            head += length & 127
            length = int.from_bytes(data[at + 2 : at + head])
        if head > 6 or at + head + length > len(data) or at + 1 >= len(data):
            raise Malformed("DER")
        yield Der(tag, data[at + head : at + head + length], data[at : at + head + length])
        at += head + length


_DIGESTS: dict[str, tuple[str, Callable[[], hashes.HashAlgorithm]]] = {
    "2.16.840.1.101.3.4.2.1": ("sha256", hashes.SHA256),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512),
}
_TST_INFO = "1.2.840.113549.1.9.16.1.4"


@dataclass(frozen=True)
class Token:
    """A time stamp taken apart: what it is of, when, and what its signature is checked with."""

    digest: str
    imprint: bytes
    when: datetime
    info: bytes
    certificates: tuple[x509.Certificate, ...]
    signer: Der

    def is_of(self, content: bytes) -> bool:
        return self.digest in _DIGESTS and hashlib.new(_DIGESTS[self.digest][0], content).digest() == self.imprint


def read_token(raw: bytes) -> Token:
    """The token in a TimeStampResp, or alone. Malformed if there is none or it was not granted."""
    outer = next(_ders(raw)).parts
    if outer[0].tag == 0x30:
        if outer[0].parts[0].content not in (b"\0", b"\1") or len(outer) < 2:
            raise Malformed("not granted")
        outer = outer[1].parts
    signed = outer[1].parts[0].parts
    kind, info = signed[2].parts[0].oid, signed[2].parts[1].parts[0].content
    if kind != _TST_INFO:
        raise Malformed("not a time stamp")
    told = next(_ders(info)).parts
    algorithm, imprint = told[2].parts
    certificates = next((it.parts for it in signed if it.tag == 0xA0), [])
    signers = signed[-1].parts
    if len(signers) != 1:
        raise Malformed("one signer expected")
    return Token(
        algorithm.parts[0].oid, imprint.content, _time(told[4].content.decode("ascii")), info,
        tuple(x509.load_der_x509_certificate(it.raw) for it in certificates), signers[0],
    )  # fmt: skip


def _time(text: str) -> datetime:
    match = re.fullmatch(r"(\d{14})(?:\.(\d{1,6}))?Z", text, re.ASCII)
    if not match:
        raise Malformed("time")
    return datetime.strptime(f"{match[1]}.{match[2] or '0'}+0000", "%Y%m%d%H%M%S.%f%z")


def check_token(token: Token, trusted: Sequence[x509.Certificate]) -> str:
    """Who stamped it. Malformed if the signature is wrong; Unchecked if it leads to none of the trusted certificates."""
    _, sid, digest, attributes, _, signature = token.signer.parts[:6]
    name = _DIGESTS.get(digest.parts[0].oid)
    if name is None or attributes.tag != 0xA0:
        raise Unchecked("digest")
    values = {it.parts[0].oid: it.parts[1].parts[0] for it in attributes.parts}
    if values["1.2.840.113549.1.9.3"].oid != _TST_INFO:
        raise Malformed("content type")
    if values["1.2.840.113549.1.9.4"].content != hashlib.new(name[0], token.info).digest():
        raise Malformed("digest")
    signer = _signer_of(sid, [*token.certificates, *trusted])
    _check_named(signer, values)
    _check_signature(signer, signature.content, b"\x31" + attributes.raw[1:], name[1]())
    _check_purpose(signer)
    _check_chain(signer, token, trusted)
    return signer.subject.rfc4514_string()


def _signer_of(sid: Der, certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    if sid.tag != 0x30:
        raise Unchecked("signer")
    issuer, serial = sid.parts
    for it in certificates:
        if it.issuer.public_bytes() == issuer.raw and it.serial_number == int.from_bytes(serial.content, signed=True):
            return it
    raise Unchecked("certificate")


def _check_named(signer: x509.Certificate, values: Mapping[str, Der]) -> None:
    """The token names its signer's certificate by a digest, so that no other of the same key and name can take its place."""
    whole = signer.public_bytes(Encoding.DER)
    for attribute, usual in (("1.2.840.113549.1.9.16.2.47", "sha256"), ("1.2.840.113549.1.9.16.2.12", "sha1")):
        if attribute in values:
            named = values[attribute].parts[0].parts[0].parts
            algorithm = usual
            if named[0].tag == 0x30:
                algorithm = _DIGESTS[named.pop(0).parts[0].oid][0]
            if named[0].content == hashlib.new(algorithm, whole).digest():
                return
            break
    raise Malformed("certificate")


def _check_signature(signer: x509.Certificate, signature: bytes, message: bytes, digest: hashes.HashAlgorithm) -> None:
    public = signer.public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, message, padding.PKCS1v15(), digest)
        elif isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(digest))
        elif isinstance(public, ed25519.Ed25519PublicKey):
            public.verify(signature, message)
        else:
            raise Unchecked(type(public).__name__)
    except InvalidSignature:
        raise Malformed("signature") from None


def _check_purpose(signer: x509.Certificate) -> None:
    try:
        usage = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise Malformed("purpose") from None
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Malformed("purpose")


def _check_chain(signer: x509.Certificate, token: Token, trusted: Sequence[x509.Certificate]) -> None:
    """From the signer, issuer by issuer, to a trusted certificate; each of them valid when the stamp was made."""
    now = signer
    for _ in range(8):
        if not now.not_valid_before_utc <= token.when <= now.not_valid_after_utc:
            raise Malformed("validity")
        if now in trusted:
            return
        above = next((it for it in [*trusted, *token.certificates] if it != now and _issued(now, it)), None)
        if above is None:
            break
        now = above
    raise Unchecked("--tsa-cert")


def _issued(below: x509.Certificate, above: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
        return above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False


# The bundle. -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    position: int
    stream: str
    version: int
    state: bytes


def verify(raw: Path, key: Key | None = None, held: Sequence[bytes] = (), trusted: Sequence[x509.Certificate] = ()) -> Result:
    """Everything that can be found out about a bundle. Never raises for what is in it."""
    result = Result()
    try:
        with zipfile.ZipFile(raw) as archive:
            bundle = _opened(archive, result)
            if bundle is not None:
                kind = _TicketCheck if bundle.form == FORM else _LedgerCheck
                kind(bundle, key, result).run(held, trusted)
    except Exception as error:  # a damaged zip fails in many ways, and none of them is a valid bundle
        result.add("wrong", "unreadable", problem=" ".join(str(error).split()) or type(error).__name__)
    return result


class _Bundle:
    """A zip and its manifest. A file read through it is what the manifest says, or is complained of."""

    def __init__(self, archive: zipfile.ZipFile, manifest: bytes, result: Result) -> None:
        found = _object(manifest)
        self.manifest = manifest
        self.form: Any = found.get("form")
        self.ticket: Any = found.get("ticket")
        self.size: Any = found.get("size")
        self.digests: dict[str, str] = found["files"] if isinstance(found.get("files"), dict) else {}
        self._archive = archive
        self._result = result

    def is_in_form(self) -> bool:
        if not self.digests or type(self.size) is not int or self.size < 0:
            return False
        return self.form == LEDGER_FORM or (self.form == FORM and isinstance(self.ticket, str))

    def read(self, name: str) -> bytes:
        content = self._archive.read(name)
        if hashlib.sha256(content).hexdigest() != self.digests[name]:
            self._result.add("wrong", "changed", file=name)
        return content


def _opened(archive: zipfile.ZipFile, result: Result) -> _Bundle | None:
    """The bundle in a zip: the files of the manifest and no others. None if there is nothing to go on with."""
    names: set[str] = set()
    for it in archive.infolist():
        if it.filename in names:
            result.add("wrong", "twice", file=it.filename)
        if it.file_size > LARGEST_BYTES:
            raise ValueError("too large")
        names.add(it.filename)
    bundle = _Bundle(archive, archive.read("manifest.json") if "manifest.json" in names else b"{}", result)
    if not bundle.is_in_form():
        result.add("wrong", "form", form=f"{FORM}, {LEDGER_FORM}")
        return None
    if bundle.form == FORM and sum(it.file_size for it in archive.infolist()) > LARGEST_BYTES:
        raise ValueError("too large")
    for name in sorted(names - bundle.digests.keys() - {"manifest.json", "manifest.note"}):
        result.add("wrong", "unlisted", file=name)
    for name in sorted(bundle.digests.keys() - names):
        result.add("missing", "absent", file=name)
        del bundle.digests[name]
    if "manifest.note" not in names:
        result.add("missing", "absent", file="manifest.note")
    else:
        bundle.digests["manifest.note"] = hashlib.sha256(archive.read("manifest.note")).hexdigest()
    return bundle


def _object(raw: bytes) -> dict[str, Any]:
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise Malformed("JSON object")
    return found


class _Sequence:
    """Entries by position: what is stored can be read, in the order it was recorded in, and no id is given twice."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._last, self._ids = datetime.min.replace(tzinfo=UTC), dict[str, int]()

    def take(self, position: int, state: bytes) -> None:
        try:
            stored = _object(state)
            id, recorded_at = str(stored["id"]), datetime.fromisoformat(stored["recorded_at"])
            if not isinstance(stored["event"]["type"], str) or recorded_at.tzinfo is None:
                raise Malformed("entry")
        except (ValueError, LookupError, TypeError, RecursionError):
            self._result.add("wrong", "stored", position=position)
            return
        if recorded_at < self._last:
            self._result.add("wrong", "time", position=position)
        if id in self._ids:
            self._result.add("wrong", "id", position=position, other=self._ids[id])
        self._last, self._ids[id] = max(self._last, recorded_at), position


class _Check:
    """A bundle under examination: what every bundle has, its key, the signature over its manifest, checkpoints and anchors."""

    def __init__(self, bundle: _Bundle, key: Key | None, result: Result) -> None:
        self.bundle = bundle
        self.files = {name: bundle.read(name) for name in bundle.digests if self._is_small(name)}
        self.given = key
        self.result = result
        self.size: int = bundle.size
        self.checkpoints: dict[int, Checkpoint] = {}

    def _is_small(self, name: str) -> bool:
        """Whether a file is read before all else and kept."""
        return True

    def _begin(self) -> bool:
        """The key, and what it signed. False if there is no key to go on with."""
        key = self._key()
        if key is None:
            return False
        self.key = key
        if "manifest.note" in self.files:
            self._manifest()
        self._checkpoints()
        return True

    def _manifest(self) -> None:
        """The desk signed the manifest, and with it every file: nobody else can change, add or take away any."""
        signed = self._parsed("manifest.note", lambda raw: (split_note(raw)[0], is_signed(raw, self.key)))
        if signed is None:
            return
        digest = hashlib.sha256(self.bundle.manifest).hexdigest()
        if not signed[1]:
            self.result.add("wrong", "signature", file="manifest.note", key=self.key)
        elif signed[0] != f"bitacora-manifest/1\n{self.key.name}\n{digest}\n":
            self.result.add("wrong", "manifest", file="manifest.note")

    def _named(self, pattern: str) -> Iterator[tuple[str, re.Match[str]]]:
        for name in sorted(self.files):
            if match := re.fullmatch(pattern, name):
                yield name, match

    def _parsed(self, name: str, parse: Callable[[bytes], Any], raw: bytes | None = None) -> Any:
        """What a file holds, or None (and a complaint) if it is malformed."""
        try:
            return parse(self.files[name] if raw is None else raw)
        except Exception as error:  # whatever a forged text or certificate makes the parsers raise, it is malformed
            self.result.add("wrong", "malformed", file=name, problem=str(error) or type(error).__name__)
            return None

    def _key(self) -> Key | None:
        own: Key | None = self._parsed("key.vkey", read_key) if "key.vkey" in self.files else None
        if own and self.given and own != self.given:
            self.result.add("wrong", "other key", found=own, expected=self.given)
        if not own and not self.given and "key.vkey" not in self.files:
            self.result.add("missing", "absent", file="key.vkey")
        return self.given or own

    def _checkpoint(self, name: str, raw: bytes) -> Checkpoint | None:
        """A checkpoint of this log signed by its key, or None and a complaint."""
        found: Checkpoint | None = self._parsed(name, read_checkpoint, raw)
        if found is None:
            return None
        if not is_signed(raw, self.key):
            self.result.add("wrong", "signature", file=name, key=self.key)
            return None
        if found.origin != self.key.name:
            self.result.add("wrong", "origin", file=name, found=found.origin, expected=self.key.name)
            return None
        return found

    def _checkpoints(self) -> None:
        for name, match in self._named(r"checkpoints/(\d+)\.note"):
            found = self._checkpoint(name, self.files[name])
            if found and str(found.size) != match[1]:
                self.result.add("wrong", "size", file=name, found=found.size, expected=match[1])
            elif found:
                self.checkpoints[found.size] = found

    def _stamps(self, trusted: Sequence[x509.Certificate]) -> None:
        for name, match in self._named(r"anchors/(\d+)-[0-9a-f]+\.tsr"):
            token: Token | None = self._parsed(name, read_token)
            checkpoint = self.checkpoints.get(int(match[1]))
            if token is None:
                continue
            if checkpoint is None:
                self.result.add("missing", "absent", file=f"checkpoints/{match[1]}.note")
            elif not token.is_of(checkpoint.note):
                self.result.add("wrong", "imprint", file=name, size=checkpoint.size)
            else:
                self._stamp(name, token, checkpoint.size, trusted)

    def _stamp(self, name: str, token: Token, size: int, trusted: Sequence[x509.Certificate]) -> None:
        try:
            who = check_token(token, trusted)
        except Unchecked as lacking:
            self.result.add("note", "stamp unchecked", file=name, problem=lacking)
        except Exception as error:  # as above
            self.result.add("wrong", "stamp", file=name, problem=str(error) or type(error).__name__)
        else:
            when = token.when.isoformat().replace("+00:00", "Z")
            self.result.add("good", "stamp good", when=when, who=who, size=size)
            self._anchor(when, who, size)

    def _held(self, note: bytes) -> None:
        """A checkpoint that the client was given earlier and kept."""
        found = self._checkpoint("--checkpoint", note)
        if found is None:
            return
        own = self.checkpoints.get(found.size)
        if own is None:
            self.result.add("missing", "held apart", size=found.size)
        else:
            self._same(found, own.root)

    def _same(self, found: Checkpoint, root: bytes) -> None:
        """Whether a checkpoint the client kept is of the history that has this root at its size."""
        if root != found.root:
            self.result.add("wrong", "split", size=found.size)
        else:
            self.result.add("good", "held good", size=found.size)
            self._anchor("", "", found.size)

    def _anchor(self, when: str, who: str, size: int) -> None:
        self.result.anchors.append((when, who, size))
        if size < self.result.reach:
            self.result.add("note", "partly", size=size)

    def _unproved(self, *first: Line) -> None:
        self.result.unproved = [Line("note", "not truth", {}), *first]
        if self.given is None:
            self.result.unproved.append(Line("note", "not key", {"key": self.key}))
        self.result.unproved.append(Line("note", "not created" if self.result.whole_anchors() else "not alone", {}))


class _TicketCheck(_Check):
    """The bundle for one ticket: some entries, each with a proof of its own."""

    def __init__(self, bundle: _Bundle, key: Key | None, result: Result) -> None:
        super().__init__(bundle, key, result)
        self.ticket: str = bundle.ticket
        self.entries: dict[int, Entry] = {}

    def run(self, held: Sequence[bytes], trusted: Sequence[x509.Certificate]) -> None:
        if not self._begin():
            return
        self._consistencies()
        if self.size not in self.checkpoints:
            self.result.add("missing", "absent", file=f"checkpoints/{self.size}.note")
        else:
            self._entries(self.checkpoints[self.size])
            self._density()
        self._stamps(trusted)
        for note in held:
            self._held(note)
        self._figures()
        self._unproved(Line("note", "not later", {"size": self.size}))

    def _consistencies(self) -> None:
        sizes = sorted(self.checkpoints)
        for old, new in pairwise(sizes):
            self._consistent(self.checkpoints[old], self.checkpoints[new])
        if len(sizes) > 1 and not self.result.has("wrong"):
            self.result.add("good", "consistency good", count=len(sizes))

    def _consistent(self, old: Checkpoint, new: Checkpoint) -> None:
        name = f"consistency/{old.size}-{new.size}.txt"
        if name not in self.files:
            self.result.add("missing", "absent", file=name)
            return
        proof = self._parsed(name, lambda raw: read_proof(raw, "old"))
        if proof and not (proof[0] == old.size and proof[2] == new.note and holds_consistency(old, new, proof[1])):
            self.result.add("wrong", "inconsistent", old=old.size, new=new.size)

    def _entries(self, target: Checkpoint) -> None:
        good = True
        for name, match in self._named(r"entries/(\d+)\.leaf"):
            good = self._entry(name, match[1], target) and good
        for _, match in self._named(r"entries/(\d+)\.tlog-proof"):
            if f"entries/{match[1]}.leaf" not in self.files:
                self.result.add("missing", "absent", file=f"entries/{match[1]}.leaf")
        self._order()
        self.result.reach = max(self.entries, default=0)
        if good and self.entries:
            self.result.add("good", "entries good", count=len(self.entries), key=self.key, size=target.size)

    def _entry(self, name: str, position: str, target: Checkpoint) -> bool:
        entry: Entry | None = self._parsed(name, _entry)
        proof_name = name.removesuffix(".leaf") + ".tlog-proof"
        if entry is None:
            return False
        if str(entry.position) != position:
            self.result.add("wrong", "leaf", file=name, found=entry.position)
            return False
        self.entries[entry.position] = entry
        if proof_name not in self.files:
            self.result.add("missing", "absent", file=proof_name)
            return False
        proof = self._parsed(proof_name, lambda raw: read_proof(raw, "index"))
        if proof is None:
            return False
        index, path, note = proof
        if note != target.note:
            self.result.add("wrong", "other checkpoint", file=proof_name)
            return False
        hashed = hashlib.sha256(b"\0" + self.files[name]).digest()
        if index != entry.position - 1 or not holds_inclusion(hashed, index, target.size, path, target.root):
            self.result.add("wrong", "root", position=entry.position, stream=entry.stream, version=entry.version)
            return False
        return True

    def _order(self) -> None:
        sequence = _Sequence(self.result)
        for position, entry in sorted(self.entries.items()):
            sequence.take(position, entry.state)

    def _density(self) -> None:
        """Every stream the desk signed the length of is here from 1 to its end, and no stream besides."""
        if "streams.note" not in self.files:
            self.result.add("missing", "absent", file="streams.note")
            return
        heads: dict[str, int] | None = self._parsed("streams.note", self._heads)
        if heads is None:
            return
        shown: dict[str, dict[int, int]] = {}
        for it in self.entries.values():
            shown.setdefault(it.stream, {})[it.version] = it.position
        if f"ticket:{self.ticket}" not in heads:
            self.result.add("missing", "no ticket", stream=f"ticket:{self.ticket}")
        for stream in sorted(heads.keys() | shown.keys()):
            self._dense(stream, shown.get(stream, {}), heads.get(stream, 0))
        if not self.result.has("missing") and not self.result.has("wrong"):
            self.result.add("good", "streams good", count=len(heads))

    def _heads(self, raw: bytes) -> dict[str, int]:
        text, _ = split_note(raw)
        heading, origin, size, *lines = text[:-1].split("\n")
        if heading != "bitacora-streams/1" or not is_signed(raw, self.key):
            self.result.add("wrong", "signature", file="streams.note", key=self.key)
        if origin != self.key.name:
            self.result.add("wrong", "origin", file="streams.note", found=origin, expected=self.key.name)
        if decimal(size) != self.size:
            self.result.add("wrong", "size", file="streams.note", found=size, expected=self.size)
        heads = {stream: decimal(version) for stream, version in (line.rsplit(" ", 1) for line in lines)}
        if len(heads) != len(lines):
            raise Malformed("a stream twice")
        return heads

    def _dense(self, stream: str, versions: Mapping[int, int], total: int) -> None:
        # A forged total may be so large that not even what is missing could be listed.
        if missing := list(islice((it for it in range(1, total + 1) if it not in versions), 6)):
            named = ", ".join(map(str, missing[:5])) + (" …" if len(missing) > 5 else "")
            self.result.add("missing", "versions", stream=stream, missing=named, total=total)
        last = 0
        for version, position in sorted(versions.items()):
            if not 1 <= version <= total:
                self.result.add("wrong", "more", stream=stream, version=version, total=total)
            if position < last:
                self.result.add("wrong", "order", stream=stream, version=version)
            last = position

    def _figures(self) -> None:
        """The disputed figures, worked out again by bitacora itself where it is installed."""
        if "statement.json" not in self.files:
            self.result.add("missing", "absent", file="statement.json")
            return
        statement = self._parsed("statement.json", _object)
        if statement is None:
            return
        stated = statement.get("explain") or {}
        if stated.get("ticket") != self.ticket:
            self.result.add("wrong", "ticket", found=stated.get("ticket"), expected=self.ticket)
            return
        if self.result.has("wrong") or self.result.has("missing"):
            return
        try:
            from adapters.proofs.proving import worked_out
        except ImportError:
            self.result.add("note", "not installed")
            return
        rows = [(it.position, it.stream, it.version, it.state) for _, it in sorted(self.entries.items())]
        try:
            found = worked_out(rows, statement["question"], self.ticket)
        except Exception as error:
            self.result.add("missing", "not worked out", problem=" ".join(f"{type(error).__name__}: {error}".split()))
            return
        figure = _difference(stated, found, "")
        if figure is None:
            self.result.add("good", "figures good")
        else:
            self.result.add("wrong", "figures", figure=figure)


class _LedgerCheck(_Check):
    """The bundle of a whole ledger: every entry and the tree over them, read a tile at a time."""

    def _is_small(self, name: str) -> bool:
        return not name.startswith(("entries/", "tile/"))

    def run(self, held: Sequence[bytes], trusted: Sequence[x509.Certificate]) -> None:
        if not self._begin():
            return
        self.result.reach = self.size
        if self.size not in self.checkpoints:
            self.result.add("missing", "absent", file=f"checkpoints/{self.size}.note")
        kept = [it for it in (self._checkpoint("--checkpoint", note) for note in held) if it is not None]
        roots = self._roots({*self.checkpoints, *(it.size for it in kept)})
        self._agree(roots)
        self._stamps(trusted)
        for it in kept:
            if it.size in roots:
                self._same(it, roots[it.size])
            elif it.size > self.size:
                self.result.add("missing", "held apart", size=it.size)
        self.result.add("note", "no figures")
        self._unproved(Line("note", "nothing later", {"size": self.size}))

    def _roots(self, sizes: set[int]) -> dict[int, bytes]:
        """The roots over so many entries, as the entries give them, as far as they are all there."""
        self._tree, self._sequence, self._versions = Tree(), _Sequence(self.result), dict[str, int]()
        roots = {0: self._tree.root()}
        for first in range(0, self.size, TILE_WIDTH):
            hashed = self._leaves(first)
            if hashed is None or len(self.result.lines) > MOST_LINES:
                return roots
            self._tile(0, first // TILE_WIDTH, hashed)
            for size, it in enumerate(hashed, first + 1):
                self._tree.add(it)
                if size in sizes:
                    roots[size] = self._tree.root()
        # Above an entry that was changed, no tile can agree.
        upper = {} if self.result.has("wrong") else self._tree.upper
        for level, hashes_of in sorted(upper.items()):
            for first in range(0, len(hashes_of), TILE_WIDTH):
                self._tile(level, first // TILE_WIDTH, hashes_of[first : first + TILE_WIDTH])
        return roots

    def _leaves(self, first: int) -> list[bytes] | None:
        """The hashes of the leaves of one file, each looked at; None, and a complaint, if they are not all there."""
        name = f"entries/{first // TILE_WIDTH}.leaves"
        if name not in self.bundle.digests:
            self.result.add("missing", "absent", file=name)
            return None
        leaves: list[bytes] | None = self._parsed(name, _leaves, self.bundle.read(name))
        if leaves is None:
            return None
        expected = min(TILE_WIDTH, self.size - first)
        for position, leaf in enumerate(leaves, first + 1):
            entry: Entry | None = self._parsed(name, _entry, leaf)
            if entry is None:
                return None
            if entry.position != position:
                self.result.add("wrong", "gap", position=position, file=name, found=entry.position)
                return None
            self._follow(entry)
        if len(leaves) != expected:
            self.result.add("wrong", "malformed", file=name, problem=f"{len(leaves)} / {expected}")
            return None
        return [hashlib.sha256(b"\0" + it).digest() for it in leaves]

    def _follow(self, entry: Entry) -> None:
        expected = self._versions.get(entry.stream, 0) + 1
        if entry.version != expected:
            self.result.add("wrong", "version", position=entry.position, found=entry.version, stream=entry.stream,
                            expected=expected)  # fmt: skip
        self._versions[entry.stream] = max(entry.version, expected)
        self._sequence.take(entry.position, entry.state)

    def _tile(self, level: int, tile: int, hashed: Sequence[bytes]) -> None:
        """The tile over these hashes is there and is theirs. Tiles are no evidence; they tell which entry was changed."""
        name = tile_name(level, tile, len(hashed))
        if name not in self.bundle.digests:
            self.result.add("missing", "absent", file=name)
            return
        stored = self.bundle.read(name)
        if stored == b"".join(hashed):
            return
        if level:
            self.result.add("wrong", "tile", file=name)
            return
        number = next((n for n, it in enumerate(hashed) if stored[n * 32 : n * 32 + 32] != it), len(hashed) - 1)
        self.result.add("wrong", "not of the tree", position=tile * TILE_WIDTH + number + 1, file=name)

    def _agree(self, roots: Mapping[int, bytes]) -> None:
        """Every checkpoint has the root of the entries; a larger one than the first that has not says nothing more."""
        for size, checkpoint in sorted(self.checkpoints.items()):
            if size in roots and roots[size] != checkpoint.root:
                self.result.add("wrong", "not signed", size=size)
                return
        if self.result.has("wrong") or self.result.has("missing"):
            return
        if len(self.checkpoints) > 1:
            self.result.add("good", "consistency good", count=len(self.checkpoints))
        self.result.add("good", "whole good", count=self.size, key=self.key)
        self.result.add("good", "streams good", count=len(self._versions))
        self.result.add("good", "tree good", count=sum(it.startswith("tile/") for it in self.bundle.digests))


def _leaves(raw: bytes) -> list[bytes]:
    """The leaves in a file: each its length in bytes, a line feed, and itself."""
    found = []
    at = 0
    while at < len(raw):
        length, _, _ = raw[at : at + 20].partition(b"\n")
        begin = at + len(length) + 1
        at = begin + decimal(length.decode("ascii"))
        if at > len(raw):
            raise Malformed("leaf cut short")
        found.append(raw[begin:at])
    return found


def _entry(leaf: bytes) -> Entry:
    heading, position, stream, version, state = leaf.split(b"\n", 4)
    if heading != b"bitacora-leaf/1":
        raise Malformed("leaf")
    return Entry(decimal(position.decode("ascii")), stream.decode("utf-8"), decimal(version.decode("ascii")), state)


def _difference(stated: Any, found: Any, at: str) -> str | None:
    """Where two JSON values first differ, as a path; None if nowhere."""
    if isinstance(stated, dict) and isinstance(found, dict):
        for name in sorted(stated.keys() | found.keys()):
            if (name in stated) != (name in found):
                return f"{at}.{name}".lstrip(".")
            if deeper := _difference(stated[name], found[name], f"{at}.{name}"):
                return deeper
        return None
    if isinstance(stated, list) and isinstance(found, list) and len(stated) == len(found):
        differing = (_difference(*both, f"{at}[{number}]") for number, both in enumerate(zip(stated, found, strict=True)))
        return next(filter(None, differing), None)
    return None if type(stated) is type(found) and stated == found else (at.lstrip(".") or "explain")


# The program. ----------------------------------------------------------------------------------------------------------


def told(result: Result, language: str) -> str:
    """The verdict first, then what was found, then what is not proved."""
    lines = [verdict(result, language)]
    lines += [f"  {say(it.kind, language):7}  {it.said(language)}" for it in result.lines]
    if result.unproved:
        lines.append(say("not proved", language))
        lines += [f"  - {it.said(language)}" for it in result.unproved]
    return "\n".join(lines)


def verdict(result: Result, language: str) -> str:
    """The verdict word; when it is anchored, since when and by whom."""
    if result.word != "VALID-ANCHORED":
        return result.word
    stamped = [it for it in result.whole_anchors() if it[0]]
    when, who, size = stamped[0] if stamped else result.whole_anchors()[0]
    when = when or say("checkpoint of", language, size=size)
    return f"VALID-ANCHORED({when}, {who or say('by you', language)})"


def _language() -> str:
    """That of the locale: LC_ALL, LC_MESSAGES, LANG, the first that is set; English if it is not Spanish."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "es" if re.match(r"es(?![a-z])", named.lower()) else "en"


def _given(path: Path, read: Callable[[bytes], Any], otherwise: str) -> Any:
    """What is read from a file named on the command line, which must not decide over a bundle if it is none."""
    raw = path.read_bytes()
    try:
        return read(raw)
    except ValueError:
        raise Malformed(otherwise) from None


def _checkpoint_note(raw: bytes) -> bytes:
    read_checkpoint(raw)
    return raw


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--key", type=Path, help="the desk's public key (.vkey), as the desk made it public")
    parser.add_argument("--checkpoint", type=Path, action="append", default=[], help="a checkpoint you were given earlier")
    parser.add_argument("--tsa-cert", type=Path, action="append", default=[], help="trusted time stampers (PEM)")
    parser.add_argument("--lang", choices=("en", "es"), default=_language(), help="that of the locale by default")
    asked = parser.parse_args(arguments)
    try:
        key = _given(asked.key, read_key, say("no key", asked.lang, file=asked.key)) if asked.key else None
        held = [_given(it, _checkpoint_note, say("no checkpoint", asked.lang, file=it)) for it in asked.checkpoint]
        trusted = [one for it in asked.tsa_cert for one in
                   _given(it, x509.load_pem_x509_certificates, say("no certificate", asked.lang, file=it))]  # fmt: skip
        with asked.bundle.open("rb"):
            pass
    except (OSError, ValueError) as error:
        print(f"bitacora_verify: {error}", file=sys.stderr)
        return MISUSE
    result = verify(asked.bundle, key, held, trusted)
    try:
        print(told(result, asked.lang), flush=True)
    except BrokenPipeError:  # whoever reads it has enough; the exit code still says what was found
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return EXIT_CODES[result.word]


if __name__ == "__main__":
    sys.exit(main())
