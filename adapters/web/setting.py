"""Sets a page: Jinja with everything escaped, words from the same catalogue and the same wording functions as the command line.

Templates lay out and word; they look nothing up. Static files are named by their content, so that a browser may keep them for
ever. Nothing is fetched from anywhere else.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal

import jinja2
from markupsafe import Markup, escape
from msgspec import Struct

from adapters.dossier.drawing import STATES
from adapters.language import LANGUAGES, Language, _, ngettext, spoken, worded
from adapters.web.asking import Pairs, address, instant_text, place
from adapters.wording.charges import after_hours, amounts, billing_totals, charged_for, minutes
from adapters.wording.differences import figure_lines, told_of, word_of_cause
from adapters.wording.happenings import sentence
from adapters.wording.outcomes import outcome
from adapters.wording.totals import total_rows
from adapters.wording.values import amount, local, long, moment_of, named, plain, reason_word, role_word, short, word
from domain.refusal import said
from replay.hanging import Hangs

_PACKAGE = "adapters.web"
STATIC = "static"
KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
READING = frozenset({"reader", "auditor", "client", "admin"})
"""The roles that look at pages; `integrator` and `recorder` are programs' roles, and the latter has the form only."""
SIGNS = {"met": "✓", "breached": "✕", "running": "▸", "paused": "‖", "not_applicable": "–"}
"""What tells verdicts apart where colours do not."""
CLOCKS = {"response": said("Response"), "resolution": said("Resolution")}


class Viewer(Struct, frozen=True):
    """Who looks at the page: `client` is the only one that a caller of that role may see, None for every other role."""

    role: str
    client: str | None
    name: str

    @property
    def may_read(self) -> bool:
        """Whether anything may be looked at."""
        return self.role in READING

    @property
    def may_record(self) -> bool:
        """Whether entries may be recorded by hand."""
        return self.role in ("recorder", "admin")


class Page(Struct, frozen=True):
    """What the frame of every page shows: who looks, in which language, and the URL that is being looked at."""

    viewer: Viewer | None
    path: str
    query: Pairs
    is_part: bool = False

    @property
    def language(self) -> Language:
        """The language spoken."""
        return spoken()

    def in_language(self, language: Language) -> str:
        """The same page in a language."""
        return address(self.path, [*((name, it) for name, it in self.query if name != "lang"), ("lang", language)])


class Wrong(Struct, frozen=True):
    """What went wrong, as it is told: a title and a text in the language spoken; `way` the way on besides home: to ask the same
    `again`, or `plainly`, without conditions; `request` the id under which the server's log tells more."""

    status: int
    title: str
    text: str
    way: Literal["", "again", "plainly"] = ""
    request: str | None = None
    headers: Mapping[str, str] = {}


def rendered(template: str, page: Page, **values: Any) -> str:
    """A template as HTML, in the language spoken."""
    return environment().get_template(template).render(page=page, **values)


@lru_cache
def environment() -> jinja2.Environment:
    """The environment that every page is set with."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(_PACKAGE), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters |= _FILTERS
    made.globals |= _GLOBALS
    return made


def prepare() -> None:
    """Compiles every template, so that whoever looks first does not wait for it."""
    found = environment()
    for name in found.list_templates():
        found.get_template(name)


# Static files -------------------------------------------------------------------------------------------------------


@lru_cache
def static_files() -> dict[str, bytes]:
    """The static files by the names they are served under: their own, with the digest of their content."""
    found = {}
    for it in (files(_PACKAGE) / STATIC).iterdir():
        name, _dot, kind = it.name.rpartition(".")
        content = it.read_bytes()
        if kind in KINDS:
            found[f"{name}.{hashlib.sha256(content).hexdigest()[:12]}.{kind}"] = content
    return found


@lru_cache
def asset(name: str) -> str:
    """The path of a static file."""
    stem, _dot, kind = name.rpartition(".")
    return place(STATIC, next(it for it in static_files() if it.startswith(f"{stem}.") and it.endswith(f".{kind}")))


# What templates may call --------------------------------------------------------------------------------------------


def _filled(text: str, **values: Any) -> Markup:
    """A message with links in it: its own words and plain values are escaped."""
    return Markup(escape(text)).format(**values)


def _time(text: str | None, zone: tzinfo = UTC, *, seconds: bool = True, offset: bool = False) -> Markup:
    """A time in a zone, with the instant itself for programs."""
    if not text:
        return Markup("–")
    shown = local(text, zone, seconds=seconds, offset=offset)
    return Markup('<time datetime="{}">{}</time>').format(instant_text(datetime.fromisoformat(text)), shown)


def _minute(text: str) -> int:
    return int(moment_of(text).timestamp()) // 60


def _instant(moment: datetime, zone: tzinfo) -> str:
    """A time as a person may write it into a URL: in a zone, with its offset."""
    return moment.astimezone(zone).isoformat()


def _known_text(known: datetime | int | None) -> str:
    """A state of knowledge as it may be written into a URL."""
    return "" if known is None else instant_text(known) if isinstance(known, datetime) else str(known)


def _moment(at: datetime | str, zone: tzinfo) -> str:
    return local(at if isinstance(at, str) else at.isoformat(), zone)


def _told(text: Any) -> str:
    """A text of terms in the language spoken."""
    return plain(getattr(text, spoken()))


def _read_as(clause: Hangs) -> str:
    """How an unclear clause is read: what the option is called, and what it says."""
    text = clause.reading.options.get(clause.chosen)
    return clause.chosen if text is None else f"{clause.chosen}: {_told(text)}"


def _coded(text: str) -> Markup:
    """A message whose commands, between backticks, are set as such."""
    parts = enumerate(text.split("`"))
    return Markup("").join(Markup("<code>{}</code>").format(it) if number % 2 else escape(it) for number, it in parts)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _target(ticket: str, query: Pairs = (), *parts: str) -> str:
    return address(place("tickets", ticket, *parts), query)


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "after_hours": after_hours, "amount": amount, "amounts": amounts, "billing_totals": billing_totals,
    "charged_for": charged_for, "coded": _coded, "figure_lines": figure_lines, "instant": _instant, "json_text": _json,
    "long": long, "minute": _minute, "minutes": minutes, "moment": _moment, "named": named, "outcome": outcome, "plain": plain,
    "read_as": _read_as, "reason_word": reason_word, "role_word": role_word, "said": _, "sentence": sentence, "short": short,
    "time": _time, "told": _told, "told_of": told_of, "word": word, "word_of_cause": word_of_cause, "worded": worded,
}  # fmt: skip
_GLOBALS: Mapping[str, Any] = {
    "CLOCKS": CLOCKS, "LANGUAGES": LANGUAGES, "SIGNS": SIGNS, "STATES": STATES, "_": _, "address": address,
    "asset": asset, "filled": _filled, "known_text": _known_text, "ngettext": ngettext, "place": place, "ticket_page": _target,
    "total_rows": total_rows,
}  # fmt: skip
