"""How a workbook (XLSX) of figures is written: its cells, columns, charts and pages.

Amounts are numbers beside their currency, sums are values. A time stands twice: as text with its offset, and as a local time
that Excel can reckon with. Nothing is a formula, so that nothing anyone wrote can become one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import Any

from msgspec import Struct

from adapters.wording.values import local, moment_of

_LONGEST_TEXT = 32_767
_MOST_DIGITS = 15
"""What a cell of Excel can hold: letters of a text, digits of a number."""
Cell = str | int | Decimal | datetime | None
Row = Sequence["Cell | Share"]


class Share(Struct, frozen=True):
    """A share of something, in thousandths."""

    permille: int


class Column(Struct, frozen=True):
    """A column: its heading, its width in letters, and whether figures stand in it."""

    heading: str
    width: int = 12
    figures: bool = False


_PATTERNS = {"text": "@", "whole": "#,##0", "amount": "#,##0.00", "moment": "yyyy-mm-dd hh:mm:ss", "share": "0.0%"}
_HEADING_POINTS = 46
_LETTERS_OF_A_PAGE = 180
VERDICT_COLOURS = ("#24405E", "#8C1C13", "#B9BCC0", "#F1F1EE")
"""Of met, breached, pending, not applicable."""
QUOTA_COLOURS = ("#B9BCC0", "#24405E", "#FFFFFF")
"""Of used before, used in the month, left."""


class Sheets:
    """Sheets with a frozen heading, each cell written as what it is."""

    def __init__(self, book: Any, zone: tzinfo, title: str) -> None:
        self.zone = zone
        self._book, self._title = book, title
        self._formats = {
            (kind, bold): book.add_format({"bold": bold, "num_format": pattern, "indent": int(kind == "text")})
            for kind, pattern in _PATTERNS.items()
            for bold in (False, True)
        }
        heading = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "bottom", "bg_color": "#EEF1F4"}
        self._headings = {
            figures: book.add_format(heading | ({"align": "right"} if figures else {"align": "left", "indent": 1}))
            for figures in (False, True)
        }

    def add(self, name: str, columns: Sequence[Column], rows: Iterable[Row], marked: Sequence[Row] = ()) -> Any:
        """A sheet of these rows, then those marked (sums, set in bold); its first row and column stay in sight."""
        sheet = self._book.add_worksheet(name)
        sheet.freeze_panes(1, 1)
        self._lay_out(sheet, sum(it.width for it in columns))
        sheet.set_row(0, _HEADING_POINTS)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width)
            sheet.write_string(0, place, column.heading, self._headings[column.figures])
        count = 0
        for count, row in enumerate(rows, start=1):
            self._write(sheet, count, row, bold=False)
        if count:
            sheet.autofilter(0, 0, count, len(columns) - 1)
        for below, row in enumerate(marked, start=count + 1):
            self._write(sheet, below, row, bold=True)
        return sheet

    def _lay_out(self, sheet: Any, letters: int) -> None:
        """On paper: Letter on its side, as wide as one page if that can still be read."""
        sheet.set_landscape()
        sheet.set_paper(1)
        if letters <= _LETTERS_OF_A_PAGE:
            sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        sheet.set_header("&L" + self._title[:100].replace("&", "&&") + "&R&P / &N")

    def stacked(self, sheet: str, title: str, rows: tuple[int, int], names: int, parts: Mapping[int, str]) -> Any:
        """A chart of bars for the rows of a sheet, first to last: names from one column, parts from others, each in its
        colour."""
        first, last = rows
        chart = self._book.add_chart({"type": "bar", "subtype": "stacked"})
        for place, colour in parts.items():
            chart.add_series(
                {
                    "name": [sheet, 0, place],
                    "categories": [sheet, first, names, last, names],
                    "values": [sheet, first, place, last, place],
                    "fill": {"color": colour},
                    "border": {"color": "#24303F", "width": 0.5},
                    "gap": 60,
                }
            )
        chart.set_title({"name": title, "overlay": False})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "0", "major_gridlines": {"visible": True, "line": {"color": "#DDDDDD"}}})
        chart.set_legend({"position": "bottom"})
        return chart

    def _write(self, sheet: Any, row: int, cells: Row, *, bold: bool) -> None:
        for place, cell in enumerate(cells):
            self._cell(sheet, row, place, cell, bold)

    def _cell(self, sheet: Any, row: int, place: int, cell: Cell | Share, bold: bool) -> None:
        match cell:
            case None:
                pass
            case Share():
                sheet.write_number(row, place, Decimal(cell.permille) / 1000, self._formats["share", bold])
            case int():
                sheet.write_number(row, place, cell, self._formats["whole", bold])
            case Decimal() if len(cell.as_tuple().digits) <= _MOST_DIGITS:
                sheet.write_number(row, place, cell, self._formats["amount", bold])
            case datetime():
                # Excel knows no zones: the local time, whose offset stands in the text beside it.
                local_time = cell.astimezone(self.zone).replace(tzinfo=None)
                sheet.write_datetime(row, place, local_time, self._formats["moment", bold])
            case _:
                text = str(cell)
                text = text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"
                sheet.write_string(row, place, text, self._formats["text", bold])

    def moment(self, text: str | None) -> tuple[str | None, datetime | None]:
        """A time of the reports as text with its offset, and as a time."""
        return (local(text, self.zone, offset=True), moment_of(text)) if text is not None else (None, None)
