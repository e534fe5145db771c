"""What is counted of a server, for Prometheus. No label is taken from what anybody sends: routes are named by their
templates."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from adapters.webhooks.webhooks import Webhook

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one server, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "bitacora_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram("bitacora_request_seconds", "Until an answer began.", ["method", "route"], buckets=_SECONDS,
                                  registry=self.registry)  # fmt: skip
        self.under_way = Gauge("bitacora_requests_under_way", "Requests not yet answered to the end.", registry=self.registry)
        self._head = Gauge("bitacora_position", "The last position of the ledger.", registry=self.registry)
        self._signed = Gauge("bitacora_signed_position", "The position up to which entries are signed.", registry=self.registry)
        self._accounts = Gauge("bitacora_accounts_position", "The position of the stored accounts.", registry=self.registry)
        self._readers = Gauge("bitacora_stream_readers", "Readers of the live stream.", registry=self.registry)

        self._posted = Counter("bitacora_webhook_attempts", "Entries this server posted to webhooks, by what came of it.",
                               ["came_to"], registry=self.registry)  # fmt: skip
        self._webhooks = {
            name: Gauge(f"bitacora_webhook_{name}", described, ["webhook"], registry=self.registry)
            for name, described in (
                ("behind", "Entries not looked at yet for a webhook."),
                ("waiting", "Streams on their way to a webhook, or refused and tried again."),
                ("dead", "Streams given up for a webhook."),
            )
        }

    def posted(self, came_to: str) -> None:
        """An entry was posted to a webhook."""
        self._posted.labels(came_to).inc()

    def look_at_webhooks(self, webhooks: Iterable[Webhook]) -> None:
        """How far each of them is."""
        for gauge in self._webhooks.values():
            gauge.clear()
        for it in webhooks:
            for name, gauge in self._webhooks.items():
                gauge.labels(it.id).set(getattr(it, name))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered; `seconds` until the answer began."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def look(self, head: int, signed: int, readers: int, accounts: int | None) -> None:
        """Where the ledger and what follows it are; no figure for stored accounts that are not there."""
        self._head.set(head)
        self._signed.set(signed)
        self._readers.set(readers)
        self._accounts.set(float("nan") if accounts is None else accounts)
