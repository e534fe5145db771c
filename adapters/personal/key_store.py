"""The keys under which personal texts are sealed, in a file of their own beside the ledger: one random key for each subject.

A subject is a random id; whose it is can be told only with its key. Whatever is written here is on disk when a call that says
so returns. It seals nothing itself, and never hands a key to anything that writes it elsewhere but `backup`.
"""

import hmac
import os
import secrets
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import RLock
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from adapters.mapper import LedgerError
from adapters.sqlite_opening import connected, flush, make_private
from domain.refusal import said

Kind = Literal["person", "client", "desk"]
KEY_BITS = 512
APPLICATION_ID = 0x6269746B
FORM = 1
_SUBJECT_BYTES = 8
_SCHEMA = (
    "CREATE TABLE store (id TEXT NOT NULL, pepper BLOB NOT NULL)",
    # A key that was destroyed leaves its subject until the ledger has taken that down, and nothing after.
    "CREATE TABLE keys (subject TEXT PRIMARY KEY, kind TEXT NOT NULL, lookup BLOB NOT NULL, secret BLOB, name BLOB)"
    " WITHOUT ROWID",
    "CREATE UNIQUE INDEX keys_in_use ON keys (kind, lookup) WHERE secret IS NOT NULL",
    f"PRAGMA application_id = {APPLICATION_ID}",
    f"PRAGMA user_version = {FORM}",
)


class Key(NamedTuple):
    """A subject and its key."""

    subject: str
    secret: bytes


class Subject(NamedTuple):
    """What the store holds of a subject, its key aside; `name` is None if the key is destroyed."""

    subject: str
    kind: Kind
    name: str | None


class KeyStore:
    """One key store, open. Threads may share it; every failure of the file comes out as a LedgerError."""

    def __init__(self, path: Path, *, create: bool) -> None:
        """Opens the file at `path`; with `create` makes one, readable by its owner only, if there is none. LedgerError if it
        cannot be read or is no key store."""
        self.path = path
        self._lock = RLock()
        with self._explained():
            self._rows = connected(path, "mode=rw", private=create)
            try:
                # EXTRA: after a commit not even a power cut brings back what was destroyed, or loses a key already used.
                for pragma in ("synchronous = EXTRA", "secure_delete = ON", "temp_store = MEMORY"):
                    self._rows.execute(f"PRAGMA {pragma}")
                if create:
                    self._begin()
                self._check()
                row = self._rows.execute("SELECT id, pepper FROM store").fetchone()
                self.id: str = row[0]
                self._pepper: bytes = row[1]
                self._version = self._data_version()
                self._file = _identity(path)
            except BaseException:
                self._rows.close()
                raise

    def close(self) -> None:
        """Closes the file; keys made and not committed are gone."""
        with self._lock:
            self._rows.close()

    def changed(self) -> bool:
        """Whether another process wrote to the store since this was asked last."""
        with self._lock, self._explained():
            before, self._version = self._version, self._data_version()
            return before != self._version

    def is_in_place(self) -> bool:
        """Whether the file that is open is still the one at its path."""
        try:
            return _identity(self.path) == self._file
        except OSError:
            return False

    # Keys -----------------------------------------------------------------------------------------------------------

    def key_for(self, kind: Kind, name: str) -> Key:
        """The key of a person or client, made if there is none yet; a new one is kept by the next `commit`."""
        with self._lock, self._explained():
            if not self._rows.in_transaction and (found := self._found(kind, name)):
                return found
            if not self._rows.in_transaction:
                self._rows.execute("BEGIN IMMEDIATE")
            # Looked up again now that no other process can make one.
            return self._found(kind, name) or self._made(kind, name)

    def known(self, kind: Kind, name: str) -> Key | None:
        """The key of a person or client, None if there is none."""
        with self._lock, self._explained():
            return self._found(kind, name)

    def secret(self, subject: str) -> bytes | None:
        """The key of a subject; None if it is not here."""
        with self._lock, self._explained():
            row = self._rows.execute("SELECT secret FROM keys WHERE subject = ?", (subject,)).fetchone()
            return None if row is None else row[0]

    def commit(self) -> None:
        """From now on the keys made are on disk."""
        with self._lock, self._explained():
            if self._rows.in_transaction:
                self._rows.execute("COMMIT")

    def rollback(self) -> None:
        """The keys made since the last commit are not kept."""
        with self._lock, self._explained():
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")

    def _found(self, kind: Kind, name: str) -> Key | None:
        statement = "SELECT subject, secret FROM keys WHERE kind = ? AND lookup = ? AND secret IS NOT NULL"
        row = self._rows.execute(statement, (kind, self._lookup(kind, name))).fetchone()
        return None if row is None else Key(*row)

    def _made(self, kind: Kind, name: str) -> Key:
        key = Key(secrets.token_hex(_SUBJECT_BYTES), AESSIV.generate_key(KEY_BITS))
        sealed_name = AESSIV(key.secret).encrypt(name.encode(), None)
        row = (key.subject, kind, self._lookup(kind, name), key.secret, sealed_name)
        self._rows.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?)", row)
        return key

    def _lookup(self, kind: Kind, name: str) -> bytes:
        """Finds a subject by its name without the name standing in the file."""
        return hmac.digest(self._pepper, f"{kind}\0{name}".encode(), "sha256")

    def fingerprint(self, text: bytes) -> bytes:
        """32 bytes by which a text is known again, and which tell nothing of it without this store."""
        return hmac.digest(self._pepper, b"text\0" + text, "sha256")

    def webhook_secret(self, salt: bytes) -> bytes:
        """32 bytes to sign webhooks with, always the same for a salt, which nobody works out without this store."""
        return hmac.digest(self._pepper, b"webhook\0" + salt, "sha256")

    # Forgetting -----------------------------------------------------------------------------------------------------

    def subjects_of(self, kind: Kind, name: str) -> list[str]:
        """The subjects kept for a name: that of its key, and those whose key is destroyed but not yet dropped."""
        with self._lock, self._explained():
            statement = "SELECT subject FROM keys WHERE kind = ? AND lookup = ? ORDER BY subject"
            return [subject for (subject,) in self._rows.execute(statement, (kind, self._lookup(kind, name)))]

    def destroy(self, subjects: Collection[str]) -> None:
        """Overwrites the keys of these subjects, and their names; on disk when this returns. The subjects stay known, so
        that what a kill leaves undone can be done later."""
        # With secure_delete SQLite writes zeros over what a row no longer needs.
        self._write("UPDATE keys SET secret = NULL, name = NULL WHERE subject = ?", subjects)

    def drop(self, subjects: Collection[str]) -> None:
        """Removes these subjects and whatever key they have (one may have come back with a backup)."""
        self._write("DELETE FROM keys WHERE subject = ?", subjects)

    def _write(self, statement: str, subjects: Collection[str]) -> None:
        with self._lock, self._explained():
            self.rollback()
            self._rows.execute("BEGIN IMMEDIATE")
            self._rows.executemany(statement, [(it,) for it in subjects])
            self._rows.execute("COMMIT")

    # Looking at it, keeping it ---------------------------------------------------------------------------------------

    def subjects(self) -> list[Subject]:
        """Every subject, by kind and name; those without a key last."""
        with self._lock, self._explained():
            rows = self._rows.execute("SELECT subject, kind, secret, name FROM keys").fetchall()
        found = [Subject(subject, kind, _opened_name(secret, name)) for subject, kind, secret, name in rows]
        return sorted(found, key=lambda it: (it.name is None, it.kind, it.name or "", it.subject))

    def holds(self, subjects: Collection[str]) -> list[str]:
        """Those of these subjects that the store still has."""
        statement = "SELECT 1 FROM keys WHERE subject = ?"
        with self._lock, self._explained():
            return [it for it in sorted(subjects) if self._rows.execute(statement, (it,)).fetchone() is not None]

    def backup(self, path: Path) -> None:
        """Writes a whole copy to a file, readable by its owner only, which takes its place when it is complete. LedgerError
        if that is this store; OSError if it cannot be written."""
        if path.exists() and path.samefile(self.path):
            raise LedgerError(said("{path} is the key store itself; a backup goes to another file"), path=path)
        beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        try:
            make_private(beside)
            with self._lock, self._explained():
                copy = sqlite3.connect(beside)
                try:
                    self._rows.backup(copy)
                finally:
                    copy.close()
            flush(beside)
            beside.replace(path)
            flush(path.absolute().parent)
        finally:
            beside.unlink(missing_ok=True)

    # The file -------------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Makes the tables, unless another process was quicker."""
        self._rows.execute("BEGIN IMMEDIATE")
        if self._rows.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
            for statement in _SCHEMA:
                self._rows.execute(statement)
            self._rows.execute("INSERT INTO store VALUES (?, ?)", (secrets.token_hex(16), secrets.token_bytes(32)))
        self._rows.execute("COMMIT")

    def _check(self) -> None:
        if self._rows.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
            raise LedgerError(said("{path} is not a key store"), path=self.path)
        found = self._rows.execute("PRAGMA user_version").fetchone()[0]
        if found > FORM:
            raise LedgerError(
                said("{path} was written by a newer version of this program (form {found}; this one reads up to {known})"),
                path=self.path, found=found, known=FORM,
            )  # fmt: skip

    def _data_version(self) -> int:
        version: int = self._rows.execute("PRAGMA data_version").fetchone()[0]
        return version

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            problem = getattr(error, "strerror", None) or str(error)
            if "not a database" in problem:
                raise LedgerError(said("{path} is not a key store"), path=self.path) from error
            template = said("the key store {path} failed: {problem}")
            raise LedgerError(template, path=self.path, problem=problem) from error


def made_key_store(path: Path) -> str:
    """The id of the key store at a path, which is made if there is none. LedgerError if it cannot be."""
    with closing(KeyStore(path, create=True)) as store:
        return store.id


def key_store_of_a_new_ledger(path: Path) -> str:
    """The same for a ledger that is only begun. LedgerError too if the store there holds keys: then it is another ledger's."""
    with closing(KeyStore(path, create=True)) as store:
        if store.subjects():
            template = said("the key store {path} belongs to another ledger: name another with --keys for this one")
            raise LedgerError(template, path=path)
        return store.id


def _opened_name(secret: bytes | None, name: bytes | None) -> str | None:
    try:
        return None if secret is None or name is None else AESSIV(secret).decrypt(name, None).decode()
    except (InvalidTag, ValueError):
        return None


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_dev, found.st_ino
