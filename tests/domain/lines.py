"""Lines by themselves: what is taken of one, or why it is refused."""

import json

import pytest

from domain.refusal import Refused
from domain.shape import read_entry
from tests.given import Entry, did

ANSWER = did("Responded", "2026-03-02 09:30")


def refused(line: bytes | Entry) -> Refused:
    """The refusal of a line."""
    with pytest.raises(Refused) as caught:
        read_entry(line if isinstance(line, bytes) else json.dumps(line).encode())
    assert str(caught.value), "a refusal says why"
    return caught.value


def taken(entry: Entry) -> object:
    """The event of a line whose shape is in order."""
    return read_entry(json.dumps(entry).encode())


def fault(line: bytes | Entry) -> tuple[str, str | None]:
    found = refused(line)
    return found.code, found.field
