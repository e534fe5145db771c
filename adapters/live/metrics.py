"""What a worker tells of itself: whether it is well, and its figures for Prometheus."""

from collections.abc import Iterator
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from adapters.live.held import Held
from adapters.live.keeping import Live
from adapters.live.patches import App
from adapters.live.sending import Sending
from adapters.live.tending import Tending

_COUNTED = {
    "entries": "Messages of entries taken",
    "repeated": "Entries that were known already, and so were ignored",
    "gaps": "Entries that came without those before them, which were read from the ledger",
    "lost": "Streams of which a delivered entry was not here, and was read from the ledger",
    "judged": "Tickets judged",
    "turned": "Tickets and policies judged again because their time came or something touched them",
    "changes": "Changes told",
    "problems": "What could not be judged or read",
    "postponed": "What waited because the ledger could not be read",
}


class Figures(Collector):
    """The figures of one worker."""

    def __init__(self, name: str, app: App, held: Held, live: Live, sending: Sending, tending: Tending) -> None:
        self._name = name
        self._app, self._held, self._live, self._sending, self._tending = app, held, live, sending, tending
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterator[Any]:
        """As Prometheus asks for them."""
        for name, told in _COUNTED.items():
            yield CounterMetricFamily(f"bitacora_live_{name}", told, getattr(self._live.counts, name))
        for name, told, value in self._gauges():
            yield GaugeMetricFamily(f"bitacora_live_{name}", told, value)

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        live, tending = self._live, self._tending
        yield "partitions", "Partitions that are this worker's", len(self._held.numbers)
        yield "tickets", "Tickets kept", len(live.tables.tickets)
        yield "policies", "Policies kept, and clients with tickets outside any", len(live.tables.policies)
        yield "scheduled", "Tickets and policies that will change of themselves", len(live.turns)
        yield "unsent", "Messages said and not yet committed", self._sending.behind
        yield "relayed_position", "Position that the relay had reached at the last comparison", tending.relayed
        yield "compared_position", "Position up to which everything delivered is here", tending.compared
        yield "lag_entries", "Entries on the topic that were not fetched yet, marks of transactions included", tending.lag

    def exposition(self) -> bytes:
        """The figures as text."""
        return generate_latest(self._registry)

    def health(self) -> dict[str, Any]:
        """Whether it is at work: `ok`, `rebalancing`, or `failed`."""
        status = "failed" if self._sending.failure is not None else "rebalancing" if self._app.rebalancing else "ok"
        return {
            "status": status, "worker": self._name, "partitions": sorted(self._held.numbers),
            "generation": self._app.consumer_generation_id,
            "tickets": len(self._live.tables.tickets), "policies": len(self._live.tables.policies),
            "unsent": self._sending.behind, "relayed": self._tending.relayed, "compared": self._tending.compared,
        }  # fmt: skip
