"""What a URL asks: the moment judged, what is known, how clauses are read, and what is supposed; read, and written again.

Every state of a page is its URL, so this is the only state there is. It reads text and asks no ledger.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import quote, urlencode

from msgspec import Struct
from msgspec.structs import replace

from adapters.asked import Unclear, known, moment, reading
from domain.refusal import Sayable, said
from domain.terms import UnknownReading

MOST_READINGS = 100
_POSITION = re.compile(r"\d{1,15}", re.ASCII)
Value = TypeVar("Value")
Pairs = Sequence[tuple[str, str]]


class BadQuestion(Sayable):
    """A URL that asks for what cannot be asked: `field` names the part of the query, and what it should have been is said."""

    def __init__(self, field: str, template: str, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field


class Supposed(Struct, frozen=True):
    """What a what-if supposes, as `adapters.reports.replays.Asked` takes it; all empty: nothing."""

    terms: str = ""
    tier: str = ""
    readings: dict[str, str] = {}
    without: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms or self.tier or self.readings or self.without)


class State(Struct, frozen=True):
    """The question of a page. `at` is UTC, None for now; `known_at` a position or a time in UTC, None for everything. `hangs`:
    every other reading is tried; `whole`: all segments are listed, however many."""

    at: datetime | None = None
    known_at: datetime | int | None = None
    readings: dict[str, str] = {}
    supposed: Supposed = Supposed()
    hangs: bool = False
    whole: bool = False

    def query(self) -> list[tuple[str, str]]:
        """The state as the parameters of a URL, in one order."""
        return list(self._parameters())

    def _parameters(self) -> Iterator[tuple[str, str]]:
        if self.at is not None:
            yield "at", instant_text(self.at)
        if self.known_at is not None:
            known = self.known_at
            yield "known_at", str(known) if isinstance(known, int) else instant_text(known)
        yield from (("reading", f"{key}={name}") for key, name in self.readings.items())
        supposed = self.supposed
        yield from (("if_terms", it) for it in (supposed.terms,) if it)
        yield from (("if_tier", it) for it in (supposed.tier,) if it)
        yield from (("if_reading", f"{key}={name}") for key, name in supposed.readings.items())
        yield from (("if_without", str(it)) for it in supposed.without)
        yield from ((name, "yes") for name in ("hangs", "whole") if getattr(self, name))

    def supposing(self, key: str, option: str) -> "State":
        """The same, supposing besides that a clause is read in another way."""
        readings = {**self.supposed.readings, key: option}
        return replace(self, supposed=replace(self.supposed, readings=readings))

    @property
    def asks_lists(self) -> bool:
        """Whether lists are asked for otherwise than as of now, with everything recorded, as clauses are read."""
        return self.at is not None or self.known_at is not None or bool(self.readings)

    def of_lists(self) -> "State":
        """The part of it that lists answer."""
        return State(self.at, self.known_at, self.readings)

    def as_recorded(self) -> "State":
        """The same with nothing supposed."""
        return replace(self, supposed=Supposed())


def state_of(query: Pairs) -> State:
    """The question in a query. BadQuestion for what cannot be read; empty values count as not given, others are ignored."""
    given = [(name, value) for name, value in query if value]
    one = dict(reversed(given))
    return State(
        at=_unclear("at", moment, one["at"]) if "at" in one else None,
        known_at=_unclear("known_at", known, one["known_at"]) if "known_at" in one else None,
        readings=_readings("reading", given),
        supposed=Supposed(
            one.get("if_terms", ""), one.get("if_tier", ""), _readings("if_reading", given), tuple(sorted(_positions(given)))
        ),
        hangs=one.get("hangs") == "yes",
        whole=one.get("whole") == "yes",
    )  # fmt: skip


def _unclear(field: str, read: Callable[[str], Value], text: str) -> Value:
    """What a text asks for. A plus sign that a browser took for a blank is one again."""
    try:
        return read(re.sub(r" (\d\d:\d\d)$", r"+\1", text.strip()))
    except Unclear as error:
        raise BadQuestion(field, error.template, **error.values) from None


def _readings(field: str, given: Pairs) -> dict[str, str]:
    found: dict[str, str] = {}
    asked = [value for name, value in given if name == field]
    if len(asked) > MOST_READINGS:
        raise BadQuestion(field, said("more than {most} readings are asked for"), most=MOST_READINGS)
    for value in asked:
        key, option = _unclear(field, reading, value)
        if found.setdefault(key, option) != option:
            raise BadQuestion(field, said("{key} is to be read in two ways"), key=key)
    return found


def _positions(given: Pairs) -> Iterable[int]:
    for value in {value for name, value in given if name == "if_without"}:
        if not _POSITION.fullmatch(value):
            raise BadQuestion("if_without", said("{text} is not the position of an entry"), text=value)
        yield int(value)


@contextmanager
def readings_known(field: str) -> Iterator[None]:
    """Says of a reading that no terms have in which part of the query it stands: BadQuestion."""
    try:
        yield
    except UnknownReading as error:
        template = said("the reading {key} has no option {name}; it has: {known}")
        if not error.known:
            template = said("no terms have a reading {key}")
        raise BadQuestion(field, template, key=error.key, name=error.name, known=", ".join(error.known)) from None


def instant_text(at: datetime) -> str:
    """A time as a URL has it: UTC, without a fraction where there is none."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def address(path: str, query: Iterable[tuple[str, str]] | Mapping[str, str] = ()) -> str:
    """A path of ids, each part quoted by `place`, with a query."""
    pairs = query.items() if isinstance(query, Mapping) else query
    written = urlencode(list(pairs), quote_via=quote, safe=":=/")
    return f"{path}?{written}" if written else path


def place(*parts: str) -> str:
    """A path of these parts, whatever letters an id has. A slash is written twice over, since servers take `%2F` for one that
    divides the path."""
    return "/" + "/".join(quote(it.replace("%", "%25").replace("/", "%2F"), safe="") for it in parts)


def id_in(part: str) -> str:
    """The id that a part of a path names, the path having been decoded once."""
    return part.replace("%2F", "/").replace("%25", "%")
