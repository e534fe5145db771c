"""What every store does alike, below the ledger: the library's recorder over its rows, and being begun."""

import subprocess
import sys
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError, Notification, StoredEvent

from adapters.mapper import EntryMapper, NoTranscoder
from tests.adapters.given import DESK, followed_up, opened, read
from tests.stores import Ledgers


@pytest.fixture
def filled(store: Ledgers) -> Ledgers:
    """A ledger of 306 entries, closed."""
    with store.open(create=True) as ledger:
        ledger.record(read(*DESK, opened("T-1"), *(followed_up("T-1", number) for number in range(300))))
    return store


class TestTheLibrary:
    """What issue 5's followers use: the library's recorder and mapper over the same rows."""

    def test_the_notification_log_pages_through_the_entries(self, filled: Ledgers) -> None:
        with filled.open() as ledger:
            recorder, mapper = ledger._store.recorder, EntryMapper(NoTranscoder())
            assert recorder.max_notification_id() == ledger.head() == 306
            page = recorder.select_notifications(start=4, limit=3)
            assert [it.id for it in page] == [4, 5, 6]
            assert [mapper.to_domain_event(it) for it in page] == list(ledger.entries(after=3, upto=6))
            only = recorder.select_notifications(start=None, limit=9, topics=["TicketOpened"], inclusive_of_start=False)
            assert [(it.id, it.topic) for it in only] == [(6, "TicketOpened")]

    def test_a_stream_is_selected_by_version(self, filled: Ledgers) -> None:
        with filled.open() as ledger:
            found = ledger._store.recorder.select_events("ticket:T-1", gt=1, lte=4, desc=True, limit=2)
            assert [(it.originator_id, it.originator_version) for it in found] == [("ticket:T-1", 4), ("ticket:T-1", 3)]
            assert all(isinstance(it, Notification) for it in found)

    def test_a_stored_entry_and_its_mapping_are_the_same_bytes(self, filled: Ledgers) -> None:
        with filled.open() as ledger:
            mapper = EntryMapper(NoTranscoder())
            for stored in ledger._store.recorder.select_notifications(1, 400):
                again = mapper.to_stored_event(mapper.to_domain_event(stored))
                assert (again.topic, again.state) == (stored.topic, stored.state)
                assert (again.originator_id, again.originator_version) == (stored.originator_id, stored.originator_version)

    def test_a_version_taken_already_is_a_conflict(self, filled: Ledgers) -> None:
        with filled.open() as ledger:
            recorder = ledger._store.recorder
            assert recorder.insert_events([StoredEvent("ticket:T-1", 302, "FollowedUp", b"{}")]) == range(307, 308)
            with pytest.raises(IntegrityError):
                recorder.insert_events([StoredEvent("ticket:T-1", 302, "FollowedUp", b"{}")])
            assert recorder.max_notification_id() == 307


ROOT = Path(__file__).parents[3]
OPEN = (
    "import sys; from pathlib import Path; from adapters.ledger import Ledger;"
    " Ledger.open(sys.argv[1], create=True, keys=Path(sys.argv[2])).close()"
)


def test_several_processes_that_begin_a_ledger_at_once_begin_one(store: Ledgers) -> None:
    command = [sys.executable, "-c", OPEN, store.url(), str(store.keys())]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(5)]
    assert [it.wait(60) for it in running] == [0] * 5
    with store.open() as ledger:
        assert [it.stream for it in ledger.entries()] == ["terms:grupo-staff", "terms:customsoft"]
