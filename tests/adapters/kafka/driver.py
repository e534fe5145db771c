"""Relays that are processes of their own, begun as quickly as a fork: one more for each line that it is told. It says the id of
that process, what was sent, and when it has ended its code. Transactions are small and slow, so that a kill meets many.
"""

import os
import sys
import time

from adapters.contract.cloud_events import Message, entry_message
from adapters.ending import told_to_end
from adapters.kafka import accounts_lane, lanes
from adapters.kafka.brokers import Brokers
from adapters.kafka.relaying import Relay, Told
from adapters.kafka.topics import Topics, Unsuitable
from adapters.ledger import Ledger
from adapters.stores.rows import Row

_ENTRIES_AT_ONCE = 25
_MESSAGE_SECONDS = 0.001


def _slowly(source: str, row: Row) -> Message:
    time.sleep(_MESSAGE_SECONDS)
    return entry_message(source, row)


def relay(url: str, topics: Topics, names: list[str]) -> int:
    """Relays until told to end; 1 if it must not, and says why."""

    def tell(it: Told) -> None:
        if it.error is not None:
            print(it.lane, it.error, file=sys.stderr, flush=True)
        elif it.lane == "entries" and it.happening == "sent":
            print("sent", flush=True)

    with told_to_end() as wait:
        try:
            Relay(lambda: Ledger.open(url), topics, tell, lanes=names).run(wait)
        except Unsuitable as error:
            print(error, file=sys.stderr, flush=True)
            return 1
    return 0


def main(url: str, brokers: str, prefix: str, *names: str) -> None:
    """Forks for each line of standard input."""
    lanes.MOST_ENTRIES = lanes._PAGE_ENTRIES = accounts_lane._MOST_MESSAGES = _ENTRIES_AT_ONCE
    lanes.entry_message = _slowly
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(relay(url, Topics(Brokers(brokers), prefix), list(names)))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
