"""How an entry is kept: the exact bytes stored, the id that leads back to its position, and the line it is exported as.

The bytes are written once and never again (they are hashed later), so their form is fixed: `Stored`, in the order of its
fields, times in UTC. It knows no database; a stored name is the event's tag, never a module path. What is stored under a name
of the past is upcast as it is read, and stays as it is.
"""

import os
from datetime import datetime
from typing import Any, get_args
from uuid import UUID

import msgspec
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import Mapper, Notification, StoredEvent, Transcoder
from msgspec import UNSET, Struct, UnsetType

from domain import upcasting
from domain.events import AnyEvent, Entry, RequestRefused
from domain.refusal import Sayable, said

_RANDOM_BYTES = 9
_TAGS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(AnyEvent)}


class LedgerError(Sayable):
    """The ledger cannot be opened, read or written: which, where and why. Never an answer to an entry: see Refused."""


class LedgerBusy(LedgerError):
    """Other processes kept the ledger locked for as long as we wait. Nothing was done, and it may be tried again."""


class NotPossible(LedgerError):
    """What is asked for cannot be given as the ledger stands: nothing is wrong with it, nor with how it was asked."""


class Unreadable(LedgerError):
    """What is stored is no entry that this program can read: `position` and `stream` are among its values."""

    @property
    def position(self) -> int:
        return int(str(self.values["position"]))

    @property
    def stream(self) -> str:
        return str(self.values["stream"])


class Stored(Struct, frozen=True):
    """What the bytes of an entry hold; its position, stream and version stand beside them."""

    id: str
    recorded_at: datetime
    event: AnyEvent
    recorded_by: str | UnsetType = UNSET
    """Absent from the bytes of what was not recorded over HTTP."""


class Added(Struct, frozen=True):
    """What only the ledger adds to an entry in the line it is exported as, and sent as."""

    position: int
    stream: str
    version: int
    recorded_at: datetime
    id: str
    recorded_by: str | UnsetType = UNSET


class _RecordedAt(Struct, frozen=True):
    recorded_at: datetime


_encoder = msgspec.json.Encoder()


class _Raw(Struct, frozen=True):
    id: str
    recorded_at: datetime
    event: dict[str, Any]
    recorded_by: str | UnsetType = UNSET


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, TypeError, RecursionError)
_decode = msgspec.json.Decoder(Stored).decode
_decode_raw = msgspec.json.Decoder(_Raw).decode
_decode_time = msgspec.json.Decoder(_RecordedAt).decode


def key_of(event: AnyEvent) -> str | None:
    """The key an entry answers to: its own; for a RequestRefused, that of the request it turned away."""
    key = event.request.get("key") if isinstance(event, RequestRefused) else event.key
    return None if key is UNSET else key


def tag_of(event: AnyEvent) -> str:
    """The name an event is stored under: its `type` in the exchange format."""
    return _TAGS[type(event)]


def state_of(entry: Entry) -> bytes:
    """The bytes an entry is stored as."""
    return _encoder.encode(Stored(entry.id, entry.recorded_at, entry.event, entry.recorded_by))


def entry_from(position: int, stream: str, version: int, state: bytes) -> Entry:
    """The entry kept in a row. LedgerError naming the position if the bytes are not those of an entry."""
    try:
        kept = _decode(state)
    except _UNREADABLE:
        # Only what is not of today's form comes here, so that upcasting costs nothing to all else.
        try:
            kept = upcast(state)
        except _UNREADABLE as error:
            raise _unreadable(position, stream, error) from None
    return Entry(position, stream, version, kept.recorded_at, kept.id, kept.event, kept.recorded_by)


def recorded_at_of(position: int, state: bytes) -> datetime:
    """Only the transaction time of the entry kept in a row; LedgerError as `entry_from`."""
    try:
        return _decode_time(state).recorded_at
    except _UNREADABLE as error:
        raise _unreadable(position, "", error) from None


def upcast(state: bytes) -> Stored:
    """What bytes hold that are not of today's form, in today's form. Raises as decoding does if they are of no form at all."""
    kept = _decode_raw(state)
    event = upcasting.CHAIN.event(kept.event)
    return _decode(state) if event is None else Stored(kept.id, kept.recorded_at, event, kept.recorded_by)


def _unreadable(position: int, stream: str, error: Exception) -> Unreadable:
    return Unreadable(
        said("entry {position} cannot be read: what is stored is not an entry of this version ({problem})"),
        position=position,
        stream=stream,
        problem=error,
    )


class EntryMapper(Mapper[str]):
    """The library's mapper over our bytes: an `Entry` to a stored event and back. What is read must carry its position (the
    library's Notification, which our recorder returns everywhere)."""

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The entry as the library stores it. TypeError for anything but an `Entry`."""
        if not isinstance(domain_event, Entry):
            raise TypeError(f"{type(domain_event).__name__} is not an Entry")
        entry: Entry = domain_event
        return StoredEvent(entry.stream, entry.version, tag_of(entry.event), state_of(entry))

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The `Entry` of a notification; LedgerError as `entry_from`."""
        if not isinstance(stored_event, Notification):
            raise TypeError("an entry is read with its position: a Notification is needed")
        stream, version = str(stored_event.originator_id), stored_event.originator_version
        entry: Any = entry_from(stored_event.id, stream, version, stored_event.state)
        return entry  # type: ignore[no-any-return]


class NoTranscoder(Transcoder):
    """Stands where the library wants a transcoder: the mapper encodes whole entries and needs none."""

    def encode(self, obj: Any) -> bytes:
        raise TypeError("entries are encoded whole, by the mapper")

    def decode(self, data: bytes) -> Any:
        raise TypeError("entries are decoded whole, by the mapper")


def random_tail() -> str:
    """The random part of ids, one for all entries of a transaction: they differ by their positions."""
    digits = os.urandom(_RANDOM_BYTES).hex()
    return f"8{digits[:3]}-a{digits[3:6]}-{digits[6:]}"


def id_at(position: int, tail: str) -> str:
    """A UUIDv8 whose first 48 bits are the position, the rest a `random_tail`.

    So an entry is found by its id without an index of ids; whoever looks it up compares the whole id."""
    return f"{position >> 16:08x}-{position & 0xFFFF:04x}-{tail}"


def position_in(id: str) -> int | None:
    """The position that an id made by `id_at` would carry; None if it is no uuid. It may lead nowhere: compare."""
    try:
        return UUID(id).int >> 80
    except ValueError:
        return None
