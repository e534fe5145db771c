"""Desks to begin a test with: an empty one, and one client, with people and a policy, under each of the built-in terms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.given import Desk, authorized, cs_policy, gs_policy, registered


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
