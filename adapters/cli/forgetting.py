"""`bitacora forget` and `bitacora keys`: whom the ledger can still name, how it unlearns a name, and the copy of its keys.

Keys are never shown. What forgetting does and does not reach is in docs/personal-data.md.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import FILE, NAME, everywhere, open_ledger, shown_as
from adapters.language import _, ngettext
from domain.refusal import said

if TYPE_CHECKING:
    from adapters.ledger import Ledger

_STATES = {
    "kept": said("key kept"),
    "unfinished": said("key destroyed; forget again to record it"),
    "forgotten": said("forgotten"),
    "lost": said("no key"),
}
_KINDS = {"person": said("person"), "client": said("client"), "desk": said("desk")}


@click.command(
    cls=Command,
    example="bitacora forget ana@acme.mx\nbitacora forget --client acme --yes",
    help=said("Forget PERSON, or with --client what was written about a client: its name and the notes on its tickets. The key "
              "is destroyed and a PersonForgotten recorded; every figure and every proof stays as it was. It cannot be undone, "
              "and copies of the key store made before still hold the key."),
)  # fmt: skip
@click.argument("person", type=NAME, required=False)
@option("--client", type=NAME, help=said("Forget this client instead of a person."))
@option("--yes", is_flag=True, help=said("Do not ask for the name again."))
@everywhere
def forget(person: str | None, client: str | None, yes: bool) -> int:
    """Forgets a person or a client; 1 if no key is kept for that name."""
    name = client if person is None else person
    if name is None or (person is not None and client is not None):
        raise click.UsageError(_("give either a PERSON or --client"))
    with open_ledger() as ledger:
        if not yes:
            _confirm(name)
        positions = ledger.forget("person" if client is None else "client", name)
    if not positions:
        print(_("No key is kept for {name}: there is nothing to forget.").format(name=name))
        return 1
    told = ", ".join(map(str, positions))
    print(_("Forgotten: the key of {name} is destroyed; recorded at position {position}.").format(name=name, position=told))
    print(_("Copies of the key store made before still hold it: replace them with a new `bitacora keys backup`."))
    return 0


def _confirm(name: str) -> None:
    """A usage error unless the name is typed once more, at a terminal."""
    if not sys.stdin.isatty():
        raise click.UsageError(_("nothing was forgotten: there is no terminal to type the name at again; say --yes"))
    try:
        typed = click.prompt(_("This cannot be undone. Type {name} again to forget it").format(name=name), default="",
                             show_default=False, err=True)  # fmt: skip
    except click.Abort:
        typed = ""
    if typed != name:
        raise click.UsageError(_("nothing was forgotten: the name was not typed again (--yes does without)"))


@click.group(
    name="keys",
    cls=Group,
    invoke_without_command=True,
    example="bitacora keys\nbitacora keys backup safe/bitacora.keys",
    help=said("List whose personal texts the ledger holds, under which subject, and in how many entries; the keys themselves "
              "are never shown."),
)  # fmt: skip
@shown_as("table", "json")
@everywhere
@click.pass_context
def keys(ctx: click.Context, form: str) -> None:
    """Lists the subjects, unless a command follows."""
    if ctx.invoked_subcommand is not None:
        return
    with open_ledger() as ledger:
        rows = list(_subjects(ledger))
    if form == "json":
        from adapters.cli.written import write_json_lines

        write_json_lines(rows)
        return
    from adapters.cli.tables import Column, show_table
    from adapters.wording.values import plain

    columns = [Column(_("Subject")), Column(_("Whose")), Column(_("Name"), folds=True), Column(_("Entries"), right=True),
               Column(_("State"), folds=True)]  # fmt: skip
    cells = (
        [str(it["subject"]), _(_KINDS[str(it["kind"])]) if it["kind"] else "-", plain(it["name"] or "-"), f"{it['entries']:,}",
         _(_STATES[str(it["state"])])]
        for it in rows
    )  # fmt: skip
    show_table(columns, cells)


def _subjects(ledger: "Ledger") -> Iterator[dict[str, object]]:
    """Every subject there is a key for, then those that stand in entries without one."""
    entries = _counted(ledger)
    forgotten = ledger.forgotten()
    kept = ledger.seals.store.subjects() if ledger.seals.is_here() else []
    for it in kept:
        gone = "forgotten" if it.subject in forgotten else "unfinished"
        state = "kept" if it.name is not None and it.subject not in forgotten else gone
        yield {"subject": it.subject, "kind": it.kind, "name": it.name if state == "kept" else None,
               "entries": entries.pop(it.subject, 0), "state": state}  # fmt: skip
    known = {it.subject for it in kept}
    for subject in sorted((entries.keys() | forgotten) - known):
        state = "forgotten" if subject in forgotten else "lost"
        yield {"subject": subject, "kind": None, "name": None, "entries": entries[subject], "state": state}


def _counted(ledger: "Ledger") -> Counter[str]:
    """In how many entries each subject stands."""
    from adapters.personal.sealing import subject_of
    from domain.personal import rewritten

    entries: Counter[str] = Counter()
    for entry in ledger.entries():
        found: set[str] = set()

        def note(whose: str | None, text: str, found: set[str] = found) -> str:
            if (subject := subject_of(text)) is not None:
                found.add(subject)
            return text

        rewritten(entry.event, note)
        entries.update(found)
    return entries


@keys.command(
    name="backup",
    cls=Command,
    example="bitacora keys backup safe/bitacora.keys",
    help=said("Write a whole copy of the key store to FILE, readable by its owner only, while the ledger is in use. Keep it "
              "apart from copies of the ledger: the two together can read everything."),
)  # fmt: skip
@click.argument("file", type=FILE)
@everywhere
def backup(file: Path) -> None:
    """Copies the key store."""
    with open_ledger() as ledger:
        store = ledger.seals.store
        store.backup(file)
        count = sum(it.name is not None for it in store.subjects())
    print(ngettext("{count} key written to {path}", "{count} keys written to {path}", count).format(count=count, path=file))
