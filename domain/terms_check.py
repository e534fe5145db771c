"""What is wrong with a terms document: every fault of shape, then what does not fit, under every reading.

The shapes are those of `rules`; a document without faults resolves under whatever readings are chosen. Which
line of a file a fault stands on is for the adapter to find.
"""

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Any

from domain.refusal import said
from domain.rules import Provisions
from domain.terms_document import (
    ABOUT,
    About,
    Path,
    TermsError,
    calendar_of,
    placed,
    provisions_of,
    readings_used,
)
from domain.terms_fit import misfits
from domain.terms_shape import ShapeWalk

Options = Mapping[str, tuple[str, ...]]
"""The options of each reading, by name."""

MOST_COMBINATIONS = 256
"""How many combinations of readings may meet in one place: each is tried."""
_FULL_DAY_SECONDS = 86_400


def faults(document: Mapping[str, Any]) -> Iterator[TermsError]:
    """Everything wrong with a document of terms, each fault once, first things first.

    What hangs together is looked at only where the shape is right."""
    seen: set[tuple[Path, str]] = set()
    for fault in _all_faults(document):
        if (fault.path, str(fault)) not in seen:
            seen.add((fault.path, str(fault)))
            yield fault


def _all_faults(document: Mapping[str, Any]) -> Iterator[TermsError]:
    walk = ShapeWalk(document)
    walk.table((), About, {key: value for key, value in document.items() if key in ABOUT})
    walk.table((), Provisions, {key: value for key, value in document.items() if key not in ABOUT})
    yield from walk.faults
    broken = {fault.path[0] for fault in walk.faults}
    if "readings" in broken:
        return
    yield from _odd_defaults(document.get("readings", {}), walk.options)
    if "calendar" not in broken:
        yield from _calendar_faults(document, walk.options)
    if broken <= ABOUT:
        yield from _unused(document, walk.options)
        yield from _misfits(document, walk.options)


def _odd_defaults(readings: Mapping[str, Any], known: Options) -> Iterator[TermsError]:
    for key, options in known.items():
        default = readings[key].get("default", options[0])
        if default not in options:
            template = said("the reading {key} has no such option; it has {known}")
            yield TermsError(("readings", key, "default"), template, key=key, known=", ".join(options))


def _unused(document: Mapping[str, Any], readings: Options) -> Iterator[TermsError]:
    used = set(readings_used({key: value for key, value in document.items() if key not in ABOUT}))
    for key in readings:
        if key not in used:
            yield TermsError(("readings", key), said("no value is given by this reading"))


def _calendar_faults(document: Mapping[str, Any], readings: Options) -> Iterator[TermsError]:
    for chosen in _combinations(document["calendar"], readings):
        try:
            _, calendar = calendar_of(document, chosen)
        except TermsError as fault:
            yield _moved(fault, document, chosen)
            continue
        if calendar.ordinary_day_seconds == 0:
            yield TermsError(("calendar", "weekly"), said("needs at least one interval: no time would ever count"))


def _misfits(document: Mapping[str, Any], readings: Options) -> Iterator[TermsError]:
    """What does not fit, under each combination of the readings that meet in one place."""
    for place, value in _places(document):
        together = [value, document["values"]]
        count = prod(len(readings[key]) for key in set(readings_used(together)))
        if count > MOST_COMBINATIONS:
            template = said("{count} combinations of readings meet here; at most {most} are allowed")
            yield TermsError(place, template, count=count, most=MOST_COMBINATIONS)
            continue
        for chosen in _combinations(together, readings):
            provisions = provisions_of(document, chosen, _ordinary_day(document, chosen))
            yield from (_moved(fault, document, chosen) for fault in misfits(provisions))


def _places(document: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    """Each target of a clock, and each other table, with where it stands."""
    for key, value in document.items():
        targets = value.get("targets") if isinstance(value, Mapping) else None
        if isinstance(targets, list):
            yield from (((key, "targets", number), target) for number, target in enumerate(targets))
            yield (key,), {name: inner for name, inner in value.items() if name != "targets"}
        elif key not in ABOUT:
            yield (key,), value


def _combinations(value: Any, readings: Options) -> Iterator[dict[str, str]]:
    """Every choice of the readings used in a value, defaults elsewhere."""
    first = {key: options[0] for key, options in readings.items()}
    used = sorted(set(readings_used(value)))
    for options in product(*(readings[key] for key in used)):
        yield first | dict(zip(used, options, strict=True))


def _ordinary_day(document: Mapping[str, Any], chosen: Mapping[str, str]) -> int:
    """The calendar's ordinary day; a full one where the calendar is at fault, to look at the rest."""
    try:
        return calendar_of(document, chosen)[1].ordinary_day_seconds or _FULL_DAY_SECONDS
    except TermsError:
        return _FULL_DAY_SECONDS


def _moved(fault: TermsError, document: Mapping[str, Any], chosen: Mapping[str, str]) -> TermsError:
    return TermsError(placed(document, chosen, fault.path), fault.template, **fault.values)
