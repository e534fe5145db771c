"""`bitacora migrate` in PostgreSQL: makes the schema of a ledger, or brings it to the form this program needs.

Everything in one transaction, one process at a time: it is all there or nothing is. Roles are the server's, shared by its
databases; they are made if they are not there, never changed.
"""

from typing import Any

import psycopg
from psycopg import errors, sql

from adapters.mapper import LedgerError
from adapters.stores.postgres.connecting import Place, explained, form_of, newer
from adapters.stores.postgres.schema import FORM, ROLES, SCHEMA, STEPS
from domain.refusal import said

_LOCK = 0x62697461636F7261
"""The advisory lock that migrations of one database take turns by: "bitacora"."""


def migrate(url: str) -> tuple[int, int]:
    """Brings the schema in the database of a URL to the form of this program; from which form to which, 0 if there was none.

    LedgerError if it cannot be reached, its schema is newer, or this name may not do it."""
    place = Place(url)
    with place.connected() as connection, explained(place, said("migrating it")), connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        found = form_of(connection)
        if found > FORM:
            raise newer(place, found)
        if found == 0:
            _refuse_other_encodings(place, connection)
        if found < FORM:
            _begin(place, connection, is_new=found == 0)
        for form, step in enumerate(STEPS[found:], found + 1):
            for statement in step:
                connection.execute(statement)
            connection.execute("INSERT INTO schema_forms (form) VALUES (%s)", (form,))
    return found, FORM


def _refuse_other_encodings(place: Place, connection: "psycopg.Connection[Any]") -> None:
    row = connection.execute("SHOW server_encoding").fetchone()
    if row != ("UTF8",):
        raise LedgerError(said("{path} does not keep text as UTF8: make the database with ENCODING 'UTF8'"), path=place)


def _begin(place: Place, connection: "psycopg.Connection[Any]", *, is_new: bool) -> None:
    """The roles that this form knows, and of a new ledger the schema, empty."""
    try:
        if is_new and connection.execute("SELECT to_regnamespace(%s)", (SCHEMA,)).fetchone() == (None,):
            connection.execute(f"CREATE SCHEMA {SCHEMA}")
        for role in ROLES:
            _make_role(connection, role)
    except errors.InsufficientPrivilege as error:
        raise LedgerError(
            said("{path} cannot be migrated with this name, which may make neither the schema {schema} nor the roles {roles}"
                 " ({problem}): use one that may, or have them made first"),
            path=place, schema=SCHEMA, roles=", ".join(ROLES), problem=str(error).splitlines()[0],
        ) from None  # fmt: skip
    if is_new:
        connection.execute(
            "CREATE TABLE schema_forms"
            " (form bigint PRIMARY KEY, migrated_at timestamptz NOT NULL DEFAULT statement_timestamp())"
        )


def _make_role(connection: "psycopg.Connection[Any]", role: str) -> None:
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
        return
    try:
        with connection.transaction():
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    except (errors.DuplicateObject, errors.UniqueViolation):
        pass  # Another database of the same server is being migrated.
