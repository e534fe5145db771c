"""The AsyncAPI 3 document: which topics there are, what comes on each, and in what order, for whoever subscribes.

It is made from the types that the program itself uses, so that it cannot say anything else. Servers are not in it: each desk
has its own brokers. See docs/events.md for the same in prose.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from adapters.contract import topics
from adapters.contract.accounts import BillingAccount, CheckpointSigned, ConsumptionAccount, SlaAccount
from adapters.contract.schemas import VERSION, Schema, components, files
from domain.upcasting import CHAIN

_EXAMPLES = "examples.jsonl"
_DESCRIPTION = """\
What a support desk takes down, and what it amounts to, as CloudEvents 1.0 in binary mode: attributes are headers (ce_…), the
value is JSON.

Read with isolation.level=read_committed: what a relay left unfinished when it died is never to be counted. Then every entry
comes exactly once, and entries of one stream in order, all in one partition. A consumer that keeps the highest ce_sequence it
has finished for each key, and passes over what is not higher, may read anything twice without harm.

Fields that a version does not describe are to be passed over, as are messages of unknown ce_type and unknown values of a list:
later versions add them. Nothing is removed or narrowed; what changes its meaning gets a new name."""


_GONE = "A message without a value says that there is nothing by its key any more."


class Told(NamedTuple):
    """A message of a channel: its name, which is its `ce_type`, and the schemas that its value fits, all of them. What is no
    CloudEvent has no headers."""

    name: str
    schemas: tuple[str, ...]
    is_cloud_event: bool = True


class Channel(NamedTuple):
    """A topic: what it is for, what its keys are, and what is kept: everything for ever, or for some time, or of each key
    the last message."""

    name: str
    address: str
    description: str
    key: str
    kept: Literal["for_ever", "some_time", "latest"]
    messages: tuple[Told, ...]


def _account(kind: type[Struct]) -> tuple[Told, ...]:
    return (Told(kind.__name__, (kind.__name__,)),)


CHANNELS: tuple[Channel, ...] = (
    Channel(
        "entries", topics.ENTRIES,
        "Every entry, once, in the order recorded within its stream. Kept for ever, so that whoever comes late reads it all. "
        "Personal texts are sealed. ce_sequence is the entry's position in the ledger, ce_time its `at`.",
        "The stream, as `ticket:T-1`.", "for_ever", tuple(Told(name, (name, "Recorded")) for name in CHAIN.kinds),
    ),
    Channel(
        "sla", topics.SLA,
        "A ticket's two clocks, told again whenever an entry or time itself changes them: as of the entry at position "
        f"ce_sequence, judged at ce_time. {_GONE}",
        "The ticket's stream, as `ticket:T-1`.", "latest", _account(SlaAccount),
    ),
    Channel(
        "consumption", topics.CONSUMPTION,
        "What was used of a policy with quotas, as of the entry at position ce_sequence, judged at ce_time. Personal texts are "
        f"sealed. {_GONE}",
        "The policy's stream, as `policy:P-7`; outside any policy the client's, as `client:acme`.", "latest",
        _account(ConsumptionAccount),
    ),
    Channel(
        "billing", topics.BILLING,
        f"Everything a ticket is charged, as of the entry at position ce_sequence. {_GONE}",
        "The ticket's stream, as `ticket:T-1`.", "latest", _account(BillingAccount),
    ),
    Channel(
        "checkpoints", topics.CHECKPOINTS,
        "Every signed checkpoint, in order. ce_sequence is how many entries it covers.",
        "The name of the log, which the note begins with.", "for_ever", _account(CheckpointSigned),
    ),
    Channel(
        "live_tickets", topics.LIVE_TICKETS,
        f"Where a ticket stands now: its clocks running, at risk or breached, minutes billed today. Values only. {_GONE}",
        "The ticket's stream, as `ticket:T-1`.", "latest", (Told("LiveTicket", ("LiveTicket",), False),),
    ),
    Channel(
        "live_policies", topics.LIVE_POLICIES,
        f"Where a policy stands now: quotas and how near they are to exhaustion, minutes billed today. Values only. {_GONE}",
        "The policy's stream, as `policy:P-7`; outside any policy the client's, as `client:acme`.", "latest",
        (Told("LivePolicy", ("LivePolicy",), False),),
    ),
    Channel(
        "live_changes", topics.LIVE_CHANGES,
        "A clock that is at risk, breached, stopped or running again; a quota that is nearly or wholly used up. Told at the "
        "moment, though nothing may have been recorded then; ce_time is that moment. ce_sequence is the position of the "
        "ticket's last entry, and 0 of a quota; the same change has the same ce_id, by which to know it again.",
        "The stream of the ticket or the policy.", "some_time",
        (Told("ClockChanged", ("ClockChanged",)), Told("QuotaChanged", ("QuotaChanged",))),
    ),
)  # fmt: skip


class Example(Struct, frozen=True):
    """A message as it comes: `value` the JSON in it."""

    name: str
    key: str
    headers: dict[str, str]
    value: dict[str, Any]


@cache
def examples() -> dict[str, Example]:
    """One of every message, by its name."""
    lines = resources.files("adapters.contract").joinpath(_EXAMPLES).read_bytes().splitlines()
    return {it.name: it for it in (msgspec.json.decode(line, type=Example) for line in lines)}


def kept_files() -> dict[str, Schema]:
    """Everything that is kept in docs/schemas: path → document, ready for JSON."""
    return {"asyncapi.json": document(), **files()}


def document() -> Schema:
    """The whole document, ready for JSON; fresh each time."""
    schemas = components()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "bitacora", "version": VERSION, "description": _DESCRIPTION},
        "defaultContentType": "application/json",
        "channels": {it.name: _channel(it) for it in CHANNELS},
        "operations": {f"send_{it.name}": _operation(it) for it in CHANNELS},
        "components": {
            "messages": {told.name: _message(channel, told, schemas) for channel in CHANNELS for told in channel.messages},
            "schemas": {"CloudEvent": _headers(), **{name: schemas[name] for name in _used(schemas)}},
        },
    }


def _channel(channel: Channel) -> Schema:
    configured: Schema = {"cleanup.policy": ["compact" if channel.kept == "latest" else "delete"]}
    if channel.kept == "for_ever":
        configured["retention.ms"] = -1
    return {
        "address": channel.address,
        "description": channel.description,
        "messages": {it.name: {"$ref": f"#/components/messages/{it.name}"} for it in channel.messages},
        "bindings": {"kafka": {"topic": channel.address, "topicConfiguration": configured, "bindingVersion": "0.5.0"}},
    }


def _operation(channel: Channel) -> Schema:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{channel.name}"},
        "messages": [{"$ref": f"#/channels/{channel.name}/messages/{it.name}"} for it in channel.messages],
    }


def _message(channel: Channel, told: Told, schemas: dict[str, Schema]) -> Schema:
    references = [{"$ref": f"#/components/schemas/{it}"} for it in told.schemas]
    example = examples()[told.name]
    return {
        "name": told.name,
        "title": told.name,
        "summary": schemas[told.schemas[0]]["description"],
        "contentType": "application/json",
        **({"headers": _headers_of(told)} if told.is_cloud_event else {}),
        "payload": references[0] if len(references) == 1 else {"allOf": references},
        "bindings": {"kafka": {"key": {"type": "string", "description": channel.key}, "bindingVersion": "0.5.0"}},
        "examples": [{**({"headers": example.headers} if told.is_cloud_event else {}), "payload": example.value}],
    }


def _headers_of(told: Told) -> Schema:
    return {"allOf": [{"$ref": "#/components/schemas/CloudEvent"}, {"properties": {"ce_type": {"enum": [told.name]}}}]}


def _headers() -> Schema:
    """The attributes of a CloudEvent, as the headers of a message."""
    texts: dict[str, Schema] = {
        "ce_specversion": {"enum": ["1.0"]},
        "ce_id": {"description": "With ce_source it names the message: the same again is the same message."},
        "ce_source": {"description": "The ledger, as a URN: the same for every copy of it.", "format": "uri"},
        "ce_type": {"description": "The name of the message."},
        "ce_time": {"description": "When what the message tells happened, in UTC.", "format": "date-time"},
        "ce_subject": {"description": "What the message is about; the same as its key."},
        "ce_sequence": {
            "description": "A decimal number that never falls within a key; of entries it grows with every one.",
            "pattern": "^[0-9]+$",
        },
        "ce_sequencetype": {"enum": ["Integer"]},
        "ce_recordedtime": {"description": "Of entries: when it was taken down, in UTC.", "format": "date-time"},
        "content-type": {"enum": ["application/json"]},
    }
    return {
        "title": "CloudEvent",
        "description": "The attributes of a CloudEvent, as headers; each a text in UTF-8.",
        "type": "object",
        "properties": {name: {"type": "string", **schema} for name, schema in texts.items()},
        "required": [name for name in texts if name != "ce_recordedtime"],
    }


def _used(schemas: dict[str, Schema]) -> Iterator[str]:
    """The schemas in the order of the channels, then what they refer to."""
    named: Sequence[str] = [it for channel in CHANNELS for told in channel.messages for it in told.schemas]
    yield from dict.fromkeys([*named, *schemas])
