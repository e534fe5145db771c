"""Watches what is recorded: what concerns tickets besides their own entries, and what was delivered and is not here.

The ledger is read for it: an entry stands there before it is relayed. What it finds is for `healing`.
"""

from collections.abc import Callable
from time import monotonic

from adapters.accounts.touching import touched_by
from adapters.ledger import Ledger
from adapters.live.healing import Healing
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.refusal import said

PAGE_ENTRIES = 2_000
LOOK_SECONDS = 0.05
"""Entries that arrive make it look no more often than that."""


class Watching:
    """Follows one ledger from where it stands when `begin` is called."""

    def __init__(self, ledger: Ledger, healing: Healing) -> None:
        self._ledger = ledger
        self._healing = healing
        self._position = self._began = 0
        self._looked = 0.0
        self._heads: dict[str, tuple[int, int]] = {}

    def begin(self) -> None:
        """From here on; to be called before anything is judged. LedgerError."""
        self._heads.clear()
        self._position = self._began = self._ledger.head()

    def look(self, arrived: int) -> None:
        """For an entry at this position: follows if there may be others before it that concern its ticket. LedgerError."""
        if arrived > self._position and monotonic() - self._looked > LOOK_SECONDS:
            self.follow()

    def follow(self) -> int:
        """Touches whom what was recorded since concerns; how many entries it read, a page at most. LedgerError."""
        self._looked = monotonic()
        with self._ledger.reading(said("reading entries")) as plain:
            rows = TreeRows.of(plain).raw(self._position, 2**62, PAGE_ENTRIES)
        if rows:
            self._healing.touch(touched_by((it for it in rows if not it[1].startswith("ticket:")), self._ledger))
            self._remember(rows)
            self._position = rows[-1][0]
        return len(rows)

    def _remember(self, rows: list[Row]) -> None:
        for position, stream, version, *_ in rows:
            if stream.startswith(("ticket:", "policy:")):
                self._heads[stream] = (version, position)

    def compare(self, upto: int, owns: Callable[[str], bool]) -> int:
        """Of what was recorded since it began, and delivered up to a position: what is not here though it `owns` it is read
        from the ledger; how many streams. What is compared once is not compared again."""
        heads = [(stream, version) for stream, (version, position) in self._heads.items() if position <= upto]
        for stream, _ in heads:
            del self._heads[stream]
        return self._healing.compare(it for it in heads if owns(it[0]))

    def is_since(self, upto: int) -> bool:
        """Whether `compare` is enough: all that was recorded before it began was delivered by a position, and so compared by
        `all_heads`."""
        return upto >= self._began

    def all_heads(self, upto: int) -> list[tuple[str, int]]:
        """The streams of tickets and policies, each with its last version up to a position. LedgerError."""
        with self._ledger.reading(said("reading streams")) as rows:
            return [it for it in rows.last_versions(upto) if it[0].startswith(("ticket:", "policy:"))]
