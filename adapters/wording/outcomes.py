"""What comes out otherwise under another reading, in words: verdicts, times, money, quotas, a line for each kind of thing.

One place for the terminal and the page. Of many tickets the first are named and the others counted.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from adapters.language import _, ngettext
from adapters.wording.values import plain, word
from domain.refusal import said
from replay.as_of import Totals, money

if TYPE_CHECKING:
    from replay.hanging import Otherwise

_NAMED = 12
_CLOCKS = (said("Response"), said("Resolution"))


def outcome(otherwise: "Otherwise") -> Iterator[str]:
    """What would come out otherwise under one reading, a line for each kind of thing."""
    yield from _verdicts(otherwise)
    if otherwise.figures:
        count = otherwise.figures
        yield ngettext("{count} ticket with other times", "{count} tickets with other times", count).format(count=count)
    if otherwise.billed:
        count = otherwise.billed
        rows = ngettext("{count} row of the bill", "{count} rows of the bill", count).format(count=count)
        yield "; ".join([rows, *_money(otherwise.money)])
    for template, tickets in (
        (said("covered: {tickets}"), otherwise.covered),
        (said("no longer covered: {tickets}"), otherwise.no_longer_covered),
    ):
        if tickets:
            yield _(template).format(tickets=_named(tickets))
    if otherwise.policies:
        names = [it if it is not None else _("outside any policy") for it in otherwise.policies]
        yield _("consumption: {policies}").format(policies=_named(names))


def _verdicts(otherwise: "Otherwise") -> Iterator[str]:
    """Which tickets would be judged otherwise, by clock and verdicts, and how many more breaches that makes."""
    moved: dict[tuple[int, str, str], list[str]] = {}
    for it in otherwise.verdicts:
        for clock, pair in enumerate(zip(it.before, it.after, strict=True)):
            if pair[0] != pair[1]:
                moved.setdefault((clock, *pair), []).append(it.ticket)
    for (clock, before, after), tickets in sorted(moved.items()):
        change = f"{_(_CLOCKS[clock])}: {word(before)} → {word(after)}"
        yield f"{change} ({len(tickets)}): {_named(tickets)}"
    if otherwise.breaches:
        yield _("breaches: {difference}").format(difference=f"{otherwise.breaches:+}")


def _money(difference: Totals) -> Iterator[str]:
    for currency, amount in money(difference.amounts).items():
        yield f"{Decimal(amount):+.2f} {plain(currency)}"
    for note, count in (("not agreed", difference.not_agreed), ("to be quoted", difference.to_be_quoted)):
        if count:
            yield f"{word(note)}: {count:+}"


def _named(names: Sequence[str]) -> str:
    told = " ".join(map(plain, names[:_NAMED]))
    more = len(names) - _NAMED
    return told if more <= 0 else f"{told} " + _("and {count} more").format(count=more)
