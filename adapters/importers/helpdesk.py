"""Translates the Italian help desk's log: one activity a row, without people, priorities or closings.

The opening is the first event known, mostly later than the true one. What the log does not tell (who asked,
through what, how grave) is named as unknown or stands at one fixed value for all; a wait is taken to end
where work is seen to go on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from adapters.importers.contract import NOBODY_KNOWN, UNSTATED_RANK, ImportOptions, Scribe
from adapters.importers.reading import Translated, Unreadable, read_rows

SOURCE = "helpdesk"
COLUMNS = ("CaseID", "ActivityID", "CompleteTimestamp")
WRITTEN_IN, LIVED_IN = ZoneInfo("Australia/Brisbane"), ZoneInfo("Europe/Rome")
CHANNEL = "portal"  # the log has none

TRIAGE, INSERT, RESOLVE_ANOMALY, RESOLVE, TAKE_IN_CHARGE, WAIT = "1", "3", "5", "6", "8", "9"
# Levels as in gs.9: a visit is a senior consultant's; a fault or an upgrade of the software is development's.
ESCALATIONS = {
    "2": (3, "software anomaly created"),
    "4": (3, "upgrade required"),
    "7": (2, "intervention scheduled"),
}
ACTIVITIES = frozenset({TRIAGE, INSERT, RESOLVE_ANOMALY, RESOLVE, TAKE_IN_CHARGE, WAIT, *ESCALATIONS})


@dataclass(frozen=True, slots=True)
class Activity:
    """A row understood; `at` in UTC."""

    line: int
    case: str
    code: str
    at: datetime


@dataclass(slots=True)
class Case:
    """What has been told of a ticket so far; `events` counts its rows, and names them in keys."""

    ticket: str
    last_at: datetime
    events: int = 0
    waiting: bool = False
    resolved: bool = False
    responded: bool = False
    level: int = 1


def translate(file: Path, options: ImportOptions) -> Iterator[Translated]:
    """Every row of the log at `file`, each once and in order: its entries or its reason; row 0 is client and
    policy.

    The zone of the times is the log's own affair (`instant`): `options.time_zone` is not looked at. Raises
    ImportFileError for a file that is none.
    """
    earliest = min((item.at for item in _activities(file) if isinstance(item, Activity)), default=None)
    if earliest is None:
        yield from (item for item in _activities(file) if isinstance(item, Translated))
        return
    scribe = Scribe(SOURCE, options.contract, earliest)
    yield Translated(0, scribe.stage(), None)
    cases: dict[str, Case] = {}
    for item in _activities(file):
        yield item if isinstance(item, Translated) else _translate_one(scribe, cases, item)


def instant(wall_clock: datetime) -> datetime:
    """The instant meant by a time of this log: read as Brisbane's, turned into Rome's, and that wall clock
    taken as UTC."""
    return wall_clock.replace(tzinfo=WRITTEN_IN).astimezone(LIVED_IN).replace(tzinfo=UTC, fold=0)


def _activities(file: Path) -> Iterator[Activity | Translated]:
    for row in read_rows(file, COLUMNS):
        if isinstance(row, Translated):
            yield row
            continue
        try:
            code = row.cells["ActivityID"]
            if code not in ACTIVITIES:
                raise Unreadable("unknown-activity:ActivityID")
            yield Activity(row.line, row.name("CaseID"), code, instant(row.year_first("CompleteTimestamp")))
        except Unreadable as problem:
            yield Translated(row.line, (), str(problem))


def _translate_one(scribe: Scribe, cases: dict[str, Case], activity: Activity) -> Translated:
    case = cases.get(activity.case)
    entries: list[dict[str, Any]] = []
    if case is None:
        case = cases[activity.case] = Case(f"{SOURCE}-{activity.case}", activity.at)
        entries += scribe.opening(
            case.ticket, activity.at, f"{activity.case}:1", NOBODY_KNOWN, channel=CHANNEL,
            priority=scribe.contract.priority(UNSTATED_RANK), subject=f"Case {activity.case}",
        )  # fmt: skip
    case.events += 1
    if activity.at < case.last_at:
        return Translated(activity.line, (), "time-goes-back")
    mark, reason = f"{activity.case}:{case.events}", _why_not(case, activity.code)
    if reason is None:
        told = _changes(scribe, case, activity.code)
        entries += [scribe.ticket_entry(what, case.ticket, activity.at, mark, **fields) for what, fields in told]
    case.last_at = activity.at
    return Translated(activity.line, tuple(entries), None if entries else reason)


def _why_not(case: Case, code: str) -> str | None:
    if code in ESCALATIONS and ESCALATIONS[code][0] == case.level:
        return "already-at-level"
    nothing_new = {
        INSERT: "already-open",
        RESOLVE_ANOMALY: "anomaly-solved",
        RESOLVE: "repeats-resolution" if case.resolved else None,
        WAIT: "already-waiting" if case.waiting else None,  # asked once; gs.6 would bill it again
    }
    return nothing_new.get(code)


def _changes(scribe: Scribe, case: Case, code: str) -> list[tuple[str, dict[str, Any]]]:
    """The entries an activity amounts to, as type and fields; the case is moved on accordingly."""
    if code == TAKE_IN_CHARGE:
        return _taken_in_charge(case)
    if code == WAIT:
        case.waiting = True
        return [("InformationRequested", {})]
    if code == RESOLVE:
        case.resolved = True
        return [("Resolved", {})]
    if code == TRIAGE:  # the seriousness given is not in the log: the priority stands, the act is taken down
        reason = "seriousness assigned; the log does not say which"
        return [("PriorityChanged", {"priority": scribe.contract.priority(UNSTATED_RANK), "reason": reason})]
    case.level, reason = ESCALATIONS[code]
    return [("Escalated", {"level": case.level, "reason": reason})]


def _taken_in_charge(case: Case) -> list[tuple[str, dict[str, Any]]]:
    told: list[tuple[str, dict[str, Any]]] = []
    if case.resolved:
        told.append(("ResolutionRejected", {"note": "taken in charge again"}))
    elif case.waiting:
        told.append(("InformationReceived", {"note": "inferred: taken in charge again after waiting"}))
    if not (case.resolved and case.responded):
        told.append(("Responded", {}))
    case.waiting, case.resolved, case.responded = False, False, True
    return told
