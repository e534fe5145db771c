"""Entries of forms that are not written any more, turned into those of today as they are read.

A type of event whose form changes in a way that old entries do not fit gets a new name: `Responded`, then `Responded.2`. What
was stored under the old name stays as it is, byte for byte; a step of the chain says what it means today. Personal texts pass
through a step untouched, since they are sealed. Nothing is judged here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from domain.events import EVENT_TYPES, AnyEvent
from domain.exchange import event_as_json

NO_OFFSET = "a time has no offset"
_FORM = re.compile(r"(?P<type>.+?)(?:\.(?P<form>[0-9]+))?")


class Upcast(NamedTuple):
    """One step: `was` is the old form as it stood, a struct tagged with its old name; `change` makes of one of these one of the
    form that `becomes` names, which may be old itself by now."""

    was: type[Struct]
    becomes: str
    change: Callable[[Any], Struct]


class BrokenChain(ValueError):
    """Steps that do not lead from every old form to one of today. It is the program that is wrong, and it does not start."""


class Chain:
    """The steps, by the name that each begins at. BrokenChain if one name has two, if they go in a circle, or if they end or
    skip a form before one of today is reached."""

    def __init__(self, steps: Sequence[Upcast], current: Mapping[str, type[AnyEvent]]) -> None:
        self.retired: dict[str, type[Struct]] = {}
        self._steps: dict[str, Upcast] = {}
        for step in steps:
            name = _name(step.was)
            if name in self._steps:
                raise BrokenChain(f"{name} has two steps")
            if name in current:
                raise BrokenChain(f"{name} is written today: it cannot be of the past as well")
            self._steps[name], self.retired[name] = step, step.was
        self.kinds: dict[str, type[AnyEvent]] = {**current, **{name: current[self._end(name, current)] for name in self._steps}}
        """What each name, old or of today, is read as."""
        for name in self.kinds:
            for before in _earlier(name):
                if before not in self._steps:
                    raise BrokenChain(f"there is {name} but no step from {before}")

    def _end(self, name: str, current: Mapping[str, type[AnyEvent]]) -> str:
        passed = [name]
        while (name := self._steps[name].becomes) not in current:
            if name in passed:
                raise BrokenChain(f"{' → '.join([*passed, name])} is a circle")
            if name not in self._steps:
                raise BrokenChain(f"{' → '.join([*passed, name])} ends at a form that is not written today")
            passed.append(name)
        return name

    def event(self, raw: Mapping[str, Any]) -> AnyEvent | None:
        """The event that JSON of an old form stands for today; None if it is not of an old form. msgspec.ValidationError
        if it does not fit that form, or a time has no offset."""
        name = raw.get("type")
        step = self._steps.get(name) if isinstance(name, str) else None
        if step is None:
            return None
        found: Any = msgspec.convert(raw, step.was)
        for field in _without_offset(msgspec.to_builtins(found, builtin_types=(datetime,))):
            raise msgspec.ValidationError(f"{NO_OFFSET} - at `$.{field}`")
        while step is not None:
            found = step.change(found)
            if _name(type(found)) != step.becomes:
                raise TypeError(f"the step from {_name(step.was)} makes {_name(type(found))}, not {step.becomes}")
            step = self._steps.get(step.becomes)
        event: AnyEvent = found
        return event

    def raw(self, raw: dict[str, Any]) -> dict[str, Any]:
        """The same JSON in the form of today, as it is if it is in that form already. Raises as `event`."""
        event = self.event(raw) if self._steps else None
        return raw if event is None else event_as_json(event)


def _name(kind: type[Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _earlier(name: str) -> list[str]:
    """The forms that a name of this form had before it."""
    found = _FORM.fullmatch(name)
    form = int(found["form"] or 1) if found else 1
    return [f"{found['type']}.{it}" if it > 1 else found["type"] for it in range(1, form)] if found else []


def _without_offset(value: Any, path: str = "") -> Iterator[str]:
    """The fields with a time that has no offset, which is never guessed."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _without_offset(inner, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _without_offset(inner, f"{path}[{number}]")


UPCASTS: tuple[Upcast, ...] = ()
"""Every step there ever was; steps are added, never removed. None was needed so far."""
CHAIN = Chain(UPCASTS, EVENT_TYPES)
