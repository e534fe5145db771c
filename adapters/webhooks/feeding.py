"""Feeding one subscription: takes entries in as they are recorded, and empties its queues, several streams at a time and each
in order. One that is refused waits and is tried again; the others go on.

No more than so many streams wait at a time; until there are fewer, nothing more is taken in: entries stay in the ledger.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from adapters.contract.cloud_events import entry_message, structured
from adapters.mapper import Unreadable
from adapters.stores.rows import Row
from adapters.webhooks.posting import GONE, Outcome, Poster
from adapters.webhooks.progress import Progress
from adapters.webhooks.subscriptions import Queue

MOST_WAITING = 100
AT_ONCE = 8
LOOK_SECONDS = 1.0
"""No longer than this it waits before it looks at what somebody else may have changed."""
_OUTAGE_FAILURES = 5
"""After so many in a row, with nothing taken, whatever waits waits for the receiver: once it is back, all is tried at once."""


class Attempt(NamedTuple):
    """What became of an entry that was posted, for the `attempts`th time if it was refused: `problem` as of `Outcome`; `dead`
    if it is not tried any more, else `due_at` (RFC 3339) is when it is."""

    webhook: str
    stream: str
    position: int
    came_to: Literal["taken", "refused", "dead"]
    attempts: int = 0
    problem: str | None = None
    due_at: str | None = None


Tell = Callable[[Attempt], None]
"""Is told of every attempt."""


class Feeding:
    """Of one subscription, until it is removed, its receiver is gone, or `stop` is called."""

    def __init__(self, progress: Progress, poster: Poster, source: str, clock: Callable[[], datetime], tell: Tell) -> None:
        """`source` is the name of the ledger in messages; `clock` gives aware times."""
        self._progress = progress
        self._poster = poster
        self._source = source
        self._clock = clock
        self._tell = tell
        self._woken = asyncio.Event()
        self._is_stopping = False
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._paused_until: datetime | None = None
        self._failures = 0

    def wake(self) -> None:
        """There may be something to do."""
        self._woken.set()

    def stop(self) -> None:
        """Ends it when the attempts under way are done."""
        self._is_stopping = True
        self._woken.set()

    async def run(self, *, once: bool = False) -> None:
        """Feeds; with `once` until nothing is left to be tried now. LedgerError."""
        try:
            while await self._round(once):
                pass
            if self._busy:
                await asyncio.wait(self._busy.values())
            self._reap()
        finally:
            for task in self._busy.values():
                task.cancel()

    async def _round(self, once: bool) -> bool:
        """One look at everything; False when it is to end."""
        self._reap()
        self._woken.clear()
        it = await asyncio.to_thread(self._progress.subscription)
        if it is None or self._is_stopping:
            return False
        waiting = await asyncio.to_thread(self._progress.waiting)
        if await asyncio.to_thread(self._progress.take_in, it, MOST_WAITING - len(waiting)):
            self._woken.set()
            waiting = await asyncio.to_thread(self._progress.waiting)
        is_left = self._start(waiting)
        if once and not (is_left or self._busy or self._woken.is_set()):
            return False
        await self._rest(waiting)
        return True

    def _start(self, waiting: list[Queue]) -> bool:
        """Begins to empty as many of the queues as may be now; whether others would have to be."""
        now = self._clock()
        if self._is_paused(now):
            return False
        due = [it for it in waiting if it.stream not in self._busy and (it.due_at is None or _moment(it.due_at) <= now)]
        free = AT_ONCE - len(self._busy)
        for queue in due[:free]:
            task = asyncio.create_task(self._empty(queue))
            task.add_done_callback(lambda _: self._woken.set())
            self._busy[queue.stream] = task
        return len(due) > free

    async def _rest(self, waiting: list[Queue]) -> None:
        """Until something happens, or is due."""
        now = self._clock()
        later = [_moment(it.due_at) for it in waiting if it.due_at is not None and it.stream not in self._busy]
        wakes = [it for it in [*later, self._paused_until] if it is not None and it > now]
        seconds = min([LOOK_SECONDS, *((it - now).total_seconds() for it in wakes)])
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass

    def _reap(self) -> None:
        """Forgets the attempts that are done; raises what one of them raised."""
        for stream, task in list(self._busy.items()):
            if task.done():
                del self._busy[stream]
                task.result()

    async def _empty(self, queue: Queue) -> None:
        """Posts what waits in a queue, in order, until something is refused or nothing is left."""
        left: Queue | None = queue
        while left is not None:
            rows, upto = await asyncio.to_thread(self._progress.entries, left)
            if not rows:
                left = None if upto is None else await asyncio.to_thread(self._progress.emptied, left, upto)
                continue
            for row in rows:
                if self._is_stopping or self._is_paused(self._clock()):
                    return
                left = await self._posted(left, row, upto if row is rows[-1] else None)
                if left is None:
                    return

    async def _posted(self, queue: Queue, row: Row, upto: int | None) -> Queue | None:
        """Posts one entry; what waits then, None if nothing is to be posted now."""
        outcome = await self._outcome(row)
        if outcome.is_taken:
            self._tell(Attempt(self._progress.id, queue.stream, row[0], "taken"))
            left = await asyncio.to_thread(self._progress.took, queue, row[0], upto)
            await self._recovered()
            return left
        await self._refused(queue, row, outcome)
        return None

    async def _outcome(self, row: Row) -> Outcome:
        try:
            message = entry_message(self._source, row)
        except Unreadable:
            return Outcome(None, "entry")
        id = dict(message.headers)["ce_id"].decode()
        return await self._poster.post(id, structured(message), self._clock())

    async def _recovered(self) -> None:
        failures, self._failures = self._failures, 0
        if failures >= _OUTAGE_FAILURES:
            await asyncio.to_thread(self._progress.hurry, self._clock())

    async def _refused(self, queue: Queue, row: Row, outcome: Outcome) -> None:
        now = self._clock()
        self._failures += 1
        if outcome.retry_after_seconds:
            # What a receiver says of coming again is about itself, not about a ticket.
            self._paused_until = now + timedelta(seconds=outcome.retry_after_seconds)
        if outcome.status == GONE:
            self.stop()
        failed = await asyncio.to_thread(self._progress.refused, queue, row[0], outcome, now)
        came_to: Literal["dead", "refused"] = "dead" if failed.state == "dead" else "refused"
        self._tell(Attempt(self._progress.id, queue.stream, row[0], came_to, failed.attempts, failed.problem, failed.due_at))

    def _is_paused(self, now: datetime) -> bool:
        return self._paused_until is not None and now < self._paused_until


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
