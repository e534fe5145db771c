"""The live stream: what is recorded, given to all who read it as it comes.

One thread waits for news of the ledger and prepares each entry once, for everybody. The last of them are held, up to a number
and a size; a reader who is farther behind reads from the ledger, page by page, until he has caught up. So nothing waits for a
slow reader, and of what he has not read nothing is kept for him.
"""

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from functools import partial
from threading import Event, Thread
from typing import NamedTuple

import msgspec
import structlog
from anyio import to_thread

from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.personal.unsealing import Unsealed
from domain.events import Entry, PersonForgotten, PolicyContracted, TicketOpened
from domain.exchange import entry_as_json
from domain.refusal import said

PAGE_ENTRIES = 200
_HELD_ENTRIES, _HELD_BYTES = 5_000, 16 * 1024 * 1024
_WAIT_SECONDS, _AGAIN_SECONDS = 0.5, 1.0
_STREAMS_REMEMBERED = 100_000
_log = structlog.get_logger("bitacora.http")


class News(NamedTuple):
    """An entry as it is sent: its event of the stream (text/event-stream), and what it may be chosen by."""

    position: int
    stream: str
    type: str
    client: str | None
    sent: bytes


class Wanted(NamedTuple):
    """Which entries a reader wants; None for all."""

    types: frozenset[str] | None = None
    client: str | None = None
    stream: str | None = None

    def takes(self, news: News) -> bool:
        """Whether an entry is wanted."""
        return (
            (self.types is None or news.type in self.types)
            and (self.client is None or news.client == self.client)
            and (self.stream is None or news.stream == self.stream)
        )


class Following:
    """Follows one ledger for all who read its live stream. `begin` in the event loop that they are in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ending = Event()
        self._thread: Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._came = asyncio.Event()
        self._held: deque[News] = deque()
        self._held_bytes = 0
        self._owners: OrderedDict[str, str | None] = OrderedDict()
        self.head = 0
        """The last position known of."""
        self.is_over = False
        self.readers = 0

    def begin(self) -> None:
        """Begins to follow, from the last entry there is."""
        self.head = self._ledger.head()
        self._loop = asyncio.get_running_loop()
        self._thread = Thread(target=self._follow, name="bitacora-following", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Tells every reader that it is over. May be called from anywhere, and again."""
        self._ending.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._tell_end)

    def join(self) -> None:
        """Waits until the thread has ended."""
        if self._thread is not None:
            self._thread.join()

    # For readers, in the event loop ----------------------------------------------------------------------------------

    async def next(self, after: int, wanted: Wanted) -> tuple[Sequence[News], int]:
        """Some of the wanted entries after a position, in order, and the position up to which nothing else is wanted. Both may
        be as they were: then `wait` for more."""
        first = self._held[0].position if self._held else self.head + 1
        if after + 1 >= first:
            found: list[News] = []
            for index in range(after + 1 - first, len(self._held)):
                it = self._held[index]
                if wanted.takes(it):
                    found.append(it)
                    if len(found) == PAGE_ENTRIES:
                        return found, it.position
            return found, max(after, self.head)
        return await to_thread.run_sync(partial(self._read, after, wanted, self.head))

    async def wait(self, after: int, seconds: float) -> None:
        """Until there is something after that position, or it is over, or so much time has passed."""
        if self.head > after or self.is_over:
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._came.wait(), seconds)

    def _tell_end(self) -> None:
        self.is_over = True
        self._came.set()

    def _take(self, news: Sequence[News], head: int) -> None:
        """News from the thread, up to `head`; none if nobody was there to read it, and then nothing is held."""
        for it in news:
            self._held.append(it)
            self._held_bytes += len(it.sent)
        self.head = head
        if not news or any(it.type == PersonForgotten.__name__ for it in news):
            # What was prepared before may show whom nobody may be shown any more.
            self._held.clear()
            self._held_bytes = 0
        while len(self._held) > _HELD_ENTRIES or self._held_bytes > _HELD_BYTES:
            self._held_bytes -= len(self._held.popleft().sent)
        came, self._came = self._came, asyncio.Event()
        came.set()
        if self.is_over:
            self._came.set()

    # In threads ------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        seen = self.head
        while not self._ending.is_set():
            try:
                head = self._ledger.wait_for_news(seen, _WAIT_SECONDS)
                if head <= seen or self._loop is None:
                    continue
                if not self.readers:
                    # Nothing is prepared for nobody.
                    seen = head
                    self._loop.call_soon_threadsafe(self._take, (), seen)
                    continue
                for page in self._pages(seen):
                    news = self._prepared(page)
                    seen = page[-1].position
                    if self._ending.is_set():
                        return
                    self._loop.call_soon_threadsafe(self._take, news, seen)
            except (LedgerError, OSError) as error:
                _log.error("following failed, and will be tried again", problem=str(error))
                self._ending.wait(_AGAIN_SECONDS)
            except RuntimeError:
                # The loop is closed: nobody reads any more.
                return

    def _pages(self, after: int) -> Iterable[list[Entry]]:
        with self._ledger.reading(said("reading entries")) as rows:
            page = rows.page(after, rows.head(), PAGE_ENTRIES)
        if page:
            yield page

    def _read(self, after: int, wanted: Wanted, head: int) -> tuple[Sequence[News], int]:
        with self._ledger.reading(said("reading entries")) as rows:
            if wanted.stream is not None:
                page = [it for it in rows.stream(wanted.stream) if after < it.position <= head][:PAGE_ENTRIES]
            elif wanted.client is not None:
                page = rows.page_of(wanted.client, after, head, PAGE_ENTRIES)
            else:
                page = rows.page(after, head, PAGE_ENTRIES)
        found = [it for it in self._prepared(page) if wanted.takes(it)]
        return found, page[-1].position if len(page) == PAGE_ENTRIES else head

    def _prepared(self, page: Sequence[Entry]) -> list[News]:
        unsealed = self._ledger.unsealed()
        return [self._news(it, unsealed) for it in page]

    def _news(self, entry: Entry, unsealed: Unsealed) -> News:
        data = msgspec.json.encode(entry_as_json(unsealed.entry(entry)))
        sent = b"id: %d\nevent: entry\ndata: %b\n\n" % (entry.position, data)
        return News(entry.position, entry.stream, type(entry.event).__name__, self._owner(entry), sent)

    def _owner(self, entry: Entry) -> str | None:
        """The client whose the stream of an entry is; None of what is everybody's."""
        kind, _, name = entry.stream.partition(":")
        if kind == "client":
            return name
        if kind not in ("ticket", "policy"):
            return None
        owner = self._owners.get(entry.stream)
        if owner is None:
            first = entry.event if entry.version == 1 else self._first(entry.stream)
            owner = first.client if isinstance(first, TicketOpened | PolicyContracted) else None
            self._owners[entry.stream] = owner
            if len(self._owners) > _STREAMS_REMEMBERED:
                self._owners.popitem(last=False)
        return owner

    def _first(self, stream: str) -> object:
        return next((it.event for it in self._ledger.stream(stream)), None)
