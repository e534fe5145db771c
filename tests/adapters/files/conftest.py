"""A file of entries, and the ledger that it is recorded into, on each store."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.ledger import Ledger
from tests.stores import Ledgers


@pytest.fixture
def ledger(store: Ledgers) -> Iterator[Ledger]:
    with store.open(create=True) as ledger:
        yield ledger


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "entries.jsonl"
