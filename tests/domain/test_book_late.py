"""A stream that late entries come into, one by one, is what it would be if it were read anew each time."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from domain.book import Stream, beginning, fold
from domain.events import EVENT_TYPES, Entry
from domain.sequence import in_force

START = datetime.fromisoformat("2026-03-02T09:00:00+00:00")
OPENED = {"type": "TicketOpened", "ticket": "T", "client": "acme", "requester": "ana", "channel": "email", "priority": "high",
          "kind": "incident", "subject": "s"}  # fmt: skip
MOVES: list[dict[str, Any]] = [
    {"type": "FollowedUp", "ticket": "T", "kind": "progress"},
    {"type": "InformationRequested", "ticket": "T"},
    {"type": "InformationReceived", "ticket": "T"},
    {"type": "ContactAttempted", "ticket": "T", "channel": "phone", "outcome": "unanswered"},
    {"type": "Escalated", "ticket": "T", "level": 2, "reason": "r"},
    {"type": "Resolved", "ticket": "T"},
    {"type": "ResolutionRejected", "ticket": "T"},
    {"type": "ExtensionRequested", "ticket": "T", "extra_seconds": 60, "reason": "r"},
]


def entry(position: int, minute: int, line: dict[str, Any]) -> Entry:
    fields = {name: it for name, it in line.items() if name != "type"}
    event = msgspec.convert(fields | {"at": START + timedelta(minutes=minute)}, EVENT_TYPES[line["type"]])
    return Entry(position, "ticket:T", position, START, f"id-{position}", event)


VOIDED = st.one_of(st.none(), st.integers(1, 12))


@given(st.lists(st.tuples(st.integers(-5, 20), st.sampled_from(MOVES), VOIDED), max_size=25))
def test_a_stream_followed_is_a_stream_read_anew(told: list[tuple[int, dict[str, Any], int | None]]) -> None:
    followed = Stream("ticket:T", [entry(1, 0, OPENED)])
    for position, (minute, line, voided) in enumerate(told, 2):
        if voided is not None and 1 < voided < position:
            line = {"type": "EntryVoided", "entry": voided, "reason": "r"}
        at = START + timedelta(minutes=minute)
        place = followed.place_of(at)
        assert place == sum(it.event.at <= at for it in followed.in_force)
        assert followed.state_before(place) == fold("ticket:T", followed.in_force[:place])
        followed.take(entry(position, minute, line))
        assert followed.in_force == in_force(followed.recorded)
        assert followed.state == Stream("ticket:T", followed.recorded).state
    assert followed.state_before(0) == beginning("ticket:T")
