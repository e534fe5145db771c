"""What a route is, said once: its path, who may call it, what it may be asked, and every answer it may give.

From this the route is made, its parameters are read, and the OpenAPI document is written.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from adapters.access.tokens import Role
from adapters.http.asking import Parameter
from adapters.http.callers import EVERYBODY, admits

JSON, LINES, PROBLEM = "application/json", "application/x-ndjson", "application/problem+json"
PLAIN = "is_never_compressed"
"""The `opt` of a route whose answer must not wait for a compressor to have enough: a stream."""
BINARY = bytes
"""The type of an answer that is a file."""
_OF_ALL = (400, 429, 500, 503)
_OF_CALLERS = (401, 403)


class Answer(NamedTuple):
    """An answer: its media type, the type of its content (as msgspec knows it), what it is, and an example."""

    media_type: str
    content: Any
    described: str
    example: Any = None
    status: int = 200


class Sent(NamedTuple):
    """What is sent to a route: its media type, its schema, and an example."""

    media_type: str
    schema: Any
    example: Any


class Told(NamedTuple):
    """All of one route."""

    method: str
    path: str
    id: str
    tag: str
    summary: str
    roles: frozenset[Role] | None
    parameters: tuple[Parameter, ...]
    answers: tuple[Answer, ...]
    problems: tuple[int, ...]
    sent: Sent | None
    headers: Mapping[str, str]
    """The headers that may be sent, each with what it is for."""


def asks(
    path: str,
    id: str,
    summary: str,
    *answers: Answer,
    roles: tuple[Role, ...] | None,
    tag: str,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[int, ...] = (),
    headers: Mapping[str, str] | None = None,
    is_plain: bool = False,
) -> Callable[[Any], HTTPRouteHandler]:
    """A route that is asked something (GET). The function runs in a thread of its own unless it is a coroutine. `roles` None:
    everybody; `problems` are those that only this route has; `is_plain`: the answer is never compressed."""
    told = Told(
        "get", path, id, tag, summary, _roles(roles), parameters, answers, _problems(roles, problems), None, headers or {}
    )
    return lambda function: get(path, opt=_opt(roles, told, is_plain), operation_id=id, sync_to_thread=_blocks(function))(
        function
    )


def takes(
    path: str,
    id: str,
    summary: str,
    *answers: Answer,
    sent: Sent,
    roles: tuple[Role, ...],
    tag: str,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[int, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> Callable[[Any], HTTPRouteHandler]:
    """A route that something is sent to (POST); otherwise as `asks`."""
    problems = _problems(roles, (413, 415, *problems))
    told = Told("post", path, id, tag, summary, _roles(roles), parameters, answers, problems, sent, headers or {})
    return lambda function: post(path, opt=_opt(roles, told, False), operation_id=id, status_code=answers[0].status,
                                 sync_to_thread=_blocks(function))(function)  # fmt: skip


def does(
    path: str,
    id: str,
    summary: str,
    *answers: Answer,
    roles: tuple[Role, ...],
    tag: str,
    parameters: tuple[Parameter, ...] = (),
    problems: tuple[int, ...] = (),
) -> Callable[[Any], HTTPRouteHandler]:
    """A route that changes something (POST), told all of it in its parameters; otherwise as `asks`."""
    problems = _problems(roles, (413, *problems))
    told = Told("post", path, id, tag, summary, _roles(roles), parameters, answers, problems, None, {})
    return lambda function: post(path, opt=_opt(roles, told, False), operation_id=id, status_code=answers[0].status,
                                 sync_to_thread=_blocks(function))(function)  # fmt: skip


def told_of(handler: Any) -> Told | None:
    """What was said of a route; None of one that is not told, such as the page's."""
    found: Told | None = handler.opt.get("told")
    return found


def _roles(roles: tuple[Role, ...] | None) -> frozenset[Role] | None:
    return None if roles is None else frozenset({*roles, "admin"})


def _opt(roles: tuple[Role, ...] | None, told: Told, is_plain: bool) -> dict[str, Any]:
    return (EVERYBODY if roles is None else admits(*roles)) | {"told": told} | ({PLAIN: True} if is_plain else {})


def _problems(roles: tuple[Role, ...] | None, more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted({*_OF_ALL, *more, *(() if roles is None else _OF_CALLERS)}))


def _blocks(function: Any) -> bool | None:
    from inspect import iscoroutinefunction

    return None if iscoroutinefunction(function) else True
