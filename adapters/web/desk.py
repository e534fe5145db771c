"""What the pages of one server share: the ledger, the accounts its lists are read from, the desk's key, the clock."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache

from adapters.ledger import Ledger, utc_now
from adapters.replays import readings_matrix
from adapters.signing import Signer
from adapters.web.kept import Kept
from projections.contracts import Question
from replay.as_of import Focus
from replay.readings import Matrix

_MATRICES = 32


class Desk:
    """The desk behind the pages. Threads share it."""

    def __init__(self, ledger: Ledger, signer: Signer | None, clock: Callable[[], datetime] = utc_now) -> None:
        self.ledger, self.signer, self.clock = ledger, signer, clock
        self._matrix = lru_cache(_MATRICES)(self._matrix_of)

    @cached_property
    def kept(self) -> Kept:
        """The accounts that lists are read from."""
        return Kept(self.ledger, self.clock)

    def matrix(self, focus: Focus, at: datetime, known: int) -> Matrix:
        """The readings matrix; the same question is answered from memory."""
        return self._matrix(focus.client, focus.policy, focus.ticket, at, known)

    def _matrix_of(self, client: str | None, policy: str | None, ticket: str | None, at: datetime, known: int) -> Matrix:
        return readings_matrix(self.ledger, Question(at, known), Focus(client=client, policy=policy, ticket=ticket))
