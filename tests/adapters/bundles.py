"""Bundles taken apart, put together again, and checked, for the tests of what they are checked with."""

import io
import json
import random
import zipfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from cryptography import x509

from adapters.proofs.signing import Signer
from adapters.verifier import bitacora_verify as verifier
from adapters.verifier.bitacora_verify import Result, read_key
from replay.proofs import manifest_text
from tests.adapters.sealed import Sealed

Files = dict[str, bytes]
_OWN = ("manifest.json", "manifest.note")


def files_of(raw: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def manifest_of(files: Mapping[str, bytes]) -> bytes:
    """The manifest among these files, with the digests they have now."""
    written = json.loads(files["manifest.json"])
    written["files"] = {name: sha256(it).hexdigest() for name, it in files.items() if name not in _OWN}
    return json.dumps(written).encode()


def zipped(files: Mapping[str, bytes], signer: Signer | None = None) -> bytes:
    """A bundle of these files; with a signer, under a manifest that agrees with them and is signed, as only the desk can."""
    found = dict(files)
    if signer is not None:
        found["manifest.json"] = manifest_of(found)
        found["manifest.note"] = signer.sign(manifest_text(signer.key.name, found["manifest.json"]))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in found.items():
            archive.writestr(name, content)
    return made.getvalue()


def verified(folder: Path, raw: bytes, sealed: Sealed | None = None, held: list[bytes] | None = None,
             root: Path | None = None) -> Result:  # fmt: skip
    path = folder / "bundle.zip"
    path.write_bytes(raw)
    key = read_key(sealed.signer().key.text().encode()) if sealed else None
    trusted = x509.load_pem_x509_certificates(root.read_bytes()) if root else []
    return verifier.verify(path, key, held or [], trusted)


def codes(result: Result, kind: str) -> list[str]:
    return [it.code for it in result.lines if it.kind == kind]


# What somebody may do to the files of a bundle who does not have the desk's key. ----------------------------------------


def flip(files: Files, rng: random.Random) -> None:
    name, content = _one(files, rng)
    place = rng.randrange(len(content))
    files[name] = content[:place] + bytes([content[place] ^ 1 << rng.randrange(8)]) + content[place + 1 :]


def drop(files: Files, rng: random.Random) -> None:
    del files[_one(files, rng)[0]]


def swap(files: Files, rng: random.Random) -> None:
    one, other = rng.sample(sorted(files), 2)
    files[one], files[other] = files[other], files[one]


def insert(files: Files, rng: random.Random) -> None:
    name, content = _one(files, rng)
    place = rng.randrange(len(content) + 1)
    files[name] = content[:place] + rng.randbytes(rng.randint(1, 4)) + content[place:]


def truncate(files: Files, rng: random.Random) -> None:
    name, content = _one(files, rng)
    files[name] = content[: rng.randrange(len(content))]


def renumber(files: Files, rng: random.Random) -> None:
    name = rng.choice([it for it in sorted(files) if it.startswith("entries/")])
    kind = name.partition(".")[2]
    files[f"entries/{rng.randint(1, 400)}.{kind}"] = files.pop(name)


def add(files: Files, rng: random.Random) -> None:
    files[rng.choice(["statement.txt", "entries/400.leaf", "entries/9.leaves", "checkpoints/12.note"])] = rng.randbytes(20)


def replay_old_checkpoint(files: Files, rng: random.Random) -> None:
    notes = sorted(it for it in files if it.startswith("checkpoints/"))
    old, new = notes[0], notes[-1]
    files[new] = files[old]
    if rng.random() < 0.5:
        del files[old]


BUNDLE_MUTATIONS = (flip, flip, flip, drop, swap, insert, truncate, renumber, add, replay_old_checkpoint)


def mutated(files: Files, rng: random.Random) -> Files:
    """These files after one change, under the old manifest or one that agrees with them; signed anew by nobody."""
    found = dict(files)
    rng.choice(BUNDLE_MUTATIONS)(found, rng)
    if "manifest.json" in found and found["manifest.json"] == files["manifest.json"] and rng.random() < 0.7:
        found["manifest.json"] = manifest_of(found)
    return found


def re_signed(files: Files, signer: Signer) -> Files:
    """The bundle as somebody with another key of the same name would sign it all, the key's public half included."""
    found = dict(files)
    notes = {it: signer.sign(_text(files[it])) for it in files if it.endswith(".note") and it not in _OWN}
    last = max((it for it in notes if it.startswith("checkpoints/")), key=lambda it: int(it[12:-5]))
    found |= notes | {"key.vkey": (signer.key.text() + "\n").encode()}
    for name in [it for it in files if it.endswith(".tlog-proof") or it.startswith("consistency/")]:
        found[name] = files[name].partition(b"\n\n")[0] + b"\n\n" + notes[last]
    return found


def _one(files: Files, rng: random.Random) -> tuple[str, bytes]:
    name = rng.choice(sorted(files))
    return name, files[name]


def _text(note: bytes) -> str:
    return note.decode().rpartition("\n\n")[0] + "\n"
