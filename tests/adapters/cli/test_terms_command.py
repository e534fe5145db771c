"""`bitacora terms`: what is published, what it says, and the checking and publishing of a desk's own."""

from pathlib import Path

import pytest

from adapters.terms.files import BUILTIN
from tests.adapters.cli.calling import Bitacora

OTHER_DESK = (Path(__file__).parents[2] / "domain" / "other_desk.toml").read_text("utf-8")


@pytest.fixture
def other_desk(tmp_path: Path) -> Path:
    path = tmp_path / "desk.toml"
    path.write_text(OTHER_DESK, "utf-8")
    return path


def published_id() -> str:
    return OTHER_DESK.partition('terms = "')[2].partition('"')[0]


def test_without_a_ledger_the_terms_of_the_program_are_listed_and_none_is_made(bitacora: Bitacora, tmp_path: Path) -> None:
    out = bitacora.done("terms", "list").out
    assert all(name in out for name in BUILTIN)
    assert "comes with the program" in out
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_lists_every_version_with_its_position(desk: Bitacora) -> None:
    lines = desk.done("terms", "list").out.splitlines()[2:]
    assert [line.split()[:3] for line in lines] == [["grupo-staff", "1", "1"], ["customsoft", "1", "2"]]


def test_terms_are_shown_with_their_clauses_and_what_they_provide(bitacora: Bitacora) -> None:
    out = bitacora.done("terms", "show", "grupo-staff").out
    assert "Regular technical incident: solved in 6 hours." in out
    assert "Support hours (gs.8.1), America/Mexico_City" in out
    assert "1h - 4h" in out
    spanish = bitacora.done("terms", "show", "grupo-staff", "--lang", "es").out
    assert "Incidente técnico regular: se resuelve en 6 horas." in spanish
    assert "lunes" in spanish


def test_another_reading_shows_other_provisions(bitacora: Bitacora) -> None:
    by_the_clock = bitacora.done("terms", "show", "customsoft", "--reading", "cs.4.2=14-events").out
    assert "cs.4.2=14-events" in by_the_clock
    assert by_the_clock != bitacora.done("terms", "show", "customsoft").out


def test_readings_are_shown_with_their_options_and_the_default(bitacora: Bitacora) -> None:
    out = bitacora.done("terms", "readings", "customsoft").out
    assert "customsoft: 9 open questions" in out
    assert "Clock hours, day and night. (default)" in out
    both = bitacora.done("terms", "readings").out
    assert "grupo-staff: 15 open questions" in both


def test_a_good_file_has_nothing_wrong(bitacora: Bitacora, other_desk: Path) -> None:
    assert bitacora.done("terms", "check", "desk.toml").out == "desk.toml: nothing is wrong\n"


def test_what_is_wrong_is_named_by_line_and_field(bitacora: Bitacora, other_desk: Path) -> None:
    lines = OTHER_DESK.splitlines()
    number = next(it for it, line in enumerate(lines, start=1) if line.startswith("zone = "))
    lines[number - 1] = 'zone = "Mars/Base"'
    other_desk.write_text("\n".join(lines), "utf-8")
    ran = bitacora("terms", "check", "desk.toml")
    assert (ran.code, ran.err) == (1, "")
    assert f"desk.toml:{number}: calendar.zone: 'Mars/Base' is not an IANA time zone" in ran.out
    assert bitacora("terms", "publish", "desk.toml").code == 1


def test_a_file_that_is_not_toml_says_so_in_the_language_asked_for(bitacora: Bitacora, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("terms =\n", "utf-8")
    assert bitacora("terms", "check", "bad.toml").out.startswith("bad.toml:1: not valid TOML")
    assert bitacora("terms", "check", "bad.toml", "--lang", "es").out.startswith("bad.toml:1: no es TOML válido")


def test_published_terms_are_an_entry_and_publishing_them_again_is_not(desk: Bitacora, other_desk: Path) -> None:
    assert desk.done("terms", "publish", "desk.toml").out == f"{published_id()} published at position 19\n"
    assert "is published already with this content, at position 19" in desk.done("terms", "publish", "desk.toml").out
    (entry,) = desk.done("entries", "--after", "18", "--format", "json").lines()
    assert (entry["type"], entry["terms"]) == ("TermsPublished", published_id())
    assert published_id() in desk.done("terms", "list").out
    assert desk.done("terms", "show", published_id()).out


def test_a_new_version_has_the_next_number(desk: Bitacora, other_desk: Path) -> None:
    desk.done("terms", "publish", "desk.toml")
    other_desk.write_text(OTHER_DESK.replace('en = "', 'en = "Now: ', 1), "utf-8")
    desk.done("terms", "publish", "desk.toml")
    rows = [line.split()[:3] for line in desk.done("terms", "list").out.splitlines()[2:]]
    assert rows[-1] == [published_id(), "2", "20"]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("show", "none"), "there are no terms none"),
        (("readings", "none"), "there are no terms none"),
        (("show", "customsoft", "--reading", "gs.4=clock-hours"), "no terms have a reading gs.4"),
        (("show", "customsoft", "--reading", "cs.2=never"), "the reading cs.2 has no option never"),
        (("check", "absent.toml"), "absent.toml: No such file or directory"),
        (("publish", "absent.toml"), "absent.toml: No such file or directory"),
    ],
)
def test_what_is_not_there_is_misuse(arguments: tuple[str, ...], complaint: str, bitacora: Bitacora, tmp_path: Path) -> None:
    ran = bitacora("terms", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert complaint in ran.err
    assert list(tmp_path.iterdir()) == []
