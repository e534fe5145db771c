"""Desks to begin a test with: an empty one, and one client, with people and a policy, under each of the built-in terms."""

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests import kafka_broker
from tests.given import Desk, authorized, cs_policy, gs_policy, registered
from tests.postgres_server import HOME, Databases, Server, home_of_this_process
from tests.stores import KINDS, Ledgers


def pytest_configure(config: pytest.Config) -> None:
    """The run's own PostgreSQL and Kafka, begun by the first test that needs one, have their places; workers inherit them."""
    if not hasattr(config, "workerinput"):
        os.environ[HOME] = str(home_of_this_process())
        kafka_broker.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    """They end with the run."""
    if not hasattr(config, "workerinput"):
        if (home := Path(os.environ.pop(HOME))).exists():
            Server(home).stop()
        kafka_broker.end_run()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Databases of the server, removed when the run is over."""
    databases = Databases()
    yield databases
    databases.drop()


@pytest.fixture(scope="session")
def brokers() -> str:
    """host:port of the run's Kafka. A test that cannot have one fails."""
    return kafka_broker.address()


@pytest.fixture
def topic_prefix(brokers: str) -> Iterator[str]:
    """What begins the names of this test's topics, and of no other's. They go with it: a broker has memory for so many."""
    prefix = f"test-{uuid4().hex[:12]}"
    yield prefix
    kafka_broker.delete_topics(brokers, prefix)


@pytest.fixture(params=KINDS)
def store(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[Ledgers]:
    """The ledgers of a test, on each store."""
    ledgers = Ledgers(tmp_path, databases if request.param == "postgres" else None)
    yield ledgers
    ledgers.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A ledger that holds the built-in terms only."""
    desk = Desk(tmp_path)
    yield desk
    desk.ledger.close()


@pytest.fixture
def gs(desk: Desk) -> Desk:
    """acme, for which ana may ask, with the policy PG under grupo-staff."""
    desk.takes(registered(), authorized(), gs_policy())
    return desk


@pytest.fixture
def cs(desk: Desk) -> Desk:
    """acme with the basic policy PC under customsoft."""
    desk.takes(registered(), cs_policy())
    return desk
