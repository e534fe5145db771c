"""The tables of subscriptions inside one transaction: every SQL statement that they are asked or written with.

What the sender writes holds only if nothing else was written meanwhile: a queue skipped or removed under its hands stays so.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import msgspec

from adapters.stores.session import Session
from adapters.webhooks.subscriptions import Queue, Subscription, Wanted
from domain.exchange import time_text

_COLUMNS = "id, url, owner, wanted, is_private, salt, state, position, made_at"
_QUEUE = "webhook, stream, after, state, attempts, position, since, due_at, problem"
_NAMES = tuple(_QUEUE.split(", "))
_WHERE = "webhook = ? AND stream = ? AND after = ?"
_AFRESH = "state = 'waiting', attempts = 0, position = NULL, since = NULL, due_at = NULL, problem = NULL"


class WebhookRows:
    """The tables as one transaction sees them."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # Subscriptions --------------------------------------------------------------------------------------------------

    def subscriptions(self) -> list[Subscription]:
        """All of them, the oldest first."""
        return [_subscription(it) for it in self._session.all(f"SELECT {_COLUMNS} FROM webhooks ORDER BY made_at, id")]

    def subscription(self, id: str) -> Subscription | None:
        """The one of that id."""
        found = self._session.all(f"SELECT {_COLUMNS} FROM webhooks WHERE id = ?", id)
        return _subscription(found[0]) if found else None

    def insert(self, it: Subscription) -> None:
        """A new one."""
        self._session.run(
            f"INSERT INTO webhooks ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", it.id, it.url, it.owner,
            msgspec.json.encode(it.wanted).decode(), int(it.is_private), it.salt, it.state, it.position, it.made_at,
        )  # fmt: skip

    def delete(self, id: str) -> None:
        """Removes one with all that waits for it."""
        self._session.run("DELETE FROM webhooks WHERE id = ?", id)

    def end(self, id: str) -> None:
        """Nothing more goes to it."""
        self._session.run("UPDATE webhooks SET state = 'gone' WHERE id = ?", id)

    def begin_again(self, id: str) -> None:
        """Entries go to it again."""
        self._session.run("UPDATE webhooks SET state = 'active' WHERE id = ?", id)

    def move(self, it: Subscription, position: int, streams: Iterable[str]) -> bool:
        """Has its entries up to a position looked at, those of these streams waiting from now on, unless they do already;
        whether it was still where it is said to be."""
        statement = "UPDATE webhooks SET position = ? WHERE id = ? AND position = ? AND state = 'active'"
        if not self._session.run(statement, position, it.id, it.position):
            return False
        for stream in streams:
            self._session.run(
                "INSERT INTO webhook_queues (webhook, stream, after, state, attempts) VALUES (?, ?, ?, 'waiting', 0)"
                " ON CONFLICT DO NOTHING", it.id, stream, it.position,
            )  # fmt: skip
        return True

    # Queues ---------------------------------------------------------------------------------------------------------

    def queues(self, id: str, state: str | None = None) -> list[Queue]:
        """What waits for a subscription, of a state or of both, by the position from which on it waits."""
        statement = (
            f"SELECT {_QUEUE} FROM webhook_queues WHERE webhook = ? AND state = coalesce(?, state) ORDER BY after, stream"
        )
        return [_queue(it) for it in self._session.all(statement, id, state)]

    def queue(self, id: str, stream: str) -> Queue | None:
        """What waits of a stream for a subscription."""
        found = self._session.all(f"SELECT {_QUEUE} FROM webhook_queues WHERE webhook = ? AND stream = ?", id, stream)
        return _queue(found[0]) if found else None

    def queued(self, id: str, streams: Collection[str]) -> set[str]:
        """Those of these streams of which something waits for a subscription."""
        if not streams:
            return set()
        statement = f"SELECT stream FROM webhook_queues WHERE webhook = ? AND stream IN ({', '.join('?' * len(streams))})"
        return {stream for (stream,) in self._session.all(statement, id, *streams)}

    def counts(self) -> dict[tuple[str, str], int]:
        """How many streams wait, by subscription and state."""
        found = self._session.all("SELECT webhook, state, count(*) FROM webhook_queues GROUP BY webhook, state")
        return {(webhook, state): count for webhook, state, count in found}

    def finish(self, it: Queue, upto: int) -> bool:
        """Removes a queue of which nothing waits up to a position, if that is still as far as its subscription is."""
        statement = f"DELETE FROM webhook_queues WHERE {_WHERE} AND (SELECT position FROM webhooks WHERE id = ?) = ?"
        return bool(self._session.run(statement, it.webhook, it.stream, it.after, it.webhook, upto))

    def advance(self, it: Queue, after: int) -> bool:
        """What waits begins after this position, and nothing was tried of it yet; whether it was still as given."""
        return bool(self._session.run(f"UPDATE webhook_queues SET after = ?, {_AFRESH} WHERE {_WHERE}",
                                      after, it.webhook, it.stream, it.after))  # fmt: skip

    def fail(self, it: Queue) -> None:
        """Keeps what became of an attempt, if the queue is still where it was."""
        self._session.run(
            "UPDATE webhook_queues SET state = ?, attempts = ?, position = ?, since = ?, due_at = ?, problem = ?"
            f" WHERE {_WHERE}",
            it.state, it.attempts, it.position, it.since, it.due_at, it.problem, it.webhook, it.stream, it.after,
        )  # fmt: skip

    def hurry(self, id: str, now: datetime) -> None:
        """Everything that waits for a subscription is tried now (aware)."""
        statement = "UPDATE webhook_queues SET due_at = ? WHERE webhook = ? AND state = 'waiting' AND due_at IS NOT NULL"
        self._session.run(statement, time_text(now), id)

    def retry(self, id: str, stream: str | None) -> int:
        """Tries what waits of a stream, or of all, from the beginning; how many streams that are."""
        statement = f"UPDATE webhook_queues SET {_AFRESH} WHERE webhook = ? AND stream = coalesce(?, stream)"
        return self._session.run(statement, id, stream)


def _subscription(row: Any) -> Subscription:
    id, url, owner, wanted, is_private, salt, state, position, made_at = row
    return Subscription(
        id=id, url=url, owner=owner, wanted=msgspec.json.decode(wanted, type=Wanted), is_private=bool(is_private), salt=salt,
        state=state, position=position, made_at=made_at,
    )  # fmt: skip


def _queue(row: Any) -> Queue:
    return Queue(**dict(zip(_NAMES, row, strict=True)))
