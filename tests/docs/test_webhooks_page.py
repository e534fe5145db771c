"""The receiver of docs/webhooks.md is run as it stands there, and the message shown there is like those that are posted."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from adapters.ledger import utc_now
from adapters.webhooks.subscriptions import Wanted
from tests.adapters.webhooks.desk import begun, positions, sent_once, subscribed, until, webhooks
from tests.adapters.webhooks.receiver import Receiver
from tests.stores import Ledgers

PAGE = Path(__file__).parents[2] / "docs" / "webhooks.md"


def shown(language: str) -> str:
    """The one block of the page in that language."""
    (found,) = re.findall(rf"(?<=^```{language}\n).*?(?=^```$)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(found)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def running(folder: Path, port: int, secret: str) -> Iterator[None]:
    """The receiver of the page, in that folder."""
    (folder / "receiver.py").write_text(shown("python"), "utf-8")
    process = subprocess.Popen(
        [sys.executable, "receiver.py", str(port)], cwd=folder, env={**os.environ, "WEBHOOK_SECRET": secret},
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: is_listening(port))
        yield
    finally:
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_the_receiver_shown_keeps_every_entry_once_and_nothing_that_is_forged(tmp_path: Path) -> None:
    store = Ledgers(tmp_path)
    begun(store, "T-1", "T-2", follow_ups=3)
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    with webhooks(store) as them:
        made, secret = them.add(url, Wanted(), after=0, is_private=True, owner=None, now=utc_now())
        with running(tmp_path, port, secret):
            assert sent_once(store)
            assert (them.one(made.id).waiting, them.one(made.id).behind) == (0, 0)
            again, _ = them.add(url, Wanted(), after=0, is_private=True, owner=None, now=utc_now())
            assert not them.test(again.id, utc_now()).is_taken, "a signature with another secret was taken"
            assert httpx.post(url, content=b"{}", trust_env=False).status_code == 401
    with closing(sqlite3.connect(tmp_path / "entries.db")) as kept:
        found = [json.loads(data) for (data,) in kept.execute("SELECT data FROM entries ORDER BY rowid")]
    expected = positions(store, "")
    assert {it: [row["position"] for row in found if row["stream"] == it] for it in expected} == expected
    assert len(found) == sum(map(len, expected.values()))


def test_the_message_shown_has_what_messages_have(tmp_path: Path) -> None:
    store = Ledgers(tmp_path)
    begun(store, "T-1")
    with Receiver() as receiver:
        subscribed(store, receiver, types=("TicketOpened",))
        assert sent_once(store)
    (posted,) = receiver.received
    example = json.loads(shown("json"))
    assert list(example) == list(posted.event)
    assert set(example["data"]) <= set(posted.event["data"])
    assert {"webhook-id", "webhook-timestamp", "webhook-signature"} <= set(posted.headers)
