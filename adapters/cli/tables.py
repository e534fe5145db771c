"""Tables for people: columns fitted once to what they hold and to the width there is, then printed page by page.

Built on rich. It knows rows of text and widths, never what they mean. Off a terminal there is no colour and, unless COLUMNS
says otherwise, room for 120 columns.
"""

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

from adapters.wording.values import word

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_STYLES = {"met": "green", "breached": "bold red", "running": "cyan", "paused": "yellow"}
_PAGE_ROWS = 500
_GAP = 2
_NARROWEST = 4
_LONGEST_WORD = 16
_WIDE_WITHOUT_TERMINAL = 120
Cells = Sequence[str]


@dataclass(frozen=True)
class Column:
    """A column: its heading, whether figures in it stand to the right, whether it may be folded to save room, and whether its
    cells begin with a verdict, which is coloured."""

    heading: str
    right: bool = False
    folds: bool = False
    verdict: bool = False


def width() -> int:
    """How many columns there are to print in."""
    return shutil.get_terminal_size((_WIDE_WITHOUT_TERMINAL, 24)).columns


def console() -> "Console":
    """Where text for people goes: standard output."""
    from rich.console import Console

    return Console(file=sys.stdout, width=width(), highlight=False, markup=False, emoji=False, soft_wrap=False)


def show(text: str = "", *, style: str | None = None, indent: int = 0) -> None:
    """A paragraph, folded between words."""
    from rich.text import Text

    _print(Text(text, style=style or ""), indent)


def heading(text: str) -> None:
    """A heading with room above it."""
    print()
    show(text, style="bold")


def show_table(columns: Sequence[Column], rows: Iterable[Cells], *, indent: int = 0, headed: bool = True) -> None:
    """Prints the rows under the columns (without a heading if not `headed`); nothing at all if there are none."""
    rows = iter(rows)
    first = list(islice(rows, _PAGE_ROWS))
    if not first:
        return
    widths = _fitted(columns, first, width() - indent)
    for number, page in enumerate(_pages(chain(first, rows))):
        _print(_table(columns, widths, page, headed=headed and number == 0), indent)


def show_pairs(pairs: Iterable[tuple[str, str]], *, indent: int = 0) -> None:
    """Labels with what belongs to each beside it; what is empty is left out."""
    columns = [Column(""), Column("", folds=True)]
    show_table(columns, [pair for pair in pairs if pair[1]], indent=indent, headed=False)


def _pages(rows: Iterator[Cells]) -> Iterator[list[Cells]]:
    while page := list(islice(rows, _PAGE_ROWS)):
        yield page


def _fitted(columns: Sequence[Column], rows: Sequence[Cells], room: int) -> list[int]:
    """The width of each column: what it needs; where there is no room for all, first those that fold give way down to their
    longest word, then the others, then whatever is widest."""
    from rich.cells import cell_len

    held = [[column.heading, *(row[number] for row in rows)] for number, column in enumerate(columns)]
    needs = [max(cell_len(line) for cell in cells for line in cell.split("\n")) for cells in held]
    words = [max(cell_len(word) for cell in cells for word in cell.split() or [""]) for cells in held]
    excess = sum(needs) + _GAP * (len(columns) - 1) - room
    folding = [min(it, _LONGEST_WORD) if column.folds else None for it, column in zip(words, columns, strict=True)]
    for least in (folding, words, [_NARROWEST] * len(columns)):
        excess = _narrowed(needs, least, excess)
    return needs


def _narrowed(widths: list[int], least: Sequence[int | None], excess: int) -> int:
    """Takes from the widest column that may still give, until nothing is in excess or none may; what is left of the excess."""
    while excess > 0:
        able = [(wide, it) for it, (wide, low) in enumerate(zip(widths, least, strict=True)) if low is not None and wide > low]
        if not able:
            break
        widths[max(able)[1]] -= 1
        excess -= 1
    return excess


def _table(columns: Sequence[Column], widths: Sequence[int], rows: Sequence[Cells], *, headed: bool) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, show_header=headed, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.header_style = "bold"
    for column, wide in zip(columns, widths, strict=True):
        table.add_column(column.heading, justify="right" if column.right else "left", width=wide, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=_style(cell) if of.verdict else "") for cell, of in zip(row, columns, strict=True)))
    return table


def _style(cell: str) -> str:
    return next((style for value, style in _STYLES.items() if cell.startswith(word(value))), "")


def _print(what: "RenderableType", indent: int) -> None:
    """Prints, without the spaces that would fill each line to its end."""
    screen = console()
    with screen.capture() as captured:
        screen.print(what, width=width() - indent)
    for line in captured.get().splitlines():
        print((" " * indent + line).rstrip())
