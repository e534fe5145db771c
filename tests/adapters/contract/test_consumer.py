"""A stranger's consumer, written from the AsyncAPI document alone, follows a ledger over a real broker."""

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

from confluent_kafka import Producer

from adapters.contract.cloud_events import Message, entry_message
from adapters.contract.document import document
from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import Brokers
from adapters.kafka.relaying import Relay, create_topics
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from tests.adapters.contract.test_cloud_events import SOURCE, row
from tests.given import Desk, did, opened
from tests.golden.test_golden import EXPORTED

CONSUMER = Path(__file__).resolve().parents[3] / "examples/consumer.py"
SECONDS = 60.0


class Told:
    """What a consumer has printed, line by line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._lines: Queue[str] = Queue()
        assert process.stdout is not None
        Thread(target=lambda: [self._lines.put(it) for it in process.stdout or ()], daemon=True).start()

    def next(self, count: int) -> list[list[str]]:
        """The words of so many lines more."""
        return [self._lines.get(timeout=SECONDS).split() for _ in range(count)]

    def says_nothing(self, seconds: float) -> bool:
        try:
            self._lines.get(timeout=seconds)
        except Empty:
            return True
        return False


@contextmanager
def consumer(brokers: str, topic: str, group: str = "stranger") -> Iterator[Told]:
    """The consumer running as a program of its own, with nothing of ours on its path; interrupted at the end."""
    surroundings = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        [sys.executable, str(CONSUMER), brokers, topic, group],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=surroundings, cwd=CONSUMER.anchor,
    )  # fmt: skip
    try:
        yield Told(process)
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        assert process.stderr is not None and process.stderr.read() == ""
    finally:
        process.kill()
        process.wait()


def relayed(desk: Desk, topics: Topics) -> None:
    Relay(lambda: Ledger.open(desk.ledger.url), topics, lambda told: None).once()


def sent(brokers: str, topic: str, messages: list[Message], *, commits: bool = True) -> None:
    """The messages in one transaction, committed or not."""
    producer = Producer({"bootstrap.servers": brokers, "transactional.id": f"tests-{topic}", "partitioner": "murmur2_random"})
    producer.init_transactions(SECONDS)
    producer.begin_transaction()
    for it in messages:
        producer.produce(topic, it.value, it.key, headers=it.headers)
    producer.flush(SECONDS)
    (producer.commit_transaction if commits else producer.abort_transaction)(SECONDS)


def expected(desk: Desk, after: int = 0) -> list[list[str]]:
    """What is to be told of the entries after a position, by stream."""
    shown = []
    for it in desk.ledger.entries(after):
        line = json.loads(entry_message(SOURCE, _row(desk, it.position)).value)
        shown.append([str(it.position), line["at"], it.stream, line["type"], line["recorded_at"]])
    return shown


def _row(desk: Desk, position: int) -> Row:
    with desk.ledger.reading("entries") as plain:
        return TreeRows.of(plain).raw(position - 1, position, 1)[0]


def by_position(lines: list[list[str]]) -> list[list[str]]:
    return sorted(lines, key=lambda it: int(it[0]))


def test_it_imports_nothing_of_ours_and_is_short() -> None:
    tree = ast.parse(CONSUMER.read_text("utf-8"))
    imported = {it.name for node in ast.walk(tree) if isinstance(node, ast.Import) for it in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"json", "sys", "confluent_kafka"}
    assert len(CONSUMER.read_text("utf-8").splitlines()) <= 40


def test_it_uses_only_what_the_document_promises() -> None:
    made = document()
    headers = made["components"]["schemas"]["CloudEvent"]["required"]
    text = CONSUMER.read_text("utf-8")
    assert made["channels"]["entries"]["address"] == ENTRIES
    assert f'"{ENTRIES}"' in text
    texts = {it.value for it in ast.walk(ast.parse(text)) if isinstance(it, ast.Constant) and isinstance(it.value, str)}
    assert {"ce_sequence", "ce_type"} <= {it for it in texts if it.startswith("ce_")} <= set(headers)
    assert "read_committed" in made["info"]["description"]


def test_it_tells_every_entry_of_a_ledger_once_and_goes_on_where_it_stopped(gs: Desk, brokers: str, topic_prefix: str) -> None:
    topics = Topics(Brokers(brokers), topic_prefix)
    create_topics(topics, 4)
    gs.takes(
        opened("T-1", by="ana"),
        *(did("FollowedUp", f"2026-03-02 10:{it:02}", ticket="T-1", kind="progress") for it in range(20)),
    )
    relayed(gs, topics)
    with consumer(brokers, topics.named(ENTRIES)) as told:
        lines = told.next(gs.ledger.head())
        assert by_position(lines) == expected(gs)
        of_ticket = [int(it[0]) for it in lines if it[2] == "ticket:T-1"]
        assert of_ticket == sorted(of_ticket)
        before = gs.ledger.head()
        gs.takes(did("Responded", "2026-03-02 11:00", ticket="T-1"))
        relayed(gs, topics)
        assert told.next(1) == expected(gs, before)
    before = gs.ledger.head()
    gs.takes(did("Resolved", "2026-03-02 12:00", ticket="T-1"))
    relayed(gs, topics)
    with consumer(brokers, topics.named(ENTRIES)) as told:
        assert told.next(1) == expected(gs, before)
    assert b"sealed1." in b"".join(_row(gs, it)[4] for it in range(1, gs.ledger.head() + 1))


def test_what_comes_twice_or_was_never_finished_is_not_told(brokers: str, topic_prefix: str) -> None:
    topics = Topics(Brokers(brokers), topic_prefix)
    create_topics(topics, 2)
    topic = topics.named(ENTRIES)
    messages = [entry_message(SOURCE, row(number)) for number in range(len(EXPORTED))]
    ticket = [it for it in messages if it.key == b"ticket:T1"]
    sent(brokers, topic, ticket[5:6], commits=False)
    sent(brokers, topic, ticket[:3])
    sent(brokers, topic, ticket[1:4] + ticket[:2])
    sent(brokers, topic, ticket[4:5])
    with consumer(brokers, topic) as told:
        lines = told.next(5)
        assert [it[0] for it in lines] == [dict(it.headers)["ce_sequence"].decode() for it in ticket[:5]]
        assert told.says_nothing(1.0)
