"""A desk whose entries are posted: tickets, a subscription to a receiver, and a sender with little patience."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from adapters.ledger import Ledger, utc_now
from adapters.webhooks.feeding import Attempt
from adapters.webhooks.places import place_of
from adapters.webhooks.progress import Patience
from adapters.webhooks.sending import Sending
from adapters.webhooks.subscriptions import Wanted
from adapters.webhooks.webhooks import Webhook, Webhooks
from tests.adapters.given import DESK, followed_up, opened, read
from tests.adapters.webhooks.patience import QUICK
from tests.adapters.webhooks.receiver import Receiver
from tests.stores import Ledgers

_PATIENCE_SECONDS = 30.0


def begun(store: Ledgers, *tickets: str, follow_ups: int = 0) -> None:
    """A ledger with these tickets of acme's, each with so many follow-ups."""
    with store.open(create=True) as ledger:
        lines = [*DESK, *(opened(it) for it in tickets)]
        lines += [followed_up(it, minute) for minute in range(follow_ups) for it in tickets]
        record(ledger, *lines)


def record(ledger: Ledger, *lines: dict[str, Any]) -> None:
    """Has these taken down."""
    for answer in ledger.record(read(*lines)):
        assert getattr(answer, "position", None), answer


@contextmanager
def webhooks(store: Ledgers, owner: str | None = None) -> Iterator[Webhooks]:
    """The subscriptions of the ledger."""
    with store.open() as ledger, closing(place_of(store.url())) as place:
        yield Webhooks(ledger, place, owner)


def subscribed(store: Ledgers, receiver: Receiver, *, owner: str | None = None, after: int = 0, **wanted: Any) -> str:
    """A new subscription of that receiver's, which learns the secret; its id."""
    with webhooks(store) as them:
        made, receiver.secret = them.add(
            receiver.url, Wanted(**wanted), after=after, is_private=True, owner=owner, now=utc_now()
        )
    return made.id


def shown(store: Ledgers, id: str) -> Webhook:
    with webhooks(store) as them:
        return them.one(id)


@contextmanager
def sending(store: Ledgers, patience: Patience = QUICK, told: list[Attempt] | None = None) -> Iterator[Sending]:
    """A sender at work in a thread of this process, until the end; it must not have failed."""
    failures: list[Exception] = []
    sender = Sending(
        store.url(), lambda _, error: failures.append(error) if error else None, opened=store.open, patience=patience,
        tell=lambda it: told.append(it) if told is not None else None,
    )  # fmt: skip
    thread = threading.Thread(target=sender.run)
    thread.start()
    try:
        yield sender
    finally:
        sender.stop()
        thread.join(_PATIENCE_SECONDS)
        assert not thread.is_alive()
    assert failures == []


def sent_once(store: Ledgers, patience: Patience = QUICK) -> bool:
    def happens(_: str, error: Exception | None) -> None:
        assert error is None

    return Sending(store.url(), happens, opened=store.open, patience=patience).once()


def until(holds: Callable[[], bool], what: str = "it did not happen") -> None:
    """Waits for something that another thread or process does."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def positions(store: Ledgers, kind: str = "ticket:") -> dict[str, list[int]]:
    """The positions of the entries of every stream of a kind, as recorded."""
    found: dict[str, list[int]] = {}
    with store.open() as ledger:
        for it in ledger.entries():
            if it.stream.startswith(kind):
                found.setdefault(it.stream, []).append(it.position)
    return found
