"""What the lists of the page show, asked of accounts in SQL: compliance, breaches, what is due, quotas, tickets, clients.

Every row is one that `bitacora report` would give; here they are chosen, put in order and counted. Subjects and names, which
the accounts do not hold, are read from the ledger for the rows shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from adapters.accounts.filling import moment, read
from adapters.accounts.tables import SLA
from adapters.ledger import Ledger
from adapters.web.kept import View
from adapters.wording.words import NAMES
from domain.events import ClientRegistered, TicketOpened

SHOWN = 12
PAGE_ROWS = 50
MONTHS = 12
_NEAR_PERCENT = 80
_CLOCKS = ("response", "resolution")
_PLACES = {name: place for place, name in enumerate(NAMES)}
Row = dict[str, Any]


class Filters(Struct, frozen=True):
    """Which tickets are listed; empty texts for all. `before` is where the page before ended: an opening, and its position."""

    client: str = ""
    priority: str = ""
    status: str = ""
    month: str = ""
    response: str = ""
    resolution: str = ""
    ticket: str = ""
    before: str = ""

    def query(self) -> list[tuple[str, str]]:
        """The filters as parameters of a URL."""
        return [(name, getattr(self, name)) for name in self.__struct_fields__ if getattr(self, name)]


class Listed(Struct, frozen=True):
    """A page of tickets, newest first; `next` is where the next one begins, empty if there is none."""

    rows: Sequence[Row]
    next: str


class Overview(Struct, frozen=True):
    """What an auditor sees first: compliance by month and priority for each clock, the newest breaches, what is due next, whom
    nobody attends, and quotas that are nearly used up."""

    priorities: Sequence[str]
    months: Mapping[str, Mapping[str, Row]]
    breaches: Sequence[Row]
    breached: int
    due: Sequence[Row]
    unattended: Sequence[Row]
    quotas: Sequence[Row]
    tickets: int


class Known(Struct, frozen=True):
    """What the filters of the list of tickets may be set to."""

    priorities: Sequence[str]
    months: Sequence[str]


def overview(view: View, client: str | None) -> Overview:
    """The overview of every client, or of one."""
    months = _compliance(view, client)
    where, values = _of(client)
    sums = view.session.all(f"SELECT COUNT(*), {_breached_count()} FROM sla {where}", *values)[0]
    return Overview(
        priorities=_in_order({it for month in months.values() for it in month if it}),
        months=months,
        breaches=_breaches(view, client),
        breached=int(sums[1] or 0),
        due=_due(view, client),
        unattended=_unattended(view, client),
        quotas=quotas(view, client, near=True),
        tickets=int(sums[0]),
    )


def _in_order(priorities: Iterable[str]) -> list[str]:
    """As the built-in terms list them, the most urgent first; those of other terms after them, by name."""
    return sorted(priorities, key=lambda it: (_PLACES.get(it, len(_PLACES)), it))


def _of(client: str | None, also: str = "") -> tuple[str, tuple[Any, ...]]:
    conditions = [it for it in ("client = ?" if client is not None else "", also) if it]
    return (f"WHERE {' AND '.join(conditions)}" if conditions else "", () if client is None else (client,))


def _breached_count() -> str:
    return " + ".join(_how_many(it, "breached") for it in _CLOCKS)


def _how_many(clock: str, verdict: str) -> str:
    return f"SUM(CASE WHEN {clock}_verdict = '{verdict}' THEN 1 ELSE 0 END)"


def _compliance(view: View, client: str | None) -> dict[str, dict[str, Row]]:
    """By month, newest first, and priority: what was met and breached of each clock; under the priority '' of the month."""
    where, values = _of(client)
    counts = [f"{clock}_{what}" for clock in _CLOCKS for what in ("met", "breached")]
    sums = ", ".join(_how_many(clock, verdict) for clock in _CLOCKS for verdict in ("met", "breached"))
    found: dict[str, dict[str, Row]] = {}
    newest = f"SELECT DISTINCT month FROM sla {where} ORDER BY month DESC LIMIT {MONTHS}"
    months = [it for (it,) in view.session.all(newest, *values)]
    if not months:
        return found
    where, values = _of(client, "month >= ?")
    # Not from the view monthly_compliance, which counts by client first: that takes three times as long.
    statement = f"SELECT month, priority, COUNT(*), {sums} FROM sla {where} GROUP BY month, priority"
    for month, priority, *figures in view.session.all(statement, *values, months[-1]):
        row = dict(zip(("tickets", *counts), map(int, figures), strict=True))
        found.setdefault(month, {})[priority] = row
    for month in found.values():
        month[""] = {name: sum(it[name] for it in month.values()) for name in ("tickets", *counts)}
    return {it: found[it] for it in sorted(found, reverse=True)}


def _breaches(view: View, client: str | None) -> list[Row]:
    """The newest breaches, each with the longest time that the clock ran and what made it run."""
    either = " OR ".join(f"{it}_verdict = 'breached'" for it in _CLOCKS)
    where, values = _of(client, f"({either})")
    columns = ", ".join(f"{clock}_{it}" for clock in _CLOCKS for it in ("verdict", "due_at", "stopped_at", "overrun_seconds"))
    newest = f"SELECT ticket, client, priority, terms, {columns} FROM sla {where} ORDER BY opened_uncut_at DESC, opening DESC"
    found: list[Row] = []
    for values_found in view.session.all(f"{newest} LIMIT {SHOWN}", *values):
        ticket, owner, priority, terms, *clocks = values_found
        for number, clock in enumerate(_CLOCKS):
            verdict, due, stopped, overrun = clocks[4 * number : 4 * number + 4]
            if verdict == "breached":
                row = {"ticket": ticket, "client": owner, "priority": priority, "terms": terms, "clock": clock}
                figures = {"due_at": _text(due), "stopped_at": _text(stopped), "overrun_seconds": overrun}
                found.append({**row, **figures, "longest": _longest(view, ticket, clock)})
    return found[:SHOWN]


def _longest(view: View, ticket: str, clock: str) -> Row | None:
    found = view.session.all(
        "SELECT from_at, to_at, counted_seconds, cause, clause FROM segments WHERE ticket = ? AND clock = ? AND longest",
        ticket, clock,
    )  # fmt: skip
    if not found:
        return None
    begins, ends, counted, cause, clause = found[0]
    return {"from": _text(begins), "to": _text(ends), "counted_seconds": counted, "cause": cause, "clause": clause}


def _due(view: View, client: str | None) -> list[Row]:
    """The clocks of open tickets that run and are not breached yet, those due first on top."""
    found = []
    for clock in _CLOCKS:
        where, values = _of(client, f"status = 'open' AND {clock}_verdict = 'running'")
        statement = (
            f"SELECT ticket, client, priority, {clock}_due_at FROM sla {where} ORDER BY {clock}_due_at, ticket LIMIT {SHOWN}"
        )
        for ticket, owner, priority, due in view.session.all(statement, *values):
            found.append({"ticket": ticket, "client": owner, "priority": priority, "clock": clock, "due_at": _text(due)})
    return sorted(found, key=lambda it: (it["due_at"] or "", it["ticket"]))[:SHOWN]


def _unattended(view: View, client: str | None) -> list[Row]:
    where, values = _of(client, "left_alone_since IS NOT NULL")
    statement = (
        "SELECT ticket, client, priority, left_alone_since, unattended_seconds, clause FROM unattended_tickets"
        f" {where} ORDER BY left_alone_since, ticket LIMIT {SHOWN}"
    )
    names = ("ticket", "client", "priority", "since", "seconds", "clause")
    found = (dict(zip(names, it, strict=True)) for it in view.session.all(statement, *values))
    return [{**it, "since": _text(it["since"])} for it in found]


_QUOTA = ("client", "policy", "terms", "tier", "starts", "ends", "state", "included", "used", "remaining")


def quotas(view: View, client: str | None, *, near: bool) -> list[Row]:
    """The policies in force and their totals, those with the least left first; `near`: only those nearly used up."""
    where, values = _of(client, "priority = 'all' AND state IN ('in_force', 'exhausted')")
    close = f" AND included > 0 AND 100 * used >= {_NEAR_PERCENT} * included" if near else ""
    statement = f"SELECT {', '.join(_QUOTA)} FROM quota_use {where}{close} ORDER BY remaining, client, policy LIMIT {SHOWN}"
    rows = (dict(zip(_QUOTA, it, strict=True)) for it in view.session.all(statement, *values))
    return [{**it, "starts": str(it["starts"]), "ends": str(it["ends"]) if it["ends"] else None} for it in rows]


# Tickets ------------------------------------------------------------------------------------------------------------


def tickets(view: View, filters: Filters) -> Listed:
    """A page of the tickets that the filters let through."""
    conditions, values = [], []
    for name in ("client", "priority", "status", "month"):
        if wanted := getattr(filters, name):
            conditions.append(f"{name} = ?")
            values.append(wanted)
    for clock in _CLOCKS:
        if wanted := getattr(filters, clock):
            conditions.append(f"{clock}_verdict = ?")
            values.append(wanted)
    if filters.ticket:
        conditions.append("ticket >= ? AND ticket < ?")
        values += [filters.ticket, filters.ticket + "\U0010ffff"]
    if place := _place(filters.before):
        conditions.append("(opened_uncut_at < ? OR (opened_uncut_at = ? AND opening < ?))")
        values += [place[0], place[0], place[1]]
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    statement = f"SELECT {', '.join(SLA.names)} FROM sla {where} ORDER BY opened_uncut_at DESC, opening DESC"
    found = view.session.all(f"{statement} LIMIT {PAGE_ROWS + 1}", *values)
    rows = [read(SLA, it) for it in found[:PAGE_ROWS]]
    more = f"{rows[-1]['opened_uncut_at']}.{rows[-1]['opening']}" if len(found) > PAGE_ROWS else ""
    return Listed(rows, more)


def _place(before: str) -> tuple[str, int] | None:
    """Where a page begins; None at the beginning, and for what is no such place."""
    opened, _, opening = before.rpartition(".")
    try:
        return moment(datetime.fromisoformat(opened)), int(opening)
    except (ValueError, OverflowError, TypeError):
        return None


def known(view: View, client: str | None) -> Known:
    """The priorities and months that tickets have."""
    where, values = _of(client)
    priorities = view.session.all(f"SELECT DISTINCT priority FROM sla {where}", *values)
    months = view.session.all(f"SELECT DISTINCT month FROM sla {where} ORDER BY month DESC", *values)
    return Known(_in_order(it for (it,) in priorities), [it for (it,) in months])


def subjects(ledger: Ledger, names: Iterable[str]) -> dict[str, str]:
    """What the tickets of these ids are about, as far as it can be read."""
    unsealed = ledger.unsealed()
    found = {}
    for _, recorded in ledger.streams_named([f"ticket:{it}" for it in names]):
        for entry in recorded[:1]:
            if isinstance(entry.event, TicketOpened):
                found[entry.event.ticket] = unsealed.text(entry.event.subject)
    return found


# Clients ------------------------------------------------------------------------------------------------------------


def clients(view: View, ledger: Ledger, after: str) -> tuple[list[Row], str]:
    """A page of clients by id, with their tickets counted and their names; and where the next page begins."""
    known_names = [it.removeprefix("client:") for it in ledger.names("client")]
    chosen = [it for it in known_names if it > after]
    shown = chosen[:PAGE_ROWS]
    counts = {}
    if shown:
        marks = ", ".join("?" * len(shown))
        statement = (
            f"SELECT client, COUNT(*), SUM(CASE WHEN status <> 'closed' THEN 1 ELSE 0 END), {_breached_count()} FROM sla"
            f" WHERE client IN ({marks}) GROUP BY client"
        )
        counts = {name: tuple(map(int, it)) for name, *it in view.session.all(statement, *shown)}
    names = registered(ledger, shown)
    rows = []
    for it in shown:
        tickets_of, open_of, breached_of = counts.get(it, (0, 0, 0))
        rows.append({"client": it, "name": names.get(it, ""), "tickets": tickets_of, "open": open_of, "breached": breached_of})
    return rows, shown[-1] if len(chosen) > PAGE_ROWS else ""


def registered(ledger: Ledger, names: Iterable[str]) -> dict[str, str]:
    """The names of clients, as far as they can be read."""
    unsealed = ledger.unsealed()
    found = {}
    for _, recorded in ledger.streams_named([f"client:{it}" for it in names]):
        for entry in recorded[:1]:
            told = unsealed.event(entry.event)
            if isinstance(told, ClientRegistered):
                found[told.client] = told.name
    return found


# Values as stores give them -----------------------------------------------------------------------------------------


def _text(value: Any) -> str | None:
    """A time as text, whether the store gives text or a time."""
    if value is None or isinstance(value, str):
        return value
    found: str = value.isoformat()
    return found.replace("+00:00", "Z")
