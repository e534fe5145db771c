"""How an answer is sent: written first, so that what fails is told as a problem and not in the middle; then sent from
memory or, when it is long, from a temporary file. Memory does not grow with the ledger, and a slow reader keeps no thread busy.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO

from anyio import to_thread
from litestar import Request, Response
from litestar.response import Stream

from adapters.http.callers import Caller
from adapters.http.negotiating import prefers
from adapters.http.problems import Unsuited
from adapters.http.telling import JSON, LINES
from adapters.language import spoken
from adapters.ledger import Ledger
from adapters.reports.written import json_lines, json_list
from domain.refusal import said

_IN_MEMORY_BYTES = 1024 * 1024
_CHUNK_BYTES = 256 * 1024
_FORM = 1
"""Of the answers: one more when the same question is answered in other words, so that no tag outlives it."""
_KEPT = {"Cache-Control": "private, no-cache"}
"""Whoever asked may keep it, and asks each time whether it still holds."""

Headers = Mapping[str, str]


def written(write: Callable[[BinaryIO], object], media_type: str, headers: Headers | None = None) -> Response[Any]:
    """What `write` writes."""
    file = SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 (closed once it is sent)
    try:
        write(file)  # type: ignore[arg-type]
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    if size <= _IN_MEMORY_BYTES:
        with file:
            return Response(file.read(), media_type=media_type, headers=dict(headers or {}))
    return Stream(_sent(file), media_type=media_type, headers=dict(headers or {}))


async def _sent(file: Any) -> AsyncIterator[bytes]:
    with file:
        while chunk := await to_thread.run_sync(file.read, _CHUNK_BYTES):
            yield chunk


def rows(request: Request[Any, Any, Any], found: Iterable[Mapping[str, Any]], headers: Headers | None = None) -> Response[Any]:
    """Rows as a JSON list, or as lines for whoever asks for them (`Accept: application/x-ndjson`)."""
    if wants_lines(request):
        return written(lambda file: json_lines(found, file), LINES, headers)
    return written(lambda file: json_list(found, file), JSON, headers)


def wants_lines(request: Request[Any, Any, Any]) -> bool:
    """Whether JSON lines are asked for."""
    return prefers(LINES, JSON, request.headers.getall("accept", []))


def attached(content: bytes, media_type: str, name: str, headers: Headers | None = None) -> Response[bytes]:
    """A file to keep, under a name of plain characters."""
    return Response(content, media_type=media_type, headers=named(name) | dict(headers or {}))


def named(name: str) -> dict[str, str]:
    """The header that gives a file its name, in plain characters."""
    plain = "".join(it if it.isascii() and (it.isalnum() or it in "-._") else "_" for it in name)
    return {"Content-Disposition": f'attachment; filename="{plain}"'}


def expect(request: Request[Any, Any, Any], media_type: str) -> None:
    """Unsuited unless what is sent is said to be of this kind, and as it is, not compressed."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in ("", "identity"):
        raise Unsuited(said("what is sent is taken as it is, not compressed (Content-Encoding: {coding})"), coding=coding[:64])
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent != media_type:
        raise Unsuited(said("{expected} is taken here, not {sent}"), expected=media_type, sent=sent[:64] or "-")


class Unchanged(Exception):
    """Whoever asks holds this answer already, under `tag`."""

    def __init__(self, tag: str) -> None:
        super().__init__(tag)
        self.tag = tag


def tagged(
    request: Request[Any, Any, Any], ledger: Ledger, caller: Caller, known: int | None, *, is_fixed: bool
) -> dict[str, str]:
    """The headers of an answer that holds as long as the position does: `known`, or that of the last entry. None for one that
    changes by itself (not `is_fixed`), nor for a client, to whom the tag would tell that others' entries came. Unchanged if it
    is held already."""
    if not is_fixed or caller.client is not None:
        return {}
    asked = sorted((name, value) for name, values in request.query_params.dict().items() for value in values)
    position = ledger.head() if known is None else known
    # Whom the ledger has forgotten is shown no more, even as of a position before that.
    basis = [_FORM, request.url.path, asked, position, len(ledger.forgotten()), spoken(), wants_lines(request)]
    # Weak, since the same answer is sent compressed in several ways.
    tag = f'W/"{hashlib.sha256(repr(basis).encode()).hexdigest()[:32]}"'
    if tag in _tags(request.headers.getall("if-none-match", [])):
        raise Unchanged(tag)
    return {"ETag": tag, **_KEPT, "Vary": "Accept, Accept-Language, Authorization, Cookie"}


def _tags(headers: Iterable[str]) -> Iterator[str]:
    # Whether it is given back as a weak one or a strong one, for asking again that is the same.
    return (f"W/{it.strip().removeprefix('W/')}" for it in ",".join(headers).split(","))


def unchanged(_: Request[Any, Any, Any], error: Unchanged) -> Response[None]:
    """The answer to whoever holds it already."""
    return Response(None, status_code=304, headers={"ETag": error.tag, **_KEPT})
