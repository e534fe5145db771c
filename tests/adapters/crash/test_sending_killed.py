"""What receivers of webhooks have got from senders that are killed, or that meet: real processes, a real kill -9, while another
process records.

More kills with BITACORA_KILLS=200; never fewer than 30.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests.adapters.crash.test_following_killed import heard
from tests.adapters.crash.test_recording_killed import ROOT, desk_of, driver
from tests.adapters.given import DESK, followed_up, write_lines
from tests.adapters.webhooks.desk import begun, positions, record, shown, subscribed, until
from tests.adapters.webhooks.receiver import Answer, Receiver
from tests.stores import Ledgers

KILLS = max(30, int(os.environ.get("BITACORA_KILLS", "30")))


def sender(store: Ledgers) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.adapters.crash.sender", store.url(), str(store.keys())]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def killed(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def test_senders_killed_at_random_post_everything_at_least_once_in_order_per_ticket_with_the_same_ids(
    store: Ledgers, tmp_path: Path
) -> None:
    chance = random.Random(7)

    def answer(_: dict[str, Any]) -> Answer:
        time.sleep(chance.uniform(0, 0.01))
        return 500 if chance.random() < 0.05 else 204

    begun(store)
    with Receiver(answer) as receiver:
        subscribed(store, receiver)
        source = write_lines(tmp_path / "entries.jsonl", [*DESK, *desk_of(KILLS * 20)])
        recording = driver(store, "ledger", source, batch=4)
        for number in range(KILLS):
            process = sender(store)
            heard(process, "delivering")
            if number % 2:
                # However slow the machine is, every other one is killed after it has sent something.
                sent = len(receiver.taken())
                until(lambda sent=sent: len(receiver.taken()) > sent + 1 or recording.poll() is not None, "nothing is sent")
            time.sleep(chance.uniform(0, 0.3))
            killed(process)
        recording.communicate()
        assert recording.returncode == 0
        expected, killed_at = positions(store, ""), len(receiver.taken())
        process = sender(store)
        until(lambda: receiver.first_taken() == expected, "something is missing, or out of order")
        killed(process)
    ids: dict[int, set[str]] = defaultdict(set)
    for it in receiver.received:
        ids[it.position].add(it.id)
    assert not receiver.is_forged
    assert all(len(it) == 1 for it in ids.values()), "a repeated message has another id"
    assert len({id for it in ids.values() for id in it}) == sum(map(len, expected.values()))
    assert killed_at > KILLS, "the senders that were killed had sent nothing"


def test_the_second_sender_stands_by_and_takes_over_when_the_first_is_killed(store: Ledgers) -> None:
    begun(store, "T-1")
    with Receiver() as receiver:
        id = subscribed(store, receiver)
        first = sender(store)
        heard(first, "delivering")
        until(lambda: receiver.first_taken() == positions(store, ""))
        count = len(receiver.received)
        second = sender(store)
        heard(second, "standing_by")
        with store.open() as ledger:
            record(ledger, followed_up("T-1", 1))
            until(lambda: len(receiver.received) > count)
            # What was taken and is not yet written down is posted again, and rightly so.
            until(lambda: (shown(store, id).behind, shown(store, id).waiting) == (0, 0))
            killed(first)
            heard(second, "delivering")
            record(ledger, followed_up("T-1", 2))
        until(lambda: receiver.first_taken() == positions(store, ""))
        killed(second)
    assert len(receiver.received) == count + 2, "both sent the same"
