"""Messages for the topics: CloudEvents 1.0 in binary mode, attributes as headers, the JSON of the exchange format as value.

A message is made from what is stored, so that nothing in it depends on keys, clocks or machines: personal texts stay sealed,
and the same entry is the same message for ever. It knows no broker.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import UNSET, Struct, UnsetType

from adapters.ledger import Ledger
from adapters.mapper import LedgerError, entry_from
from adapters.stores.rows import Row
from domain.events import EVENT_TYPES
from domain.exchange import entry_as_json, time_text
from domain.refusal import said
from replay.notes import read_checkpoint, read_note

AccountName = Literal["sla", "consumption", "billing"]
ACCOUNT_TYPES: dict[AccountName, str] = {
    "sla": "SlaAccount",
    "consumption": "ConsumptionAccount",
    "billing": "BillingAccount",
}
CHECKPOINT_TYPE = "CheckpointSigned"
_JSON = b"application/json"
_TRAILING_ZEROS = re.compile(rb'\.[0-9]{5}0Z"')
"""The end of a time as it is stored, in six decimals, where entries outside have no trailing zeros."""


class Message(NamedTuple):
    """What is sent to a topic; `headers` in the form that Kafka clients take them in."""

    key: bytes
    headers: list[tuple[str, bytes]]
    value: bytes


class _Kept(Struct):
    """The bytes of an entry without a look inside its event."""

    id: str
    recorded_at: str
    event: msgspec.Raw
    recorded_by: str | UnsetType = UNSET


class _Head(Struct):
    """What the headers tell of an event."""

    type: str
    at: str


_kept = msgspec.json.Decoder(_Kept).decode
_head = msgspec.json.Decoder(_Head).decode
_json = msgspec.json.Encoder().encode


def source_of(ledger: Ledger) -> str:
    """The name of a ledger in its messages, a URN: the id of its first entry, which every copy and every restored export of it
    keeps, and which tells neither machine nor path. LedgerError if it has no entry."""
    first = ledger.entry(1)
    if first is None:
        raise LedgerError(said("there is no entry at position {position}: the ledger is damaged"), position=1)
    return f"urn:uuid:{first.id}"


def entry_message(source: str, row: Row) -> Message:
    """The message of an entry, from its row just as it is stored; its key is the stream. LedgerError if it is no entry."""
    position, stream, version, _, state = row
    try:
        kept = _kept(state)
        head = _head(kept.event)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # What is wrong with the bytes is told by the one who reads them whole.
        return _decoded(source, row)
    if head.type not in EVENT_TYPES or _TRAILING_ZEROS.search(kept.event):
        return _decoded(source, row)
    recorded_at = kept.recorded_at
    if "." in recorded_at:
        recorded_at = recorded_at[:-1].rstrip("0") + "Z"
    # The stored event is the JSON of the exchange format already: what the ledger adds goes before its last brace.
    by = b"" if kept.recorded_by is UNSET else b',"recorded_by":' + _json(kept.recorded_by)
    value = b'%b,"position":%d,"stream":%b,"version":%d,"recorded_at":"%b","id":"%b"%b}' % (
        bytes(kept.event)[:-1], position, _json(stream), version, recorded_at.encode(), kept.id.encode(), by,
    )  # fmt: skip
    headers = attributes(source, head.type, kept.id, head.at, stream, position)
    headers.append(("ce_recordedtime", recorded_at.encode()))
    return Message(stream.encode(), headers, value)


def account_message(
    source: str, account: AccountName, subject: str, position: int, at: datetime, content: Mapping[str, Any]
) -> Message:
    """The message of an account as of a position: `subject`, its key, is the stream it is about (`ticket:T-1`, `policy:P-7`, or
    `client:acme` outside any policy), `at` (aware) the moment it was judged for, `content` ready for JSON: a row of
    `report sla` or `report consumption`, or {"ticket", "billing": rows of `report billing`}."""
    moment = time_text(at)
    id = f"{account}/{subject}/{position}/{moment}"
    headers = attributes(source, ACCOUNT_TYPES[account], id, moment, subject, position)
    return Message(subject.encode(), headers, _json(content))


def checkpoint_message(source: str, note: bytes, made_at: str) -> Message:
    """The message of a signed checkpoint, from its note and when it was made (in UTC, as kept beside the note); its key is the
    name of the log, its sequence the number of entries signed. Malformed if the note holds no checkpoint."""
    found = read_checkpoint(read_note(note).text)
    root = b64encode(found.root).decode()
    content = {"origin": found.origin, "size": found.size, "root": root, "made_at": made_at, "note": note.decode()}
    headers = attributes(source, CHECKPOINT_TYPE, f"checkpoint/{found.size}/{root}", made_at, found.origin, found.size)
    return Message(found.origin.encode(), headers, _json(content))


def attributes(source: str, type: str, id: str, time: str, subject: str, sequence: int) -> list[tuple[str, bytes]]:
    """The attributes of a CloudEvent with JSON in it, as headers. `time` is RFC 3339 in UTC; `sequence` a decimal number, as
    the sequence extension of CloudEvents 1.0 has it for `Integer`."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", id.encode()),
        ("ce_source", source.encode()),
        ("ce_type", type.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", subject.encode()),
        ("ce_sequence", b"%d" % sequence),
        ("ce_sequencetype", b"Integer"),
        ("content-type", _JSON),
    ]


def structured(message: Message) -> bytes:
    """The same message in structured mode (the JSON format of CloudEvents 1.0), its value embedded to the byte: for a transport
    that signs a body and no headers."""
    attributes = {name.removeprefix("ce_"): value.decode() for name, value in message.headers if name.startswith("ce_")}
    return _json(attributes | {"datacontenttype": _JSON.decode(), "data": msgspec.Raw(message.value)})


def _decoded(source: str, row: Row) -> Message:
    """The same message by way of the entry itself."""
    position, stream, version, _, state = row
    shown = entry_as_json(entry_from(position, stream, version, state))
    headers = attributes(source, shown["type"], shown["id"], shown["at"], stream, position)
    headers.append(("ce_recordedtime", shown["recorded_at"].encode()))
    return Message(stream.encode(), headers, _json(shown))
