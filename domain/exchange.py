"""How events look outside: the exchange format as values ready for JSON."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import UNSET

from domain.events import AnyEvent, Entry


def time_text(moment: datetime) -> str:
    """An aware time as entries show it: UTC with `Z`, its fraction without trailing zeros."""
    text = moment.astimezone(UTC).isoformat().removesuffix("+00:00")
    return (text.rstrip("0") if "." in text else text) + "Z"


def event_as_json(event: AnyEvent) -> dict[str, Any]:
    """The event in the exchange format, ready for JSON; absent fields are absent."""
    plain: dict[str, Any] = _shown(msgspec.to_builtins(event, builtin_types=(datetime,)))
    return plain


def entry_as_json(entry: Entry) -> dict[str, Any]:
    """The entry as `bitacora export entries` writes it: the event's own fields, then those only the ledger can add."""
    added: dict[str, Any] = {
        "position": entry.position,
        "stream": entry.stream,
        "version": entry.version,
        "recorded_at": time_text(entry.recorded_at),
        "id": entry.id,
    }
    if entry.recorded_by is not UNSET:
        added["recorded_by"] = entry.recorded_by
    return event_as_json(entry.event) | added


def _shown(value: Any) -> Any:
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, dict):
        return {key: _shown(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_shown(inner) for inner in value]
    return value
