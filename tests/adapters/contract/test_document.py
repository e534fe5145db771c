"""The AsyncAPI document holds together, and what was released under a version stays as it was.

There is no official checker of AsyncAPI for Python; what its specification demands of the parts that we use is checked here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.contract import topics
from adapters.contract.compatibility import breaks
from adapters.contract.document import CHANNELS, document
from adapters.contract.schemas import VERSION
from adapters.kafka.topics import KINDS
from adapters.live.topics import KINDS as LIVE_KINDS
from domain.events import EVENT_TYPES
from tests.adapters.contract.validation import problems

RELEASED = Path(__file__).resolve().parents[3] / "docs/schemas/released"
RELEASES = sorted(RELEASED.iterdir())
MADE = document()
MESSAGES = MADE["components"]["messages"]


def resolved(reference: str) -> Any:
    """What a reference within the document names."""
    found: Any = MADE
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            assert value.keys() == {"$ref"}, "what stands beside a reference does not count"
            yield value["$ref"]
        for name, inner in value.items():
            if name != "examples":
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema of the document that stands by itself."""
    text = json.dumps({**schema, "$defs": MADE["components"]["schemas"]})
    return dict(json.loads(text.replace("#/components/schemas/", "#/$defs/")))


def test_it_has_what_every_document_must_have() -> None:
    assert MADE["asyncapi"] == "3.0.0"
    assert MADE["info"].keys() >= {"title", "version"}
    assert MADE.keys() <= {"asyncapi", "info", "defaultContentType", "channels", "operations", "components"}
    for names in (MADE["channels"], MADE["operations"], MESSAGES, MADE["components"]["schemas"]):
        assert all(re.fullmatch(r"[A-Za-z0-9._-]+", it) for it in names)


def test_every_reference_leads_somewhere() -> None:
    assert all(resolved(it) is not None for it in references(MADE))


def test_a_channel_is_a_topic_and_its_operation_sends_just_its_messages() -> None:
    addresses = {value for name, value in vars(topics).items() if name.isupper()}
    assert {it["address"] for it in MADE["channels"].values()} == addresses
    assert len(MADE["operations"]) == len(MADE["channels"])
    for name, channel in MADE["channels"].items():
        operation = MADE["operations"][f"send_{name}"]
        assert operation["action"] == "send"
        assert resolved(operation["channel"]["$ref"]) is channel
        assert [it["$ref"] for it in operation["messages"]] == [
            f"#/channels/{name}/messages/{it}" for it in channel["messages"]
        ]
        assert channel["bindings"]["kafka"]["topic"] == channel["address"]


def test_entries_come_as_one_message_for_every_type() -> None:
    assert set(MADE["channels"]["entries"]["messages"]) == EVENT_TYPES.keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_says_what_it_is_and_its_example_fits(name: str) -> None:
    message = MESSAGES[name]
    assert message["name"] == name
    assert message["summary"] and message["bindings"]["kafka"]["key"]["description"]
    (example,) = message["examples"]
    assert problems(whole(message["payload"]), example["payload"]) == []
    if name in ("LiveTicket", "LivePolicy"):
        assert "headers" not in message
        return
    assert problems(whole(message["headers"]), example["headers"]) == []
    assert problems(whole(message["headers"]), {**example["headers"], "ce_type": "Another"})
    assert problems(whole(message["payload"]), {})
    for header in whole(message["headers"])["$defs"]["CloudEvent"]["required"]:
        assert problems(whole(message["headers"]), {it: text for it, text in example["headers"].items() if it != header})


def test_a_topic_keeps_what_the_document_says() -> None:
    kept = {it.address: it.kept for it in CHANNELS}
    for address, kind in KINDS.items():
        assert (kept[address] == "latest") == (kind.settings["cleanup.policy"] == "compact")
    for address, settings in LIVE_KINDS.items():
        if address in kept:
            assert (kept[address] == "latest") == (settings["cleanup.policy"] == "compact")


@pytest.mark.parametrize("release", RELEASES, ids=lambda it: it.name)
def test_nothing_breaks_what_was_released(release: Path) -> None:
    assert breaks(json.loads((release / "asyncapi.json").read_bytes()), MADE) == []


def test_what_differs_from_a_release_has_a_version_of_its_own() -> None:
    numbers = [tuple(map(int, it.name.split("."))) for it in RELEASES]
    assert numbers
    assert tuple(map(int, VERSION.split("."))) >= max(numbers)
    for release in RELEASES:
        kept = json.loads((release / "asyncapi.json").read_bytes())
        assert kept["info"]["version"] == release.name
        if release.name == VERSION:
            assert kept == MADE
