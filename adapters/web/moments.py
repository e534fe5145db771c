"""The lists of the page as of another moment, with other knowledge, or under other readings: replayed, and kept for a while.

A question is settled before it is asked here: its moment and its position are said, so that it has one answer for ever, and
what is kept of it cannot grow stale. Replays are made one after another, and the question asked longest ago is forgotten first.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

from adapters.accounts.moments import make
from adapters.accounts.session import AccountsSession
from adapters.accounts.sqlite import SQLiteAccounts
from adapters.accounts.versions import Versions
from adapters.ledger import Ledger
from adapters.reports.reports import Reports
from adapters.web.kept import PATIENCE_SECONDS, BeingMade, View
from projections.contracts import Question

_KEPT = 3
Key = tuple[datetime, int, tuple[tuple[str, str], ...], str | None]


class _Moment:
    """The accounts of one question, which a thread makes."""

    def __init__(self, place: Path) -> None:
        self.accounts = SQLiteAccounts(place)
        self.made = Event()
        self.failed: Exception | None = None
        self.progress = (0, 0)
        self.in_use = Lock()
        self.is_forgotten = False

    def told(self, done: int, all: int) -> None:
        """Remembers how far it is."""
        self.progress = done, all

    @contextmanager
    def reading(self) -> Iterator[AccountsSession]:
        """What was made, by whoever holds `in_use`. BeingMade if it was forgotten meanwhile: it is made again."""
        if self.is_forgotten:
            raise BeingMade(0, 0, is_replay=True)
        with self.accounts.reading() as session:
            yield session

    def forget(self) -> None:
        """Throws it away, once nobody reads it."""
        with self.in_use:
            self.is_forgotten = True
            self.accounts.close()
            for it in self.accounts.path.parent.glob(f"{self.accounts.path.name}*"):
                it.unlink(missing_ok=True)


class Moments:
    """The accounts of the questions asked last. Threads may share it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder = TemporaryDirectory(prefix="bitacora-page-")
        self._numbers = count(1)
        self._moments: OrderedDict[Key, _Moment] = OrderedDict()
        self._lock, self._making = Lock(), Lock()

    def close(self) -> None:
        """Throws them away."""
        with self._lock:
            for it in self._moments.values():
                it.made.wait()
                it.forget()
            self._moments.clear()
            self._folder.cleanup()

    @contextmanager
    def reading(self, question: Question, client: str | None) -> Iterator[View]:
        """The accounts of a question whose position is said, of one client or of all (None). BeingMade while they are made;
        UnknownReading, LedgerError."""
        assert question.known is not None, "the question is settled"
        key: Key = (question.at, question.known, tuple(sorted(question.readings.items())), client)
        found = self._found(key, question, client)
        if not found.made.wait(PATIENCE_SECONDS):
            raise BeingMade(*found.progress, is_replay=True)
        if found.failed is not None:
            self._drop(key, found)
            raise found.failed
        with found.in_use, found.reading() as session:
            version = Versions(session).active()
            assert version is not None, "what was made is in use"
            yield View(session, version.number, question.known, question.at, False,
                       lambda selection: Reports(self._ledger, question, selection), question)  # fmt: skip

    def _found(self, key: Key, question: Question, client: str | None) -> _Moment:
        with self._lock:
            found = self._moments.get(key)
            if found is None:
                self._make_room()
                found = self._moments[key] = _Moment(Path(self._folder.name) / f"moment-{next(self._numbers)}")
                arguments = (found, question, client)
                Thread(target=self._make, args=arguments, name="bitacora-page-moment", daemon=True).start()
            self._moments.move_to_end(key)
            return found

    def _make_room(self) -> None:
        """Forgets the one asked for longest ago; BeingMade if all of them are still being made: whoever asks, asks again."""
        if len(self._moments) < _KEPT:
            return
        oldest = next((key for key, it in self._moments.items() if it.made.is_set()), None)
        if oldest is None:
            raise BeingMade(0, 0, is_replay=True)
        self._moments.pop(oldest).forget()

    def _drop(self, key: Key, failed: _Moment) -> None:
        with self._lock:
            if self._moments.get(key) is failed:
                del self._moments[key]
                failed.forget()

    def _make(self, moment: _Moment, question: Question, client: str | None) -> None:
        try:
            with self._making:
                make(self._ledger, moment.accounts, question, client, moment.told)
        except Exception as error:
            moment.failed = error
        finally:
            moment.made.set()
