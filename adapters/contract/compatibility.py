"""What a new version of the contract would break for whoever subscribes under an older one.

Two AsyncAPI documents are compared, as far as `document` uses JSON Schema; a keyword that is not known here must not change at
all. What may be added: channels, messages, fields that need not be there, values of a list. All else that differs breaks,
a field that may suddenly be absent or null among it. Texts for people are free.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Document = Mapping[str, Any]
Schema = dict[str, Any]
_FREE = frozenset({"title", "description", "examples", "summary", "$id", "$schema"})
_COMPARED = frozenset({"type", "enum", "properties", "required", "items", "additionalProperties", "anyOf"})


def breaks(before: Document, after: Document) -> list[str]:
    """Everything that `after` breaks of `before`, as where it is and what; empty if nothing."""
    return list(dict.fromkeys(_breaks(before, after)))


def _breaks(before: Document, after: Document) -> Iterator[str]:
    for name, channel in before["channels"].items():
        yield from _channel(f"channels.{name}", channel, after["channels"].get(name))
    for name, operation in before["operations"].items():
        found = after["operations"].get(name)
        if found is None or (found["action"], found["channel"]) != (operation["action"], operation["channel"]):
            yield f"operations.{name}: removed or turned round"
    kept, now = before["components"], after["components"]
    for name, message in kept["messages"].items():
        where = f"messages.{name}"
        if name not in now["messages"]:
            yield f"{where}: removed"
            continue
        found = now["messages"][name]
        yield from _same(where, message, found, ("name", "contentType", "bindings"))
        for part in ("headers", "payload"):
            if part in message:
                now_is = _Side(after).flat(found.get(part, {}))
                yield from _schema(f"{where}.{part}", _Side(before).flat(message[part]), now_is)
    for name, schema in kept["schemas"].items():
        if name in now["schemas"]:
            yield from _schema(name, _Side(before).flat(schema), _Side(after).flat(now["schemas"][name]))
        else:
            yield f"{name}: removed"


def _channel(where: str, before: Document, after: Document | None) -> Iterator[str]:
    if after is None:
        yield f"{where}: removed"
        return
    yield from _same(where, before, after, ("address", "bindings"))
    for name, message in before["messages"].items():
        if after["messages"].get(name) != message:
            yield f"{where}.messages.{name}: removed"


def _same(where: str, before: Document, after: Document, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if _plain(before.get(name)) != _plain(after.get(name)):
            yield f"{where}.{name}: changed"


def _plain(value: Any) -> Any:
    """A value without the texts for people."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items() if name not in _FREE}
    return value


# Schemas --------------------------------------------------------------------------------------------------------------


class _Side:
    """One of the two documents, to find what its references name."""

    def __init__(self, document: Document) -> None:
        self._schemas = document["components"]["schemas"]

    def flat(self, schema: Document) -> Schema:
        """The schema with references replaced by what they name, and what must all hold put together."""
        made: Schema = {}
        if "$ref" in schema:
            made = self.flat(self._schemas[schema["$ref"].rpartition("/")[2]])
        for part in schema.get("allOf", ()):
            made = _both(made, self.flat(part))
        return _both(made, {name: self._inner(name, it) for name, it in schema.items() if name not in ("$ref", "allOf")})

    def _inner(self, keyword: str, value: Any) -> Any:
        match keyword:
            case "properties":
                return {name: self.flat(it) for name, it in value.items()}
            case "anyOf":
                return [self.flat(it) for it in value]
            case "items" | "additionalProperties" if isinstance(value, Mapping):
                return self.flat(value)
            case _:
                return value


def _both(one: Schema, other: Schema) -> Schema:
    """What fits both of two schemas."""
    made = {**one, **other}
    if "properties" in one and "properties" in other:
        shared = {
            name: _both(one["properties"][name], it) for name, it in other["properties"].items() if name in one["properties"]
        }
        made["properties"] = {**one["properties"], **other["properties"], **shared}
    if "required" in one and "required" in other:
        made["required"] = [*one["required"], *(it for it in other["required"] if it not in one["required"])]
    if "enum" in one and "enum" in other:
        made["enum"] = [it for it in one["enum"] if it in other["enum"]]
    return made


def _schema(where: str, before: Schema, after: Schema) -> Iterator[str]:
    if "anyOf" in before or "anyOf" in after:
        yield from _alternatives(where, before.get("anyOf", [before]), after.get("anyOf", [after]))
        return
    if before.get("type") != after.get("type"):
        yield f"{where}: the type was {before.get('type', 'any')} and is {after.get('type', 'any')}"
    yield from _values(where, before.get("enum"), after.get("enum"))
    yield from _fields(where, before, after)
    for keyword in ("items", "additionalProperties"):
        yield from _within(f"{where}.{keyword}", before.get(keyword, True), after.get(keyword, True))
    for keyword in sorted((before.keys() | after.keys()) - _COMPARED - _FREE):
        if before.get(keyword) != after.get(keyword):
            yield f"{where}: {keyword} was {before.get(keyword)} and is {after.get(keyword)}"


def _alternatives(where: str, before: list[Schema], after: list[Schema]) -> Iterator[str]:
    for old in before:
        if all(any(_schema(where, old, new)) for new in after):
            yield f"{where}: it can no longer be {_told(old)}"
    for new in after:
        if all(any(_schema(where, old, new)) for old in before):
            yield f"{where}: it can be {_told(new)}, which it never was"


def _told(schema: Schema) -> str:
    return str(schema.get("type") or schema.get("enum") or "that")


def _values(where: str, before: list[Any] | None, after: list[Any] | None) -> Iterator[str]:
    if (before is None) != (after is None):
        yield f"{where}: it was {'listed' if before else 'free'} and is not"
    for value in before or ():
        if after is not None and value not in after:
            yield f"{where}: {value} is no longer one of its values"


def _fields(where: str, before: Schema, after: Schema) -> Iterator[str]:
    had, has = before.get("properties", {}), after.get("properties", {})
    needed, needs = before.get("required", []), after.get("required", [])
    for name, schema in had.items():
        if name not in has:
            yield f"{where}.{name}: removed"
        else:
            yield from _schema(f"{where}.{name}", schema, has[name])
    yield from (f"{where}.{name}: required, which it was not" for name in needs if name not in needed)
    yield from (f"{where}.{name}: it may be absent, which it never was" for name in needed if name not in needs)


def _within(where: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _schema(where, before, after)
    elif before != after:
        yield f"{where}: changed"
