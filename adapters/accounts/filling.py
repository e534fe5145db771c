"""What stands in the tables: rows made from a judged ticket or from a client's quotas dealt, and reports made from rows again.

Every figure is one that `projections` worked out; here it is only laid out in columns. Values are as SQLite stores them: times
as text in UTC, lists and objects as JSON text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from adapters.accounts.tables import BILLING, CLOCK_FIELDS, CLOCKS, OF_TICKET, SLA, TIMETABLE, Kind, Table
from domain.calendar import Calendar
from domain.events import Entry, FollowedUp, Responded, SessionHeld
from domain.time_base import epoch_seconds
from projections import billing, consumption, sla, timeline, unattended
from projections.accounts import account
from projections.billing import Charge
from projections.changes import is_settled, ticket_changes
from projections.clocks import Assessment
from projections.consumption import Consumed, Use
from projections.contracts import Contracts
from projections.history import minutes_up

Values = tuple[Any, ...]
_encode = msgspec.json.Encoder().encode
_SHARED = SLA.names[: SLA.names.index("response_verdict")]


class TicketRows(Struct, frozen=True):
    """Everything that is stored of one ticket: rows by the name of their table, its own charges, until when they hold."""

    ticket: str
    client: str
    rows: Mapping[str, Sequence[Values]]
    charges: Sequence[Values]
    timetable: Values

    @property
    def use(self) -> Values | None:
        """Its part in a quota, None if it has none."""
        return next(iter(self.rows.get("uses", ())), None)


Rows = Mapping[str, Sequence[Values]]
"""Rows by the name of their table."""


def together(judged: Sequence[TicketRows]) -> Rows:
    """The rows of several tickets, of every table."""
    rows: dict[str, Sequence[Values]] = {
        table.name: [row for it in judged for row in it.rows.get(table.name, ())] for table in OF_TICKET
    }
    rows[BILLING.name] = [row for it in judged for row in it.charges]
    rows[TIMETABLE.name] = [it.timetable for it in judged]
    return rows


class ClientRows(Struct, frozen=True):
    """What is stored of a client's quotas, dealt: consumption, quotas, and the charges of tickets paid per event."""

    client: str
    consumption: Sequence[Values]
    quotas: Sequence[Values]
    charges: Sequence[Values]


def moment(at: datetime) -> str:
    """A time to the microsecond as text that sorts by time: always in UTC, always six digits."""
    return f"{sla.iso(epoch_seconds(at))[:-1]}.{at.microsecond:06d}Z"  # type: ignore[index]


def moment_from(text: str) -> datetime:
    """The time of such a text."""
    return datetime.fromisoformat(text)


def json_text(value: Any) -> str:
    """A list or an object as JSON."""
    return _encode(value).decode()


# A ticket -----------------------------------------------------------------------------------------------------------


def ticket_rows(ticket: str, recorded: Sequence[Entry], contracts: Contracts, *, segments: bool = True) -> TicketRows:
    """What is stored of a ticket: `recorded` are its entries known, by version, and the first its opening. Nothing but until
    when that holds, as long as the opening does not count yet. `segments` need not be among it. Raises what judging raises."""
    at = contracts.question.at
    client: str = recorded[0].event.client  # type: ignore[union-attr]
    found = account(recorded, contracts)
    changes = ticket_changes(recorded, at, None if found is None else found.assessment)
    timetable = (f"ticket:{ticket}", client, moment(at), None if changes is None else moment(changes))
    if found is None:
        return TicketRows(ticket, client, {}, (), timetable)
    assessment, judged_at = found.assessment, timetable[2]
    policy = assessment.agreed.policy.id if assessment.agreed.policy is not None else None
    months = Months(assessment.agreed.calendar)
    rows: dict[str, Sequence[Values]] = {
        "sla": [_sla(assessment, months, judged_at)],
        "segments": list(_segments(ticket, assessment)) if segments else (),
        "work": list(_work(ticket, client, policy, assessment, months)),
    }
    if assessment.facts.closed is None:
        rows["open_work"] = [_open_work(assessment, policy, judged_at)]
    if found.use is not None:
        rows["uses"] = [use_values(found.use)]
    return TicketRows(ticket, client, rows, [charge(it, months) for it in found.charges], timetable)


class Months:
    """The months that instants lie in, in the zone of some terms; without terms, in UTC."""

    def __init__(self, calendar: Calendar | None) -> None:
        self._calendar = calendar

    def of(self, instant: int) -> str:
        """The month (YYYY-MM) of an instant."""
        calendar = self._calendar
        day = datetime.fromtimestamp(instant, UTC).date() if calendar is None else calendar.local_date(instant)
        return f"{day.year:04d}-{day.month:02d}"


def _sla(assessment: Assessment, months: Months, judged_at: str) -> Values:
    entry = assessment.facts.entry
    *shared, response, resolution = sla.row(assessment).values()
    opened = (months.of(assessment.facts.opened), entry.position, moment(entry.event.at))
    return (*shared, *_clock(response), *_clock(resolution), *opened, is_settled(assessment), judged_at)


def _clock(row: Mapping[str, Any]) -> Values:
    *figures, clauses, readings = row.values()
    return (*figures, json_text(clauses), json_text(readings))


def _segments(ticket: str, assessment: Assessment) -> Iterator[Values]:
    for name, clock in zip(CLOCKS, (assessment.response, assessment.resolution), strict=True):
        found = list(enumerate(timeline.segments(assessment, clock, closed_hours=False), 1))
        # Of those equally long, the first.
        longest = max(((it.counted_seconds, -number) for number, it in found if it.state == "running"), default=(0, 0))
        for number, it in found:
            yield (ticket, name, number, _edge(it.start), _edge(it.end), it.state, it.counted_seconds, it.cause, it.clause,
                   number == -longest[1])  # fmt: skip


# Most segments begin or end where support hours do: the same instants for every ticket.
_edge = lru_cache(maxsize=65_536)(sla.iso)


def _open_work(assessment: Assessment, policy: str | None, judged_at: str) -> Values:
    facts, left = assessment.facts, unattended.left_alone(assessment)
    clocks = zip(CLOCKS, (assessment.response, assessment.resolution), strict=True)
    due = min(((it.due, name) for name, it in clocks if it.due is not None and it.stopped is None), default=(None, None))
    waiting = any(it.kind == "waiting" and it.end is None for it in facts.spans)
    alone: Values = (None, None, False, 0, None)
    if left is not None:
        listed = unattended.unattended(assessment) is not None
        alone = (sla.iso(left.since), sla.iso(left.listed_from), listed, left.support_seconds, left.clause)
    return (
        facts.opening.ticket, facts.opening.client, policy, facts.priority, sla.status(facts), facts.level, waiting,
        sla.stops_operation(assessment), sla.iso(due[0]), due[1], *alone, facts.entry.position, moment(facts.entry.event.at),
        judged_at,
    )  # fmt: skip


def _work(ticket: str, client: str, policy: str | None, assessment: Assessment, months: Months) -> Iterator[Values]:
    """Who did what: only what names a consultant."""
    for entry in assessment.facts.entries:
        event = entry.event
        if isinstance(event, SessionHeld):
            start, end = epoch_seconds(event.started), epoch_seconds(event.ended)
            for number, it in enumerate(event.consultants, 1):
                joined, left = billing.attended(it, start, end)
                minutes = minutes_up(left - joined)
                yield (ticket, client, policy, entry.position, number, it.consultant, "session", sla.iso(start), minutes,
                       months.of(start))  # fmt: skip
        elif isinstance(event, (Responded, FollowedUp)) and event.consultant is not UNSET:
            kind = "answer" if isinstance(event, Responded) else "follow_up"
            at = epoch_seconds(event.at)
            yield ticket, client, policy, entry.position, 1, event.consultant, kind, sla.iso(at), 0, months.of(at)


def use_values(use: Use) -> Values:
    """A row of `uses`."""
    at, position = use.order
    policy = use.agreed.policy.id if use.agreed.policy is not None else None
    return (use.ticket, use.client, dealt_for(use.client, policy), position, moment(at), use.priority,
            use.onsite, json_text(use.visits), use.quoted_minutes)  # fmt: skip


def use_from(row: Mapping[str, Any], contracts: Contracts) -> Use:
    """A stored use, with what applied to its ticket."""
    at = moment_from(row["opened_uncut_at"])
    agreed = contracts.agreement_at(row["client"], epoch_seconds(at), row["opening"])
    return Use(
        row["ticket"], row["client"], (at, row["opening"]), row["priority"], agreed, row["onsite"], tuple(row["visits"]),
        row["quoted_minutes"],
    )  # fmt: skip


def charge(it: Charge, months: Months) -> Values:
    """A row of the bill."""
    row = billing.row(it)
    cents = None if it.amount is None else _cents(it.amount)
    return (*row.values(), cents, months.of(epoch_seconds(it.at)), moment(it.at))


def _cents(amount: str) -> int:
    """An amount (a decimal string of at most two decimals) in cents."""
    whole, _, rest = amount.partition(".")
    return int(whole) * 100 + int(rest.ljust(2, "0"))


# A client's quotas --------------------------------------------------------------------------------------------------


def dealt_for(client: str, policy: str | None) -> str:
    """Whom a quota, or what is paid per event outside any, is dealt for."""
    return f"client:{client}" if policy is None else f"policy:{policy}"


def client_rows(client: str, uses: Iterable[Use], contracts: Contracts) -> ClientRows:
    """What is stored of a client's quotas: `uses` are those of all its tickets, `contracts` hold no other client's."""
    consumed = consumption.consumed(contracts, uses)
    at = contracts.question
    rows, quotas, charges = [], [], []
    for it in consumed:
        row = consumption.row(it, at.at_seconds)
        name = dealt_for(it.client, row["policy"])
        rows.append(_consumption(name, it, row, contracts, moment(at.at)))
        quotas += [(name, priority, client, *counter.values()) for priority, counter in row["by_priority"].items()]
        months = Months(it.rules.calendar)
        charges += [charge(one, months) for one in billing.per_event(it.deal)]
    return ClientRows(client, rows, quotas, charges)


def _consumption(name: str, it: Consumed, row: Mapping[str, Any], contracts: Contracts, judged_at: str) -> Values:
    begun = it.policy.order if it.policy is not None else contracts.registered(it.client)
    last_day = it.policy.last_day if it.policy is not None else None
    return (
        name, row["policy"], row["client"], row["terms"], row["tier"], row["starts"], row["ends"], row["state"],
        *row["tickets"].values(), *(json_text(row[it]) for it in _OBJECTS),
        None if last_day is None else last_day.isoformat(), it.rules.calendar.zone,
        *((None, None) if begun is None else (moment(begun[0]), begun[1])), judged_at,
    )  # fmt: skip


# Reports again ------------------------------------------------------------------------------------------------------

_OBJECTS = ("by_priority", "onsite", "covered", "pay_per_event", "benefits", "readings")
_BILL = ("ticket", "client", "policy", "entry", "at", "kind", "minutes", "consultants", "billable_minutes",
         "after_hours_minutes", "unrequested_minutes", "amount", "currency", "amount_note", "clause")  # fmt: skip


def read(table: Table, values: Sequence[Any]) -> dict[str, Any]:
    """A stored row by the names of its columns: lists and objects as such, flags as true and false, times as text."""
    return {it.name: _plain(it.kind, value) for it, value in zip(table.columns, values, strict=True)}


def _plain(kind: Kind, value: Any) -> Any:
    """A value as both stores mean it: SQLite gives text and numbers, PostgreSQL has types of its own."""
    if value is None or kind in ("text", "count"):
        return value
    if kind == "json":
        return msgspec.json.decode(value) if isinstance(value, str) else value
    if kind == "flag":
        return bool(value)
    if isinstance(value, str):
        return value
    if kind == "moment":
        return moment(value)
    if kind == "instant":
        return sla.iso(epoch_seconds(value))
    return value.isoformat() if isinstance(value, date) else value


def sla_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `report sla` from a stored one."""
    clocks = {clock: {name: row[f"{clock}_{name}"] for name in CLOCK_FIELDS} for clock in CLOCKS}
    return {name: row[name] for name in _SHARED} | clocks


def billing_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `report billing` from a stored one."""
    return {name: row[name] for name in _BILL}


def consumption_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `report consumption` from a stored one, its benefits still sealed."""
    said = {name: row[name] for name in ("policy", "client", "terms", "tier", "starts", "ends", "state")}
    tickets = {name: row[f"tickets_{name}"] for name in ("included", "used", "remaining")}
    return {**said, "tickets": tickets, **{name: row[name] for name in _OBJECTS}}
