"""`bitacora webhooks deliver`: one sender at work for a ledger, others standing by; woken by entries, tried again after errors.

Whoever holds the lock sends; it is let go when the process ends, however it ends, and whoever waits takes over. How one
subscription is fed is in `feeding`.
"""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime
from threading import Event
from typing import Literal

from adapters.access.places import Access, access_of
from adapters.access.tokens import Role, Tokens
from adapters.contract.cloud_events import source_of
from adapters.failures import Failures
from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerError
from adapters.webhooks.feeding import AT_ONCE, LOOK_SECONDS, Feeding, Tell
from adapters.webhooks.places import Place, place_of
from adapters.webhooks.posting import Poster
from adapters.webhooks.progress import Patience, Progress
from adapters.webhooks.rows import WebhookRows
from adapters.webhooks.selecting import Selecting
from adapters.webhooks.signing import secret_of
from adapters.webhooks.subscriptions import Subscription

STAND_BY_SECONDS = 0.5
OWNERS: frozenset[Role] = frozenset({"integrator", "admin"})
"""Tokens of these roles own subscriptions."""
_NEWS_SECONDS = 0.2

Happening = Literal["standing_by", "delivering", "failed"]


def _quietly(*_: object) -> None:
    pass


class Sending:
    """The sender as a service, until it is asked to stop."""

    def __init__(
        self,
        url: str,
        happens: Callable[[Happening, Exception | None], None],
        *,
        opened: Callable[[], Ledger] | None = None,
        clock: Callable[[], datetime] = utc_now,
        patience: Patience | None = None,
        tell: Tell = _quietly,
    ) -> None:
        """`url` is the ledger's, `opened` opens it; `clock` gives aware times; `happens` is told what the sender does, and what
        failed; `tell` what became of every attempt."""
        self._url = url
        self._happens = happens
        self._opened = opened or (lambda: Ledger.open(url))
        self._clock = clock
        self._patience = patience or Patience()
        self._tell = tell
        self._stop = Event()
        self._failures = Failures()

    def stop(self) -> None:
        """Ends it after the attempts under way; may be called from a signal handler, or another thread."""
        self._stop.set()

    def run(self) -> None:
        """Sends until stopped. What fails of the store is told and tried again, after longer and longer waits."""
        while not self._stop.is_set():
            try:
                self._serve(once=False)
            except (LedgerError, OSError) as error:
                self._happens("failed", error)
                self._stop.wait(self._failures.seconds())

    def once(self) -> bool:
        """Sends what there is to send now; False if another process is the sender. LedgerError if that fails."""
        return self._serve(once=True)

    def _serve(self, *, once: bool) -> bool:
        with ExitStack() as stack:
            ledger = stack.enter_context(self._opened())
            place, access = place_of(self._url), access_of(self._url)
            stack.enter_context(closing(place))
            stack.enter_context(closing(access))
            if not self._locked(place, once):
                return False
            self._happens("delivering", None)
            feeds = _Feeds(ledger, place, access, self._clock, self._patience, self._tell)
            if once:
                asyncio.run(feeds.once())
            else:
                asyncio.run(feeds.run(self._stop, self._worked))
        return True

    def _locked(self, place: Place, once: bool) -> bool:
        if place.may_send():
            return True
        self._happens("standing_by", None)
        if once:
            return False
        while not place.may_send():
            if self._stop.wait(STAND_BY_SECONDS):
                return False
        return True

    def _worked(self) -> None:
        self._failures.forget()


class _Feeds:
    """All the subscriptions of a ledger, each fed by a task of its own."""

    def __init__(
        self, ledger: Ledger, place: Place, access: Access, clock: Callable[[], datetime], patience: Patience, tell: Tell
    ) -> None:
        self._ledger = ledger
        self._place = place
        self._tokens = Tokens(access)
        self._clock = clock
        self._patience = patience
        self._tell = tell
        self._selecting = Selecting(ledger)
        self._source = source_of(ledger)
        self._running: dict[str, tuple[Feeding, asyncio.Task[None]]] = {}

    async def once(self) -> None:
        """Feeds everybody what there is now."""
        for it in await asyncio.to_thread(self._fed):
            self._begin(it, once=True)
        await self._end(stop=False)

    async def run(self, stop: Event, worked: Callable[[], None]) -> None:
        """Feeds everybody until `stop` is set; `worked` is told whenever all is well."""
        news = asyncio.create_task(self._wake_at_news())
        try:
            while not stop.is_set():
                await self._look()
                worked()
                await self._rest(stop)
        finally:
            news.cancel()
            await self._end(stop=True)

    async def _look(self) -> None:
        """Begins and ends feeding as subscriptions come and go. LedgerError, also when the lock was lost."""
        await asyncio.to_thread(self._place.may_send)
        fed = {it.id: it for it in await asyncio.to_thread(self._fed)}
        for id, (feeding, task) in list(self._running.items()):
            if task.done():
                del self._running[id]
                task.result()
            elif id not in fed:
                feeding.stop()
        for id in fed.keys() - self._running.keys():
            self._begin(fed[id], once=False)

    def _fed(self) -> list[Subscription]:
        """Those that entries go to: their receiver is not gone, and a token of their owner's is good."""
        if not self._place.exists():
            return []
        with self._place.reading() as session:
            active = [it for it in WebhookRows(session).subscriptions() if it.state == "active"]
        now = self._clock()
        owners = {it.name for it in self._tokens.all() if it.role in OWNERS and it.holds(now)}
        return [it for it in active if it.owner is None or it.owner in owners]

    def _begin(self, it: Subscription, *, once: bool) -> None:
        progress = Progress(it.id, self._ledger, self._place, self._selecting, self._patience)
        poster = Poster(it.url, secret_of(self._ledger, it.salt), is_private=it.is_private,
                        request_seconds=self._patience.request_seconds, at_once=AT_ONCE)  # fmt: skip
        feeding = Feeding(progress, poster, self._source, self._clock, self._tell)

        async def fed() -> None:
            async with poster:
                await feeding.run(once=once)

        self._running[it.id] = feeding, asyncio.create_task(fed())

    async def _end(self, *, stop: bool) -> None:
        """Waits until nothing is fed any more. LedgerError if that failed."""
        for feeding, _ in self._running.values():
            if stop:
                feeding.stop()
        ended = await asyncio.gather(*(task for _, task in self._running.values()), return_exceptions=True)
        self._running.clear()
        for it in ended:
            if isinstance(it, BaseException):
                raise it

    async def _wake_at_news(self) -> None:
        """Wakes everybody when something is recorded."""
        head = 0
        while True:
            try:
                found = await asyncio.to_thread(self._ledger.wait_for_news, head, _NEWS_SECONDS)
            except LedgerError:
                # Whoever reads entries hears of it too, and says so.
                await asyncio.sleep(LOOK_SECONDS)
                continue
            if found > head:
                head = found
                for feeding, _ in self._running.values():
                    feeding.wake()

    async def _rest(self, stop: Event) -> None:
        deadline = asyncio.get_running_loop().time() + LOOK_SECONDS
        while not stop.is_set() and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_NEWS_SECONDS)
