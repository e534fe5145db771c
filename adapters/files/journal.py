"""What a ledger remembers of a file that was recorded: how far it is, which of its lines were refused, and those taken.

Thereby the same file goes on where it stopped, and in one that was changed no line is recorded again that was recorded of it
word for word. It judges no entry; it is written in the transaction of the entries it tells of.
"""

from collections import Counter
from collections.abc import Sequence
from typing import BinaryIO

from adapters.files.journal_rows import MARK_BYTES, Journal, JournalRows
from adapters.files.lines import Line, lines_of
from adapters.ledger import Answer, Ledger, Refusal, Same, Taken, refusal_again
from adapters.mapper import LedgerError
from adapters.personal.sealing import Fingerprint, plain_fingerprint
from adapters.stores.rows import Rows
from adapters.stores.transaction import Transaction, content_of, request_of
from domain.events import AnyEvent, RequestRefused, TicketOpened
from domain.refusal import said

RECORDED_BEFORE = Same(0)
"""The answer to a line that is not proposed, because it was recorded of this file before."""
_DIGEST_MODULUS = 1 << 256


class Moved(Exception):
    """Another process is recording the same file and went on meanwhile: look again before writing anything."""


class FileJournal:
    """What is remembered of the file at `path`, during one pass over it; with None, of what has no path, nothing is."""

    def __init__(self, path: str | None) -> None:
        self._path = path
        self._fingerprint: Fingerprint = plain_fingerprint
        self._done, self._sum, self._revision = 0, 0, 0
        self._resumed_at = 0
        self._refusals: dict[int, int | None] = {}
        self._requests: dict[bytes, int] | None = None
        # Of a file that was changed: what was taken of it and is not met again yet, and whether any was met.
        self._missing: Counter[bytes] = Counter()
        self._met = False
        self._changed = False
        self._first_new: int | None = None

    def look_up(self, ledger: Ledger, stream: BinaryIO) -> None:
        """Reads what is remembered and holds it against the file, which is then at its beginning again. LedgerError if the
        ledger is sealed and its key store is not there."""
        if self._path is None:
            return
        self._fingerprint = ledger.fingerprint()
        with ledger.reading(said("looking up how far a file was recorded")) as plain:
            rows = JournalRows.of(plain)
            journal, self._refusals = rows.journal(self._path), rows.refusals(self._path)
        if journal is None:
            return
        self._revision = journal.revision
        found = self._digest(stream, journal.lines)
        stream.seek(0)
        self._changed = found != journal.digest
        if found == journal.digest:
            self._done = self._resumed_at = journal.lines
            self._sum = int(found, 16)
        taken = self._done - sum(number <= self._done for number in self._refusals)
        with ledger.reading(said("looking up how far a file was recorded")) as plain:
            rows = JournalRows.of(plain)
            # More than the lines taken up to here: an earlier form of the file left something.
            if self._changed or rows.marks_kept(self._path) > taken:
                self._missing = Counter(rows.marks(self._path))

    @property
    def differs_from(self) -> int | None:
        """The first line recorded now of a file that was changed since it was recorded, if lines recorded of it then are
        neither gone altogether (it is another file) nor all still there (it only grew)."""
        return self._first_new if self._changed and self._met and self._missing.total() else None

    def passes(self, line: Line) -> bool:
        """Whether the line was taken before, where it stands."""
        if line.number > self._resumed_at or line.number in self._refusals:
            return False
        self._meet(line)
        return True

    def knows(self, line: Line) -> bool:
        """Whether a line that is not passed over was taken of this file before, where it stood elsewhere."""
        return self._meet(line)

    def _meet(self, line: Line) -> bool:
        if not self._missing:
            return False
        mark = self._mark(line)
        if not self._missing[mark]:
            return False
        self._missing[mark] -= 1
        self._met = True
        return True

    def refusal(self, transaction: Transaction, line: Line, event: AnyEvent) -> Refusal | None:
        """The recorded refusal (gs.1.1) of a line with the same content, None if there is none."""
        if not self._refusals or not (self._missing or self._changed or line.number in self._refusals):
            return None
        if self._requests is None:
            unsealed = transaction.unsealed()
            turned_away = ((_turned_away(transaction, it), it) for it in self._refusals.values() if it is not None)
            self._requests = {_content(unsealed.event(refused)): position for refused, position in turned_away}
        position = self._requests.get(content_of(event), self._refusals.get(line.number))
        if position is None or not isinstance(event, TicketOpened):
            return None
        refused = _turned_away(transaction, position)
        # Compared in any case: what is forgotten cannot be opened, and counts as the same where it stands.
        if not transaction.is_same(request_of(refused), event):
            return None
        return refusal_again(refused, position, event.requester)

    def check(self, rows: Rows) -> None:
        """Moved if another process wrote about this file since it was looked up."""
        if self._path is not None:
            journal = JournalRows.of(rows).journal(self._path)
            if (0 if journal is None else journal.revision) != self._revision:
                raise Moved

    def keep(self, plain: Rows, lines: Sequence[Line], answers: Sequence[Answer]) -> None:
        """Writes down a batch. What is refused stays out of the digest, so that it may be mended in place; a refused last
        line without newline is not even done, since the rest of it may still come."""
        if self._path is None:
            return
        pairs = [it for it in zip(lines, answers, strict=True) if it[0].ended or it[1].position is not None]
        taken = [(line, answer) for line, answer in pairs if not isinstance(answer, Refusal)]
        refused = [(line.number, answer.position) for line, answer in pairs if isinstance(answer, Refusal)]
        self._sum = (self._sum + sum(self._weight(line) for line, _ in taken)) % _DIGEST_MODULUS
        self._done = max(self._done, pairs[-1][0].number if pairs else 0)
        self._revision += 1
        rows = JournalRows.of(plain)
        rows.keep_marks(self._path, self._revision, [self._mark(line) for line, it in taken if it is not RECORDED_BEFORE])
        rows.drop_refusals(self._path, [line.number for line, _ in taken if line.number in self._refusals])
        rows.keep_refusals(self._path, refused)
        rows.keep_journal(self._path, Journal(self._done, f"{self._sum:064x}", self._revision))
        if self._first_new is None:
            self._first_new = next((line.number for line, it in taken if isinstance(it, Taken)), None)

    def _mark(self, line: Line) -> bytes:
        """What a line is known by wherever it stands."""
        return self._fingerprint(line.content)[:MARK_BYTES]

    def _weight(self, line: Line) -> int:
        """What a line adds to the digest of its file, where it stands."""
        return int.from_bytes(self._fingerprint(line.content), "big") * line.number

    def _digest(self, stream: BinaryIO, upto: int) -> str | None:
        """The sum of the weights of the first `upto` lines, those refused left out; None if there are fewer lines.

        A sum, because a line refused at first and taken later joins it without the others being read again."""
        total = number = 0
        if upto:
            for line in lines_of(stream):
                number = line.number
                if number not in self._refusals:
                    total += self._weight(line)
                if number == upto:
                    break
        return f"{total % _DIGEST_MODULUS:064x}" if number == upto else None


def _turned_away(transaction: Transaction, position: int) -> RequestRefused:
    entry = transaction.rows.at(position)
    if entry is None or not isinstance(entry.event, RequestRefused):
        raise LedgerError(said("entry {position} should be a refusal and is not: the ledger is damaged"), position=position)
    return entry.event


def _content(refused: AnyEvent) -> bytes:
    request = request_of(refused) if isinstance(refused, RequestRefused) else None
    return b"" if request is None else content_of(request)
