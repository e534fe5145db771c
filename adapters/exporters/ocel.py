"""OCEL 2.0 in its JSON form, for object-centric process mining: entries are events; tickets, clients, policies and consultants
are objects.

Events are written as they come; objects wait in a temporary file, so that memory does not grow with the tickets. What is
told of an entry is decided in `cases`.
"""

import shutil
from collections.abc import Iterable, Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import Any, BinaryIO

import msgspec

from adapters.exporters.cases import Case, Exported, Value, consultants, facts_of, told
from domain.events import Entry, PriorityChanged, TicketOpened
from domain.exchange import time_text
from domain.policy import Policy

_ALWAYS = "1970-01-01T00:00:00Z"
"""The time at which the standard wants a value that never changed."""
_KINDS: dict[type, str] = {bool: "boolean", int: "integer", datetime: "time", str: "string"}
Json = dict[str, Any]


def write_ocel(exported: Exported, out: BinaryIO) -> tuple[int, int]:
    """Writes the log; answers how many tickets and entries it holds."""
    with TemporaryFile() as objects:
        log = _Log(exported, out, objects)
        log.write()
        return log.tickets, log.events.count


class _Rows:
    """JSON objects written one after the other, with commas between, and the attributes that those of each type have."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self.count = 0
        self._types: dict[str, dict[str, str]] = {}

    def add(self, type: str, row: Json, attributes: dict[str, Value]) -> None:
        known = self._types.setdefault(type, {})
        for name, value in attributes.items():
            known.setdefault(name, _KINDS[value.__class__])
        self._out.write((b",\n" if self.count else b"\n") + msgspec.json.encode(row))
        self.count += 1

    def types(self) -> bytes:
        """Every type met, with its attributes."""
        shown = [
            {"name": name, "attributes": [{"name": key, "type": kind} for key, kind in sorted(known.items())]}
            for name, known in sorted(self._types.items())
        ]
        return msgspec.json.encode(shown)


class _Log:
    def __init__(self, exported: Exported, out: BinaryIO, waiting: BinaryIO) -> None:
        self._exported, self._out, self._waiting = exported, out, waiting
        self.events, self._objects = _Rows(out), _Rows(waiting)
        self._consultants: dict[str, None] = {}
        self.tickets = 0

    def write(self) -> None:
        self._out.write(b'{"events":[')
        for entry in self._exported.others():
            self._event(entry, _owners(entry))
        for case in self._exported.cases():
            self._ticket(case)
            related = _related(case)
            for entry in case.entries:
                self._event(entry, related)
        self._parties()
        self._out.write(b'\n],"objects":[')
        self._waiting.seek(0)
        shutil.copyfileobj(self._waiting, self._out)
        self._out.write(b'\n],"eventTypes":' + self.events.types() + b',"objectTypes":' + self._objects.types() + b"}\n")

    def _event(self, entry: Entry, related: list[tuple[str, str]]) -> None:
        event, named = entry.event, self._exported.named
        kind = type(event).__name__
        attributes = {**told(event, named), "position": entry.position, "recorded_at": entry.recorded_at}
        at_work = list(dict.fromkeys(consultants(event, named)))
        self._consultants.update(dict.fromkeys(at_work))
        links = [*related, *((f"consultant:{it}", "consultant") for it in at_work)]
        row = {
            "id": f"entry:{entry.position}",
            "type": kind,
            "time": time_text(event.at),
            "attributes": [{"name": name, "value": _shown(value)} for name, value in attributes.items()],
            "relationships": _links(links),
        }
        self.events.add(kind, row, attributes)

    def _ticket(self, case: Case) -> None:
        """The ticket with its verdicts, and its priority as it was and as it changed."""
        self.tickets += 1
        values = [
            (name, value, _ALWAYS) for name, value in facts_of(case.row).items() if name not in ("client", "policy", "priority")
        ]
        values += _priorities(case.entries)
        links = [*_related(case)[1:]]
        if case.row["continues"] is not None:
            links.append((f"ticket:{case.row['continues']}", "continues"))
        self._object("ticket", case.row["ticket"], values, links)

    def _parties(self) -> None:
        """Clients, policies and consultants."""
        contracts = self._exported.contracts
        for client in contracts.clients_in_order():
            self._object("client", client, [("local", contracts.local(client), _ALWAYS)], [])
        for policy in contracts.all_policies():
            dates = [(name, day.isoformat(), _ALWAYS) for name, day in _days(policy)]
            values = [("terms", policy.contracted.terms, _ALWAYS), *dates]
            values += [("tier", policy.tier, _ALWAYS)] if policy.tier is not None else []
            self._object("policy", policy.id, values, [(f"client:{policy.contracted.client}", "client")])
        for consultant in self._consultants:
            self._object("consultant", consultant, [], [])

    def _object(self, kind: str, name: str, values: Iterable[tuple[str, Value, str]], links: list[tuple[str, str]]) -> None:
        values = list(values)
        row = {
            "id": f"{kind}:{name}",
            "type": kind,
            "attributes": [{"name": key, "time": time, "value": _shown(value)} for key, value, time in values],
            "relationships": _links(links),
        }
        self._objects.add(kind, row, {key: value for key, value, _ in values})


def _owners(entry: Entry) -> list[tuple[str, str]]:
    """The client or policy in whose stream an entry stands, and the client of a policy contracted."""
    kind, _, _name = entry.stream.partition(":")
    client = getattr(entry.event, "client", None) if kind == "policy" else None
    return [(entry.stream, kind), *([(f"client:{client}", "client")] if client is not None else [])]


def _related(case: Case) -> list[tuple[str, str]]:
    row = case.row
    policy = [(f"policy:{row['policy']}", "policy")] if row["policy"] is not None else []
    return [(f"ticket:{row['ticket']}", "ticket"), (f"client:{row['client']}", "client"), *policy]


def _priorities(entries: Iterable[Entry]) -> Iterator[tuple[str, Value, str]]:
    for entry in entries:
        event = entry.event
        if isinstance(event, TicketOpened):
            yield "priority", event.priority, _ALWAYS
        elif isinstance(event, PriorityChanged):
            yield "priority", event.priority, time_text(event.at)


def _days(policy: Policy) -> Iterator[tuple[str, Any]]:
    yield "starts", policy.starts
    if policy.ends is not None:
        yield "ends", policy.ends
    if policy.cancelled is not None:
        yield "cancelled", policy.cancelled


def _links(links: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"objectId": name, "qualifier": qualifier} for name, qualifier in links]


def _shown(value: Value) -> Any:
    return time_text(value) if isinstance(value, datetime) else value
