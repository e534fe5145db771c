"""Every documented view on 100,000 tickets, asked while entries are recorded and followed, against the same query when nobody
records.

Writer and follower are processes of their own, as at a desk: `python -m bench.views write|follow URL KEYS`.
"""

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from os import cpu_count
from pathlib import Path
from time import perf_counter

from adapters.accounts.building import Building, in_use
from adapters.accounts.places import Accounts, accounts_of
from adapters.accounts.running import Running
from adapters.accounts.views import VIEWS, View
from adapters.ledger import Ledger
from adapters.proofs.tree import TreeRows
from adapters.stores.places import Store
from adapters.stores.places import opened as opened_store
from bench.follow import LARGE, NOW
from bench.ledgers import ledger
from bench.measuring import Row, Times
from domain.refusal import said
from tests.adapters.given import DESK, followed_up, opened, read
from tests.postgres_server import Databases, own_server

TICKETS = 100_000
LEAST_RUNS, SECONDS_EACH = 3, 1.0
EVERY_SECONDS = 0.02
"""The pause between two entries: fifty in a second, one by one, if recording them took no time."""
_PAGE = 10_000
_STORES = ("SQLite", "PostgreSQL")


def run(folder: Path) -> list[Row]:
    """Each view on each store: the median while entries are recorded and followed, against that when nobody is at work."""
    found = []
    with own_server() as server:
        for name, url in zip(_STORES, (str(folder / "views.db"), Databases(server.url).migrated()), strict=True):
            keys = _copied(folder, url)
            with Ledger.open(url, keys=keys) as kept, closing(accounts_of(url)) as accounts:
                Building(kept, accounts, lambda: NOW, workers=cpu_count() or 1).build()
                found += _measured(name, url, keys, accounts)
    return found


def _measured(store: str, url: str, keys: Path, accounts: Accounts) -> Iterator[Row]:
    quiet = [_asked(accounts, it) for it in VIEWS]
    with _at_work(url, keys, accounts) as first:
        begun = perf_counter()
        loaded = [_asked(accounts, it) for it in VIEWS]
        followed = (_position(accounts) - first) / (perf_counter() - begun)
    for view, alone, busy in zip(VIEWS, quiet, loaded, strict=True):
        name = f"view {view.name}, {store}, {TICKETS:,} tickets, with {followed:.0f} entries/s recorded and followed"
        name += f" (slowest: {max(busy):.0f} ms; floor: nobody at work, slowest: {max(alone):.0f} ms)"
        yield Row(name=name, value=busy.middle, unit="ms", spread=busy.spread, floor=alone.middle,
                  ratio=busy.middle / alone.middle, goal="-", met=None)  # fmt: skip


def _asked(accounts: Accounts, view: View) -> Times:
    """Milliseconds of the documented query, again and again."""
    times, ends = Times(), perf_counter() + SECONDS_EACH
    while len(times) < LEAST_RUNS or perf_counter() < ends:
        begun = perf_counter()
        with accounts.reading() as session:
            session.all(view.query)
        times.append((perf_counter() - begun) * 1000)
    return times


# The ledger ---------------------------------------------------------------------------------------------------------


def _copied(folder: Path, url: str) -> Path:
    """The beginning of the large ledger, as far as it has so many tickets, copied into a new one; where its keys are."""
    source = ledger(folder, LARGE)
    with closing(sqlite3.connect(source)) as plain:
        (upto,) = plain.execute(
            "SELECT rowid FROM stored_events WHERE originator_version = 1 AND originator_id LIKE 'ticket:%'"
            " ORDER BY rowid LIMIT 1 OFFSET ?", (TICKETS - 1,)
        ).fetchone()  # fmt: skip
        clients = plain.execute("SELECT client, stream FROM client_streams").fetchall()
        (sealed,) = plain.execute("SELECT id FROM key_store").fetchone()
    with Ledger.open(str(source)) as large:
        target = opened_store(url, create=True)
        try:
            _copy(large, target, upto, clients, sealed)
        finally:
            target.close()
        return source.with_name(f"{source.name}.keys")


def _copy(source: Ledger, target: Store, upto: int, clients: Sequence[tuple[str, str]], sealed: str) -> None:
    for after in range(0, upto, _PAGE):
        with source.reading(said("reading entries")) as plain, target.writing() as rows:
            rows.insert(TreeRows.of(plain).raw(after, upto, _PAGE))
            if after == 0:
                rows.insert_client_streams(clients)
                rows.keep_key_store(sealed)


# Who is at work -----------------------------------------------------------------------------------------------------


@contextmanager
def _at_work(url: str, keys: Path, accounts: Accounts) -> Iterator[int]:
    """A writer and a follower, from the moment that the follower has followed something, with its position then, until it no
    longer matters."""
    processes = [subprocess.Popen([sys.executable, "-m", "bench.views", what, url, str(keys)]) for what in ("follow", "write")]
    try:
        first = _position(accounts)
        while _position(accounts) == first:
            time.sleep(0.1)
        first = _position(accounts)
        yield first
        if _position(accounts) == first or any(it.poll() is not None for it in processes):
            raise RuntimeError("nobody was at work")
    finally:
        for it in processes:
            it.terminate()
            it.wait()


def _position(accounts: Accounts) -> int:
    version = in_use(accounts)
    return 0 if version is None else version.position


def _write(url: str, keys: Path) -> None:
    with Ledger.open(url, keys=keys) as kept:
        kept.record(read(*DESK))
        begun = time.time_ns()
        for number in range(10**9):
            ticket = f"T-load-{begun}-{number // 5}"
            kept.record(read(opened(ticket) if number % 5 == 0 else followed_up(ticket, number % 5)))
            time.sleep(EVERY_SECONDS)


def main(what: str, url: str, keys: str) -> None:
    """Records, or follows, until it is ended."""
    if what == "write":
        _write(url, Path(keys))
    else:
        Running(url, lambda *_: None, lambda: NOW).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
