"""Rows of a table are read again and again, and not held."""

import tracemalloc
from collections.abc import Iterator
from typing import Any

from adapters.cli.spooled import Spooled


def rows(count: int) -> Iterator[dict[str, Any]]:
    return ({"ticket": f"T-{number}", "clauses": ["gs.4"], "clock": {"text": "é\n" * 300}} for number in range(count))


def test_rows_come_again_as_they_were_and_two_readings_do_not_disturb_each_other() -> None:
    with Spooled(rows(40_000)) as spooled:
        assert len(spooled) == 40_000
        pairs = zip(spooled, spooled, rows(40_000), strict=True)
        assert all(one == other == right for one, other, right in pairs)


def test_there_may_be_none() -> None:
    with Spooled(rows(0)) as spooled:
        assert (len(spooled), list(spooled)) == (0, [])


def test_many_rows_take_no_more_memory_than_few() -> None:
    tracemalloc.start()
    try:
        with Spooled(rows(40_000)) as spooled:
            assert sum(1 for _ in spooled) == 40_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * 1024 * 1024  # of some 25 MB of text, and several times that as objects
