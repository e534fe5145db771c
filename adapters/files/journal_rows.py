"""The tables of the journal inside one transaction: how far each file was recorded, what was taken of it and what refused.

It runs in the session of a ledger's rows. What is made of them is for `journal`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from adapters.stores.rows import Rows

MARK_BYTES = 16
"""By which a line is known again. A mark shared by two lines would lose an entry, so there are enough of them."""


class Journal(NamedTuple):
    """How far a file has been recorded: its first `lines` lines; `digest` of those taken; `revision` counts writings."""

    lines: int
    digest: str
    revision: int


class JournalRows(Rows):
    """The tables of the journal as one transaction sees them. Raises as `Rows`."""

    def journal(self, path: str) -> Journal | None:
        """How far the file at a path has been recorded, None if never."""
        row = next(iter(self._all("SELECT lines, digest, revision FROM recordings WHERE path = ?", path)), None)
        return None if row is None else Journal(*row)

    def refusals(self, path: str) -> dict[int, int | None]:
        """The lines of that file that were refused, each with the position of its RequestRefused, if there is one."""
        return dict(self._all("SELECT line, position FROM recording_refusals WHERE path = ?", path))

    def keep_journal(self, path: str, journal: Journal) -> None:
        """Writes down how far that file has been recorded."""
        statement = (
            "INSERT INTO recordings VALUES (?, ?, ?, ?) ON CONFLICT (path)"
            " DO UPDATE SET lines = excluded.lines, digest = excluded.digest, revision = excluded.revision"
        )
        self._session.run(statement, path, *journal)

    def keep_refusals(self, path: str, refused: Iterable[tuple[int, int | None]]) -> None:
        """Lines refused (again)."""
        statement = (
            "INSERT INTO recording_refusals VALUES (?, ?, ?) ON CONFLICT (path, line)"
            " DO UPDATE SET position = excluded.position"
        )
        self._many(statement, [(path, line, position) for line, position in refused])

    def drop_refusals(self, path: str, lines: Iterable[int]) -> None:
        """Lines no longer refused."""
        self._many("DELETE FROM recording_refusals WHERE path = ? AND line = ?", [(path, line) for line in lines])

    def marks(self, path: str) -> Iterator[bytes]:
        """The mark of every line ever taken of that file, each as often as it was taken."""
        for (together,) in self._all("SELECT marks FROM recording_marks WHERE path = ? ORDER BY revision", path):
            yield from (together[first : first + MARK_BYTES] for first in range(0, len(together), MARK_BYTES))

    def marks_kept(self, path: str) -> int:
        """How many marks there are of that file."""
        kept: int = self._one("SELECT coalesce(sum(length(marks)), 0) FROM recording_marks WHERE path = ?", path)
        return kept // MARK_BYTES

    def keep_marks(self, path: str, revision: int, marks: Sequence[bytes]) -> None:
        """The marks of the lines taken in a writing of the journal."""
        if marks:
            self._session.run("INSERT INTO recording_marks VALUES (?, ?, ?)", path, revision, b"".join(marks))
