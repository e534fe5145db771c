"""Whatever happens between looking, posting and noting it down, in any order: nothing is lost, and nothing overtakes."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.ledger import utc_now
from adapters.stores.rows import Row
from adapters.webhooks.places import place_of
from adapters.webhooks.posting import Outcome
from adapters.webhooks.progress import Patience, Progress
from adapters.webhooks.selecting import Selecting
from adapters.webhooks.subscriptions import Queue, Wanted
from adapters.webhooks.webhooks import Webhooks
from tests.adapters.given import followed_up
from tests.adapters.webhooks.desk import begun, positions, record
from tests.stores import Ledgers

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
TICKETS = ("T-1", "T-2", "T-3")
Looked = tuple[Queue, list[Row], int | None]


class Sender:
    """Does one thing at a time, as several tasks of a sender would in some order."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.looked: dict[str, Looked] = {}
        self.taken: dict[str, dict[int, None]] = {}

    def take_in(self, most: int) -> None:
        it = self.progress.subscription()
        assert it is not None
        self.progress.take_in(it, most - len(self.progress.waiting()))

    def look(self, number: int) -> None:
        """Reads what waits in a queue that nobody else empties."""
        free = [it for it in self.progress.waiting() if it.stream not in self.looked]
        if free:
            queue = free[number % len(free)]
            self.looked[queue.stream] = (queue, *self.progress.entries(queue))

    def post(self, number: int, *, is_taken: bool, is_noted: bool) -> None:
        """Posts the next entry of a queue that was looked at; it may be killed before it notes that it was taken."""
        if not self.looked:
            return
        stream = sorted(self.looked)[number % len(self.looked)]
        queue, rows, upto = self.looked.pop(stream)
        if not rows:
            assert upto is not None
            self.progress.emptied(queue, upto)
        elif not is_taken:
            self.progress.refused(queue, rows[0][0], Outcome(500, "http-500"), NOW)
        else:
            self.taken.setdefault(stream, {}).setdefault(rows[0][0])
            if is_noted:
                left = self.progress.took(queue, rows[0][0], upto if len(rows) == 1 else None)
                if left is not None and rows[1:]:
                    self.looked[stream] = left, rows[1:], upto

    def finish(self) -> None:
        self.looked.clear()
        while True:
            self.take_in(100)
            if not self.progress.waiting():
                return
            self.look(0)
            while self.looked:
                self.post(0, is_taken=True, is_noted=True)


numbers = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("record"), st.sampled_from(TICKETS)),
    st.tuples(st.just("take in"), st.integers(1, 3)),
    st.tuples(st.just("look"), numbers),
    st.tuples(st.just("post"), numbers, st.booleans(), st.booleans()),
    st.tuples(st.just("killed")),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=5, max_size=40))
def test_in_whatever_order_things_happen_everything_is_taken_in_order(happening: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as folder:
        store = Ledgers(Path(folder))
        begun(store, *TICKETS)
        with store.open() as ledger, closing(place_of(store.url())) as place:
            url, wanted = "https://example.com/", Wanted(tickets=TICKETS)
            made, _ = Webhooks(ledger, place).add(url, wanted, after=0, is_private=False, owner=None, now=utc_now())
            progress = Progress(
                made.id, ledger, place, Selecting(ledger), Patience(most_attempts=1_000_000, most_seconds=10**9)
            )
            sender = Sender(progress)
            for minute, it in enumerate(happening):
                match it:
                    case ("record", str(ticket)):
                        record(ledger, followed_up(ticket, minute))
                    case ("take in", int(most)):
                        sender.take_in(most)
                    case ("look", int(number)):
                        sender.look(number)
                    case ("post", int(number), bool(is_taken), bool(is_noted)):
                        sender.post(number, is_taken=is_taken, is_noted=is_noted)
                    case _:
                        sender.looked.clear()
                assert len(progress.waiting()) <= 3
            sender.finish()
        assert {stream: list(taken) for stream, taken in sender.taken.items()} == positions(store)
