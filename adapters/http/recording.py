"""Recording over HTTP: one entry, or many as lines. Answered once they are committed, with where they stand and what proves it.

The key that makes it safe to send something twice stands in the entry, or in the header `Idempotency-Key`. Who records is the
name of the token, never what is sent.
"""

from collections.abc import Sequence
from functools import partial
from io import BytesIO
from typing import Any, NamedTuple

import msgspec
from anyio import to_thread
from litestar import Request, Response
from msgspec import UNSET, structs

from adapters.files.lines import lines_of
from adapters.http.answering import expect
from adapters.http.asking import Asked, flag
from adapters.http.callers import Caller
from adapters.http.problems import MEDIA_TYPE, Misused, Problem, refused_problem
from adapters.http.schemas import LineAnswer, Recorded
from adapters.http.telling import JSON, LINES, Answer, Sent, takes
from adapters.ledger import Answer as Told
from adapters.ledger import Ledger, Refusal, Taken
from adapters.proofs.proved_entries import proved_now
from domain.events import AnyEvent
from domain.refusal import Refused, said
from domain.shape import read_entry

KEY_HEADER = "Idempotency-Key"
_MOST_KEY_LENGTH = 100
"""A line's key is made of it by adding the number of the line: the whole is no longer than a key may be."""
_BATCH_LINES = 2_000
_PROOF = flag("proof", "Whether to prove that it stands in the tree: so by default for one entry, not for lines.")
_ENTRY = {"type": "TicketOpened", "at": "2026-03-02T09:15:00-06:00", "by": "ana@acme.mx", "key": "mail-8841", "ticket":
"T-1001",
          "client": "acme", "requester": "ana@acme.mx", "channel": "portal", "priority": "high", "kind": "incident",
          "subject": "Invoices are not stamped"}  # fmt: skip
_HEADERS = {KEY_HEADER: "A key for what has none of its own: sent again, it is recorded once and answered the same. Up to 100 "
                        "printable characters; line N of many is recorded under the key with :N added."}  # fmt: skip
_RECORDED = Recorded(421, [421], True, None)


@takes(
    "/v1/entries",
    "recordEntry",
    "Record one entry. What cannot be right is refused, with the field or the clause, and what would be accepted.",
    Answer(JSON, Recorded, "It is recorded.", _RECORDED, 201),
    Answer(JSON, Recorded, "It was recorded before, with the same key and content.", structs.replace(_RECORDED, is_new=False)),
    sent=Sent(JSON, "Entry", _ENTRY),
    roles=("recorder",),
    tag="entries",
    parameters=(_PROOF,),
    problems=(409, 422),
    headers=_HEADERS,
)
async def record_entry(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Records the body of a request."""
    expect(request, JSON)
    body, key = await request.body(), _key(request)
    return await to_thread.run_sync(partial(_record_one, ledger, body, key, caller.name, is_proved=asked["proof"] is not False))


@takes(
    "/v1/entries/lines",
    "recordLines",
    "Record many entries, one JSON object a line. Each line is recorded or refused by itself, in order; the answer has a "
    "line for "
    "each of them. Sent again with keys, nothing is recorded twice.",
    Answer(LINES, LineAnswer, "What became of each line.", LineAnswer(1, 421, [421], True)),
    sent=Sent(LINES, "Entry", _ENTRY),
    roles=("recorder",),
    tag="entries",
    parameters=(_PROOF,),
    headers=_HEADERS,
)  # fmt: skip
async def record_lines(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Records every line of a request."""
    expect(request, LINES)
    body, key = await request.body(), _key(request)
    return await to_thread.run_sync(partial(_record_many, ledger, body, key, caller.name, is_proved=asked["proof"] is True))


def _key(request: Request[Any, Any, Any]) -> str | None:
    """The key in the header, with the quotes of a structured field or without."""
    given = request.headers.getall(KEY_HEADER, [])
    if not given:
        return None
    if len(given) > 1:
        raise Misused(said("the header {name} is given more than once"), field=KEY_HEADER, name=KEY_HEADER)
    text = given[0]
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if not text or len(text) > _MOST_KEY_LENGTH or not text.isascii() or not text.isprintable() or " " in text:
        template = said("the key is up to {most} printable characters of ASCII without white space")
        raise Misused(template, field=KEY_HEADER, most=_MOST_KEY_LENGTH)
    return text


def _record_one(ledger: Ledger, body: bytes, key: str | None, name: str, *, is_proved: bool) -> Response[Any]:
    proposed = _read(body, key)
    if isinstance(proposed, Refused) and proposed.key is None:
        return _refused(refused_problem(proposed))
    (told,) = ledger.record([proposed], name)
    if isinstance(told, Refusal):
        return _refused(refused_problem(told.refused, told.position))
    positions = list(told.positions) if isinstance(told, Taken) else [told.position]
    proof = proved_now(ledger, [told.position])[0] if is_proved else None
    recorded = Recorded(told.position, positions, isinstance(told, Taken), proof)
    return Response(recorded, status_code=201 if recorded.is_new else 200, media_type=JSON)


def _refused(problem: Problem) -> Response[Any]:
    status = 409 if problem.code == "key" else 422
    return Response(structs.replace(problem, status=status), status_code=status, media_type=MEDIA_TYPE)


class _Line(NamedTuple):
    number: int
    proposed: AnyEvent | Refused


def _record_many(ledger: Ledger, body: bytes, key: str | None, name: str, *, is_proved: bool) -> Response[Any]:
    lines = [_Line(it.number, _read(it.content, f"{key}:{it.number}" if key else None)) for it in lines_of(BytesIO(body))]
    answers: list[LineAnswer] = []
    for first in range(0, len(lines), _BATCH_LINES):
        some = lines[first : first + _BATCH_LINES]
        told = ledger.record([it.proposed for it in some], name)
        answers += [_line(it.number, answer) for it, answer in zip(some, told, strict=True)]
    if is_proved:
        _prove(ledger, [it for it in answers if it.position is not None and it.problem is None])
    return Response(msgspec.json.Encoder().encode_lines(answers), media_type=LINES)


def _line(number: int, told: Told) -> LineAnswer:
    if isinstance(told, Refusal):
        return LineAnswer(number, problem=refused_problem(told.refused, told.position))
    if isinstance(told, Taken):
        return LineAnswer(number, told.position, list(told.positions), True)
    return LineAnswer(number, told.position, [told.position], False)


def _prove(ledger: Ledger, answers: Sequence[LineAnswer]) -> None:
    proofs = proved_now(ledger, [it.position for it in answers if it.position is not None])
    for answer, proof in zip(answers, proofs, strict=True):
        answer.proof = proof


def _read(content: bytes, key: str | None) -> AnyEvent | Refused:
    """The event of a line, under the key of the header if it has none of its own; or why it is none."""
    try:
        event = read_entry(content)
    except Refused as refused:
        return refused
    return structs.replace(event, key=key) if key is not None and event.key is UNSET else event
