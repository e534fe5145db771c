"""A ledger, its relay and workers as processes, on a real broker; and what the topics hold in the end against a replay."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from adapters.contract.topics import ENTRIES
from adapters.demo.desk import entries
from adapters.kafka.brokers import Brokers, access_from
from adapters.kafka.positions import last_reached
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger, utc_now
from adapters.live.loading import loaded
from adapters.live.rows import decode_change, decode_policy, decode_ticket
from adapters.live.tending import SETTLE_SECONDS
from adapters.live.topics import CHANGES, POLICIES, TICKETS
from adapters.reports.reports import Reports
from domain.refusal import Refused
from domain.shape import read_entry
from projections.contracts import Question
from tests.adapters.live.simulated import check_policy, check_ticket, check_told

PARTITIONS = 4
_WAIT_SECONDS = 120
# One whole comparison, begun after the last entry was delivered, has ended by then: what was lost is healed.
_COMPARE_SECONDS = 2
_HEALED_SECONDS = 2 * (_COMPARE_SECONDS + SETTLE_SECONDS) + 4
_SEED, _ENTRIES = 11, 12_000
_START = [sys.executable, "-m", "adapters.cli"]
_ROOT = Path(__file__).parents[3]


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Worker:
    """`bitacora live` as a process."""

    def __init__(self, env: dict[str, str], prefix: str, name: str, port: int) -> None:
        self.name, self.port = name, port
        self.is_wanted = True
        arguments = ["live", "--topic-prefix", prefix, "--name", name, "--listen", f"127.0.0.1:{self.port}",
                     "--compare-every", str(_COMPARE_SECONDS)]  # fmt: skip
        self.process = subprocess.Popen([*_START, *arguments], env=env, cwd=_ROOT, stdout=subprocess.DEVNULL)

    def asked(self, path: str) -> Any:
        """What it answers."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            return json.load(answer)

    def health(self) -> dict[str, Any] | None:
        """How it is; None if it does not answer, or is not at work."""
        try:
            found: dict[str, Any] = self.asked("/health")
            return found
        except (URLError, OSError):
            return None

    def at_work(self) -> dict[str, Any]:
        """How it is, as soon as it has partitions."""
        until = time.monotonic() + _WAIT_SECONDS
        while time.monotonic() < until and self.process.poll() is None:
            if (found := self.health()) is not None and found["partitions"]:
                return found
            time.sleep(0.05)
        raise AssertionError(f"{self.name} does not get to work (ended with {self.process.poll()})")

    def kill(self) -> None:
        """Kills it, as nothing can be caught."""
        self.is_wanted = False
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        """Ends it as a supervisor does; its exit code."""
        self.is_wanted = False
        self.process.terminate()
        return self.process.wait(60)


class Streams:
    """One ledger, and what runs on it. Everything that was started is ended by `close`."""

    def __init__(
        self, brokers: str, prefix: str, folder: Path, url: str | None = None, kafka_config: Path | None = None
    ) -> None:
        """The ledger is at `url`; else in a file in `folder`, where its keys are in any case. `kafka_config` says how
        brokers are reached that ask for more."""
        self.topics = Topics(Brokers(brokers, access_from(kafka_config, os.environ)), prefix)
        self.url = url or str(folder / "desk.db")
        keys = folder / "desk.db.keys"
        self.env = {**os.environ, "BITACORA_BROKERS": brokers, "BITACORA_LEDGER": self.url, "BITACORA_KEYS": str(keys),
                    "BITACORA_KAFKA_CONFIG": str(kafka_config or ""), "PYTHONPATH": str(_ROOT)}  # fmt: skip
        self.ledger = Ledger.open(self.url, create=True, keys=keys)
        self.workers: list[Worker] = []
        self._ports: dict[str, int] = {}
        self._proposed = map(self._read, entries(_SEED, _ENTRIES))
        self._relay: subprocess.Popen[bytes] | None = None
        self._stop = Event()
        self._load: Thread | None = None
        self.topics.create(PARTITIONS)

    @staticmethod
    def _read(entry: dict[str, Any]) -> Any:
        try:
            return read_entry(json.dumps(entry).encode())
        except Refused as refused:
            return refused

    def record(self, count: int) -> None:
        """So many more entries of a lifelike desk."""
        self.ledger.record(list(islice(self._proposed, count)))

    def load(self, at_once: int, every_seconds: float) -> None:
        """Records again and again until `settle`."""

        def record() -> None:
            while not self._stop.wait(every_seconds):
                self.record(at_once)

        self._load = Thread(target=record)
        self._load.start()

    def relay(self) -> None:
        """Starts the relay; one that runs is killed."""
        self._end_relay()
        command = [*_START, "relay", "--topic-prefix", self.topics.prefix]
        self._relay = subprocess.Popen(command, env=self.env, cwd=_ROOT, stdout=subprocess.DEVNULL)

    def _end_relay(self) -> None:
        if self._relay is not None:
            self._relay.kill()
            self._relay.wait()

    def worker(self, name: str) -> Worker:
        """Starts a worker."""
        found = Worker(self.env, self.topics.prefix, name, self._ports.setdefault(name, free_port()))
        self.workers.append(found)
        return found

    def close(self) -> None:
        """Ends everything."""
        self._end_load()
        self._end_relay()
        for it in self.workers:
            if it.process.poll() is None:
                it.kill()
        self.ledger.close()

    def _end_load(self) -> None:
        self._stop.set()
        if self._load is not None:
            self._load.join()

    # In the end -----------------------------------------------------------------------------------------------------

    def of_topic(self, topic: str) -> Iterator[tuple[bytes, bytes]]:
        """The committed messages of a topic, key and value, by partition and offset."""
        name = self.topics.named(topic)
        for partition in range(PARTITIONS):
            for it in loaded(self.topics.brokers, [(name, partition)]):
                assert it.value is not None
                yield it.key, it.value

    def settle(self) -> None:
        """Nothing more is recorded; waits until every ticket and policy is live up to its last entry."""
        self._end_load()
        head = self.ledger.head()
        until = time.monotonic() + _WAIT_SECONDS
        while (behind := head - self._relayed()) and time.monotonic() < until:
            time.sleep(0.5)
        assert not behind
        self.ledger_is_live()
        time.sleep(_HEALED_SECONDS)
        self._wait_for_turns()

    def ledger_is_live(self) -> None:
        """Waits until every ticket and policy is live up to its last entry."""
        with self.ledger.reading("reading") as rows:
            heads = rows.last_versions(self.ledger.head())
        wanted = {it: version for it, version in heads if it.startswith(("ticket:", "policy:"))}
        until = time.monotonic() + _WAIT_SECONDS
        while (missing := self._missing(wanted)) and time.monotonic() < until:
            self.supervise()
            time.sleep(0.5)
        assert not missing, (missing, [(it.name, it.process.poll(), it.health()) for it in self.workers if it.is_wanted])

    def supervise(self) -> None:
        """What cannot send any more ends; whatever supervises it starts it again."""
        for it in self.workers:
            if it.is_wanted and it.process.poll() is not None:
                it.is_wanted = False
                self.worker(it.name)

    def _relayed(self) -> int:
        reached = last_reached(self.topics.brokers, self.topics.positions("entries"))
        return 0 if reached is None else reached.position

    def _missing(self, wanted: dict[str, int]) -> dict[str, int]:
        found = {key.decode(): decode_ticket(value).version for key, value in self.of_topic(TICKETS)}
        found |= {key.decode(): decode_policy(value).version for key, value in self.of_topic(POLICIES)}
        return {it: version for it, version in wanted.items() if found.get(it, 0) < version}

    def _wait_for_turns(self) -> None:
        """Until what others concern was judged again, and nothing is unsent."""
        until, quiet = time.monotonic() + _WAIT_SECONDS, 0
        last: object = None
        while quiet < 4 and time.monotonic() < until:
            now = [sum(1 for _ in self.of_topic(it)) for it in (TICKETS, POLICIES, CHANGES)]
            quiet, last = (quiet + 1 if now == last else 0), now
            time.sleep(0.7)

    def check(self) -> None:
        """Every entry is on the topic once and in order; what is live is what a replay of the ledger says now."""
        self.check_entries()
        now = utc_now()
        reports = Reports(self.ledger, Question(now))
        sla = {it["ticket"]: it for it in reports.sla()}
        billing = list(reports.billing())
        consumption = {it["policy"]: it for it in reports.consumption() if it["policy"] is not None}
        tickets = {key: decode_ticket(value) for key, value in self.of_topic(TICKETS)}
        policies = {key: decode_policy(value) for key, value in self.of_topic(POLICIES)}
        for row in tickets.values():
            assert _holds(row.changes_at, now)
            check_ticket(row, sla.pop(row.ticket), billing, now)
        assert not sla
        for policy in policies.values():
            check_policy(policy, consumption, billing, now)
        assert consumption.keys() <= {it.policy for it in policies.values()}
        check_told([decode_change(value) for _, value in self.of_topic(CHANGES)], tickets.values(), False)

    def check_entries(self) -> None:
        """Whoever reads committed sees each position once, and those of a stream in order."""
        seen: list[int] = []
        versions: dict[str, int] = {}
        for key, value in self.of_topic(ENTRIES):
            entry = json.loads(value)
            assert key.decode() == entry["stream"]
            assert entry["version"] == versions.get(entry["stream"], 0) + 1
            versions[entry["stream"]] = entry["version"]
            seen.append(entry["position"])
        assert sorted(seen) == list(range(1, self.ledger.head() + 1))


def _holds(changes_at: str | None, now: datetime) -> bool:
    return changes_at is None or datetime.fromisoformat(changes_at) > now
