"""`bitacora statement`: the same figures in PDF, HTML and XLSX, in both languages; what anyone wrote stays text."""

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pypdf import PdfReader

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import AT
from tests.adapters.given import DESK, followed_up, opened, write_lines

MARCH = ("--month", "2026-03", "--at", AT)
MARKUP = '=1+1 <script>alert(1)</script> #panic("x") $x$ {{ 7*7 }}'


def sheets(path: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every sheet of a workbook, by its name, as rows of values."""
    return {it.title: list(it.iter_rows(values_only=True)) for it in load_workbook(path)}


def close(text: str) -> str:
    """Text without blanks and the places where a word may break."""
    return re.sub(r"[\s\u200b]+", "", text)


def written(path: str) -> str:
    """The text of a PDF without blanks."""
    return close("".join(it.extract_text() for it in PdfReader(io.BytesIO(Path(path).read_bytes())).pages))


def test_it_writes_pdf_html_and_xlsx_and_says_where(desk: Bitacora) -> None:
    for name in ("a.pdf", "a.HTML", "a.xlsx"):
        out = desk.done("statement", "acme", *MARCH, "-o", name).out
        assert out == f"statement of acme for 2026-03 written to {name}\n"
    assert Path("a.pdf").read_bytes().startswith(b"%PDF-")
    assert Path("a.HTML").read_bytes().startswith(b"<!DOCTYPE html>")
    assert zipfile.is_zipfile("a.xlsx")


def test_the_same_question_gives_the_same_bytes(desk: Bitacora) -> None:
    for kind in ("pdf", "html", "xlsx"):
        for name in ("one", "two"):
            desk.done("statement", "acme", *MARCH, "-o", f"{name}.{kind}")
        assert Path(f"one.{kind}").read_bytes() == Path(f"two.{kind}").read_bytes()


def test_page_and_paper_say_the_figures_of_the_reports(desk: Bitacora) -> None:
    desk.done("statement", "acme", *MARCH, "-o", "a.html")
    desk.done("statement", "acme", *MARCH, "-o", "a.pdf")
    page, paper = Path("a.html").read_text("utf-8"), written("a.pdf")
    for said in ("Acme", "0 of 1 met", "1,350.00 MXN", "PG: Grupo Staff", "600.00 MXN an hour", "remote: luis eva", "gs.7"):
        assert said in page and close(said) in paper, said
    assert "2 tickets were opened in March 2026." in page
    # The unofficial one has no clock: not applicable, in both.
    assert page.count("<svg") == 1 and "breached 10h30m/6h" in page


def test_it_is_told_in_spanish_too(desk: Bitacora) -> None:
    desk.done("statement", "beta", *MARCH, "-o", "a.html", "--lang", "es")
    page = Path("a.html").read_text("utf-8")
    assert '<html lang="es">' in page
    for said in (
        "Estado de cuenta mensual",
        "En marzo de 2026 se abrieron 2 tickets.",
        "Quedan 7 de 8",
        "prioridad no incluida",
    ):
        assert said in page, said
    desk.done("statement", "beta", *MARCH, "-o", "a.pdf", "--lang", "es")
    assert close("El cobro, renglón por renglón") in written("a.pdf")
    desk.done("statement", "beta", *MARCH, "-o", "a.xlsx", "--lang", "es")
    assert list(sheets("a.xlsx"))[:4] == ["Resumen", "Cumplimiento", "Tickets", "Cuota"]


def test_the_workbook_has_the_bill_as_numbers_with_their_currency_and_real_times(desk: Bitacora) -> None:
    desk.done("statement", "acme", *MARCH, "-o", "a.xlsx")
    heading, *rows, total = sheets("a.xlsx")["Bill"]
    first = dict(zip(heading, rows[0], strict=True))
    assert (first["Amount"], first["Currency"], first["Billable minutes"], first["Clause"]) == (150, "MXN", 15, "gs.6")
    assert (first["At"], first["At, local time"]) == ("2026-03-02 15:00:00 -06:00", datetime(2026, 3, 2, 15))
    assert (first["Reason"], first["Entry"]) == ("progress", 10)
    summed = dict(zip(heading, total, strict=True))
    assert (summed["At"], summed["Amount"], summed["Currency"]) == ("Total", 1350, "MXN")


def test_the_workbook_says_what_has_no_amount(desk: Bitacora, tmp_path: Path) -> None:
    line = {"type": "TicketOpened", "at": "2026-03-04T10:00:00-06:00", "ticket": "C-3", "client": "beta", "requester": "bob",
            "channel": "onsite", "priority": "P5", "kind": "request", "subject": "a visit"}  # fmt: skip
    desk.done("record", write_lines(tmp_path / "more.jsonl", [line]))
    desk.done("statement", "beta", *MARCH, "-o", "a.xlsx")
    held = sheets("a.xlsx")
    summary = {row[0]: row[1] for row in held["Summary"]}
    assert (summary["Total"], summary["Rows without an amount: to be quoted"]) == (900, 1)
    heading, *rows = held["Paid per event"]
    visit = dict(zip(heading, rows[1], strict=True))
    assert (visit["Ticket"], visit["List price"], visit["Without a price because"]) == ("C-3", None, "to be quoted")


def test_the_workbook_counts_as_the_reports_do(desk: Bitacora) -> None:
    desk.done("statement", "beta", *MARCH, "-o", "a.xlsx")
    held = sheets("a.xlsx")
    heading, *rows = held["Compliance"]
    every = [dict(zip(heading[3:], row[3:], strict=True)) for row in rows if row[2] == "All"]
    assert [(it["Count"], it["Met"], it["Breached"], it["Pending"], it["Unattended"]) for it in every] == [
        (2, 1, 1, 0, 2),
        (2, 0, 1, 0, 2),
    ]
    assert held["Quota"][-1][3:] == ("All", 8, 0, 1, 7)
    assert [row[0] for row in held["Tickets"]] == ["Ticket", "C-1", "C-2"]


def test_headings_stay_in_sight_and_nothing_is_a_formula(desk: Bitacora, tmp_path: Path) -> None:
    lines = [opened("M-1", subject=MARKUP, channel="portal"), followed_up("M-1", note=MARKUP)]
    Path("markup.jsonl").unlink(missing_ok=True)
    ledger = ("--ledger", "markup.db")
    desk.done(*ledger, "record", write_lines(tmp_path / "markup.jsonl", [*DESK, *lines]))
    desk.done(*ledger, "statement", "acme", *MARCH, "-o", "a.xlsx")
    book = load_workbook("a.xlsx")
    assert {it.freeze_panes for it in book} == {"B2"}
    assert book["Tickets"]["B2"].value == MARKUP and book["Tickets"]["B2"].data_type == "s"
    desk.done(*ledger, "statement", "acme", *MARCH, "-o", "a.html")
    assert "<script>" not in Path("a.html").read_text("utf-8")
    desk.done(*ledger, "statement", "acme", *MARCH, "-o", "a.pdf")
    assert close(MARKUP) in written("a.pdf")


def test_long_lists_are_whole_on_paper(desk: Bitacora, tmp_path: Path) -> None:
    ledger = ("--ledger", "long.db")
    tickets = [opened(f"L-{number:03}", at=f"2026-03-02T09:{number % 60:02}:{number // 60:02}-06:00") for number in range(320)]
    lines = [*DESK, *sorted(tickets, key=lambda it: it["at"])]
    lines += [followed_up(it["ticket"], number % 60) for number, it in enumerate(tickets)]
    desk.done(*ledger, "record", write_lines(tmp_path / "long.jsonl", lines))
    desk.done(*ledger, "statement", "acme", *MARCH, "-o", "a.pdf")
    paper = written("a.pdf")
    # Once among the tickets, once on the bill; those that were answered late once more.
    assert all(paper.count(it["ticket"]) >= 2 for it in tickets)
    assert close("Total: 48,000.00 MXN.") in paper


def test_the_same_statement_again_is_the_command_it_names(desk: Bitacora) -> None:
    desk.done("statement", "acme", *MARCH, "--reading", "gs.4=clock-hours", "-o", "a.html")
    page = Path("a.html").read_text("utf-8")
    (line,) = re.findall(r"<pre>bitacora (statement .*?) -o ", page)
    desk.done(*line.split(), "-o", "b.html")
    assert Path("b.html").read_text("utf-8") == page
    assert "→ gs.4" in page


def test_what_was_known_then_is_another_statement(desk: Bitacora) -> None:
    desk.done("statement", "acme", *MARCH, "--known-at", "9", "-o", "a.html")
    page = Path("a.html").read_text("utf-8")
    assert "what was recorded up to position 9" in page and "Nothing is charged." in page


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["acme", "--month", "2026-03", "-o", "a.txt"], "a.txt is of no kind known here: .pdf, .html or .xlsx"),
        (["acme", "--month", "2026-3", "-o", "a.pdf"], "2026-3 is not a month such as 2026-03"),
        (["acme", "--month", "2026-13", "-o", "a.pdf"], "2026-13 is not a month such as 2026-03"),
        (["acme", "--month", "1969-12", "-o", "a.pdf"], "1969-12 is not a month such as 2026-03"),
        (["nobody", "--month", "2026-03", "-o", "a.pdf"], "there is no client nobody"),
        (["acme", "--month", "2026-04", "--at", AT, "-o", "a.pdf"], "2026-04 had not begun at the moment judged"),
        (["acme", "--month", "2026-03", "--reading", "gs.4=never", "-o", "a.pdf"], "the reading gs.4 has no option never"),
    ],
)
def test_what_cannot_be_made_is_misuse_and_nothing_is_written(desk: Bitacora, arguments: list[str], complaint: str) -> None:
    ran = desk("statement", *arguments)
    assert ran.code == 2 and complaint in ran.err
    assert not Path("a.pdf").exists() and not Path("a.txt").exists()


def test_it_never_writes_over_the_ledger(desk: Bitacora) -> None:
    Path("bitacora.db").rename("ledger.xlsx")
    before = Path("ledger.xlsx").read_bytes()
    ran = desk("--ledger", "ledger.xlsx", "statement", "acme", *MARCH, "-o", "ledger.xlsx")
    assert ran.code == 2 and "ledger.xlsx" in ran.err
    assert Path("ledger.xlsx").read_bytes() == before
