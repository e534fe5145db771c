"""`bitacora readings`: on which unclear clauses the outcome hangs, in one page."""

from decimal import Decimal

import pytest

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT


def page(desk: Bitacora, *asked: object) -> str:
    """The page, with its runs of spaces made one."""
    return " ".join(desk.done("readings", "--at", AT, *asked).out.split())


def test_a_clause_has_its_question_how_it_is_read_and_what_each_other_reading_makes(desk: Bitacora) -> None:
    told = page(desk)
    assert "gs.7 → full-session Which minutes are charged for a consultant who attended only part of the session?" in told
    # Of the 120 minutes charged for the session of two, the 30 that eva was not there fall away, at 600.00 an hour.
    assert "own-minutes 1 row of the bill; -300.00 MXN" in told
    assert "As it is read Tickets 4 Responses breached 2" in told


def test_the_tickets_judged_otherwise_are_named(desk: Bitacora) -> None:
    told = page(desk, "--ticket", "C-1")
    assert "The outcome hangs on" in told
    assert "grupo-staff" not in told.partition("Nothing hangs on")[0]


@pytest.mark.parametrize("supposed", [(), ("--reading", "gs.7=own-minutes", "--reading", "cs.5=list-price")])
def test_what_a_reading_makes_is_what_the_report_says_under_it(desk: Bitacora, supposed: tuple[str, ...]) -> None:
    found = desk.done("readings", "--at", AT, *supposed, "--format", "json").json()
    chosen = [it for it in supposed if it != "--reading"]
    bill = ("report", "billing", "--at", AT, "--format", "json")
    plain = sum(Decimal(it["amount"]) for it in desk.done(*bill, *supposed).json())
    for clause in found["hangs"]:
        for other in clause["otherwise"]:
            beside = [it for it in chosen if not it.startswith(f"{clause['reading']}=")]
            read = [word for it in (*beside, f"{clause['reading']}={other['option']}") for word in ("--reading", it)]
            rows = desk.done(*bill, *read).json()
            difference = sum(Decimal(it["amount"]) for it in rows) - plain
            assert Decimal(other["amounts"].get("MXN", "0.00")) == difference
    assert {it["reading"] for it in found["hangs"]} >= {"gs.7", "cs.5"}
    assert found["totals"]["tickets"] == 4


def test_clauses_on_which_nothing_hangs_are_named_at_the_end(desk: Bitacora) -> None:
    told = page(desk).partition("Nothing hangs on")[2]
    assert "gs.2.5 five-days" in told
    assert "(decides only what may be recorded)" in told


def test_only_what_is_looked_at_and_was_known_counts(desk: Bitacora) -> None:
    assert "Tickets 2 " in page(desk, "--client", "acme")
    assert "Tickets 0 " in page(desk, "--known-at", "5")
    assert page(desk, "--known-at", "5").startswith("The outcome hangs on 0 of 24 unclear clauses")


def test_a_clause_that_is_supposed_to_be_read_otherwise_is_told_so(desk: Bitacora) -> None:
    told = page(desk, "--reading", "gs.7=own-minutes")
    assert "gs.7 → own-minutes" in told and "full-session 1 row of the bill; +300.00 MXN" in told
    assert "With gs.7=own-minutes, and else as read by default, judged at" in told
    assert "Con gs.7=own-minutes, y lo demás" in page(desk, "--reading", "gs.7=own-minutes", "--lang", "es")
    for reading, complaint in (
        ("gs.99=other", "no terms have a reading gs.99"),
        ("gs.7=other", "the reading gs.7 has no option"),
    ):
        ran = desk("readings", "--reading", reading)
        assert (ran.code, ran.out) == (2, "") and complaint in ran.err


def test_it_speaks_spanish_with_the_same_figures(desk: Bitacora) -> None:
    told = page(desk, "--lang", "es")
    assert "¿Qué minutos se cobran por un consultor que estuvo solo una parte de la sesión?" in told
    assert "own-minutes 1 renglón del cobro; -300.00 MXN" in told
    assert "Nada depende de" in told


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("columns", [80, 120])
def test_no_line_is_wider_than_the_screen(language: str, columns: int, desk: Bitacora, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    out = desk.done("--lang", language, "readings", "--at", AT).out
    assert max(map(len, out.splitlines())) <= columns


@pytest.mark.parametrize(("option", "complaint"), [("--client", "client"), ("--policy", "policy"), ("--ticket", "ticket")])
def test_what_is_not_there_is_misuse(option: str, complaint: str, desk: Bitacora) -> None:
    ran = desk("readings", option, "nobody")
    assert (ran.code, ran.out) == (2, "")
    assert f"there is no {complaint} nobody" in ran.err
