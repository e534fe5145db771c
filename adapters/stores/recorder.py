"""What the recorders of both stores add to the library's: entries as rows, and every stored event with its position.

How a store is asked is its own affair: see `sqlite` and `postgres.store`.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from eventsourcing.persistence import Notification, StoredEvent

from adapters.stores.rows import LedgerSession, Row


def rows_of(stored_events: Iterable[StoredEvent], first: int) -> list[Row]:
    """The rows of stored events, at the positions from `first` on."""
    return [
        (position, str(it.originator_id), it.originator_version, it.topic, it.state)
        for position, it in enumerate(stored_events, first)
    ]


class Positioned:
    """Answers the library's questions about a stream with positions."""

    @abstractmethod
    def _asking(self) -> AbstractContextManager[LedgerSession]:
        """A transaction that reads."""

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """As the library's, each with its position. Raises the library's errors."""
        statement = (
            "SELECT rowid, originator_version, topic, state FROM stored_events WHERE originator_id = ?"
            " AND originator_version > ? AND originator_version <= ? ORDER BY originator_version"
            f" {'DESC' if desc else 'ASC'} LIMIT ?"
        )
        most = 2**62
        bounds = (-1 if gt is None else gt, most if lte is None else lte, most if limit is None else limit)
        stream = str(originator_id)
        with self._asking() as session:
            found = session.all(statement, stream, *bounds)
        return [Notification(stream, version, topic, state, position) for position, version, topic, state in found]
