"""What is done with subscriptions by people and programs: made, listed, removed, tried, and their dead letters looked at, tried
again or skipped. The command line and the server call the same functions; a caller sees its own only.
"""

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from adapters.contract.cloud_events import source_of
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from adapters.webhooks.places import Place
from adapters.webhooks.posting import Outcome, Poster
from adapters.webhooks.rows import WebhookRows
from adapters.webhooks.signing import new_salt, secret_of, secret_text
from adapters.webhooks.subscriptions import Queue, Subscription, SubscriptionState, Unfit, Wanted, check_url
from domain.events import EVENT_TYPES
from domain.exchange import time_text
from domain.refusal import said

MOST_OF_AN_OWNER = 20
MOST_NAMED = 1_000
TEST_TYPE = "WebhookTest"
TEST_SECONDS = 20.0
_ID_BYTES = 8


class Unknown(LedgerError):
    """There is no such subscription, or none of this caller's; or nothing of that stream waits for it: `field` says which."""

    def __init__(self, template: str, field: str, **values: object) -> None:
        super().__init__(template, **values)
        self.field = field


class NotAsItStands(LedgerError):
    """What is asked for cannot be done as the subscriptions stand."""


class Webhook(Struct, frozen=True, kw_only=True):
    """A subscription as it is shown: never with its secret. `behind` are the entries not looked at yet, `waiting` the streams
    of which an entry was refused or is on its way, `dead` those that are tried no more."""

    id: str
    url: str
    owner: str | None
    types: tuple[str, ...]
    clients: tuple[str, ...]
    tickets: tuple[str, ...]
    state: SubscriptionState
    position: int
    behind: int
    waiting: int
    dead: int
    made_at: str


class Webhooks:
    """The subscriptions of a ledger that `owner` may see: those of the tokens of that name, or all for None."""

    def __init__(self, ledger: Ledger, place: Place, owner: str | None = None) -> None:
        self._ledger = ledger
        self._place = place
        self._owner = owner

    def add(
        self, url: str, wanted: Wanted, *, after: int | None, is_private: bool, owner: str | None, now: datetime
    ) -> tuple[Webhook, str]:
        """A new subscription for the tokens named `owner`, to what is recorded `after` a position (None: from now on), and its
        secret, which is shown once. `is_private`: its address may lie in the private network. Unfit if the address cannot be
        posted to, or a type is none; NotAsItStands if there are too many; LedgerError if the ledger has no key store."""
        check_url(url, is_private=is_private)
        _check_wanted(wanted)
        head = self._ledger.head()
        it = Subscription(
            id=secrets.token_hex(_ID_BYTES), url=url, owner=owner, wanted=wanted, is_private=is_private, salt=new_salt(),
            state="active", position=head if after is None else min(after, head), made_at=time_text(now),
        )  # fmt: skip
        secret = secret_text(secret_of(self._ledger, it.salt))
        with self._place.writing() as session:
            rows = WebhookRows(session)
            if owner is not None and sum(found.owner == owner for found in rows.subscriptions()) >= MOST_OF_AN_OWNER:
                raise NotAsItStands(said("{owner} has {most} webhooks already, and nobody may have more"), owner=owner,
                                    most=MOST_OF_AN_OWNER)  # fmt: skip
            rows.insert(it)
        return _shown(it, head, {}), secret

    def all(self) -> list[Webhook]:
        """Every one, the oldest first."""
        if not self._place.exists():
            return []
        head = self._ledger.head()
        with self._place.reading() as session:
            rows = WebhookRows(session)
            counts = rows.counts()
            return [_shown(it, head, counts) for it in rows.subscriptions() if self._is_ours(it)]

    def one(self, id: str) -> Webhook:
        """The one of that id. Unknown."""
        with self._found(id, writing=False) as (rows, it):
            return _shown(it, self._ledger.head(), rows.counts())

    def remove(self, id: str) -> None:
        """Ends a subscription: nothing more is sent, and what waits is forgotten. Unknown."""
        with self._found(id) as (rows, _):
            rows.delete(id)

    def queues(self, id: str | None, *, is_waiting: bool = False) -> list[Queue]:
        """What is dead of a subscription, or of all for None; with `is_waiting` also what is still tried. Unknown."""
        wanted = [it.id for it in self.all()] if id is None else [self.one(id).id]
        if not wanted:
            return []
        with self._place.reading() as session:
            found = [it for id in wanted for it in WebhookRows(session).queues(id)]
        return [it for it in found if it.state == "dead" or is_waiting]

    def retry(self, id: str, streams: Sequence[str] = ()) -> int:
        """Tries again what waits or is dead of these streams, or of all; and posts to a receiver again that was gone. How many
        streams that are. Unknown."""
        with self._found(id) as (rows, _):
            for stream in streams:
                _queue(rows, id, stream)
            rows.begin_again(id)
            return sum(rows.retry(id, stream) for stream in streams or (None,))

    def skip(self, id: str, stream: str) -> int:
        """Gives up the entry that a stream waits with; what follows it is sent. The position of that entry. Unknown;
        NotAsItStands if no entry of the stream was refused."""
        with self._found(id) as (rows, _):
            queue = _queue(rows, id, stream)
            if queue.position is None:
                raise NotAsItStands(said("no entry of {stream} was refused: there is none to skip"), stream=stream)
            rows.advance(queue, queue.position)
            return queue.position

    def test(self, id: str, now: datetime) -> Outcome:
        """Posts a message to a subscription that is no entry, once and at once; what became of it. Unknown; LedgerError if the
        ledger has no key store."""
        with self._found(id, writing=False) as (_, it):
            secret = secret_of(self._ledger, it.salt)
        message_id = f"test-{secrets.token_hex(_ID_BYTES)}"
        body = _test_body(source_of(self._ledger), message_id, it.id, now)

        async def posted() -> Outcome:
            async with Poster(it.url, secret, is_private=it.is_private, request_seconds=TEST_SECONDS, at_once=1) as poster:
                return await poster.post(message_id, body, now)

        return asyncio.run(posted())

    @contextmanager
    def _found(self, id: str, *, writing: bool = True) -> Iterator[tuple[WebhookRows, Subscription]]:
        if not self._place.exists():
            raise _unknown(id)
        with self._place.writing() if writing else self._place.reading() as session:
            rows = WebhookRows(session)
            it = rows.subscription(id)
            if it is None or not self._is_ours(it):
                raise _unknown(id)
            yield rows, it

    def _is_ours(self, it: Subscription) -> bool:
        return self._owner is None or it.owner == self._owner


def _unknown(id: str) -> Unknown:
    return Unknown(said("there is no webhook {id}"), "webhook", id=id)


def _queue(rows: WebhookRows, id: str, stream: str) -> Queue:
    found = rows.queue(id, stream)
    if found is None:
        raise Unknown(said("nothing of {stream} waits for the webhook {id}"), "stream", stream=stream, id=id)
    return found


def _check_wanted(wanted: Wanted) -> None:
    unknown = [it for it in wanted.types if it not in EVENT_TYPES]
    if unknown:
        raise Unfit(said("{type} is no type of entry; these are: {types}"), "types", type=unknown[0],
                    types=", ".join(sorted(EVENT_TYPES)))  # fmt: skip
    for name, named in (("types", wanted.types), ("clients", wanted.clients), ("tickets", wanted.tickets)):
        if len(named) > MOST_NAMED:
            raise Unfit(said("a webhook names no more than {most} types, clients or tickets"), name, most=MOST_NAMED)


def _test_body(source: str, id: str, webhook: str, now: datetime) -> bytes:
    attributes: dict[str, Any] = {
        "specversion": "1.0", "id": id, "source": source, "type": TEST_TYPE, "time": time_text(now),
        "subject": f"webhook:{webhook}", "datacontenttype": "application/json", "data": {"webhook": webhook},
    }  # fmt: skip
    return msgspec.json.encode(attributes)


def _shown(it: Subscription, head: int, counts: dict[tuple[str, str], int]) -> Webhook:
    return Webhook(
        id=it.id, url=it.url, owner=it.owner, types=it.wanted.types, clients=it.wanted.clients, tickets=it.wanted.tickets,
        state=it.state, position=it.position, behind=max(0, head - it.position), waiting=counts.get((it.id, "waiting"), 0),
        dead=counts.get((it.id, "dead"), 0), made_at=it.made_at,
    )  # fmt: skip
