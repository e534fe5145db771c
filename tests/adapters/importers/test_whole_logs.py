"""The real logs, when they are at hand: no row is dropped silently, and the entries stand in an order the
ledger takes."""

import gzip
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.importers import IMPORTERS, REASONS, Contract, ImportOptions, Translated

DATA = Path(__file__).parents[4] / "shared" / "data"
ROWS = {"servicenow": 141_712, "helpdesk": 13_710, "comments": 30_104}
INCIDENTS = {"servicenow": 24_918, "helpdesk": 3_804, "comments": 360}
ACTIVE_AGAIN = {"servicenow": 12, "helpdesk": 0}  # among comments it depends on how their texts are judged
OPTIONS = ImportOptions(Contract(client="acme", name="Acme"), ZoneInfo("Etc/GMT+3"))


@pytest.fixture(scope="module", params=ROWS)
def log(request: pytest.FixtureRequest) -> tuple[str, list[Translated]]:
    file = DATA / f"{request.param}.csv.gz"
    if not file.exists():
        pytest.skip(f"the real log {file.name} is not at hand (../shared/data)")
    return request.param, list(IMPORTERS[request.param](file, OPTIONS))


def test_rows_read_are_rows_that_gave_entries_and_rows_explained(log: tuple[str, list[Translated]]) -> None:
    source, rows = log
    with gzip.open(DATA / f"{source}.csv.gz") as file:
        lines = sum(1 for _ in file) - 1
    assert lines == ROWS[source]
    assert sorted(row.row for row in rows) == [0, *range(2, lines + 2)]
    assert all(bool(row.entries) != (row.reason is not None) for row in rows)
    assert {row.reason.partition(":")[0] for row in rows if row.reason} <= REASONS.keys()


def test_every_incident_is_a_ticket_and_no_key_comes_twice(log: tuple[str, list[Translated]]) -> None:
    source, rows = log
    entries = [entry for row in rows for entry in row.entries]
    openings = Counter("continues" in entry for entry in entries if entry["type"] == "TicketOpened")
    assert openings[False] == INCIDENTS[source]
    assert openings[True] == ACTIVE_AGAIN.get(source, openings[True])
    assert len({entry["key"] for entry in entries}) == len(entries)


def test_each_ticket_is_told_in_an_order_the_ledger_takes(log: tuple[str, list[Translated]]) -> None:
    tickets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in log[1]:
        for entry in row.entries:
            if "ticket" in entry:
                tickets[entry["ticket"]].append(entry)
    closed = {name for name, entries in tickets.items() if entries[-1]["type"] == "Closed"}
    for entries in tickets.values():
        assert _fault(entries) is None
        continued = entries[0].get("continues")
        assert continued is None or continued in closed


def _fault(entries: Iterable[dict[str, Any]]) -> str | None:
    """What rules.md 5 would object to in a ticket's entries, in the order delivered; None if nothing."""
    last, resolved, asked, closed, level, opened = "", False, False, False, 1, False
    for entry in entries:
        kind = entry["type"]
        illegal = {
            "TicketOpened": opened, "Resolved": resolved, "ResolutionRejected": not resolved,
            "InformationReceived": not asked, "Escalated": entry.get("level") == level,
            "Closed": entry.get("reason") == "validated" and not resolved,
        }.get(kind, False)  # fmt: skip
        if illegal or closed or entry["at"] < last or opened == (kind == "TicketOpened"):
            return f"{kind} {entry['key']}"
        opened, closed, last = True, kind == "Closed", entry["at"]
        resolved = (resolved or kind == "Resolved") and kind != "ResolutionRejected"
        asked = (asked or kind == "InformationRequested") and kind not in (
            "InformationReceived",
            "ResolutionRejected",
        )
        level = entry.get("level", level)
    return None
