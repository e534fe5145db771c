"""`bitacora schemas`: the contract for integrators, as documents that programs read.

It asks `adapters.contract` and writes what comes; it opens no ledger.
"""

import sys
from pathlib import Path

import click

from adapters.cli.clicking import Command, option
from adapters.cli.options import FILE, everywhere
from adapters.cli.proof_files import check_outputs, write_whole
from adapters.language import ngettext
from domain.refusal import said


@click.command(
    cls=Command,
    example="bitacora schemas > asyncapi.json\nbitacora schemas -o schemas",
    help=said("Print the AsyncAPI document of the topics that integrators subscribe to: what comes on each, its headers and "
              "its fields, with examples.\n\n"
              "With --output, write it into a folder, and beside it a JSON Schema for every event and every account."),
)  # fmt: skip
@option("-o", "--output", metavar="DIR", type=FILE, help=said("Write the document and the schemas into this folder."))
@everywhere
def schemas(output: Path | None) -> None:
    """Prints the document, or writes it with all schemas."""
    from adapters.contract.document import kept_files
    from adapters.contract.schemas import shown

    made = kept_files()
    if output is None:
        sys.stdout.buffer.write(shown(made["asyncapi.json"]))
        return
    files = {output / name: shown(content) for name, content in made.items()}
    for path in files:
        path.parent.mkdir(parents=True, exist_ok=True)
    check_outputs(*files)
    for path, content in files.items():
        write_whole(path, content)
    template = ngettext("{count} file written to {path}", "{count} files written to {path}", len(files))
    print(template.format(count=f"{len(files):,}", path=output))
