"""One site for all tests of a worker, and one browser for those of a module: its loop would be in the way of other tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from adapters.demo.__main__ import record
from adapters.language import speak
from adapters.ledger import Ledger
from adapters.web.desk import Desk
from tests.adapters.web.asking import NOW
from tests.adapters.web.site import Reader, Site, chromium, served


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture
def reader(site: Site, browser: Browser) -> Iterator[Callable[..., Reader]]:
    """Somebody who signs in with a role (None: nobody yet), in a browser of their own."""
    readers: list[Reader] = []

    def come(role: str | None = "auditor", **context: Any) -> Reader:
        readers.append(Reader(site, browser, role, **context))
        return readers[-1]

    yield come
    for it in readers:
        it.close()


@pytest.fixture(scope="session")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    place = tmp_path_factory.mktemp("pages") / "desk.db"
    record(place)
    with Ledger.open(str(place)) as found:
        yield found


@pytest.fixture
def desk(ledger: Ledger) -> Iterator[Desk]:
    speak("en")
    found = Desk(ledger, None, lambda: NOW)
    yield found
    found.close()
