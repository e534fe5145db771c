"""Every text of every entry is either in the table of what is personal, or known not to be."""

from types import UnionType
from typing import get_args, get_type_hints

import pytest

from domain.events import EVENT_TYPES, Attendance
from domain.personal import PERSONAL, client_concerned, rewritten
from tests.adapters.given import opened, read

NOT_PERSONAL = {
    "key", "client", "ticket", "policy", "terms", "tier", "clause", "continues", "new_ticket", "contingency",
    "digest", "priority", "incident_type", "benefit", "effective", "amount", "currency", "entry", "reference", "tool",
}  # fmt: skip
"""`reference` is a case number that gs.9 asks for; `tool` the name of a program."""
SPECIAL = {("RequestRefused", "reason"), ("PersonForgotten", "subject")}


def texts_of(name: str) -> set[str]:
    """The fields of a type that may be any text."""
    hints = get_type_hints(EVENT_TYPES[name])
    return {field for field, hint in hints.items() if hint is str or (isinstance(hint, UnionType) and str in get_args(hint))}


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_every_text_of_a_type_is_personal_or_known_not_to_be(name: str) -> None:
    table = PERSONAL[name]
    unknown = texts_of(name) - NOT_PERSONAL - {"by"} - {*table.persons, *table.texts}
    assert {(name, field) for field in unknown} <= SPECIAL


def test_the_table_names_every_type_and_only_fields_they_have() -> None:
    assert PERSONAL.keys() == EVENT_TYPES.keys()
    for name, table in PERSONAL.items():
        assert {*table.persons, *table.texts} <= texts_of(name)
    assert get_type_hints(Attendance)["consultant"] is str


def test_a_walk_that_changes_nothing_gives_the_same_event() -> None:
    (event,) = read(opened("T-1", by="ana", message_id="m"))
    assert rewritten(event, lambda whose, text: text) == event  # type: ignore[arg-type]


def test_a_walk_tells_whose_each_text_is() -> None:
    (event,) = read(opened("T-1", by="bob", message_id="m"))
    seen: list[tuple[str | None, str]] = []

    def note(whose: str | None, text: str) -> str:
        seen.append((whose, text))
        return text

    rewritten(event, note)  # type: ignore[arg-type]
    assert seen == [("bob", "bob"), ("ana", "ana"), (None, "no network"), (None, "m")]


def test_what_nobody_knows_concerns_no_client() -> None:
    (voiding,) = read({"type": "EntryVoided", "at": "2026-03-02T09:00:00Z", "entry": "nothing", "reason": "?"})
    assert client_concerned(voiding, lambda stream: None, lambda reference: None) is None  # type: ignore[arg-type]
