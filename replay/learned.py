"""What a ledger learned between two states of knowledge: the case in which two as-of views are compared, entry by entry."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from domain.events import Entry, RequesterAuthorized, RequesterRevoked, RequestRefused, TermsPublished
from domain.exchange import time_text
from projections.contracts import Question
from replay.as_of import Knowledge, Seen
from replay.causes import Cause, of_entry

_NO_ACCOUNT_RESTS_ON = (RequesterAuthorized, RequesterRevoked, RequestRefused, TermsPublished)


class Learned:
    """Two questions under the same readings, each with a position known. What sets them apart are the entries recorded between
    the two positions and, if they judge two moments, the time that passed. `known_since` is when the earlier of the two states
    of knowledge was reached: what had happened by then and was recorded later is late. None: nothing was known."""

    def __init__(self, before: Question, after: Question, known_since: datetime | None) -> None:
        self._before, self._after = before, after
        low, high = sorted((before.known or 0, after.known or 0))
        self._low, self._high, self._known_since = low, high, known_since
        self._forgets = (after.known or 0) < (before.known or 0)
        moved = before.at != after.at
        self.everywhere: Sequence[Cause] = (Cause("moment", time_text(after.at)),) if moved else ()

    @property
    def before(self) -> Seen:
        """The first view."""
        return self._seen(self._before.at, self._before.known or 0)

    @property
    def after(self) -> Seen:
        """The second view."""
        return self._seen(self._after.at, self._after.known or 0)

    def causes_in(self, name: str, recorded: Sequence[Entry]) -> list[Cause]:
        """The entries of a stream that only one of the two states knows; not those on which no account can rest."""
        if not recorded or recorded[-1].position <= self._low:
            return []
        return [
            of_entry(it, self._kind(it))
            for it in recorded
            if self._low < it.position <= self._high and not isinstance(it.event, _NO_ACCOUNT_RESTS_ON)
        ]

    def after_without(self, causes: Collection[Cause]) -> Seen:
        """The second view as if these entries had not been learned, or no time had passed."""
        at = self._before.at if any(it.kind == "moment" for it in causes) else self._after.at
        return self._seen(at, self._after.known or 0, frozenset(it.position for it in causes if it.position is not None))

    def _seen(self, at: datetime, upto: int, flipped: frozenset[int] = frozenset()) -> Seen:
        # The lens alone decides what is known: a question that cut at a position could not show an entry beyond it.
        return Question(at, None, self._after.readings), Knowledge(upto, flipped)

    def _kind(self, entry: Entry) -> Literal["forgotten", "late", "entry"]:
        if self._forgets:
            return "forgotten"
        return "late" if self._known_since is not None and entry.event.at <= self._known_since else "entry"
