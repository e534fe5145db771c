"""Are the stored accounts what a replay says? Holds every row of every ticket and client against one, and names the first that
differs.

What is settled is replayed as of now, so that nothing was left behind; what runs, as of the moment that its row was judged at.
It changes nothing.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from msgspec import Struct

from adapters.accounts.building import is_usable
from adapters.accounts.filling import ClientRows, TicketRows, Values, moment, moment_from, read
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.places import Accounts
from adapters.accounts.remembered import DESK
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import BILLING, CONSUMPTION, OF_TICKET, QUOTAS, SLA, TIMETABLE, Table
from adapters.accounts.versions import Version, Versions
from adapters.ledger import Ledger
from adapters.proofs.soundness import Difference, Differs
from domain.refusal import said

Row = dict[str, Any]
_BY = {table.name: table for table in (*OF_TICKET, CONSUMPTION, QUOTAS, BILLING)}


class Compared(Struct, frozen=True):
    """What was held against a replay: tickets, clients, up to which position; how many are parked, or still to be judged again,
    and were not; and the first difference, None if there is none."""

    tickets: int
    clients: int
    position: int
    parked: int
    owed: int
    difference: Difference | None


def compare(ledger: Ledger, accounts: Accounts, at: datetime) -> Compared | None:
    """Compares the accounts in use with a replay; None if there are none. `at` is now, aware. LedgerError if either cannot be
    read."""
    if not accounts.exists():
        return None
    with accounts.reading() as session:
        version = Versions(session).active()
        if version is None:
            return None
        comparing = _Comparing(ledger, AccountRows(session, version.number), version, at)
        difference = None
        try:
            comparing.run()
        except Differs as differs:
            difference = differs.difference
        return Compared(comparing.tickets, comparing.clients, version.position, len(comparing.parked),
                        comparing.owed, difference)  # fmt: skip


class _Comparing:
    def __init__(self, ledger: Ledger, rows: AccountRows, version: Version, at: datetime) -> None:
        self.tickets = self.clients = self.owed = 0
        self.parked = {it["subject"] for it in rows.parked()}
        self._ledger = ledger
        self._rows = rows
        self._version = version
        self._at = at
        self._judging: dict[str, Judging] = {}

    def run(self) -> None:
        """Everything, in order of the moments that rows were judged at. Differs at the first that is not what it should be."""
        if not is_usable(self._ledger, self._version):
            raise Differs(None, said("the stored accounts were made of another history, up to position {position_known}"),
                          position_known=self._version.position)  # fmt: skip
        self._check_names()
        for it in self._rows.select(TIMETABLE, "ORDER BY judged_at, subject"):
            kind, _, ident = it["subject"].partition(":")
            if it["subject"] in self.parked:
                continue
            if it["changes_at"] is not None and it["changes_at"] <= it["judged_at"]:
                self.owed += 1
                continue
            if kind == "ticket":
                self._compare_ticket(ident, it)
                self.tickets += 1
            elif kind == "client":
                self._compare_client(ident, it["judged_at"])
                self.clients += 1

    def _check_names(self) -> None:
        """Everybody who is recorded is stored, and nobody else."""
        stored = {it["subject"] for it in self._rows.select(TIMETABLE)} | self.parked
        recorded = {DESK, *self._recorded("ticket"), *self._recorded("client")}
        if missing := sorted(recorded - stored):
            raise Differs(None, said("the stored accounts lack {subject}"), subject=missing[0])
        if unknown := sorted(it for it in stored - recorded if not it.startswith(("policy:", "terms:"))):
            raise Differs(None, said("the stored accounts have {subject}, which is not recorded"), subject=unknown[0])

    def _recorded(self, kind: str) -> Iterator[str]:
        """The streams of a kind that had begun at the position that the accounts are of."""
        names = self._ledger.names(kind)
        if self._ledger.head() == self._version.position:
            return iter(names)
        began = self._ledger.streams_named(names)
        return (name for name, entries in began if entries[0].position <= self._version.position)

    def _compare_ticket(self, ticket: str, kept: Row) -> None:
        stored = {table.name: list(self._rows.select(table, "WHERE ticket = ?", ticket)) for table in OF_TICKET}
        stored["billing"] = list(self._rows.select(BILLING, "WHERE ticket = ? AND kind <> 'per_event'", ticket))
        now = moment(self._at)
        is_settled = all(it["settled"] for it in stored[SLA.name])
        holds = kept["judged_at"] <= now and (kept["changes_at"] is None or now < kept["changes_at"])
        at = now if is_settled and holds else kept["judged_at"]
        found = next(self._judged(at).tickets([ticket]), None)
        if not isinstance(found, TicketRows):
            self._refuse(found, f"ticket:{ticket}")
        expected = {name: _read(_BY[name], found.rows.get(name, ())) for name in stored if name != "billing"}
        expected["billing"] = _read(BILLING, found.charges)
        self._same(f"ticket:{ticket}", at, stored, expected)

    def _compare_client(self, client: str, at: str) -> None:
        where = "WHERE client = ?"
        stored = {
            "consumption": list(self._rows.select(CONSUMPTION, where, client)),
            "quotas": list(self._rows.select(QUOTAS, where, client)),
            "billing": list(self._rows.select(BILLING, f"{where} AND kind = 'per_event'", client)),
        }
        found = self._judged(at).client(client, self._rows.uses_of([client])[client])
        if not isinstance(found, ClientRows):
            self._refuse(found, f"client:{client}")
        expected = {
            "consumption": _read(CONSUMPTION, found.consumption),
            "quotas": _read(QUOTAS, found.quotas),
            "billing": _read(BILLING, found.charges),
        }
        self._same(f"client:{client}", at, stored, expected)

    def _judged(self, at: str) -> Judging:
        """What judges as of a moment. Rows come in the order of theirs, so only the last one and now are kept."""
        if at not in self._judging:
            self._judging = {it: kept for it, kept in self._judging.items() if it == moment(self._at)}
            self._judging[at] = Judging(self._ledger, moment_from(at), self._version.position)
        return self._judging[at]

    def _refuse(self, found: Parked | None, subject: str) -> NoReturn:
        problem = "" if found is None else found.problem
        raise Differs(None, said("{subject} is stored and cannot be judged: {problem}"), subject=subject, problem=problem)

    def _same(self, subject: str, at: str, stored: Mapping[str, list[Row]], expected: Mapping[str, list[Row]]) -> None:
        for name, rows in stored.items():
            if len(rows) != len(expected[name]):
                raise Differs(
                    None, said("{subject} has {found} rows stored in {table}, and {expected} by a replay as of {at}"),
                    subject=subject, table=name, found=len(rows), expected=len(expected[name]), at=at,
                )  # fmt: skip
            by_key = [sorted(it, key=_key_of(_BY[name])) for it in (rows, expected[name])]
            for row, right in zip(*by_key, strict=True):
                self._same_row(subject, at, name, row, right)

    def _same_row(self, subject: str, at: str, table: str, row: Row, expected: Row) -> None:
        for column, right in expected.items():
            if row[column] != right and column != "judged_at":
                raise Differs(
                    None, said("{subject} has {found} stored as {column} of {table}, and {expected} by a replay as of {at}"),
                    subject=subject, table=table, column=column, found=row[column], expected=right, at=at,
                )  # fmt: skip


def _key_of(table: Table) -> Callable[[Row], list[Any]]:
    return lambda row: [row[it] for it in table.key]


def _read(table: Table, rows: Sequence[Values]) -> list[Row]:
    return [read(table, it) for it in rows]
