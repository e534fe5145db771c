"""What an id is (rules 5, shape; exchange.md, Conventions)."""

import pytest

from tests.domain.lines import ANSWER, fault, taken
from tests.given import Entry, gs_policy, opened, registered, said, session

BAD_IDS = {
    "empty": "",
    "129 characters": "x" * 129,
    "white space": "a b",
    "a leading blank": " a",
    "a tab (Cc)": "a\tb",
    "a no-break space (Zs)": "a\u00a0b",
    "a line separator (Zl)": "a\u2028b",
    "a zero-width joiner (Cf)": "a\u200db",
    "private use (Co)": "a\ue000b",
    "unassigned (Cn)": "a\u0378b",
    "not in NFC": "e\u0301",
}


@pytest.mark.parametrize("bad", BAD_IDS.values(), ids=BAD_IDS.keys())
@pytest.mark.parametrize("field", ["ticket", "key", "consultant"])
def test_an_id_is_1_to_128_printable_characters_in_nfc_without_white_space(field: str, bad: str) -> None:
    assert fault(ANSWER | {field: bad}) == ("shape", field)


@pytest.mark.parametrize("good", ["x", "x" * 128, "é" * 128, "é", "Ω-1", "🛟", "a/b?c=d&e#f", "票", '"', "\\", "ª"])
@pytest.mark.parametrize("field", ["ticket", "key", "consultant"])
def test_anything_else_is_an_id(field: str, good: str) -> None:
    assert taken(ANSWER | {field: good})


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (opened(client="a b"), "client"),
        (opened(continues="a b"), "continues"),
        (said("RequesterAuthorized", "2026-03-02 09:00", client="c", person="a b"), "person"),
        (gs_policy(policy="a b"), "policy"),
        (gs_policy(terms="a b"), "terms"),
        (registered(terms=""), "terms"),
        (said("ContingencyEnded", "2026-03-02 09:00", contingency="a b"), "contingency"),
        (session("2026-03-02 09:00", "2026-03-02 10:00", "luis", "a b"), "consultants[1].consultant"),
    ],
)
def test_every_id_is_held_to_that(entry: Entry, field: str) -> None:
    assert fault(entry) == ("shape", field)


def test_what_is_not_an_id_may_be_any_text() -> None:
    assert taken(opened(subject="", message_id="<a b@c>") | {"by": " \u200b e\u0301"})
