"""The shape of a dossier as it is set: sections of paragraphs, pairs, tables, drawings and command lines, all plain text.

HTML and PDF are both set from this one value, so that they say the same. It holds no markup but the drawings' own.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct


class Paragraph(Struct, frozen=True, tag="paragraph"):
    """Running text; `tone` quiet is set smaller, strong is set bold."""

    text: str
    tone: str = "plain"


class Pairs(Struct, frozen=True, tag="pairs"):
    """Labels and their values, aligned."""

    rows: Sequence[tuple[str, str]]


class Column(Struct, frozen=True):
    """A column: its heading, its share of the free width (0: as wide as its content), and whether it is set to the right."""

    heading: str
    share: int = 0
    right: bool = False


class Table(Struct, frozen=True, tag="table"):
    """A table whose heading is repeated on every page; `marks` are the rows set in bold (sums)."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    marks: Sequence[int] = ()


class Drawing(Struct, frozen=True, tag="drawing"):
    """A vector drawing (SVG, made by us), and what it shows in words for whoever cannot see it."""

    svg: str
    told: str


class Code(Struct, frozen=True, tag="code"):
    """Lines to be typed, or compared letter by letter."""

    text: str


Block = Paragraph | Pairs | Table | Drawing | Code


class Section(Struct, frozen=True):
    """A numbered part with its heading."""

    title: str
    blocks: Sequence[Block]


class Verdict(Struct, frozen=True):
    """One box of the cover: what is judged, the verdict in a word, and the figures behind it; `tone` is bad, good or plain."""

    name: str
    verdict: str
    figures: str
    tone: str


class Document(Struct, frozen=True):
    """A whole dossier. `made` is the moment judged in Unix seconds, for the metadata; `of_pages` a template with {page} and
    {pages}."""

    language: str
    made: int
    label: str
    title: str
    subject: str
    running: str
    of_pages: str
    dispute: str
    verdicts: Sequence[Verdict]
    facts: Sequence[tuple[str, str]]
    sections: Sequence[Section]


def pairs(rows: Iterable[tuple[str, str]]) -> Pairs:
    """Pairs without those that have no value."""
    return Pairs([(label, value) for label, value in rows if value])
