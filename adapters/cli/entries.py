"""`bitacora entries`: the entries as they were recorded, listed, filtered, and followed as new ones come.

Filters choose among what stands in the ledger; nothing is judged and nothing left out of an entry that is shown.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import (
    KNOWN,
    MOMENT,
    NAME,
    Count,
    check_order,
    everywhere,
    of_ticket,
    of_types,
    open_ledger,
    position_known,
    shown_as,
)
from adapters.language import _
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.ledger import Ledger
    from domain.events import Entry

_PATIENCE_SECONDS = 60
_TYPE_CELL, _ROOM_FOR_TYPE = 3, 100


@click.command(
    cls=Command,
    example="bitacora entries --ticket T-1001\nbitacora entries --follow --format json",
    help=said("List entries in the order recorded. JSON is one entry a line, as `export entries` writes them."),
)
@option("--stream", type=NAME, help=said("Only this stream, such as ticket:T-1001 or desk."))
@of_ticket
@option("--client", type=NAME, help=said("Only this client, its policies and its tickets."))
@of_types
@option("--from", "since", type=MOMENT, help=said("Only what happened from this time on."))
@option("--to", "until", type=MOMENT, help=said("Only what happened before this time."))
@option("--at", type=MOMENT, help=said("Only what had happened by then."))
@option("--known-at", type=KNOWN, help=said("Only what was recorded by then, a time or a position."))
@option("--after", type=Count(0), default=0, help=said("Only positions after this one."))
@option("--limit", type=Count(1), help=said("At most so many."))
@option("--follow", is_flag=True, help=said("Go on with new entries as they are recorded, until interrupted."))
@shown_as("table", "json")
@everywhere
def entries(
    stream: str | None,
    ticket: str | None,
    client: str | None,
    types: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    at: datetime | None,
    known_at: datetime | int | None,
    after: int,
    limit: int | None,
    follow: bool,
    form: str,
) -> None:
    """Lists entries, or raises NotFound for a stream, ticket or client that is not there."""
    check_order(since, until)
    _check_types(types)
    if follow and known_at is not None:
        raise click.UsageError(_("--follow and --known-at exclude each other"))

    def passes(entry: "Entry") -> bool:
        happened = entry.event.at
        named = not types or type(entry.event).__name__ in types
        by_then = (at is None or happened <= at) and (until is None or happened < until)
        return named and by_then and (since is None or since <= happened)

    with open_ledger() as ledger:
        names = _streams(ledger, stream, ticket, client)
        last = position_known(ledger, known_at)
        head = ledger.head()
        upto = head if last is None else min(last, head)
        found = filter(passes, _between(ledger, names, after, upto))
        if follow:
            # Asked anew for every entry: whoever is forgotten meanwhile is not shown any more.
            live = _live(ledger, found, upto, names, passes, limit)
            _show((ledger.unsealed().entry(it) for it in live), form, live=True)
        else:
            _show(map(ledger.unsealed().entry, islice(found, limit)), form, live=False)


def _check_types(types: tuple[str, ...]) -> None:
    from domain.events import EVENT_TYPES

    for name in types:
        if name not in EVENT_TYPES:
            raise click.UsageError(_("there is no entry of type {name}").format(name=name))


Streams = Callable[[], set[str] | None]
"""The streams asked for, as they are now; None for all."""


def _streams(ledger: "Ledger", stream: str | None, ticket: str | None, client: str | None) -> Streams:
    """Which streams to list. NotFound for one that is not there; a usage error for more than one way of naming them."""
    from adapters.reports.reports import NotFound

    if sum(it is not None for it in (stream, ticket, client)) > 1:
        raise click.UsageError(_("only one of --stream, --ticket and --client can be given"))
    for field, value, name in (
        ("stream", stream, stream),
        ("ticket", ticket, f"ticket:{ticket}"),
        ("client", client, f"client:{client}"),
    ):
        if value is not None and name is not None:
            if not ledger.stream(name):
                raise NotFound(field, value)
            if field != "client":
                return lambda: {name}
    if client is None:
        return lambda: None
    return lambda: {f"client:{client}", *ledger.streams_of(client)}


def _between(ledger: "Ledger", names: Streams, after: int, upto: int) -> Iterator["Entry"]:
    """The entries of those streams with after < position ≤ upto, in order."""
    wanted = names()
    if wanted is None:
        yield from ledger.entries(after, upto)
        return
    found = (entry for name in wanted for entry in ledger.stream(name) if after < entry.position <= upto)
    yield from sorted(found, key=lambda it: it.position)


def _live(
    ledger: "Ledger",
    found: Iterable["Entry"],
    seen: int,
    names: Streams,
    passes: Callable[["Entry"], bool],
    limit: int | None,
) -> Iterator["Entry"]:
    """What is there, then what comes, until there were `limit` of them or the reader has enough."""

    def all_that_comes() -> Iterator["Entry"]:
        reached = seen
        yield from found
        while True:
            head = ledger.wait_for_news(reached, _PATIENCE_SECONDS)
            if head > reached:
                wanted = names()
                for entry in ledger.entries(reached, head):
                    if (wanted is None or entry.stream in wanted) and passes(entry):
                        yield entry
                reached = head

    return islice(all_that_comes(), limit)


def _show(found: Iterator["Entry"], form: str, *, live: bool) -> None:
    from domain.exchange import entry_as_json

    shown = (entry_as_json(entry) for entry in found)
    if form == "json":
        _write_lines(shown, live)
    elif live:
        for entry in shown:
            print(_line(entry), flush=True)
    else:
        _show_table(shown)


def _show_table(shown: Iterator[dict[str, Any]]) -> None:
    from adapters.cli.tables import Column, show_table, width

    columns = [
        Column(_("Position"), right=True),
        Column(_("At (UTC)")),
        Column(_("Stream"), folds=True),
        Column(_("Type")),
        Column(_("What"), folds=True),
    ]
    kept = [it for it in range(len(columns)) if it != _TYPE_CELL or width() >= _ROOM_FOR_TYPE]
    cells = (_cells(entry) for entry in shown)
    show_table([columns[it] for it in kept], ([row[it] for it in kept] for row in cells))


def _write_lines(shown: Iterator[dict[str, Any]], live: bool) -> None:
    from adapters.cli.written import write_json_lines

    for entry in shown:
        write_json_lines([entry])
        if live:
            sys.stdout.flush()


def _cells(entry: dict[str, Any]) -> list[str]:
    from adapters.wording.happenings import sentence
    from adapters.wording.values import local, plain

    return [str(entry["position"]), local(entry["at"]), plain(entry["stream"]), entry["type"], sentence(entry, UTC)]


def _line(entry: dict[str, Any]) -> str:
    position, at, stream, name, told = _cells(entry)
    return f"{position:>8}  {at}  {stream}  {name}  {told}"
