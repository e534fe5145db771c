"""`python -m bench` (or `make bench`): every measurement, a table each; `--write` puts them into docs/benchmarks.md as well.

Ledgers are made in a temporary folder and are gone afterwards. `python -m bench replay explain` runs, and writes, only those.
"""

import argparse
import platform
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench import append, calendar, explain, follow, http, live, page, recording, relay, replay, servicenow, verify, views
from bench.measuring import HEADINGS, Row, cells

PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmarks.md"
_LEAST_WIDTH = 150
MEASURED: dict[str, Callable[[Path], list[Row]]] = {
    "calendar": lambda _: calendar.run(),
    "recording": recording.run,
    "append": append.run,
    "replay": replay.run,
    "explain": explain.run,
    "follow": follow.run,
    "page": page.run,
    "views": views.run,
    "relay": relay.run,
    "live": live.run,
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
    for name in asked.names or MEASURED:
        rows = _measured(name)
        _show(name, rows)
        if asked.write:
            write(name, rows)


def _measured(name: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, Console(stderr=True).status(f"measuring: {name}"):
        return MEASURED[name](Path(folder))


def _show(name: str, rows: Sequence[Row]) -> None:
    table = Table(title=f"{name}: medians, their spread, and the floor of the same run")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="left" if number in (0, 2, 6, 7) else "right", no_wrap=number != 0)
    for row in rows:
        table.add_row(*cells(row))
    console = Console()
    console.width = max(console.width, _LEAST_WIDTH)
    console.print(table)


def write(name: str, rows: Sequence[Row]) -> None:
    """Puts the figures between the two marks that the page has for them; what people wrote around them stays. ValueError if
    the page has none."""
    begins, ends = f"<!-- python -m bench {name} --write -->", f"<!-- as far as here: {name} -->"
    before, begun, rest = PAGE.read_text("utf-8").partition(begins)
    _, ended, after = rest.partition(ends)
    if not begun or not ended:
        raise ValueError(f"{PAGE.name} has no place for the figures of {name}")
    table = "\n".join(
        [f"| {' | '.join(HEADINGS)} |", "| --- | ---: | --- | ---: | ---: | ---: | --- | --- |"]
        + [f"| {' | '.join(cells(row))} |" for row in rows]
    )
    PAGE.write_text(f"{before}{begins}\n\n{_where()}\n\n{table}\n\n{ends}{after}", "utf-8")


def _where() -> str:
    return (
        f"Measured {datetime.now(UTC).date().isoformat()} on {platform.system()} {platform.machine()}, {cpu_count()} cores,"
        f" with Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, msgspec {msgspec.__version__}."
    )


if __name__ == "__main__":
    main()
