"""How the four reports look to a person: tables, with totals under them.

The figures are those of the rows, counted up at most. Tickets that stop the client's operation stand first (rules 2.9).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, tzinfo
from itertools import chain
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from adapters.cli.spooled import Spooled
from adapters.cli.tables import Column, heading, show, show_table, width
from adapters.language import _, ngettext
from adapters.wording.charges import after_hours, billing_totals, minutes
from adapters.wording.values import amount, knowledge, local, named, plain, reason_word, short, word

if TYPE_CHECKING:
    from adapters.reports.reports import Reports

Row = dict[str, Any]
_ROOM_FOR_ONE_LINE = 110
_VERDICTS = ("met", "breached", "running", "paused", "not_applicable")
_NEWEST = 2**62


class Zones:
    """The zone in which the times of a ticket or policy are shown: that of its terms; UTC where none apply."""

    def __init__(self, reports: "Reports") -> None:
        self._reports = reports
        self._known: dict[str | None, tzinfo] = {None: UTC}
        self.used: dict[str, str] = {}

    def of(self, terms: str | None) -> tzinfo:
        """The zone of these terms, in their newest version and under the readings asked for."""
        if terms not in self._known:
            found = self._reports.contracts.bound(terms or "", _NEWEST)
            name = found.under(self._reports.question.readings).provisions.calendar.zone if found is not None else "UTC"
            self._known[terms] = ZoneInfo(name)
            self.used[terms or ""] = name
        return self._known[terms]

    def told(self) -> str:
        """Which zones were used, as a line under a table."""
        names = sorted(set(self.used.values())) or ["UTC"]
        if len(names) == 1:
            return _("Times in {zone}.").format(zone=names[0])
        by_terms = ", ".join(f"{terms}: {zone}" for terms, zone in sorted(self.used.items()))
        return _("Times in the zone of each ticket's terms ({zones}).").format(zones=by_terms)


def _one_client(rows: Iterable[Row]) -> str | None:
    """The client, if all rows are of one: then it needs no column."""
    clients = {it["client"] for it in rows}
    return plain(clients.pop()) if len(clients) == 1 else None


def _without_client(columns: list[Column], rows: Iterable[list[str]], client: str | None) -> None:
    """Prints a table whose client stands in one column, or under it."""
    at = next(it for it, column in enumerate(columns) if column.heading == _("Client"))
    kept = [it for it in range(len(columns)) if client is None or it != at]
    show_table([columns[it] for it in kept], ([row[it] for it in kept] for row in rows))
    print()
    if client is not None:
        show(_("Client: {client}.").format(client=client))


def show_report(name: str, rows: Iterable[Row], reports: "Reports") -> None:
    """Prints a report as a person reads it."""
    with Spooled(rows) as kept:
        if not len(kept):
            show(_("Nothing to show."))
            return
        {"sla": _sla, "unattended": _unattended, "consumption": _consumption, "billing": _billing}[name](kept, Zones(reports))
    asked = local(reports.question.at.isoformat(), offset=True)
    known = knowledge(reports.question.known, reports.ledger.head())
    show(_("Judged at {at} (UTC) with {known}.").format(at=asked, known=known), style="dim")


# sla ----------------------------------------------------------------------------------------------------------------


def _sla(rows: Spooled, zones: Zones) -> None:
    one_line = width() >= _ROOM_FOR_ONE_LINE
    columns = [
        Column(_("Ticket"), folds=True),
        Column(_("Client"), folds=True),
        Column(_("Priority")),
        *([Column(_("Opened"))] if one_line else []),
        Column(_("Status")),
        Column(_("Response"), verdict=True),
        Column(_("Resolution"), verdict=True),
    ]
    stopping = (it for it in rows if it["stops_operation"])
    others = (it for it in rows if not it["stops_operation"])
    _without_client(columns, (_sla_cells(it, zones, one_line) for it in chain(stopping, others)), _one_client(rows))
    if any(it["stops_operation"] for it in rows):
        show(_("! stops the client's operation"))
    counted = Counter((clock, it[clock]["verdict"]) for it in rows for clock in ("response", "resolution"))
    for clock, title in (("response", _("Response")), ("resolution", _("Resolution"))):
        told = ", ".join(f"{counted[clock, it]} {word(it)}" for it in _VERDICTS if counted[clock, it])
        show(f"{title}: {told}.")
    tickets = ngettext("{count} ticket.", "{count} tickets.", len(rows)).format(count=len(rows))
    show(f"{tickets} {zones.told()}" if one_line else tickets)


def _sla_cells(row: Row, zones: Zones, one_line: bool) -> list[str]:
    mark = "! " if row["stops_operation"] else ""
    opened = [local(row["opened_at"], zones.of(row["terms"]), seconds=False)] if one_line else []
    clocks = [_clock(row["response"], one_line), _clock(row["resolution"], one_line)]
    return [mark + plain(row["ticket"]), plain(row["client"]), named(row["priority"]), *opened, word(row["status"]), *clocks]


def _clock(clock: Row, one_line: bool) -> str:
    """The verdict, what was used of the target, and by how much it was overrun."""
    verdict = word(clock["verdict"])
    if clock["target_seconds"] is None:
        return verdict
    figures = f"{short(clock['elapsed_seconds'])}/{short(clock['target_seconds'])}"
    return f"{verdict:<{_verdict_width()}} {figures}" if one_line else f"{verdict}\n{figures}"


def _verdict_width() -> int:
    return max(len(word(it)) for it in _VERDICTS[:-1])


# unattended ---------------------------------------------------------------------------------------------------------


def _unattended(rows: Spooled, zones: Zones) -> None:
    columns = [
        Column(_("Ticket"), folds=True),
        Column(_("Client"), folds=True),
        Column(_("Left alone since (UTC)")),
        Column(_("Support time"), right=True),
        Column(_("Clause")),
    ]
    cells = (
        [plain(it["ticket"]), plain(it["client"]), local(it["since"]), short(it["support_seconds"]), it["clause"]]
        for it in rows
    )
    _without_client(columns, cells, _one_client(rows))
    show(ngettext("{count} ticket.", "{count} tickets.", len(rows)).format(count=len(rows)))


# billing ------------------------------------------------------------------------------------------------------------


def _billing(rows: Spooled, zones: Zones) -> None:
    columns = [
        Column(_("Entry"), right=True),
        Column(_("At (UTC)"), folds=True),
        Column(_("Ticket"), folds=True),
        Column(_("Client"), folds=True),
        Column(_("For"), folds=True),
        Column(_("Minutes"), right=True, folds=True),
        Column(_("After hours"), right=True, folds=True),
        Column(_("Amount"), right=True),
        Column(_("Clause")),
    ]
    _without_client(columns, (_billing_cells(it) for it in rows), _one_client(rows))
    for line in billing_totals(rows):
        show(line)


def _billing_cells(row: Row) -> list[str]:
    return [
        str(row["entry"]),
        local(row["at"], seconds=False),
        plain(row["ticket"]),
        plain(row["client"]),
        word(row["kind"]),
        minutes(row),
        after_hours(row),
        amount(row),
        row["clause"] or "-",
    ]


# consumption --------------------------------------------------------------------------------------------------------


def _consumption(rows: Spooled, zones: Zones) -> None:
    for row in rows:
        show_consumption(row, zones.of(row["terms"]))
        print()


def show_consumption(row: Row, zone: tzinfo) -> None:
    """One policy, or the tickets of one client outside any: quotas, visits, tickets paid per event, benefits."""
    client = plain(row["client"])
    if row["policy"] is None:
        heading(_("Client {client}, outside any policy ({terms})").format(client=client, terms=plain(row["terms"])))
    else:
        tier = f" {named(row['tier'])}" if row["tier"] else ""
        title = _("Policy {policy} of {client}: {terms}, {state}").format(
            policy=plain(row["policy"]), client=client, terms=plain(row["terms"]) + tier, state=word(row["state"])
        )
        heading(title)
        period = _("In force from {starts} to {ends}.") if row["ends"] else _("In force from {starts} on.")
        show(period.format(starts=row["starts"], ends=row["ends"]), indent=2)
        _show_quotas(row)
    _show_paid(row)
    for month in row["onsite"]:
        foreign = _(", foreign") if month["foreign"] else ""
        template = _("On site from {begins} to {ends}: {used} of {included}{foreign}.")
        show(template.format(begins=month["from"], ends=month["to"], used=month["used"], included=month["included"],
                             foreign=foreign), indent=2)  # fmt: skip
    for benefit in row["benefits"]:
        detail = f": {plain(benefit['detail'])}" if benefit["detail"] else ""
        template = _("Benefit delivered at {at}: {benefit}{detail}")
        show(template.format(at=local(benefit["at"], zone, offset=True), benefit=named(benefit["benefit"]), detail=detail),
             indent=2)  # fmt: skip
    if row["readings"]:
        read = ", ".join(f"{key}={name}" for key, name in row["readings"].items())
        show(_("Readings: {readings}").format(readings=read), indent=2)


def _show_quotas(row: Row) -> None:
    columns = [
        Column(_("Priority")),
        Column(_("Included"), right=True),
        Column(_("Used"), right=True),
        Column(_("Left"), right=True),
    ]
    counters = [*row["by_priority"].items(), (_("All"), row["tickets"])]
    show_table(columns, ([named(name), *(str(it[key]) for key in ("included", "used", "remaining"))] for name, it in counters),
               indent=2)  # fmt: skip
    if row["covered"]:
        show(_("Covered: {tickets}").format(tickets=" ".join(map(plain, row["covered"]))), indent=2)


def _show_paid(row: Row) -> None:
    if not row["pay_per_event"]:
        return
    columns = [
        Column(_("Paid per event"), folds=True),
        Column(_("Reason"), folds=True),
        Column(_("List price"), right=True),
        Column(_("Discount"), right=True),
        Column(_("Clause")),
    ]
    show_table(columns, (_paid_cells(it) for it in row["pay_per_event"]), indent=2)


def _paid_cells(paid: Row) -> list[str]:
    price = word("to be quoted") if paid["to_be_quoted"] else paid["price"] or word("not agreed")
    return [plain(paid["ticket"]), reason_word(paid["reason"]), price, f"{paid['discount_percent']} %", paid["clause"]]
