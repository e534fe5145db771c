"""The story signed twice, for the tests of the commands of proof."""

from pathlib import Path

from tests.adapters.cli.calling import Bitacora
from tests.adapters.cli.stories import Entry
from tests.adapters.given import write_lines

ORIGIN = "example.com/desk"
LAST_OF_STORY = 18
LATER: list[Entry] = [
    {"type": "Responded", "at": "2026-03-04T10:00:00-06:00", "ticket": "G-2", "consultant": "eva"},
    {"type": "FollowedUp", "at": "2026-03-04T11:00:00-06:00", "ticket": "G-1", "kind": "closing", "consultant": "luis"},
]
OPENED_LATER: Entry = {
    "type": "TicketOpened", "at": "2026-03-05T09:00:00-06:00", "ticket": "G-3", "client": "acme", "requester": "ana",
    "channel": "phone", "priority": "low", "kind": "request", "subject": "a mouse",
}  # fmt: skip


def sign_twice(desk: Bitacora, folder: Path) -> Bitacora:
    """Signs the story at its end, records two more entries and signs all again; both checkpoints are kept as files."""
    desk.done("key", "make", "desk.key", "--origin", ORIGIN)
    desk.done("checkpoint", "--key", "desk.key", "-o", "first.note")
    desk.done("record", write_lines(folder / "later.jsonl", LATER))
    desk.done("checkpoint", "--key", "desk.key", "-o", "second.note")
    return desk
