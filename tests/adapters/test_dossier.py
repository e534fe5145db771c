"""A dossier as it is set: the same in HTML and PDF, whatever anyone wrote stays text, drawings to scale, the same bytes."""

import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from adapters.dossier.document import Document, Drawing, Table
from adapters.dossier.drawing import STATES, drawing
from adapters.dossier.gathering import Asked, gather
from adapters.dossier.setting import as_html, as_pdf, as_zip
from adapters.dossier.telling import told
from adapters.language import speak
from replay.dossier import Band, Stretch
from tests.adapters.given import DESK, followed_up, opened
from tests.replay.desks import small_desk

AT = datetime(2026, 3, 6, 18, tzinfo=UTC)
MARKUP = '<script>alert(1)</script> & #panic("x") $x$ *b* _i_ `c` \\ @ref #{} {{ 7*7 }} </style><img src=x>'
ID = 'G-1<b>#panic("x")$x${{7*7}}</style><img/src=x>";}'
MEXICO = ZoneInfo("America/Mexico_City")
MONDAY = int(datetime(2026, 3, 2, 9, tzinfo=MEXICO).timestamp())
HOUR = 3600


@pytest.fixture(autouse=True)
def _english() -> Any:
    speak("en")
    yield
    speak("en")


def document(folder: Path, *lines: dict[str, Any], ticket: str = "G-1") -> Document:
    with small_desk(folder, *DESK, *lines) as ledger:
        return told(gather(ledger, Asked(ticket, AT, None, None, {}), None))


def close(text: str) -> str:
    """Text without blanks and the places where a word may break."""
    return re.sub(r"[\s\u200b]+", "", text)


def written(pdf: bytes) -> str:
    """The text of a PDF without blanks, the heads of its pages left out."""
    from pypdf import PdfReader

    pages = (it.extract_text() for it in PdfReader(io.BytesIO(pdf)).pages)
    return "".join(close(it) for it in pages)


class Tags(HTMLParser):
    """The names of all tags, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_markup_in_a_subject_a_note_and_an_id_stays_text_in_html(tmp_path: Path) -> None:
    lines = opened(ID, subject=MARKUP), followed_up(ID, note=MARKUP)
    page = Tags(as_html(document(tmp_path, *lines, ticket=ID)).decode())
    assert not {"script", "img"} & set(page.tags)
    assert page.tags.count("style") == 1
    assert page.text.count(MARKUP) >= 3 and page.text.count(ID) == 2


def test_markup_in_a_subject_a_note_and_an_id_stays_text_in_the_pdf(tmp_path: Path) -> None:
    lines = opened(ID, subject=MARKUP), followed_up(ID, note=MARKUP)
    text = written(as_pdf(document(tmp_path, *lines, ticket=ID)))
    assert text.count(close(MARKUP)) >= 3 and text.count(close(ID)) >= 3


def test_a_word_without_end_and_what_would_steer_a_terminal_do_no_harm(tmp_path: Path) -> None:
    made = document(tmp_path, opened("G-1", subject="\x1b[2J" + "w" * 3000))
    assert b"\x1b" not in as_html(made)
    assert "w" * 3000 in written(as_pdf(made))


def test_the_pdf_says_what_the_html_says_in_either_language(tmp_path: Path) -> None:
    for language, heading in (("en", "What happened"), ("es", "Qué ocurrió")):
        speak(language)  # type: ignore[arg-type]
        (tmp_path / language).mkdir()
        made = document(tmp_path / language, opened("G-1"), followed_up("G-1", note="ñandú → café"))
        pdf, html = written(as_pdf(made)), close(Tags(as_html(made).decode()).text)
        assert made.sections[0].title == heading
        cells = [
            cell
            for it in made.sections
            for block in it.blocks
            if isinstance(block, Table)
            for row in block.rows
            for cell in row
        ]
        for text in (made.dispute, *(it.title for it in made.sections), *cells):
            assert close(text) in html, text
            assert all(close(word) in pdf for word in text.split()), text


def test_the_same_question_gives_the_same_bytes(tmp_path: Path) -> None:
    made = document(tmp_path, opened("G-1"))
    for set_as in (as_html, as_pdf, lambda it: as_zip({"dossier.pdf": as_pdf(it), "dossier.html": as_html(it)})):
        assert set_as(made) == set_as(made)


def test_the_html_is_one_file_that_asks_for_nothing_else(tmp_path: Path) -> None:
    html = as_html(document(tmp_path, opened("G-1"))).decode()
    page = Tags(html)
    assert not {"link", "script", "img", "iframe", "object", "base"} & set(page.tags)
    asked = [value for name, value in page.attributes if name in ("src", "href", "data", "action")]
    assert asked == [] and "@import" not in html
    assert "<title>Dossier on ticket G-1</title>" in html
    assert html.count("<svg") == html.count("svg xmlns") == 1, "of the two clocks only one has started; none is shown as text"
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {
        f"#{clock}-{it}" for clock in ("response", "resolution") for it in STATES
    }


def test_a_header_repeats_and_pages_are_counted_when_a_table_goes_on(tmp_path: Path) -> None:
    from pypdf import PdfReader

    notes = [followed_up("G-1", minute, note=f"note {minute}") for minute in range(100)]
    pages = PdfReader(io.BytesIO(as_pdf(document(tmp_path, opened("G-1"), *notes)))).pages
    assert len(pages) > 3
    for number, page in enumerate(pages[:3], 1):
        text = close(page.extract_text())
        assert close(f"Page {number} of {len(pages)}") in text and close("Dossier on ticket G-1") in text
        assert close("Entry At What Who") in text


def test_a_dossier_without_a_proof_says_so_plainly(tmp_path: Path) -> None:
    assert "No proof was asked for" in as_html(document(tmp_path, opened("G-1"))).decode()


# Drawings -----------------------------------------------------------------------------------------------------------


def bars(svg: str) -> list[tuple[float, float]]:
    """Where the painted bars of the band begin and how wide they are; neither frames, patterns nor the legend."""
    found = [it.attrib for it in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    return [
        (float(it["x"]), float(it["width"]))
        for it in found
        if it["height"] == "17" and it["fill"] not in ("none",) and "stroke" in it
    ]


def test_a_band_is_drawn_to_scale() -> None:
    band = Band((Stretch(MONDAY, MONDAY + HOUR, "running"), Stretch(MONDAY + HOUR, MONDAY + 3 * HOUR, "paused")), MONDAY,
                MONDAY + 3 * HOUR, None, True, False)  # fmt: skip
    (start, one), (then, two) = bars(drawing(band, MEXICO, "x-"))
    assert then == pytest.approx(start + one, abs=0.02) and two == pytest.approx(2 * one, abs=0.02)


def test_a_clock_of_several_days_has_a_row_for_each_local_day() -> None:
    end = MONDAY + 49 * HOUR
    svg = drawing(Band((Stretch(MONDAY, end, "running"),), MONDAY, end, None, False, False), MEXICO, "x-")
    assert re.findall(r">(\d{4}-\d\d-\d\d)<", svg) == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert len(bars(svg)) == 3


def test_a_clock_of_years_still_fits_a_page() -> None:
    end = MONDAY + 3 * 365 * 24 * HOUR
    svg = drawing(Band((Stretch(MONDAY, end, "running"),), MONDAY, end, None, False, False), MEXICO, "x-")
    assert 1 < len(bars(svg)) <= 14


@pytest.mark.parametrize(("is_breached", "words"), [(True, "due and breached"), (False, "due")])
def test_due_and_breach_are_marked_in_words(is_breached: bool, words: str) -> None:
    band = Band((Stretch(MONDAY, MONDAY + HOUR, "running"),), MONDAY, MONDAY + HOUR, MONDAY + HOUR // 2, True, is_breached)
    assert f">{words}</text>" in drawing(band, MEXICO, "x-")


def test_every_state_has_a_look_of_its_own_and_its_name_in_the_legend() -> None:
    states: Any = list(STATES)
    stretches = tuple(Stretch(MONDAY + number * HOUR, MONDAY + (number + 1) * HOUR, it) for number, it in enumerate(states))
    svg = drawing(Band(stretches, MONDAY, stretches[-1].end, None, True, True), MEXICO, "x-")
    assert all(f">{words}</text>" in svg for words in STATES.values())
    patterns = re.findall(r'<pattern id="x-\w+"[^>]*>(.*?)</pattern>', svg)
    assert len(set(patterns)) == len(STATES) - 1  # running time is the one that is solid


def test_a_drawing_has_words_for_whoever_cannot_see_it(tmp_path: Path) -> None:
    made = document(tmp_path, opened("G-1"))
    drawn = [block for it in made.sections for block in it.blocks if isinstance(block, Drawing)]
    assert drawn and all(it.told for it in drawn)
