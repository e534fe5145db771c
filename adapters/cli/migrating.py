"""`bitacora migrate`: prepares a database for a ledger, or brings an older ledger to the form that this program writes.

What the forms are is in the adapters of each store.
"""

import click

from adapters.cli.clicking import Command
from adapters.cli.options import everywhere, ledger_place
from adapters.language import _
from adapters.settings import ledger_name
from domain.refusal import said


@click.command(
    cls=Command,
    example="bitacora --ledger postgresql://owner@localhost/desk migrate\nbitacora --ledger desk.db migrate",
    help=said("Make the tables, guards and roles of a ledger in a PostgreSQL database, or bring an older ledger, there or in a "
              "file, to the form of this program. Entries are not touched; running it again changes nothing."),
)  # fmt: skip
@everywhere
def migrate() -> None:
    """Migrates the ledger asked for."""
    from adapters.stores.migrating import migrate as migrated

    place = ledger_place()
    before, after = migrated(place)
    if before == after:
        template = _("{path} is of form {after} already: there is nothing to do.")
    elif before:
        template = _("{path} was of form {before} and is now of form {after}.")
    else:
        template = _("{path} is ready for a ledger (form {after}): the next `bitacora record` begins it.")
    print(template.format(path=ledger_name(place), before=before, after=after))
