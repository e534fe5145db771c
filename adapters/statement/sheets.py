"""A statement as a workbook, to be sorted, filtered and added up: which figures stand in which column of which sheet.

How a cell is written is in `workbook`; figures come as the reports have them, or counted up by `counting`.
"""

import io
from collections.abc import Iterator, Sequence
from datetime import UTC
from decimal import Decimal

import xlsxwriter

from adapters.language import _, spoken
from adapters.statement.counting import (
    CLOCKS,
    Charged,
    ClockName,
    Row,
    charged,
    charged_by_kind,
    kept,
    kept_by_priority,
    permille,
)
from adapters.statement.gathering import Statement, Used
from adapters.statement.telling import NAMES
from adapters.statement.telling_money import clause_rows, reading_rows
from adapters.statement.wording import month_words, period, prices, reason_of
from adapters.statement.workbook import QUOTA_COLOURS, VERDICT_COLOURS, Cell, Column, Share, Sheets
from adapters.wording.values import local, named, plain, reason_word, short, word


def as_xlsx(statement: Statement) -> bytes:
    """The workbook, in the language spoken. The same statement gives the same bytes."""
    made = io.BytesIO()
    client, month = plain(statement.registered.name), month_words(statement.month)
    # A row leaves the memory when the next begins: large clients have thousands of tickets.
    with xlsxwriter.Workbook(made, {"constant_memory": True}) as book:
        title = _("Statement of {client}, {month}").format(client=client, month=month)
        book.set_properties({"title": title, "created": statement.question.at.astimezone(UTC)})
        _fill(Sheets(book, statement.span.place(), title), statement)
    return made.getvalue()


def _fill(sheets: Sheets, statement: Statement) -> None:
    """Writes every sheet, in the order in which they are read."""
    _summary(sheets, statement)
    _compliance(sheets, statement)
    _tickets(sheets, statement)
    _quota(sheets, statement)
    _bill(sheets, statement)
    _grounds(sheets, statement)


def figures(heading: str, width: int = 12) -> Column:
    """A column of figures."""
    return Column(heading, width, True)


# Summary ------------------------------------------------------------------------------------------------------------


def _summary(sheets: Sheets, statement: Statement) -> None:
    columns = [Column(_("Summary"), 34), Column(_("Value"), 80), Column(_("Currency"), 12)]
    sheets.add(_("Summary"), columns, [*_asked(sheets, statement), *_figures(statement)])


def _asked(sheets: Sheets, statement: Statement) -> Iterator[list[Cell]]:
    span, question = statement.span, statement.question
    yield [_("Client"), plain(statement.registered.client)]
    yield [_("Name"), plain(statement.registered.name)]
    yield [_("Month"), str(statement.month)]
    for policy, rules in statement.policies:
        tier = f" {named(policy.tier)}" if policy.tier else ""
        yield [_("Policy"), f"{plain(policy.id)}: {plain(getattr(rules.terms.about.name, spoken()))}{tier}, {period(policy)}"]
        yield [_("Prices"), prices(policy.prices)]
    yield [_("Begins"), local(span.since.isoformat(), sheets.zone, offset=True)]
    yield [_("Ends before"), local(span.until.isoformat(), sheets.zone, offset=True)]
    yield [_("Times in"), span.zone]
    yield [_("Judged at"), local(question.at.isoformat(), sheets.zone, offset=True)]
    yield [_("Known up to position"), question.known]
    if question.readings:
        yield [_("Readings asked for"), plain(", ".join(f"{key}={name}" for key, name in question.readings.items()))]


def _figures(statement: Statement) -> Iterator[list[Cell]]:
    yield [_("Tickets opened in the month"), len(statement.opened)]
    yield [_("Tickets from before"), len(statement.before)]
    yield [_("Unattended"), len(statement.unattended)]
    found = charged(statement.bill)
    yield [_("Rows of the bill"), found.rows]
    yield [_("Billable minutes"), found.billable_minutes]
    for currency, amount in found.amounts.items():
        yield [_("Total"), amount, plain(currency)]
    for note, count in found.notes.items():
        yield [_("Rows without an amount: {note}").format(note=word(note)), count]


# Compliance ---------------------------------------------------------------------------------------------------------


def _compliance(sheets: Sheets, statement: Statement) -> None:
    columns = [
        Column(_("Clock"), 14), Column(_("Tickets"), 22), Column(_("Priority"), 14), figures(_("Count")), figures(_("Met")),
        figures(_("Breached")), figures(_("Pending")), figures(_("Not applicable"), 14), figures(_("Unattended")),
        figures(_("Settled")), figures("%"),
    ]  # fmt: skip
    groups = [(_("Opened in the month"), statement.opened), (_("From before"), statement.before)]
    rows = [row for name, held in groups for clock in CLOCKS for row in _kept_rows(statement, name, clock, held)]
    sums = [_kept_row(statement, name, clock, _("All"), held) for name, held in groups for clock in CLOCKS if held]
    title = _("Compliance")
    sheet = sheets.add(title, columns, rows, sums)
    each = len(kept_by_priority(statement.opened, "response", statement.priorities))
    if each:
        for number, clock in enumerate(CLOCKS):
            place = (1 + number * each, (number + 1) * each)
            chart = sheets.stacked(title, _(NAMES[clock]), place, names=2, parts=dict(enumerate(VERDICT_COLOURS, start=4)))
            sheet.insert_chart(len(rows) + len(sums) + 2, number * 5, chart)


def _kept_rows(statement: Statement, group: str, clock: ClockName, rows: Sequence[Row]) -> Iterator[list[Cell | Share]]:
    for name in kept_by_priority(rows, clock, statement.priorities):
        yield _kept_row(statement, group, clock, named(name), [it for it in rows if it["priority"] == name])


def _kept_row(statement: Statement, group: str, clock: ClockName, name: str, rows: Sequence[Row]) -> list[Cell | Share]:
    found = kept(rows, clock)
    share = permille(found.met, found.judged)
    return [
        _(NAMES[clock]), group, name, found.tickets, found.met, found.breached, found.pending, found.not_applicable,
        statement.unattended_among(rows), found.judged, Share(share) if share is not None else None,
    ]  # fmt: skip


# Tickets ------------------------------------------------------------------------------------------------------------


def _tickets(sheets: Sheets, statement: Statement) -> None:
    of_clock = [
        Column(heading.format(clock=_(NAMES[clock])), wide)
        for clock in CLOCKS
        for heading, wide in (
            ("{clock}", 16), (_("{clock}: used"), 14), (_("{clock}: target"), 12), (_("{clock}: used, seconds"), 12),
            (_("{clock}: target, seconds"), 12), (_("{clock}: over, seconds"), 12), (_("{clock}: clauses"), 18),
        )
    ]  # fmt: skip
    columns = [
        Column(_("Ticket"), 16), Column(_("About"), 42), Column(_("Tickets"), 20), Column(_("Priority")), Column(_("Kind")),
        Column(_("Incident type"), 18), Column(_("Status")), Column(_("Closed as"), 22), Column(_("Opened"), 27),
        Column(_("Opened, local time"), 19), Column(_("Stops the operation"), 18), Column(_("Unattended since"), 27), *of_clock,
    ]  # fmt: skip
    alone = {it["ticket"]: it["since"] for it in statement.unattended}
    groups = ((_("Opened in the month"), statement.opened), (_("From before"), statement.before))
    rows = (_ticket_row(sheets, statement, name, it, alone.get(it["ticket"])) for name, held in groups for it in held)
    sheets.add(_("Tickets"), columns, rows)


def _ticket_row(sheets: Sheets, statement: Statement, group: str, row: Row, alone: str | None) -> list[Cell | Share]:
    return [
        plain(row["ticket"]), plain(statement.subjects[row["ticket"]]), group, named(row["priority"]), word(row["kind"]),
        named(row["incident_type"]) if row["incident_type"] else None, word(row["status"]),
        word(row["closed_reason"]) if row["closed_reason"] else None,
        *sheets.moment(row["opened_at"]), word(row["stops_operation"]) if row["stops_operation"] else None,
        sheets.moment(alone)[0], *(cell for clock in CLOCKS for cell in _clock_cells(row[clock])),
    ]  # fmt: skip


def _clock_cells(clock: Row) -> list[Cell]:
    clauses = " ".join(clock["clauses"])
    if clock["target_seconds"] is None:
        return [word(clock["verdict"]), None, None, None, None, None, clauses]
    used, target, over = clock["elapsed_seconds"], clock["target_seconds"], clock["overrun_seconds"]
    return [word(clock["verdict"]), short(used), short(target), used, target, over, clauses]


def _maybe(text: str | None) -> str | None:
    return plain(text) if text is not None else None


# Quota --------------------------------------------------------------------------------------------------------------


def _quota(sheets: Sheets, statement: Statement) -> None:
    if not statement.used:
        return
    columns = [
        Column(_("Policy"), 18), Column(_("Terms"), 28), Column(_("State"), 14), Column(_("Priority")), figures(_("Included")),
        figures(_("Used before")), figures(_("Used in the month")), figures(_("Left")),
    ]  # fmt: skip
    held = [it for it in statement.used if it.row["policy"] is not None]
    rows = [row for it in held for row in _counters(it)]
    sums = [[*_policy(it), _("All"), it.tickets.included, it.tickets.before, it.tickets.month, it.tickets.left] for it in held]
    sheet = sheets.add(_("Quota"), columns, rows, sums)
    if rows:
        chart = sheets.stacked(_("Quota"), _("Quota"), (1, len(rows)), names=3, parts=dict(enumerate(QUOTA_COLOURS, start=5)))
        sheet.insert_chart(len(rows) + len(sums) + 2, 0, chart)
    columns = [
        Column(_("Ticket"), 16), Column(_("Policy"), 18), Column(_("Reason"), 34), figures(_("List price"), 14),
        Column(_("Without a price because"), 24), figures(_("Discount %")), Column(_("Clause")),
    ]  # fmt: skip
    sheets.add(_("Paid per event"), columns, [row for it in statement.used for row in _paid(it)])


def _policy(used: Used) -> list[Cell]:
    row = used.row
    return [_maybe(row["policy"]), plain(row["terms"]) + (f" {named(row['tier'])}" if row["tier"] else ""), word(row["state"])]


def _counters(used: Used) -> Iterator[list[Cell]]:
    for name, it in used.by_priority.items():
        yield [*_policy(used), named(name), it.included, it.before, it.month, it.left]


def _paid(used: Used) -> Iterator[list[Cell]]:
    for it in used.paid:
        missing = "to be quoted" if it["to_be_quoted"] else "not agreed" if it["price"] is None else None
        price = Decimal(it["price"]) if it["price"] is not None else None
        yield [plain(it["ticket"]), _maybe(used.row["policy"]), reason_word(it["reason"]), price,
               word(missing) if missing else None, it["discount_percent"], it["clause"]]  # fmt: skip


# Bill ---------------------------------------------------------------------------------------------------------------


def _bill(sheets: Sheets, statement: Statement) -> None:
    columns = [
        Column(_("For"), 18), figures(_("Bill rows")), figures(_("Billable minutes")), figures(_("After-hours minutes")),
        figures(_("Amount"), 16), Column(_("Currency")), figures(_("Rows without an amount")),
    ]  # fmt: skip
    rows = [row for kind, found in charged_by_kind(statement.bill).items() for row in _sums(word(kind), found)]
    sheets.add(_("Bill in sums"), columns, rows, list(_sums(_("Total"), charged(statement.bill))) if statement.bill else [])
    columns = [
        Column(_("At"), 27), Column(_("At, local time"), 19), Column(_("Ticket"), 16), Column(_("About"), 36),
        Column(_("For"), 14), Column(_("Reason"), 44), figures(_("Minutes")), figures(_("Consultants")),
        figures(_("Billable minutes")), figures(_("After-hours minutes")),
        figures(_("Unasked after-hours minutes"), 18), figures(_("Amount"), 16),
        Column(_("Currency")), Column(_("Without an amount because"), 22), Column(_("Clause")), figures(_("Entry")),
    ]  # fmt: skip
    found = charged(statement.bill)
    total: list[list[Cell]] = [
        [_("Total"), *[None] * 10, amount, plain(currency)] for currency, amount in found.amounts.items()
    ]
    sheets.add(_("Bill"), columns, (_bill_row(sheets, statement, it) for it in statement.bill), total)


def _sums(name: str, found: Charged) -> Iterator[list[Cell]]:
    """A row for each currency, the first with the counts; one row also where no amount is known."""
    missing = sum(found.notes.values())
    counts: list[Cell] = [found.rows, found.billable_minutes, found.after_hours_minutes]
    for number, (currency, amount) in enumerate(found.amounts.items() or [("", None)]):
        first = number == 0
        yield [name, *(counts if first else [None] * 3), amount, plain(currency) or None, missing if first else None]


def _bill_row(sheets: Sheets, statement: Statement, row: Row) -> list[Cell]:
    return [
        *sheets.moment(row["at"]), plain(row["ticket"]), plain(statement.subjects[row["ticket"]]), word(row["kind"]),
        reason_of(statement, row), row["minutes"], row["consultants"], row["billable_minutes"], row["after_hours_minutes"],
        row["unrequested_minutes"], Decimal(row["amount"]) if row["amount"] is not None else None, _maybe(row["currency"]),
        word(row["amount_note"]) if row["amount_note"] else None, row["clause"], row["entry"],
    ]  # fmt: skip


# Grounds ------------------------------------------------------------------------------------------------------------


def _grounds(sheets: Sheets, statement: Statement) -> None:
    columns = [Column(_("Reading"), 22), Column(_("What is asked"), 60), Column(_("Read as"), 60)]
    sheets.add(_("Readings"), columns, reading_rows(statement))
    sheets.add(_("Clauses"), [Column(_("Clause"), 14), Column(_("What it says"), 150)], clause_rows(statement))
