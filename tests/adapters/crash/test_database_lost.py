"""A database that goes away under whoever writes: crashed, its connections ended, its disk full. On a server of our own."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from adapters.ledger import Ledger, LedgerError, Taken
from adapters.mapper import LedgerBusy
from adapters.proofs.verifying import verify
from adapters.stores.postgres.connecting import prepare
from tests.adapters.crash.small_disk import mounted, unmounted
from tests.adapters.crash.test_recording_killed import ROOT, assert_dense
from tests.adapters.given import DESK, export, followed_up, opened, read
from tests.postgres_server import Databases, Server, own_server

WRITERS = 4
ENTRIES = 150
CRASHES = 3
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server() as server:
        yield server


@pytest.fixture
def url(server: Server, tmp_path: Path) -> Iterator[str]:
    """A ledger with a ticket for each writer, on a server of our own."""
    databases = Databases(server.url)
    url = databases.migrated()
    with Ledger.open(url, create=True, keys=tmp_path / "keys") as ledger:
        ledger.record(read(*DESK, *(opened(f"T-{number}") for number in range(WRITERS))))
    yield url
    databases.drop()


def writers(url: str, tmp_path: Path) -> "list[subprocess.Popen[str]]":
    command = [sys.executable, "-m", "tests.adapters.crash.writer", url, str(tmp_path / "keys")]
    return [
        subprocess.Popen([*command, f"T-{number}", str(ENTRIES)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for number in range(WRITERS)
    ]


def heard(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    assert process.stdout is not None
    lines.extend(process.stdout)


def outcome(url: str, tmp_path: Path, disturb: "Iterator[None]") -> list[list[str]]:
    """What each writer said by the time all were done, while something disturbed them as soon as they were at it."""
    running = writers(url, tmp_path)
    said: list[list[str]] = [[] for _ in running]
    listening = [threading.Thread(target=heard, args=it) for it in zip(running, said, strict=True)]
    for it in listening:
        it.start()
    for number, _ in enumerate(disturb, 1):
        while min(map(len, said)) < number * ENTRIES // 5 and any(it.poll() is None for it in running):
            time.sleep(0.01)
        assert any(it.poll() is None for it in running), "no writer was left to disturb"
    for it in listening:
        it.join()
    assert [it.wait() for it in running] == [0] * WRITERS
    return said


def assert_all_there_once(url: str, tmp_path: Path, said: list[list[str]]) -> None:
    """Every entry once, where it was said to be; positions dense; and the ledger is whole."""
    with Ledger.open(url, keys=tmp_path / "keys") as ledger:
        entries = export(ledger)
        assert verify(ledger, None).difference is None
    assert_dense(entries)
    keys = [it["key"] for it in entries if "key" in it]
    assert sorted(keys) == sorted(f"T-{writer}-{number}" for writer in range(WRITERS) for number in range(ENTRIES))
    positions = {it["key"]: it["position"] for it in entries if "key" in it}
    for line in (line for lines in said for line in lines if line.startswith(("Taken", "Same"))):
        _, key, position = line.split()
        assert positions[key] == int(position)


def test_a_server_that_crashes_under_load_loses_nothing_acknowledged(server: Server, url: str, tmp_path: Path) -> None:
    def crash() -> Iterator[None]:
        for _ in range(CRASHES):
            yield
            server.crash()
            server.start()
        yield

    said = outcome(url, tmp_path, crash())
    assert_all_there_once(url, tmp_path, said)


def test_connections_that_are_ended_under_load_lose_nothing_acknowledged(url: str, tmp_path: Path) -> None:
    def terminate() -> Iterator[None]:
        with psycopg.connect(url, autocommit=True) as connection:
            for _ in range(4):
                yield
                connection.execute(TERMINATE)

    said = outcome(url, tmp_path, terminate())
    assert_all_there_once(url, tmp_path, said)


def test_a_connection_that_was_ended_while_idle_is_replaced_without_a_word(url: str, tmp_path: Path) -> None:
    with Ledger.open(url, keys=tmp_path / "keys") as ledger, psycopg.connect(url, autocommit=True) as other:
        for number in range(5):
            (answer,) = ledger.record(read(followed_up("T-0", number)))
            assert isinstance(answer, Taken)
            other.execute(TERMINATE)
            assert ledger.head() == answer.position
            assert ledger.wait_for_news(0, 5) == answer.position
            other.execute(TERMINATE)


def test_a_server_that_starts_again_meanwhile_is_waited_for(server: Server, url: str, tmp_path: Path) -> None:
    with Ledger.open(url, keys=tmp_path / "keys") as ledger:
        head = ledger.head()
        server.crash()
        starting = threading.Timer(0.5, server.start)
        starting.start()
        assert ledger.record(read(followed_up("T-0"))) == [Taken(head + 1, (head + 1,))]
        starting.join()


class TestACommitWhoseAnswerIsLost:
    """The connection ends between the commit and its answer: what is told is what became of it."""

    @pytest.mark.parametrize("is_committed", [True, False])
    def test_what_became_of_it_is_found_out(
        self, url: str, tmp_path: Path, is_committed: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Ledger.open(url, keys=tmp_path / "keys") as ledger, psycopg.connect(url, autocommit=True) as other:
            head, store = ledger.head(), ledger._store
            commit = store._commit

            def lost(connection: "psycopg.Connection[object]") -> str | None:
                if is_committed:
                    commit(connection)
                other.execute(TERMINATE)
                return commit(connection)

            monkeypatch.setattr(store, "_commit", lost)
            if is_committed:
                assert ledger.record(read(followed_up("T-0"))) == [Taken(head + 1, (head + 1,))]
            else:
                with pytest.raises(LedgerError, match="nothing was written"):
                    ledger.record(read(followed_up("T-0")))
            assert ledger.head() == head + is_committed
            monkeypatch.undo()
            assert ledger.record(read(followed_up("T-0"))) == [Taken(head + 1 + is_committed, (head + 1 + is_committed,))]

    def test_a_transaction_whose_number_went_to_another_after_a_crash_is_not_taken_for_it(
        self, server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with Ledger.open(url, keys=tmp_path / "keys") as ledger:
            head, store = ledger.head(), ledger._store
            commit = store._commit

            def lost(connection: "psycopg.Connection[object]") -> str | None:
                server.crash()
                server.start()
                with psycopg.connect(url, autocommit=True) as other:
                    for _ in range(20):
                        other.execute("SELECT pg_current_xact_id()")
                return commit(connection)

            monkeypatch.setattr(store, "_commit", lost)
            with pytest.raises(LedgerError, match="nothing was written"):
                ledger.record(read(followed_up("T-0")))
            monkeypatch.undo()
            assert ledger.record(read(followed_up("T-0"))) == [Taken(head + 1, (head + 1,))]
            assert verify(ledger, None, []).difference is None

    def test_a_server_that_does_not_come_back_is_told_as_not_known(
        self, server: Server, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("adapters.stores.postgres.store.WAIT_SECONDS", 0.5)
        with Ledger.open(url, keys=tmp_path / "keys") as ledger:
            store, commit = ledger._store, ledger._store._commit

            def lost(connection: "psycopg.Connection[object]") -> str | None:
                server.crash()
                return commit(connection)

            monkeypatch.setattr(store, "_commit", lost)
            with pytest.raises(LedgerError, match="is not there to say whether it was"):
                ledger.record(read(followed_up("T-0")))
            monkeypatch.undo()
            server.start()
            assert ledger.record(read(followed_up("T-0")))[0].position


def test_a_writer_that_stopped_in_the_middle_keeps_the_others_waiting_no_longer_than_they_wait(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.stores.postgres.connecting._SESSION", "SET search_path = bitacora; SET lock_timeout = '0.2s'")
    with psycopg.connect(url) as stopped, Ledger.open(url, keys=tmp_path / "keys") as ledger:
        prepare(stopped)
        stopped.execute("BEGIN")
        stopped.execute("SELECT lock_head()")
        with pytest.raises(LedgerBusy, match="written by another process"):
            ledger.record(read(followed_up("T-0")))
        stopped.execute("ROLLBACK")
        assert ledger.record(read(followed_up("T-0")))[0].position


# Where the tests may not mount a small disk, the database refuses as it does on a full one.
FULL = (
    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.notification_id > 500 THEN"
    " RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER full_disk BEFORE INSERT ON stored_events FOR EACH ROW EXECUTE FUNCTION full_disk()",
)


class SmallDisk:
    """A database on a disk of its own that is soon full, until it is given room."""

    def __init__(self, server: Server, databases: Databases, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.is_real = mounted("tmpfs", folder, "size=16m")
        if self.is_real:
            server.give(folder)
            databases.say(f"CREATE TABLESPACE small LOCATION '{folder}'")
        self.url = databases.migrated(tablespace="small" if self.is_real else "pg_default")
        if not self.is_real:
            self._say(*FULL)

    def give_room(self) -> None:
        if self.is_real:
            assert mounted("tmpfs", self.folder, "remount,size=64m")
        else:
            self._say("DROP TRIGGER full_disk ON stored_events")

    def _say(self, *statements: str) -> None:
        with psycopg.connect(self.url) as connection:
            prepare(connection)
            for it in statements:
                connection.execute(it)


def test_a_full_disk_takes_nothing_by_halves_and_the_ledger_goes_on_once_there_is_room(tmp_path: Path) -> None:
    chance = random.Random(3)
    # As long as a note may be, and not to be compressed.
    notes = (chance.randbytes(15_000).hex() for _ in range(3_000))
    with own_server() as server:
        disk = SmallDisk(server, databases := Databases(server.url), server.home / "small")
        try:
            with Ledger.open(disk.url, create=True, sealed=False) as ledger:
                ledger.record(read(*DESK, opened("T-0")))
                taken = ledger.head()
                with pytest.raises(LedgerError, match="no room left"):
                    for note in notes:
                        batch = read(*(followed_up("T-0", minute, note=note) for minute in range(3)))
                        taken = ledger.record(batch)[-1].position or 0
                assert ledger.head() == taken > 100
                assert_dense(export(ledger))
                disk.give_room()
                (answer,) = ledger.record(read(followed_up("T-0", key="later")))
                assert answer == Taken(taken + 1, (taken + 1,))
                assert verify(ledger, None).difference is None
        finally:
            databases.drop()
            if disk.is_real:
                databases.say("DROP TABLESPACE small")
                unmounted(disk.folder)
