"""What the rows of the reports come to in a month: counted, filtered and added up, nothing else.

Amounts are exact decimals; a share is a count of a count, and its percentage is cut off, never rounded up to a promise that
was not kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

Row = dict[str, Any]
ClockName = Literal["response", "resolution"]
CLOCKS: tuple[ClockName, ClockName] = ("response", "resolution")
KINDS = ("follow_up", "session", "per_event", "travel")


class Kept(Struct, frozen=True):
    """So many tickets by the verdict of one clock: `pending` is running or paused."""

    tickets: int
    met: int
    breached: int
    pending: int
    not_applicable: int

    @property
    def judged(self) -> int:
        """Those of which it is settled: met or breached."""
        return self.met + self.breached


def kept(rows: Iterable[Row], clock: ClockName) -> Kept:
    """Tickets (rows of `report sla`) by the verdict of a clock."""
    verdicts = Counter(it[clock]["verdict"] for it in rows)
    pending = verdicts["running"] + verdicts["paused"]
    return Kept(verdicts.total(), verdicts["met"], verdicts["breached"], pending, verdicts["not_applicable"])


def kept_by_priority(rows: Sequence[Row], clock: ClockName, priorities: Sequence[str]) -> dict[str, Kept]:
    """The same for each priority that has tickets: those of the terms in their order, then any other."""
    held: dict[str, list[Row]] = {it: [] for it in priorities}
    for row in rows:
        held.setdefault(row["priority"], []).append(row)
    return {name: kept(found, clock) for name, found in held.items() if found}


def permille(part: int, whole: int) -> int | None:
    """The share in thousandths, cut off; None of nothing."""
    return part * 1000 // whole if whole else None


class Quota(Struct, frozen=True):
    """What is included of something, what was used before the month and in it, and what was left at its end, or when judged."""

    included: int
    before: int
    month: int
    left: int

    @property
    def used(self) -> int:
        """Used up to the end of the month."""
        return self.before + self.month


def counter(row: Row, month: int, later: int) -> Quota:
    """A counter of `report consumption`, of whose `used` so many were in the month and so many after it."""
    used = row["used"] - later
    return Quota(row["included"], used - month, month, max(0, row["included"] - used))


class Charged(Struct, frozen=True):
    """What rows of the bill come to; amounts by currency ("" where none is known), rows without an amount by their note."""

    rows: int
    billable_minutes: int
    after_hours_minutes: int
    unrequested_minutes: int
    amounts: Mapping[str, Decimal]
    notes: Mapping[str, int]


def charged(rows: Sequence[Row]) -> Charged:
    """Rows of `report billing`, added up."""
    amounts: dict[str, Decimal] = {}
    for row in rows:
        if row["amount"] is not None:
            currency = row["currency"] or ""
            amounts[currency] = amounts.get(currency, Decimal(0)) + Decimal(row["amount"])
    notes = Counter(it["amount_note"] for it in rows if it["amount"] is None)
    minutes, after, unrequested = (
        sum(it[name] for it in rows) for name in ("billable_minutes", "after_hours_minutes", "unrequested_minutes")
    )
    return Charged(len(rows), minutes, after, unrequested, dict(sorted(amounts.items())), dict(sorted(notes.items())))


def charged_by_kind(rows: Sequence[Row]) -> dict[str, Charged]:
    """The same for each kind of charge that has rows."""
    held = {kind: [it for it in rows if it["kind"] == kind] for kind in KINDS}
    return {kind: charged(found) for kind, found in held.items() if found}
