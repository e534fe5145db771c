"""The desk: the contingencies that concern every ticket, and whom the ledger has forgotten."""

from typing import assert_never

from msgspec import Struct, structs

from domain.events import ContingencyDeclared, ContingencyEnded, ContingencyNotified, EntryVoided, PersonForgotten
from domain.ticket import no_such_contingency

DeskEvent = ContingencyDeclared | ContingencyNotified | ContingencyEnded | EntryVoided | PersonForgotten


class Desk(Struct, frozen=True):
    """`contingencies` are the ids of those open for everyone; `forgotten` the subjects whose keys were destroyed."""

    contingencies: frozenset[str] = frozenset()
    forgotten: frozenset[str] = frozenset()


def evolve(desk: Desk, event: DeskEvent) -> Desk:
    """The desk after one more event of its stream."""
    match event:
        case ContingencyDeclared():
            return structs.replace(desk, contingencies=desk.contingencies | {event.contingency})
        case ContingencyEnded():
            return structs.replace(desk, contingencies=desk.contingencies - {event.contingency})
        case PersonForgotten():
            return structs.replace(desk, forgotten=desk.forgotten | {event.subject})
        case ContingencyNotified() | EntryVoided():
            return desk
        case _:
            assert_never(event)


def legal(desk: Desk, event: DeskEvent) -> None:
    """Raises Refused (order, `type`) for a notice or an end of a contingency that is not open for everyone."""
    if isinstance(event, ContingencyNotified | ContingencyEnded) and event.contingency not in desk.contingencies:
        raise no_such_contingency(event)
