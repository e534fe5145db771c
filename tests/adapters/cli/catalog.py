"""The catalogue of Spanish messages: what the code marks for translation, the .po that people edit, the .mo that is read.

`python -m tests.adapters.cli.catalog` brings the .po up to date with the code and compiles the .mo; the tests check that this
was done.
"""

import io
import re
import string
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[3]
PACKAGES = ("domain", "projections", "replay", "adapters")
PO = ROOT / "adapters/locales/es/LC_MESSAGES/bitacora.po"
MO = PO.with_suffix(".mo")
KEYWORDS = {"_": None, "said": None, "ngettext": (1, 2)}
OF_CLICK: tuple[str | tuple[str, str], ...] = (
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"),
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."),
    ("{value!r} does not match the format {format}.", "{value!r} does not match the formats {formats}."),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."),
    "Choose from:\n\t{choices}",
    "Commands",
    "Invalid value for {param_hint}: {message}",
    "Invalid value: {message}",
    "Missing argument",
    "Missing command.",
    "Missing option",
    "Missing parameter",
    "No such command {name!r}.",
    "No such option {name!r}.",
    "Option {name!r} does not take a value.",
    "Options",
    "Usage:",
    "default: {default}",
    "required",
    "{value!r} is not a valid {number_type}.",
    "{value} is not in the range {range}.",
)
"""What click itself says to whoever mistypes a command; it asks for the translation under the same words."""
_PERCENT = re.compile(r"%\(\w+\)s|%[sd]")
Identity = str | tuple[str, ...]


@cache
def marked() -> dict[Identity, list[str]]:
    """Every message the code marks, with the files it stands in."""
    found: dict[Identity, list[str]] = {message: ["click"] for message in OF_CLICK}
    for method, path in _sources():
        for _line, message, _comments, _context in extract_from_file(method, str(path), keywords=KEYWORDS):
            if message:
                where = found.setdefault(message, [])
                name = path.relative_to(ROOT).as_posix()
                where += [name] if name not in where else []
    return found


def _sources() -> Iterator[tuple[str, Path]]:
    """Every file with messages, and how they are found in it."""
    for method, pattern in (("python", "*.py"), ("jinja2.ext:babel_extract", "templates/*.html")):
        for path in sorted(it for package in PACKAGES for it in (ROOT / package).rglob(pattern)):
            yield method, path


def translated() -> Catalog:
    """The Spanish catalogue as it is edited."""
    with PO.open("rb") as file:
        return read_po(file, locale="es")


def compiled(catalog: Catalog) -> bytes:
    """The bytes of the .mo for a catalogue."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def placeholders(text: str) -> set[str]:
    """The names that a message has filled in, with their conversions."""
    parsed = string.Formatter().parse(text)
    return {f"{name}!{conversion or ''}" for _text, name, _spec, conversion in parsed if name is not None}


def texts(message: Message) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """A message as its English forms and its Spanish forms."""
    english = message.id if isinstance(message.id, tuple) else (message.id,)
    spanish = message.string if isinstance(message.string, tuple) else (message.string,)
    yield tuple(english), tuple(spanish)


def updated() -> Catalog:
    """A catalogue of what is marked now, with the translations there are."""
    before = translated() if PO.exists() else Catalog(locale="es")
    catalog = Catalog(
        locale="es", project="bitacora", version="1", charset="utf-8", fuzzy=False, copyright_holder="", msgid_bugs_address=""
    )
    catalog.header_comment = "# What bitacora says, in Spanish. Kept up to date by `python -m tests.adapters.cli.catalog`."
    catalog.creation_date = catalog.revision_date = before.creation_date
    for message, where in marked().items():
        old = before.get(message if isinstance(message, str) else message[0])
        string_ = old.string if old is not None and old.id == message else None
        catalog.add(message, string_, locations=[(name, None) for name in where])
    return catalog


def main() -> None:
    """Writes the .po and the .mo."""
    catalog = updated()
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, sort_by_file=False, include_lineno=False)
    PO.parent.mkdir(parents=True, exist_ok=True)
    PO.write_bytes(buffer.getvalue())
    MO.write_bytes(compiled(translated()))
    missing = [it.id for it in catalog if it.id and not all(it.string if isinstance(it.string, tuple) else (it.string or "",))]
    for message in missing:
        print(f"not translated: {message!r}", file=sys.stderr)


if __name__ == "__main__":
    main()
