"""Keeps what is live: takes entries as they arrive, judges the tickets and policies they touch, tells what changed.

Tables and tellings are handed in, so that it knows neither Kafka nor Faust; both must be kept of what a step does, or neither.
Steps do not wait for anything but the ledger. When to step is for `application`.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, structs

from adapters.accounts.filling import moment_from
from adapters.ledger import Ledger
from adapters.live import judging
from adapters.live.arriving import entry_arriving
from adapters.live.contexts import Contexts
from adapters.live.judging import Judged
from adapters.live.remembered import Recorded
from adapters.live.rows import (
    Change,
    LivePolicy,
    LiveTicket,
    Part,
    Tables,
    decode_part,
    decode_policy,
    decode_ticket,
    encode,
)
from adapters.live.timetable import Timetable
from adapters.mapper import LedgerError, Unreadable
from domain.events import ClientRegistered, Entry, PolicyContracted, TicketOpened
from projections.live import NEAR_PERCENT

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=5)
"""An entry recorded longer ago than that comes late: then the ledger knows more of its ticket, and the ticket is judged once by
all of it, rather than again and again as if it were still then."""
AGAIN = timedelta(seconds=1)


class Counts(Struct):
    """What happened, counted since the process began."""

    entries: int = 0
    repeated: int = 0
    gaps: int = 0
    lost: int = 0
    judged: int = 0
    turned: int = 0
    changes: int = 0
    problems: int = 0
    postponed: int = 0


class Live:
    """What is live of the tickets and policies in some tables."""

    def __init__(
        self, ledger: Ledger, tables: Tables, tell: Callable[[Change], None], pass_on: Callable[[str, Part], None],
        clock: Callable[[], datetime], near_percent: int = NEAR_PERCENT, fresh: timedelta = FRESH,
    ) -> None:  # fmt: skip
        """`tell` is given changes; `pass_on` the part of a ticket in the account of a policy, to bring it to whoever keeps that
        one, that is to `part`. `clock` gives aware times."""
        self.tables = tables
        self.turns = Timetable()
        self.counts = Counts()
        self._ledger = ledger
        self.contexts = Contexts(ledger)
        self._tell, self._pass_on = tell, pass_on
        self._clock, self._near, self._fresh = clock, near_percent, fresh
        self.recorded = Recorded(ledger)
        self.parts: dict[str, dict[str, Part]] = {}
        self.of_client: dict[str, set[bytes]] = {}
        self.look: Callable[[int], None] = lambda position: None
        """Called with the position of an entry before it is judged: to `touch` whom what was recorded before it concerns."""

    # What there is --------------------------------------------------------------------------------------------------

    def begin(self, is_kept: Callable[[bytes], bool] = lambda key: False) -> None:
        """Takes stock of tables that were filled from elsewhere, but for subjects kept as they were. Nothing is judged by what
        was remembered before. A policy may have parts that its row knows nothing of (nobody took them from their topic), so
        each that was not here and has any is judged, once nothing is due."""
        self.contexts.forget()
        self.recorded.clear()
        # What was touched, or waits for the ledger, is so still.
        self.turns.keep_only(is_kept)
        self.parts.clear()
        self.of_client.clear()
        for key, value in list(self.tables.tickets.items()):
            row = decode_ticket(value)
            self._found(key, row.client, row.changes_at, is_kept)
        for key, value in list(self.tables.policies.items()):
            policy = decode_policy(value)
            self._found(key, policy.client, policy.changes_at, is_kept)
        for key, value in list(self.tables.parts.items()):
            subject, _, ticket = key.decode().partition(" ")
            self.parts.setdefault(subject, {})[ticket] = decode_part(value)
        self.turns.wait(key for it in self.parts if not is_kept(key := it.encode()))

    def _found(self, key: bytes, client: str, changes_at: str | None, is_kept: Callable[[bytes], bool]) -> None:
        if is_kept(key):
            self.of_client.setdefault(client, set()).add(key)
        else:
            self._schedule(key, client, changes_at)

    def ticket(self, key: bytes) -> LiveTicket | None:
        """A ticket's row."""
        value = self.tables.tickets.get(key)
        return None if value is None else decode_ticket(value)

    def policy(self, key: bytes) -> LivePolicy | None:
        """A policy's row."""
        value = self.tables.policies.get(key)
        return None if value is None else decode_policy(value)

    # What comes -----------------------------------------------------------------------------------------------------

    def take(self, value: bytes) -> None:
        """One message of the topic of entries. What cannot be read is counted, and found again by `compare`."""
        self.counts.entries += 1
        try:
            entry = entry_arriving(value)
        except msgspec.MsgspecError as problem:
            self.counts.problems += 1
            log.error("a message is no entry that this program knows: %s", problem)
            return
        kind, _, ident = entry.stream.partition(":")
        if kind == "ticket":
            self._take_of_ticket(entry, ident)
        elif kind == "policy" or (kind == "client" and isinstance(entry.event, ClientRegistered)):
            self._take_of_policy(entry)

    def _take_of_ticket(self, entry: Entry, name: str) -> None:
        key = entry.stream.encode()
        before = self.ticket(key)
        seen = before.version if before is not None else 0
        if entry.version <= seen:
            self.counts.repeated += 1
            return
        if entry.version > seen + 1:
            self.counts.gaps += 1
            log.warning("%s: version %d came after %d; what lies between is read from the ledger", entry.stream,
                        entry.version, seen)  # fmt: skip
        try:
            self.look(entry.position)
            is_fresh = self._clock() - entry.recorded_at <= self._fresh
            self._judge_ticket(key, name, before, self.recorded.with_entry(key, entry, is_fresh=is_fresh))
        except LedgerError as problem:
            self._postpone(key, problem)

    def _take_of_policy(self, entry: Entry) -> None:
        key = entry.stream.encode()
        before = self.policy(key)
        if before is not None and entry.version <= before.version:
            self.counts.repeated += 1
            return
        try:
            client = self._client_of(entry, before)
            if client is not None and (before is not None or entry.stream.startswith("policy:")):
                self.contexts.forget(client)
                self._judge_policy(entry.stream, client, before, entry.version if entry.stream.startswith("policy:") else 0)
        except LedgerError as problem:
            self._postpone(key, problem)

    def _client_of(self, entry: Entry, before: LivePolicy | None) -> str | None:
        if before is not None:
            return before.client
        event = entry.event if entry.version == 1 else next((it.event for it in self._ledger.stream(entry.stream)), None)
        return event.client if isinstance(event, PolicyContracted | ClientRegistered) else None

    def part(self, subject: str, part: Part) -> None:
        """A ticket's part in the account of a policy, from whoever keeps the ticket."""
        known = self.parts.get(subject, {}).get(part.ticket)
        if known is not None and known.order >= part.order:
            return
        self.parts.setdefault(subject, {})[part.ticket] = part
        self.tables.parts[f"{subject} {part.ticket}".encode()] = encode(part)
        before = self.policy(subject.encode())
        try:
            self._judge_policy(subject, part.client, before, before.version if before is not None else 0, part)
        except LedgerError as problem:
            self._postpone(subject.encode(), problem)

    # What comes of itself -------------------------------------------------------------------------------------------

    def turn(self, most: int) -> int:
        """Judges again at most so many of those whose time has come, or that were touched; how many."""
        keys = self.turns.take(self._clock(), most)
        for key in keys:
            self.counts.turned += 1
            try:
                self._turn(key)
            except LedgerError as problem:
                self._postpone(key, problem)
        return len(keys)

    def _turn(self, key: bytes) -> None:
        subject = key.decode()
        kind, _, ident = subject.partition(":")
        if kind == "ticket":
            before = self.ticket(key)
            recorded = self.recorded.get(key)
            if recorded is None or before is None or len(recorded) != before.version:
                recorded = self.recorded.read(key)
            if recorded:
                self._judge_ticket(key, ident, before, recorded)
            return
        policy = self.policy(key)
        recorded = self._ledger.stream(subject)
        first = recorded[0].event if recorded else None
        if isinstance(first, PolicyContracted | ClientRegistered):
            version = recorded[-1].version if kind == "policy" else 0
            self._judge_policy(subject, first.client, policy, version)

    # Judging and telling --------------------------------------------------------------------------------------------

    def _judge_ticket(self, key: bytes, name: str, before: LiveTicket | None, recorded: list[Entry]) -> None:
        judged = self._judged(name, recorded)
        if judged is None:
            return
        after = judged.ticket
        if after.problem is not None and before is not None:
            self._stays(key, before, after)
            return
        self._schedule(key, after.client, after.changes_at)
        if before is not None and judging.is_same(before, after):
            return
        self.tables.tickets[key] = encode(after)
        for change in judging.clock_changes(before, after):
            self._tell_change(change)
        if after.use != (before.use if before is not None else ""):
            self._pass_on(judged.subject, judged.part)
        if before is not None and before.use and judging.subject_of(before) != judged.subject:
            self._pass_on(judging.subject_of(before), structs.replace(judged.part, use=None, day=None, minutes=0))

    def _stays(self, key: bytes, before: LiveTicket, after: LiveTicket) -> None:
        """A ticket that cannot be judged any more stays as it was, and says why."""
        self._schedule(key, before.client, after.changes_at)
        self.tables.tickets[key] = encode(
            structs.replace(before, version=after.version, position=after.position, known=after.known, problem=after.problem)
        )

    def _judged(self, name: str, recorded: list[Entry]) -> Judged | None:
        """A ticket judged; None for what does not begin as a ticket does."""
        opening, at, context = recorded[0].event, self._clock(), None
        if not isinstance(opening, TicketOpened):
            self._count_problem(name, "no opening")
            return None
        self.counts.judged += 1
        try:
            context = self.contexts.of(opening.client, at)
            return judging.ticket(name, recorded, context, at, self._near)
        except Exception as problem:
            if isinstance(problem, LedgerError) and not isinstance(problem, Unreadable):
                raise
            self._count_problem(name, f"{type(problem).__name__}: {problem}")
            return judging.not_judged(name, recorded, context, at, f"{type(problem).__name__}: {problem}")

    def _judge_policy(
        self, subject: str, client: str, before: LivePolicy | None, version: int, because: Part | None = None
    ) -> None:
        key, at = subject.encode(), self._clock()
        context = self.contexts.of(client, at)
        parts = self.parts.get(subject, {}).values()
        try:
            after = judging.policy(subject, client, parts, context, at, version, self._near)
        except Exception as problem:
            if isinstance(problem, LedgerError):
                raise
            self._count_problem(subject, f"{type(problem).__name__}: {problem}")
            return
        self._schedule(key, client, after.changes_at)
        if before is not None and structs.replace(before, judged_at=after.judged_at) == after:
            return
        self.tables.policies[key] = encode(after)
        for change in judging.quota_changes(before, after, because):
            self._tell_change(change)

    def _tell_change(self, change: Change) -> None:
        self.counts.changes += 1
        self._tell(change)

    def _schedule(self, key: bytes, client: str, changes_at: str | None) -> None:
        self.of_client.setdefault(client, set()).add(key)
        self.turns.put(key, None if changes_at is None else moment_from(changes_at))

    def _postpone(self, key: bytes, problem: LedgerError) -> None:
        """The ledger cannot be read now: tried again soon. Should this process end before, `compare` finds it."""
        self.counts.postponed += 1
        log.warning("%s waits for the ledger: %s", key.decode(), problem)
        self.turns.put(key, self._clock() + AGAIN)

    def _count_problem(self, subject: str, problem: str) -> None:
        self.counts.problems += 1
        log.error("%s cannot be judged: %s", subject, problem)
