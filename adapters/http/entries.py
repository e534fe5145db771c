"""The entries over HTTP: in pages, as lines, and one by one. Pages go on by position, so that nothing is missed or told twice
while others record."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import msgspec
from anyio import to_thread
from litestar import Request, Response
from litestar.response import Stream

from adapters.access.tokens import Role
from adapters.http.answering import tagged, wants_lines
from adapters.http.asking import (
    AFTER,
    AT,
    CLIENT,
    KNOWN_AT,
    LIMIT,
    POSITION,
    SINCE,
    STREAM,
    TICKET,
    TYPE,
    UNTIL,
    USUAL_AT_ONCE,
    Asked,
    flag,
)
from adapters.http.callers import Caller
from adapters.http.problems import Misused
from adapters.http.schemas import Page, RecordedEntry
from adapters.http.seeing import Seen
from adapters.http.telling import JSON, LINES, Answer, asks
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound
from domain.events import Entry
from domain.exchange import entry_as_json
from domain.refusal import said

_READ_AT_ONCE = 500
_EXAMPLE = {"type": "Resolved", "at": "2026-03-03T16:00:00Z", "ticket": "T-1001", "position": 9, "stream": "ticket:T-1001",
            "version": 4, "recorded_at": "2026-03-03T16:02:11.5Z", "id": "00000000-0009-8c1f-a3d2-5b1c8e7f9a10",
            "recorded_by": "mail-gateway"}  # fmt: skip
_SEALED = flag("sealed", "Personal texts as they are stored, for keeping where no keys are; false by default.")
_READERS: tuple[Role, ...] = ("reader", "auditor", "integrator", "client")


@asks(
    "/v1/entries",
    "listEntries",
    "Entries in the order recorded: a page of them, which `next` and the header `Link` go on from, or, asked for as "
    "lines, all of "
    "them up to `limit`.",
    Answer(JSON, Page, "A page.", {"entries": [_EXAMPLE], "next": None}),
    Answer(LINES, RecordedEntry, "One entry a line.", _EXAMPLE),
    roles=_READERS,
    tag="entries",
    parameters=(AFTER, LIMIT, STREAM, TICKET, CLIENT, TYPE, SINCE, UNTIL, AT, KNOWN_AT, _SEALED),
    problems=(304, 404),
)  # fmt: skip
async def list_entries(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers a page, or sends lines a page at a time."""
    if wants_lines(request):
        pages = await to_thread.run_sync(_Pages, Seen(ledger, caller), asked)
        return Stream(_lines(pages), media_type=LINES)
    return await to_thread.run_sync(_page, request, asked, caller, ledger)


@asks(
    "/v1/entry",
    "getEntry",
    "The entry at a position.",
    Answer(JSON, RecordedEntry, "The entry.", _EXAMPLE),
    roles=_READERS,
    tag="entries",
    parameters=(POSITION,),
    problems=(304, 404),
)
def get_entry(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers one entry."""
    entry, position = ledger.entry(asked["position"]), asked["position"]
    if entry is None or not Seen(ledger, caller).sees(entry.stream):
        raise NotFound("entry", str(position))
    # Whatever is recorded later, it stays what it is.
    headers = tagged(request, ledger, caller, position, is_fixed=True)
    return Response(entry_as_json(ledger.unsealed().entry(entry)), media_type=JSON, headers=headers)


def _page(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    seen = Seen(ledger, caller)
    known = seen.known(asked["known_at"])
    headers = tagged(request, ledger, caller, known, is_fixed=True)
    limit = asked["limit"] or USUAL_AT_ONCE
    found: list[dict[str, Any]] = []
    pages, following = _Pages(seen, asked), None
    for entry in pages.entries():
        if len(found) == limit:
            following = found[-1]["position"]
            headers["Link"] = f'<{_going_on(request, following)}>; rel="next"'
            break
        found.append(entry)
    return Response({"entries": found, "next": following}, media_type=JSON, headers=headers)


def _going_on(request: Request[Any, Any, Any], after: int) -> str:
    values = [(name, it) for name, several in request.query_params.dict().items() for it in several if name != "after"]
    return f"{request.url.path}?{urlencode([*values, ('after', after)])}"


def _as_stored(entry: Entry) -> Entry:
    return entry


async def _lines(pages: "_Pages") -> AsyncIterator[bytes]:
    while chunk := await to_thread.run_sync(pages.chunk):
        yield chunk


class _Pages:
    """The entries asked for, read a page at a time."""

    def __init__(self, seen: Seen, asked: Asked) -> None:
        """NotFound, or Misused, for what cannot be listed."""
        self._seen, self._asked, ledger = seen, asked, seen.ledger
        if sum(asked[name] is not None for name in ("stream", "ticket", "client")) > 1:
            raise Misused(said("only one of stream, ticket and client can be given"), field="stream")
        if asked["from"] is not None and asked["to"] is not None and asked["to"] <= asked["from"]:
            raise Misused(said("to must lie after from"), field="to")
        client = seen.check(asked)
        stream = asked["stream"] or (f"ticket:{asked['ticket']}" if asked["ticket"] is not None else None)
        for name, it in (
            ("ticket" if asked["ticket"] else "stream", stream),
            ("client", asked["client"] and f"client:{client}"),
        ):
            if it is not None and not ledger.stream(it):
                raise NotFound(name, it.partition(":")[2] if name != "stream" else it)
        head, known = ledger.head(), seen.known(asked["known_at"])
        self._upto = head if known is None else min(known, head)
        self._read = self._reading(stream, client)
        self._left = asked["limit"]
        self._place: int | None = asked["after"] or 0
        self._told: Callable[[Entry], Entry] = _as_stored if asked["sealed"] else ledger.unsealed().entry

    def entries(self) -> Iterator[dict[str, Any]]:
        """All of them, ready for JSON."""
        while self._place is not None:
            yield from self._some()

    def chunk(self) -> bytes:
        """The next lines; empty when there are no more."""
        while self._place is not None and self._left != 0:
            if some := list(self._some())[: self._left]:
                if self._left is not None:
                    self._left -= len(some)
                return b"".join(msgspec.json.encode(it) + b"\n" for it in some)
        return b""

    def _some(self) -> Iterator[dict[str, Any]]:
        assert self._place is not None, "there is more to read"
        page = self._read(self._place)
        self._place = page[-1].position if len(page) == _READ_AT_ONCE else None
        for entry in page:
            if self._passes(entry):
                yield entry_as_json(self._told(entry))

    def _reading(self, stream: str | None, client: str | None) -> Callable[[int], list[Entry]]:
        if stream is not None:
            return partial(self._of_stream, stream)

        def read(after: int) -> list[Entry]:
            with self._seen.ledger.reading(said("reading entries")) as rows:
                if client is not None:
                    return rows.page_of(client, after, self._upto, _READ_AT_ONCE)
                return rows.page(after, self._upto, _READ_AT_ONCE)

        return read

    def _of_stream(self, stream: str, after: int) -> list[Entry]:
        return [it for it in self._seen.ledger.stream(stream) if after < it.position <= self._upto][:_READ_AT_ONCE]

    def _passes(self, entry: Entry) -> bool:
        asked, happened = self._asked, entry.event.at
        named = not asked["type"] or type(entry.event).__name__ in asked["type"]
        by_then = (asked["at"] is None or happened <= asked["at"]) and (asked["to"] is None or happened < asked["to"])
        return named and by_then and (asked["from"] is None or asked["from"] <= happened)
