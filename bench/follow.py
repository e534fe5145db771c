"""Making the stored accounts of a ledger: against the library's ProjectionRunner keeping the same tables, and against reading
and decoding alone; and a live follower's step.

The library runs one transaction for each entry: its ticket is read, judged and stored, with the position. It is spared the
quotas and the timetable, and is measured on the beginning of the same ledger, since it would take hours on all of it.
"""

import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from shutil import copyfile
from threading import Thread
from time import perf_counter, process_time
from typing import Any, ClassVar

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import ListenNotifySubscription, Tracking
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteFactory, SQLiteTrackingRecorder

from adapters.accounts.building import Building
from adapters.accounts.filling import TicketRows
from adapters.accounts.following import Follower
from adapters.accounts.judging import Judging
from adapters.accounts.places import accounts_of
from adapters.accounts.rows import AccountRows
from adapters.accounts.sqlite import SQLiteAccounts, SQLiteAccountsSession
from adapters.files.recording import record_file
from adapters.ledger import Ledger
from adapters.stores.postgres.schema import ACCOUNTS
from adapters.stores.sqlite import LedgerRecorder
from bench.ledgers import ledger, lines
from bench.measuring import Row, Times, in_turns
from bench.replay import read
from domain.events import Entry, TicketEvent
from tests.adapters.given import DESK, followed_up, opened
from tests.adapters.given import read as read_lines
from tests.postgres_server import Databases, own_server

NOW = datetime(2027, 1, 1, tzinfo=UTC)
SMALL, LARGE = 100_000, 1_000_000
THEIRS = 3_000
_REPEATS, _LARGE_REPEATS = 3, 1
_VERSION = 1
STEPS = 200
_PAUSE_SECONDS = 0.02
_LOOK_SECONDS = 0.0002
"""The reader asks this often: without a pause it would keep a processor from the follower."""


def run(folder: Path) -> list[Row]:
    """Catch-up of both sizes against reading, of the smaller one against the library, and a step of one entry."""
    rows = [*_against_reading(folder, SMALL, _REPEATS), *_against_reading(folder, LARGE, _LARGE_REPEATS)]
    return [*rows, _by_two(folder), *_against_the_library(folder), *_steps(folder), *_lag(folder)]


def _against_reading(folder: Path, count: int, repeats: int) -> list[Row]:
    path = ledger(folder, count)
    with Ledger.open(str(path)) as opened:
        ours, floor = in_turns(partial(_build, opened, path), lambda: read(opened), repeats=repeats, clock=process_time)
    ratio = floor.middle / ours.middle
    return [
        Row(name=f"stored accounts of {count:,} entries made (floor: reading and decoding)", value=count / ours.middle,
            unit="entries/s", spread=ours.spread, floor=count / floor.middle, ratio=ratio, goal="≥ 0.3", met=ratio >= 0.3)
    ]  # fmt: skip


def _by_two(folder: Path) -> Row:
    """By the clock on the wall, starting the processes included."""
    path = ledger(folder, LARGE)
    with Ledger.open(str(path)) as opened:
        ours, floor = in_turns(partial(_build, opened, path, 2), lambda: read(opened), repeats=_LARGE_REPEATS)
    return Row(name="the same of 1,000,000 by two processes", value=LARGE / ours.middle, unit="entries/s", spread=None,
               floor=LARGE / floor.middle, ratio=floor.middle / ours.middle, goal="-", met=None)  # fmt: skip


def _against_the_library(folder: Path) -> list[Row]:
    """By the clock on the wall: the library waits for the disk at every entry."""
    path = ledger(folder, SMALL)
    ours, theirs = Times(), Times()
    with Ledger.open(str(path)) as opened:
        for _ in range(_REPEATS):
            begun = perf_counter()
            _build(opened, path)
            ours.append(SMALL / (perf_counter() - begun))
            theirs.append(_library(folder))
    ratio = ours.middle / theirs.middle
    return [
        Row(name=f"the same (floor: the library's ProjectionRunner, on {THEIRS:,})", value=ours.middle, unit="entries/s",
            spread=ours.spread, floor=theirs.middle, ratio=ratio, goal="≥ 30 x", met=ratio >= 30)
    ]  # fmt: skip


def _build(opened: Ledger, path: Path, workers: int = 1) -> None:
    _forget(path)
    with closing(accounts_of(str(path))) as accounts:
        Building(opened, accounts, lambda: NOW, workers=workers).build()


def _forget(path: Path) -> None:
    for it in path.parent.glob(f"{SQLiteAccounts(path).path.name}*"):
        it.unlink()


def _steps(folder: Path) -> list[Row]:
    """A follower that is up to date, when one entry is recorded: until its rows are committed."""
    path, now = folder / "steps.db", datetime.now(UTC)
    with Ledger.open(str(path), create=True) as kept, closing(accounts_of(str(path))) as accounts:
        record_file(kept, lines(folder, SMALL))
        _open_tickets(kept, now)
        Building(kept, accounts, lambda: now).build()
        follower, times = Follower(kept, accounts, lambda: now), Times()
        follower.follow()
        for number in range(STEPS):
            kept.record(read_lines(_follow_up(number, now)))
            begun = perf_counter()
            follower.step()
            times.append((perf_counter() - begun) * 1000)
    name = f"one entry more, {SMALL:,} there: judged and stored (p99: {_p99(times):.1f} ms)"
    return [Row(name=name, value=times.middle, unit="ms", spread=times.spread, floor=None, ratio=None, goal="-", met=None)]


def _open_tickets(kept: Ledger, now: datetime) -> None:
    """Tickets opened an hour ago, one for each step."""
    at = (now - timedelta(hours=1)).isoformat()
    kept.record(read_lines(*DESK, *(opened(f"T-new-{number}", at=at) for number in range(STEPS))))


def _follow_up(number: int, now: datetime) -> dict[str, Any]:
    return followed_up(f"T-new-{number}") | {"at": now.isoformat()}


def _p99(times: Times) -> float:
    return sorted(times)[len(times) * 99 // 100]


# How soon it is seen ------------------------------------------------------------------------------------------------


def _lag(folder: Path) -> list[Row]:
    """On PostgreSQL, from the commit of an entry until another connection sees its rows; against a NOTIFY and its answer."""
    with own_server() as server:
        url = Databases(server.url).migrated()
        with Ledger.open(url, create=True, keys=folder / "lag.keys") as kept, psycopg.connect(url, autocommit=True) as reader:
            _open_tickets(kept, datetime.now(UTC))
            with _followed(url):
                lags = Times(_seen_after(kept, reader, number) for number in range(STEPS))
        trips = Times(_round_trips(server.url))
    found = []
    for name, ours, floor, goal in (("p50", lags.middle, trips.middle, "-"), ("p99", _p99(lags), _p99(trips), "≤ 5 x")):
        ratio = ours / floor
        found.append(
            Row(name=f"seen after being recorded, {name}, PostgreSQL (floor: NOTIFY and its answer)", value=ours, unit="ms",
                spread=None, floor=floor, ratio=ratio, goal=goal, met=ratio <= 5 if name == "p99" else None)
        )  # fmt: skip
    return found


@contextmanager
def _followed(url: str) -> Iterator[None]:
    """A follower at work, a process of its own."""
    command = [sys.executable, "-m", "adapters.cli", "--ledger", url, "follow"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "Caught up" not in process.stdout.readline():
            pass
        yield
        process.terminate()


def _seen_after(kept: Ledger, reader: "psycopg.Connection[Any]", number: int) -> float:
    """Milliseconds from a recorded follow-up to its row in the bill, when nothing else is recorded."""
    time.sleep(_PAUSE_SECONDS)
    (answer,) = kept.record(read_lines(_follow_up(number, datetime.now(UTC))))
    begun = perf_counter()
    position = getattr(answer, "position", 0)
    asked = f"SELECT 1 FROM {ACCOUNTS}.billing WHERE entry = {position}".encode()
    while reader.execute(asked).fetchone() is None:
        time.sleep(_LOOK_SECONDS)
    return (perf_counter() - begun) * 1000


def _round_trips(url: str) -> Iterator[float]:
    """Milliseconds of a NOTIFY that another thread answers with one."""
    with psycopg.connect(url, autocommit=True) as here, psycopg.connect(url, autocommit=True) as there:
        here.execute("LISTEN answers")
        there.execute("LISTEN questions")

        def answer() -> None:
            for _ in range(STEPS):
                for _ in there.notifies(stop_after=1):
                    pass
                there.execute("NOTIFY answers")

        other = Thread(target=answer)
        other.start()
        for _ in range(STEPS):
            begun = perf_counter()
            here.execute("NOTIFY questions")
            for _ in here.notifies(stop_after=1):
                pass
            yield (perf_counter() - begun) * 1000
        other.join()


# The library's way --------------------------------------------------------------------------------------------------


class _Recorder(LedgerRecorder):
    """The ledger's recorder; the library's own cannot be subscribed to on SQLite."""

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> ListenNotifySubscription[Any]:
        return ListenNotifySubscription(self, gt, topics)


class _Factory(SQLiteFactory):
    application_recorder_class = _Recorder


class _View(SQLiteTrackingRecorder):
    """The tables of the stored accounts, and the position in the same transaction."""

    def store(self, found: TicketRows, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            AccountRows(SQLiteAccountsSession(cursor.sqlite_cursor.connection.cursor()), _VERSION).put_tickets([found])


class _Accounts(Projection[_View]):
    """Judges the ticket of every entry, with all that was recorded of it by then."""

    name = "accounts"
    judging: ClassVar[Judging]
    ledger: ClassVar[Ledger]

    def process_event(self, domain_event: DomainEventProtocol[Any], tracking: Tracking) -> None:
        entry: Any = domain_event
        if isinstance(entry, Entry) and isinstance(entry.event, TicketEvent):
            name = entry.stream.removeprefix("ticket:")
            recorded = [it for it in self.ledger.stream(entry.stream) if it.position <= entry.position]
            found = self.judging.ticket(name, recorded)
            if isinstance(found, TicketRows):
                self.view.store(found, tracking)
                return
        self.view.insert_tracking(tracking)


class _Book(Application[str]):
    name = "book"


def _library(folder: Path) -> float:
    """Entries a second of the library's runner over the beginning of a ledger."""
    path, view = folder / "theirs.db", folder / "theirs-view.db"
    for it in (*folder.glob("theirs.db*"), *folder.glob("theirs-view.db*")):
        it.unlink()
    copyfile(ledger(folder, THEIRS), path)
    env = {
        "PERSISTENCE_MODULE": f"{__name__}:{_Factory.__name__}",
        "MAPPER_TOPIC": "adapters.mapper:EntryMapper",
        "TRANSCODER_TOPIC": "adapters.mapper:NoTranscoder",
        "ORIGINATOR_ID_TYPE": "text",
        "BOOK_SQLITE_DBNAME": str(path),
        "BOOK_CREATE_TABLE": "n",
        "ACCOUNTS_SQLITE_DBNAME": str(view),
    }
    with Ledger.open(str(path)) as opened:
        _Accounts.ledger, _Accounts.judging = opened, Judging(opened, NOW, opened.head())
        with ProjectionRunner(application_class=_Book, projection_class=_Accounts, view_class=_Prepared, env=env) as runner:
            begun = perf_counter()
            runner.wait(opened.head(), timeout=600)
            return opened.head() / (perf_counter() - begun)


class _Prepared(_View):
    """The view, its tables made before the first entry comes."""

    def _create_table(self, c: Any) -> None:
        super()._create_table(c)
        session = SQLiteAccountsSession(c.sqlite_cursor.connection.cursor())
        session.begin_version(_VERSION)
        session.index_version(_VERSION)
