"""The entries of the tickets that were judged last, so that one more need not make all of them be read again."""

from collections import OrderedDict

from adapters.ledger import Ledger
from domain.events import Entry

_MOST_TICKETS = 20_000


class Recorded:
    """Entries by the key of their ticket, by version: all that a ticket has as far as was looked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._of: OrderedDict[bytes, list[Entry]] = OrderedDict()

    def clear(self) -> None:
        """Nothing is remembered."""
        self._of.clear()

    def forget(self, key: bytes) -> None:
        """Of this ticket nothing is remembered."""
        self._of.pop(key, None)

    def get(self, key: bytes) -> list[Entry] | None:
        """What is remembered of a ticket."""
        return self._of.get(key)

    def read(self, key: bytes) -> list[Entry]:
        """All that the ledger has of a ticket. LedgerError if it cannot be read."""
        return self._remember(key, self._ledger.stream(key.decode()))

    def with_entry(self, key: bytes, entry: Entry, *, is_fresh: bool) -> list[Entry]:
        """All entries of a ticket, this one among them: those remembered and this one; or what the ledger has, if there are not
        just those before it, or it `is_fresh` no more. LedgerError if that cannot be read."""
        known = [] if entry.version == 1 else self._of.get(key)
        if known is None or len(known) != entry.version - 1 or not is_fresh:
            return self.read(key)
        known.append(entry)
        return self._remember(key, known)

    def _remember(self, key: bytes, recorded: list[Entry]) -> list[Entry]:
        self._of[key] = recorded
        self._of.move_to_end(key)
        if len(self._of) > _MOST_TICKETS:
            self._of.popitem(last=False)
        return recorded
