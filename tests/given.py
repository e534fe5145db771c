"""A desk in a few words, for tests that read as given, when, then: entries of the exchange format, and a real ledger to try
them on. Times are written as on a wall in Mexico City without summer time (-06:00), or with an offset of their own."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.ledger import Answer, Ledger, Refusal, Same, Taken
from adapters.reports.reports import Reports, Selection
from domain.events import AnyEvent
from domain.exchange import entry_as_json
from domain.refusal import Refused
from domain.shape import read_entry
from projections.contracts import Question

Entry = dict[str, Any]
TIMES = ("at", "sent_at", "started", "ended", "from", "to", "joined", "left")
HOURLY = {"currency": "MXN", "hourly": "600.00", "after_hours_factor": "1.5"}
PER_EVENT = {"currency": "MXN", "per_event": {"P1": "1000.00", "P2": "800.00", "P3": "500.00", "P4": "333.33"}}
LONG_AFTER = "2026-12-31 00:00"


def when(text: str) -> str:
    """ "2026-03-02 09:00" (seconds and their fraction optional) at -06:00; a text with a `T` is left as it is."""
    if "T" in text:
        return text
    return text.replace(" ", "T") + (":00" if len(text) == len("2026-03-02 09:00") else "") + "-06:00"


def utc(text: str) -> str:
    """The same moment as reports show it."""
    return datetime.fromisoformat(when(text)).astimezone(UTC).isoformat().replace("+00:00", "Z")


def said(kind: str, at: str, /, **fields: Any) -> Entry:
    """An entry of a type; `from_` stands for the field `from`."""
    fields = {name.rstrip("_"): value for name, value in fields.items()}
    times = {name: when(value) for name, value in fields.items() if name in TIMES and isinstance(value, str)}
    return {"type": kind, "at": when(at)} | fields | times


def without(entry: Entry, *names: str) -> Entry:
    """The entry with these fields left out."""
    return {name: value for name, value in entry.items() if name not in names}


def registered(client: str = "acme", at: str = "2020-01-01 08:00", **more: Any) -> Entry:
    return said("ClientRegistered", at, **{"client": client, "name": client.title(), "local": True} | more)


def authorized(person: str = "ana", at: str = "2020-01-01 08:01", client: str = "acme", **more: Any) -> Entry:
    return said("RequesterAuthorized", at, client=client, person=person, **more)


def revoked(person: str = "ana", at: str = "2026-03-01 08:00", client: str = "acme") -> Entry:
    return said("RequesterRevoked", at, client=client, person=person)


def gs_policy(policy: str = "PG", **more: Any) -> Entry:
    """A contract under grupo-staff at 600.00 an hour, half as much again after hours."""
    fields = {"at": "2020-01-01 08:05", "client": "acme", "terms": "grupo-staff", "starts": "2020-01-01", "prices": HOURLY}
    return _contracted(policy, fields | more)


def cs_policy(policy: str = "PC", **more: Any) -> Entry:
    """A basic contract under customsoft, with a price for an event of each of P1 to P4."""
    fields = {"at": "2020-01-01 08:05", "client": "acme", "terms": "customsoft", "tier": "basic", "starts": "2020-01-01"}
    return _contracted(policy, fields | {"prices": PER_EVENT} | more)


def _contracted(policy: str, fields: Entry) -> Entry:
    return said("PolicyContracted", fields["at"], policy=policy, **without(fields, "at"))


def opened(ticket: str = "T1", at: str = "2026-03-02 09:00", **more: Any) -> Entry:
    """A ticket of acme's, by e-mail: high under grupo-staff, or another priority as said."""
    fields = {"client": "acme", "requester": "ana", "channel": "email", "priority": "high", "kind": "incident", "subject": "s"}
    return said("TicketOpened", at, ticket=ticket, **fields | more)


def did(kind: str, at: str, /, ticket: str = "T1", **fields: Any) -> Entry:
    """Something on a ticket."""
    return said(kind, at, ticket=ticket, **fields)


def on(kind: str, hour: str, /, **fields: Any) -> Entry:
    """Something on a ticket on Monday, 2 March 2026, at an hour."""
    return did(kind, f"2026-03-02 {hour}", **fields)


def closing(at: str, reason: str) -> Entry:
    """A ticket closed for a reason."""
    return did("Closed", at, reason=reason)


def session(started: str, ended: str, *consultants: Any, ticket: str = "T1", **more: Any) -> Entry:
    """A session of consultants given by name, or as {"consultant": …, "joined": …, "left": …}; of luis if of nobody."""
    people = [{"consultant": it} if isinstance(it, str) else it for it in consultants or ("luis",)]
    people = [{name: when(value) if name in TIMES else value for name, value in it.items()} for it in people]
    fields = {"started": started, "ended": ended, "consultants": people, "delivery": "remote"}
    return did("SessionHeld", ended, ticket=ticket, **fields | more)


def attempts(*moments: str, ticket: str = "T1") -> list[Entry]:
    """Contact attempts that nobody answered."""
    return [did("ContactAttempted", it, ticket=ticket, outcome="unanswered", channel="phone") for it in moments]


def window(at: str, from_: str, to: str, ticket: str = "T1") -> Entry:
    """After-hours attention asked for."""
    return did("AfterHoursRequested", at, ticket=ticket, from_=from_, to=to, message_id="m")


def read(entry: Entry) -> AnyEvent | Refused:
    """What an entry's line proposes, or its refusal."""
    try:
        return read_entry(json.dumps(entry).encode())
    except Refused as refused:
        return refused


class Desk:
    """A real ledger in a folder, whose clock says `now`."""

    def __init__(self, folder: Path, *entries: Entry) -> None:
        self.now = datetime(2027, 1, 1, tzinfo=UTC)
        self.ledger = Ledger.open(str(folder / "desk.db"), create=True, clock=lambda: self.now)
        self.takes(*entries)

    def answers(self, *entries: Entry) -> list[Answer]:
        """The ledger's answers."""
        return self.ledger.record([read(it) for it in entries])

    def takes(self, *entries: Entry) -> list[int]:
        """Every entry is recorded; their positions."""
        positions = []
        for entry, answer in zip(entries, self.answers(*entries), strict=True):
            assert isinstance(answer, Taken), (entry, str(answer.refused) if isinstance(answer, Refusal) else answer)
            positions.append(answer.position)
        return positions

    def refuses(self, entry: Entry, code: str, field: str | None = None, clause: str | None = None) -> Refusal:
        """The entry is refused for this code, field and clause; nothing but a `RequestRefused` is recorded."""
        head = self.ledger.head()
        (answer,) = self.answers(entry)
        assert isinstance(answer, Refusal), (entry, answer)
        refused = answer.refused
        assert (refused.code, refused.field, refused.clause) == (code, field, clause), (entry, str(refused))
        assert self.ledger.head() == head + (answer.position is not None)
        return answer

    def knows(self, entry: Entry) -> int:
        """The entry was recorded before; its position."""
        (answer,) = self.answers(entry)
        assert isinstance(answer, Same), (entry, answer)
        return answer.position

    def types(self, stream: str) -> list[str]:
        """The types of a stream's entries, by version."""
        return [type(it.event).__name__ for it in self.ledger.stream(stream)]

    def exported(self) -> list[Entry]:
        """All entries as exported."""
        return [entry_as_json(it) for it in map(self.ledger.unsealed().exported, self.ledger.entries())]

    def reports(self, at: str, known: int | None = None, readings: dict[str, str] | None = None, **selected: Any) -> Reports:
        """The reports for a moment, a state of knowledge and readings."""
        return Reports(self.ledger, Question(datetime.fromisoformat(when(at)), known, readings), Selection(**selected))

    def sla(self, at: str = LONG_AFTER, ticket: str = "T1", known: int | None = None, **readings: str) -> Entry:
        """One ticket's row of `report sla`; readings are written gs_8_1="utc-6"."""
        (row,) = (it for it in self.reports(at, known, named(readings)).sla() if it["ticket"] == ticket)
        return row

    def response(self, at: str = LONG_AFTER, **more: Any) -> Entry:
        """The response clock in that row."""
        clock: Entry = self.sla(at, **more)["response"]
        return clock

    def resolution(self, at: str = LONG_AFTER, **more: Any) -> Entry:
        """The resolution clock in that row."""
        clock: Entry = self.sla(at, **more)["resolution"]
        return clock

    def segments(self, clock: str, at: str = LONG_AFTER, ticket: str = "T1", **readings: str) -> list[Entry]:
        """The segments of a clock, as `explain` shows them."""
        found: list[Entry] = self.reports(at, None, named(readings)).explain(ticket)[clock]["segments"]
        return found

    def billing(self, at: str = LONG_AFTER, known: int | None = None, **readings: str) -> list[Entry]:
        """The rows of `report billing`."""
        return list(self.reports(at, known, named(readings)).billing())

    def charge(self, at: str = LONG_AFTER, known: int | None = None, **readings: str) -> Entry:
        """The only row of the bill."""
        (row,) = self.billing(at, known, **readings)
        return row

    def consumption(self, at: str = LONG_AFTER, known: int | None = None, **readings: str) -> list[Entry]:
        """The objects of `report consumption`."""
        return list(self.reports(at, known, named(readings)).consumption())

    def consumed(self, policy: str | None = "PC", at: str = LONG_AFTER, known: int | None = None, **readings: str) -> Entry:
        """One policy's object, or with None that of tickets outside any."""
        (row,) = (it for it in self.consumption(at, known, **readings) if it["policy"] == policy)
        return row

    def unattended(self, at: str, known: int | None = None, **readings: str) -> list[Entry]:
        """The rows of `report unattended`."""
        return self.reports(at, known, named(readings)).unattended()


def named(readings: dict[str, str]) -> dict[str, str]:
    """gs_8_1="utc-6" as {"gs.8.1": "utc-6"}."""
    return {name.replace("_", "."): value for name, value in readings.items()}


def figures(clock: Entry, *names: str) -> tuple[Any, ...]:
    """Some of a clock's fields; durations without their `_seconds`."""
    return tuple(clock[name] if name in clock else clock[f"{name}_seconds"] for name in names)
