"""How a statement says its own values: months, shares, sums, the terms of a policy. What is said everywhere is in
`adapters.cli.wording`.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from msgspec import UNSET

from adapters.language import _, ngettext
from adapters.statement.counting import Charged, Kept, Row, permille
from adapters.statement.gathering import Statement
from adapters.statement.month import Month
from adapters.wording.charges import charged_for
from adapters.wording.values import named, plain, word
from domain.events import Prices
from domain.policy import Policy
from domain.refusal import said

_MONTHS = (
    said("January"), said("February"), said("March"), said("April"), said("May"), said("June"), said("July"), said("August"),
    said("September"), said("October"), said("November"), said("December"),
)  # fmt: skip


def month_words(month: Month) -> str:
    """`March 2026`."""
    return _("{month} {year}").format(month=_(_MONTHS[month.number - 1]), year=month.year)


def percent(part: int, whole: int) -> str:
    """The share as a percentage with one decimal, cut off; a dash of nothing."""
    share = permille(part, whole)
    return "–" if share is None else f"{share // 10}.{share % 10} %"


def met_of(found: Kept) -> str:
    """`12 of 14 met · 85.7 %`."""
    template = _("{met} of {judged} met · {percent}")
    return template.format(met=f"{found.met:,}", judged=f"{found.judged:,}", percent=percent(found.met, found.judged))


def kept_words(found: Kept) -> str:
    """What was not met, in words: `1 breached, 2 pending, 3 not applicable`; what there is none of is left out."""
    counts = ((found.breached, _("Breached")), (found.pending, _("Pending")), (found.not_applicable, _("Not applicable")))
    return ", ".join(f"{count:,} {name.lower()}" for count, name in counts if count)


def money(amount: str | Decimal) -> str:
    """An amount with its thousands set apart: `1,296.00`."""
    return f"{Decimal(amount):,.2f}"


def amount_of(row: Row) -> str:
    """The amount of a row of the bill with its currency, or why there is none."""
    if row["amount"] is None:
        return word(row["amount_note"])
    return f"{money(row['amount'])} {plain(row['currency'] or '')}".rstrip()


def sums(found: Charged) -> list[str]:
    """The sums, one for each currency: `5091.67 MXN`."""
    return [f"{money(amount)} {plain(currency)}".rstrip() for currency, amount in found.amounts.items()]


def without_amount(found: Charged) -> Iterator[str]:
    """How many rows have no amount, and why."""
    for note, count in found.notes.items():
        rows = ngettext("{count} row without an amount: {note}", "{count} rows without an amount: {note}", count)
        yield rows.format(count=count, note=word(note))


def reason_of(statement: Statement, row: Row) -> str:
    """Why a row of the bill is there."""
    entry, paid = statement.entries.get(row["entry"]), statement.paid.get(row["ticket"])
    if paid is not None and paid["price"] is not None:
        paid = {**paid, "price": money(paid["price"])}
    return charged_for(
        row,
        {
            "ticket": row["ticket"],
            "entries": [entry] if entry is not None else [],
            "consumption": {"pay_per_event": [paid] if paid is not None else []},
        },
    )


def period(policy: Policy) -> str:
    """The days in force of a policy."""
    if policy.last_day is None:
        return _("from {starts} on").format(starts=policy.starts)
    return _("from {starts} to {ends}").format(starts=policy.starts, ends=policy.last_day)


def prices(found: Prices | None) -> str:
    """The prices agreed, in words."""
    if found is None:
        return _("none agreed")
    told = []
    if found.hourly is not UNSET:
        told.append(_("{price} {currency} an hour").format(price=money(found.hourly), currency=plain(found.currency)))
    if found.after_hours_factor is not UNSET:
        told.append(_("times {factor} after hours").format(factor=found.after_hours_factor))
    if found.per_event is not UNSET:
        each = ", ".join(f"{named(priority)} {money(price)}" for priority, price in found.per_event.items())
        told.append(_("per event, in {currency}: {prices}").format(currency=plain(found.currency), prices=each))
    return "; ".join(told) or _("none agreed")


def joined(lines: Sequence[str]) -> str:
    """Words set one after the other; a dash for none."""
    return "; ".join(lines) or "–"
