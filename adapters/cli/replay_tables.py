"""How two views held against each other look to a person: ticket by ticket and policy by policy what differs and because of
what, then the totals of both.

Blocks are printed as they come. What a figure or a cause is called is in `wording.differences`; no figure is worked out here,
totals are subtracted at most.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, tzinfo
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from adapters.cli.tables import Column, heading, show, show_pairs, show_table
from adapters.language import _
from adapters.wording.differences import figure_lines, told_of, word_of_cause
from adapters.wording.happenings import sentence
from adapters.wording.totals import total_rows
from adapters.wording.values import knowledge, local, plain
from domain.events import TermsPublished
from domain.exchange import entry_as_json
from domain.terms import terms_from

if TYPE_CHECKING:
    from adapters.ledger import Ledger
    from adapters.reports.readable import Readable
    from adapters.reports.replays import Compared
    from domain.events import Entry
    from projections.contracts import Question

Row = dict[str, Any]


class Zone:
    """The zone in which times are shown: that of the newest terms, where all of them have the same; else UTC. `head` is the
    last position of the ledger."""

    def __init__(self, ledger: "Readable", question: "Question") -> None:
        names: set[str] = set()
        for _name, recorded in ledger.streams("terms"):
            documents = [it.event.document for it in recorded if isinstance(it.event, TermsPublished)]
            names.update(_zones(documents[-1:], question.readings))
        self.head = ledger.head()
        self.name = names.pop() if len(names) == 1 else "UTC"
        self.zone: tzinfo = ZoneInfo(self.name) if self.name != "UTC" else UTC


def _zones(documents: Iterable[Row], readings: dict[str, str]) -> Iterable[str]:
    for document in documents:
        yield terms_from(document).under(readings).provisions.calendar.zone


def show_compared(
    compared: "Compared", ledger: "Ledger", zone: Zone, supposed: Mapping[int, "Entry"] = MappingProxyType({})
) -> bool:
    """Prints what differs, block by block, and the totals; whether anything differs. `supposed` are entries by position that
    are in no ledger."""

    def said(cause: Row) -> str:
        """What an entry says, and how it stands between the two views."""
        found = supposed.get(cause["position"]) or ledger.entry(cause["position"])
        assert found is not None, "a cause that has a position is an entry"
        told = sentence(entry_as_json(ledger.unsealed().entry(found)), zone.zone)
        return "\n· ".join([told, *told_of(cause, zone.zone)])

    rows = tickets = 0
    for (client, ticket, policy), held in groupby(compared.changes(), key=_subject):
        changes = list(held)
        heading(_title(client, ticket, policy))
        _show_block(changes, said, zone.zone)
        rows += len(changes)
        tickets += ticket is not None
    if rows:
        heading(_("In all"))
    else:
        show(_("Nothing differs."))
        print()
    _show_totals(compared.totals, indent=2 if rows else 0)
    print()
    if rows:
        show(_("Rows of the reports that differ: {rows}; tickets: {tickets}.").format(rows=rows, tickets=tickets))
        show(_("Times in {zone}.").format(zone=zone.name))
    return rows > 0


def _subject(row: Row) -> tuple[str, str | None, str | None]:
    return row["client"], row["ticket"], row.get("policy")


def _title(client: str, ticket: str | None, policy: str | None) -> str:
    if ticket is not None:
        return _("Ticket {ticket} of {client}").format(ticket=plain(ticket), client=plain(client))
    if policy is not None:
        return _("Policy {policy} of {client}").format(policy=plain(policy), client=plain(client))
    return _("Client {client}, outside any policy").format(client=plain(client))


def _show_block(changes: Sequence[Row], said: Callable[[Row], str], zone: tzinfo) -> None:
    """What differs of one ticket or policy, and under it the entries that are among the causes."""
    columns = [Column(_("Figure"), folds=True), Column(_("Before"), folds=True, verdict=True),
               Column(_("After"), folds=True, verdict=True), Column(_("Because of"), folds=True)]  # fmt: skip
    show_table(columns, [list(line) for row in changes for line in figure_lines(row, zone)], indent=2)
    causes = {it["said"]: it for row in changes for it in row["causes"] if "type" in it}
    if causes:
        print()
        columns = [Column(_("Entry")), Column(_("At")), Column(_("What"), folds=True)]
        ordered = sorted(causes.values(), key=lambda it: it["position"])
        show_table(columns, ([word_of_cause(it), local(it["at"], zone), said(it)] for it in ordered), indent=2)


# Totals -------------------------------------------------------------------------------------------------------------


def _show_totals(totals: Row, *, indent: int) -> None:
    columns = [Column(""), Column(_("Before"), right=True), Column(_("After"), right=True), Column(_("Difference"), right=True)]
    show_table(columns, total_rows(totals["before"], totals["after"]), indent=indent)


def show_asked(questions: Sequence["Question"], zone: Zone) -> None:
    """At what moment and with what knowledge the two sides were judged."""
    labels = (_("Before"), _("After"))
    show_pairs((label, judged(question, zone)) for label, question in zip(labels, questions, strict=True))


def judged(question: "Question", zone: Zone) -> str:
    """At what moment a question judges, and with what knowledge."""
    known = knowledge(question.known, zone.head)
    at = local(question.at.isoformat(), zone.zone, offset=True)
    return _("judged at {at} with {known}").format(at=at, known=known)
