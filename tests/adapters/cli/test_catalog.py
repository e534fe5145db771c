"""The Spanish catalogue is whole, compiled, and fills in the same values as the English messages."""

import pytest

from adapters.importers import REASONS
from tests.adapters.cli.catalog import MO, compiled, marked, placeholders, texts, translated

MESSAGES = [it for it in translated() if it.id]


def test_every_message_that_the_code_marks_is_translated() -> None:
    known = {it.id: it.string for it in MESSAGES}
    missing = [it for it in marked() if not known.get(it) or not all(known[it])]
    assert missing == []


def test_no_message_is_kept_that_the_code_no_longer_says() -> None:
    assert [it.id for it in MESSAGES if it.id not in marked()] == []


def test_the_compiled_catalogue_is_that_of_the_edited_one() -> None:
    assert MO.read_bytes() == compiled(translated())


@pytest.mark.parametrize("message", MESSAGES, ids=lambda it: str(it.id)[:60])
def test_a_translation_fills_in_the_same_values(message: object) -> None:
    for english, spanish in texts(message):
        assert [placeholders(it) for it in spanish] == [placeholders(it) for it in english]


def test_importers_give_their_reasons_in_both_languages() -> None:
    assert all(set(it) == {"en", "es"} and all(it.values()) for it in REASONS.values())
