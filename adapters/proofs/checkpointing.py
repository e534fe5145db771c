"""Checkpoints made by a process that keeps running: one as soon as so many entries are unsigned, or one has waited so long.

When one is due is decided by values alone (`seen`, `due`); `Checkpointing` looks at a ledger and signs. It does not wait and
starts no thread: whoever runs the process calls it, again and again.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerBusy
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import Signer
from adapters.proofs.tree import TreeRows
from domain.refusal import said

EVERY_ENTRIES = 1_000
AT_MOST_SECONDS = 300


class Cadence(NamedTuple):
    """How long entries may stay unsigned: fewer than `entries` of them, and none for more than `seconds`. Both from 1 on."""

    entries: int = EVERY_ENTRIES
    seconds: int = AT_MOST_SECONDS


class Unsigned(NamedTuple):
    """What one look at a ledger found: how many entries were signed, how many came after them, and the moment (in seconds of a
    clock that never steps back) at which the first of those was seen; None if nobody knows how long it has been there."""

    signed: int
    entries: int
    since: int | None


def seen(before: Unsigned | None, head: int, signed: int, now: int) -> Unsigned:
    """What a look finds at the moment `now` (seconds), after the look before it; None for the first of a process."""
    if before is None:
        return Unsigned(signed, head - signed, None)
    is_waiting_still = before.entries > 0 and before.signed == signed
    return Unsigned(signed, head - signed, before.since if is_waiting_still else now)


def due(cadence: Cadence, found: Unsigned, now: int) -> bool:
    """Whether a checkpoint is due at the moment `now` (seconds). What was there before the process is never left waiting."""
    if found.entries <= 0:
        return False
    return found.entries >= cadence.entries or found.since is None or now - found.since >= cadence.seconds


def steady_seconds() -> int:
    """Seconds of a clock that never steps back; they say nothing of the time of day."""
    return time.monotonic_ns() // 1_000_000_000


class Checkpointing:
    """A ledger looked after: `look` signs when a checkpoint is due. `clock` gives whole seconds and never steps back, `now` the
    time of day (aware) that is noted with a checkpoint."""

    def __init__(
        self,
        ledger: Ledger,
        signer: Signer,
        cadence: Cadence,
        clock: Callable[[], int] = steady_seconds,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._ledger = ledger
        self._signer = signer
        self._cadence = cadence
        self._clock = clock
        self._now = now
        self._found: Unsigned | None = None

    def look(self) -> bytes | None:
        """The note of the checkpoint signed by this look; None if none was due, or others kept the ledger busy for too long, so
        that the next look is to do it. LedgerError, and nothing signed, if it would not continue what was signed before."""
        try:
            return self._sign_if_due()
        except LedgerBusy:
            return None

    def _sign_if_due(self) -> bytes | None:
        with self._ledger.reading(said("reading the checkpoints")) as plain:
            rows = TreeRows.of(plain)
            last, head = rows.last_checkpoint(), rows.head()
        now = self._clock()
        self._found = seen(self._found, head, last.size if last else 0, now)
        if not due(self._cadence, self._found, now):
            return None
        return checkpoint(self._ledger, self._signer, self._now())
