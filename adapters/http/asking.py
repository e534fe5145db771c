"""What a route may be asked: its parameters, read here and told in the OpenAPI document, both from one declaration.

A parameter that a route does not have is refused, as is one given twice: a typo must never be lost silently.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from litestar import Request
from litestar.connection import ASGIConnection

from adapters import asked
from adapters.http.problems import Misused
from adapters.language import LANGUAGES
from domain.events import EVENT_TYPES
from domain.refusal import said
from domain.values import MAX_ID_LENGTH

Asked = Mapping[str, Any]
"""What is asked, by the names of the parameters: None for what was not said, a tuple of what may be said several times."""
MOST_AT_ONCE = 1_000
USUAL_AT_ONCE = 100
_LARGEST = 2**53 - 1


class Parameter(NamedTuple):
    """A parameter: its name, how its text is read, and what the OpenAPI document says of it."""

    name: str
    read: Callable[[str], Any]
    schema: Mapping[str, Any]
    described: str
    example: Any = None
    is_required: bool = False
    is_many: bool = False


def _id(text: str) -> str:
    if not text or len(text) > MAX_ID_LENGTH or not text.isprintable() or any(it.isspace() for it in text):
        raise asked.Unclear(said("{text} is no id: up to 128 printable characters without white space"), text=text[:64])
    return text


def _count(least: int, most: int = _LARGEST) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not text.isascii() or not text.isdigit() or len(text) > 18 or not least <= int(text) <= most:
            template = said("{text} is not a whole number from {least} to {most}")
            raise asked.Unclear(template, text=text[:64], least=least, most=most)
        return int(text)

    return read


def one_of(*names: str) -> Callable[[str], str]:
    """Reads one of these words."""

    def read(text: str) -> str:
        if text not in names:
            raise asked.Unclear(said("{text} is none of: {known}"), text=text[:64], known=", ".join(names))
        return text

    return read


def _moment(text: str) -> Any:
    # In a query, an unencoded + is a space.
    return asked.moment(text.replace(" ", "+"))


def _known(text: str) -> Any:
    return asked.known(text.replace(" ", "+"))


_TIME = {"type": "string", "format": "date-time"}
_ID = {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH, "pattern": r"^\S+$"}
_POSITION = {"type": "integer", "minimum": 0, "maximum": _LARGEST}

AT = Parameter(
    "at", _moment, _TIME, "Judge as if the clock on the wall said this; now by default.", "2026-03-31T18:00:00-06:00"
)
_KNOWN_SCHEMA = {"anyOf": [_POSITION, _TIME]}
KNOWN_AT = Parameter("known_at", _known, _KNOWN_SCHEMA,
                     "Use only what was recorded by then, a time or a position; everything by default.", 2_000)  # fmt: skip
READING = Parameter("reading", asked.reading, {"type": "string", "pattern": r"^[!-<>-~]+=[!-~]+$"},
                    "Read a clause in another way; repeatable.", "gs.4=clock-hours", is_many=True)  # fmt: skip
CLIENT = Parameter("client", _id, _ID, "Only this client.", "acme")
POLICY = Parameter("policy", _id, _ID, "Only this policy.", "P-7")
TICKET = Parameter("ticket", _id, _ID, "Only this ticket.", "T-1001")
SINCE = Parameter("from", _moment, _TIME, "Only from this time on.", "2026-03-01T00:00:00-06:00")
UNTIL = Parameter("to", _moment, _TIME, "Only before this time.", "2026-04-01T00:00:00-06:00")
STREAM = Parameter("stream", _id, _ID, "Only this stream, such as ticket:T-1001 or desk.", "ticket:T-1001")
TYPE = Parameter("type", one_of(*EVENT_TYPES), {"type": "string", "enum": sorted(EVENT_TYPES)},
                 "Only entries of this type; repeatable.", "TicketOpened", is_many=True)  # fmt: skip
AFTER = Parameter("after", _count(0), _POSITION, "Only positions after this one.", 420)
LIMIT = Parameter("limit", _count(1, MOST_AT_ONCE), {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE},
                  "At most so many.", USUAL_AT_ONCE)  # fmt: skip
POSITION = Parameter("position", _count(1), {**_POSITION, "minimum": 1}, "The position of an entry.", 421, is_required=True)

AS_OF = (AT, KNOWN_AT, READING)
FOCUS = (CLIENT, POLICY, TICKET)


def required(it: Parameter, described: str) -> Parameter:
    """The parameter where it must be given."""
    return it._replace(is_required=True, described=described)


def number(name: str, described: str, least: int = 0, example: int | None = None, *, is_many: bool = False) -> Parameter:
    """A parameter that is a whole number."""
    return Parameter(name, _count(least), {**_POSITION, "minimum": least}, described, example, is_many=is_many)


def word(name: str, described: str, *names: str, is_required: bool = False) -> Parameter:
    """A parameter that is one of some words."""
    return Parameter(name, one_of(*names), {"type": "string", "enum": list(names)}, described, names[0], is_required)


def flag(name: str, described: str) -> Parameter:
    """A parameter that is yes or no, `true` or `false`; None if it is not given."""
    read = one_of("true", "false")
    return Parameter(name, lambda text: read(text) == "true", {"type": "boolean"}, described, True)


LANG = word("lang", "The language of what is said; that of Accept-Language by default.", *LANGUAGES)


def identifier(name: str, described: str, example: str | None = None) -> Parameter:
    """A parameter that is an id."""
    return Parameter(name, _id, _ID, described, example)


def read(request: Request[Any, Any, Any], parameters: tuple[Parameter, ...]) -> Asked:
    """What a request asks, having been checked. Misused, naming the parameter, for what cannot be asked."""
    given = request.query_params.dict()
    return {it.name: _value(it, given.get(it.name, [])) for it in parameters}


def check(request: ASGIConnection[Any, Any, Any, Any], parameters: tuple[Parameter, ...]) -> None:
    """Misused for a parameter that is asked for and not among these, or a language that is not spoken."""
    given = request.query_params.dict()
    known = {it.name for it in (*parameters, LANG)}
    for name in given:
        if name not in known:
            template = said("there is no parameter {name} here; there are: {known}")
            raise Misused(template, field=name[:64], name=name[:64], known=", ".join(sorted(known)))
    _value(LANG, given.get(LANG.name, []))


def _value(parameter: Parameter, texts: list[str]) -> Any:
    name = parameter.name
    if not texts and parameter.is_required:
        raise Misused(said("the parameter {name} is missing"), field=name, name=name)
    if len(texts) > 1 and not parameter.is_many:
        raise Misused(said("the parameter {name} is given more than once"), field=name, name=name)
    try:
        values = tuple(parameter.read(it) for it in texts)
    except asked.Unclear as unclear:
        raise Misused(said("{name}: {problem}"), field=name, name=name, problem=unclear) from None
    if parameter.is_many:
        return values
    return values[0] if values else None


def readings_asked(given: Asked) -> dict[str, str]:
    """The readings asked for. Misused if one is asked for in two ways."""
    chosen: dict[str, str] = {}
    for key, name in given["reading"]:
        if chosen.setdefault(key, name) != name:
            raise Misused(said("{key} is asked for in two ways"), field="reading", key=key)
    return chosen
