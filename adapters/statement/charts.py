"""The two charts of a statement, in SVG: verdicts by priority, and what was used of a quota.

Bars are to scale and carry their counts; every part has a pattern of its own, so that a copy in black and white reads as well.
Nothing is counted here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from adapters.dossier.drawing import WIDTH, bar, patterns, text
from adapters.language import _
from adapters.statement.counting import ClockName, Kept, Quota
from adapters.statement.wording import kept_words, met_of
from adapters.wording.values import named
from domain.refusal import said

_LEFT, _RIGHT = 150, 165
_BAR, _STEP, _GAP, _LEGEND = 13, 17, 6, 24
_LETTERS_OF_A_NAME = 12
_KEPT = {
    "running": said("met"),
    "overrun": said("breached"),
    "paused": said("pending"),
    "closed_hours": said("not applicable"),
}
_USED = {"resolved": said("used before"), "running": said("used in the month"), "left": said("left")}
"""What the patterns of the clocks stand for here."""


class _Bar(NamedTuple):
    """A bar: what it is of, the counts of its parts by state, and the words after it."""

    label: str
    parts: Sequence[tuple[str, int]]
    words: str


def compliance(by_clock: Mapping[ClockName, Mapping[str, Kept]], names: Mapping[ClockName, str], ident: str) -> str:
    """A bar for each priority and clock: tickets by their verdict."""
    priorities = list(by_clock["response"])
    groups = []
    for priority in priorities:
        bars = [_kept_bar(names[clock], found[priority]) for clock, found in by_clock.items()]
        groups.append((named(priority), bars))
    return _chart(groups, _KEPT, ident)


def _kept_bar(label: str, found: Kept) -> _Bar:
    counts = (found.met, found.breached, found.pending, found.not_applicable)
    return _Bar(label, list(zip(_KEPT, counts, strict=True)), met_of(found) if found.judged else kept_words(found))


def quota(counters: Mapping[str, Quota], ident: str) -> str:
    """A bar for each counter: used before the month, used in it, left."""
    groups = []
    for name, it in counters.items():
        words = _("{used} of {included} used").format(used=it.used, included=it.included)
        parts = [("resolved", it.before), ("running", it.month), ("left", it.left)]
        groups.append((name, [_Bar("", parts, words)]))
    return _chart(groups, _USED, ident)


def _chart(groups: Sequence[tuple[str, Sequence[_Bar]]], legend: Mapping[str, str], ident: str) -> str:
    longest = max((sum(count for _, count in it.parts) for _, bars in groups for it in bars), default=0) or 1
    height = sum(len(bars) * _STEP + _GAP for _, bars in groups) + _LEGEND
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        'font-family="Libertinus Serif, Georgia, serif" font-size="10">',
        patterns(ident),
    ]
    top = 2
    for name, bars in groups:
        parts.append(text(0, top + 11, _cut(name), "start", size=11.5, bold=True))
        for it in bars:
            parts += _bar(it, top, longest, ident)
            top += _STEP
        top += _GAP
    parts += _legend(legend, top, ident, [state for _, bars in groups for it in bars for state, count in it.parts if count])
    return "\n".join([*parts, "</svg>"])


def _bar(it: _Bar, top: int, longest: int, ident: str) -> Iterator[str]:
    yield text(_LEFT - 8, top + 10, it.label, "end", size=10, colour="#555")
    x = float(_LEFT)
    for state, count in it.parts:
        if count:
            width = (WIDTH - _LEFT - _RIGHT) * count / longest
            yield bar(x, top, width, state, ident, _BAR)
            x += width
    yield text(x + 6, top + 10, it.words, "start", size=10.5)


def _legend(legend: Mapping[str, str], top: int, ident: str, drawn: Sequence[str]) -> Iterator[str]:
    shown = [it for it in legend if it in drawn]
    for number, state in enumerate(shown):
        x = _LEFT + number * 132
        yield bar(x, top + 4, 22, state, ident, 10)
        yield text(x + 28, top + 13, _(legend[state]), "start", size=10.5)


def _cut(name: str) -> str:
    return name if len(name) <= _LETTERS_OF_A_NAME else name[: _LETTERS_OF_A_NAME - 1] + "…"
