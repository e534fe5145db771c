"""Which entries of one stream count, and in which order (rules 1.4)."""

from collections.abc import Collection, Iterable, Sequence
from operator import attrgetter

from domain.events import Entry, EntryVoided

_event, _at = attrgetter("event"), attrgetter("event.at")


def in_force(recorded: Iterable[Entry], also_void: Collection[int] = ()) -> list[Entry]:
    """The entries of a stream that are not void, in order of `at`, ties in order of position. Voidings stay in the list.

    `recorded` is all that is known of the stream, by version; `also_void` are further positions to leave out."""
    recorded = list(recorded)
    gone = voided_positions(recorded)
    gone.update(also_void)
    if gone:
        recorded = [it for it in recorded if it.position not in gone]
    # By version is by position too, and what has the same `at` stays in the order it is in.
    recorded.sort(key=_at)
    return recorded


def voided_positions(recorded: Sequence[Entry]) -> set[int]:
    """The positions that voidings among these entries void, whatever their `at`.

    A voiding names a position, or the key, else the id, of an entry recorded before it in the same stream."""
    if EntryVoided not in map(type, map(_event, recorded)):
        return set()
    return {_voided(it, recorded) for it in recorded if isinstance(it.event, EntryVoided)}


def _voided(voiding: Entry, recorded: Sequence[Entry]) -> int:
    reference = voiding.event.entry  # type: ignore[union-attr]
    if isinstance(reference, int):
        return reference
    before = [it for it in recorded if it.position < voiding.position]
    by_key = (it.position for it in before if it.event.key == reference)
    by_id = (it.position for it in before if it.id == reference)
    return next(by_key, next(by_id, 0))
