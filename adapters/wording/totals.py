"""The totals of two views side by side, in words; subtracted at most."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from adapters.language import _
from adapters.wording.values import plain

Row = Mapping[str, Any]


def total_rows(before: Row, after: Row) -> Iterable[list[str]]:
    """A line for each total: its label, both sides, their difference. What is nought on both sides only where it says that
    there was nothing to breach or to pay."""
    yield _counted(_("Tickets"), before["tickets"], after["tickets"])
    yield _counted(_("Responses breached"), before["breaches"]["response"], after["breaches"]["response"])
    yield _counted(_("Resolutions breached"), before["breaches"]["resolution"], after["breaches"]["resolution"])
    for name, label in (("covered", _("Covered by a policy")), ("pay_per_event", _("Paid per event"))):
        if before[name] or after[name]:
            yield _counted(label, before[name], after[name])
    for currency in sorted({**before["amounts"], **after["amounts"]}):
        sides = [Decimal(it["amounts"].get(currency, "0.00")) for it in (before, after)]
        difference = sides[1] - sides[0]
        shown = [f"{it:.2f}" for it in sides]
        yield [_("Amount, {currency}").format(currency=plain(currency)), *shown, f"{difference:+.2f}" if difference else "-"]
    for name, label in (("not_agreed", _("Amounts not agreed")), ("to_be_quoted", _("Amounts to be quoted"))):
        if before[name] or after[name]:
            yield _counted(label, before[name], after[name])


def _counted(label: str, before: int, after: int) -> list[str]:
    return [label, str(before), str(after), f"{after - before:+}" if after != before else "-"]
