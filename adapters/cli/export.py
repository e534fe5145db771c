"""`bitacora export entries` and `bitacora restore`: the whole ledger as JSON Lines, and back.

An export is complete or absent; a restored ledger is checked line by line by `adapters.restoring`. What is exported to be
checked elsewhere is in `proof_bundle`.
"""

from pathlib import Path

import click

from adapters.cli.clicking import Command, Group, option
from adapters.cli.options import FILE, everywhere, ledger_place, open_ledger
from adapters.cli.proof_bundle import bundle
from adapters.cli.proof_files import check_outputs
from adapters.language import ngettext
from adapters.settings import ledger_path
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
    help=said("Write every entry, one JSON object a line, in the order recorded. `bitacora restore` reads it back."),
)
@option(
    "-o", "--output", metavar="FILE", type=FILE, help=said("Write to this file, whole or not at all; else to standard output.")
)
@everywhere
def export_entries(output: Path | None) -> None:
    """Exports every entry there is when it begins."""
    from adapters.cli.written import write_json_lines
    from adapters.targets import is_written_into, whole_file
    from domain.exchange import entry_as_json

    check_outputs(output)
    with open_ledger() as ledger:
        shown = (entry_as_json(entry) for entry in ledger.entries())
        if output is None:
            write_json_lines(shown)
            return
        with whole_file(output) as file:
            count = write_json_lines(shown, file)
    if not is_written_into(output):
        _tell(ngettext("{count} entry written to {path}", "{count} entries written to {path}", count), count, str(output))


export.add_command(bundle)


@click.command(
    cls=Command,
    example="bitacora --ledger restored.db restore entries.jsonl",
    help=said("Build the ledger from FILE, an export. Every position, version, time and id is kept and checked; the ledger "
              "must not exist yet."),
)  # fmt: skip
@click.argument("file", type=FILE)
@everywhere
def restore(file: Path) -> None:
    """Restores an export into a new ledger."""
    from adapters.restoring import restore as restored

    place = ledger_place()
    count = restored(file, ledger_path(place))
    _tell(ngettext("{count} entry restored into {path}", "{count} entries restored into {path}", count), count, place)


def _tell(template: str, count: int, path: str) -> None:
    print(template.format(count=f"{count:,}", path=path))
