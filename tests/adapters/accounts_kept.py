"""Ledgers recorded a batch at a time, with followers and reports in between, while a clock moves on: what the tests of stored
accounts share."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters.accounts.building import Building, in_use, is_usable
from adapters.accounts.following import Follower
from adapters.accounts.places import Accounts, accounts_of
from adapters.accounts.reading import StoredReports, stored
from adapters.ledger import Ledger
from adapters.reports.reports import Reports, Selection
from projections.contracts import Question
from tests.stores import Ledgers

REPORTS = ("sla", "unattended", "consumption", "billing")


class Clock:
    """A clock that says what it is told."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def kept(ledger: Ledger, accounts: Accounts, clock: Clock, batch: int = 7) -> int:
    """Makes the accounts if there are none, and catches up."""
    if not is_usable(ledger, in_use(accounts)):
        Building(ledger, accounts, clock).build()
    return Follower(ledger, accounts, clock, batch=batch, at_once=batch).follow()


def replayed(ledger: Ledger, at: datetime, selection: Selection | None = None) -> dict[str, Any]:
    """All reports by a replay."""
    reports = Reports(ledger, Question(at), selection)
    return {name: list(getattr(reports, name)()) for name in REPORTS}


def answered(ledger: Ledger, accounts: Accounts, at: datetime, selection: Selection | None = None) -> dict[str, Any] | None:
    """All reports from the stored accounts; None if those do not answer."""
    with stored(ledger, Reports(ledger, Question(at), selection), accounts) as reports:
        if not isinstance(reports, StoredReports):
            return None
        return {name: list(getattr(reports, name)()) for name in REPORTS}


def opened(store: Ledgers, clock: Clock) -> tuple[Ledger, Accounts]:
    """A new ledger and where its accounts will be."""
    return store.open(create=True, clock=clock, sealed=False), accounts_of(store.url())


def moments(rng: random.Random, entries: Sequence[dict[str, Any]], steps: int) -> Iterator[datetime]:
    """Moments for a clock: on, and between, what happens; mostly later and later, now and then a step back."""
    known = sorted(datetime.fromisoformat(it["at"]) for it in entries if isinstance(it.get("at"), str) and _is_time(it["at"]))
    now = known[0] if known else datetime.fromisoformat("2026-03-02T15:00:00+00:00")
    last = (known[-1] if known else now) + timedelta(days=4)
    for _ in range(steps):
        yield now
        if rng.random() < 0.15:
            now -= timedelta(seconds=rng.choice((1, 90, 3600, 90_000)))
        else:
            now += (last - now) * rng.random() * 0.3 + timedelta(microseconds=rng.choice((0, 0, 1, 500_000)))


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).utcoffset() is not None
    except ValueError:
        return False
