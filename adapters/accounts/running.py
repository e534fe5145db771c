"""`bitacora follow`: one follower at work, others standing by; woken by entries and by the clock; tried again after errors.

Whoever holds the lock follows; it is let go when the process ends, however it ends, and whoever waits takes over. It judges
nothing: a step is `following.Follower`, the first accounts are made by `building.Building`.
"""

import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import datetime
from threading import Event
from typing import Literal

from adapters.accounts.building import REBUILD, Building, Progress, Waiting, in_use, is_usable
from adapters.accounts.following import Follower, Replaced, Step
from adapters.accounts.places import Accounts, accounts_of
from adapters.failures import Failures
from adapters.ledger import Ledger, utc_now
from adapters.mapper import LedgerError

FOLLOW = "follow"
LOOK_SECONDS = 0.2
"""No longer than this it waits for news at a time, lest it miss the clock, or that it should stop."""
STAND_BY_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 5.0

Happening = Literal["standing_by", "building", "going_on", "waiting", "following", "caught_up", "parked", "failed"]
Tell = Callable[[Happening, int, Exception | None], None]
"""Is told what happens, with a position (of `going_on`, how many tickets an interrupted build had judged; of `parked`, how many
are parked anew) and what failed."""


class _Stopped(Exception):
    """It was asked to stop while the accounts were being made: what is committed is gone on with the next time."""


def told_once(tell: Tell) -> Waiting:
    """Tells, the first time, that a build waits for somebody who reads."""
    told: list[bool] = []

    def waiting() -> None:
        if not told:
            told.append(True)
            tell("waiting", 0, None)

    return waiting


def make_usable(ledger: Ledger, accounts: Accounts, making: Callable[[], Building], tell: Tell) -> bool:
    """Whether there are accounts that can be followed: those there are, or new ones by `making`, unless another process is
    making them."""
    if is_usable(ledger, in_use(accounts)):
        return True
    if not accounts.lock(REBUILD):
        return False
    try:
        tell("building", ledger.head(), None)
        building = making()
        if left := building.left():
            tell("going_on", left, None)
        building.build()
    finally:
        accounts.unlock(REBUILD)
    return True


class Running:
    """A follower as a service, until it is asked to stop."""

    def __init__(
        self, url: str, tell: Tell, clock: Callable[[], datetime] = utc_now, opened: Callable[[], Ledger] | None = None,
        progress: Progress = lambda done, of: None, *, workers: int = 1,
    ) -> None:  # fmt: skip
        """`url` is the ledger's, `opened` opens it; accounts that have to be made first are judged by so many `workers`."""
        self._url = url
        self._tell = tell
        self._clock = clock
        self._opened = opened or (lambda: Ledger.open(url))
        self._progress = progress
        self._workers = workers
        self._stop = Event()
        self._failures = Failures()

    def stop(self) -> None:
        """Ends it after the step under way; may be called from a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Follows until stopped. What fails of the store is told and tried again, after longer and longer waits."""
        while not self._stop.is_set():
            try:
                with self._opened() as ledger, closing(accounts_of(self._url)) as accounts:
                    self._serve(ledger, accounts)
            except (Replaced, _Stopped):
                continue
            except (LedgerError, OSError) as error:
                self._tell("failed", 0, error)
                self._stop.wait(self._failures.seconds())

    def once(self) -> int:
        """Catches up and returns the position reached. LedgerError if that fails, or another process follows and does not get
        there."""
        with self._opened() as ledger, closing(accounts_of(self._url)) as accounts:
            while not self._stop.is_set():
                if accounts.lock(FOLLOW):
                    with suppress(_Stopped):
                        self._make_usable(ledger, accounts)
                        follower = Follower(ledger, accounts, self._clock)
                        while not (done := self._step(follower)).is_last:
                            pass
                        return done.position
                version = in_use(accounts)
                if is_usable(ledger, version) and version is not None and version.position >= ledger.head():
                    return version.position
                self._stop.wait(LOOK_SECONDS)
        return 0

    def _serve(self, ledger: Ledger, accounts: Accounts) -> None:
        if not accounts.lock(FOLLOW):
            self._tell("standing_by", 0, None)
            # The store was there to say so: what it failed in before is over.
            self._failures.forget()
            while not accounts.lock(FOLLOW):
                if self._stop.wait(STAND_BY_SECONDS):
                    return
        self._make_usable(ledger, accounts)
        follower = Follower(ledger, accounts, self._clock)
        self._tell("following", 0, None)
        told = -1
        while not self._stop.is_set():
            done = self._step(follower)
            self._failures.forget()
            if done.is_last:
                if done.position != told:
                    told = done.position
                    self._tell("caught_up", told, None)
                self._wait(ledger, follower, done.position)

    def _step(self, follower: Follower) -> Step:
        done = follower.step()
        if done.parked:
            self._tell("parked", done.parked, None)
        return done

    def _make_usable(self, ledger: Ledger, accounts: Accounts) -> None:
        """Accounts that can be followed: those there are, or else new ones."""

        def build() -> Building:
            waiting = told_once(self._tell)

            def waits() -> None:
                waiting()
                self._unless_stopped()

            return Building(ledger, accounts, self._clock, self._progressed, waits, workers=self._workers)

        while not make_usable(ledger, accounts, build, self._tell) and not self._stop.is_set():
            self._stop.wait(STAND_BY_SECONDS)

    def _progressed(self, done: int, of: int) -> None:
        self._progress(done, of)
        self._unless_stopped()

    def _unless_stopped(self) -> None:
        if self._stop.is_set():
            raise _Stopped

    def _wait(self, ledger: Ledger, follower: Follower, position: int) -> None:
        """Until there are more entries, or something changes of itself, or it is time to look at everything again."""
        wakes = follower.next_change()
        ends = time.monotonic() + _LONGEST_WAIT_SECONDS
        while time.monotonic() < ends and not self._stop.is_set():
            if ledger.wait_for_news(position, LOOK_SECONDS) > position or (wakes is not None and wakes <= self._clock()):
                return
