"""Who may do what with the stored accounts of a database, and what it says of itself to whoever looks."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import conninfo, errors

from adapters.accounts.building import Building, in_use
from adapters.accounts.following import Follower
from adapters.accounts.places import accounts_of
from adapters.accounts.tables import TABLES
from adapters.accounts.views import VIEWS, tables_shown
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.stores.postgres.schema import ACCOUNTS, FOLLOWER, READER, REPORTING, WRITER
from tests.adapters.given import DESK, followed_up, opened, read
from tests.postgres_server import Databases, database_url

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def url(databases: Databases) -> Iterator[str]:
    """A ledger with stored accounts."""
    url = databases.migrated()
    with Ledger.open(url, create=True, sealed=False) as ledger, closing(accounts_of(url)) as accounts:
        ledger.record(read(*DESK, opened("T-1"), followed_up("T-1", consultant="rosa")))
        Building(ledger, accounts, lambda: NOW).build()
    yield url
    databases.drop(url)


def member(databases: Databases, url: str, name: str, role: str) -> str:
    """The URL of the database for a new user who is a member of that role alone."""
    databases.say(f"DROP ROLE IF EXISTS {name}")
    databases.say(f"CREATE ROLE {name} LOGIN IN ROLE {role}")
    return database_url(databases.server, str(conninfo.conninfo_to_dict(url)["dbname"]), user=name)


def asked(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def test_reporting_reads_every_view_and_nothing_else(databases: Databases, url: str) -> None:
    reporting = member(databases, url, "ana_reports", REPORTING)
    for name in (*(it.name for it in tables_shown()), *(it.name for it in VIEWS)):
        asked(reporting, f"SELECT * FROM {ACCOUNTS}.{name}")
    for name in (*(f"{ACCOUNTS}.{it.name}_1" for it in TABLES), f"{ACCOUNTS}.account_versions", "bitacora.stored_events"):
        with pytest.raises(errors.InsufficientPrivilege):
            asked(reporting, f"SELECT * FROM {name}")


@pytest.mark.parametrize("role", [REPORTING, READER, WRITER])
def test_whoever_does_not_follow_changes_no_account(databases: Databases, url: str, role: str) -> None:
    other = member(databases, url, f"changes_nothing_{role}", role)
    for statement in ("UPDATE {}.sla SET level = 2", "DELETE FROM {}.sla_1", "TRUNCATE {}.sla_1", "DROP TABLE {}.sla_1",
                      "CREATE TABLE {}.mine (x int)", "UPDATE {}.account_versions SET position = 1"):  # fmt: skip
        with pytest.raises((errors.InsufficientPrivilege, errors.ObjectNotInPrerequisiteState)):
            asked(other, statement.format(ACCOUNTS))


def test_a_member_of_the_role_that_follows_takes_over_what_another_made_and_writes_no_entry(
    databases: Databases, url: str
) -> None:
    follower = member(databases, url, "pepe_follows", FOLLOWER)
    with Ledger.open(url) as ledger:
        ledger.record(read(followed_up("T-1", 7)))
        head = ledger.head()
    with Ledger.open(follower) as ledger, closing(accounts_of(follower)) as accounts:
        assert Follower(ledger, accounts, lambda: NOW).follow() == head
        assert Building(ledger, accounts, lambda: NOW).build().version.position == head
        with pytest.raises(LedgerError):
            ledger.record(read(followed_up("T-1", 8)))
    with Ledger.open(url) as ledger, closing(accounts_of(url)) as accounts:
        assert Building(ledger, accounts, lambda: NOW).build().differing is not None


def test_whoever_may_not_follow_is_told_which_role_to_be_a_member_of(databases: Databases, url: str) -> None:
    reader = member(databases, url, "rita_reads", READER)
    with Ledger.open(reader) as ledger, closing(accounts_of(reader)) as accounts:
        assert in_use(accounts) is not None
        with pytest.raises(LedgerError, match=f"must be a member of the role {FOLLOWER}"):
            Building(ledger, accounts, lambda: NOW).build()


def test_every_table_view_and_column_says_what_it_is_in_spanish_and_english(url: str) -> None:
    number = asked(url, f"SELECT number FROM {ACCOUNTS}.account_versions")[0][0]
    described = [(f"{it.name}_{number}", it) for it in TABLES] + [(it.name, it) for it in (*tables_shown(), *VIEWS)]
    for name, it in described:
        where = f"'{ACCOUNTS}.{name}'::regclass"
        assert asked(url, f"SELECT obj_description({where}, 'pg_class')") == [(f"{it.es} / {it.en}",)]
        told = asked(url, f"SELECT attname, col_description({where}, attnum) FROM pg_attribute WHERE attrelid = {where}"
                          " AND attnum > 0 AND NOT attisdropped ORDER BY attnum")  # fmt: skip
        assert told == [(column.name, f"{column.es} / {column.en}") for column in it.columns]


def test_accounts_of_a_database_that_was_only_migrated_are_not_there(databases: Databases) -> None:
    empty = databases.migrated()
    with closing(accounts_of(empty)) as accounts:
        assert not accounts.exists() and in_use(accounts) is None
    databases.drop(empty)
