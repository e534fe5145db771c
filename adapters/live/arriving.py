"""Entries as they arrive on a topic: the JSON of the exchange format, read back. It trusts them: they were judged when
they were recorded."""

from typing import Any

import msgspec

from adapters.mapper import Added
from domain import upcasting
from domain.events import AnyEvent, Entry

_FIRST_ADDED = b',"position":'
"""What the ledger adds begins with it, at the end of the object."""

_event = msgspec.json.Decoder(AnyEvent).decode
_added = msgspec.json.Decoder(Added).decode
_object = msgspec.json.Decoder(dict[str, Any]).decode


def entry_arriving(value: bytes) -> Entry:
    """The entry in the value of a message. msgspec.MsgspecError if it is none that this program knows."""
    cut = value.rfind(_FIRST_ADDED)
    try:
        event = _event(value[:cut] + b"}")
        own = _added(b"{" + value[cut + 1 :])
    except msgspec.MsgspecError:
        # Another program may have written the same object in another order.
        fields = _object(value)
        own = msgspec.convert({name: fields.pop(name) for name in Added.__struct_fields__ if name in fields}, Added)
        # Or an older program, in a form that is not written any more.
        event = msgspec.convert(upcasting.CHAIN.raw(fields), AnyEvent)
    return Entry(own.position, own.stream, own.version, own.recorded_at, own.id, event, own.recorded_by)
