"""How a ledger's database is connected to, and what a failure of it means: never with the password in what is said.

It knows no table. What a connection is used for is in `store` and `migrating`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from eventsourcing.persistence import PersistenceError
from psycopg import conninfo, errors
from psycopg_pool import PoolTimeout

from adapters.mapper import LedgerBusy, LedgerError
from adapters.settings import ledger_name
from adapters.stores.postgres.schema import FORM, READER, SCHEMA, WRITER
from domain.refusal import said

WAIT_SECONDS = 30
CONNECT_SECONDS = 10
WRITING = said("writing to it")
_IDLE_SECONDS = 120
"""A writer that stopped in the middle, and still holds its connection, keeps the others out no longer than this."""
_SESSION = (
    f"SET search_path = {SCHEMA}; SET client_encoding = 'UTF8'; SET lock_timeout = '{WAIT_SECONDS}s';"
    f" SET idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s';"
    # An answer given is on disk, whatever the server is set to; a stronger setting is left.
    " SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)
DATABASE_FAILURES = (psycopg.Error, PersistenceError)


class Place:
    """The database that a URL names: how to connect to it, and how to speak of it."""

    def __init__(self, url: str) -> None:
        """LedgerError if the URL cannot be read."""
        try:
            parts = conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            # What libpq says of a URL it cannot read repeats it, password and all.
            template = said("that is no URL of PostgreSQL: postgresql://USER@HOST:PORT/DATABASE is expected")
            raise LedgerError(template) from None
        parts = {"connect_timeout": CONNECT_SECONDS, "application_name": "bitacora", **parts}
        self.conninfo = conninfo.make_conninfo("", **parts)
        self._name = ledger_name(url)

    def __str__(self) -> str:
        return self._name

    def connected(self) -> "psycopg.Connection[Any]":
        """A connection of its own. LedgerError saying why there is none."""
        try:
            connection = psycopg.connect(self.conninfo, autocommit=True)
            try:
                prepare(connection)
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            raise _unreachable(self, error) from None
        return connection


def prepare(connection: "psycopg.Connection[Any]") -> None:
    """Sets up a session: where the tables are, how long is waited, and that a commit is on disk."""
    connection.autocommit = True
    connection.execute(_SESSION)


def check_form(place: Place, connection: "psycopg.Connection[Any]") -> None:
    """LedgerError unless the schema is there and of the form that this program writes."""
    found = form_of(connection)
    if found == 0:
        raise LedgerError(said("{path} has no ledger's tables yet: run `bitacora migrate` with this ledger first"), path=place)
    if found < FORM:
        raise LedgerError(
            said("{path} has tables of form {found} and this program needs {known}: run `bitacora migrate` with it first"),
            path=place, found=found, known=FORM,
        )  # fmt: skip
    if found > FORM:
        raise newer(place, found)


def form_of(connection: "psycopg.Connection[Any]") -> int:
    """The form of the schema, 0 if there is none."""
    if connection.execute("SELECT to_regclass(%s)", (f"{SCHEMA}.schema_forms",)).fetchone() == (None,):
        return 0
    row = connection.execute(f"SELECT max(form) FROM {SCHEMA}.schema_forms").fetchone()
    return int(row[0] or 0) if row else 0


def newer(place: Place, found: int) -> LedgerError:
    """Tables that a later version of this program made."""
    return LedgerError(
        said("{path} was written by a newer version of this program (form {found}; this one reads up to {known})"),
        path=place, found=found, known=FORM,
    )  # fmt: skip


@contextmanager
def explained(place: Place, what: str) -> Iterator[None]:
    """Every failure of PostgreSQL or the library as a LedgerError that says what (marked with `said`) was being done."""
    try:
        yield
    except PoolTimeout as error:
        # The pool does not say why: whoever tries by himself is told.
        place.connected().close()
        raise _unreachable(place, error) from None
    except DATABASE_FAILURES as error:
        raise explanation(place, what, error) from error


def explanation(place: Place, what: str, error: Exception) -> LedgerError:
    """What a failure means."""
    cause = error.__cause__ if isinstance(error, PersistenceError) and error.__cause__ else error
    role = WRITER
    if isinstance(cause, errors.InsufficientPrivilege) and what == WRITING:
        template = said("{path} may only be read with this name: to record, be a member of the role {role} ({problem})")
    elif isinstance(cause, errors.InsufficientPrivilege):
        role = READER
        template = said("{path} may not be read with this name: be a member of the role {role} ({problem})")
    elif isinstance(cause, errors.ReadOnlySqlTransaction):
        template = said("{path} can only be read: it is a copy that follows another server, or is set to be read only")
    elif isinstance(cause, errors.LockNotAvailable):
        return LedgerBusy(said("{path} is being written by another process and stayed so too long, while {what}"),
                          path=place, what=what)  # fmt: skip
    elif isinstance(cause, (errors.DiskFull, errors.OutOfMemory)):
        template = said("{path} has no room left, found while {what}: {problem}")
    elif isinstance(cause, (errors.DataCorrupted, errors.IndexCorrupted)):
        template = said("{path} is damaged, found while {what}: {problem}. Restore it from a copy or an export")
    else:
        template = said("{path} failed while {what}: {problem}")
    return LedgerError(template, path=place, what=what, problem=_first_line(cause), role=role)


def _unreachable(place: Place, error: Exception) -> LedgerError:
    problem = _first_line(error)
    if "password authentication failed" in problem or "no password supplied" in problem:
        template = said("{path} refuses this name or password")
    elif "does not exist" in problem:
        template = said("{path} cannot be opened: {problem}")
    else:
        template = said("{path} cannot be reached: {problem}")
    return LedgerError(template, path=place, problem=problem)


def _first_line(error: BaseException) -> str:
    """What the server or libpq said, without the lines of context; of several attempts, the first."""
    lines = [it.strip().removeprefix("- ") for it in str(error).splitlines() if it.strip()]
    return next((it for it in lines if not it.endswith(":")), type(error).__name__)
