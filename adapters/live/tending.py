"""What a worker does besides taking messages: subjects whose time has come are judged, what is recorded is watched, and what
was delivered is compared with what is here.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from time import monotonic

from aiokafka.errors import KafkaError
from confluent_kafka import KafkaException
from faust.types import TP

from adapters.contract.topics import ENTRIES
from adapters.kafka.positions import last_reached
from adapters.kafka.topics import Topics
from adapters.ledger import utc_now
from adapters.live.healing import Healing
from adapters.live.held import Held
from adapters.live.keeping import Live
from adapters.live.loading import Loaded, loaded
from adapters.live.patches import App
from adapters.live.rows import decode_part
from adapters.live.sending import Sending
from adapters.live.topics import PARTS, subject_of
from adapters.live.watching import Watching
from adapters.mapper import LedgerError

log = logging.getLogger(__name__)

_AT_ONCE = 50
_LONGEST_SECONDS, _REBALANCE_SECONDS, _BEAT_SECONDS, _FOLLOW_SECONDS = 0.05, 0.1, 1.0, 1.0
_FETCH_SECONDS = 300.0
SETTLE_SECONDS = 5.0
"""What was fetched is taken by then."""


class Tending:
    """One worker's own work, until it ends."""

    def __init__(
        self, app: App, topics: Topics, held: Held, live: Live, healing: Healing, watching: Watching, sending: Sending,
        compare_seconds: int,
    ) -> None:  # fmt: skip
        self._compare_seconds = compare_seconds
        self._app, self._topics, self._held = app, topics, held
        self._live, self._healing, self._watching, self._sending = live, healing, watching, sending
        self._is_new = False
        self._fresh = asyncio.Event()
        self.relayed = 0
        self.compared = 0
        self.lag = 0

    def begin(self) -> None:
        """Other partitions are here: everything in them is to be compared."""
        self._is_new = True
        self._fresh.set()

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.gather(self._turn(), self._watch(), self._beat(), self._measure(), self._compare())

    @property
    def _is_idle(self) -> bool:
        return bool(self._app.rebalancing) or not self._held.numbers

    async def _beat(self) -> None:
        while True:
            self._sending.beat()
            await asyncio.sleep(_BEAT_SECONDS)

    async def _turn(self) -> None:
        """At the moment at which something changes of itself, or within a few hundredths of a second."""
        live = self._live
        while True:
            if self._is_idle:
                await asyncio.sleep(_REBALANCE_SECONDS)
                continue
            if live.turn(_AT_ONCE) == _AT_ONCE:
                await asyncio.sleep(0)
                continue
            following = live.turns.next()
            wait = timedelta(seconds=_LONGEST_SECONDS) if following is None else following - utc_now()
            await asyncio.sleep(max(0.001, min(_LONGEST_SECONDS, wait.total_seconds())))

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            if self._is_idle:
                continue
            try:
                while not self._is_idle and self._watching.follow():
                    await asyncio.sleep(0)
            except LedgerError as problem:
                log.warning("the ledger cannot be read: %s", problem)

    async def _measure(self) -> None:
        """Apart from all else: while brokers are away, the library may not say for as long where it is."""
        while True:
            await asyncio.sleep(_FOLLOW_SECONDS)
            if self._is_idle:
                continue
            # A KafkaError: partitions move just now.
            with suppress(KafkaError):
                self.lag = await self._behind()

    async def _compare(self) -> None:
        """What the relay says it sent, and was fetched here, must be here."""
        while True:
            try:
                await asyncio.wait_for(self._fresh.wait(), self._compare_seconds)
                self._fresh.clear()
            except TimeoutError:
                pass
            if self._is_idle:
                continue
            try:
                await self._compare_once()
            except KafkaError:
                self._is_new = True
            except (KafkaException, LedgerError, TimeoutError) as problem:
                self._is_new = True
                log.warning("no comparison now: %s", problem)

    async def _compare_once(self) -> None:
        is_new, self._is_new, generation = self._is_new, False, self._app.consumer_generation_id
        reached = await asyncio.to_thread(last_reached, self._topics.brokers, self._topics.positions("entries"))
        self.relayed = reached.position if reached is not None else 0
        if not await self._fetched_all():
            self._is_new = self._is_new or is_new
            return
        parts = await asyncio.to_thread(self._parts_delivered)
        await asyncio.sleep(SETTLE_SECONDS)
        if self._is_idle or self._app.consumer_generation_id != generation:
            self._is_new = self._is_new or is_new
            return
        if is_new:
            heads = await asyncio.to_thread(self._watching.all_heads, self.relayed)
            await self._compare_all(heads)
            # What is relayed later, and was recorded before, is compared next time.
            self._is_new = self._is_new or not self._watching.is_since(self.relayed)
        else:
            self._watching.compare(self.relayed, self._held.owns)
        for it in parts:
            if it.value is not None:
                self._healing.compare_part(subject_of(it.key), decode_part(it.value))
            self._held.parts_read[it.topic, it.partition] = it.offset + 1
        self.compared = self.relayed

    def _parts_delivered(self) -> list[Loaded]:
        """The parts that came to the topic since the last comparison."""
        name = self._topics.named(PARTS)
        mine = [(name, it) for it in sorted(self._held.numbers)]
        return list(loaded(self._topics.brokers, mine, dict(self._held.parts_read)))

    async def _compare_all(self, heads: Sequence[tuple[str, int]]) -> None:
        for first in range(0, len(heads), 1_000):
            self._healing.compare((it for it in heads[first : first + 1_000] if self._held.owns(it[0])), is_new=True)
            await asyncio.sleep(0)
        for client in self._healing.clients():
            self._healing.out_of_date(client, utc_now())
            await asyncio.sleep(0)

    async def _behind(self) -> int:
        """How many messages of entries there are, by the last word of the broker, that were not fetched yet."""
        consumer, name = self._app.consumer, self._topics.named(ENTRIES)
        found = 0
        for it in self._held.numbers:
            tp = TP(name, it)
            found += max(0, (consumer.highwater(tp) or 0) - (await consumer.position(tp) or 0))
        return found

    async def _fetched_all(self) -> bool:
        """Waits until everything on the topic by now was fetched; whether it was, and is not other workers' meanwhile."""
        app, name = self._app, self._topics.named(ENTRIES)
        mine = [TP(name, it) for it in self._held.numbers]
        ends = await app.consumer.highwaters(*mine)
        until = monotonic() + _FETCH_SECONDS
        while monotonic() < until:
            if self._is_idle or {TP(name, it) for it in self._held.numbers} != {*mine}:
                return False
            positions = {it: await app.consumer.position(it) for it in mine}
            if all((positions[it] or 0) >= (ends.get(it) or 0) for it in mine):
                return True
            await asyncio.sleep(_FOLLOW_SECONDS)
        return False
