"""Relays killed, paused and revived, and a broker that goes away, while a desk goes on recording: a subscriber still gets every
entry exactly once and in order, and at the end accounts are those of the reports. Real processes, a real broker, real signals.

BITACORA_RELAY_KILLS=1000 for more kills.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from adapters.contract.topics import ENTRIES
from adapters.kafka.relaying import reached_by_lane
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger, utc_now
from dev.kafka.broker import own_broker
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.kafka.accounts_sent import assert_current
from tests.adapters.kafka.relayed import Relaying, made
from tests.adapters.kafka.subscriber import assert_each_once_and_in_order, received
from tests.stores import Ledgers

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("BITACORA_RELAY_KILLS", "100"))
TICKETS = 40
LANES = ("entries", "accounts")


class Relays:
    """Relays of one ledger, one after the other, each a process."""

    def __init__(self, url: str, topics: Topics, log: Path, lanes: tuple[str, ...] = LANES) -> None:
        command = [sys.executable, "-m", "tests.adapters.kafka.driver", url, topics.brokers.addresses, topics.prefix, *lanes]
        self._log = log
        with log.open("wb") as file:
            self._driver = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file, text=True,
                                            cwd=ROOT)  # fmt: skip

    def begin(self) -> int:
        """One more; its process."""
        assert self._driver.stdin is not None
        self._driver.stdin.write("\n")
        self._driver.stdin.flush()
        return int(self._said())

    def await_sent(self) -> None:
        """Until the one begun last has sent something."""
        assert self._said() == "sent\n"

    def ended(self) -> int:
        """The code of the one begun last, once it has ended."""
        while (said := self._said()) == "sent\n":
            pass
        return int(said)

    def said(self) -> str:
        """What they complained of."""
        return self._log.read_text()

    def close(self) -> None:
        """After the last has ended."""
        self._driver.communicate()

    def _said(self) -> str:
        assert self._driver.stdout is not None
        return self._driver.stdout.readline()


@contextmanager
def recording(opened_ledger: Callable[[], Ledger], pause_seconds: float) -> Iterator[Callable[[], int]]:
    """Records follow-ups, a few at a time, for as long as this lasts; yields what tells how many there are."""
    stop, count = Event(), [0]

    def record() -> None:
        with opened_ledger() as ledger:
            while not stop.wait(pause_seconds):
                minutes = range(count[0], count[0] + 3)
                ledger.record(read(*(followed_up(f"T-{it % TICKETS}", it // TICKETS % 600, note=str(it)) for it in minutes)))
                count[0] += 3

    thread = Thread(target=record)
    thread.start()
    try:
        yield lambda: count[0]
    finally:
        stop.set()
        thread.join()


def begun(store: Ledgers) -> None:
    with store.open(create=True, sealed=False) as ledger:
        ledger.record(read(*DESK, *(opened(f"T-{it}") for it in range(TICKETS))))


def wait_until(is_so: Callable[[], bool], seconds: float = 180) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, "it never came to be"
        time.sleep(0.05)


def goes_on(topics: Topics, lanes: Sequence[str] = LANES) -> None:
    """Waits until more is sent, on each of these lanes, than was when this was asked."""

    def positions() -> list[int]:
        found = reached_by_lane(topics)
        return [0 if (reached := found[it]) is None else reached.position for it in lanes]

    before = positions()
    wait_until(lambda: all(now > then for now, then in zip(positions(), before, strict=True)))


def check(store: Ledgers, topics: Topics) -> int:
    """A subscriber has everything once the rest is sent; how many copies of entries there are that it is never shown."""
    Relaying(topics, lanes=LANES).once(store)
    messages = received(topics.brokers.addresses, topics.named(ENTRIES))
    with store.open() as ledger:
        assert_each_once_and_in_order(messages, ledger.head())
        assert_current(ledger, topics, utc_now())
    return len(received(topics.brokers.addresses, topics.named(ENTRIES), "read_uncommitted")) - len(messages)


def test_a_hundred_kills_lose_nothing_and_double_nothing(
    store: Ledgers, brokers: str, topic_prefix: str, tmp_path: Path
) -> None:
    chance, topics = random.Random(100), made(brokers, topic_prefix)
    begun(store)
    relays = Relays(store.url(), topics, tmp_path / "said")
    kills = KILLS if store.databases is None else KILLS // 5
    with recording(store.open, 0.01) as count:
        for _ in range(kills):
            process, before = relays.begin(), count()
            # Some while they begin, most of them at work.
            if chance.random() < 0.7:
                relays.await_sent()
                time.sleep(chance.uniform(0, 0.15))
            else:
                time.sleep(chance.uniform(0, 0.4))
            os.kill(process, signal.SIGKILL)
            assert relays.ended() == -signal.SIGKILL, relays.said()
        assert count() > before, "nothing was recorded meanwhile"
    relays.close()
    undone = check(store, topics)
    assert undone > 0, "no kill was in the middle of a transaction"
    assert "taken over" not in relays.said()


def test_a_paused_relay_that_is_revived_is_fenced_and_says_so(
    store: Ledgers, brokers: str, topic_prefix: str, tmp_path: Path
) -> None:
    chance, topics = random.Random(store.url()), made(brokers, topic_prefix)
    begun(store)
    with recording(store.open, 0.01):
        old, new = Relays(store.url(), topics, tmp_path / "old"), Relays(store.url(), topics, tmp_path / "new")
        paused = old.begin()
        goes_on(topics)
        time.sleep(chance.uniform(0, 0.3))
        os.kill(paused, signal.SIGSTOP)
        working = new.begin()
        # Accounts wait: the follower in the paused relay may have been at work, and holds its lock.
        goes_on(topics, ["entries"])
        os.kill(paused, signal.SIGCONT)
        assert old.ended() == 1
        assert "another relay has taken over" in old.said()
        goes_on(topics)
        os.kill(working, signal.SIGTERM)
        assert (new.ended(), new.said()) == (0, "")
        old.close()
        new.close()
    check(store, topics)


def test_a_broker_that_is_stopped_and_killed_under_load_delays_everything_and_loses_nothing(
    topic_prefix: str, tmp_path: Path
) -> None:
    store = Ledgers(tmp_path)
    begun(store)
    with own_broker() as broker:
        topics = made(broker.address, topic_prefix)
        relays = Relays(store.url(), topics, tmp_path / "said")
        with recording(store.open, 0.01):
            working = relays.begin()
            for ended in (broker.stop, broker.kill):
                goes_on(topics)
                ended()
                wait_until(lambda: f"Kafka at {broker.address}" in relays.said())
                broker.start()
            goes_on(topics)
            os.kill(working, signal.SIGTERM)
            assert relays.ended() == 0, relays.said()
        relays.close()
        check(store, topics)
