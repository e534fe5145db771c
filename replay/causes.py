"""Which of the things that set two views apart changed a figure: found by leaving each one out, and looking.

What acts only together with others is told as such, never guessed at. It knows figures by row and field, not what they mean.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from domain.events import Entry, EntryVoided
from domain.exchange import time_text

LEFT_OUT_AT_MOST = 200
"""With more causes than this in one place they are told together: leaving each out would take longer than it explains."""

CauseKind = Literal[
    "voiding", "late", "entry", "forgotten", "moment",
    "terms", "tier", "calendar", "reading", "without", "with", "several",
]  # fmt: skip

_ABSENT = object()


class RowId(NamedTuple):
    """A row of a report: a ticket's verdicts or part in a quota, a policy's consumption (`ticket` None), a row of the bill."""

    report: Literal["sla", "consumption", "billing"]
    client: str
    ticket: str | None
    policy: str | None = None
    entry: int | None = None
    kind: str | None = None


Figure = tuple[RowId, str]
Figures = dict[Figure, Any]
"""Values of rows, by row and field; nested fields under dotted names."""


class Cause(Struct, frozen=True):
    """One thing that sets two views apart. `kind` of an entry: `voiding`; `late` if it had happened by the earlier state of
    knowledge; else `entry`; `forgotten` if it is the later view that does not know it. `moment` is the moment judged, the rest
    are overrides of a what-if; `several` stands for more than LEFT_OUT_AT_MOST at once. `stream` None bears on everything."""

    kind: CauseKind
    said: str
    stream: str | None = None
    position: int | None = None
    type: str | None = None
    at: datetime | None = None
    recorded_at: datetime | None = None

    @property
    def is_shared(self) -> bool:
        """Whether it bears on more than the ticket of one stream."""
        return self.stream is None or not self.stream.startswith("ticket:")

    def as_row(self) -> dict[str, Any]:
        """The cause ready for JSON."""
        row: dict[str, Any] = {"kind": self.kind, "said": self.said}
        if self.type is not None:
            row |= {"position": self.position, "stream": self.stream, "type": self.type}
        for name, moment in (("at", self.at), ("recorded_at", self.recorded_at)):
            if moment is not None:
                row[name] = time_text(moment)
        return row


class Attributed(Struct, frozen=True):
    """A cause with the fields of a row that it changed; `alone`: leaving out only it makes them otherwise."""

    cause: Cause
    fields: tuple[str, ...]
    alone: bool

    def as_row(self) -> dict[str, Any]:
        """The cause ready for JSON."""
        return self.cause.as_row() | {"fields": list(self.fields), "alone": self.alone}


def of_entry(entry: Entry, kind: Literal["late", "entry", "forgotten", "without", "with"], said: str | None = None) -> Cause:
    """An entry as a cause; one that voids is told as a voiding."""
    told: CauseKind = "voiding" if kind in ("late", "entry") and isinstance(entry.event, EntryVoided) else kind
    return Cause(
        told, said or str(entry.position), entry.stream, entry.position,
        type(entry.event).__name__, entry.event.at, entry.recorded_at,
    )  # fmt: skip


def differing(before: Mapping[Figure, Any], after: Mapping[Figure, Any]) -> dict[RowId, list[str]]:
    """The rows that differ, with the fields that do, in the order of the fields."""
    found: dict[RowId, list[str]] = {}
    for key in {**before, **after}:
        if before.get(key, _ABSENT) != after.get(key, _ABSENT):
            found.setdefault(key[0], []).append(key[1])
    return found


def attribute(
    changed: Mapping[RowId, Sequence[str]],
    causes: Sequence[Cause],
    after: Mapping[Figure, Any],
    without: Callable[[Collection[Cause]], Mapping[Figure, Any]],
) -> dict[RowId, list[Attributed]]:
    """For each row changed, the causes that matter and for which fields. `without` gives the figures with causes left out."""
    figures = {(row, field) for row, fields in changed.items() for field in fields}
    if len(causes) == 1:
        return _gathered([(causes[0], True, figures)])
    if len(causes) > LEFT_OUT_AT_MOST:
        return _gathered([(Cause("several", str(len(causes))), False, figures)])
    found = [(cause, True, _moved(figures, after, without([cause]))) for cause in causes]
    left = figures.difference(*(moved for _, _, moved in found))
    for together in _by_stream(causes):
        if left and (moved := _moved(left, after, without(together))):
            found += [(cause, False, moved) for cause in _needed(together, moved, after, without)]
            left -= moved
    if left:
        found += [(cause, False, left) for cause in _needed(causes, left, after, without)]
    return _gathered(found)


def _needed(
    causes: Sequence[Cause],
    moved: set[Figure],
    after: Mapping[Figure, Any],
    without: Callable[[Collection[Cause]], Mapping[Figure, Any]],
) -> Sequence[Cause]:
    """Of causes that move these figures when all are left out, as few as will do: each that can stay does."""
    needed = list(causes)
    for cause in causes:
        fewer = [it for it in needed if it is not cause]
        if fewer and _moved(moved, after, without(fewer)) == moved:
            needed = fewer
    return needed


def _moved(figures: Iterable[Figure], after: Mapping[Figure, Any], without: Mapping[Figure, Any]) -> set[Figure]:
    return {it for it in figures if without.get(it, _ABSENT) != after.get(it, _ABSENT)}


def _by_stream(causes: Sequence[Cause]) -> list[list[Cause]]:
    """The causes that can act together within one stream; all of them are one more group only if nothing smaller tells."""
    groups: dict[str | None, list[Cause]] = {}
    for cause in causes:
        groups.setdefault(cause.stream, []).append(cause)
    return [it for it in groups.values() if len(it) > 1]


def _gathered(found: Sequence[tuple[Cause, bool, set[Figure]]]) -> dict[RowId, list[Attributed]]:
    rows: dict[RowId, list[Attributed]] = {}
    for cause, alone, figures in found:
        fields: dict[RowId, list[str]] = {}
        for row, field in sorted(figures, key=lambda it: it[1]):
            fields.setdefault(row, []).append(field)
        for row, named in fields.items():
            rows.setdefault(row, []).append(Attributed(cause, tuple(named), alone))
    return rows
