"""What a comparison is asked about: two views, what sets them apart, and where the streams come from.

Cases differ in what they suppose; how two views are compared, and which of the causes mattered, is one thing for all of them.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from domain.events import Entry, PolicyContracted
from replay.as_of import Named, Seen
from replay.causes import Cause


class Case(Protocol):
    """Two views, what sets them apart, and the second one without some of that."""

    @property
    def before(self) -> Seen: ...
    @property
    def after(self) -> Seen: ...
    @property
    def everywhere(self) -> Sequence[Cause]:
        """What bears on every ticket."""

    def causes_in(self, name: str, recorded: Sequence[Entry]) -> list[Cause]:
        """What sets the views apart in one stream, of which `recorded` is all that stands in the ledger."""

    def after_without(self, causes: Collection[Cause]) -> Seen:
        """The second view with these left out."""


class Tickets(Protocol):
    """The ticket streams of a ledger, read when asked for."""

    def all(self) -> Iterable[Named]:
        """Those looked at, one at a time, together with those dealt along with them."""

    def of(self, client: str) -> Iterable[Named]:
        """Those of one client, one at a time."""

    def one(self, name: str) -> Sequence[Entry]:
        """All entries of one of them, by version; empty if nothing is recorded in it."""


class SharedStreams:
    """The shared streams, by the client they concern."""

    def __init__(self, shared: Sequence[Named], case: Case) -> None:
        self._everyone: list[Named] = []
        self._of_client: dict[str, list[Named]] = {}
        self._causes: dict[str | None, list[Cause]] = {}
        for name, recorded in shared:
            kind, _, ident = name.partition(":")
            client = ident if kind == "client" else _contracted_by(recorded, case.after[1].entries(name, recorded))
            held = self._of_client.setdefault(client, []) if client is not None else self._everyone
            held.append((name, recorded))
            self._causes.setdefault(client, []).extend(case.causes_in(name, recorded))

    def causes(self, client: str) -> list[Cause]:
        """What sets the views apart on the desk, at a client and in its policies."""
        return [*self._causes.get(None, ()), *self._causes.get(client, ())]

    def of(self, client: str) -> list[Named]:
        """All streams that can bear on a client's tickets."""
        return [*self._everyone, *self._of_client.get(client, ())]


def _contracted_by(*readings: Sequence[Entry]) -> str | None:
    """The client of a policy's stream; None for other streams."""
    events = (entry.event for entries in readings for entry in entries)
    return next((it.client for it in events if isinstance(it, PolicyContracted)), None)
