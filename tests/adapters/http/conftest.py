"""Servers over the story of two clients: one for each store and module, since to start one takes a second."""

from collections.abc import Iterator

import pytest

from adapters.proofs.signing import make_key
from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import Served, begin, serving
from tests.postgres_server import Databases
from tests.stores import KINDS, Ledgers


@pytest.fixture(scope="module", params=KINDS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, databases: Databases) -> Iterator[Served]:
    """A server over the story, on each store."""
    yield from _served(tmp_path_factory, databases if request.param == "postgres" else None)


@pytest.fixture(scope="module")
def one_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server over the story in a file, where the store makes no difference."""
    yield from _served(tmp_path_factory, None)


def _served(factory: pytest.TempPathFactory, databases: Databases | None) -> Iterator[Served]:
    folder = factory.mktemp("served")
    ledgers = Ledgers(folder, databases)
    begin(ledgers.url(), ledgers.keys(), STORY)
    make_key(folder / "desk.key", "example.com/desk")
    with serving(Served(folder, ledgers.url(), ledgers.keys(), signing_key=str(folder / "desk.key"))) as it:
        yield it
    ledgers.close()
