"""What a worker and the libraries in it log, on standard error: the same thing once a minute, and how often it was not said.

While Kafka is away, aiokafka says so eighty times a second. What is said is not changed, and what is new is never held back.
"""

import logging
from collections.abc import Callable
from time import monotonic

_SECONDS = 60.0
_MOST_KINDS = 1_000


class Seldom(logging.Filter):
    """Lets messages through that were not said for a minute: those of one logger that are the same but for their values."""

    def __init__(self, meanwhile: str, seconds: Callable[[], float] = monotonic) -> None:
        """`meanwhile` says, with a `message`, that there were `count` more like it; `seconds` tells a time that only grows."""
        super().__init__()
        self._meanwhile = meanwhile
        self._seconds = seconds
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is said now; if so, with how many there were meanwhile."""
        kind, now = (record.name, str(record.msg)), self._seconds()
        at, held = self._said.get(kind, (now - _SECONDS, 0))
        if now - at < _SECONDS:
            self._said[kind] = at, held + 1
            return False
        if len(self._said) >= _MOST_KINDS:
            self._said.clear()
        self._said[kind] = now, 0
        if held:
            record.msg, record.args = self._meanwhile.format(message=record.getMessage(), count=f"{held:,}"), ()
        return True


def log_seldom(meanwhile: str) -> None:
    """From here on, warnings and errors of everything in this process go to standard error, seldom."""
    handler = logging.StreamHandler()
    handler.addFilter(Seldom(meanwhile))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
