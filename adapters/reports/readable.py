"""What reports and replays ask of a ledger, whatever keeps it: its streams, by name, by kind and by client, and how
personal texts in them are shown.

A ledger answers, and so does one seen through a lens (`replay_streams`); whoever takes a `Readable` can write to neither.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from adapters.personal.unsealing import Unsealed
from domain.events import Entry


class Readable(Protocol):
    """Streams to read. Entries come by version; each answer is of what is recorded when it is asked for."""

    def head(self) -> int:
        """The position of the last entry; 0 if there is none."""

    def stream(self, name: str) -> Sequence[Entry]:
        """All entries of one stream; empty if there is none."""

    def streams_named(self, names: Sequence[str]) -> Iterator[tuple[str, Sequence[Entry]]]:
        """The streams of these names, in that order."""

    def streams(self, kind: str, upto: int | None = None) -> Iterator[tuple[str, Sequence[Entry]]]:
        """Every stream of a kind (`ticket`, `client`, `policy`, `terms`, `desk`), by name, one at a time; of what is
        recorded up to a position (inclusive; None: everything)."""

    def streams_of(self, client: str) -> Sequence[str]:
        """The streams of a client's policies, then of its tickets, each in the order in which they began."""

    def unsealed(self) -> Unsealed:
        """How entries are shown now, with the keys there are."""
