"""What a worker tells of itself: whether it is well, and its figures for Prometheus."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from adapters.live.application import Worker

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

    def __init__(self, worker: "Worker") -> None:
        self._worker = worker
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterator[Any]:
        """As Prometheus asks for them."""
        worker = self._worker
        for name, told in _COUNTED.items():
            yield CounterMetricFamily(f"bitacora_live_{name}", told, getattr(worker.live.counts, name))
        for name, told, value in self._gauges():
            yield GaugeMetricFamily(f"bitacora_live_{name}", told, value)

    def _gauges(self) -> Iterator[tuple[str, str, float]]:
        worker, tending = self._worker, self._worker.tending
        yield "partitions", "Partitions that are this worker's", len(worker.partitions)
        yield "tickets", "Tickets kept", len(worker.live.tables.tickets)
        yield "policies", "Policies kept, and clients with tickets outside any", len(worker.live.tables.policies)
        yield "scheduled", "Tickets and policies that will change of themselves", len(worker.live.turns)
        yield "unsent", "Messages said and not yet committed", worker.sending.behind
        yield "relayed_position", "Position that the relay had reached at the last comparison", tending.relayed
        yield "compared_position", "Position up to which everything delivered is here", tending.compared
        yield "lag_entries", "Entries on the topic that were not fetched yet, marks of transactions included", tending.lag

    def exposition(self) -> bytes:
        """The figures as text."""
        return generate_latest(self._registry)

    def health(self) -> dict[str, Any]:
        """Whether it is at work: `ok`, `rebalancing`, or `failed`."""
        worker = self._worker
        status = "failed" if worker.sending.failure is not None else "rebalancing" if worker.app.rebalancing else "ok"
        return {
            "status": status, "worker": worker.settings.name, "partitions": sorted(worker.partitions),
            "generation": worker.app.consumer_generation_id,
            "tickets": len(worker.live.tables.tickets), "policies": len(worker.live.tables.policies),
            "unsent": worker.sending.behind, "relayed": worker.tending.relayed, "compared": worker.tending.compared,
        }  # fmt: skip
