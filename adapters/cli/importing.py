"""`bitacora import`: foreign logs through the importers into the ledger, judged as any other entry.

Every row of the log is accounted for: it made entries, or it is counted under the reason why it made none. What a row means is
decided by `adapters.importers`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
import msgspec

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import FILE, NAME, everywhere, open_ledger
from adapters.cli.record import check_readable, check_refused, progress, refused_beside, refused_to, show_refused, show_summary
from adapters.cli.tables import Column, show_table
from adapters.language import _, spoken, worded
from domain.refusal import Refused, said

if TYPE_CHECKING:
    from adapters.files.refused_lines import RefusedLines
    from adapters.importers import Translated
    from adapters.ledger import Ledger

_BATCH_ENTRIES = 2_000
_TERMS = ("customsoft", "grupo-staff")
_TIERS = ("basic", "intermediate", "advanced")
_NEEDS_ZONE = "servicenow"


class Zone(click.ParamType):
    """An IANA time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        if isinstance(value, tzinfo):
            return value
        try:
            return ZoneInfo(str(value))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self.fail(_("{zone} is not a time zone such as America/Mexico_City").format(zone=value), param, ctx)


@click.group(
    name="import",
    cls=Group,
    example="bitacora import servicenow log.csv.gz --client acme --time-zone America/Sao_Paulo",
    help=said("Record a log that another system wrote. Rows that make no entry are counted by reason; nothing is dropped in "
              "silence."),
)  # fmt: skip
@everywhere
def import_logs() -> None:
    """The group of importers."""


def _importing(source: str, example: str, help: str) -> None:
    @import_logs.command(name=source, cls=Command, example=example, help=help)
    @click.argument("file", type=FILE)
    @option("--client", type=NAME, required=True, help=said("Id of the client whose log it is."))
    @option("--name", help=said("Name of the client; its id by default."))
    @option(
        "--terms",
        type=click.Choice(_TERMS),
        default=_TERMS[0],
        show_default=True,
        help=said("Terms the tickets are judged under."),
    )
    @option("--tier", type=click.Choice(_TIERS), help=said("Contract a policy of this tier for the log (customsoft)."))
    @option(
        "--starts",
        type=click.DateTime(["%Y-%m-%d"]),
        metavar="DATE",
        help=said("First day of that policy; before the first opening by default."),
    )
    @option("--ends", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help=said("Last day of that policy; none by default."))
    @option("--local/--foreign", default=True, show_default=True, help=said("Whether the client is within reach of a visit."))
    @option("--time-zone", type=Zone(), help=said("Zone of times that the log writes without an offset."))
    @refused_to
    @everywhere
    def command(file: Path, refused: Path | None, time_zone: tzinfo | None, **contract: Any) -> int:
        if source == _NEEDS_ZONE and time_zone is None:
            raise click.UsageError(_("the times of this log have no offset: --time-zone is needed"))
        check_readable(file)
        refused = refused or refused_beside(file)
        check_refused(refused, file)
        return _import(source, file, refused, contract, time_zone)


def _import(source: str, file: Path, refused: Path, contract: dict[str, Any], time_zone: tzinfo | None) -> int:
    from adapters.files.refused_lines import RefusedLines
    from adapters.importers import IMPORTERS, Contract, ImportOptions

    days: dict[str, Any] = {name: day.date() if (day := contract.pop(name)) else None for name in ("starts", "ends")}
    name = contract.pop("name") or contract["client"]
    if contract["tier"] is None and (days["starts"] or days["ends"]):
        raise click.UsageError(_("--starts and --ends are those of a policy: --tier is needed"))
    translated = IMPORTERS[source](file, ImportOptions(Contract(name=name, **contract, **days), time_zone))
    # The first row is asked for before a ledger is made: a file that is no such log leaves nothing behind.
    first = next(translated, None)
    rows: Iterable[Translated] = chain([first], translated) if first is not None else ()
    with open_ledger(create=True) as ledger, RefusedLines(worded) as report, progress(None) as advance:
        run = _Run(ledger, report, advance)
        run.take(rows)
        report.publish(refused)
    run.tell()
    return show_refused(refused, run.refused)


@dataclass
class _Run:
    """One import under way: what was proposed, what became of it, and why rows made no entry."""

    ledger: "Ledger"
    report: "RefusedLines"
    advance: Callable[[int], None]
    rows: int = 0
    entries: int = 0
    recorded: int = 0
    already: int = 0
    refused: int = 0
    with_entries: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def take(self, rows: Iterable["Translated"]) -> None:
        """Records what the rows propose, a batch in one transaction."""
        batch: list[tuple[int, bytes]] = []
        for row in rows:
            self._count(row)
            batch.extend((row.row, msgspec.json.encode(entry)) for entry in row.entries)
            if len(batch) >= _BATCH_ENTRIES:
                self._record(batch)
                batch = []
        self._record(batch)

    def _count(self, row: "Translated") -> None:
        # Row 0 is what the import itself proposes; it stands on no line of the log.
        if row.row:
            self.rows += 1
            self.with_entries += bool(row.entries)
            if row.reason is not None and not row.entries:
                self.reasons[row.reason] += 1

    def _record(self, batch: Sequence[tuple[int, bytes]]) -> None:
        from adapters.files.lines import Line
        from adapters.ledger import Refusal, Taken
        from domain.shape import read_entry

        proposed: list[Any] = []
        for _row, content in batch:
            try:
                proposed.append(read_entry(content))
            except Refused as refused:
                proposed.append(refused)
        for (row, content), answer in zip(batch, self.ledger.record(proposed) if batch else (), strict=True):
            self.entries += 1
            if isinstance(answer, Taken):
                self.recorded += 1
            elif isinstance(answer, Refusal):
                self.refused += 1
                self.report.add(Line(row, content, True, 0), answer.refused)
            else:
                self.already += 1
        self.advance(self.entries)

    def tell(self) -> None:
        """The summary: rows, entries, and the rows without an entry by reason."""
        explained = sum(self.reasons.values())
        show_summary([
            (_("Rows read"), self.rows),
            (_("Rows with entries"), self.with_entries),
            (_("Rows without, explained below"), explained),
            (_("Entries proposed"), self.entries),
            (_("Recorded"), self.recorded),
            (_("Recorded before"), self.already),
            (_("Refused"), self.refused),
        ])  # fmt: skip
        if self.reasons:
            print()
            columns = [Column(_("Rows"), right=True), Column(_("Why they made no entry"), folds=True)]
            show_table(columns, ([f"{count:,}", text] for text, count in _explained(self.reasons)))


def _explained(reasons: Counter[str]) -> Iterator[tuple[str, int]]:
    from adapters.importers import reason_text

    for reason, count in reasons.most_common():
        yield reason_text(reason, spoken()), count


_importing(
    "servicenow",
    "bitacora import servicenow log.csv.gz --client acme --tier advanced --time-zone America/Sao_Paulo",
    said("Record FILE (plain or .gz), the audit log of a ServiceNow desk. Its times have no offset: --time-zone is needed."),
)
_importing(
    "helpdesk",
    "bitacora import helpdesk log.csv.gz --client acme",
    said("Record FILE (plain or .gz), the activity log of a help desk: case, activity and time."),
)
_importing(
    "comments",
    "bitacora import comments log.csv.gz --client acme",
    said("Record FILE (plain or .gz), comments on tickets, one sentence a row; what they mean is judged by a table of rules."),
)
