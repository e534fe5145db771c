"""Tickets as process mining sees them: each with its verdicts and the entries that count, and what may be told of an entry.

Void entries count nowhere and are left out, as in every account, and so are the voidings themselves. Free text (subjects,
notes, reasons) is never told; persons are, in plain or under a pseudonym. What a file looks like is in `xes` and `ocel`.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from adapters.ledger import Ledger
from adapters.personal.sealing import subject_of
from adapters.reports.reports import Reports, Selection
from domain.events import AnyEvent, Entry, EntryVoided, SessionHeld
from domain.personal import PERSONAL
from projections import sla
from projections.accounts import account
from projections.contracts import Contracts, Question

Row = dict[str, Any]
Named = Callable[[str], str]
"""How a person, as stored, is called."""
Value = str | int | bool | datetime
_TOLD_OTHERWISE = frozenset({"at", "key", "by", "ticket", "client", "consultant"})
_CLOCK = ("verdict", "target_seconds", "elapsed_seconds", "paused_seconds", "overrun_seconds")


class Case(Struct, frozen=True):
    """One ticket: its row of `report sla`, and its entries that count, in order of `at`, then position."""

    row: Row
    entries: Sequence[Entry]


class Exported:
    """What of a ledger is exported: for one question, of one client (None: of all)."""

    def __init__(self, ledger: Ledger, question: Question, client: str | None, named: Named) -> None:
        """NotFound if the client is not there, UnknownReading for a reading that no terms have."""
        self.named = named
        self.question = question
        self._ledger = ledger
        self._client = client
        self.contracts: Contracts = Reports(ledger, question, Selection(client=client)).contracts

    def cases(self) -> Iterator[Case]:
        """Every ticket that counts, one at a time."""
        for recorded in self._streams("ticket"):
            found = account(recorded, self.contracts)
            if found is not None:
                yield Case(sla.row(found.assessment), self._counted(recorded))

    def others(self) -> Iterator[Entry]:
        """The entries of clients and policies that count."""
        for kind in ("client", "policy"):
            for recorded in self._streams(kind):
                yield from self._counted(recorded)

    def _counted(self, recorded: Sequence[Entry]) -> list[Entry]:
        # A voiding corrects what was written down; it is no step that anybody took.
        return [it for it in self.question.counted(recorded) if not isinstance(it.event, EntryVoided)]

    def _streams(self, kind: str) -> Iterator[Sequence[Entry]]:
        client = self._client
        if client is None:
            found = self._ledger.streams(kind, self.question.known)
        else:
            names = [f"client:{client}", *self._ledger.streams_of(client)]
            found = self._ledger.streams_named([it for it in names if it.startswith(f"{kind}:")])
        return (recorded for _, recorded in found)


def pseudonym(text: str) -> str:
    """The subject under whose key a person's name is sealed: the same for the same person. In a ledger that is not sealed, the
    name as it stands."""
    return subject_of(text) or text


def facts_of(row: Row) -> dict[str, Value]:
    """What is told of a ticket beside its id: fields of its row, those of the clocks as `response_verdict`. What is null is
    left out."""
    flat = {name: value for name, value in row.items() if name not in ("ticket", "response", "resolution")}
    for name in ("opened_at", "official_at"):
        flat[name] = row[name] and datetime.fromisoformat(row[name])
    for clock in ("response", "resolution"):
        flat |= {f"{clock}_{name}": row[clock][name] for name in _CLOCK}
    return {name: value for name, value in flat.items() if value is not None}


def told(event: AnyEvent, named: Named) -> dict[str, Value]:
    """The fields of an entry that are one value and no free text; persons as they are called. Amounts are text, exact."""
    persons, texts = PERSONAL[type(event).__name__]
    fields: dict[str, Value] = {}
    for field in structs.fields(event):
        name, value = field.encode_name, getattr(event, field.name)
        if name in _TOLD_OTHERWISE or name in texts or value is UNSET or _is_refusals_reason(event, name):
            continue
        if isinstance(value, date) and not isinstance(value, datetime):
            value = value.isoformat()
        if isinstance(value, str | int | datetime):
            fields[name] = named(value) if name in persons and isinstance(value, str) else value
    if event.by is not UNSET:
        fields["by"] = named(event.by)
    return fields


def _is_refusals_reason(event: AnyEvent, name: str) -> bool:
    # It names the requester, and is in no column of the table of personal fields.
    return name == "reason" and type(event).__name__ == "RequestRefused"


def consultants(event: AnyEvent, named: Named) -> list[str]:
    """The consultants that an entry names, in its order."""
    if isinstance(event, SessionHeld):
        return [named(it.consultant) for it in event.consultants]
    consultant = getattr(event, "consultant", UNSET)
    return [] if consultant is UNSET else [named(consultant)]


def resource(event: AnyEvent, named: Named) -> str | None:
    """Who did it: its consultants, else who reported it, else who asked."""
    at_work = consultants(event, named)
    if at_work:
        return " ".join(at_work)
    who = event.by if event.by is not UNSET else getattr(event, "requester", UNSET)
    return None if who is UNSET else named(who)
