"""A server that also posts to webhooks, if it is told to: the sender of `bitacora webhooks deliver`, in a thread of its own.

Of several servers of a ledger one posts, the others stand by.
"""

from pathlib import Path
from threading import Thread

import structlog

from adapters.http.metrics import Metrics
from adapters.http.settings import ServerSettings
from adapters.ledger import Ledger
from adapters.webhooks.feeding import Attempt
from adapters.webhooks.sending import Sending

_log = structlog.get_logger("bitacora.webhooks")


class Delivering:
    """The sender of one server."""

    def __init__(self, ledger: Ledger, settings: ServerSettings, metrics: Metrics) -> None:
        keys = Path(settings.keys) if settings.keys else None
        self._metrics = metrics
        self._sending = Sending(ledger.url, self._happens, opened=lambda: Ledger.open(ledger.url, keys=keys), tell=self._tell)
        self._thread = Thread(target=self._sending.run, name="bitacora-webhooks", daemon=True)

    def begin(self) -> None:
        """Begins to post, or to stand by."""
        self._thread.start()

    def end(self) -> None:
        """Ends when the attempts under way are done."""
        self._sending.stop()
        self._thread.join()

    def _happens(self, happening: str, error: Exception | None) -> None:
        if error is None:
            _log.info(happening)
        else:
            _log.error("delivering failed, and will be tried again", problem=str(error))

    def _tell(self, attempt: Attempt) -> None:
        self._metrics.posted(attempt.came_to)
        if attempt.came_to != "taken":
            # Not the address: there may be something in it that opens something.
            _log.warning("webhook", **attempt._asdict())
