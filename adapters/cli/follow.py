"""`bitacora follow`, `bitacora rebuild` and `bitacora accounts`: the stored accounts, kept, made anew, and looked at.

What a follower does is in `adapters.accounts`; here it is begun, stopped by a signal, and what happens is told.
"""

import signal
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import NAME, everywhere, ledger_place, open_ledger, sharing, shown_as
from adapters.language import _, ngettext, worded
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.accounts.building import Built
    from adapters.accounts.versions import Version
    from adapters.ledger import Ledger

_CAUGHT_UP = said("Caught up: position {position}.")
_GOING_ON = said("Going on with a build that was interrupted; tickets judged by then: {position}.")
_TOLD = {
    "standing_by": said("Another process follows; standing by."),
    "building": said("Making the accounts of {position} entries."),
    "going_on": _GOING_ON,
    "waiting": said("Waiting for whoever reads the accounts in use to finish; other readers are not kept waiting."),
    "following": said("Following."),
    "caught_up": _CAUGHT_UP,
    "parked": said("Parked, because an entry could not be processed: {position}. See `bitacora accounts --parked`."),
}
_STATES: dict[str, str] = {
    # What earlier versions of this program called it.
    "building": said("being built"),
    "judging": said("being built: tickets"),
    "dealing": said("being built: quotas"),
    "catching_up": said("being built: catching up"),
    "active": said("in use"),
}


@click.command(
    cls=Command,
    example="bitacora follow\nbitacora follow --once",
    help=said("Keep the stored accounts up with the ledger and with the clock, until stopped. They are tables that reports and "
              "other programs read instead of replaying; see docs/reporting.md. One process follows, others started beside it "
              "stand by and take over when it ends."),
)  # fmt: skip
@option("--once", is_flag=True, help=said("Catch up with what is there, and end."))
@sharing
@everywhere
def follow(once: bool, workers: int) -> None:
    """Follows until a signal comes."""
    from adapters.accounts.running import Running

    running = Running(ledger_place(), _tell, opened=open_ledger, progress=_progress, workers=workers)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: running.stop())
    if once:
        position = running.once()
        if position:
            print(_(_CAUGHT_UP).format(position=f"{position:,}"))
        return
    open_ledger().close()
    running.run()


def _tell(happening: str, position: int, error: Exception | None) -> None:
    if error is not None:
        shown: Any = error
        problem = worded(shown) if hasattr(error, "template") else str(error)
        print(_("Failed, and will be tried again: {problem}").format(problem=problem), file=sys.stderr, flush=True)
    else:
        print(_(_TOLD[happening]).format(position=f"{position:,}"), flush=True)


@click.command(
    cls=Command,
    example="bitacora rebuild\nbitacora rebuild --tree",
    help=said("Build the stored accounts anew beside those in use, catch up, compare, and switch. Readers see the old ones "
              "until then. Interrupted, nothing has changed for them, and the next build goes on from there."),
)  # fmt: skip
@option("--tree", is_flag=True,
        help=said("Instead, make the tree that proofs are read from anew: from the entries, and only if they give every root "
                  "that was signed."))  # fmt: skip
@sharing
@everywhere
def rebuild(tree: bool, workers: int) -> int:
    """Builds a new version of the accounts, 1 if another process is doing so; or the tree, LedgerError if it is not that of
    the checkpoints."""
    if tree:
        _rebuild_tree()
        return 0
    from adapters.accounts.building import REBUILD, Building
    from adapters.accounts.places import accounts_of
    from adapters.accounts.running import told_once

    with open_ledger() as ledger, closing(accounts_of(ledger_place())) as accounts:
        if not accounts.lock(REBUILD):
            print(_("Another process is building them."))
            return 1
        building = Building(ledger, accounts, progress=_progress, waiting=told_once(_tell), workers=workers)
        if left := building.left():
            _tell("going_on", left, None)
        _tell_built(building.build())
    return 0


def _rebuild_tree() -> None:
    from adapters.proofs.growing import rebuilt

    with open_ledger() as ledger:
        entries, checkpoints = rebuilt(ledger)
    template = ngettext(
        "The tree is made anew from {count} entry; {checkpoints} checkpoints have the root it gives.",
        "The tree is made anew from {count} entries; {checkpoints} checkpoints have the root it gives.",
        entries,
    )
    print(template.format(count=f"{entries:,}", checkpoints=f"{checkpoints:,}"))


def _progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{done:,} / {of:,}", end="" if done < of else "\n", file=sys.stderr, flush=True)


def _tell_built(built: "Built") -> None:
    template = ngettext(
        "Version {number} is in use: {count} ticket, up to position {position}.",
        "Version {number} is in use: {count} tickets, up to position {position}.",
        built.tickets,
    )
    position = f"{built.version.position:,}"
    print(template.format(number=built.version.number, count=f"{built.tickets:,}", position=position))
    if built.parked:
        _tell("parked", built.parked, None)
    if built.differing is None:
        return
    differing = {name: count for name, count in built.differing.items() if count}
    if not differing:
        print(_("What was stored before was the same."))
    for name, count in differing.items():
        template = ngettext(
            "{count} row of {name} is another than before.", "{count} rows of {name} are others than before.", count
        )
        print(template.format(count=f"{count:,}", name=name))


@click.command(
    cls=Command,
    example="bitacora accounts\nbitacora accounts --parked\nbitacora accounts --retry",
    help=said("Show the stored accounts: their version, up to which position they are, how far that is behind, and what is "
              "parked because an entry could not be processed."),
)  # fmt: skip
@option("--parked", is_flag=True, help=said("List what is parked, and why."))
@option("--retry", is_flag=True, help=said("Try what is parked again."))
@option("--subject", "subjects", type=NAME, multiple=True, help=said("With --retry, only this (ticket:T-1); repeatable."))
@shown_as("table", "json")
@everywhere
def accounts(parked: bool, retry: bool, subjects: Sequence[str], form: str) -> int:
    """Shows the accounts; 1 if there are none, or what was tried again is still parked."""
    from adapters.accounts.following import Follower
    from adapters.accounts.places import accounts_of
    from adapters.accounts.rows import AccountRows
    from adapters.accounts.versions import Versions

    if subjects and not retry:
        raise click.UsageError(_("--subject goes with --retry"))
    with open_ledger() as ledger, closing(accounts_of(ledger_place())) as kept:
        if not kept.exists():
            print(_("There are no stored accounts; `bitacora follow` keeps them."))
            return 1
        left = Follower(ledger, kept).retry(subjects or None) if retry else []
        with kept.reading() as session:
            versions = Versions(session).all()
            active = next((it for it in versions if it.state == "active"), None)
            found = [] if active is None else AccountRows(session, active.number).parked()
        _show(ledger, versions, found, listed=parked or retry, form=form)
        return int(bool(left))


def _show(
    ledger: "Ledger", versions: Sequence["Version"], parked: Sequence[dict[str, Any]], *, listed: bool, form: str
) -> None:
    from adapters.accounts.following import concerns_everyone

    head = ledger.head()
    if form == "json":
        from adapters.cli.written import write_json_list

        rows = [
            {"version": it.number, "definition": it.definition, "state": it.state, "position": it.position,
             "behind": head - it.position, "begun_at": it.begun_at, "parked": len(parked) if it.state == "active" else 0}
            for it in versions
        ]  # fmt: skip
        write_json_list(parked if listed else rows)
        return
    _show_versions(versions, head)
    for it in parked:
        if concerns_everyone(it["subject"]):
            template = _("Nothing is kept up to date: the entry at position {position} ({subject}) cannot be read.")
            print(template.format(position=f"{it['position']:,}", subject=it["subject"]))
    if parked and not listed:
        template = ngettext("{count} is parked; see --parked.", "{count} are parked; see --parked.", len(parked))
        print(template.format(count=len(parked)))
    elif listed:
        _show_parked(parked)


def _show_versions(versions: Sequence["Version"], head: int) -> None:
    from adapters.cli.tables import Column, show_table

    columns = [Column(_("Version"), right=True), Column(_("State")), Column(_("Position"), right=True),
               Column(_("Behind"), right=True), Column(_("Begun at (UTC)"))]  # fmt: skip
    rows = [
        (str(it.number), _(_STATES[it.state]), f"{it.position:,}", f"{head - it.position:,}",
         it.begun_at[:19].replace("T", " "))
        for it in versions
    ]  # fmt: skip
    show_table(columns, rows)


def _show_parked(parked: Sequence[dict[str, Any]]) -> None:
    from adapters.cli.tables import Column, show_table

    if not parked:
        print(_("Nothing is parked."))
        return
    columns = [Column(_("Parked")), Column(_("Position"), right=True), Column(_("Since (UTC)")),
               Column(_("Attempts"), right=True), Column(_("Problem"), folds=True)]  # fmt: skip
    show_table(columns, [
        (it["subject"], f"{it['position']:,}", it["parked_at"][:19].replace("T", " "), str(it["attempts"]), it["problem"])
        for it in parked
    ])  # fmt: skip
