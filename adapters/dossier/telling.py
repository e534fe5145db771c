"""A dossier told in the language spoken: the cover, what happened, both clocks, the bill and the quota.

What knowledge, readings, clauses and proof add is told in `telling_why`. Figures come as they are; only sums already shown by
`explain` are repeated.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from adapters.dossier.document import Block, Column, Document, Drawing, Paragraph, Section, Table, Verdict, pairs
from adapters.dossier.drawing import drawing
from adapters.dossier.telling_why import SHORT_NAMES, clauses, proof, readings, then_and_now
from adapters.language import _, spoken
from adapters.wording.charges import after_hours, billing_totals, charged_for, minutes
from adapters.wording.happenings import sentence, voided
from adapters.wording.values import amount, local, long, moment_of, named, plain, reason_word, short, word
from domain.refusal import said
from domain.time_base import epoch_seconds
from replay.dossier import CLOCKS, ClockName, Dossier, Row

_LATE_SECONDS = 60
_CAUSE_LETTERS = 110
NAMES: dict[ClockName, str] = {"response": said("Response clock"), "resolution": said("Resolution clock")}


def told(dossier: Dossier) -> Document:
    """The whole dossier as a document, in the language spoken, with times in the zone of the ticket's calendar."""
    zone: tzinfo = ZoneInfo(dossier.zone) if dossier.zone != "UTC" else UTC
    ticket = plain(dossier.ticket)
    return Document(
        language=spoken(),
        made=epoch_seconds(dossier.question.at),
        label=_("Dossier"),
        title=_("Ticket {ticket}").format(ticket=ticket),
        subject=plain(dossier.opening["subject"]),
        running=_("Dossier on ticket {ticket}").format(ticket=ticket),
        of_pages=_("Page {page} of {pages}"),
        dispute=_dispute(dossier),
        verdicts=[*(_verdict(dossier, it) for it in CLOCKS), _bill_box(dossier)],
        facts=[(label, value) for label, value in _facts(dossier, zone) if value],
        sections=[
            Section(_("What happened"), list(_timeline(dossier, zone))),
            *(Section(_(NAMES[it]), list(_clock(dossier, it, zone))) for it in CLOCKS),
            Section(_("Bill"), list(_bill(dossier, zone))),
            Section(_("Quota"), list(_quota(dossier))),
            Section(_("Then and now"), list(then_and_now(dossier, zone))),
            Section(_("Readings on which it hangs"), list(readings(dossier))),
            Section(_("What the clauses cited say"), list(clauses(dossier))),
            Section(_("Proof, and how to check it"), list(proof(dossier))),
        ],
    )


# Cover --------------------------------------------------------------------------------------------------------------


def _dispute(dossier: Dossier) -> str:
    disputed = dossier.disputed()
    client = plain(dossier.explained["client"])
    if not disputed:
        return _("No clock of this ticket of {client} is breached, and no verdict hangs on how a clause is read.").format(
            client=client
        )
    if len(disputed) == len(CLOCKS):
        template = _("In dispute: whether this ticket of {client} was answered and solved in the time promised.")
    elif disputed == ["response"]:
        template = _("In dispute: whether this ticket of {client} was answered in the time promised.")
    else:
        template = _("In dispute: whether this ticket of {client} was solved in the time promised.")
    return template.format(client=client)


def _verdict(dossier: Dossier, name: ClockName) -> Verdict:
    clock = dossier.explained[name]
    figures = []
    if clock["target_seconds"] is not None:
        template = _("{elapsed} of {target} used")
        figures.append(template.format(elapsed=short(clock["elapsed_seconds"]), target=short(clock["target_seconds"])))
    if clock["overrun_seconds"]:
        figures.append(_("over by {overrun}").format(overrun=short(clock["overrun_seconds"])))
    if keys := dossier.hangs_on(name):
        figures.append(_("hangs on {readings}").format(readings=", ".join(keys)))
    tone = {"breached": "bad", "met": "good"}.get(clock["verdict"], "plain")
    return Verdict(_(SHORT_NAMES[name]), word(clock["verdict"]), "; ".join(figures) or "–", tone)


def _bill_box(dossier: Dossier) -> Verdict:
    rows = dossier.explained["billing"]
    if not rows:
        return Verdict(_("Bill"), _("nothing"), "–", "plain")
    counted, *sums = billing_totals(rows)
    return Verdict(_("Bill"), " ".join(sums).removesuffix(".") or "–", counted, "plain")


def _facts(dossier: Dossier, zone: tzinfo) -> Iterator[tuple[str, str]]:
    row, rules = dossier.explained, dossier.rules
    status = word(row["status"]) + (f" ({word(row['closed_reason'])})" if row["closed_reason"] else "")
    yield _("Client"), plain(row["client"])
    yield _("Policy"), plain(row["policy"]) if row["policy"] else _("none")
    yield (
        _("Terms"),
        plain(getattr(rules.terms.about.name, spoken())) if rules is not None else _("none: no clause applies"),
    )
    yield _("Priority"), named(row["priority"])
    yield _("Kind"), word(row["kind"])
    yield _("Incident type"), named(row["incident_type"]) if row["incident_type"] else ""
    yield _("Official since"), local(row["official_at"], zone, offset=True) if row["official_at"] else _("not official yet")
    yield _("Status"), status
    yield _("Level"), str(row["level"])
    yield _("Stops the operation"), word(row["stops_operation"]) if row["stops_operation"] else ""
    yield _("Continues ticket"), plain(row["continues"] or "")
    yield _("Continued by ticket"), plain(row["continued_by"] or "")
    yield _("Judged at"), local(dossier.question.at.isoformat(), zone, offset=True)
    yield _("Known"), _("what was recorded up to position {known}").format(known=dossier.question.known)
    chosen = ", ".join(f"{key}={name}" for key, name in dossier.question.readings.items())
    yield _("Readings asked for"), plain(chosen)
    yield _("Times in"), dossier.zone


# What happened ------------------------------------------------------------------------------------------------------


def _timeline(dossier: Dossier, zone: tzinfo) -> Iterator[Block]:
    yield Paragraph(
        _("Every entry of the ticket, in the order in which it happened, with its position in the ledger."), "quiet"
    )
    void = voided(dossier.explained["entries"])
    columns = [
        Column(_("Entry"), right=True),
        Column(_("At")),
        Column(_("What"), share=3),
        Column(_("Who"), share=1),
    ]
    rows = []
    for entry in dossier.in_order():
        lines = [sentence(entry, zone), *_remarks(dossier, entry, void, zone)]
        who = entry.get("by") or entry.get("consultant") or ""
        rows.append([str(entry["position"]), local(entry["at"], zone), "\n".join(lines), plain(who)])
    yield Table(columns, rows)


def _remarks(dossier: Dossier, entry: Row, void: dict[int, int], zone: tzinfo) -> Iterator[str]:
    """What a reader has to know of an entry beside what it says."""
    position, known = entry["position"], dossier.question.known
    if position in void:
        yield _("· void by entry {position}: counts for nothing").format(position=void[position])
    if moment_of(entry["at"]) > dossier.question.at:
        yield _("· later than the moment judged: does not count yet")
    late = moment_of(entry["recorded_at"]) - moment_of(entry["at"])
    if late.total_seconds() > _LATE_SECONDS:
        yield _("· recorded {at}").format(at=local(entry["recorded_at"], zone))
    if known is not None and position > known:
        yield _("· recorded after position {known}: not known here").format(known=known)
    elif position in dossier.others:
        yield _("· not of this ticket, but cited")


# Clocks -------------------------------------------------------------------------------------------------------------


def _clock(dossier: Dossier, name: ClockName, zone: tzinfo) -> Iterator[Block]:
    clock = dossier.explained[name]
    band = dossier.band(name)
    if band is not None:
        verdict = f"{_(NAMES[name])}: {word(clock['verdict'])}"
        yield Drawing(drawing(band, zone, f"{name}-"), verdict)
    due = _("not known while it is paused") if clock["verdict"] == "paused" else _moment(clock["due_at"], zone)
    yield pairs(
        [
            (_("Verdict"), word(clock["verdict"])),
            (_("Target"), _duration(clock["target_seconds"])),
            (_("Earliest expected"), _duration(clock["earliest_seconds"] or None)),
            (_("Started"), _moment(clock["started_at"], zone)),
            (_("Due"), due),
            (_("Stopped"), _moment(clock["stopped_at"], zone)),
            (_("Elapsed"), _duration(clock["elapsed_seconds"]) if clock["started_at"] else ""),
            (_("Paused"), _duration(clock["paused_seconds"] or None)),
            (_("Over target by"), _duration(clock["overrun_seconds"] or None)),
            (_("Clauses"), ", ".join(clock["clauses"]) or "–"),
        ]
    )
    if clock["segments"]:
        yield _segments(dossier, clock["segments"], zone)
    else:
        yield Paragraph(_("This clock never started, so it has no segments."))


def _moment(text: str | None, zone: tzinfo) -> str:
    return local(text, zone, offset=True) if text else ""


def _duration(seconds: int | None) -> str:
    return "" if seconds is None else f"{long(seconds)} ({seconds:,} s)"


def _segments(dossier: Dossier, segments: Sequence[Row], zone: tzinfo) -> Table:
    columns = [
        Column(_("From")),
        Column(_("To")),
        Column(_("State")),
        Column(_("Counted"), right=True),
        Column(_("Sum"), right=True),
        Column(_("Because of entry"), share=1),
        Column(_("Clause")),
    ]
    sums = {"running": 0, "paused": 0}
    rows = []
    for it in segments:
        kept = "running" if it["state"] == "running" else "paused" if it["state"] in ("paused", "contingency") else None
        counted = total = "–"
        if kept is not None:
            sums[kept] += it["counted_seconds"]
            counted, total = short(it["counted_seconds"]), short(sums[kept])
        rows.append([local(it["from"], zone), local(it["to"], zone), word(it["state"]), counted, total,
                     _cause(dossier, it["cause"], zone), it["clause"] or "–"])  # fmt: skip
    return Table(columns, rows)


def _cause(dossier: Dossier, position: int | None, zone: tzinfo) -> str:
    """An entry by its position and what it says, cut to a line or two."""
    entry = dossier.entry(position) if position is not None else None
    if entry is None:
        return "–" if position is None else str(position)
    says = f"{position}: {sentence(entry, zone)}"
    return says if len(says) <= _CAUSE_LETTERS else says[: _CAUSE_LETTERS - 1] + "…"


# Money --------------------------------------------------------------------------------------------------------------


def _bill(dossier: Dossier, zone: tzinfo) -> Iterator[Block]:
    explained = dict(dossier.explained)
    rows = explained["billing"]
    if not rows:
        yield Paragraph(_("Nothing is charged."))
        return
    columns = [
        Column(_("Entry"), right=True),
        Column(_("At")),
        Column(_("For")),
        Column(_("Reason"), share=1),
        Column(_("Minutes"), right=True),
        Column(_("After hours"), right=True),
        Column(_("Amount"), right=True),
        Column(_("Clause")),
    ]
    cells = [
        [str(it["entry"]), local(it["at"], zone, seconds=False), word(it["kind"]), charged_for(it, explained), minutes(it),
         after_hours(it).replace("-", "–"), amount(it), it["clause"] or "–"]
        for it in rows
    ]  # fmt: skip
    yield Table(columns, cells)
    yield Paragraph(" ".join(billing_totals(rows)), "strong")


def _quota(dossier: Dossier) -> Iterator[Block]:
    row = dossier.explained["consumption"]
    if row is None:
        yield Paragraph(_("These terms have no quota: the ticket uses none up."))
        return
    paid = next((it for it in row["pay_per_event"] if it["ticket"] == dossier.ticket), None)
    if dossier.ticket in row["covered"]:
        place = row["covered"].index(dossier.ticket) + 1
        yield Paragraph(_("This ticket is number {place} of those covered.").format(place=place))
    elif paid is not None:
        why = reason_word(paid["reason"])
        yield Paragraph(
            _("This ticket is paid per event: {reason} ({clause}).").format(reason=why, clause=paid["clause"] or "–")
        )
    if row["policy"] is not None:
        yield from _counters(row)


def _counters(row: Row) -> Iterator[Block]:
    tier = f" {named(row['tier'])}" if row["tier"] else ""
    template = _("Policy {policy} of {client}: {terms}, {state}")
    title = template.format(
        policy=plain(row["policy"]), client=plain(row["client"]), terms=plain(row["terms"]) + tier, state=word(row["state"])
    )
    yield Paragraph(title, "strong")
    columns = [
        Column(_("Priority"), share=1),
        Column(_("Included"), right=True),
        Column(_("Used"), right=True),
        Column(_("Left"), right=True),
    ]
    counters = [*row["by_priority"].items(), (_("All"), row["tickets"])]
    cells = [[named(name), *(str(it[key]) for key in ("included", "used", "remaining"))] for name, it in counters]
    yield Table(columns, cells, marks=[len(cells) - 1])
    for month in row["onsite"]:
        foreign = _(", foreign") if month["foreign"] else ""
        visits = _("On site from {begins} to {ends}: {used} of {included}{foreign}.")
        yield Paragraph(
            visits.format(
                begins=month["from"], ends=month["to"], used=month["used"], included=month["included"], foreign=foreign
            )
        )
