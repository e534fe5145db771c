"""A signed ledger on each store, for the tests of what was signed."""

from collections.abc import Iterator

import pytest

from tests.adapters.sealed import Kept, seal
from tests.postgres_server import Databases
from tests.stores import KINDS, Ledgers


@pytest.fixture(scope="module", params=KINDS)
def kept(request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """The ledger of `seal`."""
    ledgers = Ledgers(tmp_path_factory.mktemp("kept"), databases if request.param == "postgres" else None)
    yield Kept(ledgers, seal(ledgers.folder, ledgers.url()))
    ledgers.close()
