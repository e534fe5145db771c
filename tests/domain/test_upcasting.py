"""Old forms are read as those of today, by a chain that is whole or is refused at the start."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from domain.events import EVENT_TYPES, Event, Responded
from domain.exchange import event_as_json
from domain.upcasting import CHAIN, UPCASTS, BrokenChain, Chain, Upcast

AT = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)


class Replied(Event, frozen=True, tag="Replied"):
    case: str


class Answered(Event, frozen=True, tag="Answered"):
    ticket: str


def answered(old: Replied) -> Answered:
    return Answered(at=old.at, by=old.by, key=old.key, ticket=f"T-{old.case}")


def responded(old: Answered) -> Responded:
    return Responded(at=old.at, by=old.by, key=old.key, ticket=old.ticket)


REPLIED = Upcast(Replied, "Answered", answered)
ANSWERED = Upcast(Answered, "Responded", responded)


def form(name: str) -> type[Struct]:
    """An old form of this name."""
    return msgspec.defstruct("Form", [], bases=(Event,), tag=name, frozen=True)


def leads(was: str, becomes: str) -> Upcast:
    return Upcast(form(was), becomes, lambda old: old)


def test_an_old_form_is_read_as_the_form_of_today_over_every_step() -> None:
    raw = {"type": "Replied", "case": "7", "at": "2020-01-01T21:04:05-06:00", "by": "ana"}
    chain = Chain([ANSWERED, REPLIED], EVENT_TYPES)
    assert chain.event(raw) == Responded(at=AT, by="ana", ticket="T-7")
    assert chain.raw(raw) == {"type": "Responded", "ticket": "T-7", "at": "2020-01-02T03:04:05Z", "by": "ana"}
    assert chain.kinds["Replied"] is chain.kinds["Answered"] is Responded


def test_what_is_of_today_is_left_alone() -> None:
    chain = Chain([ANSWERED, REPLIED], EVENT_TYPES)
    raw = event_as_json(Responded(at=AT, ticket="T-7"))
    assert chain.event(raw) is None
    assert chain.raw(raw) is raw
    for odd in ({}, {"type": None}, {"type": ["Replied"]}, {"type": "Unheard"}):
        assert chain.event(odd) is None


@pytest.mark.parametrize(
    "raw",
    [
        {"type": "Replied", "at": "2020-01-01T21:04:05-06:00"},
        {"type": "Replied", "at": "2020-01-01T21:04:05-06:00", "case": "7", "more": 1},
        {"type": "Replied", "at": "2020-01-01T21:04:05", "case": "7"},
    ],
    ids=["a field is missing", "a field is unknown", "a time has no offset"],
)
def test_what_does_not_fit_its_old_form_is_refused(raw: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        Chain([ANSWERED, REPLIED], EVENT_TYPES).event(raw)


def test_a_step_that_makes_something_else_than_it_says_is_found_out() -> None:
    chain = Chain([Upcast(Answered, "Resolved", responded)], EVENT_TYPES)
    with pytest.raises(TypeError, match=r"makes Responded, not Resolved"):
        chain.event({"type": "Answered", "ticket": "T", "at": "2020-01-01T21:04:05-06:00"})


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([ANSWERED, ANSWERED], "Answered has two steps"),
        ([leads("Responded", "Resolved")], "Responded is written today"),
        ([leads("A", "A")], "A → A is a circle"),
        ([leads("A", "B"), leads("B", "A")], "is a circle"),
        ([leads("Z", "A"), leads("A", "B"), leads("B", "A")], "Z → A → B → A is a circle"),
        ([REPLIED], "Replied → Answered ends at a form"),
        ([leads("A.2", "Responded")], "there is A.2 but no step from A"),
        ([leads("A", "A.3"), leads("A.3", "Responded")], "there is A.3 but no step from A.2"),
    ],
)
def test_a_chain_that_is_not_whole_is_refused_at_the_start(steps: list[Upcast], complaint: str) -> None:
    with pytest.raises(BrokenChain, match=complaint):
        Chain(steps, EVENT_TYPES)


def test_a_form_of_today_with_a_number_needs_a_step_from_every_one_before_it() -> None:
    today = {**EVENT_TYPES, "Told.3": Responded}
    with pytest.raises(BrokenChain, match=r"there is Told\.3 but no step from Told"):
        Chain([], today)
    whole = Chain([leads("Told", "Told.2"), leads("Told.2", "Told.3")], today)
    assert whole.kinds["Told"] is Responded


@given(st.lists(st.tuples(*[st.sampled_from(["A", "B", "C", "D", "Responded", "Resolved"])] * 2), max_size=6))
def test_a_chain_is_taken_if_and_only_if_every_old_name_leads_to_one_of_today(pairs: list[tuple[str, str]]) -> None:
    def end(name: str) -> str | None:
        for _ in range(len(pairs) + 1):
            if name in EVENT_TYPES:
                return name
            name = dict(pairs).get(name, "")
        return None

    olds = [was for was, _ in pairs]
    is_whole = len(set(olds)) == len(olds) and not set(olds) & EVENT_TYPES.keys() and all(map(end, olds))
    try:
        chain = Chain([leads(*it) for it in pairs], EVENT_TYPES)
    except BrokenChain:
        assert not is_whole
    else:
        assert is_whole
        assert all(chain.kinds[it] is EVENT_TYPES[str(end(it))] for it in olds)


def test_the_chain_of_this_program_is_whole() -> None:
    assert CHAIN.retired.keys() == {str(it.was.__struct_config__.tag) for it in UPCASTS}
    assert CHAIN.kinds.keys() == CHAIN.retired.keys() | EVENT_TYPES.keys()
