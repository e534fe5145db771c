"""`GET /v1/entries/stream`: the entries as Server-Sent Events, resumed where a reader stopped.

The id of an event is the position of its entry. What a reader does not want moves his place along too, so that resuming is
cheap; a caller of the role `client` is told of no position but those of its own entries.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.response import Stream

from adapters.access.tokens import Token
from adapters.http.asking import AFTER, CLIENT, STREAM, TICKET, TYPE, Asked
from adapters.http.callers import Caller
from adapters.http.following import Following, Wanted
from adapters.http.problems import Busy, Misused
from adapters.http.seeing import Seen
from adapters.http.settings import ServerSettings
from adapters.http.telling import Answer, asks
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound
from domain.refusal import said

EVENTS = "text/event-stream"
_LAST_ID = "last-event-id"
_RETRY_MILLISECONDS = 1_000
_MOST_DIGITS = 15
_END = b'event: end\ndata: {"reason":"stopping"}\n\n'
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@asks(
    "/v1/entries/stream",
    "followEntries",
    "Entries as they are recorded, as Server-Sent Events. From now on, or after `Last-Event-ID`, else `after`; what was "
    "recorded "
    "meanwhile comes first. A heartbeat comes in every pause; `event: end` says that the server stops, and to come again.",
    Answer(EVENTS, str, "Events: `id` is the position, `data` the entry.",
           'id: 421\nevent: entry\ndata: {"type":"TicketOpened","position":421}\n\n'),
    roles=("reader", "auditor", "integrator", "client"),
    tag="entries",
    parameters=(AFTER, TYPE, CLIENT, TICKET, STREAM),
    problems=(404,),
    headers={"Last-Event-ID": "The id of the last event received; it counts instead of `after`."},
    is_plain=True,
)  # fmt: skip
async def follow_entries(
    request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger, following: Following,
    settings: ServerSettings, holding: Callable[[Caller], Awaitable[Token | None]],
) -> Stream:  # fmt: skip
    """Begins to send to one reader."""
    if following.readers >= settings.most_streams or following.is_over:
        raise Busy(said("{most} readers follow the entries already, or the server is stopping; come again"),
                   most=settings.most_streams)  # fmt: skip
    wanted, after, begins_now = await to_thread.run_sync(_begun, request, asked, Seen(ledger, caller))
    reader = Reader(following, wanted, after, settings.heartbeat_seconds, lambda: holding(caller))
    return Stream(reader.events(begins_now=begins_now, tells_places=caller.client is None), media_type=EVENTS, headers=_HEADERS)


def _begun(request: Request[Any, Any, Any], asked: Asked, seen: Seen) -> tuple[Wanted, int, bool]:
    """What a reader wants, after which position, and whether that is the last there was."""
    client, head = seen.check(asked), seen.ledger.head()
    if asked["ticket"] is not None and asked["stream"] is not None:
        raise Misused(said("only one of stream and ticket can be given"), field="stream")
    stream = asked["stream"] if asked["ticket"] is None else f"ticket:{asked['ticket']}"
    streams = {"client": asked["client"] and f"client:{asked['client']}", "ticket" if asked["ticket"] else "stream": stream}
    for name, it in streams.items():
        if it is not None and not seen.ledger.stream(it):
            raise NotFound(name, asked[name])
    wanted = Wanted(frozenset(asked["type"]) or None, client, stream)
    place = request.headers.get(_LAST_ID) or None
    after = asked["after"] if place is None else _place(place)
    if after is None:
        return wanted, seen.known(head) or 0, True
    if after > head:
        if seen.client is None:
            template = said("nothing was recorded at position {position} yet: this is another ledger, or an older copy of it")
            raise Misused(template, field=_LAST_ID if place else "after", position=after)
        after = head
    return wanted, after, False


def _place(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise Misused(said("{text} is no position"), field=_LAST_ID, text=text[:_MOST_DIGITS])
    return int(text)


class Reader:
    """One who reads the live stream. Nothing is held for him but what is being sent."""

    def __init__(
        self, following: Following, wanted: Wanted, after: int, heartbeat_seconds: int,
        holds: Callable[[], Awaitable[Token | None]],
    ) -> None:  # fmt: skip
        self._following, self._wanted, self._place = following, wanted, after
        self._heartbeat_seconds, self._holds = heartbeat_seconds, holds

    async def events(self, *, begins_now: bool, tells_places: bool) -> AsyncIterator[bytes]:
        """What is sent, until the reader goes, his token does not hold any more, or the server stops. `tells_places`: an id
        without an event tells where he is when nothing that he wants has come."""
        self._following.readers += 1
        try:
            # Where he begins, so that he can resume even if nothing has come by then.
            yield b"retry: %d\n%b\n" % (_RETRY_MILLISECONDS, b"id: %d\n" % self._place if begins_now else b"")
            told, checked = self._place, time.monotonic()
            while True:
                news, place = await self._following.next(self._place, self._wanted)
                if news:
                    yield b"".join(it.sent for it in news)
                    told = news[-1].position
                has_moved, self._place = place > self._place, place
                if self._following.is_over and not has_moved:
                    yield _END
                    return
                if time.monotonic() - checked >= self._heartbeat_seconds:
                    if await self._holds() is None:
                        return
                    checked = time.monotonic()
                    yield b"id: %d\n\n" % self._place if tells_places and told != self._place else b":\n\n"
                    told = self._place
                if not has_moved:
                    await self._following.wait(self._place, self._heartbeat_seconds)
        finally:
            self._following.readers -= 1
