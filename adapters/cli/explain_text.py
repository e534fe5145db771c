"""An explained ticket as text: what a person reads out in a dispute, every figure with the entry and the clause behind it.

Times are in the zone of the ticket's calendar, and it says so. It computes nothing but running sums.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from adapters.cli.report_tables import show_consumption
from adapters.cli.tables import Column, heading, show, show_pairs, show_table
from adapters.language import _, ngettext, spoken
from adapters.reports.explained import Explained, cited, rules_of
from adapters.wording.charges import after_hours, billing_totals, charged_for, minutes
from adapters.wording.happenings import sentence, voided
from adapters.wording.values import amount, knowledge, local, long, moment_of, named, plain, short, word
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.reports.reports import Reports
    from domain.terms import Rules

_CLOCKS = {"response": said("Response clock"), "resolution": said("Resolution clock")}
_LATE_SECONDS = 60


def show_explained(explained: Explained, reports: "Reports") -> None:
    """Prints the explanation of a ticket, part by part."""
    rules = rules_of(explained, reports)
    zone_name = rules.provisions.calendar.zone if rules is not None else "UTC"
    zone: tzinfo = ZoneInfo(zone_name) if rules is not None else UTC
    _show_head(explained, reports, rules, zone, zone_name)
    _show_entries(explained["entries"], reports, zone)
    for name in _CLOCKS:
        _show_clock(name, explained, zone)
    _show_bill(explained, zone)
    if explained["consumption"] is not None:
        _show_quota(explained, zone)
    if rules is not None:
        _show_clauses(cited(explained), rules)
        _show_readings(explained, rules)


def _show_head(explained: Explained, reports: "Reports", rules: "Rules | None", zone: tzinfo, zone_name: str) -> None:
    opening = next(it for it in explained["entries"] if it["type"] == "TicketOpened")
    show(
        _("Ticket {ticket}: {subject}").format(ticket=plain(explained["ticket"]), subject=plain(opening["subject"])),
        style="bold",
    )
    terms = getattr(rules.terms.about.name, spoken()) if rules is not None else _("none: no clause applies")
    policy = plain(explained["policy"]) if explained["policy"] else _("none")
    status = word(explained["status"])
    if explained["closed_reason"]:
        status += f" ({word(explained['closed_reason'])})"
    facts = [
        (_("Client"), plain(explained["client"])),
        (_("Policy"), policy),
        (_("Terms"), plain(terms)),
        (_("Priority"), named(explained["priority"])),
        (_("Kind"), word(explained["kind"])),
        (_("Incident type"), named(explained["incident_type"]) if explained["incident_type"] else ""),
        (_("Official since"), _moment(explained["official_at"], zone) or _("not official yet")),
        (_("Status"), status),
        (_("Level"), str(explained["level"])),
        (_("Stops the operation"), word(explained["stops_operation"]) if explained["stops_operation"] else ""),
        (_("Continues ticket"), plain(explained["continues"] or "")),
        (_("Continued by ticket"), plain(explained["continued_by"] or "")),
        (_("Judged at"), local(reports.question.at.isoformat(), zone, offset=True)),
        (_("Known"), knowledge(reports.question.known, reports.ledger.head())),
        (_("Times in"), zone_name),
    ]
    show_pairs(facts, indent=2)


def _show_entries(entries: list[dict[str, Any]], reports: "Reports", zone: tzinfo) -> None:
    heading(_("What happened"))
    void = voided(entries)
    columns = [
        Column(_("Entry"), right=True),
        Column(_("At")),
        Column(_("What"), folds=True),
        Column(_("Who"), folds=True),
    ]
    in_order = sorted(entries, key=lambda it: (moment_of(it["at"]), it["position"]))
    rows = []
    together = len({it["recorded_at"] for it in entries}) == 1
    for entry in in_order:
        told = [sentence(entry, zone), *_remarks(entry, void, reports, zone)]
        told += [] if together else _recorded_late(entry, zone)
        who = entry.get("by") or entry.get("consultant") or ""
        rows.append([str(entry["position"]), local(entry["at"], zone, offset=True), "\n".join(told), plain(who)])
    show_table(columns, rows)
    if together:
        show(_("All of them were recorded {at}.").format(at=local(entries[0]["recorded_at"], zone, offset=True)), style="dim")


def _remarks(entry: Mapping[str, Any], void: Mapping[int, int], reports: "Reports", zone: tzinfo) -> Iterable[str]:
    """What a reader has to know of an entry beside what it says."""
    if entry["position"] in void:
        yield _("· void by entry {position}: counts for nothing").format(position=void[entry["position"]])
    if moment_of(entry["at"]) > reports.question.at:
        yield _("· later than the moment judged: does not count yet")


def _recorded_late(entry: Mapping[str, Any], zone: tzinfo) -> Iterable[str]:
    """When an entry was recorded, if that was not when it happened."""
    late = moment_of(entry["recorded_at"]) - moment_of(entry["at"])
    if late.total_seconds() > _LATE_SECONDS:
        yield _("· recorded {at}").format(at=local(entry["recorded_at"], zone, offset=True))


def _show_clock(name: str, explained: Explained, zone: tzinfo) -> None:
    clock = explained[name]
    heading(f"{_(_CLOCKS[name])}: {word(clock['verdict'])}")
    facts = [
        (_("Target"), _with_seconds(clock["target_seconds"])),
        (_("Earliest expected"), _with_seconds(clock["earliest_seconds"])),
        (_("Started"), _moment(clock["started_at"], zone)),
        (_("Due"), _due(clock, zone)),
        (_("Stopped"), _moment(clock["stopped_at"], zone)),
        (_("Elapsed"), _with_seconds(clock["elapsed_seconds"]) if clock["started_at"] else ""),
        (_("Paused"), _with_seconds(clock["paused_seconds"]) if clock["paused_seconds"] else ""),
        (_("Over target by"), _with_seconds(clock["overrun_seconds"]) if clock["overrun_seconds"] else ""),
        (_("Clauses"), ", ".join(clock["clauses"]) or "-"),
    ]
    show_pairs(facts, indent=2)
    if clock["segments"]:
        print()
        _show_segments(clock["segments"], {it["position"]: it for it in explained["entries"]}, zone)


def _moment(text: str | None, zone: tzinfo) -> str:
    return local(text, zone, offset=True) if text else ""


def _due(clock: Mapping[str, Any], zone: tzinfo) -> str:
    return _("not known while it is paused") if clock["verdict"] == "paused" else _moment(clock["due_at"], zone)


def _with_seconds(seconds: int | None) -> str:
    return "" if seconds is None else f"{long(seconds)} ({seconds:,} s)"


def _show_segments(segments: Sequence[Mapping[str, Any]], entries: Mapping[int, Mapping[str, Any]], zone: tzinfo) -> None:
    columns = [
        Column(_("From"), folds=True),
        Column(_("To"), folds=True, right=True),
        Column(_("State")),
        Column(_("Counted"), right=True),
        Column(_("Sum"), right=True),
        Column(_("Because of"), folds=True),
        Column(_("Clause")),
    ]
    sums = {"running": 0, "paused": 0}
    rows = []
    for it in segments:
        kept = "running" if it["state"] == "running" else "paused" if it["state"] in ("paused", "contingency") else None
        if kept is not None:
            sums[kept] += it["counted_seconds"]
        counted = short(it["counted_seconds"]) if kept is not None else "-"
        total = short(sums[kept]) if kept is not None else "-"
        rows.append([local(it["from"], zone), _end(it, zone), word(it["state"]), counted, total, _cause(it["cause"], entries),
                     it["clause"] or "-"])  # fmt: skip
    show_table(columns, rows, indent=2)


def _end(segment: Mapping[str, Any], zone: tzinfo) -> str:
    """The end of a segment; only its time of day where that is the day it began."""
    day, end = local(segment["from"], zone)[:10], local(segment["to"], zone)
    return end.removeprefix(day).strip()


def _cause(position: int | None, entries: Mapping[int, Mapping[str, Any]]) -> str:
    if position is None:
        return "-"
    entry = entries.get(position)
    return f"{position} {word(entry['type'])}" if entry is not None else str(position)


def _show_bill(explained: Explained, zone: tzinfo) -> None:
    heading(_("Bill"))
    rows = explained["billing"]
    if not rows:
        show(_("Nothing is charged."), indent=2)
        return
    columns = [
        Column(_("Entry"), right=True),
        Column(_("At"), folds=True),
        Column(_("For"), folds=True),
        Column(_("Minutes"), right=True, folds=True),
        Column(_("After hours"), right=True, folds=True),
        Column(_("Amount"), right=True),
        Column(_("Clause")),
        Column(_("Reason"), folds=True),
    ]
    cells = (
        [str(it["entry"]), local(it["at"], zone, seconds=False), word(it["kind"]), minutes(it), after_hours(it), amount(it),
         it["clause"] or "-", charged_for(it, explained)]
        for it in rows
    )  # fmt: skip
    show_table(columns, cells, indent=2)
    print()
    for line in billing_totals(rows):
        show(line, indent=2)


def _show_quota(explained: Explained, zone: tzinfo) -> None:
    """The quota, then where the ticket stands in it. Of tickets paid per event only this one is listed."""
    row = explained["consumption"]
    own = [it for it in row["pay_per_event"] if it["ticket"] == explained["ticket"]]
    show_consumption({**row, "pay_per_event": own}, zone)
    if others := len(row["pay_per_event"]) - len(own):
        template = ngettext(
            "{count} other ticket is paid per event: see `bitacora report consumption`.",
            "{count} other tickets are paid per event: see `bitacora report consumption`.",
            others,
        )
        show(template.format(count=f"{others:,}"), indent=2)
    if explained["ticket"] in row["covered"]:
        place = row["covered"].index(explained["ticket"]) + 1
        template = _("This ticket is number {place} of those covered.")
        show(template.format(place=place), indent=2)
    elif own:
        show(_("This ticket is paid per event."), indent=2)


def _show_clauses(clauses: Sequence[str], rules: "Rules") -> None:
    heading(_("What the clauses cited say"))
    texts = rules.terms.about.clauses
    # An id of a group (gs.7) covers its parts, should the terms word only those.
    named = [
        name
        for clause in clauses
        for name in ([clause] if clause in texts else [it for it in texts if it.startswith(f"{clause}.")])
    ]
    show_pairs(((name, plain(getattr(texts[name], spoken()))) for name in named), indent=2)


def _show_readings(explained: Explained, rules: "Rules") -> None:
    used = dict(rules.cited(tuple(cited(explained))))
    for part in (explained["response"], explained["resolution"], explained["consumption"] or {"readings": {}}):
        used |= part["readings"]
    if not used:
        return
    heading(_("How open clauses were read"))
    known = rules.terms.about.readings
    for key, name in used.items():
        reading = known[key]
        show(f"{key}: {plain(getattr(reading.question, spoken()))}", indent=2)
        options = reading.options.items()
        show_pairs(((f"{'→' if it == name else ' '} {it}", plain(getattr(text, spoken()))) for it, text in options), indent=4)
