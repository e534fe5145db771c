"""One line of the exchange format in, one event out; or the first thing wrong with its shape, times or sums (rules 5).

What can be judged from the line alone is judged here, once. Whether the entry fits what the ledger holds is for `admission`.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import UNSET

from domain.events import (
    EVENT_TYPES,
    LEDGER_ONLY,
    AfterHoursRequested,
    AnyEvent,
    ClientRegistered,
    ExtensionRequested,
    IncidentClassified,
    OfficialRequestReceived,
    PolicyContracted,
    Prices,
    SessionHeld,
    TravelExpenseRecorded,
)
from domain.personal import SEALED, rewritten
from domain.refusal import Code, Refused, said

MAX_LINE_BYTES = 1024 * 1024
MAX_TEXT_BYTES = 64 * 1024
MAX_ID_LENGTH = 128
MAX_SESSION = timedelta(hours=24)
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2201, 1, 1, tzinfo=UTC)
_LARGEST_INTEGER = 2**53
_AMOUNT = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
_FACTOR = re.compile(r"[0-9]+(\.[0-9]{1,4})?")
_AMOUNT_LIMIT = Decimal(10) ** 12
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_KEY_IN_JSON = re.compile(rb'"[ \t\r\n]*:')
_MISSING = re.compile(r"missing required field `([^`]+)`")
_UNKNOWN = re.compile(r"unknown field `([^`]+)`")
_ID_NAMES = ("key", "client", "ticket", "policy", "person", "consultant", "terms", "contingency", "continues")
_TIME_NAMES = ("at", "sent_at", "started", "ended", "from", "to")
_ID_FIELDS = {
    name: tuple(field for field in _ID_NAMES if field in kind.__struct_fields__) for name, kind in EVENT_TYPES.items()
}
_TIME_FIELDS = {
    name: tuple(field for field in _TIME_NAMES if field in kind.__struct_encode_fields__) for name, kind in EVENT_TYPES.items()
}
# Most entries have neither sums nor two times to compare, and are not asked about them.
_WITH_SUMS = {"TravelExpenseRecorded", "PolicyContracted", "ClientRegistered", "ExtensionRequested", "IncidentClassified"}
_WITH_SPANS = {"SessionHeld", "AfterHoursRequested", "OfficialRequestReceived", "PolicyContracted"}


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
    raw = _parsed(line)
    own = {name: raw.pop(name) for name in added if name in raw}
    if b"sealed1." not in line:
        return _event(raw, line, may_be_ledgers=True), own
    whole: dict[str, str] = {}
    event = _event(_abridged(raw, whole), line, may_be_ledgers=True)
    return rewritten(event, lambda whose, text: whole.get(text, text)), own


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
    return _parsed(line)


def _parsed(line: bytes) -> dict[str, Any]:
    """The line as one JSON object in which no key stands twice."""
    if not line.strip():
        raise Refused("shape", said("the line is empty; an entry is one JSON object on one line"))
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused("shape", said("the line is not UTF-8 (byte {byte})"), byte=error.start + 1) from None
    try:
        raw = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Refused("shape", said("the line is not a JSON object: {problem}"), problem=str(error)) from None
    if not isinstance(raw, dict):
        raise Refused("shape", said("the line is not a JSON object; an entry is one object on one line"))
    # Both tests may suspect a text of being structure; it then costs a second reading, no more.
    if len(_KEY_IN_JSON.findall(line)) != len(raw) or b"[" in line or line.count(b"{") > 1:
        _refuse_repeated_keys(line)
    return raw


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
        raise Refused("shape", said("the line is not a JSON object; it is nested too deeply")) from None


def _event(raw: dict[str, Any], line: bytes, may_be_ledgers: bool = False) -> AnyEvent:
    name = _type(raw, may_be_ledgers)
    if len(line) > MAX_TEXT_BYTES or b"\\u0000" in line:
        _refuse_bad_text(raw, "")
    values = dict(raw)
    for field in _TIME_FIELDS[name]:
        if isinstance(text := values.get(field), str):
            values[field] = _instant(text, field)
    if name == "SessionHeld":
        values["consultants"] = _attendances(raw.get("consultants", UNSET), values)
    event: AnyEvent = _converted(values, name)
    for field in _ID_FIELDS[name]:
        if (value := getattr(event, field)) is not UNSET:
            _check_id(value, field)
    if name in _WITH_SUMS:
        _check_sums(event)
    _check_times(event, name, values)
    return event


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
            raise Refused("time", _OUT_OF_RANGE, field=field) from None
    raise Refused(
        "shape",
        said("{field} is {text}: a time is written as in 2026-03-02T09:15:00-06:00, with its offset, at most six "
             "fraction digits and no leap second"),
        field=field,
        text=text[:64],
    )  # fmt: skip


_OUT_OF_RANGE = said("{field} lies outside the years 1970 to 2200")


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


def _converted(values: dict[str, Any], name: str) -> Any:
    try:
        return msgspec.convert(values, EVENT_TYPES[name])
    except msgspec.ValidationError as error:
        raise _explained(str(error), name) from None


def _explained(problem: str, name: str) -> Refused:
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
    return Refused("shape", said("{field}: {problem}"), field=field, problem=message)


def _listed_values(name: str, field: str) -> Iterator[str]:
    """The values of a listed field, for messages."""
    hint = get_type_hints(EVENT_TYPES[name]).get(field)
    for part in (hint, *get_args(hint)):
        if values := [str(it) for it in get_args(part) if isinstance(it, (str, int))]:
            yield from values
            return


def _check_id(value: str, field: str) -> None:
    """1–128 printable characters without white space, in Unicode normal form C."""
    if 0 < len(value) <= MAX_ID_LENGTH:
        if value.isascii():
            if value.isprintable() and " " not in value:
                return
        elif unicodedata.is_normalized("NFC", value) and not any(unicodedata.category(it)[0] in "CZ" for it in value):
            return
    raise Refused(
        "shape",
        said("{field} must be 1 to 128 printable characters without white space, in Unicode form NFC"),
        field=field,
    )


def _check_sums(event: AnyEvent) -> None:
    match event:
        case TravelExpenseRecorded():
            _check_amount(event.amount, "amount")
        case PolicyContracted() | ClientRegistered() if event.prices is not UNSET:
            _check_prices(event.prices)
        case ExtensionRequested():
            _check_positive(event.extra_seconds, "extra_seconds")
        case IncidentClassified() if event.budget_seconds is not UNSET:
            _check_positive(event.budget_seconds, "budget_seconds")
        case _:
            pass


def _check_prices(prices: Prices) -> None:
    if prices.hourly is not UNSET:
        _check_amount(prices.hourly, "prices.hourly")
    if prices.after_hours_factor is not UNSET:
        factor = prices.after_hours_factor
        if not _FACTOR.fullmatch(factor) or not 1 <= Decimal(factor) < _AMOUNT_LIMIT:
            raise Refused("sums", said("{field} is {value}: a factor is a decimal of 1 or more with at most 4 decimals"),
                          field="prices.after_hours_factor", value=factor[:64])  # fmt: skip
    for priority, amount in ({} if prices.per_event is UNSET else prices.per_event).items():
        _check_amount(amount, f"prices.per_event.{priority}")


def _check_amount(text: str, field: str) -> None:
    if not _AMOUNT.fullmatch(text) or Decimal(text) >= _AMOUNT_LIMIT:
        raise Refused(
            "sums",
            said('{field} is {value}: an amount is a decimal such as "850.50", not negative, with at most 2 decimals, '
                 "below a million millions"),
            field=field,
            value=text[:64],
        )  # fmt: skip


def _check_positive(seconds: int, field: str) -> None:
    if not 0 < seconds <= _LARGEST_INTEGER:
        raise Refused("sums", said("{field} is {value}: more than 0 seconds are expected, and at most {most}"), field=field,
                      value=seconds, most=_LARGEST_INTEGER)  # fmt: skip


def _check_times(event: AnyEvent, name: str, values: dict[str, Any]) -> None:
    for field in _TIME_FIELDS[name]:
        if field in values and not EARLIEST <= values[field] < LATEST:
            raise Refused("time", _OUT_OF_RANGE, field=field)
    if name in _WITH_SPANS:
        _check_spans(event)


def _check_spans(event: AnyEvent) -> None:
    match event:
        case SessionHeld():
            _check_session(event)
        case AfterHoursRequested() if event.to <= event.from_:
            raise _not_before("to", "from")
        case OfficialRequestReceived() if event.sent_at is not UNSET and event.sent_at > event.at:
            raise Refused("time", said("sent_at lies after at: an e-mail is received after it was sent"), field="sent_at")
        case PolicyContracted() if event.ends is not UNSET and event.ends < event.starts:
            raise Refused("time", said("ends lies before starts"), field="ends")
        case _:
            pass


def _not_before(field: str, other: str) -> Refused:
    code: Code = "time"
    return Refused(code, said("{field} must lie after {other}"), field=field, other=other)


def _check_session(session: SessionHeld) -> None:
    if not session.consultants:
        raise Refused("shape", said("{field} is empty: a session has at least one consultant"), field="consultants")
    if session.ended <= session.started:
        raise _not_before("ended", "started")
    if session.at != session.ended:
        raise Refused("time", said("at must equal ended; when a session was reported is recorded_at"), field="at")
    if session.ended - session.started > MAX_SESSION:
        raise Refused("time", said("the session lasts more than 24 hours"), field="ended")
    seen: set[str] = set()
    for number, one in enumerate(session.consultants):
        here = f"consultants[{number}]"
        _check_id(one.consultant, f"{here}.consultant")
        joined = session.started if one.joined is UNSET else one.joined
        left = session.ended if one.left is UNSET else one.left
        for field, moment in (("joined", joined), ("left", left)):
            if not session.started <= moment <= session.ended:
                raise Refused("time", said("{field} lies outside the session"), field=f"{here}.{field}")
        if left <= joined:
            raise _not_before(f"{here}.left", "joined")
        if one.consultant in seen:
            raise Refused("time", said("the consultant {who} is named twice"), field=f"{here}.consultant",
                          who=one.consultant)  # fmt: skip
        seen.add(one.consultant)
