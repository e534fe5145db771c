"""Every way to break what was promised is noticed, wherever in the document it is done; what is only added is not."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.contract.compatibility import breaks
from adapters.contract.document import document

Document = dict[str, Any]
Place = tuple[str | int, ...]
PROMISED = document()


def places(value: Any, fits: Callable[[Any], bool], path: Place = ()) -> Iterator[Place]:
    """Where in a document something stands that fits; examples are no promise."""
    if fits(value):
        yield path
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "examples":
                yield from places(inner, fits, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from places(inner, fits, (*path, number))


def at(value: Any, place: Place) -> Any:
    for step in place:
        value = value[step]
    return value


def has(name: str, kind: type) -> Callable[[Any], bool]:
    return lambda it: isinstance(it, dict) and isinstance(it.get(name), kind) and bool(it[name])


def is_schema_with(name: str, kind: type) -> list[Place]:
    """Where such a schema stands, in the headers, the payloads and the components."""
    return [it for it in places(PROMISED["components"], has(name, kind)) if not {"bindings"} & set(it)]


OBJECTS = is_schema_with("properties", dict)
REQUIRED = is_schema_with("required", list)
LISTED = is_schema_with("enum", list)
TYPED = [it for it in is_schema_with("type", str) if it[0] != "schemas" or len(it) > 2]
ALTERNATIVES = is_schema_with("anyOf", list)
FORMATS = is_schema_with("format", str)
TEXTS = is_schema_with("description", str)
Draw = st.DataObject
ADDED = ("brand_new", "brand new", "BrandNew", "new")


def in_components(document: Document, data: Draw, among: list[Place]) -> Any:
    """One of these schemas, to be changed."""
    return at(document["components"], data.draw(st.sampled_from(among)))


def one_of(data: Draw, names: Any) -> Any:
    """One of these, but for what was added to the promise; with nothing else there it is not this break's example."""
    promised = sorted((it for it in names if it not in ADDED), key=str)
    assume(promised)
    return data.draw(st.sampled_from(promised))


def a_field_is_removed(document: Document, data: Draw) -> None:
    schema = in_components(document, data, OBJECTS)
    name = one_of(data, schema["properties"])
    del schema["properties"][name]
    if name in schema.get("required", ()):
        schema["required"].remove(name)


def a_new_field_is_required(document: Document, data: Draw) -> None:
    schema = in_components(document, data, OBJECTS)
    schema["properties"]["brand_new"] = {"type": "string"}
    schema.setdefault("required", []).append("brand_new")


def a_field_that_could_be_absent_is_required(document: Document, data: Draw) -> None:
    optional = [it for it in OBJECTS if optional_in(at(document["components"], it))]
    schema = in_components(document, data, optional)
    schema.setdefault("required", []).append(one_of(data, optional_in(schema)))


def optional_in(schema: dict[str, Any]) -> set[str]:
    # The type of a message is required of every CloudEvent, so that it is no news where it is narrowed to one.
    return schema["properties"].keys() - set(schema.get("required", ())) - {"ce_type"}


def a_required_field_may_be_absent(document: Document, data: Draw) -> None:
    schema = in_components(document, data, REQUIRED)
    schema["required"].remove(one_of(data, schema["required"]))


def a_value_of_a_list_is_removed(document: Document, data: Draw) -> None:
    schema = in_components(document, data, LISTED)
    schema["enum"].remove(one_of(data, schema["enum"]))


def a_free_text_becomes_a_list(document: Document, data: Draw) -> None:
    free = [it for it in TYPED if (schema := at(document["components"], it))["type"] == "string" and "enum" not in schema]
    in_components(document, data, [it for it in free if "ce_type" not in it])["enum"] = ["one", "two"]


def a_type_is_another(document: Document, data: Draw) -> None:
    schema = in_components(document, data, TYPED)
    schema["type"] = one_of(data, {"string", "integer", "number", "boolean", "array", "object"} - {schema["type"]})


def an_alternative_is_gone(document: Document, data: Draw) -> None:
    schema = in_components(document, data, ALTERNATIVES)
    schema["anyOf"].remove(one_of(data, schema["anyOf"]))


def an_alternative_is_new(document: Document, data: Draw) -> None:
    in_components(document, data, ALTERNATIVES)["anyOf"].append({"type": "boolean"})


def a_format_is_gone(document: Document, data: Draw) -> None:
    del in_components(document, data, FORMATS)["format"]


def a_pattern_is_demanded(document: Document, data: Draw) -> None:
    in_components(document, data, TYPED)["pattern"] = "^x$"


def an_object_takes_nothing_more(document: Document, data: Draw) -> None:
    in_components(document, data, OBJECTS)["additionalProperties"] = False


def a_type_is_removed(document: Document, data: Draw) -> None:
    schemas = document["components"]["schemas"]
    unused = [name for name in schemas if f"schemas/{name}'" not in str(document["components"]["schemas"])]
    name = one_of(data, unused)
    del schemas[name]
    for message in document["components"]["messages"].values():
        if f"schemas/{name}'" in str(message["payload"]):
            message["payload"] = {"type": "object"}
        if f"schemas/{name}'" in str(message.get("headers")):
            message["headers"] = {"type": "object"}


def a_message_is_removed(document: Document, data: Draw) -> None:
    del document["components"]["messages"][one_of(data, document["components"]["messages"])]


def a_message_comes_no_more(document: Document, data: Draw) -> None:
    channel = document["channels"][one_of(data, document["channels"])]
    del channel["messages"][one_of(data, channel["messages"])]


def a_channel_is_removed(document: Document, data: Draw) -> None:
    del document["channels"][one_of(data, document["channels"])]


def a_channel_is_elsewhere(document: Document, data: Draw) -> None:
    document["channels"][one_of(data, document["channels"])]["address"] = "another"


def a_channel_keeps_something_else(document: Document, data: Draw) -> None:
    channel = document["channels"][one_of(data, document["channels"])]
    settings = channel["bindings"]["kafka"]["topicConfiguration"]
    settings["cleanup.policy"] = ["delete" if settings["cleanup.policy"] == ["compact"] else "compact"]


def a_message_loses_its_headers(document: Document, data: Draw) -> None:
    messages = [it for it in document["components"]["messages"].values() if "headers" in it]
    del messages[data.draw(st.integers(0, len(messages) - 1))]["headers"]


def a_value_is_no_json_any_more(document: Document, data: Draw) -> None:
    document["components"]["messages"][one_of(data, document["components"]["messages"])]["contentType"] = "text/plain"


def an_operation_is_turned_round(document: Document, data: Draw) -> None:
    document["operations"][one_of(data, document["operations"])]["action"] = "receive"


def an_operation_is_removed(document: Document, data: Draw) -> None:
    del document["operations"][one_of(data, document["operations"])]


BREAKING = [
    a_field_is_removed, a_new_field_is_required, a_field_that_could_be_absent_is_required, a_required_field_may_be_absent,
    a_value_of_a_list_is_removed, a_free_text_becomes_a_list, a_type_is_another, an_alternative_is_gone,
    an_alternative_is_new, a_format_is_gone, a_pattern_is_demanded, an_object_takes_nothing_more, a_type_is_removed,
    a_message_is_removed, a_message_comes_no_more, a_channel_is_removed, a_channel_is_elsewhere,
    a_channel_keeps_something_else, a_message_loses_its_headers,
    a_value_is_no_json_any_more, an_operation_is_turned_round, an_operation_is_removed,
]  # fmt: skip


def a_field_is_added(document: Document, data: Draw) -> None:
    in_components(document, data, OBJECTS)["properties"]["brand_new"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def a_value_of_a_list_is_added(document: Document, data: Draw) -> None:
    in_components(document, data, [it for it in LISTED if "type" not in it and "ce_type" not in it])["enum"].append("brand new")


def a_type_is_added(document: Document, data: Draw) -> None:
    document["components"]["schemas"]["BrandNew"] = {"type": "object", "required": ["x"], "properties": {"x": {}}}


def a_message_is_added(document: Document, data: Draw) -> None:
    messages = document["components"]["messages"]
    messages["BrandNew"] = deepcopy(messages[one_of(data, messages)]) | {"name": "BrandNew"}
    channel = document["channels"][one_of(data, document["channels"])]
    channel["messages"]["BrandNew"] = {"$ref": "#/components/messages/BrandNew"}


def a_channel_is_added(document: Document, data: Draw) -> None:
    document["channels"]["new"] = {"address": "new", "messages": {}, "bindings": {}}
    document["operations"]["send_new"] = {"action": "send", "channel": {"$ref": "#/channels/new"}}


def a_text_says_it_better(document: Document, data: Draw) -> None:
    in_components(document, data, TEXTS)["description"] = "Better."


def a_schema_is_told_in_another_way(document: Document, data: Draw) -> None:
    schema = in_components(document, data, [it for it in OBJECTS if it[0] == "schemas"])
    same = dict(schema)
    schema.clear()
    schema["allOf"] = [same, {"type": "object"}]


ADDING = [
    a_field_is_added, a_value_of_a_list_is_added, a_type_is_added, a_message_is_added, a_channel_is_added,
    a_text_says_it_better, a_schema_is_told_in_another_way,
]  # fmt: skip


def test_the_same_document_breaks_nothing() -> None:
    assert breaks(PROMISED, document()) == []


@pytest.mark.parametrize("mutation", BREAKING, ids=lambda it: it.__name__)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_it_is_noticed_when(mutation: Callable[[Document, Draw], None], data: Draw) -> None:
    changed = deepcopy(PROMISED)
    mutation(changed, data)
    assert breaks(PROMISED, changed), mutation.__name__


@pytest.mark.parametrize("mutation", ADDING, ids=lambda it: it.__name__)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_nobody_minds_when(mutation: Callable[[Document, Draw], None], data: Draw) -> None:
    changed = deepcopy(PROMISED)
    mutation(changed, data)
    assert breaks(PROMISED, changed) == []


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_added_hides_no_break(data: Draw) -> None:
    changed = deepcopy(PROMISED)
    for mutation in [*data.draw(st.lists(st.sampled_from(ADDING[:-1]), max_size=3)), data.draw(st.sampled_from(BREAKING))]:
        mutation(changed, data)
    assert breaks(PROMISED, changed)


def test_a_break_says_where_and_what() -> None:
    changed = deepcopy(PROMISED)
    sla = changed["components"]["schemas"]["SlaAccount"]
    del sla["properties"]["client"]
    sla["required"].remove("client")
    sla["properties"]["status"]["enum"].remove("resolved")
    changed["components"]["schemas"]["ClockAccount"]["properties"]["due_at"] = {"type": "string", "format": "date-time"}
    found = breaks(PROMISED, changed)
    assert "SlaAccount.client: removed" in found
    assert "SlaAccount.status: resolved is no longer one of its values" in found
    assert "SlaAccount.response.due_at: it can no longer be null" in found
    assert "messages.SlaAccount.payload.client: removed" in found
