"""Sets a told dossier: as one HTML file that needs nothing else, as PDF through typst, and as a zip with what proves it.

Text goes in as data, never as markup: Jinja escapes it, typst takes it as strings. The same document gives the same bytes; no
font, package or picture is fetched from anywhere.
"""

import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files

import msgspec
from markupsafe import Markup

from adapters.dossier.document import Document, Table

_PACKAGE = "adapters.dossier"
_LONG_ROWS = 300
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)


def as_html(document: Document) -> bytes:
    """The document as one self-contained HTML file, UTF-8."""
    from jinja2 import Environment, StrictUndefined

    # Jinja spends its blanks on control lines; what is set must not depend on how the template is laid out.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"css": _css, "css_pages": _css_pages}
    template = environment.from_string(_template("dossier.html").decode())
    return template.render(document=msgspec.to_builtins(document)).encode()


def as_pdf(document: Document) -> bytes:
    """The document as PDF, dated by the moment judged, with the fonts typst brings along. Tables of many rows are set more
    plainly, and the PDF is then not tagged: tags of thousands of rows weigh twenty times what they tag."""
    import typst

    told = {"document": msgspec.json.encode(document).decode(), "long_rows": str(_LONG_ROWS)}
    compiler = typst.Compiler(_template("dossier.typ"), ignore_system_fonts=True, sys_inputs=told)
    tables = (it for section in document.sections for it in section.blocks if isinstance(it, Table))
    is_long = any(len(it.rows) > _LONG_ROWS for it in tables)
    made = compiler.compile(format="pdf", timestamp=datetime.fromtimestamp(document.made, UTC), pdf_tags=not is_long)
    assert isinstance(made, bytes), "one document makes one file"
    return made


def as_zip(contents: Mapping[str, bytes]) -> bytes:
    """A zip of these files in their order, whose bytes depend on them alone."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _FIRST_DAY), content)
    return made.getvalue()


def _css(text: str) -> Markup:
    """Text as a string of CSS: all but letters and digits of ASCII as escapes, so that nothing can end it or the style."""
    return Markup('"' + "".join(it if it.isascii() and it.isalnum() else f"\\{ord(it):x} " for it in text) + '"')


def _css_pages(template: str) -> Markup:
    """`Page {page} of {pages}` as the content of a margin box."""
    before, _, rest = template.partition("{page}")
    between, _, after = rest.partition("{pages}")
    parts = [_css(before), Markup("counter(page)"), _css(between), Markup("counter(pages)"), _css(after)]
    return Markup(" ").join(parts)


def _template(name: str) -> bytes:
    return (files(_PACKAGE) / name).read_bytes()
