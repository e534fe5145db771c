"""The shape of a terms document: every field known, none missing, each value of its type.

One walk along the structs of `rules` gathers every fault with its path; choices by reading are followed into
each of their options. It does not look at what values mean together.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from domain.refusal import said
from domain.rules import Seconds
from domain.terms_document import ABOUT, CHOICE, Path, TermsError, seconds_of

_DEEPEST_CHOICE = 3
_FEWEST_OPTIONS = 2
_LONGEST_SECONDS = 10 * 366 * 86_400
_NAME = re.compile(r"[^\s=]{1,128}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NAMED = frozenset({"terms", "priorities", "incident_types", "benefits"})
_NAMING = frozenset({"clauses", "readings", "options", "tiers"})
_MOST = 1_000_000
_BOUNDS = {
    "discount_percent": (0, 100),
    "level": (1, 4),
    "reference_from_level": (1, 4),
    "attempts": (1, _MOST),
}
_BOUNDS |= {"minutes": (1, 1_440), "notice_days": (0, 366)}


class ShapeWalk:
    """Walks a document and keeps what is wrong in `faults`, in the order met."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.faults: list[TermsError] = []
        self._clauses = _keys(document.get("clauses"))
        # The options of each reading that can be followed; the others are faults of their own.
        self.options = {
            key: options
            for key in _keys(document.get("readings"))
            if (options := _keys(_get(document["readings"][key], "options")))
        }

    def table(self, path: Path, kind: type[Struct], value: Any, depth: int = 0) -> None:
        """Hold a table against a struct: `path` is where it stands, `depth` how many choices enclose it."""
        if not isinstance(value, Mapping):
            return self._fault(path, said("must be a table"))
        fields = {it.encode_name: it for it in msgspec.structs.fields(kind)}
        for name in value:
            if name not in fields:
                known = ", ".join(fields)
                self._fault((*path, name), said("there is no such field; known here are {known}"), known=known)
        for name, field in fields.items():
            if name in value:
                self._value((*path, name), name, field.type, value[name], depth)
            elif field.required:
                self._fault((*path, name), said("is missing"))
        return None

    def _value(self, path: Path, name: str, kind: Any, value: Any, depth: int) -> None:
        """Hold a value of the field `name` against its type, in each option if it is given by a reading."""
        if isinstance(value, Mapping) and CHOICE in value and path[0] not in ABOUT:
            return self._choice(path, name, kind, value, depth)
        if get_origin(kind) in (Union, UnionType):
            (kind,) = (it for it in get_args(kind) if it is not NoneType)
        if get_origin(kind) is dict:
            return self._dictionary(path, name, kind, value, depth)
        if get_origin(kind) is tuple:
            return self._list(path, name, kind, value, depth)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.table(path, kind, value, depth)
        return self._leaf(path, name, kind, value)

    def _choice(self, path: Path, name: str, kind: Any, value: Mapping[str, Any], depth: int) -> None:
        key = value[CHOICE]
        if depth >= _DEEPEST_CHOICE:
            return self._fault(path, said("choices by reading are nested too deep"))
        if not isinstance(key, str) or key not in self.options:
            known = ", ".join(self.options) or "-"
            return self._fault((*path, CHOICE), said("there is no reading {key}; known are {known}"), key=key, known=known)
        options = self.options[key]
        for option in options:
            if option in value:
                self._value((*path, option), name, kind, value[option], depth + 1)
            else:
                template = said("the reading {key} has this option, and no value is given for it")
                self._fault((*path, option), template, key=key)
        for option in value:
            if option != CHOICE and option not in options:
                template = said("the reading {key} has no such option; it has {known}")
                self._fault((*path, option), template, key=key, known=", ".join(options))
        return None

    def _dictionary(self, path: Path, name: str, kind: Any, value: Any, depth: int) -> None:
        if not isinstance(value, Mapping):
            return self._fault(path, said("must be a table"))
        key_kind, value_kind = get_args(kind)
        for key, inner in value.items():
            if get_origin(key_kind) is Literal:
                self._leaf((*path, key), name, key_kind, key)
            elif name in _NAMING and (key == CHOICE or not _NAME.fullmatch(key)):
                self._fault((*path, key), said("not a name: 1 to 128 characters without spaces or =, not by"))
            self._value((*path, key), name, value_kind, inner, depth)
        if name == "options" and len(value) < _FEWEST_OPTIONS:
            self._fault(path, said("a reading needs at least two options"))
        return None

    def _list(self, path: Path, name: str, kind: Any, value: Any, depth: int) -> None:
        if not isinstance(value, (list, tuple)):
            return self._fault(path, said("must be a list"))
        kinds = get_args(kind)
        if kinds[-1] is not Ellipsis and len(value) != len(kinds):
            return self._fault(path, said("must be a list of {count}"), count=len(kinds))
        for number, inner in enumerate(value):
            item = kinds[0] if kinds[-1] is Ellipsis else kinds[number]
            self._value((*path, number), name, item, inner, depth)
        return None

    def _leaf(self, path: Path, name: str, kind: Any, value: Any) -> None:
        if get_origin(kind) is Literal:
            if value not in get_args(kind):
                self._fault(path, said("must be one of {options}"), options=", ".join(get_args(kind)))
            return
        complaint = _LEAVES[kind](value)
        if complaint is not None:
            self._fault(path, complaint)
        elif kind is int:
            least, most = _BOUNDS.get(name, (0, _MOST))
            if not least <= value <= most:
                self._fault(path, said("must be from {least} to {most}"), least=least, most=most)
        elif kind is str:
            self._text(path, name, value)

    def _text(self, path: Path, name: str, value: str) -> None:
        if name in _NAMED and not _NAME.fullmatch(value):
            self._fault(path, said("not a name: 1 to 128 characters without spaces or ="))
        cites = name == "clause" or name.endswith("_clause") or (path[0] == "readings" and name == "clauses")
        if cites and self._clauses and not any(it == value or it.startswith(value + ".") for it in self._clauses):
            self._fault(path, said("there is no clause {clause}"), clause=value)

    def _fault(self, path: Path, template: str, **values: object) -> None:
        self.faults.append(TermsError(path, template, **values))


def _keys(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, Mapping) else ()


def _get(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else None


def _not_text(value: Any) -> str | None:
    return None if isinstance(value, str) and value.strip() else said("must be text, and not empty")


def _not_number(value: Any) -> str | None:
    right = isinstance(value, int) and not isinstance(value, bool)
    return None if right else said("must be a whole number")


def _not_truth(value: Any) -> str | None:
    return None if isinstance(value, bool) else said("must be true or false")


def _not_date(value: Any) -> str | None:
    try:
        date.fromisoformat(value if isinstance(value, str) and _DATE.fullmatch(value) else "")
    except ValueError:
        return said("must be a date such as 2026-12-24")
    return None


def _not_duration(value: Any) -> str | None:
    try:
        seconds = seconds_of(value if isinstance(value, str) else "", 86_400)
    except ValueError:
        return said('must be a duration: "30m", "4h", "1h30m", "90s" or "3 ordinary days"')
    return None if seconds <= _LONGEST_SECONDS else said("must be at most ten years")


_LEAVES: Mapping[Any, Callable[[Any], str | None]] = {
    str: _not_text,
    int: _not_number,
    bool: _not_truth,
    date: _not_date,
    Seconds: _not_duration,
}
