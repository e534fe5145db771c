"""Reports from the stored accounts: the same rows as a replay now, with only what runs judged anew.

They answer only when they are current: made of every entry recorded, nothing parked, and nothing that concerns everyone
changed. Whoever asks as of another moment, or under another reading, gets a replay: see `adapters.reports.reports`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cached_property
from heapq import merge
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.accounts.building import in_use, is_usable
from adapters.accounts.filling import (
    ClientRows,
    TicketRows,
    billing_row,
    consumption_row,
    moment,
    moment_from,
    read,
    sla_row,
)
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.places import Accounts
from adapters.accounts.remembered import DESK
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import BILLING, CONSUMPTION, OPEN_WORK, SLA, Table
from adapters.accounts.touching import Touched
from adapters.accounts.versions import Version, Versions
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.reports.reports import Reports
from domain.refusal import said

Row = dict[str, Any]


class NotCurrent(Struct, frozen=True):
    """Why stored accounts do not answer: `template.format(**values)`, marked with `said`."""

    template: str
    values: Mapping[str, Any]


@contextmanager
def stored(ledger: Ledger, reports: Reports, accounts: Accounts) -> Iterator["StoredReports | NotCurrent"]:
    """The reports asked for of a ledger, from its stored accounts as they are now; or why those do not answer. LedgerError if
    the ledger cannot be read; accounts that cannot be are not current."""
    try:
        version = in_use(accounts)
        if version is None:
            yield NotCurrent(said("there are none; `bitacora follow` keeps them"), {})
            return
    except LedgerError as problem:
        yield NotCurrent(problem.template, problem.values)
        return
    with accounts.reading() as session:
        # A version that took its place since then is the one to read.
        version = Versions(session).active() or version
        rows = AccountRows(session, version.number)
        why = _why_not(ledger, reports, version, rows)
        if why is not None:
            yield why
            return
        answering = StoredReports(ledger, reports, rows, version.position)
        yield answering if answering.is_everyone_as_stored() else NotCurrent(said("what concerns everyone has changed"), {})


def _why_not(ledger: Ledger, reports: Reports, version: Version, rows: AccountRows) -> NotCurrent | None:
    question = reports.question
    if question.known is not None or question.readings:
        return NotCurrent(said("they are of now, with everything recorded, under the default readings"), {})
    if not is_usable(ledger, version):
        return NotCurrent(said("they are of another form or history; `bitacora follow` makes them anew"), {})
    behind = ledger.head() - version.position
    if behind:
        return NotCurrent(said("entries that they have not taken in: {behind}"), {"behind": behind})
    if parked := rows.parked():
        return NotCurrent(said("parked: {parked}; see `bitacora accounts --parked`"), {"parked": len(parked)})
    return None


class StoredReports(Reports):
    """The same reports, answered within one transaction of the accounts."""

    def __init__(self, ledger: Ledger, reports: Reports, rows: AccountRows, position: int) -> None:
        super().__init__(ledger, reports.question, reports.selection, shown=reports._shown)
        self.position = position
        self._rows = rows
        self._at = moment(self.question.at)
        self._judging = Judging(ledger, self.question.at, position, segments=False)

    @property
    def rows(self) -> AccountRows:
        """The stored rows that it answers from."""
        return self._rows

    def is_everyone_as_stored(self) -> bool:
        """Whether the contingencies of everyone are now those that tickets were judged with."""
        touched = Touched()
        self._judging.touch_reached(touched, moment_from(self._rows.judged_at(DESK)))
        return touched.everyone_from is None

    # The four reports -----------------------------------------------------------------------------------------------

    def sla(self) -> Iterator[Row]:
        """As `Reports.sla`."""
        fresh = {it.ticket: it for it in self._judged(self._rows.running(self.client) | self._stale)}
        anew = [read(SLA, values) for it in fresh.values() for values in it.rows.get("sla", ())]
        kept = (it for it in self._select(SLA, "opened_uncut_at, opening") if it["ticket"] not in fresh)
        for row in merge(kept, sorted(anew, key=_opened), key=_opened):
            if self._selects_row(row) and self._covers(row["opened_uncut_at"]):
                yield sla_row(row)

    def unattended(self) -> list[Row]:
        """As `Reports.unattended`."""
        listed = self._rows.left_alone(self._at, self.client) | self._stale
        found = [read(OPEN_WORK, values) for it in self._judged(listed) for values in it.rows.get("open_work", ())]
        left = [it for it in found if it["unattended"] and self._selects_row(it) and self._covers(it["opened_uncut_at"])]
        return [
            {
                "ticket": it["ticket"],
                "client": it["client"],
                "since": it["left_alone_since"],
                "support_seconds": it["unattended_seconds"],
                "clause": it["unattended_clause"],
            }
            for it in sorted(left, key=lambda it: (-it["unattended_seconds"], *_opened(it)))
        ]

    def consumption(self) -> Iterator[Row]:
        """As `Reports.consumption`."""
        anew = [read(CONSUMPTION, values) for it in self._dealt.values() for values in it.consumption]
        kept = [it for it in self._select(CONSUMPTION) if it["client"] not in self._dealt]
        chosen = (it for it in sorted([*kept, *anew], key=_begun) if self._selects_stored(it))
        unsealed = self._shown or self.ledger.unsealed()
        return (unsealed.consumption(consumption_row(it)) for it in chosen)

    def billing(self) -> Iterator[Row]:
        """As `Reports.billing`."""
        charges = [row for it in self._fresh.values() for row in it.charges]
        charges += [row for it in self._dealt.values() for row in it.charges]
        anew = sorted((read(BILLING, it) for it in charges), key=_charged)
        for row in merge(filter(self._is_kept, self._select(BILLING, "uncut_at, entry")), anew, key=_charged):
            if self._selects_row(row) and self._covers(row["uncut_at"]):
                yield billing_row(row)

    def _is_kept(self, row: Row) -> bool:
        return row["client"] not in self._dealt if row["kind"] == "per_event" else row["ticket"] not in self._fresh

    # What does not hold any more ------------------------------------------------------------------------------------

    @cached_property
    def _clients_stale(self) -> set[str]:
        return {it for it in self._rows.clients_invalid(self._at) if self.client in (None, it)}

    @cached_property
    def _stale(self) -> set[str]:
        """Tickets that are judged otherwise now than they are stored, apart from figures that grow."""
        stale = self._rows.tickets_invalid(self._at, self.client)
        for client in self._clients_stale:
            stale.update(self._rows.tickets_of(client))
        return stale

    def _judged(self, tickets: Iterable[str]) -> Iterator[TicketRows]:
        for it in self._judging.tickets(sorted(tickets)):
            yield _right(it)

    @cached_property
    def _fresh(self) -> dict[str, TicketRows]:
        return {it.ticket: it for it in self._judged(self._stale)}

    @cached_property
    def _dealt(self) -> dict[str, ClientRows]:
        """The clients whose quotas are dealt otherwise now."""
        return {client: self._deal(client) for client in self._clients_stale | {it.client for it in self._fresh.values()}}

    def _deal(self, client: str) -> ClientRows:
        stored = [it for it in self._rows.uses_of([client])[client] if it[0] not in self._fresh]
        fresh = [it.use for it in self._fresh.values() if it.client == client and it.use is not None]
        found = self._judging.client(client, [*stored, *fresh])
        if isinstance(found, Parked):
            raise LedgerError(said("{subject} cannot be judged: {problem}"), subject=found.subject, problem=found.problem)
        return found

    # What is selected -----------------------------------------------------------------------------------------------

    def _select(self, table: Table, order: str = "") -> Iterator[Row]:
        where, values = ("", ()) if self.client is None else ("WHERE client = ?", (self.client,))
        return self._rows.select(table, f"{where}{f' ORDER BY {order}' if order else ''}", *values)

    def _selects_row(self, row: Row) -> bool:
        return self._matches(row["client"], row["policy"], row["ticket"])

    def _covers(self, at: str) -> bool:
        since, until = self.selection.since, self.selection.until
        return (since is None and until is None) or self.selection.covers(moment_from(at))

    def _selects_stored(self, row: Row) -> bool:
        ticket = self.selection.ticket
        held = ticket is None or ticket in row["covered"] or any(it["ticket"] == ticket for it in row["pay_per_event"])
        if row["policy"] is not None and not self._meets_days(row):
            return False
        return self._matches(row["client"], row["policy"], ticket if held else None)

    def _meets_days(self, row: Row) -> bool:
        zone, since, until = ZoneInfo(row["time_zone"]), self.selection.since, self.selection.until
        if until is not None and (until - timedelta(microseconds=1)).astimezone(zone).date().isoformat() < row["starts"]:
            return False
        return since is None or row["last_day"] is None or since.astimezone(zone).date().isoformat() <= row["last_day"]


def _right(found: TicketRows | Parked) -> TicketRows:
    if isinstance(found, Parked):
        raise LedgerError(said("{subject} cannot be judged: {problem}"), subject=found.subject, problem=found.problem)
    return found


def _opened(row: Row) -> tuple[str, int]:
    return row["opened_uncut_at"], row["opening"]


def _charged(row: Row) -> tuple[str, int]:
    return row["uncut_at"], row["entry"]


def _begun(row: Row) -> tuple[Any, ...]:
    """Policies in the order contracted, then clients in the order registered, then whoever is not registered."""
    return row["policy"] is None, row["begun_at"] is None, row["begun_at"] or "", row["begun"] or 0, row["client"]
