"""Who may do what to the tables of a ledger: every verb by every role, and what not even the owner may."""

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import conninfo, errors, sql

from adapters.ledger import Ledger, LedgerError, Taken
from adapters.proofs.growing import grown, rebuilt
from adapters.proofs.verifying import verify
from adapters.stores.postgres.connecting import prepare
from adapters.stores.postgres.schema import ADMIN, FOLLOWER, READER, REPORTING, ROLES, WRITER
from tests.adapters.given import DESK, followed_up, opened, read
from tests.postgres_server import Databases, database_url
from tests.stores import behind

FIXED = ("stored_events", "entry_keys", "client_streams", "key_store", "checkpoints", "checkpoint_anchors")
"""What is recorded for good."""
KEPT = {
    "contingency_streams": {"SELECT", "INSERT", "UPDATE"},
    "tree_tiles": {"SELECT", "INSERT", "UPDATE"},
    "recordings": {"SELECT", "INSERT", "UPDATE"},
    "recording_refusals": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "recording_marks": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "ledger_head": {"SELECT"},
    "schema_forms": {"SELECT"},
}
"""What is remembered beside it, and what a writer may do there."""
SERVED: dict[str, dict[str, set[str]]] = {
    "access_tokens": {ADMIN: {"SELECT", "INSERT", "UPDATE"}, WRITER: {"SELECT"}, READER: {"SELECT"},
                      FOLLOWER: {"SELECT"}},
    **{table: {role: {"SELECT", "INSERT", "UPDATE", "DELETE"} for role in (WRITER, FOLLOWER)}
       for table in ("webhooks", "webhook_queues")},
}  # fmt: skip
"""What a server keeps, and who may do what there: tokens are checked by many, and made by administrators only."""
VERBS = {
    "SELECT": "SELECT * FROM {}",
    "INSERT": "INSERT INTO {} SELECT * FROM {} WHERE false",
    "UPDATE": "UPDATE {} SET {} = {} WHERE false",
    "DELETE": "DELETE FROM {} WHERE false",
    "TRUNCATE": "TRUNCATE {} CASCADE",
}
NEVER = pytest.mark.parametrize(
    "statement",
    [
        "UPDATE stored_events SET state = 'x' WHERE notification_id = 3",
        "DELETE FROM stored_events WHERE notification_id = 3",
        "DELETE FROM stored_events",
        "TRUNCATE stored_events",
        "INSERT INTO stored_events VALUES (3, 'client:acme', 1, 'ClientRegistered', 'x')",
        "INSERT INTO stored_events VALUES (3, 'a', 1, 'x', 'x') ON CONFLICT (notification_id) DO UPDATE SET state = 'x'",
        "INSERT INTO stored_events VALUES (8, 'client:acme', 1, 'ClientRegistered', 'x')",
        "INSERT INTO stored_events VALUES (9999, 'client:acme', 99, 'ClientRegistered', 'x')",
        "INSERT INTO stored_events VALUES (8, 'a', 1, 'x', 'x'), (10, 'a', 2, 'x', 'x')",
        "MERGE INTO stored_events USING (SELECT 3) AS it (n) ON notification_id = n WHEN MATCHED THEN DELETE",
        "UPDATE entry_keys SET position = 1",
        "DELETE FROM entry_keys",
        "TRUNCATE entry_keys",
        "UPDATE client_streams SET client = 'beta'",
        "DELETE FROM client_streams",
        "UPDATE key_store SET id = 'another'",
        "DELETE FROM key_store",
        "DELETE FROM contingency_streams",
        "TRUNCATE tree_tiles",
        "DELETE FROM ledger_head",
        "UPDATE tree_tiles SET width = width + 1",
        "UPDATE tree_tiles SET width = width - 1, hashes = substr(hashes, 33)",
        "UPDATE tree_tiles SET hashes = decode(repeat('00', length(hashes)), 'hex')",
        "UPDATE tree_tiles SET tile = 9",
        "INSERT INTO tree_tiles VALUES (0, 0, 1, 'x')",
        "INSERT INTO checkpoints VALUES (1, 'x', 'now')",
        "UPDATE checkpoints SET note = 'x'",
        "DELETE FROM checkpoint_anchors",
    ],
)


@pytest.fixture(scope="module")
def url(databases: Databases) -> Iterator[str]:
    """A ledger with seven entries, and one row in every table that only grows."""
    url = databases.migrated()
    with Ledger.open(url, create=True, sealed=False) as ledger:
        ledger.record(read(*DESK, opened("T-1", key="k"), followed_up("T-1")))
        grown(ledger)
    with psycopg.connect(url) as connection:
        prepare(connection)
        connection.execute("INSERT INTO checkpoints VALUES (7, 'x', 'now')")
        connection.execute("INSERT INTO checkpoint_anchors VALUES (7, 'x', 'x')")
        connection.execute("INSERT INTO contingency_streams VALUES ('storm', 'desk')")
    yield url
    databases.drop(url)


def attempt(url: str, role: str | None, statement: str) -> None:
    """Tries it as that role, as the owner if None, and takes it back."""
    with psycopg.connect(url) as connection:
        prepare(connection)
        with connection.transaction(force_rollback=True):
            if role is not None:
                connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
            connection.execute(statement)


def said(url: str, verb: str, table: str) -> str:
    with psycopg.connect(url) as connection:
        prepare(connection)
        columns = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum = 1"
        (column,) = connection.execute(columns, (table,)).fetchone() or ("",)
    return VERBS[verb].format(table, *(column, column) if verb == "UPDATE" else (table,))


def allowed(role: str, table: str) -> set[str]:
    if table in SERVED:
        return SERVED[table].get(role, set())
    if role in (REPORTING, ADMIN):
        return set()
    if role in (READER, FOLLOWER):
        return {"SELECT"}
    return {"SELECT", "INSERT"} if table in FIXED else KEPT[table]


def test_every_table_of_the_schema_is_named_here(url: str) -> None:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'bitacora'").fetchall()
    assert {name for (name,) in found} == {*FIXED, *KEPT, *SERVED}


@pytest.mark.parametrize("table", [*FIXED, *KEPT, *SERVED])
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_what_it_is_for_and_nothing_else(url: str, role: str, verb: str, table: str) -> None:
    statement = said(url, verb, table)
    if verb in allowed(role, table):
        attempt(url, role, statement)
    else:
        with pytest.raises(errors.InsufficientPrivilege):
            attempt(url, role, statement)


@NEVER
def test_what_is_recorded_is_never_changed_by_a_writer(url: str, statement: str) -> None:
    with pytest.raises((errors.InsufficientPrivilege, errors.IntegrityError)):
        attempt(url, WRITER, statement)


@NEVER
def test_what_is_recorded_is_never_changed_by_the_owner_either(url: str, statement: str) -> None:
    with pytest.raises(errors.IntegrityError):
        attempt(url, None, statement)


@NEVER
def test_nor_by_one_who_says_to_replicate(url: str, statement: str) -> None:
    with psycopg.connect(f"{url}&options=-c%20session_replication_role%3Dreplica") as connection:
        prepare(connection)
        with pytest.raises(errors.IntegrityError):
            connection.execute(statement)


@pytest.mark.parametrize("call", ["SELECT lock_head()", "SELECT refuse()"])
@pytest.mark.parametrize("role", [READER, REPORTING])
def test_whoever_only_reads_does_not_keep_writers_waiting(url: str, role: str, call: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(url, role, call)


@pytest.fixture(params=[WRITER, READER])
def person(request: pytest.FixtureRequest, databases: Databases, url: str) -> Iterator[tuple[str, str]]:
    """Somebody with one of the roles and nothing else, and the URL of a copy of the ledger for that name."""
    copy, name = databases.copied(url), f"{request.param}_{uuid4().hex[:8]}"
    quoted = sql.Identifier(name)
    with psycopg.connect(databases.server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}").format(quoted, sql.Identifier(request.param)))
        yield request.param, database_url(copy, str(conninfo.conninfo_to_dict(copy)["dbname"]), user=name)
        databases.drop(copy)
        connection.execute(sql.SQL("DROP ROLE {}").format(quoted))


def test_nothing_is_recorded_after_entries_that_somebody_took_away(databases: Databases, url: str) -> None:
    copy = databases.copied(url)
    with behind(copy) as rows:
        rows.run("DELETE FROM stored_events WHERE rowid > 5")
        for table in ("checkpoint_anchors", "checkpoints"):
            rows.run(f"DELETE FROM {table}")
    with Ledger.open(copy) as ledger:
        with pytest.raises(LedgerError, match="is damaged: 7 entries were recorded, and the last one there is 5"):
            ledger.record(read(followed_up("T-1", 5)))
        difference = verify(ledger, None).difference
        assert difference is not None and difference.position == 6
    databases.drop(copy)


def test_who_may_only_see_reports_is_told_that_the_ledger_is_not_for_them(databases: Databases, url: str) -> None:
    name = f"{REPORTING}_{uuid4().hex[:8]}"
    quoted = sql.Identifier(name)
    with psycopg.connect(databases.server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN IN ROLE {}").format(quoted, sql.Identifier(REPORTING)))
        with pytest.raises(LedgerError, match="may not be read with this name: be a member of the role bitacora_reader"):
            Ledger.open(database_url(url, str(conninfo.conninfo_to_dict(url)["dbname"]), user=name))
        connection.execute(sql.SQL("DROP ROLE {}").format(quoted))


def test_a_server_that_may_only_be_read_says_so_when_asked_to_record(url: str) -> None:
    with Ledger.open(f"{url}&options=-c%20default_transaction_read_only%3Don") as ledger:
        assert ledger.head() == 7
        with pytest.raises(LedgerError, match="can only be read: it is a copy"):
            ledger.record(read(followed_up("T-1", 5)))


def test_the_program_records_as_a_writer_and_only_reads_as_a_reader(person: tuple[str, str]) -> None:
    role, url = person
    with Ledger.open(url) as ledger:
        if role == WRITER:
            assert ledger.record(read(followed_up("T-1", 5, key="new"))) == [Taken(8, (8,))]
            assert grown(ledger) == 8
            with pytest.raises(LedgerError, match="only the owner of the tables may take the stored tree away"):
                rebuilt(ledger)
            assert grown(ledger) == 8
        else:
            with pytest.raises(LedgerError, match="be a member of the role bitacora_writer"):
                ledger.record(read(followed_up("T-1", 5)))
        assert verify(ledger, None).entries == len(list(ledger.entries())) == ledger.head() == (8 if role == WRITER else 7)
