"""`bitacora migrate`: a ledger's tables made, or brought to the form that this program writes, whatever keeps them.

A newer ledger is refused, entries are never touched. A ledger in a file is begun by whatever records first, so here it is only
brought up to date.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from adapters.mapper import LedgerError
from adapters.settings import ledger_path
from adapters.sqlite_opening import connected
from adapters.stores.sqlite_files import SCHEMA_VERSION, examine, explanation, is_writable
from domain.refusal import said

_UPGRADES = {2: ("CREATE TABLE key_store (id TEXT NOT NULL)",)}
"""What brings a file from the form before to this one."""


def migrate(url: str) -> tuple[int, int]:
    """Brings the ledger at a URL to the form of this program; from which form to which, 0 if there were no tables.

    LedgerError if there is no ledger (in a file) or no database, if it is newer, or may not be changed."""
    path = ledger_path(url)
    if path is not None:
        return _migrate_file(path)
    from adapters.stores.postgres.migrating import migrate as migrate_database

    return migrate_database(url)


def _migrate_file(path: Path) -> tuple[int, int]:
    examine(path, False, "mode=rw")
    if not is_writable(path):
        raise LedgerError(said("{path} can only be read here: to record, it and its folder must be writable"), path=path)
    try:
        with closing(connected(path, "mode=rw")) as file:
            file.execute("PRAGMA synchronous = FULL")
            file.execute("BEGIN IMMEDIATE")
            found: int = file.execute("PRAGMA user_version").fetchone()[0]
            for form in range(found + 1, SCHEMA_VERSION + 1):
                for statement in _UPGRADES[form]:
                    file.execute(statement)
            file.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            file.execute("COMMIT")
    except sqlite3.Error as error:
        raise explanation(path, said("migrating it"), str(error)) from error
    return found, SCHEMA_VERSION
