"""Appending on PostgreSQL: one entry at a time by 1, 4 and 16 writers, and a large file at once.

The writers are threads of one process, each waiting for its answer before it goes on. Theirs is the library's own way: one
`insert_events` after the other, its table, its lock, its NOTIFY; and, as a floor that promises no order at all, a bare INSERT
of the same bytes, each committed by itself. A large file is held against a bare COPY of the rows that it left, into the same
tables and indexes without their guards, in transactions of as many entries; so are, to tell what guards cost from what judging
entries costs, the same rows with the guards. The server is durable (`fsync`), in all of them.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg import conninfo

from adapters.files.recording import BATCH_LINES, record_file
from adapters.ledger import Ledger, Taken
from adapters.mapper import id_at, random_tail, state_of
from adapters.stores.postgres.connecting import prepare
from bench.ledgers import lines
from bench.measuring import REPEATS, Row, Times
from domain.events import Entry
from tests.adapters.given import DESK, followed_up, opened, read
from tests.postgres_server import Databases, own_server

WRITERS = (1, 4, 16)
SECONDS = 2.0
ENTRIES = 50_000
_BARE = (
    'CREATE TABLE bare (position bigserial PRIMARY KEY, stream text COLLATE "C", version bigint, topic text, state bytea,'
    " UNIQUE (stream, version))"
)
_TABLES = {
    "stored_events": "notification_id, originator_id, originator_version, topic, state",
    "entry_keys": "key, position",
    "client_streams": "client, stream",
}


def run(folder: Path) -> list[Row]:
    """Rows for each number of writers, and for the large file."""
    with own_server() as server:
        databases = Databases(server.url)
        rows = [row for writers in WRITERS for row in _appending(databases, writers)]
        return [*rows, *_bulk(databases, lines(folder, ENTRIES))]


# One at a time ------------------------------------------------------------------------------------------------------


def _appending(databases: Databases, writers: int) -> list[Row]:
    with ExitStack() as stack:
        ways = [stack.enter_context(way(databases, writers)) for way in (_ours, _library, _bare)]
        rates: list[Times] = [Times() for _ in ways]
        for _ in range(REPEATS):
            for way, found in zip(ways, rates, strict=True):
                found.append(_rate(way, writers))
    ours, library, bare = rates
    name = f"append one entry at a time, {writers} writer{'s' if writers > 1 else ''}"
    against = ours.middle / library.middle
    goal = "≥ 8 x the library" if writers == 16 else "-"
    return [
        Row(name=f"{name} (floor: the library)", value=ours.middle, unit="entries/s", spread=ours.spread, floor=library.middle,
            ratio=against, goal=goal, met=against >= 8 if writers == 16 else None),
        Row(name=f"{name} (floor: a bare INSERT)", value=ours.middle, unit="entries/s", spread=ours.spread, floor=bare.middle,
            ratio=ours.middle / bare.middle, goal="-", met=None),
    ]  # fmt: skip


def _rate(append: Callable[[int], None], writers: int) -> float:
    """Entries a second of all writers together."""
    ends = perf_counter() + SECONDS

    def write(writer: int) -> int:
        count = 0
        while perf_counter() < ends:
            append(writer)
            count += 1
        return count

    begun = perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        return sum(pool.map(write, range(writers))) / (perf_counter() - begun)


@contextmanager
def _ours(databases: Databases, writers: int) -> Iterator[Callable[[int], None]]:
    with Ledger.open(databases.migrated(), create=True) as ledger:
        ledger.record(read(*DESK, *(opened(f"T-{number}") for number in range(writers))))
        events = [read(followed_up(f"T-{number}")) for number in range(writers)]

        def append(writer: int) -> None:
            (answer,) = ledger.record(events[writer])
            if not isinstance(answer, Taken):
                raise RuntimeError(answer)

        yield append


@contextmanager
def _library(databases: Databases, writers: int) -> Iterator[Callable[[int], None]]:
    parts = conninfo.conninfo_to_dict(databases.empty())
    place = [str(parts.get(it) or "") for it in ("dbname", "host", "port", "user", "password")]
    with PostgresDatastore(*place, pool_size=writers, originator_id_type="text") as datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        state, versions = _state(), [0] * writers

        def append(writer: int) -> None:
            versions[writer] += 1
            recorder.insert_events([StoredEvent(f"ticket:T-{writer}", versions[writer], "FollowedUp", state)])

        yield append


@contextmanager
def _bare(databases: Databases, writers: int) -> Iterator[Callable[[int], None]]:
    url = databases.empty()
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(psycopg.connect(url, autocommit=True))) for _ in range(writers)]
        connections[0].execute(_BARE)
        state, versions = _state(), [0] * writers

        def append(writer: int) -> None:
            versions[writer] += 1
            connections[writer].execute(
                "INSERT INTO bare (stream, version, topic, state) VALUES (%s, %s, 'FollowedUp', %s)",
                (f"ticket:T-{writer}", versions[writer], state),
            )

        yield append


def _state() -> bytes:
    """The same bytes as ours stores."""
    event: Any = read(followed_up("T-0"))[0]
    return state_of(Entry(1, "ticket:T-0", 2, datetime.now(UTC), id_at(1, random_tail()), event))


# A large file -------------------------------------------------------------------------------------------------------


def _bulk(databases: Databases, source: Path) -> list[Row]:
    ours, guarded, floors = Times(), Times(), Times()
    for _ in range(REPEATS):
        url = databases.migrated()
        with Ledger.open(url, create=True) as ledger:
            begun = perf_counter()
            record_file(ledger, source)
            ours.append(perf_counter() - begun)
        floors.append(_copied_seconds(databases, url))
        guarded.append(_copied_seconds(databases, url, are_guarded=True))
        databases.drop(url)
    ratio, of_store = floors.middle / ours.middle, floors.middle / guarded.middle
    return [
        Row(name=f"the store alone, the rows of {ENTRIES:,} entries in bulk", value=ENTRIES / guarded.middle, unit="entries/s",
            spread=guarded.spread, floor=ENTRIES / floors.middle, ratio=of_store, goal="≥ 0.3 of a bare COPY",
            met=of_store >= 0.3),
        Row(name=f"recording {ENTRIES:,} entries in bulk on PostgreSQL", value=ENTRIES / ours.middle, unit="entries/s",
            spread=ours.spread, floor=ENTRIES / floors.middle, ratio=ratio, goal="≥ 0.3 of a bare COPY", met=ratio >= 0.3),
    ]  # fmt: skip


def _copied_seconds(databases: Databases, recorded: str, *, are_guarded: bool = False) -> float:
    """How long it takes to copy the rows of a ledger into tables that are the same, without their guards or with them."""
    batches = _batches(recorded)
    url = databases.migrated()
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        prepare(connection)
        for table in () if are_guarded else _TABLES:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        begun = perf_counter()
        for batch in batches:
            with connection.transaction():
                for table, content in batch.items():
                    with connection.cursor().copy(f"COPY {table} ({_TABLES[table]}) FROM STDIN (FORMAT BINARY)") as copy:
                        copy.write(content)
        seconds = perf_counter() - begun
    databases.drop(url)
    return seconds


def _batches(recorded: str) -> list[dict[str, bytes]]:
    """What COPY is given for every table, of so many entries together; what names no entry is spread evenly."""
    found = []
    with closing(psycopg.connect(recorded, autocommit=True)) as connection:
        prepare(connection)
        (total,) = connection.execute("SELECT count(*) FROM stored_events").fetchone() or (0,)
        for first in range(0, total, BATCH_LINES):
            found.append({table: _content(connection, table, first, first + BATCH_LINES, total) for table in _TABLES})
    return found


def _content(connection: "psycopg.Connection[Any]", table: str, first: int, last: int, total: int) -> bytes:
    column = {"stored_events": "notification_id", "entry_keys": "position"}.get(table)
    which = f"{column} > {first} AND {column} <= {last} ORDER BY {column}"
    if column is None:
        number = f"(row_number() OVER (ORDER BY client, stream) - 1) * {total} / count(*) OVER ()"
        table = f"(SELECT *, {number} AS entry FROM {table}) AS numbered"
        which = f"entry >= {first} AND entry < {last}"
    columns = _TABLES.get(table, _TABLES["client_streams"])
    with connection.cursor().copy(f"COPY (SELECT {columns} FROM {table} WHERE {which}) TO STDOUT (FORMAT BINARY)") as copy:
        return b"".join(bytes(it) for it in copy)
