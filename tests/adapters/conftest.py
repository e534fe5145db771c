"""Ledgers that several files of tests begin with: one that was signed, on each store, and one with every type of entry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ledger import Ledger
from tests.adapters.every_type import EVERY_TYPE, taken
from tests.adapters.given import read
from tests.adapters.sealed import Kept, seal
from tests.postgres_server import Databases
from tests.stores import KINDS, Ledgers


@pytest.fixture(scope="module", params=KINDS)
def kept(request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The ledger of `seal`."""
    ledgers = Ledgers(tmp_path_factory.mktemp("kept"), databases if request.param == "postgres" else None)
    yield Kept(ledgers, seal(ledgers.folder, ledgers.url()))
    ledgers.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a ledger is to be."""
    return tmp_path / "ledger.db"


@pytest.fixture
def every_type(path: Path) -> Iterator[Ledger]:
    """A ledger there with that history."""
    with Ledger.open(str(path), create=True) as ledger:
        taken(ledger.record(read(*EVERY_TYPE)))
        yield ledger
