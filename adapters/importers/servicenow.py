"""Translates a ServiceNow audit log: snapshots of incidents, one a row, into entries for what changed between
them.

What the log does not say is not made up. `Responded` is a proxy (work was seen to begin; no reply is
recorded), the end of a wait is inferred, and a hand-over between groups is only explained: it has no level,
and a note would be billed (gs.6).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from itertools import groupby
from pathlib import Path
from typing import Any

from adapters.importers.contract import NOBODY_KNOWN, ImportOptions, Scribe, person
from adapters.importers.reading import ImportFileError, Row, Translated, Unreadable, read_rows
from domain.refusal import Sayable, said

SOURCE = "servicenow"
COLUMNS = (
    "number", "incident_state", "reassignment_count", "sys_mod_count", "caller_id", "opened_by", "opened_at",
    "sys_updated_by", "sys_updated_at", "contact_type", "category", "subcategory", "u_symptom", "priority",
    "assignment_group", "assigned_to",
)  # fmt: skip
CHANNELS = {
    "Phone": "phone",
    "IVR": "phone",  # a telephone menu
    "Email": "email",
    "Self service": "portal",
    "Direct opening": "portal",  # written straight into the system: an electronic ticket (cs.1.1)
}
RANKS = {"1 - Critical": 1, "2 - High": 2, "3 - Moderate": 3, "4 - Low": 4}
MISSING = "?"
NEW, WAITING, RESOLVED, CLOSED = "New", "Awaiting User Info", "Resolved", "Closed"
STATES = frozenset({NEW, "Active", WAITING, "Awaiting Vendor", "Awaiting Problem", "Awaiting Evidence", RESOLVED, CLOSED})

Entries = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A row understood. `at` is when it was written, `opened_at` the opening, both UTC; all that may change
    is as of `at`."""

    line: int
    number: str
    count: int
    at: datetime
    opened_at: datetime
    state: str
    rank: int
    channel: str
    group: tuple[str, int]
    assignee: str | None
    caller: str
    subject: str
    by: str | None
    opened_by: str | None


@dataclass(slots=True)
class Incident:
    """What has been told so far of the ticket that an incident is at present: the first, or one that
    continues it."""

    ticket: str
    last_at: datetime
    rank: int
    state: str = NEW
    responded: bool = False
    resolved: bool = False
    group: tuple[str, int] = ("", 0)
    assignee: str | None = None
    generation: int = 1
    counts: set[int] = field(default_factory=set)


def translate(file: Path, options: ImportOptions) -> Iterator[Translated]:
    """Every row of the log at `file`, each once: its entries or its reason; before them, as row 0, client and
    policy.

    Rows of an incident are taken in the order of time, then `sys_mod_count`, then line (four incidents are
    counted out of order, and one row is dated amiss). Raises ImportFileError for a file that is none, or
    without a zone for its times.
    """
    zone = options.time_zone
    if zone is None:
        raise ImportFileError(file, 1, Sayable(said("times have no offset: a time zone is needed (--time-zone)")))
    earliest = _first_opening(file, zone)
    if earliest is None:
        yield from (item for item in _snapshots(file, zone) if isinstance(item, Translated))
        return
    scribe = Scribe(SOURCE, options.contract, earliest)
    yield Translated(0, scribe.stage(), None)
    incidents: dict[str, Incident] = {}
    for _, rows in groupby(_snapshots(file, zone), key=lambda item: getattr(item, "number", None)):
        yield from _translate_run(scribe, incidents, list(rows))


def _translate_run(scribe: Scribe, incidents: dict[str, Incident], rows: list[Snapshot | Translated]) -> Iterator[Translated]:
    yield from (row for row in rows if isinstance(row, Translated))
    snapshots = (row for row in rows if isinstance(row, Snapshot))
    for snapshot in sorted(snapshots, key=lambda one: (one.at, one.count, one.line)):
        yield _translate_one(scribe, incidents, snapshot)


def _first_opening(file: Path, zone: tzinfo) -> datetime | None:
    """A first reading: what sets the stage must not lie after the opening of any row that can be read."""
    return min((item.opened_at for item in _snapshots(file, zone) if isinstance(item, Snapshot)), default=None)


def _snapshots(file: Path, zone: tzinfo) -> Iterator[Snapshot | Translated]:
    for row in read_rows(file, COLUMNS):
        if isinstance(row, Translated):
            yield row
            continue
        try:
            yield _snapshot(row, zone)
        except Unreadable as problem:
            yield Translated(row.line, (), str(problem))


def _snapshot(row: Row, zone: tzinfo) -> Snapshot:
    cells = row.cells
    if cells["priority"] not in RANKS:
        raise Unreadable("unknown-priority:priority")
    if cells["contact_type"] not in CHANNELS:
        raise Unreadable("unknown-channel:contact_type")
    told = [cells[name] for name in ("category", "subcategory", "u_symptom") if cells[name] != MISSING]
    return Snapshot(
        line=row.line,
        number=row.name("number").upper(),
        count=row.count("sys_mod_count"),
        at=row.day_first("sys_updated_at").replace(tzinfo=zone).astimezone(UTC),
        opened_at=row.day_first("opened_at").replace(tzinfo=zone).astimezone(UTC),
        state=cells["incident_state"],
        rank=RANKS[cells["priority"]],
        channel=CHANNELS[cells["contact_type"]],
        group=(cells["assignment_group"], row.count("reassignment_count")),
        assignee=person(cells["assigned_to"]),
        caller=person(cells["caller_id"]) or NOBODY_KNOWN,
        subject=" / ".join(told) or cells["number"],
        by=person(cells["sys_updated_by"]),
        opened_by=person(cells["opened_by"]),
    )


def _translate_one(scribe: Scribe, incidents: dict[str, Incident], snapshot: Snapshot) -> Translated:
    known = incidents.get(snapshot.number)
    entries: Entries = []
    incident = known or Incident(snapshot.number, snapshot.opened_at, snapshot.rank)
    mark = _mark(incident, snapshot)
    if known is None:
        incidents[snapshot.number] = incident
        incident.group, incident.assignee = snapshot.group, snapshot.assignee
        entries += _opening(scribe, incident, snapshot, mark, snapshot.opened_at, by=snapshot.opened_by)
    reason = _why_not(incident, snapshot)
    if reason is None:
        if incident.state == CLOSED:
            entries += _continuation(scribe, incident, snapshot, mark)
        entries += _changes(scribe, incident, snapshot, mark)
        reason = _what_else(incident, snapshot)
        _remember(incident, snapshot)
    return Translated(snapshot.line, tuple(entries), None if entries else reason)


def _mark(incident: Incident, snapshot: Snapshot) -> str:
    """What tells this row from all others: number and count, and for a count that comes twice its time as
    well."""
    mark = f"{snapshot.number}:{snapshot.count}"
    if snapshot.count in incident.counts:
        mark += f":{snapshot.at:%Y%m%d%H%M}"
    incident.counts.add(snapshot.count)
    return mark


def _opening(scribe: Scribe, incident: Incident, snapshot: Snapshot, mark: str, at: datetime, **fields: Any) -> Entries:
    return scribe.opening(
        incident.ticket, at, mark, snapshot.caller, channel=snapshot.channel, subject=snapshot.subject,
        priority=scribe.contract.priority(snapshot.rank), **fields,
    )  # fmt: skip


def _continuation(scribe: Scribe, incident: Incident, snapshot: Snapshot, mark: str) -> Entries:
    """Active again after its closing: a new ticket, opened at the row's own time, to which the rows from here
    on belong."""
    old, incident.generation = incident.ticket, incident.generation + 1
    incident.ticket = f"{snapshot.number}-{incident.generation}"
    incident.state, incident.responded, incident.resolved, incident.rank = NEW, False, False, snapshot.rank
    return _opening(scribe, incident, snapshot, mark, snapshot.at, continues=old, by=snapshot.by)


def _why_not(incident: Incident, snapshot: Snapshot) -> str | None:
    """Why nothing of this row may be taken down. A row older than the opening or than what is told leaves no
    trace, so that the next one still tells what it had to."""
    if snapshot.at < incident.last_at:
        return "before-opening" if snapshot.at < snapshot.opened_at else "time-goes-back"
    if snapshot.state not in STATES:
        return "unknown-state:incident_state"
    if snapshot.state == NEW != incident.state:
        return "no-longer-new"
    if snapshot.state == CLOSED == incident.state:
        return "repeats-closing"
    return None


def _changes(scribe: Scribe, incident: Incident, snapshot: Snapshot, mark: str) -> Entries:
    def entry(kind_of_entry: str, **fields: Any) -> dict[str, Any]:
        return scribe.ticket_entry(kind_of_entry, incident.ticket, snapshot.at, mark, by=snapshot.by, **fields)

    was, now = incident.state, snapshot.state
    entries: Entries = []
    if snapshot.rank != incident.rank:
        priority = scribe.contract.priority(snapshot.rank)
        entries.append(entry("PriorityChanged", priority=priority, reason="changed in the log, which gives no reason"))
    if incident.resolved and now not in (RESOLVED, CLOSED):
        entries.append(entry("ResolutionRejected", note=f"back to {now}"))
    if was == WAITING != now:
        entries.append(entry("InformationReceived", note="inferred: the log no longer waits for the user"))
    # A closing straight from new is no answer to anyone.
    if not incident.responded and (snapshot.assignee or now not in (NEW, CLOSED)):
        entries.append(entry("Responded", consultant=snapshot.assignee))
    if now == WAITING != was:
        entries.append(entry("InformationRequested"))
    if now == RESOLVED != was:
        entries.append(entry("Resolved"))
    if now == CLOSED:
        entries.append(entry("Closed", reason=scribe.closing_reason(incident.resolved)))
    return entries


def _what_else(incident: Incident, snapshot: Snapshot) -> str:
    """The reason of a row that gave no entry, by what it did change."""
    if snapshot.state != incident.state:
        return "state-not-recorded"
    if snapshot.group != incident.group:
        return "reassignment-note"
    return "assignee-note" if snapshot.assignee != incident.assignee else "nothing-changed"


def _remember(incident: Incident, snapshot: Snapshot) -> None:
    incident.responded = incident.responded or bool(snapshot.assignee) or snapshot.state not in (NEW, CLOSED)
    incident.resolved = snapshot.state in (RESOLVED, CLOSED) and (incident.resolved or snapshot.state == RESOLVED)
    incident.state, incident.rank, incident.last_at = snapshot.state, snapshot.rank, snapshot.at
    incident.group, incident.assignee = snapshot.group, snapshot.assignee
