"""A terms document: what it says of itself, its choices by reading, and how it becomes provisions.

A document is the terms file as JSON. Any value of it may be given *by a reading*: `{ by = "gs.4",
support-hours = "support", clock-hours = "clock" }`; choosing readings replaces each such table by one of its
values. Nothing is judged here: that is `terms_check`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from domain.calendar import Calendar
from domain.refusal import Sayable
from domain.rules import CalendarRule, Provisions, Seconds
from domain.timetable import CalendarError

Path = tuple[str | int, ...]
"""Where something stands in a document: keys of tables and indexes of lists."""

_T = TypeVar("_T")
CHOICE = "by"
ABOUT = frozenset({"terms", "name", "clauses", "readings"})
_DURATION = re.compile(r"(?=\d)(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?", re.ASCII)
_ORDINARY_DAYS = re.compile(r"(\d{1,9}) ordinary days?", re.ASCII)
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")


class TermsError(Sayable, ValueError):
    """A document that is not valid terms. `path`, and `field` as text (`response.targets[0].within`), say where."""

    def __init__(self, path: Path, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.path = path
        self.field = dotted(path)


class Text(Struct, frozen=True, forbid_unknown_fields=True):
    """What a person reads, in the two languages."""

    es: str
    en: str


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One open question of the text: the clauses it bears on, and its readings by name. A file may leave out
    `default`, which is then the first option; a document read from a file names it: JSON keeps no order."""

    clauses: tuple[str, ...]
    question: Text
    options: dict[str, Text]
    default: str = ""

    def __post_init__(self) -> None:
        if not self.default:
            msgspec.structs.force_setattr(self, "default", next(iter(self.options)))

    def bears_on(self, clause: str) -> bool:
        """Whether it is a reading of this clause; an id of a group (gs.5) covers its parts (gs.5.1)."""
        return any(clause == own or clause.startswith(own + ".") for own in self.clauses)


class About(Struct, frozen=True, kw_only=True):
    """The part of a document that says what it is; the rest are its provisions."""

    terms: str
    name: Text
    clauses: dict[str, Text]
    readings: dict[str, Reading] = {}


def dotted(path: Path) -> str:
    """The path as text: `calendar.weekly.mon[1]`; with quotes where TOML needs them, `clauses."gs.4".es`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE_KEY.fullmatch(step) else f'"{step}"')
    return text


def about(document: Mapping[str, Any]) -> About:
    """What a document says of itself. TermsError if it has not the shape."""
    return _converted({key: value for key, value in document.items() if key in ABOUT}, About, 0)


def defaults(readings: Mapping[str, Reading]) -> dict[str, str]:
    """The default option of every reading."""
    return {key: reading.default for key, reading in readings.items()}


def calendar_of(document: Mapping[str, Any], chosen: Mapping[str, str]) -> tuple[CalendarRule, Calendar]:
    """The calendar of a document under these readings. TermsError where it cannot be."""
    rule = _converted(_chosen(document.get("calendar"), chosen), CalendarRule, 0, "calendar")
    try:
        return rule, Calendar.build(
            rule.zone, rule.weekly, holidays=rule.holidays, closures=rule.closures, openings=rule.openings
        )
    except CalendarError as error:
        field = ("calendar", *_steps(error.field))
        raise TermsError(field, error.template, **error.values) from None


def provisions_of(document: Mapping[str, Any], chosen: Mapping[str, str], ordinary_day_seconds: int) -> Provisions:
    """The provisions of a document under these readings. TermsError if it has not the shape."""
    body = {key: value for key, value in document.items() if key not in ABOUT}
    return _converted(_chosen(body, chosen), Provisions, ordinary_day_seconds)


def seconds_of(text: str, ordinary_day_seconds: int) -> int:
    """The seconds of "30m", "4h", "1h30m", "90s" or "3 ordinary days" (of the calendar). ValueError else."""
    if days := _ORDINARY_DAYS.fullmatch(text):
        return int(days[1]) * ordinary_day_seconds
    if text and (found := _DURATION.fullmatch(text)):
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        return hours * 3600 + minutes * 60 + seconds
    raise ValueError(text)


def placed(document: Any, chosen: Mapping[str, str], path: Path) -> Path:
    """Where a value of the provisions under these readings stands in the document: with the options."""
    found: list[str | int] = []
    for step in (*path, None):
        while isinstance(document, Mapping) and CHOICE in document:
            option = chosen[document[CHOICE]]
            found.append(option)
            document = document[option]
        if step is None:
            break
        found.append(step)
        try:
            document = document[step]
        except (LookupError, TypeError):
            document = None
    return tuple(found)


def readings_used(value: Any) -> Iterator[str]:
    """The reading of every choice within a value of the document."""
    if isinstance(value, Mapping):
        if CHOICE in value:
            yield value[CHOICE]
        for inner in value.values():
            yield from readings_used(inner)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for inner in value:
            yield from readings_used(inner)


def _chosen(value: Any, chosen: Mapping[str, str]) -> Any:
    """The value with every choice in it replaced by the option chosen."""
    if isinstance(value, Mapping):
        if CHOICE in value:
            return _chosen(value[chosen[value[CHOICE]]], chosen)
        return {key: _chosen(inner, chosen) for key, inner in value.items()}
    if isinstance(value, list):
        return [_chosen(inner, chosen) for inner in value]
    return value


def _converted(value: Any, kind: type[_T], ordinary_day_seconds: int, root: str = "") -> _T:
    def duration(kind: Any, text: Any) -> Any:
        return Seconds(seconds_of(text, ordinary_day_seconds))

    try:
        return msgspec.convert(value, kind, dec_hook=duration)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise TermsError(_steps(root + path.rstrip("`")), "{reason}", reason=message) from None


def _steps(field: str) -> Path:
    """The path that a dotted field means; no key in it has a dot of its own."""
    return tuple(int(found[1]) if found[1] else found[2] for found in _STEP.finditer(field))
