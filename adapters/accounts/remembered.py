"""The streams that say what applies, remembered from one batch of a follower to the next: terms, the desk, clients, policies.

Whatever a new entry stands in is read again before anything is judged with it, so that what is remembered is what the ledger
holds. It judges nothing.
"""

from collections.abc import Iterable, Sequence

from adapters.accounts.touching import Touched
from adapters.ledger import Ledger
from adapters.stores.rows import Row
from domain.events import Entry
from domain.refusal import said

DESK = "desk"
Streams = Sequence[tuple[str, Sequence[Entry]]]
_CLIENTS_AT_MOST = 1_000


class Remembered:
    """The streams of one ledger that say what applies to everyone, and to the clients asked for last."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._everyone: Streams | None = None
        self._clients: dict[str, Streams] = {}

    def everyone(self) -> Streams:
        """All terms, then the desk. Unreadable if an entry of them is not one."""
        if self._everyone is None:
            self._everyone = [*self._ledger.streams("terms"), (DESK, self._ledger.stream(DESK))]
        return self._everyone

    def client(self, client: str) -> Streams:
        """A client, then its policies. Unreadable if an entry of them is not one."""
        found = self._clients.get(client)
        if found is None:
            while len(self._clients) >= _CLIENTS_AT_MOST:
                del self._clients[next(iter(self._clients))]
            found = self._clients[client] = self._read(client)
        return found

    def _read(self, client: str) -> Streams:
        with self._ledger.reading(said("reading the streams of a client")) as rows:
            names = [f"client:{client}", *rows.streams_of(client, "policy")]
            return list(rows.streams_named(names).items())

    def renew(self, recorded: Iterable[Row], touched: Touched) -> None:
        """Forgets what these stored rows stand in, and that of all whom they touch."""
        for _, stream, *_ in recorded:
            kind, _, ident = stream.partition(":")
            if kind in ("terms", DESK):
                self._everyone = None
            elif kind == "client":
                self._clients.pop(ident, None)
        for client in touched.clients | touched.quotas:
            self._clients.pop(client, None)
        if touched.unreadable:
            # Whose it is cannot always be told.
            self._clients.clear()
