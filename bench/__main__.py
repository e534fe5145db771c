"""`python -m bench` (or `make bench`): every measurement in one table; `--write` puts it into docs/benchmarks.md as well.

Ledgers are made in a temporary folder and are gone afterwards. `python -m bench replay explain` runs only those.
"""

import argparse
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench import append, calendar, explain, follow, http, recording, relay, replay, servicenow, verify, views
from bench.measuring import HEADINGS, Row, cells

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
BEGINS, ENDS = "<!-- written by python -m bench --write -->", "<!-- as far as here -->"
_LEAST_WIDTH = 150
MEASURED: dict[str, Callable[[Path], list[Row]]] = {
    "calendar": lambda _: calendar.run(),
    "recording": recording.run,
    "append": append.run,
    "replay": replay.run,
    "explain": explain.run,
    "follow": follow.run,
    "views": views.run,
    "relay": relay.run,
    "verify": verify.run,
    "servicenow": servicenow.run,
    "http": http.run,
}


def main() -> None:
    """Measures what is named, everything if nothing is, and shows the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure bitacora against floors of the same run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"what to measure: {', '.join(MEASURED)}; all by default")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/benchmarks.md")
    asked = parser.parse_args()
    if unknown := sorted({*asked.names} - {*MEASURED}):
        parser.error(f"nothing is called {', '.join(unknown)}; there are {', '.join(MEASURED)}")
    names = asked.names or list(MEASURED)
    if asked.write and set(names) != set(MEASURED):
        parser.error("--write takes everything in one run")
    rows = list(_measured(names))
    _show(rows)
    if asked.write:
        write(rows)


def _measured(names: Sequence[str]) -> Iterator[Row]:
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            with console.status(f"measuring: {name}"):
                yield from MEASURED[name](Path(folder))


def _show(rows: Sequence[Row]) -> None:
    table = Table(title="bitacora: medians, their spread, and the floor of the same run")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if number in (0, 2, 6, 7) else "right", no_wrap=number != 0)
    for row in rows:
        table.add_row(*cells(row))
    console = Console()
    console.width = max(console.width, _LEAST_WIDTH)
    console.print(table)


def write(rows: Sequence[Row]) -> None:
    """Puts the figures between the two marks of the page; what people wrote around them stays."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    table = "\n".join(
        [f"| {' | '.join(HEADINGS)} |", "| --- | ---: | --- | ---: | ---: | ---: | --- | --- |"]
        + [f"| {' | '.join(cells(row))} |" for row in rows]
    )
    page = f"{before}{BEGINS}\n\n{_where()}\n\n{table}\n\n{ENDS}{after}"
    PAGE.write_text(page, "utf-8")


def _where() -> str:
    return (
        f"Measured {datetime.now(UTC).date().isoformat()} on {platform.system()} {platform.machine()}, {cpu_count()} cores,"
        f" with Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, msgspec {msgspec.__version__}."
    )


if __name__ == "__main__":
    main()
