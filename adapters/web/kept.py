"""Where the lists of the page are read from: the stored accounts where they are current, else accounts of the server's own.

Its own are made once, in a temporary folder, and then follow the ledger entry by entry, so that no request replays the ledger.
They are made by the same follower and hold the same figures. What they hold is asked in `listing`.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Lock, Thread

from msgspec import Struct

from adapters.accounts.building import Building
from adapters.accounts.filling import moment
from adapters.accounts.following import Follower
from adapters.accounts.places import Accounts, accounts_of
from adapters.accounts.reading import StoredReports, stored
from adapters.accounts.rows import AccountRows
from adapters.accounts.session import AccountsSession
from adapters.accounts.sqlite import SQLiteAccounts
from adapters.accounts.versions import Versions
from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerError
from adapters.reports.reports import Reports, Selection
from domain.refusal import said
from projections.contracts import Question

PATIENCE_SECONDS = 5.0


class BeingMade(Exception):
    """The server's own accounts are being made for the first time, or (`is_replay`) those of another moment: so many tickets
    are `done` of `all`; 0 of 0 if that is not known yet."""

    def __init__(self, done: int, all: int, *, is_replay: bool = False) -> None:
        super().__init__(done, all)
        self.done, self.all, self.is_replay = done, all, is_replay


class View(Struct, frozen=True):
    """Accounts to read within one transaction: of everything up to `position`, judged at `now`. `is_stored`: they are those
    that `bitacora follow` keeps; `replayed`: the question that they were replayed for, None for those of now."""

    session: AccountsSession
    number: int
    position: int
    now: datetime
    is_stored: bool
    reports: Callable[[Selection], Reports]
    replayed: Question | None = None


class Kept:
    """The accounts that the lists of one ledger are read from. Threads may share it."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime] = utc_now) -> None:
        self._ledger, self._clock = ledger, clock
        self._folder = TemporaryDirectory(prefix="bitacora-page-")
        self._own = SQLiteAccounts(Path(self._folder.name) / "page")
        self._lock = Lock()
        self._making: Thread | None = None
        self._made = Event()
        self._progress = (0, 0)
        self._failed: Exception | None = None

    def close(self) -> None:
        """Throws its own accounts away."""
        with self._lock:
            self._own.close()
            self._folder.cleanup()

    @contextmanager
    def reading(self) -> Iterator[View]:
        """Accounts that are current. BeingMade while the first are made; LedgerError if ledger or accounts cannot be read."""
        now = self._clock()
        with closing(accounts_of(self._ledger.url)) as accounts, self._stored(accounts, now) as view:
            if view is not None:
                yield view
                return
        self._make()
        with self._lock:
            Follower(self._ledger, self._own, self._clock).follow()
            with self._reading(self._own, self._clock()) as view:
                if view is not None:
                    yield view
                    return
            raise self._why_not()

    @contextmanager
    def _stored(self, accounts: Accounts, now: datetime) -> Iterator[View | None]:
        """Those that `bitacora follow` keeps; None unless every row of them holds now."""
        if not accounts.exists():
            yield None
            return
        with self._reading(accounts, now) as view:
            yield view

    @contextmanager
    def _reading(self, accounts: Accounts, now: datetime) -> Iterator[View | None]:
        asked = Reports(self._ledger, Question(now, None))
        with stored(self._ledger, asked, accounts) as answering:
            if not isinstance(answering, StoredReports):
                yield None
                return
            rows = answering.rows
            if rows.invalid(moment(now), 1):
                yield None
                return

            def reports(selection: Selection) -> Reports:
                return StoredReports(self._ledger, Reports(self._ledger, Question(now, None), selection), rows,
                                     answering.position)  # fmt: skip

            yield View(rows.session, rows.number, answering.position, now, accounts is not self._own, reports)

    def _why_not(self) -> Exception:
        """Why its own accounts do not answer: something in them cannot be judged, or else they are only just not current."""
        with self._own.reading() as session:
            version = Versions(session).active()
            parked = AccountRows(session, version.number).parked() if version is not None else []
        if not parked:
            return BeingMade(0, 0)
        template = said("{subject} cannot be judged: {problem}")
        return LedgerError(template, subject=parked[0]["subject"], problem=parked[0]["problem"])

    # Its own --------------------------------------------------------------------------------------------------------

    def _make(self) -> None:
        """Waits a little until they are made, once."""
        with self._lock:
            if self._making is None:
                self._making = Thread(target=self._build, name="bitacora-page-accounts", daemon=True)
                self._making.start()
        if not self._made.wait(PATIENCE_SECONDS):
            raise BeingMade(*self._progress)
        if self._failed is not None:
            failed, self._failed = self._failed, None
            with self._lock:
                self._making, self._made = None, Event()
            raise failed

    def _build(self) -> None:
        try:
            Building(self._ledger, self._own, self._clock, self._told).build()
        except Exception as error:
            self._failed = error
        finally:
            self._made.set()

    def _told(self, done: int, all: int) -> None:
        self._progress = done, all
