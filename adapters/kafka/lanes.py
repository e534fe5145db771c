"""What is sent next, for two of the three lanes: entries as they are stored, and signed checkpoints. See `accounts_lane`.

A lane reads the ledger and hands messages to `Sending`; it waits for nobody and tries nothing again: see `relaying`.
"""

import time
from typing import Protocol

import msgspec

from adapters.contract.cloud_events import checkpoint_message, entry_message
from adapters.contract.topics import CHECKPOINTS, ENTRIES
from adapters.kafka.positions import Reached
from adapters.kafka.sending import Outgoing, Sending
from adapters.ledger import Ledger
from adapters.mapper import LedgerError, entry_from
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.refusal import said

_PAGE_ENTRIES = 1_000
MOST_ENTRIES = 10_000
"""In one transaction: so many that committing them costs little of the whole, so few that memory holds them."""
_MOST_BYTES = 8 * 1024 * 1024
_MOST_CHECKPOINTS = 500
_NEWS_SECONDS = 0.2
_NONE_THERE = said("there is no entry at position {position}: the ledger is damaged")


class Lane(Protocol):
    """What is sent for one ledger, in order, by one `Sending`."""

    def step(self, sending: Sending, reached: Reached) -> Reached:
        """Sends what comes next after what was reached; what is reached then: the same if there is nothing more. Errors as
        `Sending.send`, and LedgerError."""

    def wait(self, reached: Reached) -> None:
        """Until there may be more, or for a fraction of a second."""

    def close(self) -> None:
        """Lets go of what it opened itself."""


class Entries:
    """Every entry, in the order recorded."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def step(self, sending: Sending, reached: Reached) -> Reached:
        """See `Lane`."""
        rows = self._next(reached.position)
        if not rows:
            return reached
        source = reached.source
        messages = (Outgoing(ENTRIES, *entry_message(source, it)) for it in rows)
        position, sent = rows[-1][0], reached.sent + len(rows)
        then = msgspec.structs.replace(reached, position=position, id=_id_of(rows[-1]), sent=sent)
        sending.send(messages, then)
        return then

    def _next(self, after: int) -> list[Row]:
        """As many entries as go into one transaction."""
        found: list[Row] = []
        size = 0
        while len(found) < MOST_ENTRIES and size < _MOST_BYTES:
            with self._ledger.reading(said("reading entries")) as plain:
                page = TreeRows.of(plain).raw(after, 2**62, _PAGE_ENTRIES)
            for expected, row in enumerate(page, after + 1):
                if row[0] != expected:
                    raise LedgerError(
                        said("there is no entry at position {position}: the ledger is damaged"), position=expected
                    )
            found += page
            size += sum(len(row[4]) for row in page)
            if len(page) < _PAGE_ENTRIES:
                break
            after = page[-1][0]
        return found

    def wait(self, reached: Reached) -> None:
        """See `Lane`."""
        self._ledger.wait_for_news(reached.position, _NEWS_SECONDS)

    def close(self) -> None:
        """Nothing is open."""


class Checkpoints:
    """Every signed checkpoint, by size: the position of this lane is the number of entries signed."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def step(self, sending: Sending, reached: Reached) -> Reached:
        """See `Lane`."""
        with self._ledger.reading(said("reading the checkpoints")) as plain:
            rows = TreeRows.of(plain)
            found = rows.checkpoints_after(reached.position, _MOST_CHECKPOINTS)
            if not found:
                return reached
            signed = rows.raw(found[-1].size - 1, found[-1].size, 1)
        if not signed:
            raise LedgerError(_NONE_THERE, position=found[-1].size)
        messages = (Outgoing(CHECKPOINTS, *checkpoint_message(reached.source, it.note, it.made_at)) for it in found)
        position, sent = found[-1].size, reached.sent + len(found)
        then = msgspec.structs.replace(reached, position=position, id=_id_of(signed[0]), sent=sent)
        sending.send(messages, then)
        return then

    def wait(self, reached: Reached) -> None:
        """See `Lane`."""
        time.sleep(_NEWS_SECONDS)

    def close(self) -> None:
        """Nothing is open."""


def to_be_reached(ledger: Ledger, lane: str) -> int:
    """The position that a lane would be at if everything were sent."""
    if lane != "checkpoints":
        return ledger.head()
    with ledger.reading(said("reading the checkpoints")) as plain:
        last = TreeRows.of(plain).last_checkpoint()
    return 0 if last is None else last.size


def _id_of(row: Row) -> str:
    position, stream, version, _, state = row
    return entry_from(position, stream, version, state).id
