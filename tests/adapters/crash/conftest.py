"""No follower outlives its test."""

from collections.abc import Iterator

import pytest

from tests.adapters.crash.followers import all_ended


@pytest.fixture(autouse=True)
def no_follower_is_left() -> Iterator[None]:
    """Kills those that a failed test left."""
    yield
    all_ended()
