"""The form by which an entry is recorded by hand: its fields made from the type itself, its refusal told beside the field.

A form is only another way to write a line of the exchange format: what is filled in becomes that line, admitted as any.
"""

import re
import types
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct, UnsetType

from adapters.language import _, worded
from adapters.ledger import Ledger, Refusal
from adapters.wording.values import word
from domain.events import EVENT_TYPES, LEDGER_ONLY
from domain.refusal import Refused, Sayable, said
from domain.shape import read_entry

Kind = Literal["time", "day", "flag", "choice", "number", "lines", "json", "text"]
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (said("On a ticket"), (
        "TicketOpened", "OfficialRequestReceived", "Responded", "FollowedUp", "InformationRequested", "InformationReceived",
        "ContactAttempted", "SessionHeld", "Escalated", "Resolved", "ResolutionValidated", "ResolutionRejected", "Closed",
        "IncidentClassified", "PriorityChanged", "OperationStopDeclared", "ExtensionRequested", "ExtensionAuthorized",
        "ExtensionDeclined", "AfterHoursRequested", "TravelExpenseRecorded", "ConsultantUnavailable", "ConsultantAvailable",
    )),
    (said("On a client or a policy"), (
        "ClientRegistered", "RequesterAuthorized", "RequesterRevoked", "PolicyContracted", "PolicyCancelled",
        "BenefitDelivered",
    )),
    (said("On everyone, and corrections"), (
        "ContingencyDeclared", "ContingencyNotified", "ContingencyEnded", "EntryVoided",
    )),
)  # fmt: skip
"""The types that can be filled in by hand; terms are published from a file."""
LABELS: dict[str, str] = {
    "at": said("When it happened"), "by": said("Who did it"), "ticket": said("Ticket"), "client": said("Client"),
    "policy": said("Policy"), "terms": said("Terms"), "requester": said("Who asks"), "person": said("Person"),
    "channel": said("Channel"), "priority": said("Priority"), "kind": said("Kind"), "subject": said("Subject"),
    "incident_type": said("Incident type"), "stops_operation": said("Stops the operation"),
    "continues": said("Continues ticket"),
    "message_id": said("Message"), "sent_at": said("Sent"), "budget_seconds": said("Budget"),
    "reason": said("Reason"),
    "consultant": said("Consultant"), "note": said("Note"), "outcome": said("Outcome"), "started": said("Began"),
    "ended": said("Ended"), "consultants": said("Consultants"), "delivery": said("How"), "tool": said("Tool"),
    "level": said("Level"), "reference": said("Reference"), "extra_seconds": said("Time more"), "from": said("From"),
    "to": said("To"), "amount": said("Amount"), "currency": said("Currency"), "name": said("Name"),
    "local": said("Within reach of a visit"), "prices": said("Prices"), "starts": said("First day"),
    "ends": said("Last day"),
    "tier": said("Tier"), "holidays": said("Holidays"), "effective": said("As of"), "benefit": said("Benefit"),
    "detail": said("Detail"), "contingency": said("Contingency"), "client_informed": said("The client was informed"),
    "cause": said("Cause"), "entry": said("Entry"),
}  # fmt: skip
_HINTS: dict[str, str] = {
    "time": said("A time with its offset, such as 2026-03-02T09:15:00-06:00."),
    "lines": said("One a line."),
    "json": said("As JSON."),
    "entry": said("Its position, key or id."),
    "budget_seconds": said("In seconds."),
    "extra_seconds": said("In seconds."),
}
"""How a field is filled in, by its kind or its name."""
_FIRST = ("ticket", "client", "policy", "at")


class Field(Struct, frozen=True):
    """A field of a form: its name in the exchange format, what it takes, and whether it may be left empty."""

    name: str
    kind: Kind
    choices: Sequence[str]
    is_required: bool

    @property
    def label(self) -> str:
        """What it is called, in English; marked for translation."""
        return LABELS.get(self.name, self.name)

    @property
    def hint(self) -> str:
        """How it is filled in, in English; marked for translation; empty where that is plain."""
        return _HINTS.get(self.name) or _HINTS.get(self.kind, "")


class Filled(Struct, frozen=True):
    """A form as it was filled in, and what came of it: `problem` the field that a refusal is about ('' for none of them), and
    what it says; all None as long as nothing was sent."""

    type: str
    values: Mapping[str, str]
    problem: str | None = None
    told: str | None = None
    code: str | None = None
    clause: str | None = None


class Recorded(Struct, frozen=True):
    """An entry taken, at this position of this stream."""

    position: int
    stream: str


def offered() -> frozenset[str]:
    """The types that can be filled in."""
    return frozenset(it for _title, names in GROUPS for it in names) - LEDGER_ONLY


def fields(type_name: str) -> list[Field]:
    """The fields of a type, those that say what it is about first."""
    found = [_field(it.encode_name, it.type, it.required) for it in msgspec.structs.fields(EVENT_TYPES[type_name])]
    kept = [it for it in found if it.name != "key"]
    return sorted(kept, key=lambda it: (_FIRST.index(it.name) if it.name in _FIRST else len(_FIRST), not it.is_required))


def _field(name: str, annotated: Any, is_required: bool) -> Field:
    options = get_args(annotated) if get_origin(annotated) in (Union, types.UnionType) else (annotated,)
    held = [it for it in options if it is not UnsetType]
    kind, choices = _kind(held[0]) if len(held) == 1 else ("text", ())
    return Field(name, kind, choices, is_required)


def _kind(held: Any) -> tuple[Kind, Sequence[str]]:
    if get_origin(held) is Literal:
        return "choice", [str(it) for it in get_args(held)]
    if get_origin(held) is tuple:
        return "lines", ()
    simple: dict[Any, Kind] = {datetime: "time", date: "day", bool: "flag", int: "number", str: "text"}
    return simple.get(held, "json"), ()


def new(type_name: str, values: Mapping[str, str]) -> Filled:
    """An empty form, with what is known beforehand, and a key of its own: sent twice, it is recorded once."""
    return Filled(type_name, {"key": f"page-{uuid.uuid4()}", **values})


def record(ledger: Ledger, type_name: str, values: Mapping[str, str], by: str) -> Recorded | Filled:
    """Records what was filled in, `by` the caller of that name; the form again, with what is wrong, if it is refused.
    LedgerError if nothing could be written."""
    try:
        event = read_entry(msgspec.json.encode(_line(type_name, values)))
        (answer,) = ledger.record([event], by)
        if isinstance(answer, Refusal):
            raise answer.refused
    except Refused as refused:
        return _refused(type_name, values, refused)
    entry = ledger.entry(answer.position)
    return Recorded(answer.position, entry.stream if entry is not None else "")


def _refused(type_name: str, values: Mapping[str, str], refused: Refused) -> Filled:
    known = {it.name: it for it in fields(type_name)}
    named = known.get(_name(refused.field))
    told = worded(Sayable(refused.template, **_shown(refused, named)))
    return Filled(type_name, values, named.name if named else "", told, refused.code, refused.clause)


def _name(path: str | None) -> str:
    """The field that a path such as `consultants[0].left` begins with."""
    return re.split(r"[.\[]", path or "")[0]


def _shown(refused: Refused, named: Field | None) -> dict[str, object]:
    """What goes into a refusal, as the form calls it: fields by their labels, types and listed values in words."""
    shown: dict[str, object] = {}
    for name, value in refused.values.items():
        if name in ("field", "other") and isinstance(value, str):
            value = _labelled(value)
        elif isinstance(value, str) and (value in EVENT_TYPES or (named is not None and value in named.choices)):
            value = word(value)
        elif name == "known" and named is not None and isinstance(value, str):
            value = ", ".join(word(it) if it in named.choices else it for it in value.split(", "))
        shown[name] = value
    return shown


def _labelled(path: str) -> str:
    """A field by its label, in quotes; of a list, which of its lines: `“Consultants” (2)`."""
    label = _(LABELS.get(_name(path), _name(path)))
    which = re.search(r"\[(\d+)\]", path)
    return f"“{label}”" + (f" ({int(which[1]) + 1})" if which else "")


def _line(type_name: str, values: Mapping[str, str]) -> dict[str, Any]:
    """The line of the exchange format that a form says."""
    line: dict[str, Any] = {"type": type_name}
    if values.get("key"):
        line["key"] = values["key"]
    for it in fields(type_name):
        written = values.get(it.name, "").strip()
        if written:
            line[it.name] = _value(it, written)
    return line


def _value(field: Field, written: str) -> Any:
    """What a text stands for; a text that is not of its kind goes as it stands, and is refused by name."""
    if field.kind == "flag":
        return {"yes": True, "no": False}.get(written, written)
    if field.kind == "json" or written.startswith("["):
        try:
            return msgspec.json.decode(written)
        except (msgspec.DecodeError, ValueError):
            return written
    if field.kind == "lines":
        lines = [it.strip() for it in written.splitlines() if it.strip()]
        return [{"consultant": it} for it in lines] if field.name == "consultants" else lines
    is_number = field.kind == "number" or field.name in ("level", "entry")
    return int(written) if is_number and written.isascii() and written.isdigit() and len(written) < 16 else written
