"""One line of the exchange format in, one event out; or the first thing wrong with its shape, times or sums (rules 5).

What can be judged from the line alone is judged once, here and, of each value by itself, in `values`. Whether the entry fits
what the ledger holds is for `admission`.
"""

import json
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import UNSET, Struct

from domain import upcasting
from domain.events import EVENT_TYPES, LEDGER_ONLY, AnyEvent
from domain.personal import SEALED, rewritten
from domain.refusal import Refused, Sayable, said
from domain.values import MAX_ID_LENGTH, OUT_OF_RANGE, TIME_FIELDS, check_values

T = TypeVar("T", bound=Struct)
MAX_LINE_BYTES = 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_KEY_IN_JSON = re.compile(rb'"[ \t\r\n]*:')
_TOO_DEEP = said("the line is not a JSON object; it is nested too deeply")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_PLACE = re.compile(r"\(byte (\d+)\)")
_MISMATCH = re.compile(r"Expected `([^`]+)`, got `([^`]+)`")
_TYPES = {
    "str": said("a text"),
    "int": said("a whole number"),
    "float": said("a number with decimals"),
    "bool": said("true or false"),
    "null": said("null"),
    "array": said("a list"),
    "object": said("an object"),
    "datetime": said("a time"),
    "date": said("a date"),
    "int | str": said("a position or a key"),
}
"""What JSON values are called, in the words of the converter and in ours."""


def read_entry(line: bytes) -> AnyEvent:
    """The event that a line proposes, with every time in UTC and everything else as written.

    Raises Refused with code `shape`, `sums` or `time`, naming the field; its `key` is set where the line's could be read."""
    raw = _object(line)
    try:
        return _event(raw, line)
    except Refused as refused:
        key = raw.get("key")
        refused.key = key if isinstance(key, str) else None
        raise


def read_recorded(line: bytes, added: Collection[str]) -> tuple[AnyEvent, dict[str, Any]]:
    """The event of an exported line, of any length, judged as `read_entry` judges a line, and what stands under the names
    `added`, which are the ledger's. What only the ledger writes is allowed here, and a sealed text, which is longer.

    Raises Refused as `read_entry`."""
    raw = parsed(line)
    own = {name: raw.pop(name) for name in added if name in raw}
    if b"sealed1." not in line:
        return _event(raw, line, may_be_ledgers=True), own
    whole: dict[str, str] = {}
    event = _event(_abridged(raw, whole), line, may_be_ledgers=True)
    return rewritten(event, lambda whose, text: whole.get(text, text)), own


def read_added(kind: type[T], values: dict[str, Any], name: str) -> T:
    """What the ledger adds to an entry, as a struct whose times are in UTC; `name` is the entry's type, for messages.

    Raises Refused with code `shape`, naming the field."""
    read = {field: _instant(values[field], field) for field in _times(kind) if isinstance(values.get(field), str)}
    return _converted(values | read, kind, name)


@cache
def _times(kind: type) -> list[str]:
    return [field for field, hint in get_type_hints(kind).items() if hint is datetime]


def _abridged(value: Any, whole: dict[str, str]) -> Any:
    """The value with every sealed text cut to the length of an id, which still tells it from all others; `whole` gets them."""
    if isinstance(value, str) and SEALED.fullmatch(value):
        whole[value[:MAX_ID_LENGTH]] = value
        return value[:MAX_ID_LENGTH]
    if isinstance(value, dict):
        return {key: _abridged(inner, whole) for key, inner in value.items()}
    return [_abridged(it, whole) for it in value] if isinstance(value, list) else value


def _object(line: bytes) -> dict[str, Any]:
    if len(line) > MAX_LINE_BYTES:
        raise Refused("shape", said("the line is longer than 1 MiB; an entry takes one line of at most that"))
    return parsed(line)


def parsed(line: bytes) -> dict[str, Any]:
    """The line as one JSON object in which no key stands twice."""
    if not line.strip():
        raise Refused("shape", said("the line is empty; an entry is one JSON object on one line"))
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("shape", said("the line is not UTF-8 (byte {byte})"), byte=error.start + 1) from None
    try:
        raw = msgspec.json.decode(line)
    except RecursionError:
        raise Refused("shape", _TOO_DEEP) from None
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused("shape", said("the line is not a JSON object: {problem}"), problem=_broken(str(error))) from None
    if not isinstance(raw, dict):
        raise Refused("shape", said("the line is not a JSON object; an entry is one object on one line"))
    # Both tests may suspect a text of being structure; it then costs a second reading, no more.
    if len(_KEY_IN_JSON.findall(line)) != len(raw) or b"[" in line or line.count(b"{") > 1:
        _refuse_repeated_keys(line)
    return raw


def _broken(problem: str) -> Sayable | str:
    """Where a line ceases to be JSON, from what the decoder complains of."""
    if place := _PLACE.search(problem):
        return Sayable(said("it goes wrong at byte {byte}"), byte=int(place[1]) + 1)
    return Sayable(said("it ends too soon")) if "truncated" in problem else problem


def _refuse_repeated_keys(line: bytes) -> None:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            raise Refused("shape", said("the key {name} stands twice in one object"), field=twice, name=twice)
        return values

    _json_pairs(line, once)


def _json_pairs(line: bytes, hook: Any) -> None:
    try:
        json.loads(line, object_pairs_hook=hook)
    except (RecursionError, ValueError):
        raise Refused("shape", _TOO_DEEP) from None


def _event(raw: dict[str, Any], line: bytes, may_be_ledgers: bool = False) -> AnyEvent:
    raw = _in_the_form_of_today(raw)
    name = _type(raw, may_be_ledgers)
    if len(line) > MAX_TEXT_BYTES or b"\\u0000" in line:
        _refuse_bad_text(raw, "")
    values = dict(raw)
    for field in TIME_FIELDS[name]:
        if isinstance(text := values.get(field), str):
            values[field] = _instant(text, field)
    if name == "SessionHeld":
        values["consultants"] = _attendances(raw.get("consultants", UNSET), values)
    event: AnyEvent = _converted(values, EVENT_TYPES[name], name)
    check_values(event, name, values)
    return event


def _in_the_form_of_today(raw: dict[str, Any]) -> dict[str, Any]:
    """Whoever still writes an older form is understood."""
    try:
        return upcasting.CHAIN.raw(raw)
    except msgspec.ValidationError as error:
        raise explained(str(error), raw["type"]) from None


def _type(raw: dict[str, Any], may_be_ledgers: bool) -> str:
    if "type" not in raw:
        raise Refused("shape", said("the field type is missing; it names what happened"), field="type")
    name = raw["type"]
    if not isinstance(name, str) or name not in EVENT_TYPES:
        raise Refused("shape", said("there is no entry of type {name}"), field="type", name=name)
    if name in LEDGER_ONLY and not may_be_ledgers:
        raise Refused("shape", said("{name} is written by the ledger itself, never recorded"), field="type", name=name)
    return name


def _refuse_bad_text(value: Any, path: str) -> None:
    """No text over 64 KiB and no U+0000 anywhere in the entry."""
    if isinstance(value, str):
        if "\0" in value:
            raise Refused("shape", said("{field} contains U+0000"), field=path)
        if len(value.encode("utf-8")) > MAX_TEXT_BYTES:
            raise Refused("shape", said("{field} is longer than 64 KiB"), field=path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_bad_text(key, path or "…")
            _refuse_bad_text(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_bad_text(inner, f"{path}[{number}]")


def _instant(text: str, field: str) -> datetime:
    """RFC 3339 with an offset and at most six fraction digits, in UTC."""
    if _TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except ValueError:
            pass
        except OverflowError:
            raise Refused("time", OUT_OF_RANGE, field=field) from None
    raise Refused(
        "shape",
        said("{field} is {text}: a time is written as in 2026-03-02T09:15:00-06:00, with its offset, at most six "
             "fraction digits and no leap second"),
        field=field,
        text=text[:64],
    )  # fmt: skip


def _attendances(raw: Any, session: dict[str, Any]) -> Any:
    """The consultants of a session with their times read; anything of a wrong type is left for the conversion to name."""
    if not isinstance(raw, list):
        return raw
    read = []
    for number, one in enumerate(raw):
        if isinstance(one, dict):
            one = dict(one)
            for field in ("joined", "left"):
                if isinstance(text := one.get(field), str):
                    one[field] = _instant(text, f"consultants[{number}].{field}")
        read.append(one)
    return read


def _converted(values: dict[str, Any], kind: type[T], name: str) -> T:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise explained(str(error), name) from None


def explained(problem: str, name: str) -> Refused:
    """The converter's complaint as a refusal that names the field and says what would be accepted."""
    message, _, path = problem.partition(" - at `$")
    field = path.rstrip("`").lstrip(".")
    if missing := _MISSING.search(message):
        field = f"{field}.{missing[1]}" if field else missing[1]
        return Refused("shape", said("{name} needs the field {field}"), field=field, name=name)
    if unknown := _UNKNOWN.search(message):
        field = f"{field}.{unknown[1]}" if field else unknown[1]
        return Refused("shape", said("{name} has no field {field}"), field=field, name=name)
    if message.startswith("Invalid enum value"):
        value, known = message.removeprefix("Invalid enum value "), ", ".join(_listed_values(name, field))
        return Refused("shape", said("{field} is {value}; one of these is expected: {known}"),
                       field=field, value=value, known=known)  # fmt: skip
    if message == upcasting.NO_OFFSET:
        return Refused("shape", said("{field}: a time needs its offset"), field=field)
    if message == "Invalid RFC3339 encoded date":
        return Refused("shape", said("{field} is not a date such as 2026-03-02"), field=field)
    if (mismatch := _MISMATCH.fullmatch(message)) and {*mismatch.groups()} <= _TYPES.keys():
        expected, got = (_TYPES[it] for it in mismatch.groups())
        return Refused("shape", said("{field} is {got}; {expected} is expected"), field=field, expected=expected, got=got)
    return Refused("shape", said("{field}: {problem}"), field=field, problem=message)


def _listed_values(name: str, field: str) -> Iterator[str]:
    """The values of a listed field, for messages."""
    hint = get_type_hints({**upcasting.CHAIN.retired, **EVENT_TYPES}[name]).get(field)
    for part in (hint, *get_args(hint)):
        if values := [str(it) for it in get_args(part) if isinstance(it, (str, int))]:
            yield from values
            return
