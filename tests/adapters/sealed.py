"""A ledger with signed checkpoints for the tests of proofs, and a hand that writes behind the ledger's back."""

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from adapters.ledger import Ledger
from adapters.personal.sealing import keys_beside
from adapters.proofs.growing import grow_once
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import Signer, make_key, open_key
from adapters.proofs.tree import TreeRows
from adapters.proofs.verification import Verified
from adapters.proofs.verifying import Run, Together, checking, verified, verify
from adapters.stores.rows import LedgerSession
from tests.adapters.given import DESK, Entry, followed_up, opened, read
from tests.stores import Ledgers

ORIGIN = "example.com/desk"
NOW = datetime(2026, 3, 3, tzinfo=UTC)
RUN_ENTRIES = 50
FIRST, SECOND = 280, 334
"""How many entries the two checkpoints cover."""


class Sealed(NamedTuple):
    """A closed ledger and its key store, the file of its signing key, and the notes of its checkpoints by size."""

    path: Path | str
    keys: Path
    key: Path
    notes: dict[int, bytes]

    def open(self) -> Ledger:
        return Ledger.open(str(self.path), keys=self.keys)

    def signer(self) -> Signer:
        return open_key(self.key)

    def verified(self, path: Path | str | None = None, *, remembered: bool = False) -> Verified:
        """What verify says of the ledger, or of a copy; with what the key remembers, if asked. A reading in runs of entries, as
        several processes make it, must come to the same if all is well, and must find that something differs if not."""
        signer = self.signer()
        last = signer.last()
        held = [last] if remembered and last else []
        with Ledger.open(str(path or self.path)) as ledger:
            found = verify(ledger, signer.key, held)
            in_runs = verified(ledger, Together(signer.key, partial(_share, ledger.url), RUN_ENTRIES), held)
            assert (in_runs == found) if found.difference is None else (in_runs.difference is not None), str(found.difference)
            return found


def _share(url: str, upto: int, runs: Iterable[Run]) -> Iterator[Any]:
    with checking(url, upto) as check:
        yield from map(check, runs)


def desk_lines() -> list[Entry]:
    """Three tickets with keys and contingencies, over more entries than one tile holds."""
    contingency = {"at": "2026-03-02T11:00:00-06:00", "contingency": "storm", "client_informed": True}
    lines = [*DESK]
    for number in range(1, 4):
        lines.append(opened(f"T-{number}", key=f"mail-{number}"))
        lines += [followed_up(f"T-{number}", minute, note=f"note {minute}") for minute in range(108)]
    lines.insert(60, {"type": "ContingencyDeclared", **contingency})
    lines.insert(70, {"type": "EntryVoided", "at": "2026-03-02T12:00:00-06:00", "entry": 10, "reason": "twice"})
    return lines


def seal(folder: Path, url: str | None = None) -> Sealed:
    """A ledger of 334 entries, signed at 280 and at the end; in that folder, unless it is to be elsewhere."""
    path, keys, key = url or folder / "ledger.db", folder / "ledger.db.keys", folder / "desk.key"
    signer = make_key(key, ORIGIN)
    events = read(*desk_lines())
    notes = {}
    with Ledger.open(str(path), create=True, clock=lambda: NOW, keys=keys) as ledger:
        for size in (FIRST, SECOND):
            part = events[: size - ledger.head()]
            del events[: len(part)]
            ledger.record(part)
            notes[ledger.head()] = checkpoint(ledger, signer, NOW)
    assert set(notes) == {FIRST, SECOND} and not events, (set(notes), len(events))
    return Sealed(path, keys, key, notes)


class Kept(NamedTuple):
    """Such a ledger in one of the stores."""

    ledgers: Ledgers
    sealed: Sealed

    def copied(self) -> str:
        """A copy of it, in the place of the copy before."""
        return self.ledgers.copied("ledger", "copy")

    def mine(self, folder: Path) -> Sealed:
        """Ledger and keys again, for a test that changes them."""
        sealed, signer = self.sealed, self.sealed.signer()
        for it in (sealed.keys, sealed.key, signer.remembered):
            shutil.copy(it, folder / it.name)
        path = self.ledgers.copied("ledger", "mine")
        return sealed._replace(path=path, keys=folder / sealed.keys.name, key=folder / sealed.key.name)

    def often(self, times: int) -> int:
        """So often in files; a copy of a database takes its time."""
        return times if self.ledgers.databases is None else max(times // 20, 2)


def copied(sealed: Sealed, folder: Path) -> Path:
    """The ledger's file again, with its keys, somewhere else."""
    shutil.copy(keys_beside(sealed.path), folder / "copy.db.keys")
    return Path(shutil.copyfile(sealed.path, folder / "copy.db"))


def rebuild_tree(rows: LedgerSession) -> None:
    """The tiles of the rows as they are now, made by the program itself."""
    rows.run("DELETE FROM tree_tiles")
    tiles = TreeRows(rows)
    while grow_once(tiles, tiles.head()) < tiles.head():
        pass


def change_tile(rows: LedgerSession, tile: int = 1) -> None:
    """The stored tree is not what its entries give any more."""
    where = f"WHERE level = 0 AND tile = {tile}"
    ((hashes,),) = rows.all(f"SELECT hashes FROM tree_tiles {where}")
    rows.run(f"UPDATE tree_tiles SET hashes = ? {where}", bytes(32) + hashes[32:])


def set_head(rows: LedgerSession, position: int) -> None:
    """What the store itself remembers of its last position."""
    if rows.has_table("ledger_head"):
        rows.run("UPDATE ledger_head SET position = ?", position)
    else:
        rows.run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'stored_events'", position)


def rewind(rows: LedgerSession, size: int = FIRST) -> None:
    """The ledger as it was at so many entries, as far as whoever does it can tell."""
    rows.run("DELETE FROM checkpoints WHERE size > ?", size)
    rows.run("DELETE FROM stored_events WHERE rowid > ?", size)
    rows.run("DELETE FROM entry_keys WHERE position > ?", size)
    set_head(rows, size)
    rebuild_tree(rows)


class Authority(NamedTuple):
    """A time stamping authority made with openssl: its root certificate, and how it answers a request."""

    root: Path
    stamp: Callable[[bytes], bytes]


def authority(folder: Path, name: str = "Stamps of the Tests") -> Authority:
    """A new one, in a folder that is there."""
    (folder / "tsa.cnf").write_text(
        "[req]\ndistinguished_name = dn\n[dn]\n[ca]\nbasicConstraints = critical, CA:true\nkeyUsage = critical, keyCertSign\n"
        "[stamping]\nextendedKeyUsage = critical, timeStamping\n"
        "[tsc]\nserial = serial\ncrypto_device = builtin\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\n"
        "digests = sha256\naccuracy = secs:1\nordering = no\ntsa_name = yes\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n"
        "[tsa]\ndefault_tsa = tsc\n"
    )
    (folder / "serial").write_text("01\n")

    def run(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-config",
        "tsa.cnf", "-extensions", "ca", "-subj", f"/O={name}/CN=Root")  # fmt: skip
    run("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "tsa.key", "-out", "tsa.csr", "-config", "tsa.cnf", "-subj",
        f"/O={name}/CN=Clock")  # fmt: skip
    run("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "tsa.pem", "-days",
        "3650", "-extfile", "tsa.cnf", "-extensions", "stamping")  # fmt: skip

    def stamp(request: bytes) -> bytes:
        (folder / "request.tsq").write_bytes(request)
        run("ts", "-reply", "-queryfile", "request.tsq", "-signer", "tsa.pem", "-inkey", "tsa.key", "-config", "tsa.cnf",
            "-out", "reply.tsr")  # fmt: skip
        return (folder / "reply.tsr").read_bytes()

    return Authority(folder / "ca.pem", stamp)
