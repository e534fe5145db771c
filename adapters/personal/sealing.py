"""Sealing: personal texts of entries turned into `sealed1.SUBJECT.TEXT` before they are judged and stored, and opened again
while their key is there. How they are shown is in `unsealing`.

The same text under the same key is always the same sealed text (AES-SIV), so that everything between these two doors compares
sealed texts and needs no key. What is personal is in `domain.personal`; the keys are in `key_store`.
"""

import base64
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from threading import RLock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from adapters.mapper import LedgerError
from adapters.personal.key_store import KeyStore, Kind
from domain.events import AnyEvent
from domain.personal import SEALED, rewritten
from domain.refusal import said

_FORM = "sealed1"
_REMEMBERED = 100_000
_DESK = "desk"


def keys_beside(ledger: Path) -> Path:
    """Where the keys of a ledger are unless another place is named."""
    return ledger.with_name(f"{ledger.name}.keys")


Fingerprint = Callable[[bytes], bytes]
"""32 bytes by which a text is known again."""


def plain_fingerprint(text: bytes) -> bytes:
    """The fingerprint of a text where nothing is sealed: anybody can tell whether it is that of a text they guess."""
    return hashlib.sha256(text).digest()


def subject_of(text: str) -> str | None:
    """The subject under whose key a text is sealed; None if it is not sealed."""
    found = SEALED.fullmatch(text)
    return None if found is None else found[1]


class Seals:
    """Seals and opens with the key store at `path`, which is opened when it is first needed.

    `belongs` is the id of the store that the ledger was begun with. Without that store everything can be read, but nothing
    sealed: the same person under a second key would be a second person."""

    def __init__(self, path: Path, belongs: str) -> None:
        self.path = path
        self._belongs = belongs
        self._lock = RLock()
        self._store: KeyStore | None = None
        self._is_checked = False
        self._forget_what_is_remembered()

    def _forget_what_is_remembered(self) -> None:
        self._ciphers: dict[str, AESSIV | None] = {}
        self._keys: dict[tuple[Kind, str], tuple[str, AESSIV]] = {}
        self._persons: dict[str, str] = {}
        self._opened: dict[str, str] = {}

    def close(self) -> None:
        """Closes the key store."""
        if self._store is not None:
            self._store.close()

    def refresh(self) -> None:
        """Takes note of keys that another process destroyed, or made. LedgerError if the store is damaged."""
        with self._lock:
            if self._store is not None and not self._store.is_in_place():
                self._store.close()
                self._store = None
            elif self._store is not None and not self._store.changed():
                return
            self._store = self._store or self._found()
            self._is_checked = False
            self._forget_what_is_remembered()

    def _found(self) -> KeyStore | None:
        """The ledger's key store, if it is there and may be read."""
        # Never by opening it: closing it again would take the locks of this process's other connections to it away.
        if not (self.path.is_file() and os.access(self.path, os.R_OK)):
            return None
        store = KeyStore(self.path, create=False)
        if store.id == self._belongs:
            return store
        store.close()
        return None

    @property
    def store(self) -> KeyStore:
        """The key store. LedgerError if it is not there, may not be read, or is another ledger's."""
        self.refresh()
        if self._store is None:
            template = said(
                "the key store of this ledger is not at {path}: bring it back from its backup, or name it with --keys"
            )
            raise LedgerError(template, path=self.path)
        return self._store

    def begin(self, forgotten: frozenset[str]) -> None:
        """A transaction that seals begins, with no other writer beside it; `forgotten` are the subjects whose tombstone is
        recorded: should a backup have brought a key of theirs back, it is destroyed. LedgerError as `store`."""
        self.refresh()
        store = self._store or self.store
        if not self._is_checked and (returned := store.holds(forgotten)):
            self.drop(returned)
        self._is_checked = True

    def destroy(self, kind: Kind, name: str) -> list[str]:
        """Destroys the key of a person or client for good; the subjects that the ledger now has to take down, none if nobody
        of that name is known. LedgerError as `store`."""
        subjects = self.store.subjects_of(kind, name)
        if subjects:
            self.store.destroy(subjects)
            self._forget_what_is_remembered()
        return subjects

    def drop(self, subjects: list[str]) -> None:
        """Removes what the store still holds of subjects that the ledger took down as forgotten."""
        self.store.drop(subjects)
        self._forget_what_is_remembered()

    def is_here(self) -> bool:
        """Whether the ledger's key store is there and may be read."""
        self.refresh()
        return self._store is not None

    def fingerprint(self) -> Fingerprint:
        """By which texts are known again, for whoever has the key store and nobody else. LedgerError as `store`."""
        return self.store.fingerprint

    # Sealing --------------------------------------------------------------------------------------------------------

    def seal(self, event: AnyEvent, client: str | None, *, again: bool = False) -> AnyEvent:
        """The event with every personal text sealed; free text under the key of `client`, None for the desk's. With `again`
        what looks sealed already is left as it is; otherwise whoever proposed such a text has it sealed as any other."""

        def sealed(whose: str | None, text: str) -> str:
            if again and subject_of(text) is not None:
                return text
            return self._sealed_text(whose, client, text)

        return rewritten(event, sealed)

    def sealed_as_known(self, event: AnyEvent, client: str | None) -> AnyEvent:
        """The event sealed as `seal` would, but with no key made for it: a text whose key there is not yet stays in plain,
        and equals no sealed one. LedgerError as `store`."""
        store = self.store

        def sealed(whose: str | None, text: str) -> str:
            kind, name = _owner(whose, client)
            key = store.known(kind, name)
            return text if key is None else _sealed(key.subject, AESSIV(key.secret), text)

        return rewritten(event, sealed)

    def _sealed_text(self, whose: str | None, client: str | None, text: str) -> str:
        if whose is not None:
            if whose == text:
                return self._persons.get(text) or self._sealed_person(text)
            # What is about a person whose name is sealed already: under that key, else under the client's.
            subject = subject_of(whose)
            cipher = self._cipher(subject) if subject is not None else None
            if subject is not None and cipher is not None:
                return _sealed(subject, cipher, text)
            if subject is None:
                return _sealed(*self._key("person", whose), text)
        return _sealed(*self._key(*_owner(None, client)), text)

    def _sealed_person(self, name: str) -> str:
        if len(self._persons) > _REMEMBERED:
            self._persons.clear()
        text = self._persons[name] = _sealed(*self._key("person", name), name)
        return text

    def _key(self, kind: Kind, name: str) -> tuple[str, AESSIV]:
        found = self._keys.get((kind, name))
        if found is None:
            if len(self._keys) > _REMEMBERED:
                self._keys.clear()
            key = (self._store or self.store).key_for(kind, name)
            found = self._keys[kind, name] = (key.subject, AESSIV(key.secret))
        return found

    def commit(self) -> None:
        """Every key used for sealing so far is on disk from now on."""
        if self._store is not None:
            self._store.commit()

    def rollback(self) -> None:
        """What was sealed since the last commit was not kept, and neither are its new keys."""
        with self._lock:
            if self._store is not None:
                self._store.rollback()
            self._forget_what_is_remembered()

    # Opening --------------------------------------------------------------------------------------------------------

    def opened(self, text: str) -> str | None:
        """The text that was sealed; one that is not sealed, as it is; None if its key is not here."""
        known = self._opened.get(text)
        if known is not None:
            return known
        found = SEALED.fullmatch(text)
        if found is None:
            return text
        cipher = self._cipher(found[1])
        if cipher is None:
            return None
        try:
            sealed = text.rpartition(".")[2]
            plain = cipher.decrypt(base64.urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)), None).decode()
        except (InvalidTag, ValueError):
            return None
        if len(plain) <= _SHORT:
            if len(self._opened) > _REMEMBERED:
                self._opened.clear()
            self._opened[text] = plain
        return plain

    def _cipher(self, subject: str) -> AESSIV | None:
        if subject not in self._ciphers:
            secret = self._store.secret(subject) if self._store is not None else None
            self._ciphers[subject] = None if secret is None else AESSIV(secret)
        return self._ciphers[subject]

    def same_texts(self, recorded: AnyEvent, proposed: AnyEvent) -> tuple[AnyEvent, AnyEvent]:
        """A recorded event opened, and a proposed one, to be compared. What can no longer be opened can not be compared
        either, and is taken to be what is proposed."""
        lost: list[bool] = []

        def opened(whose: str | None, text: str) -> str:
            plain = self.opened(text)
            lost.append(plain is None)
            return plain or ""

        def masked(whose: str | None, text: str) -> str:
            return "" if next(flags, False) else text

        told = rewritten(recorded, opened)
        flags = iter(lost)
        return told, rewritten(proposed, masked)


_SHORT = 128
"""Longer texts are not remembered: names come again and again, notes do not."""


def _owner(whose: str | None, client: str | None) -> tuple[Kind, str]:
    """Whose key a text is sealed with: the person's that it is about, else the client's, else the desk's."""
    if whose is not None:
        return "person", whose
    return ("desk", _DESK) if client is None else ("client", client)


def _sealed(subject: str, cipher: AESSIV, text: str) -> str:
    return f"{_FORM}.{subject}.{base64.urlsafe_b64encode(cipher.encrypt(text.encode(), None)).rstrip(b'=').decode()}"
