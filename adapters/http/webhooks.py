"""Webhooks over HTTP: an integrator makes its own, tries them, and looks after what was refused. Who posts is not decided here:
see `delivering`, and `bitacora webhooks deliver`.

A subscription belongs to the tokens of the name it was made with; of those of others a caller is told what it is told of none.
"""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import BoundedSemaphore
from typing import Annotated, Any

from anyio import to_thread
from litestar import Request, Response
from msgspec import Meta, Struct

from adapters.access.tokens import Role
from adapters.http.answering import expect
from adapters.http.asking import STREAM, Asked, flag, identifier
from adapters.http.bodies import body_as
from adapters.http.callers import Caller
from adapters.http.problems import Busy, Missing, Misused, NotNow
from adapters.http.settings import ServerSettings
from adapters.http.telling import JSON, Answer, Sent, asks, does, takes
from adapters.ledger import Ledger, utc_now
from adapters.webhooks.places import place_of
from adapters.webhooks.subscriptions import MOST_URL_LENGTH, Queue, Unfit, Wanted
from adapters.webhooks.webhooks import MOST_NAMED, NotAsItStands, Unknown, Webhook, Webhooks
from domain.events import EVENT_TYPES
from domain.refusal import said

_INTEGRATORS: tuple[Role, ...] = ("integrator",)
_TAG = "webhooks"
_WEBHOOK = identifier("webhook", "The id of a webhook.", "19007f3ca3e54b1d")._replace(is_required=True)
_THIS_STREAM = STREAM._replace(is_required=True, described="The stream, such as ticket:T-1001.")
_STREAMS = STREAM._replace(is_many=True, described="Only this stream, such as ticket:T-1001; repeatable.")
_MOST_TESTS = 2
"""So many are tried at a time: each may keep a thread waiting for as long as an attempt may take."""
_testing = BoundedSemaphore(_MOST_TESTS)

Id = Annotated[str, Meta(min_length=1, max_length=128)]
Ids = Annotated[list[Id], Meta(max_length=MOST_NAMED)]
_Type = Annotated[str, Meta(extra_json_schema={"enum": sorted(EVENT_TYPES)})]
"""Told, and not held, by the schema: what is wrong is said in better words."""


class NewWebhook(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be posted, and where: entries of any of these types, clients and tickets (none: of all), recorded after a
    position (null: from now on)."""

    url: Annotated[str, Meta(max_length=MOST_URL_LENGTH, extra_json_schema={"format": "uri", "pattern": "^https://"})]
    types: Annotated[list[_Type], Meta(max_length=MOST_NAMED)] = []
    clients: Ids = []
    tickets: Ids = []
    after: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None


class MadeWebhook(Struct, frozen=True):
    """A webhook, and the secret that its messages are signed with, which is never shown again."""

    webhook: Webhook
    secret: str


class Tried(Struct, frozen=True):
    """What became of a message: the status answered, if any, and what was wrong, null if it was taken."""

    status: int | None
    problem: str | None


class TriedAgain(Struct, frozen=True):
    """How many streams are tried again."""

    streams: int


class Skipped(Struct, frozen=True):
    """The position of the entry that is not posted any more."""

    position: int


class Removed(Struct, frozen=True):
    """The webhook that is there no more."""

    id: str


_EXAMPLE = Webhook(
    id="19007f3ca3e54b1d", url="https://example.com/hook", owner="portal", types=("TicketOpened", "Closed"), clients=(),
    tickets=(), state="active", position=2_971, behind=0, waiting=0, dead=0, made_at="2026-03-02T15:00:00Z",
)  # fmt: skip
_QUEUE = Queue(
    webhook=_EXAMPLE.id, stream="ticket:T-1001", after=2_900, state="dead", attempts=30, position=2_904,
    since="2026-03-02T15:00:00Z", problem="http-500",
)  # fmt: skip


@asks("/v1/webhooks", "listWebhooks", "The caller's webhooks: what goes where, how far that is behind, what waits and what is "
      "given up; of an admin, everybody's.", Answer(JSON, list[Webhook], "The webhooks.", [_EXAMPLE]),
      roles=_INTEGRATORS, tag=_TAG)  # fmt: skip
def list_webhooks(caller: Caller, ledger: Ledger) -> list[Webhook]:
    """Answers what `bitacora webhooks list --format json` prints, of the caller's own."""
    with _webhooks(ledger, caller) as them:
        return them.all()


@takes(
    "/v1/webhooks",
    "addWebhook",
    "Make a webhook. Its messages are CloudEvents, signed as Standard Webhooks says with the secret answered here, and "
    "nowhere else.",
    Answer(JSON, MadeWebhook, "It is made.", MadeWebhook(_EXAMPLE, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAAECAwQFBgc="), 201),
    sent=Sent(JSON, "NewWebhook", {"url": "https://example.com/hook", "types": ["TicketOpened", "Closed"]}),
    roles=_INTEGRATORS,
    tag=_TAG,
    problems=(409,),
)
async def add_webhook(
    request: Request[Any, Any, Any], caller: Caller, ledger: Ledger, settings: ServerSettings
) -> Response[MadeWebhook]:
    """Makes a webhook of the caller's."""
    expect(request, JSON)
    sent = await request.body()
    return Response(await to_thread.run_sync(_made, sent, caller, ledger, settings), status_code=201)


def _made(sent: bytes, caller: Caller, ledger: Ledger, settings: ServerSettings) -> MadeWebhook:
    asked = body_as(sent, NewWebhook)
    wanted = Wanted(types=tuple(asked.types), clients=tuple(asked.clients), tickets=tuple(asked.tickets))
    with _webhooks(ledger, caller) as them:
        made, secret = them.add(asked.url, wanted, after=asked.after, is_private=settings.webhooks_private, owner=caller.name,
                                now=utc_now())  # fmt: skip
    return MadeWebhook(made, secret)


@does("/v1/webhooks/remove", "removeWebhook", "End a webhook: nothing more is posted, what waits is forgotten.",
      Answer(JSON, Removed, "It is removed.", Removed(_EXAMPLE.id)), roles=_INTEGRATORS, tag=_TAG,
      parameters=(_WEBHOOK,), problems=(404,))  # fmt: skip
def remove_webhook(asked: Asked, caller: Caller, ledger: Ledger) -> Removed:
    """Removes a webhook of the caller's."""
    with _webhooks(ledger, caller) as them:
        them.remove(asked["webhook"])
    return Removed(asked["webhook"])


@does("/v1/webhooks/test", "testWebhook", "Post a signed message that is no entry (its type is WebhookTest), once, and tell "
      "what was answered.", Answer(JSON, Tried, "What became of it.", Tried(204, None)), roles=_INTEGRATORS, tag=_TAG,
      parameters=(_WEBHOOK,), problems=(404,))  # fmt: skip
def test_webhook(asked: Asked, caller: Caller, ledger: Ledger) -> Tried:
    """Tries a webhook of the caller's."""
    if not _testing.acquire(blocking=False):
        raise Busy(said("{most} webhooks are tried already; come again"), most=_MOST_TESTS)
    try:
        with _webhooks(ledger, caller) as them:
            outcome = them.test(asked["webhook"], utc_now())
    finally:
        _testing.release()
    return Tried(outcome.status, outcome.problem)


@asks("/v1/webhooks/dead", "listDeadLetters", "The streams of which an entry was refused too often: it is not posted any more, "
      "and what follows it waits, until it is tried again or skipped.",
      Answer(JSON, list[Queue], "What is given up.", [_QUEUE]), roles=_INTEGRATORS, tag=_TAG,
      parameters=(_WEBHOOK._replace(is_required=False, described="Only of this webhook; of all of the caller's by default."),
                  flag("waiting", "Whether to list those too that are still tried.")),
      problems=(404,))  # fmt: skip
def list_dead_letters(asked: Asked, caller: Caller, ledger: Ledger) -> list[Queue]:
    """Answers what `bitacora webhooks dead --format json` prints, of the caller's own."""
    with _webhooks(ledger, caller) as them:
        return them.queues(asked["webhook"], is_waiting=bool(asked["waiting"]))


@does("/v1/webhooks/retry", "retryWebhook", "Try again what waits or is given up, all or some streams, from the first entry "
      "refused on; and post to a receiver again that said that it was gone.",
      Answer(JSON, TriedAgain, "They are tried again.", TriedAgain(3)), roles=_INTEGRATORS, tag=_TAG,
      parameters=(_WEBHOOK, _STREAMS), problems=(404,))  # fmt: skip
def retry_webhook(asked: Asked, caller: Caller, ledger: Ledger) -> TriedAgain:
    """Has queues of the caller's tried again."""
    with _webhooks(ledger, caller) as them:
        return TriedAgain(them.retry(asked["webhook"], asked["stream"]))


@does("/v1/webhooks/skip", "skipEntry", "Give up the one entry that a stream waits with; what follows it is posted.",
      Answer(JSON, Skipped, "It is skipped.", Skipped(2_904)), roles=_INTEGRATORS, tag=_TAG,
      parameters=(_WEBHOOK, _THIS_STREAM), problems=(404, 409))  # fmt: skip
def skip_entry(asked: Asked, caller: Caller, ledger: Ledger) -> Skipped:
    """Skips an entry of the caller's."""
    with _webhooks(ledger, caller) as them:
        return Skipped(them.skip(asked["webhook"], asked["stream"]))


@contextmanager
def _webhooks(ledger: Ledger, caller: Caller) -> Iterator[Webhooks]:
    """The webhooks that a caller may see; what cannot be done with them comes out as a problem."""
    try:
        with closing(place_of(ledger.url)) as place:
            yield Webhooks(ledger, place, None if caller.role == "admin" else caller.name)
    except Unknown as error:
        raise Missing(error.template, field=error.field, **error.values) from None
    except NotAsItStands as error:
        raise NotNow(error.template, **error.values) from None
    except Unfit as error:
        raise Misused(error.template, field=error.field, **error.values) from None


WEBHOOKS = (
    list_webhooks, add_webhook, remove_webhook, test_webhook, list_dead_letters, retry_webhook, skip_entry,
)  # fmt: skip
"""The routes of this module."""
