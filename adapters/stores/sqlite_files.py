"""A ledger's file before it is opened as one: whether it is one, is whole, and may be written or only read.

Nothing here changes it or knows the library that keeps it.
"""

import errno
import os
import sqlite3
from pathlib import Path

from adapters.mapper import LedgerBusy, LedgerError
from adapters.sqlite_opening import connected
from domain.refusal import said

APPLICATION_ID = 0x62697461
SCHEMA_VERSION = 2


def is_writable(path: Path) -> bool:
    """Whether SQLite could write: to the file, and to its folder, where it keeps its log."""
    real = path.resolve()
    return os.access(real, os.W_OK) and os.access(real.parent, os.W_OK)


def only_reading(path: Path) -> str:
    """How to open a file that cannot be written. LedgerError if its log holds entries that cannot be read without its index."""
    log, index = _beside(path, "-wal"), _beside(path, "-shm")
    if log.exists() and index.exists():
        return "mode=ro"
    if log.exists() and log.stat().st_size:
        raise LedgerError(
            said("{path} can only be read here, and lacks the index of its log, {log}: copy both to a folder where it may be "
                 "written, or ask for a copy made with `export entries`"),
            path=path, log=log.name,
        )  # fmt: skip
    # Without a log nobody is writing; SQLite is told so, or it would insist on making one.
    return "mode=ro&immutable=1"


def _beside(path: Path, suffix: str) -> Path:
    """A file that SQLite keeps beside its database, whose links it follows."""
    real = path.resolve()
    return real.with_name(real.name + suffix)


def has_tables(connection: sqlite3.Connection | sqlite3.Cursor) -> bool:
    """Whether anything was ever made in a database."""
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is not None


def examine(path: Path, create: bool, how: str) -> bool:
    """Whether the file is (or will be) empty. LedgerError if it is there and not a ledger we can read, or should be there.

    Asks before the library does, which would turn a stranger's database into a WAL one merely by opening it."""
    if not path.exists() and not create:
        raise LedgerError(said("there is no ledger at {path}"), path=path)
    if path.exists() and not path.is_file():
        raise LedgerError(said("{path} is not a file"), path=path)
    if not path.exists():
        return True
    if not os.access(path, os.R_OK):
        raise explanation(path, said("opening it"), os.strerror(errno.EACCES))
    log = _beside(path, "-wal")
    has_log = log.exists() and log.stat().st_size > 0
    try:
        application, version, tables, counted_bytes = _header(path, how)
    except sqlite3.Error as error:
        raise explanation(path, said("opening it"), str(error)) from error
    if not has_log:
        _refuse_cut_off(path, log, counted_bytes)
    if application == 0 and version == 0 and not tables:
        if not create:
            raise LedgerError(said("{path} is empty: there is no ledger in it yet"), path=path)
        return True
    if application != APPLICATION_ID:
        raise LedgerError(said("{path} is a database of another program, not a ledger"), path=path)
    if version > SCHEMA_VERSION:
        raise LedgerError(
            said("{path} was written by a newer version of this program (form {found}; this one reads up to {known})"),
            path=path, found=version, known=SCHEMA_VERSION,
        )  # fmt: skip
    return False


def _refuse_cut_off(path: Path, log: Path, counted_bytes: int) -> None:
    """LedgerError if the file is shorter than the pages its header counts. SQLite itself overlooks a last page cut short.

    While there is a write-ahead log, another process may be moving pages, and only SQLite knows how many there are."""
    if not log.exists() and (size := path.stat().st_size) < counted_bytes:
        raise LedgerError(
            said("{path} is damaged: it is cut off at {size} of {expected} bytes. Restore it from a copy or an export"),
            path=path, size=size, expected=counted_bytes,
        )  # fmt: skip


def _header(path: Path, how: str) -> tuple[int, int, bool, int]:
    """The application and version the file names, whether it has any tables, and how many bytes of pages it counts.

    Asked of SQLite: whoever opened and closed the file himself would take its locks from every connection of this process, and
    the next process to leave the ledger would take the log away from under them."""
    connection = connected(path, how)
    try:
        application, version, pages, page_bytes = (
            connection.execute(f"PRAGMA {it}").fetchone()[0]
            for it in ("application_id", "user_version", "page_count", "page_size")
        )
        return application, version, has_tables(connection), pages * page_bytes
    finally:
        connection.close()


def explanation(path: Path, what: str, problem: str) -> LedgerError:
    """What a failure of SQLite or the library means; `what` (marked with `said`) was being done."""
    if "not a database" in problem:
        return LedgerError(said("{path} is not a ledger: it is not even a database"), path=path)
    if "malformed" in problem or "corrupt" in problem:
        template = said("{path} is damaged, found while {what}: {problem}. Restore it from a copy or an export")
    elif "locked" in problem or "busy" in problem:
        return LedgerBusy(said("{path} is being written by another process and stayed so too long, while {what}"),
                          path=path, what=what)  # fmt: skip
    else:
        template = said("{path} failed while {what}: {problem}")
    return LedgerError(template, path=path, what=what, problem=problem)
