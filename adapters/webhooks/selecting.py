"""Which entries a subscription wants, told from the stored rows: their type, the ticket they stand in, and whose that is."""

from functools import lru_cache

from adapters.ledger import Ledger
from adapters.mapper import Unreadable, entry_from
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from adapters.webhooks.subscriptions import Wanted
from domain import upcasting
from domain.events import PolicyContracted, TicketOpened
from domain.refusal import said

_REMEMBERED = 20_000


class Selecting:
    """Tells of a ledger's entries whether they are wanted. Threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        # A stream is the same client's for ever: remembering it needs no looking again.
        self._client = lru_cache(_REMEMBERED)(self._client_of)

    def is_wanted(self, row: Row, wanted: Wanted) -> bool:
        """Whether a subscription is told of the entry. LedgerError if the ledger cannot be read."""
        _, stream, _, type, _ = row
        if wanted.types and _today(type) not in wanted.types:
            return False
        if wanted.tickets and (not stream.startswith("ticket:") or stream.removeprefix("ticket:") not in wanted.tickets):
            return False
        return not wanted.clients or self._client(stream) in wanted.clients

    def _client_of(self, stream: str) -> str | None:
        """Whose a stream is; None if it is nobody's, or its beginning cannot be read: then no client is told of it."""
        kind, _, ident = stream.partition(":")
        if kind == "client":
            return ident
        if kind not in ("ticket", "policy"):
            return None
        with self._ledger.reading(said("reading a stream")) as plain:
            rows = TreeRows.of(plain).raw_stream_page(stream, 0, 2**62, 1)
        try:
            first = entry_from(rows[0][0], stream, rows[0][2], rows[0][4]).event
        except Unreadable:
            return None
        return first.client if isinstance(first, TicketOpened | PolicyContracted) else None


def _today(type: str) -> str:
    """What the type that an entry was stored under is called today."""
    kind = upcasting.CHAIN.kinds.get(type)
    return type if kind is None else str(kind.__struct_config__.tag)
