"""The times during which something holds that may stop a clock: what a span is, and how the entries of contingencies and of
escalations become spans. Which of them do stop a clock is for the clocks."""

from collections.abc import Sequence

from msgspec import Struct

from domain.events import ContingencyDeclared, ContingencyEnded, ContingencyNotified, Entry
from domain.rules import Suspension
from domain.time_base import epoch_seconds


class Span(Struct, frozen=True, gc=False):
    """A time during which something holds, in whole UTC seconds; `end` None while it still does. `cause` is the position
    of the entry that began it."""

    kind: Suspension
    start: int
    end: int | None
    cause: int


class Mark(Struct, frozen=True, gc=False):
    """A moment of a ticket: whole UTC seconds, where its entry stands among the ticket's (`index`) and in the ledger."""

    instant: int
    index: int
    position: int


def vendor_spans(escalations: Sequence[tuple[Mark, int]], level: int) -> list[Span]:
    """The times at this level or above, from escalations in order: from the one that reaches it to the next below it (gs.9)."""
    spans: list[Span] = []
    begun: Mark | None = None
    for mark, reached in escalations:
        if reached >= level:
            begun = begun or mark
        elif begun is not None:
            spans.append(Span("vendor", begun.instant, mark.instant, begun.position))
            begun = None
    if begun is not None:
        spans.append(Span("vendor", begun.instant, None, begun.position))
    return spans


def contingency(entry: Entry, mark: Mark, told: dict[str, Mark], spans: list[Span]) -> None:
    """Follow one contingency entry: `told` holds those that the client knows of and that have not ended; an end makes a
    span, from when the client was told (cs.8.5)."""
    event = entry.event
    match event:
        case ContingencyDeclared() if event.client_informed:
            told.setdefault(event.contingency, mark)
        case ContingencyNotified():
            told.setdefault(event.contingency, mark)
        case ContingencyEnded() if (begun := told.pop(event.contingency, None)) is not None:
            spans.append(Span("contingency", begun.instant, mark.instant, begun.position))
        case _:
            pass


def contingencies(entries: Sequence[Entry]) -> list[Span]:
    """The contingencies that concern everyone, from the desk's entries as `counted` gives them."""
    told: dict[str, Mark] = {}
    spans: list[Span] = []
    for index, entry in enumerate(entries):
        contingency(entry, Mark(epoch_seconds(entry.event.at), index, entry.position), told, spans)
    spans.extend(Span("contingency", it.instant, None, it.position) for it in told.values())
    return spans
