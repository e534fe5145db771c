"""What a caller may see. Everything, but for a caller of the role `client`: what is its own, and of all else not even that it
is there: it is answered in the same words, after the same work, as what never was.

What it cannot help telling is written down in docs/http.md: positions, which proofs need, have gaps where others' entries are.
"""

from datetime import datetime
from functools import cached_property
from typing import Any

from adapters.http.asking import Asked, readings_asked
from adapters.http.callers import Caller
from adapters.ledger import Ledger, utc_now
from adapters.reports.reports import NotFound, Selection
from domain.refusal import said
from projections.contracts import Question
from replay.as_of import Focus


class Seen:
    """A ledger as one caller sees it."""

    def __init__(self, ledger: Ledger, caller: Caller) -> None:
        self.ledger, self.caller = ledger, caller
        self.client = caller.client

    @cached_property
    def streams(self) -> frozenset[str]:
        """The streams that are the client's own. For a caller of the role `client` only."""
        return frozenset({f"client:{self.client}", *self.ledger.streams_of(self.client or "")})

    def sees(self, stream: str) -> bool:
        """Whether the caller may see a stream, should it be there."""
        return self.client is None or stream in self.streams

    def check(self, asked: Asked) -> str | None:
        """The client to narrow the answer to, None for all. NotFound for a client, policy, ticket or stream that the caller
        does not see, as for one that is not there."""
        client: str | None = asked.get("client")
        if self.client is None:
            return client
        if client not in (None, self.client):
            raise NotFound("client", str(client))
        for name in ("policy", "ticket"):
            if asked.get(name) is not None and f"{name}:{asked[name]}" not in self.streams:
                raise NotFound(name, asked[name])
        if asked.get("stream") is not None and asked["stream"] not in self.streams:
            raise NotFound("stream", asked["stream"])
        return self.client

    def selection(self, asked: Asked) -> Selection:
        """What a report is about."""
        return Selection(self.check(asked), asked.get("policy"), asked.get("ticket"), asked.get("from"), asked.get("to"))

    def focus(self, asked: Asked) -> Focus:
        """What a replay looks at."""
        return Focus(self.check(asked), asked.get("policy"), asked.get("ticket"))

    def question(self, asked: Asked, now: datetime | None = None) -> Question:
        """The question asked. Judged at `now` (aware; the wall clock) unless a moment is said."""
        return Question(asked["at"] or now or utc_now(), self.known(asked["known_at"]), readings_asked(asked))

    def known(self, known: datetime | int | None) -> int | None:
        """The position of a state of knowledge, None for everything. For a client always the last one up to there that can
        concern it, which gives the same figures and does not tell how much others recorded."""
        position = self.ledger.position_at(known) if isinstance(known, datetime) else known
        if self.client is None:
            return position
        with self.ledger.reading(said("looking a position up")) as rows:
            head = rows.head()
            return rows.last_of(self.client, head if position is None else min(position, head))


def seen_by(ledger: Ledger, caller: Any) -> Seen:
    """The ledger as a caller sees it, for handlers."""
    return Seen(ledger, caller)
