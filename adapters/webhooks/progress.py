"""How far one subscription has come: what is to be sent next, and what becomes of it, a transaction each.

Whatever is left undone by a kill at any moment is found again: entries up to the subscription's position that were not taken
stand in queues, one for each stream. It sends nothing, and reads no clock.
"""

import random
from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec import Struct, structs

from adapters.ledger import Ledger
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from adapters.webhooks.places import Place
from adapters.webhooks.posting import GONE, Outcome
from adapters.webhooks.rows import WebhookRows
from adapters.webhooks.selecting import Selecting
from adapters.webhooks.subscriptions import Queue, Subscription
from domain.exchange import time_text
from domain.refusal import said

_PAGE = 200
_WAITING_AT_ONCE = 50
_HOUR_SECONDS = 3_600.0


class Patience(Struct, frozen=True, kw_only=True):
    """How long a refused entry is tried again: after `first_seconds`, then `times` as long each time, up to `longest_seconds`,
    each between half of that and all of it; until `most_attempts`, or `most_seconds` after the first. An attempt takes no
    longer than `request_seconds`."""

    first_seconds: float = 5.0
    times: int = 3
    longest_seconds: float = _HOUR_SECONDS
    most_attempts: int = 30
    most_seconds: float = 72 * _HOUR_SECONDS
    request_seconds: float = 20.0

    def wait_seconds(self, attempts: int) -> float:
        """How long to wait after so many attempts, at random so that what failed together is not tried together."""
        longest = min(self.first_seconds * self.times ** min(attempts - 1, 20), self.longest_seconds)
        return random.uniform(longest / 2, longest)


class Progress:
    """Of the subscription `id`. Every method may raise LedgerError. Threads may share it."""

    def __init__(self, id: str, ledger: Ledger, place: Place, selecting: Selecting, patience: Patience) -> None:
        self.id = id
        self._ledger = ledger
        self._place = place
        self._selecting = selecting
        self._patience = patience

    def subscription(self) -> Subscription | None:
        """As it is kept now; None if it is kept no more, or its receiver is gone."""
        with self._place.reading() as session:
            found = WebhookRows(session).subscription(self.id)
        return found if found is not None and found.state == "active" else None

    def waiting(self) -> list[Queue]:
        """The queues that are tried, by position."""
        with self._place.reading() as session:
            return WebhookRows(session).queues(self.id, "waiting")

    def take_in(self, it: Subscription, most: int) -> bool:
        """Looks at the next entries of the ledger, until `most` more streams wait; whether there were any."""
        with self._ledger.reading(said("reading entries")) as plain:
            page = TreeRows.of(plain).raw(it.position, 2**62, _PAGE)
        if not page or most <= 0:
            return False
        wanted = {row[0]: row[1] for row in page if self._selecting.is_wanted(row, it.wanted)}
        with self._place.writing() as session:
            rows = WebhookRows(session)
            new, upto = _as_many(page, wanted, rows.queued(self.id, set(wanted.values())), most)
            rows.move(it, upto, new)
        return True

    def entries(self, queue: Queue) -> tuple[list[Row], int | None]:
        """The first entries that wait in a queue; and if that is all there is, up to which position. ([], None): nothing is to
        be sent to this subscription any more."""
        if (it := self.subscription()) is None:
            return [], None
        found: list[Row] = []
        after = queue.after
        while len(found) < _WAITING_AT_ONCE:
            with self._ledger.reading(said("reading a stream")) as plain:
                page = TreeRows.of(plain).raw_stream_page(queue.stream, after, it.position, _WAITING_AT_ONCE)
            found += [row for row in page if self._selecting.is_wanted(row, it.wanted)]
            if len(page) < _WAITING_AT_ONCE:
                return found, it.position
            after = page[-1][0]
        return found, None

    def took(self, queue: Queue, position: int, upto: int | None) -> Queue | None:
        """The receiver took the entry at a position, after which nothing waits up to `upto` (None: something does). What waits
        now; None if nothing, or if somebody else moved the queue."""
        with self._place.writing() as session:
            rows = WebhookRows(session)
            if upto is not None and rows.finish(queue, upto):
                return None
            return _afresh(queue, position) if rows.advance(queue, position) else None

    def emptied(self, queue: Queue, upto: int) -> Queue | None:
        """Nothing waits in a queue up to a position. As `took`."""
        with self._place.writing() as session:
            rows = WebhookRows(session)
            found = None if rows.finish(queue, upto) else rows.queue(self.id, queue.stream)
            return found if found is not None and found.state == "waiting" else None

    def refused(self, queue: Queue, position: int, outcome: Outcome, now: datetime) -> Queue:
        """The receiver did not take the entry at a position, at the moment `now` (aware): the queue, which waits or is dead."""
        since = datetime.fromisoformat(queue.since) if queue.since else now
        attempts = queue.attempts + 1
        seconds = max(self._patience.wait_seconds(attempts), outcome.retry_after_seconds)
        due = now + timedelta(seconds=seconds)
        is_over = attempts >= self._patience.most_attempts or due > since + timedelta(seconds=self._patience.most_seconds)
        failed = structs.replace(
            queue, state="dead" if is_over else "waiting", attempts=attempts, position=position, since=time_text(since),
            due_at=None if is_over else time_text(due), problem=outcome.problem,
        )  # fmt: skip
        with self._place.writing() as session:
            rows = WebhookRows(session)
            if outcome.status == GONE:
                rows.end(self.id)
                failed = structs.replace(failed, state="waiting", due_at=time_text(due))
            rows.fail(failed)
        return failed

    def hurry(self, now: datetime) -> None:
        """The receiver is there again: whatever waits is tried at the moment `now` (aware)."""
        with self._place.writing() as session:
            WebhookRows(session).hurry(self.id, now)


def _as_many(page: list[Row], wanted: dict[int, str], queued: Collection[str], most: int) -> tuple[list[str], int]:
    """The streams that come to wait because of the first entries of a page, no more than `most`; and the last of these."""
    new: dict[str, None] = {}
    upto = page[-1][0]
    for position, stream in wanted.items():
        if stream in queued or stream in new:
            continue
        if len(new) == most:
            upto = position - 1
            break
        new[stream] = None
    return list(new), upto


def _afresh(queue: Queue, after: int) -> Queue:
    return Queue(webhook=queue.webhook, stream=queue.stream, after=after)
