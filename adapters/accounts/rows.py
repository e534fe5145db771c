"""The rows of one version of the stored accounts, as one transaction sees them: every statement that asks or writes them.

It runs in a session given to it and neither begins nor ends transactions; what rows mean is in `filling`, when to write in
`following`, and which versions there are in `versions`.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from adapters.accounts.filling import ClientRows, Rows, TicketRows, Values, read, together
from adapters.accounts.judging import Parked
from adapters.accounts.session import AccountsSession
from adapters.accounts.tables import (
    BILLING,
    CONSUMPTION,
    OF_TICKET,
    OPEN_WORK,
    PARKED,
    QUOTAS,
    SLA,
    TIMETABLE,
    USES,
    WORK,
    Table,
)
from domain.time_base import epoch_seconds
from projections import sla

_CLIENT_OF_USE = USES.names.index("client")
_SENT_AT_ONCE = 20
"""So few tickets have few rows: sending their statements together is faster than copying their rows."""
_AT_ONCE = 400
"""Values in one statement: fewer than any store refuses."""


Invalid = tuple[str, str]
"""A subject, and the moment it was judged at."""


class AccountRows:
    """The rows of one version, `number`, in one transaction."""

    def __init__(self, session: AccountsSession, number: int) -> None:
        self.session = session
        self.number = number

    def _name(self, table: Table) -> str:
        return f"{table.name}_{self.number}"

    def select(self, table: Table, where: str = "", *values: Any) -> Iterator[dict[str, Any]]:
        """The rows of a table, by the names of its columns; `where` is what follows its name."""
        statement = f"SELECT {', '.join(table.names)} FROM {self._name(table)} {where}"
        return (read(table, it) for it in self.session.each(statement, *values))

    def of(self, table: Table, key: str, values: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The rows of a table that have one of these values in a column."""
        return (read(table, it) for it in self._among(table, ", ".join(table.names), key, values))

    # Asking ---------------------------------------------------------------------------------------------------------

    def judged_since(self, at: str | None) -> tuple[list[str], str | None]:
        """The subjects judged after a moment (None: all), and the moment that the last of all was judged at."""
        name = self._name(TIMETABLE)
        which, values = ("", ()) if at is None else (" WHERE judged_at > ?", (at,))
        found = [subject for (subject,) in self.session.each(f"SELECT subject FROM {name}{which}", *values)]
        last = self.session.all(f"SELECT max(judged_at) FROM {name}")[0][0]
        return found, None if last is None else read(TIMETABLE, ("", None, last, None))["judged_at"]

    def invalid(self, at: str, limit: int) -> list[Invalid]:
        """At most so many subjects for which what is stored does not hold at a moment, and when each was judged."""
        select = f"SELECT subject, judged_at FROM {self._name(TIMETABLE)}"
        found = self.session.all(
            f"SELECT * FROM ({select} WHERE changes_at <= ? ORDER BY changes_at LIMIT {limit}) reached"
            f" UNION ALL SELECT * FROM ({select} WHERE judged_at > ? ORDER BY judged_at DESC LIMIT {limit}) ahead", at, at,
        )  # fmt: skip
        judged = {subject: read(TIMETABLE, (subject, None, judged_at, None))["judged_at"] for subject, judged_at in found}
        return list(judged.items())[:limit]

    def next_change(self) -> str | None:
        """The first moment at which anything stored changes of itself."""
        found: str | None = self.session.all(f"SELECT min(changes_at) FROM {self._name(TIMETABLE)}")[0][0]
        return None if found is None else read(TIMETABLE, ("", None, None, found))["changes_at"]

    def tickets_of(self, client: str) -> list[str]:
        """The tickets of a client that are stored, or known to come."""
        found = self.session.all(
            f"SELECT subject FROM {self._name(TIMETABLE)} WHERE client = ? AND subject >= 'ticket:' AND subject < 'ticket;'",
            client,
        )
        return [subject.removeprefix("ticket:") for (subject,) in found]

    def tickets_measured_since(self, since: datetime) -> list[str]:
        """The tickets with a clock that ran or stood at or after a moment."""
        instant = sla.iso(epoch_seconds(since))
        found = self.session.all(
            f"SELECT ticket FROM {self._name(SLA)} WHERE NOT settled OR response_stopped_at >= ? OR resolution_stopped_at >= ?",
            instant, instant,
        )  # fmt: skip
        return [ticket for (ticket,) in found]

    def begun(self, kind: str) -> tuple[str, int]:
        """The last ticket (or client), by name, that a build has judged, empty if none; and how many it has."""
        within = f"subject >= '{kind}:' AND subject < '{kind};'"
        last, count = self.session.all(f"SELECT max(subject), count(*) FROM {self._name(TIMETABLE)} WHERE {within}")[0]
        parked = self.session.all(f"SELECT max(subject) FROM {self._name(PARKED)} WHERE {within}")[0][0]
        return max(last or "", parked or ""), count

    def uses_of(self, clients: Sequence[str]) -> dict[str, list[Values]]:
        """The stored uses of these clients' tickets, by client."""
        uses: dict[str, list[Values]] = {it: [] for it in clients}
        for use in self._among(USES, ", ".join(USES.names), "client", clients):
            uses[use[_CLIENT_OF_USE]].append(use)
        return uses

    def tickets_invalid(self, at: str, client: str | None) -> set[str]:
        """The tickets, of one client or of all, for which what is stored does not hold at a moment."""
        return {it.removeprefix("ticket:") for it in self._invalid("ticket", at, client)}

    def clients_invalid(self, at: str) -> set[str]:
        """The clients for which what is stored does not hold at a moment."""
        return {it.removeprefix("client:") for it in self._invalid("client", at, None)}

    def _invalid(self, kind: str, at: str, client: str | None) -> Iterator[str]:
        which, values = ("", ()) if client is None else (" AND client = ?", (client,))
        for condition in ("changes_at <= ?", "judged_at > ?"):
            found = self.session.all(
                f"SELECT subject FROM {self._name(TIMETABLE)} WHERE {condition}{which}"
                f" AND subject >= '{kind}:' AND subject < '{kind};'", at, *values,
            )  # fmt: skip
            yield from (subject for (subject,) in found)

    def running(self, client: str | None) -> set[str]:
        """The tickets, of one client or of all, with figures that grow."""
        which, values = ("", ()) if client is None else (" AND client = ?", (client,))
        found = self.session.all(f"SELECT ticket FROM {self._name(SLA)} WHERE NOT settled{which}", *values)
        return {ticket for (ticket,) in found}

    def left_alone(self, at: str, client: str | None) -> set[str]:
        """The tickets, of one client or of all, that have been left alone for a support day at a moment."""
        which, values = ("", ()) if client is None else (" AND client = ?", (client,))
        found = self.session.all(
            f"SELECT ticket FROM {self._name(OPEN_WORK)} WHERE unattended_from <= ?{which}", _whole(at), *values
        )
        return {ticket for (ticket,) in found}

    def parked(self) -> list[dict[str, Any]]:
        """What is parked, by name."""
        return list(self.select(PARKED, "ORDER BY subject"))

    def judged_at(self, subject: str) -> str:
        """The moment that a subject, which is stored, was judged at."""
        return next(str(it["judged_at"]) for it in self.select(TIMETABLE, "WHERE subject = ?", subject))

    def differing(self, other: int) -> dict[str, int]:
        """How many rows of each table are not the same in another version, as far as they can be compared: what runs is as
        of the moment that it was judged at."""
        found = {}
        for table in (SLA, CONSUMPTION, QUOTAS, BILLING, WORK):
            compared = (it for it in table.columns if it.name != "judged_at")
            # What a store calls JSON it may not be able to compare.
            columns = ", ".join(f"CAST({it.name} AS text)" if it.kind == "json" else it.name for it in compared)
            settled = "WHERE settled" if table is SLA else ""
            mine, theirs = (f"SELECT {columns} FROM {table.name}_{it} {settled}" for it in (self.number, other))
            found[table.name] = self.session.all(f"SELECT count(*) FROM ({mine} EXCEPT {theirs}) differing")[0][0]
        return found

    # Writing --------------------------------------------------------------------------------------------------------

    def put_new(self, rows: Rows) -> None:
        """Stores the rows of tickets of which nothing is stored; everybody's quotas are to be dealt later."""
        for table in (*OF_TICKET, BILLING, TIMETABLE):
            self._insert(table, rows[table.name])

    def put_tickets(self, judged: Sequence[TicketRows]) -> set[str]:
        """Stores these tickets in the place of what was stored of them, and parks none of them any more; the clients whose
        quotas have to be dealt again."""
        changed = self._uses_changed(judged)
        rows = together(judged)
        with self.session.at_once() if len(judged) <= _SENT_AT_ONCE else nullcontext():
            self._forget([it.ticket for it in judged])
            self.put_new(rows)
        return changed

    def _uses_changed(self, judged: Sequence[TicketRows]) -> set[str]:
        """The clients of the tickets whose part in a quota is another than what is stored."""
        found = self._among(USES, ", ".join(USES.names), "ticket", [it.ticket for it in judged])
        stored = {it[0]: read(USES, it) for it in found}
        fresh = {it.ticket: (it.client, None if it.use is None else read(USES, it.use)) for it in judged}
        return {client for ticket, (client, use) in fresh.items() if use != stored.get(ticket)}

    def _forget(self, tickets: Sequence[str]) -> None:
        names = [(it,) for it in tickets]
        for table in OF_TICKET:
            self.session.many(f"DELETE FROM {self._name(table)} WHERE ticket = ?", names)
        self.session.many(f"DELETE FROM {self._name(BILLING)} WHERE ticket = ? AND kind <> 'per_event'", names)
        subjects = [(f"ticket:{it}",) for it in tickets]
        self.session.many(f"DELETE FROM {self._name(TIMETABLE)} WHERE subject = ?", subjects)
        self.session.many(f"DELETE FROM {self._name(PARKED)} WHERE subject = ?", subjects)

    def put_clients(self, dealt: Sequence[ClientRows], *, are_new: bool = False) -> None:
        """Stores these clients' quotas in the place of those stored, and parks none of them any more."""
        if not are_new:
            names = [(it.client,) for it in dealt]
            for table in (CONSUMPTION, QUOTAS):
                self.session.many(f"DELETE FROM {self._name(table)} WHERE client = ?", names)
            self.session.many(f"DELETE FROM {self._name(BILLING)} WHERE client = ? AND kind = 'per_event'", names)
            self.session.many(f"DELETE FROM {self._name(PARKED)} WHERE subject = ?", [(f"client:{it}",) for (it,) in names])
        self._insert(CONSUMPTION, [row for it in dealt for row in it.consumption])
        self._insert(QUOTAS, [row for it in dealt for row in it.quotas])
        self._insert(BILLING, [row for it in dealt for row in it.charges])

    def put_timetable(self, rows: Sequence[Values], *, are_new: bool = False) -> None:
        """Until when what is stored of these subjects holds; `are_new`: nothing is stored of them."""
        if not are_new:
            self.session.many(f"DELETE FROM {self._name(TIMETABLE)} WHERE subject = ?", [(it[0],) for it in rows])
        self._insert(TIMETABLE, rows)

    def owe(self, tickets: Sequence[str]) -> None:
        """What is stored of these tickets does not hold any more, not even for the moment that it was judged at: they are
        among what is `invalid` until they are stored again."""
        for first in range(0, len(tickets), _AT_ONCE):
            subjects = [f"ticket:{it}" for it in tickets[first : first + _AT_ONCE]]
            marks = ", ".join("?" * len(subjects))
            self.session.run(f"UPDATE {self._name(TIMETABLE)} SET changes_at = judged_at WHERE subject IN ({marks})", *subjects)

    def owes(self) -> bool:
        """Whether anything is owed still."""
        name = self._name(TIMETABLE)
        reached = f"changes_at <= (SELECT max(judged_at) FROM {name})"
        return bool(self.session.all(f"SELECT 1 FROM {name} WHERE {reached} AND changes_at <= judged_at LIMIT 1"))

    def park(self, parked: Iterable[Parked], at: str) -> None:
        """Parks these; of one that is parked already, the attempt is counted. What is stored of them stays, and never counts as
        due until something touches them again."""
        name = self._name(PARKED)
        for it in parked:
            before = self.session.all(f"SELECT position, attempts, parked_at FROM {name} WHERE subject = ?", it.subject)
            position, attempts, since = before[0] if before else (it.position, 0, at)
            self.session.run(f"DELETE FROM {name} WHERE subject = ?", it.subject)
            self._insert(PARKED, [(it.subject, it.client, position, it.problem, since, attempts + 1)])
            if it.subject.startswith(("ticket:", "client:")):
                self.session.run(f"DELETE FROM {self._name(TIMETABLE)} WHERE subject = ?", it.subject)
            if it.subject.startswith("ticket:"):
                self._insert(TIMETABLE, [(it.subject, it.client, at, None)])

    def unpark(self, subjects: Iterable[str]) -> None:
        """Parks these no more."""
        self.session.many(f"DELETE FROM {self._name(PARKED)} WHERE subject = ?", [(it,) for it in subjects])

    def _insert(self, table: Table, rows: Sequence[Values]) -> None:
        if rows:
            self.session.insert(self._name(table), rows, len(table.columns))

    def _among(self, table: Table, columns: str, key: str, values: Sequence[str]) -> Iterator[Any]:
        """Columns of the rows whose key is among these values."""
        for first in range(0, len(values), _AT_ONCE):
            some = values[first : first + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            yield from self.session.all(f"SELECT {columns} FROM {self._name(table)} WHERE {key} IN ({marks})", *some)


def _whole(at: str) -> str:
    """A moment (text to the microsecond) as the whole second it lies in."""
    return at[: at.index(".")] + "Z"
