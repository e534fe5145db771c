"""`bitacora export entries` and `bitacora restore`: the whole ledger as JSON Lines, and back.

An export is complete or absent; a restored ledger is checked line by line by `adapters.files.restoring`. What is exported to be
checked elsewhere is in `proof_bundle`, for process mining in `export_logs`.
"""

from pathlib import Path

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.export_logs import ocel, xes
from adapters.cli.options import FILE, everywhere, into_file, keys_place, ledger_place, open_ledger
from adapters.cli.proof_bundle import bundle
from adapters.cli.proof_files import check_outputs
from adapters.language import ngettext
from adapters.settings import ledger_name
from domain.refusal import said


@click.group(
    cls=Group,
    example="bitacora export entries -o entries.jsonl\nbitacora export bundle T-1001 --key desk.key -o T-1001.zip",
    help=said("Write the ledger out, or what proves a part of it."),
)
@everywhere
def export() -> None:
    """The group of exports."""


@export.command(
    name="entries",
    cls=Command,
    example="bitacora export entries -o entries.jsonl\nbitacora export entries | gzip > entries.jsonl.gz",
    help=said(
        "Write every entry, one JSON object a line, in the order recorded. `bitacora restore` reads it back.\n\n"
        "Personal texts are written in plain, what can no longer be opened as it is sealed."
    ),
)
@into_file
@option("--sealed", is_flag=True, help=said("Write personal texts as they are stored, for keeping where no keys are."))
@everywhere
def export_entries(output: Path | None, sealed: bool) -> None:
    """Exports every entry there is when it begins."""
    from adapters.cli.written import write_json_lines
    from adapters.files.targets import is_written_into, whole_file
    from domain.exchange import entry_as_json

    check_outputs(output)
    with open_ledger() as ledger:
        entries = ledger.entries() if sealed else map(ledger.unsealed().exported, ledger.entries())
        shown = (entry_as_json(entry) for entry in entries)
        if output is None:
            write_json_lines(shown)
            return
        with whole_file(output) as file:
            count = write_json_lines(shown, file)
    if not is_written_into(output):
        _tell(ngettext("{count} entry written to {path}", "{count} entries written to {path}", count), count, str(output))


for _command in (bundle, xes, ocel):
    export.add_command(_command)


@click.command(
    cls=Command,
    example="bitacora --ledger restored.db restore entries.jsonl",
    help=said("Build the ledger from FILE, an export. Every position, version, time and id is kept and checked; the ledger "
              "must not exist yet. With the key store it had, its bytes are the same as they were."),
)  # fmt: skip
@click.argument("file", type=FILE)
@everywhere
def restore(file: Path) -> None:
    """Restores an export into a new ledger."""
    from adapters.files.restoring import restore as restored

    place = ledger_place()
    count = restored(file, place, keys_place())
    template = ngettext("{count} entry restored into {path}", "{count} entries restored into {path}", count)
    _tell(template, count, ledger_name(place))


def _tell(template: str, count: int, path: str) -> None:
    print(template.format(count=f"{count:,}", path=path))
