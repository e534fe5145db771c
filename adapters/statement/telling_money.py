"""A statement told, second half: quota, the bill in sums and line by line, readings, clauses, and how it was worked out.

Amounts that are not known are said so and never counted as nothing.
"""

import shlex
from collections.abc import Iterator
from datetime import tzinfo

from adapters.dossier.document import Block, Code, Column, Drawing, Pairs, Paragraph, Table, pairs
from adapters.language import _, ngettext, spoken
from adapters.statement import charts
from adapters.statement.counting import Charged, Quota, Row, charged, charged_by_kind
from adapters.statement.gathering import Statement, Used
from adapters.statement.wording import amount_of, joined, money, reason_of, sums, without_amount
from adapters.wording.charges import after_hours, minutes
from adapters.wording.values import local, named, plain, reason_word, word
from domain.exchange import time_text

# Quota --------------------------------------------------------------------------------------------------------------


def quota(statement: Statement, zone: tzinfo) -> Iterator[Block]:
    """What each policy includes, what was used of it before the month and in it, and what was left."""
    if not statement.used:
        yield Paragraph(_("These terms have no quota: tickets use none up."))
    for number, it in enumerate(statement.used):
        yield Paragraph(_title(it), "strong")
        if it.row["policy"] is not None:
            yield from _counters(it, number)
        yield from _paid(it)
        yield from (Paragraph(line) for line in _visits_and_benefits(it, zone))


def _title(used: Used) -> str:
    row = used.row
    if row["policy"] is None:
        return _("Outside any policy ({terms})").format(terms=plain(row["terms"]))
    tier = f" {named(row['tier'])}" if row["tier"] else ""
    template = _("Policy {policy}: {terms}, {state}")
    return template.format(policy=plain(row["policy"]), terms=plain(row["terms"]) + tier, state=word(row["state"]))


def _counters(used: Used, number: int) -> Iterator[Block]:
    every = {named(name): it for name, it in used.by_priority.items()} | {_("All"): used.tickets}
    drawn = {name: it for name, it in every.items() if it.included}
    if drawn:
        told = ". ".join(
            _("{name}: {used} of {included} used, {left} left").format(
                name=name, used=it.used, included=it.included, left=it.left
            )
            for name, it in drawn.items()
        )
        yield Drawing(charts.quota(drawn, f"quota{number}-"), told)
    columns = [
        Column(_("Priority"), share=1),
        Column(_("Included"), right=True),
        Column(_("Used before"), right=True),
        Column(_("Used in the month"), right=True),
        Column(_("Left"), right=True),
    ]
    yield Table(columns, [_counter_cells(name, it) for name, it in every.items()], marks=[len(every) - 1])


def _counter_cells(name: str, it: Quota) -> list[str]:
    return [name, *(f"{count:,}" for count in (it.included, it.before, it.month, it.left))]


def _paid(used: Used) -> Iterator[Block]:
    if not used.paid:
        return
    columns = [
        Column(_("Paid per event"), share=2),
        Column(_("Reason"), share=3),
        Column(_("List price"), right=True),
        Column(_("Discount"), right=True),
        Column(_("Clause")),
    ]
    rows = [
        [plain(it["ticket"]), reason_word(it["reason"]),
         _price(it), f"{it['discount_percent']} %", it["clause"]]
        for it in used.paid
    ]  # fmt: skip
    yield Table(columns, rows)


def _price(paid: Row) -> str:
    if paid["to_be_quoted"]:
        return word("to be quoted")
    return money(paid["price"]) if paid["price"] is not None else word("not agreed")


def _visits_and_benefits(used: Used, zone: tzinfo) -> Iterator[str]:
    for month in used.visits:
        foreign = _(", foreign") if month["foreign"] else ""
        template = _("On site from {begins} to {ends}: {used} of {included}{foreign}.")
        yield template.format(
            begins=month["from"], ends=month["to"], used=month["used"], included=month["included"], foreign=foreign
        )
    for benefit in used.benefits:
        detail = f": {plain(benefit['detail'])}" if benefit["detail"] else ""
        template = _("Benefit delivered at {at}: {benefit}{detail}")
        yield template.format(at=local(benefit["at"], zone, offset=True), benefit=named(benefit["benefit"]), detail=detail)


# Bill ---------------------------------------------------------------------------------------------------------------


def bill(statement: Statement) -> Iterator[Block]:
    """What the bill comes to, for each kind of charge and in all."""
    if not statement.bill:
        yield Paragraph(_("Nothing is charged."))
        return
    columns = [
        Column(_("For"), share=1),
        Column(_("Bill rows"), right=True),
        Column(_("Minutes"), right=True),
        Column(_("After hours"), right=True),
        Column(_("Without an amount"), right=True),
        Column(_("Amount"), right=True),
    ]
    found = charged(statement.bill)
    rows = [_charged_cells(word(kind), it) for kind, it in charged_by_kind(statement.bill).items()]
    yield Table(columns, [*rows, _charged_cells(_("Total"), found)], marks=[len(rows)])
    total = joined(sums(found))
    yield Paragraph(_("Total: {amounts}.").format(amounts=total), "strong")
    if found.notes:
        yield Paragraph(_("The total does not hold {rows}.").format(rows=joined(list(without_amount(found)))))
    if found.unrequested_minutes:
        template = ngettext(
            "{count} minute was worked after hours that nobody asked for; it is charged as in support hours.",
            "{count} minutes were worked after hours that nobody asked for; they are charged as in support hours.",
            found.unrequested_minutes,
        )
        yield Paragraph(template.format(count=f"{found.unrequested_minutes:,}"))


def _charged_cells(name: str, it: Charged) -> list[str]:
    missing = sum(it.notes.values())
    counts = (it.rows, it.billable_minutes, it.after_hours_minutes)
    return [name, *(f"{count:,}" for count in counts), f"{missing:,}" if missing else "–", "\n".join(sums(it)) or "–"]


def bill_lines(statement: Statement, zone: tzinfo) -> Iterator[Block]:
    """Every row of the bill with what it is for, its reason, its clause and the entry it comes from."""
    columns = [
        Column(_("At")),
        Column(_("Ticket"), share=2),
        Column(_("For")),
        Column(_("Reason"), share=6),
        Column(_("Minutes"), right=True),
        Column(_("After hours"), right=True),
        Column(_("Amount"), right=True),
        Column(_("Clause")),
        Column(_("Entry"), right=True),
    ]
    cells = [
        [local(it["at"], zone, seconds=False), plain(it["ticket"]), word(it["kind"]), reason_of(statement, it), minutes(it),
         after_hours(it), amount_of(it), it["clause"] or "–", str(it["entry"])]
        for it in statement.bill
    ]  # fmt: skip
    yield Table(columns, cells)
    found = charged(statement.bill)
    yield Paragraph(_("Total: {amounts}.").format(amounts=joined([*sums(found), *without_amount(found)])), "strong")


# Readings, clauses, how ---------------------------------------------------------------------------------------------


def readings(statement: Statement) -> Iterator[Block]:
    """How each unclear clause that bears on a figure was read."""
    rows = list(reading_rows(statement))
    if not rows:
        yield Paragraph(_("No unclear clause bears on these figures."))
        return
    columns = [Column(_("Reading"), share=2), Column(_("What is asked"), share=4), Column(_("Read as"), share=4)]
    asked = statement.question.readings
    cells = [[("→ " if key in asked else "") + plain(key), question, option] for key, question, option in rows]
    if asked:
        yield Paragraph(_("→ asked for; the others are read as they are by default."), "quiet")
    yield Table(columns, cells)


def reading_rows(statement: Statement) -> Iterator[tuple[str, str, str]]:
    """Each reading that a figure hangs on: its key, what is asked, and how it was read."""
    for it in statement.cited:
        known = it.rules.terms.about.readings
        for key, name in it.readings.items():
            question, option = getattr(known[key].question, spoken()), getattr(known[key].options[name], spoken())
            yield key, plain(question), f"{plain(name)}: {plain(option)}"


def clauses(statement: Statement) -> Iterator[Block]:
    """The wording of every clause cited."""
    worded = dict(clause_rows(statement))
    if worded:
        yield Pairs(list(worded.items()))
    else:
        yield Paragraph(_("No clause is cited."))


def clause_rows(statement: Statement) -> Iterator[tuple[str, str]]:
    """Each clause cited and its wording; of a group that the terms word only in parts (gs.7), its parts."""
    for it in statement.cited:
        texts = it.rules.terms.about.clauses
        for clause in it.clauses:
            parts = [clause] if clause in texts else [name for name in texts if name.startswith(f"{clause}.")]
            yield from ((name, plain(getattr(texts[name], spoken()))) for name in parts)


def how(statement: Statement, zone: tzinfo) -> Iterator[Block]:
    """The question that was asked, and the command line that gives the same statement again."""
    asked = statement.question
    yield Paragraph(
        _(
            "Every figure is worked out from the entries of the ledger alone, and can be looked into: each row of the bill "
            "names the entry it comes from, and “bitacora explain TICKET” shows every minute of a ticket with its clause."
        )
    )
    yield pairs(
        [
            (_("Judged at"), local(asked.at.isoformat(), zone, offset=True)),
            (_("Known"), _("what was recorded up to position {known}").format(known=f"{asked.known:,}")),
            (_("Readings asked for"), plain(", ".join(f"{key}={name}" for key, name in asked.readings.items()))),
        ]
    )
    yield Paragraph(_("The same statement again:"), "quiet")
    yield Code(_command(statement))


def _command(statement: Statement) -> str:
    asked = statement.question
    chosen = [it for key, name in asked.readings.items() for it in ("--reading", f"{key}={name}")]
    words = ["bitacora", "statement", statement.registered.client, "--month", str(statement.month), "--at", time_text(asked.at),
             "--known-at", str(asked.known), *chosen, "--lang", spoken(), "-o", f"{statement.month}.pdf"]  # fmt: skip
    return shlex.join(words)
