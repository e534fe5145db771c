"""What is to be judged again because of what was recorded elsewhere, or because what was delivered is not here.

It finds and touches; `keeping` judges, and `watching` and `tending` say when.
"""

import logging
from collections.abc import Iterable
from datetime import datetime

from adapters.accounts.touching import Touched
from adapters.live.judging import measured_since
from adapters.live.keeping import Live
from adapters.live.rows import Part, decode_ticket

log = logging.getLogger(__name__)


class Healing:
    """Finds what is not right any more of what is live."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def touch(self, touched: Touched) -> None:
        """Of what was recorded elsewhere: whom it touches is to be judged again."""
        for client in touched.clients | touched.quotas:
            self._live.contexts.forget(client)
            keys = self._live.of_client.get(client, set())
            self._live.turns.touch(keys if client in touched.clients else {it for it in keys if not it.startswith(b"ticket:")})
        if touched.everyone_from is not None:
            self._live.contexts.forget()
            since = touched.everyone_from
            self._live.turns.touch(
                key for key, it in self._live.tables.tickets.items() if measured_since(decode_ticket(it), since)
            )

    def compare(self, heads: Iterable[tuple[str, int]], *, is_new: bool = False) -> int:
        """Streams and the version they have reached by what was delivered: those of which less is known here have lost an
        entry, and are judged by the ledger; how many. `is_new`: what is not known at all is not lost, it was never here."""
        found = 0
        for stream, version in heads:
            key = stream.encode()
            row = self._live.ticket(key) if stream.startswith("ticket:") else self._live.policy(key)
            if (row.version if row is not None else 0) < version:
                found += 1
                if row is not None or not is_new:
                    self._live.counts.lost += 1
                    log.warning("%s: version %d was delivered and is not here; it is read from the ledger", stream, version)
                self._live.recorded.forget(key)
                self._live.turns.touch([key])
        return found

    def compare_part(self, subject: str, part: Part) -> None:
        """A part that was delivered: one that is not here, nor a later one, was lost, and is taken now."""
        known = self._live.parts.get(subject, {}).get(part.ticket)
        if known is None or known.order < part.order:
            self._live.counts.lost += 1
            log.warning("%s: the part of ticket %s was delivered and is not here", subject, part.ticket)
            self._live.part(subject, part)

    def out_of_date(self, client: str, now: datetime) -> int:
        """Touches what was judged without something that concerns its client and is recorded; how many. LedgerError."""
        known = self._live.contexts.of(client, now).known
        keys = []
        for key in self._live.of_client.get(client, ()):
            row = self._live.ticket(key) if key.startswith(b"ticket:") else self._live.policy(key)
            if row is not None and row.known < known:
                keys.append(key)
        self._live.turns.touch(keys)
        return len(keys)

    def clients(self) -> list[str]:
        """The clients of the tickets and policies kept."""
        return list(self._live.of_client)
