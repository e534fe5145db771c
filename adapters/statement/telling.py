"""A statement told in the language spoken, first half: its cover, compliance, what was breached or unattended, and the tickets.

Quota, bill, readings and how it was worked out are told in `telling_money`. Figures come as the reports have them, or counted
up by `counting`.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import tzinfo

from adapters.dossier.document import Block, Column, Document, Drawing, Paragraph, Section, Table, Verdict
from adapters.language import _, ngettext, spoken
from adapters.statement import charts
from adapters.statement.counting import CLOCKS, ClockName, Kept, Row, charged, kept, kept_by_priority
from adapters.statement.gathering import Statement
from adapters.statement.telling_money import bill, bill_lines, clauses, how, quota, readings
from adapters.statement.wording import joined, kept_words, met_of, month_words, percent, period, prices, sums, without_amount
from adapters.wording.values import local, named, plain, short, word
from domain.refusal import said
from domain.time_base import epoch_seconds

NAMES: dict[ClockName, str] = {"response": said("Response"), "resolution": said("Resolution")}


def told(statement: Statement) -> Document:
    """The whole statement as a document, in the language spoken, with times in the zone of the month."""
    zone = statement.span.place()
    client = plain(statement.registered.name)
    month = month_words(statement.month)
    return Document(
        language=spoken(),
        made=epoch_seconds(statement.question.at),
        label=_("Monthly statement"),
        title=client,
        subject=month,
        running=_("Statement of {client}, {month}").format(client=client, month=month),
        of_pages=_("Page {page} of {pages}"),
        dispute=_lead(statement),
        verdicts=[*(_box(statement, it) for it in CLOCKS), *_quota_box(statement), _bill_box(statement)],
        facts=list(_facts(statement, zone)),
        sections=[
            Section(_("What was kept"), list(_compliance(statement))),
            Section(_("Breached, and unattended"), list(_breached(statement, zone))),
            Section(_("Quota"), list(quota(statement, zone))),
            Section(_("Bill"), list(bill(statement))),
            Section(_("Tickets opened in the month"), list(_tickets(statement, statement.opened, zone))),
            *_section(_("Tickets from before"), list(_tickets(statement, statement.before, zone)) if statement.before else []),
            *_section(_("The bill, line by line"), list(bill_lines(statement, zone)) if statement.bill else []),
            Section(_("How open clauses were read"), list(readings(statement))),
            Section(_("What the clauses cited say"), list(clauses(statement))),
            Section(_("How this was worked out"), list(how(statement, zone))),
        ],
    )


def _section(title: str, blocks: list[Block]) -> list[Section]:
    return [Section(title, blocks)] if blocks else []


# Cover --------------------------------------------------------------------------------------------------------------


def _lead(statement: Statement) -> str:
    opened, before = len(statement.opened), len(statement.before)
    still = sum(it["status"] == "open" for it in (*statement.opened, *statement.before))
    said_first = ngettext("{count} ticket was opened in {month}.", "{count} tickets were opened in {month}.", opened)
    lines = [said_first.format(count=f"{opened:,}", month=month_words(statement.month))]
    if before:
        lines.append(ngettext("{count} came from before.", "{count} came from before.", before).format(count=f"{before:,}"))
    if still:
        template = ngettext("At the moment judged {count} is open.", "At the moment judged {count} are open.", still)
        lines.append(template.format(count=f"{still:,}"))
    if not statement.is_over:
        lines.append(_("The month is not over: the figures are those of the moment judged."))
    return " ".join(lines)


def _box(statement: Statement, clock: ClockName) -> Verdict:
    found = kept(statement.opened, clock)
    if not found.judged:
        return Verdict(_(NAMES[clock]), "–", kept_words(found) or "–", "plain")
    told = _("{met} of {judged} met").format(met=f"{found.met:,}", judged=f"{found.judged:,}")
    others = kept_words(found)
    figures = [percent(found.met, found.judged), *([others] if others else [])]
    return Verdict(_(NAMES[clock]), told, joined(figures), "bad" if found.breached else "good")


def _quota_box(statement: Statement) -> list[Verdict]:
    """What is left of each policy with a quota; paid per event if that is all there is."""
    boxes = []
    for it in statement.used:
        paid = ngettext("{count} paid per event", "{count} paid per event", len(it.paid)).format(count=len(it.paid))
        if it.row["policy"] is None:
            boxes.append(Verdict(_("Outside any policy"), str(len(it.paid)), _("paid per event"), "plain"))
            continue
        left = _("{left} of {included} left").format(left=it.tickets.left, included=it.tickets.included)
        figures = [_("{count} used in the month").format(count=it.tickets.month), *([paid] if it.paid else [])]
        title = _("Quota") if len(statement.used) == 1 else _("Quota of {policy}").format(policy=plain(it.row["policy"]))
        boxes.append(Verdict(title, left, joined(figures), "plain"))
    return boxes[:2]


def _bill_box(statement: Statement) -> Verdict:
    if not statement.bill:
        return Verdict(_("Bill"), _("nothing"), "–", "plain")
    found = charged(statement.bill)
    rows = ngettext("{count} row", "{count} rows", found.rows).format(count=f"{found.rows:,}")
    return Verdict(_("Bill"), joined(sums(found)), joined([rows, *without_amount(found)]), "plain")


def _facts(statement: Statement, zone: tzinfo) -> Iterator[tuple[str, str]]:
    yield _("Client"), plain(statement.registered.client)
    for policy, rules in statement.policies:
        tier = f" {named(policy.tier)}" if policy.tier else ""
        terms = plain(getattr(rules.terms.about.name, spoken())) + tier
        yield _("Policy"), f"{plain(policy.id)}: {terms}, {period(policy)}"
        yield _("Prices"), prices(policy.prices)
    if not statement.policies:
        yield _("Policy"), _("none in force in the month")
    begins, ends = (local(it.isoformat(), zone, offset=True) for it in (statement.span.since, statement.span.until))
    yield _("Month"), _("from {begins} until {ends}, {zone}").format(begins=begins, ends=ends, zone=statement.span.zone)
    yield _("Judged at"), local(statement.question.at.isoformat(), zone, offset=True)
    yield _("Known"), _("what was recorded up to position {known}").format(known=f"{statement.question.known:,}")


# Compliance ---------------------------------------------------------------------------------------------------------


def _compliance(statement: Statement) -> Iterator[Block]:
    names = {it: _(name) for it, name in NAMES.items()}
    by_clock = {it: kept_by_priority(statement.opened, it, statement.priorities) for it in CLOCKS}
    if statement.opened:
        yield Drawing(charts.compliance(by_clock, names, "kept-"), _told_kept(by_clock["response"], by_clock["resolution"]))
    else:
        yield Paragraph(_("No ticket was opened in the month."))
    if statement.opened or statement.before:
        yield Paragraph(
            _(
                "Those from before are counted apart. Met is set against what is settled, met or breached; a percentage is cut "
                "off, never rounded up."
            ),
            "quiet",
        )
        for clock in CLOCKS:
            yield _kept_table(statement, clock, by_clock[clock])


def _told_kept(response: Mapping[str, Kept], resolution: Mapping[str, Kept]) -> str:
    parts = [f"{named(name)}: {met_of(response[name])}; {met_of(resolution[name])}" for name in response]
    return _("Verdicts by priority, of response and resolution. {told}").format(told=". ".join(parts))


def _kept_table(statement: Statement, clock: ClockName, by_priority: Mapping[str, Kept]) -> Table:
    """A row for each priority of the tickets opened in the month, one for all of them, and one for those from before."""
    columns = [
        Column(_(NAMES[clock]), share=1),
        Column(_("Tickets"), right=True),
        Column(_("Met"), right=True),
        Column(_("Breached"), right=True),
        Column(_("Pending"), right=True),
        Column(_("Not applicable"), right=True),
        Column(_("Unattended"), right=True),
        Column(_("Met of settled"), right=True),
        Column("%", right=True),
    ]
    opened, before = statement.opened, statement.before
    of_priority = {name: [it for it in opened if it["priority"] == name] for name in by_priority}
    rows = [_kept_cells(statement, named(name), clock, of_priority[name]) for name in by_priority]
    rows.append(_kept_cells(statement, _("Opened in the month"), clock, opened))
    if before:
        rows.append(_kept_cells(statement, _("From before"), clock, before))
    return Table(columns, rows, marks=[len(by_priority)])


def _kept_cells(statement: Statement, name: str, clock: ClockName, rows: Sequence[Row]) -> list[str]:
    found = kept(rows, clock)
    unattended = statement.unattended_among(rows)
    counts = (found.tickets, found.met, found.breached, found.pending, found.not_applicable, unattended)
    return [name, *(f"{it:,}" for it in counts), f"{found.met:,}/{found.judged:,}", percent(found.met, found.judged)]


# Breached, unattended ---------------------------------------------------------------------------------------------------


def _breached(statement: Statement, zone: tzinfo) -> Iterator[Block]:
    rows = [*statement.opened, *statement.before]
    breached = [(it, clock) for it in rows for clock in CLOCKS if it[clock]["verdict"] == "breached"]
    if breached:
        columns = [
            Column(_("Ticket"), share=3),
            Column(_("About"), share=5),
            Column(_("Priority")),
            Column(_("Clock")),
            Column(_("Time used"), right=True),
            Column(_("Target"), right=True),
            Column(_("Over by"), right=True),
            Column(_("Clause")),
        ]
        yield Table(columns, [_breached_cells(statement, it, clock) for it, clock in breached])
    else:
        yield Paragraph(_("Nothing was breached."))
    if statement.unattended:
        yield Paragraph(_("Open tickets that nobody had attended for a support day or more at the moment judged:"))
        columns = [
            Column(_("Ticket"), share=3),
            Column(_("About"), share=5),
            Column(_("Unattended since")),
            Column(_("Support time"), right=True),
            Column(_("Clause")),
        ]
        yield Table(columns, [
            [plain(it["ticket"]), _subject(statement, it["ticket"]), local(it["since"], zone, seconds=False),
             short(it["support_seconds"]), it["clause"]] for it in statement.unattended
        ])  # fmt: skip
    else:
        yield Paragraph(_("No ticket was unattended at the moment judged."))


def _breached_cells(statement: Statement, row: Row, clock: ClockName) -> list[str]:
    found = row[clock]
    return [
        plain(row["ticket"]), _subject(statement, row["ticket"]), named(row["priority"]), _(NAMES[clock]),
        short(found["elapsed_seconds"]), short(found["target_seconds"]), short(found["overrun_seconds"]), found["clauses"][0],
    ]  # fmt: skip


def _subject(statement: Statement, ticket: str) -> str:
    return plain(statement.subjects[ticket])


# Tickets ------------------------------------------------------------------------------------------------------------


def _tickets(statement: Statement, rows: Sequence[Row], zone: tzinfo) -> Iterator[Block]:
    if not rows:
        yield Paragraph(_("None."))
        return
    columns = [
        Column(_("Ticket"), share=2),
        Column(_("About"), share=6),
        Column(_("Priority")),
        Column(_("Opened")),
        Column(_("Status")),
        Column(_("Response")),
        Column(_("Resolution")),
    ]
    first_those_that_stop = sorted(rows, key=lambda it: it["stops_operation"] is None)
    if any(it["stops_operation"] for it in rows):
        yield Paragraph(_("! stops the client's operation"), "quiet")
    yield Table(columns, [_ticket_cells(statement, it, zone) for it in first_those_that_stop])


def _ticket_cells(statement: Statement, row: Row, zone: tzinfo) -> list[str]:
    mark = "! " if row["stops_operation"] else ""
    opened = local(row["opened_at"], zone, seconds=False)
    return [mark + plain(row["ticket"]), _subject(statement, row["ticket"]), named(row["priority"]), opened,
            word(row["status"]), *(clock_words(row[it]) for it in CLOCKS)]  # fmt: skip


def clock_words(clock: Row) -> str:
    """The verdict, and what was used of the target."""
    if clock["target_seconds"] is None:
        return word(clock["verdict"])
    return f"{word(clock['verdict'])} {short(clock['elapsed_seconds'])}/{short(clock['target_seconds'])}"
