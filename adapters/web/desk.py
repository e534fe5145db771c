"""What the pages of one server share: the ledger, the accounts its lists are read from, the desk's key, the clock."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property, lru_cache

from msgspec import Struct

from adapters.ledger import Ledger, utc_now
from adapters.proofs.signing import Signer
from adapters.reports.replays import readings_matrix
from adapters.web.kept import Kept
from adapters.web.moments import Moments
from projections.contracts import Question
from replay.as_of import Focus, Totals
from replay.hanging import Hangs

_ANSWERS = 32


class Readings(Struct, frozen=True):
    """Every unclear clause with what hangs on it, and the totals it is held against."""

    hangs: tuple[Hangs, ...]
    totals: Totals


class Desk:
    """The desk behind the pages. Threads share it."""

    def __init__(self, ledger: Ledger, signer: Signer | None, clock: Callable[[], datetime] = utc_now) -> None:
        self.ledger, self.signer, self.clock = ledger, signer, clock
        self._readings = lru_cache(_ANSWERS)(self._readings_of)

    def close(self) -> None:
        """Throws away what was worked out for its pages."""
        for name in {"kept", "moments"} & vars(self).keys():
            getattr(self, name).close()

    @cached_property
    def kept(self) -> Kept:
        """The accounts that lists are read from."""
        return Kept(self.ledger, self.clock)

    @cached_property
    def moments(self) -> Moments:
        """The accounts of other moments."""
        return Moments(self.ledger)

    def readings(self, focus: Focus, question: Question) -> Readings:
        """What hangs on each unclear clause; the same question is answered from memory."""
        chosen = tuple(sorted(question.readings.items()))
        return self._readings(focus.client, focus.policy, focus.ticket, question.at, question.known, chosen)

    def _readings_of(
        self, client: str | None, policy: str | None, ticket: str | None, at: datetime, known: int | None,
        chosen: tuple[tuple[str, str], ...],
    ) -> Readings:  # fmt: skip
        focus = Focus(client=client, policy=policy, ticket=ticket)
        matrix = readings_matrix(self.ledger, Question(at, known, dict(chosen)), focus)
        # Worked out here: a matrix counts as it is asked, and is good for one answer.
        return Readings(tuple(matrix.hangs()), matrix.totals)
