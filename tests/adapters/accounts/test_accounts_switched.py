"""The switch to a new version, in PostgreSQL: what others made of the views stays, and no reader is kept waiting by another."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from adapters.accounts.building import Building
from adapters.accounts.places import Accounts
from adapters.accounts.running import Running
from adapters.accounts.views import MONTHLY_COMPLIANCE
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.stores.postgres.schema import ACCOUNTS
from tests.adapters.accounts_kept import Clock, opened
from tests.adapters.given import DESK, read
from tests.adapters.given import opened as ticket_opened
from tests.postgres_server import Databases
from tests.stores import Ledgers

NOW = datetime(2026, 3, 20, 15, tzinfo=UTC)
TICKETS = f"SELECT sum(tickets) FROM {ACCOUNTS}.monthly_compliance"


@pytest.fixture
def store(tmp_path: Any, databases: Databases) -> Iterator[Ledgers]:
    found = Ledgers(tmp_path, databases)
    yield found
    found.close()


@pytest.fixture
def desk(store: Ledgers) -> Iterator[tuple[Ledger, Accounts]]:
    """A ledger of a ticket, and its accounts."""
    ledger, accounts = opened(store, Clock(NOW))
    with ledger, closing(accounts):
        ledger.record(read(*DESK, ticket_opened("T-1")))
        Building(ledger, accounts, lambda: NOW).build()
        yield ledger, accounts


@pytest.fixture
def database(store: Ledgers) -> Iterator["psycopg.Connection[Any]"]:
    """Someone with the rights of its owner, who waits for nobody."""
    with psycopg.connect(store.url(), autocommit=True) as connection:
        connection.execute("SET lock_timeout = '5s'")
        yield connection


def test_views_and_grants_that_others_made_outlast_a_new_version(
    desk: tuple[Ledger, Accounts], database: "psycopg.Connection[Any]"
) -> None:
    database.execute(f"CREATE VIEW own AS {TICKETS}")
    database.execute(f"GRANT SELECT ON {ACCOUNTS}.monthly_billing TO pg_monitor")
    assert Building(*desk, lambda: NOW).build().version.number == 2
    assert database.execute("SELECT * FROM own").fetchone() == (1,)
    granted = f"SELECT has_table_privilege('pg_monitor', '{ACCOUNTS}.monthly_billing', 'SELECT')"
    assert database.execute(granted).fetchone() == (True,)


def test_a_view_with_other_columns_than_before_is_made_anew(
    desk: tuple[Ledger, Accounts], database: "psycopg.Connection[Any]"
) -> None:
    _make_older(database)
    Building(*desk, lambda: NOW).build()
    found = database.execute(f"SELECT * FROM {ACCOUNTS}.monthly_compliance").description or []
    assert [it.name for it in found] == [it.name for it in MONTHLY_COMPLIANCE.columns]


def test_a_view_made_anew_does_not_touch_what_depends_on_another(
    desk: tuple[Ledger, Accounts], database: "psycopg.Connection[Any]"
) -> None:
    _make_older(database)
    database.execute(f"CREATE VIEW own AS SELECT count(*) FROM {ACCOUNTS}.quota_use")
    Building(*desk, lambda: NOW).build()
    assert database.execute("SELECT count(*) FROM own").fetchone() == (1,)


def test_views_over_a_table_with_other_columns_than_before_are_made_anew(
    desk: tuple[Ledger, Accounts], database: "psycopg.Connection[Any]"
) -> None:
    database.execute(f"DROP VIEW {ACCOUNTS}.sla CASCADE")
    database.execute(f"CREATE VIEW {ACCOUNTS}.sla AS SELECT 'T-1' AS ticket, 1 AS tickets")
    database.execute(f"CREATE VIEW {ACCOUNTS}.monthly_compliance AS SELECT tickets FROM {ACCOUNTS}.sla")
    for name in ("sla", "monthly_compliance"):
        database.execute(f"ALTER VIEW {ACCOUNTS}.{name} OWNER TO bitacora_follower")
    Building(*desk, lambda: NOW).build()
    assert database.execute(TICKETS).fetchone() == (1,)


def test_what_depends_on_a_view_that_is_made_anew_is_named(
    desk: tuple[Ledger, Accounts], database: "psycopg.Connection[Any]"
) -> None:
    _make_older(database)
    database.execute(f"CREATE VIEW own AS {TICKETS}")
    with pytest.raises(LedgerError, match=r"view public\.own depends on view monthly_compliance"):
        Building(*desk, lambda: NOW).build()
    database.execute("DROP VIEW own")
    assert Building(*desk, lambda: NOW).build().version.number == 2


def _make_older(database: "psycopg.Connection[Any]") -> None:
    view = f"{ACCOUNTS}.monthly_compliance"
    database.execute(f"DROP VIEW {view}")
    database.execute(f"CREATE VIEW {view} AS SELECT 1 AS tickets, 2 AS gone")
    database.execute(f"ALTER VIEW {view} OWNER TO bitacora_follower")


def test_while_one_reader_is_in_the_middle_the_switch_waits_and_other_readers_do_not(
    desk: tuple[Ledger, Accounts], store: Ledgers, database: "psycopg.Connection[Any]"
) -> None:
    told: list[Any] = []
    with psycopg.connect(store.url()) as reader:
        reader.execute(TICKETS)

        def waiting() -> None:
            told.append(database.execute(TICKETS).fetchone())
            reader.commit()

        assert Building(*desk, lambda: NOW, waiting=waiting).build().version.number == 2
    assert set(told) == {(1,)}
    assert database.execute(TICKETS).fetchone() == (1,)


def test_a_follower_that_waits_for_a_reader_to_switch_says_so_once_and_can_be_stopped(
    desk: tuple[Ledger, Accounts], store: Ledgers, database: "psycopg.Connection[Any]"
) -> None:
    database.execute(f"UPDATE {ACCOUNTS}.account_versions SET definition = definition - 1")
    told: list[str] = []

    def tell(happening: str, position: int, error: Exception | None) -> None:
        told.append(happening)
        if happening == "waiting":
            running.stop()

    running = Running(store.url(), tell, lambda: NOW, lambda: store.open())
    with psycopg.connect(store.url()) as reader:
        reader.execute(TICKETS)
        running.run()
    assert told == ["building", "waiting"]
