"""Terms as files: the two that come with the program and those a desk writes, read into documents and checked
by line.

Reading freezes what a file only describes: a table `{ country, category, from, to }` in the place of a list
of holidays becomes the dates themselves, so that a later version of the `holidays` package never moves a
verdict. What terms mean is not known here.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

import domain.terms
from adapters.terms.complaints import complaint
from adapters.terms.lines import TomlLines
from domain.refusal import Sayable, said
from domain.terms import TermsError
from domain.terms_check import faults
from domain.terms_document import CHOICE
from domain.timetable import FIRST_YEAR, LAST_YEAR

BUILTIN = ("grupo-staff", "customsoft")
LARGEST_BYTES = 1_000_000
"""Of a document as JSON: it has to fit into one entry, whose line holds 1 MiB."""
_FOLDER = Path(domain.terms.__file__).parent / "terms"
_HOLIDAYS = ("calendar", "holidays")
_AT_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_NOT_VALID = said("not valid TOML: {problem}")
_TOO_MANY_DIGITS = re.compile(rb"[0-9_]{4300,}")


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong with a terms file. `line` counts from 1; `field` is a dotted path, empty where the file
    as a whole is meant; `template`, marked with `said`, and its `values` say what."""

    line: int
    field: str
    template: str
    values: Mapping[str, object] = {}


class NotToml(TermsError):
    """A file that cannot be read as TOML at all; `line` counts from 1."""

    def __init__(self, line: int, template: str, **values: object) -> None:
        super().__init__((), template, **values)
        self.line = line


def builtin_documents() -> list[dict[str, Any]]:
    """The documents of the built-in terms, in the order a new ledger publishes them."""
    return [read_terms_file(_FOLDER / f"{name}.toml") for name in BUILTIN]


def read_terms_file(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The document of a terms file: JSON-able, holidays and all other dates as ISO text. What it says is not
    checked.

    Raises as `read_terms`, and OSError."""
    return read_terms(Path(path).read_bytes())


def read_terms(content: bytes) -> dict[str, Any]:
    """As `read_terms_file`, of what stands in such a file.

    Raises NotToml (a TermsError), TermsError for holidays that cannot be generated."""
    return frozen_terms(_parsed(content))


def frozen_terms(parsed: dict[str, Any]) -> dict[str, Any]:
    """The document of terms that were read from TOML or JSON. TermsError for holidays that cannot be generated."""
    document, wrong = _frozen(parsed)
    for fault in wrong:
        raise fault
    return document


def check_terms_file(path: str | os.PathLike[str]) -> list[Problem]:
    """Everything found wrong with a terms file, in the order of its lines; empty if it can be published.
    Raises OSError."""
    content = Path(path).read_bytes()
    try:
        document, wrong = _frozen(_parsed(content))
    except NotToml as error:
        return [Problem(error.line, "", error.template, error.values)]
    wrong += faults(document)
    if not wrong and (size := len(msgspec.json.encode(document))) > LARGEST_BYTES:
        template = said("the document has {size} bytes; at most {most} fit into an entry")
        wrong.append(TermsError((), template, size=size, most=LARGEST_BYTES))
    if not wrong:
        return []
    lines = TomlLines(content.decode())
    problems = [Problem(lines.line_of(it.path), it.field, it.template, it.values) for it in wrong]
    return sorted(problems, key=lambda it: it.line)


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NotToml(line, said("the file is not UTF-8")) from None
    except tomllib.TOMLDecodeError as error:
        found = _AT_PLACE.search(str(error))
        line = int(found[1]) if found and found[1] else content.count(b"\n") + 1
        problem = complaint(_AT_PLACE.sub("", str(error)))
        raise NotToml(line, _NOT_VALID, problem=problem) from None
    except RecursionError:
        raise NotToml(1, said("the file is nested too deep")) from None
    except ValueError as error:
        # Not TOML's own complaint but Python's, of a number too long to be read.
        digits = _TOO_MANY_DIGITS.search(content)
        line = content.count(b"\n", 0, digits.start()) + 1 if digits else 1
        number = Sayable(said("a number of more than 4300 digits"))
        raise NotToml(line, _NOT_VALID, problem=number if digits else error) from None


def _frozen(parsed: dict[str, Any]) -> tuple[dict[str, Any], list[TermsError]]:
    """The document with its dates as text and its holidays as dates, and what was wrong with the latter."""
    document = _plain(parsed)
    _name_defaults(document.get("readings"))
    wrong: list[TermsError] = []
    calendar = document.get("calendar")
    if isinstance(calendar, dict) and "holidays" in calendar:
        calendar["holidays"] = _dates(_HOLIDAYS, calendar["holidays"], wrong)
    return document, wrong


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (date, time)) else value


def _name_defaults(readings: Any) -> None:
    """The first option is the default: say so, for JSON promises no order of keys."""
    for reading in readings.values() if isinstance(readings, dict) else ():
        options = reading.get("options") if isinstance(reading, dict) else None
        if isinstance(options, dict) and options:
            reading.setdefault("default", next(iter(options)))


def _dates(path: tuple[str, ...], value: Any, wrong: list[TermsError]) -> Any:
    """A list of holidays as it is, a table that describes one as its dates, a choice with each option so
    treated."""
    if not isinstance(value, dict):
        return value
    if CHOICE in value:
        options = {name: _dates((*path, name), inner, wrong) for name, inner in value.items() if name != CHOICE}
        return {CHOICE: value[CHOICE], **options}
    before = len(wrong)
    wrong += _faults_of_holidays(path, value)
    if len(wrong) > before:
        return []
    try:
        return list(_public_holidays(value["country"], value.get("category", "public"), value["from"], value["to"]))
    except NotImplementedError:
        template = said("no holidays are known for the country {country}; list the dates instead")
        wrong.append(TermsError((*path, "country"), template, country=value["country"]))
    except ValueError:
        template = said("{country} has no holidays of the category {category}")
        wrong.append(TermsError((*path, "category"), template, country=value["country"], category=value["category"]))
    return []


def _faults_of_holidays(path: tuple[str, ...], table: Mapping[str, Any]) -> list[TermsError]:
    kinds = {"country": str, "category": str, "from": int, "to": int}
    wrong = []
    for name, value in table.items():
        if name not in kinds:
            known = ", ".join(kinds)
            template = said("there is no such field; known here are {known}")
            wrong.append(TermsError((*path, name), template, known=known))
        elif kinds[name] is str and not isinstance(value, str):
            wrong.append(TermsError((*path, name), said("must be text, and not empty")))
        elif kinds[name] is int and not (type(value) is int and FIRST_YEAR <= value <= LAST_YEAR):
            template = said("must be a year from {first} to {last}")
            wrong.append(TermsError((*path, name), template, first=FIRST_YEAR, last=LAST_YEAR))
    missing = [name for name in ("country", "from", "to") if name not in table]
    wrong += (TermsError((*path, name), said("is missing")) for name in missing)
    if not wrong and table["to"] < table["from"]:
        wrong.append(TermsError((*path, "to"), said("must not be before from")))
    return wrong


@lru_cache(maxsize=32)
def _public_holidays(country: str, category: str, first_year: int, last_year: int) -> tuple[str, ...]:
    # Imported here because it is slow to load, and only the publishing of terms ever needs it.
    import holidays

    years = range(first_year, last_year + 1)
    found = holidays.country_holidays(country, years=years, categories=(category,))
    return tuple(day.isoformat() for day in sorted(found))
