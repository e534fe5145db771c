"""The readings matrix as one page: each unclear clause on which something hangs, with what its other readings would make of it;
then those on which nothing does, and the totals it is all held against.

What comes out otherwise is worded in `adapters.wording.outcomes`; JSON has every ticket.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from adapters.cli.replay_tables import Zone, judged
from adapters.cli.tables import Column, heading, show, show_pairs, show_table
from adapters.language import _, spoken
from adapters.wording.outcomes import outcome
from adapters.wording.values import plain
from replay.as_of import Totals, money

if TYPE_CHECKING:
    from projections.contracts import Question
    from replay.hanging import Hangs
    from replay.readings import Matrix


def show_readings_page(matrix: "Matrix", question: "Question", zone: Zone) -> None:
    """Prints the page."""
    found = matrix.hangs()
    hanging = [it for it in found if it.hangs]
    template = _("The outcome hangs on {hanging} of {count} unclear clauses, each tried alone.")
    show(template.format(hanging=len(hanging), count=len(found)))
    if hanging:
        show(_("→ is how a clause is read; below it, what would come out otherwise if it were read in another way."))
    for terms, clauses in groupby(hanging, key=lambda it: it.terms):
        heading(plain(terms))
        columns = [
            Column(_("Reading")),
            Column(_("Option")),
            Column(_("Question, and what would come out otherwise"), folds=True),
        ]
        show_table(columns, (row for it in clauses for row in _clause(it)))
    _show_the_others([it for it in found if not it.hangs])
    _show_totals(matrix.totals)
    show(_read(question, judged(question, zone)), style="dim")


def _read(question: "Question", asked: str) -> str:
    """Under which readings all of it is, and as of when."""
    if not question.readings:
        return _("As read by default, {asked}.").format(asked=asked)
    chosen = ", ".join(plain(f"{key}={name}") for key, name in question.readings.items())
    return _("With {readings}, and else as read by default, {asked}.").format(readings=chosen, asked=asked)


def _clause(clause: "Hangs") -> Iterator[list[str]]:
    """The reading in force with the question, then a row for every other reading."""
    question = plain(getattr(clause.question, spoken()))
    if list(clause.reading.clauses) != [clause.key]:
        question += f" ({', '.join(map(plain, clause.reading.clauses))})"
    yield [plain(clause.key), f"→ {plain(clause.chosen)}", question]
    for it in clause.otherwise:
        yield ["", f"  {plain(it.option)}", "\n".join(outcome(it)) or "-"]
    for option in clause.not_tried:
        yield ["", f"  {plain(option)}", _("not tried: some version of these terms does not have it")]


def _show_the_others(clauses: Sequence["Hangs"]) -> None:
    if not clauses:
        return
    heading(_("Nothing hangs on"))
    columns = [Column(_("Reading")), Column(_("Read as")), Column(_("What is asked"), folds=True)]
    show_table(columns, (_idle(it) for it in clauses))


def _idle(clause: "Hangs") -> list[str]:
    asked = plain(getattr(clause.question, spoken()))
    if clause.recording_only:
        asked += " " + _("(decides only what may be recorded)")
    if clause.not_tried:
        asked += " " + _("(not tried: {options})").format(options=" ".join(map(plain, clause.not_tried)))
    return [plain(clause.key), plain(clause.chosen), asked]


def _show_totals(totals: Totals) -> None:
    """What the differences are held against."""
    heading(_("As it is read"))
    amounts = ", ".join(f"{amount} {plain(currency)}" for currency, amount in money(totals.amounts).items())
    counted = [
        (_("Tickets"), totals.tickets),
        (_("Responses breached"), totals.response_breached),
        (_("Resolutions breached"), totals.resolution_breached),
        (_("Covered by a policy"), totals.covered),
        (_("Paid per event"), totals.pay_per_event),
    ]
    pairs = [(label, str(count)) for label, count in counted]
    missing = [(_("Amounts not agreed"), totals.not_agreed), (_("Amounts to be quoted"), totals.to_be_quoted)]
    show_pairs([*pairs, (_("Amount"), amounts), *((label, str(count)) for label, count in missing if count)])
    print()
