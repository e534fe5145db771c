"""The bill in words: minutes, time out of hours, what each row is for, and what all of them come to.

The figures are those of the rows, counted up at most.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from adapters.language import _, ngettext
from adapters.wording.values import plain, reason_word, word

Row = Mapping[str, Any]


def minutes(row: Row) -> str:
    """Billable minutes, and how they came about where more than one consultant took part."""
    if row["consultants"] > 1:
        return f"{row['minutes']} × {row['consultants']} → {row['billable_minutes']}"
    return str(row["billable_minutes"])


def after_hours(row: Row) -> str:
    """Minutes out of hours: those asked for, and those that nobody asked for."""
    asked, unasked = row["after_hours_minutes"], row["unrequested_minutes"]
    shown = [str(asked)] if asked else []
    if unasked:
        shown.append(_("{minutes} unasked").format(minutes=unasked))
    return ", ".join(shown) or "-"


def billing_totals(rows: Iterable[Row]) -> Iterator[str]:
    """What the rows come to: minutes, amounts by currency, and how many have no amount."""
    count = total = 0
    sums: dict[str, Decimal] = {}
    missing: Counter[str] = Counter()
    for row in rows:
        count += 1
        total += row["billable_minutes"]
        if row["amount"] is None:
            missing[row["amount_note"]] += 1
        else:
            _add(sums, row)
    counted = ngettext("{count} row.", "{count} rows.", count).format(count=count)
    yield f"{counted} " + _("Billable minutes: {minutes}.").format(minutes=total)
    if sums:
        yield _("Total: {amounts}.").format(amounts=_sums_told(sums))
    for note in ("not agreed", "to be quoted"):
        if missing[note]:
            yield _("Without an amount ({note}): {count}.").format(note=word(note), count=missing[note])


def amounts(rows: Iterable[Row]) -> str:
    """What the rows come to in money, `325.00 MXN`; empty if no row has an amount."""
    sums: dict[str, Decimal] = {}
    for row in rows:
        if row["amount"] is not None:
            _add(sums, row)
    return _sums_told(sums)


def _add(sums: dict[str, Decimal], row: Row) -> None:
    currency = row["currency"] or ""
    sums[currency] = sums.get(currency, Decimal(0)) + Decimal(row["amount"])


def _sums_told(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{it:.2f} {currency}" for currency, it in sorted(sums.items()))


def charged_for(row: Row, explained: Row) -> str:
    """Why a row of the bill is there, in a few words: what was done, or why no quota covers the ticket."""
    entry = next((it for it in explained["entries"] if it["position"] == row["entry"]), None)
    if row["kind"] == "per_event":
        paid = next(it for it in explained["consumption"]["pay_per_event"] if it["ticket"] == explained["ticket"])
        told = reason_word(paid["reason"])
        if paid["price"] is None:
            return told
        template = _("{reason}; list price {price} less {percent} %")
        return template.format(reason=told, price=paid["price"], percent=paid["discount_percent"])
    if entry is None:
        return "-"
    if row["kind"] == "session":
        people = " ".join(plain(it["consultant"]) for it in entry["consultants"])
        return f"{word(entry['delivery'])}: {people}"
    if row["kind"] == "travel":
        return plain(entry.get("note", "-"))
    return word(entry["kind"]) if entry["type"] == "FollowedUp" else word(entry["type"])
