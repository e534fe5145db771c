"""The Faust worker around what is live: entries and parts come from topics, rows are kept in tables whose changelogs are the
topics that integrators read, and each row is answered over HTTP by the worker that has it.

It judges nothing. Agents do not await; everything they say is sent in transactions by `sending`, and no offset is committed
before that. What it changes of the library is in `patches`.
"""

import asyncio
import logging
import tempfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from faust.auth import SASLCredentials, SSLCredentials
from faust.exceptions import SameNode
from faust.types import TP
from faust.web.exceptions import ServiceUnavailable
from msgspec import Struct

from adapters.contract.cloud_events import attributes, source_of
from adapters.contract.topics import ENTRIES
from adapters.kafka.brokers import Access
from adapters.kafka.topics import Topics
from adapters.ledger import Ledger, utc_now
from adapters.live.healing import Healing
from adapters.live.held import Held
from adapters.live.keeping import FRESH, Live
from adapters.live.kept import Kept, Parts
from adapters.live.loading import loaded
from adapters.live.metrics import Figures
from adapters.live.patches import App
from adapters.live.rows import Change, ClockChanged, Part, Tables, decode_part, encode
from adapters.live.sending import Sending, Telling
from adapters.live.tending import Tending
from adapters.live.topics import CHANGES, PARTS, POLICIES, TICKETS, subject_of
from adapters.live.watching import Watching
from projections.live import NEAR_PERCENT

log = logging.getLogger(__name__)

SESSION_SECONDS, HEARTBEAT_SECONDS = 10, 3
"""A worker that is killed is missed for so long. Faust's own minute would keep its tickets waiting, and itself, come back."""
COMPARE_SECONDS = 15
_COMMIT_SECONDS = 1
_STOP_SECONDS = 30
_LOOK_SECONDS = 0.1
_BUFFERED_MESSAGES = 10_000


class Settings(Struct, frozen=True):
    """Where a worker finds what it needs. `name` is its own and stays: by it the group knows it again after a restart, and an
    older one of that name is shut out. It listens on `host` and `port`; others reach it at `url`. Every `compare_seconds` what
    was delivered is compared with what is here."""

    topics: Topics
    partitions: int
    name: str
    group: str
    host: str
    port: int
    url: str
    near_percent: int = NEAR_PERCENT
    compare_seconds: int = COMPARE_SECONDS
    fresh_seconds: float = FRESH.total_seconds()

    @property
    def member(self) -> str:
        """By which the group knows the worker again. The library hangs if it comes back at another URL: then it is another."""
        return f"{self.name}-{sha256(self.url.encode()).hexdigest()[:8]}"


def _credentials(access: Access) -> SSLCredentials | SASLCredentials | None:
    """How brokers are reached, as the library takes it."""
    if access.says_who:
        given = access.settings
        return SASLCredentials(username=given["sasl.username"], password=given["sasl.password"],
                               mechanism=given["sasl.mechanism"], ssl_context=access.context())  # fmt: skip
    return SSLCredentials(access.context()) if access.is_encrypted else None


class Worker:
    """One worker: its application, what is live in it, and what it sends."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self.settings = settings
        self._source = source_of(ledger)
        self._held = Held(settings.partitions)
        self.app = self._application()
        self.sending = Sending(settings.topics.brokers, f"{settings.group}-{settings.name}", self._failed, SESSION_SECONDS)
        self.tables = {it: self._table(it) for it in (TICKETS, POLICIES)}
        self._parts = Parts(self._held.partition_of)
        self.live = Live(
            ledger, Tables(self.tables[TICKETS], self.tables[POLICIES], self._parts), self._tell, self._pass_on, utc_now,
            settings.near_percent, timedelta(seconds=settings.fresh_seconds),
        )  # fmt: skip
        healing = Healing(self.live)
        self.watching = Watching(ledger, healing)
        self.live.look = self.watching.look
        self.tending = Tending(
            self.app, settings.topics, self._held, self.live, healing, self.watching, self.sending, settings.compare_seconds
        )
        self.figures = Figures(settings.name, self.app, self._held, self.live, self.sending, self.tending)
        self._agents()
        self._pages()

    # The application ------------------------------------------------------------------------------------------------

    def _application(self) -> App:
        it = self.settings
        folder = Path(tempfile.mkdtemp(prefix="bitacora-live-"))
        addresses = it.topics.brokers.addresses.replace(",", ";kafka://")
        app = App(
            it.group, broker=f"kafka://{addresses}", broker_credentials=_credentials(it.topics.brokers.access),
            store="memory://", datadir=str(folder),
            web_host=it.host, web_bind=it.host, web_port=it.port, canonical_url=it.url,
            consumer_group_instance_id=it.member,
            processing_guarantee="at_least_once", topic_allow_declare=False, topic_disable_leader=True,
            topic_partitions=it.partitions, topic_replication_factor=1, table_standby_replicas=0,
            recovery_consistency_check=False, broker_session_timeout=SESSION_SECONDS,
            broker_rebalance_timeout=SESSION_SECONDS, broker_heartbeat_interval=HEARTBEAT_SECONDS,
            broker_commit_interval=_COMMIT_SECONDS, consumer_auto_offset_reset="earliest", web_in_thread=False,
            stream_buffer_maxsize=_BUFFERED_MESSAGES, TableManager="adapters.live.patches:LoadedTables", autodiscover=False,
        )  # fmt: skip
        app.load, app.flush, app.partition = self._load, self._flush, self._held.partition_of
        app.finalize()
        return app

    def _table(self, topic: str) -> Kept:
        name = self.settings.topics.named(topic)
        table = Kept(
            self.app, name=topic.rpartition(".")[2], key_type=bytes, value_type=bytes, partitions=self.settings.partitions,
            changelog_topic=self._topic(name),
        )  # fmt: skip
        table.partition_of, table.say = self._held.partition_of, self.sending.say
        self.app.tables.add(table)
        return table

    def _topic(self, name: str) -> Any:
        return self.app.topic(
            name, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw",
            partitions=self.settings.partitions,
        )  # fmt: skip

    def _agents(self) -> None:
        named = self.settings.topics.named

        async def entries(stream: Any) -> None:
            async for event in stream.events():
                self.live.take(event.message.value)

        async def parts(stream: Any) -> None:
            async for event in stream.events():
                self.live.part(subject_of(event.message.key), decode_part(event.message.value))

        self.app.agent(self._topic(named(ENTRIES)), name="entries")(entries)
        self.app.agent(self._topic(named(PARTS)), name="parts")(parts)
        self.app.task(self.tending.run)

    # Tables ---------------------------------------------------------------------------------------------------------

    async def _load(self, changelogs: set[TP]) -> None:
        """Fills the tables with the partitions assigned. Those held in the generation before are right as they are."""
        generation = self.app.consumer_generation_id
        wanted = {it.partition for it in changelogs}
        kept = self._held.let_go(generation, wanted)
        self._parts.keep_only(kept)
        names = {self.settings.topics.named(it): it for it in (TICKETS, POLICIES, PARTS)}
        new = [(name, number) for name in names for number in sorted(wanted - kept)]
        rows = await asyncio.to_thread(lambda: list(loaded(self.settings.topics.brokers, new)))
        self._held.parts_read = {it: end for it, end in self._held.parts_read.items() if it[1] in kept}
        for it in rows:
            if names[it.topic] != PARTS:
                self.tables[names[it.topic]].fill(it.key, it.value, it.partition)
            elif it.value is not None:
                self._parts[it.key] = it.value
                self._held.parts_read[it.topic, it.partition] = it.offset + 1
        for table in self.tables.values():
            table.let_go(wanted)
        self._held.take(generation, wanted)
        self.watching.begin()
        self.live.begin(lambda key: self._held.partition_of(key) in kept)
        self.tending.begin()

    # Its life -------------------------------------------------------------------------------------------------------

    async def run(self, is_stopped: Callable[[], bool]) -> None:
        """Works until stopped. Raises what ended it before."""
        await asyncio.to_thread(self.sending.open)
        self.sending.beat()
        sending = asyncio.create_task(self.sending.run())
        try:
            await self.app.start()
            while not (is_stopped() or self.app.should_stop or self.failure is not None):
                await asyncio.sleep(_LOOK_SECONDS)
        finally:
            await self._stop()
            sending.cancel()
        if self.failure is not None:
            raise self.failure

    async def _stop(self) -> None:
        """As the library stops, but for no longer than that may help: without Kafka it waits for ever."""
        stopping = asyncio.create_task(self.app.stop())
        done, _ = await asyncio.wait({stopping}, timeout=_STOP_SECONDS)
        problem = stopping.exception() if done else TimeoutError(f"it did not stop within {_STOP_SECONDS} s")
        if problem is not None and self.failure is None:
            raise problem

    @property
    def failure(self) -> BaseException | None:
        """What ended it, if anything did."""
        return self.sending.failure or self.app.crash_reason

    def _failed(self, error: BaseException) -> None:
        log.error("the worker ends: %s", error)

    # Saying ---------------------------------------------------------------------------------------------------------

    async def _flush(self) -> None:
        await self.sending.flush()

    def _tell(self, change: Change) -> None:
        kind = type(change).__name__
        subject = f"ticket:{change.ticket}" if isinstance(change, ClockChanged) else f"policy:{change.policy}"
        sequence = change.position if isinstance(change, ClockChanged) else 0
        headers = attributes(self._source, kind, change.id, change.at, subject, sequence)
        self._say(CHANGES, subject.encode(), encode(change), headers)

    def _pass_on(self, subject: str, part: Part) -> None:
        self._say(PARTS, f"{subject} {part.ticket}".encode(), encode(part), [])

    def _say(self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]) -> None:
        self.sending.say(Telling(self.settings.topics.named(topic), self._held.partition_of(key), key, value, headers))

    # Pages ----------------------------------------------------------------------------------------------------------

    def _pages(self) -> None:
        app = self.app

        @app.page("/health")
        async def health(view: Any, request: Any) -> Any:
            found = self.figures.health()
            return view.json(found, status=200 if found["status"] == "ok" else 503)

        @app.page("/metrics")
        async def metrics(view: Any, request: Any) -> Any:
            return view.bytes(self.figures.exposition(), content_type="text/plain")

        for topic, kind in ((TICKETS, "tickets"), (POLICIES, "policies")):
            self._page_of(self.tables[topic], kind)

    def _page_of(self, table: Kept, kind: str) -> None:
        @self.app.page(f"/{kind}/{{subject}}", name=kind)
        async def row(view: Any, request: Any, subject: str) -> Any:
            key = subject.encode()
            try:
                return await self.app.router.route_req(table.name, key, view.web, request)
            except SameNode:
                pass
            value = table.data.data.get(key)
            if self.app.rebalancing:
                raise ServiceUnavailable()
            if value is None:
                return view.json({"error": "not found", "subject": subject}, status=404)
            return view.bytes(value, content_type="application/json")
