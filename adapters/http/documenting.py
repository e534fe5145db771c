"""The OpenAPI document of the server, written from what is said of each route: nothing in it is said twice."""

from collections.abc import Iterable
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Router
from litestar.types import ControllerRouterHandler

from adapters.contract.schemas import describe, mark_times
from adapters.http import schemas
from adapters.http.asking import LANG, Parameter
from adapters.http.examples import EXAMPLES
from adapters.http.problems import Problem
from adapters.http.supposing import Supposition
from adapters.http.telling import BINARY, LINES, PROBLEM, Answer, Told, told_of
from adapters.http.webhooks import NewWebhook
from domain.events import EVENT_TYPES, LEDGER_ONLY, AnyEvent

_REFERENCE = "#/components/schemas/{name}"
_SENT = {"Entry": "An entry as it is proposed.", "Supposition": "What is supposed."}
_TAGS = {
    "entries": "Recording, reading and following what happened.",
    "reports": "What the entries amount to.",
    "replays": "What was known when, and what would have come out otherwise.",
    "papers": "Statements and dossiers.",
    "exports": "Logs for other tools.",
    "proofs": "That nothing was changed.",
    "terms": "What tickets are judged under.",
    "webhooks": "Entries posted to whoever asks for that.",
    "operation": "How the server is.",
}
_PROBLEM = {"type": "urn:bitacora:problem:clauses", "title": "Unprocessable Entity", "status": 422, "code": "clauses",
            "clause": "gs.1.1",
            "detail": "eva@acme.mx is not among the people that acme authorised to open tickets at that moment"}  # fmt: skip
_WORDS = {
    304: "It is held already: the ETag still holds.", 400: "It cannot be asked so.", 401: "A token is needed.",
    403: "The role of the token may not do this.", 404: "It is not there, or not for this caller.",
    409: "It cannot be done as the ledger, or the server, stands.", 413: "More is sent than is taken at once.",
    415: "What is sent is of another kind.", 422: "The entry is refused.", 429: "Too many requests.",
    500: "The server failed.", 503: "The ledger is busy, or the server is stopping: try again.",
}  # fmt: skip


def document(routes: Iterable[ControllerRouterHandler]) -> dict[str, Any]:
    """The document (OpenAPI 3.1) of the routes that are told."""
    told = [found for it in _handlers(routes) if (found := told_of(it)) is not None]
    paths: dict[str, dict[str, Any]] = {}
    made = _Schemas(told)
    for it in told:
        paths.setdefault(it.path, {})[it.method] = _operation(it, made)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "bitacora",
            "version": version("bitacora"),
            "summary": "The ship's log of a support desk.",
            "description": "Entries are recorded once and never changed; everything else is worked out from them, for any "
            "moment, "
                           "with what was known then. Problems are those of RFC 9457, in the language of Accept-Language.",
            "license": {"name": "See the repository"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": described} for name, described in _TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": made.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "Made by `bitacora token make`."}},
        },
    }  # fmt: skip


def _handlers(routes: Iterable[Any]) -> Iterable[Any]:
    for it in routes:
        if isinstance(it, Router):
            yield from _handlers(it.route_handlers)  # type: ignore[attr-defined]
        elif hasattr(it, "opt"):
            yield it


class _Schemas:
    """The schemas of everything that is answered or sent."""

    def __init__(self, told: Iterable[Told]) -> None:
        types: list[Any] = [Problem, Supposition, NewWebhook]
        for it in told:
            types += [answer.content for answer in it.answers if answer.content is not BINARY]
        self._types = list({repr(it): it for it in types}.values())
        schemas_of, self.components = msgspec.json.schema_components(self._types, schema_hook=_whole, ref_template=_REFERENCE)
        mark_times(self.components, self._types)
        self._by_type = dict(zip(map(repr, self._types), schemas_of, strict=True))
        self._entries()
        # What an entry says beyond these fields is its event's.
        self.components[schemas.RecordedEntry.__name__]["additionalProperties"] = True
        self.components = _plain(self.components)

    def of(self, content: Any) -> Any:
        """The schema of a type."""
        return self._by_type[repr(content)]

    def _entries(self) -> None:
        """What may be proposed: one schema for each type, told apart by `type`."""
        proposed = [it for name, it in EVENT_TYPES.items() if name not in LEDGER_ONLY]
        (_,), found = msgspec.json.schema_components([AnyEvent], ref_template=_REFERENCE)
        mark_times(found, [AnyEvent])
        names = {it.__name__ for it in proposed}
        for name, schema in found.items():
            if name in names or name not in EVENT_TYPES:
                describe(name, schema)
                self.components[name] = _strict(schema) if name in names else schema
        mapping = {name: _REFERENCE.format(name=name) for name in sorted(names)}
        self.components["Entry"] = {
            "description": _SENT["Entry"],
            "oneOf": [{"$ref": it} for it in mapping.values()],
            "discriminator": {"propertyName": "type", "mapping": mapping},
        }


def _whole(_: type) -> dict[str, Any]:
    """The schema of the one kind of value that JSON does not know: a duration."""
    return {"type": "integer", "description": "Whole seconds."}


def _plain(schema: Any) -> Any:
    """A schema as all makers of clients read it: every one has a type, none is a tuple, and descriptions are one line."""
    if isinstance(schema, list):
        return [_plain(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _plain(it) for name, it in schema.items()}
    if isinstance(found.get("description"), str):
        found["description"] = " ".join(found["description"].split())
    if "enum" in found and "type" not in found:
        found["type"] = "string" if isinstance(found["enum"][0], str) else "integer"
    if "prefixItems" in found:
        # Only pairs of one kind are among them.
        found["items"] = found.pop("prefixItems")[0]
    return found


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "additionalProperties": False}


def _operation(told: Told, made: _Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": told.id,
        "tags": [told.tag],
        "summary": told.summary.split(". ")[0].rstrip(".") + ".",
        "description": f"{told.summary} {_who(told)}",
        "parameters": [*map(_parameter, (*told.parameters, LANG)), *(_header(*it) for it in told.headers.items())],
        "responses": _responses(told, made),
    }
    if told.roles is None:
        operation["security"] = []
    if told.sent is not None:
        sent = told.sent
        schema: dict[str, Any] = {"$ref": _REFERENCE.format(name=sent.schema)}
        example: Any = sent.example
        if sent.media_type == LINES:
            schema = {"type": "string", "description": "One JSON object a line; each as in the schema Entry."}
            example = msgspec.json.encode(sent.example).decode() + "\n"
        operation["requestBody"] = {"required": True, "content": {sent.media_type: {"schema": schema, "example": example}}}
    return operation


def _who(told: Told) -> str:
    return "No token is needed." if told.roles is None else f"For the roles {', '.join(sorted(told.roles))}."


def _parameter(it: Parameter) -> dict[str, Any]:
    schema: Any = {"type": "array", "items": it.schema} if it.is_many else it.schema
    found: dict[str, Any] = {
        "name": it.name,
        "in": "query",
        "required": it.is_required,
        "description": it.described,
        "schema": schema,
    }
    if it.example is not None:
        found["example"] = [it.example] if it.is_many else it.example
    return found


def _header(name: str, described: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": False, "description": described, "schema": {"type": "string"}}


def _responses(told: Told, made: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for it in told.answers:
        response = found.setdefault(str(it.status), {"description": it.described, "content": {}})
        response["content"][it.media_type] = _content(told, it, made)
    for status in told.problems:
        described = _WORDS.get(status, HTTPStatus(status).phrase)
        if status == HTTPStatus.NOT_MODIFIED:
            found["304"] = {"description": described}
            continue
        response = found.setdefault(str(status), {"description": described, "content": {}})
        content: dict[str, Any] = {"schema": made.of(Problem)}
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            content["example"] = _PROBLEM
        response["content"][PROBLEM] = content
    return dict(sorted(found.items()))


def _content(told: Told, it: Answer, made: _Schemas) -> dict[str, Any]:
    if it.content is BINARY:
        # What is said to be binary, clients do not decode.
        return {"schema": {"type": "string"} if it.media_type.startswith("text/") else {"type": "string", "format": "binary"}}
    if it.media_type == LINES:
        line = msgspec.json.encode(it.example).decode() + "\n"
        return {"schema": {"type": "string", "description": f"One JSON object a line: {_named(made.of(it.content))}."},
                "example": line}  # fmt: skip
    content: dict[str, Any] = {"schema": made.of(it.content)}
    example = EXAMPLES.get(told.id) if it.example is None else msgspec.to_builtins(it.example)
    if example is not None:
        content["example"] = example
    return content


def _named(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2] or "an object"
