"""JSON Schemas (2020-12) of every event and every account, from the types that the program itself reads and writes.

They are open: what a later version adds is no breach of them, so whoever reads has to ignore fields it does not know. What may
be recorded is narrower, and judged by `bitacora record` alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, inspect

from adapters.contract.accounts import BillingAccount, CheckpointSigned, ConsumptionAccount, SlaAccount
from adapters.live.rows import ClockChanged, LivePolicy, LiveTicket, QuotaChanged
from domain import upcasting
from domain.events import EVENT_TYPES
from domain.personal import PERSONAL, Personal

VERSION = "1.1.0"
"""Of everything that integrators are promised here: the second number grows with what is added. The first stays."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
ACCOUNTS = (SlaAccount, ConsumptionAccount, BillingAccount, CheckpointSigned)
LIVE = (LiveTicket, LivePolicy, ClockChanged, QuotaChanged)
ENTRY = "Entry"
Schema = dict[str, Any]
_OF_EVENTS = {
    "type": "What happened.",
    "at": "When it happened in the world; it may have been recorded much later.",
    "by": "Who did or reported it. Personal: sealed on topics.",
    "key": "Idempotency key of whoever recorded it.",
}
_PERSONAL = "Personal: sealed on topics."
_ALSO_PERSONAL = {"RequestRefused": ("reason",), "Attendance": ("consultant",), "Benefit": ("detail",)}
"""What stands in no row of `domain.personal`, since it goes with the row of something else."""


class Recorded(Struct, frozen=True):
    """What the ledger adds to an event when it takes it down."""

    position: Annotated[int, Meta(ge=1, description="1, 2, 3, … in the order recorded, over all streams, without gaps.")]
    stream: Annotated[
        str, Meta(description="What it is about: `ticket:`, `client:`, `policy:`, `terms:` with an id, or `desk`.")
    ]
    version: Annotated[int, Meta(ge=1, description="1, 2, 3, … in its stream, without gaps.")]
    recorded_at: Annotated[datetime, Meta(description="When it was taken down; never earlier than the position before.")]
    id: Annotated[str, Meta(description="A uuid.")]
    recorded_by: Annotated[str, Meta(description="Who recorded it over HTTP: the name of the token.")] | UnsetType = UNSET


def events() -> dict[str, type[Struct]]:
    """Every form of event that there is or was, by its name: topics keep what is not written any more."""
    return {**upcasting.CHAIN.retired, **EVENT_TYPES}


def components(prefix: str = "#/components/schemas/") -> dict[str, Schema]:
    """Every schema by name: events by their type, `Recorded`, accounts, and the parts of those. References are `prefix` and a
    name. Fresh values; whoever asks may change them."""
    types: list[type[Struct]] = [*events().values(), Recorded, *ACCOUNTS, *LIVE]
    _, named = msgspec.json.schema_components(types, ref_template=prefix + "{name}")
    mark_times(named, types)
    made = {_name_of(struct): named[struct.cls.__name__] for struct in _structs(inspect.multi_type_info(types))}
    for name, schema in made.items():
        schema["title"] = name
        schema["description"] = " ".join(schema["description"].split())
        schema.pop("additionalProperties", None)
        describe(name, schema)
    return made


def mark_times(named: Mapping[str, Schema], types: Sequence[Any]) -> None:
    """Adds to the schemas of these types, by the names of their classes, which texts are times: the library tells that only
    where a type insists on an offset, which is judged elsewhere here."""
    for struct in _structs(inspect.multi_type_info(types)):
        _mark_times(named[struct.cls.__name__], struct)


def describe(name: str, schema: Schema) -> None:
    """Adds to the schema of a type what is said of its fields."""
    for field, text in _described(name).items():
        if field in schema["properties"]:
            schema["properties"][field].setdefault("description", text)


def _described(name: str) -> dict[str, str]:
    """What is said of the fields of a type: of those that all events have, and which texts are personal."""
    personal = PERSONAL.get(name.partition(".")[0], Personal())
    fields = (*personal.persons, *personal.texts, *_ALSO_PERSONAL.get(name, ()))
    return (_OF_EVENTS if name in events() else {}) | dict.fromkeys(fields, _PERSONAL)


def files() -> dict[str, Schema]:
    """The schemas as they are kept, each whole by itself: path → schema. Events, accounts and what is live one a file;
    `Entry.json` for any entry: an event with what the ledger adds."""
    parts = components(prefix="#/$defs/")
    made = {f"events/{name}.json": _whole(name, parts[name], parts) for name in events()}
    for folder, types in (("accounts", ACCOUNTS), ("live", LIVE)):
        made |= {f"{folder}/{it.__name__}.json": _whole(it.__name__, parts[it.__name__], parts) for it in types}
    entry = {
        "title": ENTRY,
        "description": "Any entry of the ledger: an event with what the ledger adds to it.",
        "allOf": [{"anyOf": [{"$ref": f"#/$defs/{name}"} for name in events()]}, {"$ref": "#/$defs/Recorded"}],
    }
    return {f"{ENTRY}.json": _whole(ENTRY, entry, parts), **made}


def shown(value: Any) -> bytes:
    """A document as it is kept in a file: the same bytes for the same value."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _whole(name: str, schema: Schema, parts: Mapping[str, Schema]) -> Schema:
    """A schema with everything that it refers to."""
    used = {it: deepcopy(parts[it]) for it in sorted(_referred(schema, parts))}
    made = {"$schema": DIALECT, "$id": f"urn:bitacora:schema:{VERSION}:{name}", **deepcopy(schema)}
    return made | ({"$defs": used} if used else {})


def _referred(value: Any, parts: Mapping[str, Schema], seen: frozenset[str] = frozenset()) -> set[str]:
    found: set[str] = set()
    for name in _references(value):
        if name not in seen:
            found |= {name} | _referred(parts[name], parts, seen | {name})
    return found


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference.rpartition("/")[2]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


# Times --------------------------------------------------------------------------------------------------------------


def _structs(infos: Sequence[inspect.Type]) -> Iterator[inspect.StructType]:
    """The structs among these types and, once each, those within them."""
    waiting, seen = list(infos), set()
    while waiting:
        info = waiting.pop(0)
        if isinstance(info, inspect.StructType):
            if info.cls not in seen:
                seen.add(info.cls)
                yield info
                waiting.extend(it.type for it in info.fields)
        else:
            waiting.extend(_within(info))


def _within(info: inspect.Type) -> Sequence[inspect.Type]:
    match info:
        case inspect.Metadata():
            return (info.type,)
        case inspect.UnionType():
            return info.types
        case inspect.ListType() | inspect.VarTupleType():
            return (info.item_type,)
        case inspect.DictType():
            return (info.value_type,)
        case _:
            return ()


def _mark_times(schema: Schema, struct: inspect.StructType) -> None:
    for field in struct.fields:
        if _is_time(field.type):
            own = schema["properties"][field.encode_name]
            for branch in own.get("anyOf", [own]):
                if branch["type"] == "string":
                    branch["format"] = "date-time"


def _is_time(info: inspect.Type) -> bool:
    match info:
        case inspect.Metadata() | inspect.UnionType():
            return any(map(_is_time, _within(info)))
        case _:
            return isinstance(info, inspect.DateTimeType)


def _name_of(struct: inspect.StructType) -> str:
    """What a type is called outside: an event by its tag, all else by its class."""
    return str(struct.tag) if struct.tag is not None else struct.cls.__name__
