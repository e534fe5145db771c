"""A new version of the stored accounts, built beside the one in use: every ticket judged once, caught up, compared, switched.

Readers see the old version until the switch and the new one from then on. Killed or cancelled at any moment, the one in use
stays as it was, and the next build throws away what was left.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct

from adapters.accounts.filling import TicketRows, moment
from adapters.accounts.following import Follower, Replaced, Writing, id_at
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.places import Accounts
from adapters.accounts.rows import AccountRows, Session, Version, Versions
from adapters.accounts.tables import DEFINITION
from adapters.ledger import Ledger, utc_now
from adapters.mapper import Unreadable

_TICKETS_AT_ONCE = 500
_CLIENTS_AT_ONCE = 500
REBUILD = "rebuild"
Progress = Callable[[int, int], None]
"""Is told, after each commit, how many tickets are built of how many."""


class Built(Struct, frozen=True):
    """A version now in use: its tickets, up to which position, and how many rows of each table differed from the version
    before, None if there was none of the same definition."""

    version: Version
    tickets: int
    differing: dict[str, int] | None


def is_usable(ledger: Ledger, version: Version | None) -> bool:
    """Whether a version can be followed and read: there is one, of this program's definition, of this ledger's own history."""
    if version is None or version.definition != DEFINITION:
        return False
    return version.position == 0 or id_at(ledger, version.position) == version.entry_id


def in_use(accounts: Accounts) -> Version | None:
    """The version that readers see, None if there is none."""
    if not accounts.exists():
        return None
    with accounts.reading() as session:
        return Versions(session).active()


class Building:
    """Builds a version of the accounts of a ledger. Only one process at a time may: see `Accounts.lock`."""

    def __init__(
        self, ledger: Ledger, accounts: Accounts, clock: Callable[[], datetime] = utc_now,
        progress: Progress = lambda done, of: None,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._progress = progress

    def build(self) -> Built:
        """Builds, catches up, compares and switches. LedgerError if ledger or accounts cannot be used."""
        now = self._clock()
        head = self._ledger.head()
        with self._accounts.writing() as session:
            version = Versions(session).begin(DEFINITION, moment(now))
        judging = Judging(self._ledger, now, head)
        tickets = self._judge(version, judging)
        self._deal(version, judging, head)
        follower = Follower(self._ledger, self._accounts, self._clock, number=version.number)
        while True:
            follower.follow()
            switched = self._switch(version.number)
            if switched is not None:
                return Built(switched[0], tickets, switched[1])

    def _judge(self, version: Version, judging: Judging) -> int:
        """Every ticket, in the order of their streams, so that each is read and judged once."""
        total = len(self._ledger.names("ticket"))
        done = 0
        judged = _tickets(self._ledger, judging)
        while some := list(islice(judged, _TICKETS_AT_ONCE)):
            with self._accounts.writing() as session:
                rows = AccountRows(session, self._still(session, version))
                rows.put_tickets([it for it in some if isinstance(it, TicketRows)], are_new=True)
                rows.park((it for it in some if isinstance(it, Parked)), version.begun_at)
            done += len(some)
            self._progress(done, total)
        with self._accounts.writing() as session:
            session.index_version(self._still(session, version))
        return done

    def _deal(self, version: Version, judging: Judging, head: int) -> None:
        """Every client's quotas; then the version is up to `head`."""
        clients = iter(it.removeprefix("client:") for it in self._ledger.names("client"))
        while some := set(islice(clients, _CLIENTS_AT_ONCE)):
            with self._accounts.writing() as session:
                writing = Writing(AccountRows(session, self._still(session, version)), judging)
                writing.deal(some)
                writing.end()
        with self._accounts.writing() as session:
            rows = AccountRows(session, self._still(session, version))
            rows.put_timetable([judging.desk_timetable()])
            rows.park(_unreadable_policies(self._ledger, head), version.begun_at)
            Versions(session).move(version.number, head, id_at(self._ledger, head))

    def _switch(self, number: int) -> tuple[Version, dict[str, int] | None] | None:
        """Compares with the version in use and takes its place; None if that one is further by now."""
        with self._accounts.writing() as session:
            versions = Versions(session)
            new = next((it for it in versions.all() if it.number == number), None)
            old = versions.active()
            if new is None:
                raise Replaced
            if old is not None and old.position > new.position and is_usable(self._ledger, old):
                return None
            comparable = old is not None and old.definition == new.definition and old.position == new.position
            differing = AccountRows(session, number).differing(old.number) if old is not None and comparable else None
            versions.switch(number)
        return new, differing

    def _still(self, session: Session, version: Version) -> int:
        """The number of the version, as long as nobody threw it away."""
        if not any(it.number == version.number for it in Versions(session).all()):
            raise Replaced
        return version.number


def _tickets(ledger: Ledger, judging: Judging) -> Iterator[TicketRows | Parked]:
    """Every ticket judged, by name. Read together, until one cannot be read; from there on, one by one."""
    last = ""
    try:
        for name, recorded in ledger.streams("ticket", judging.question.known):
            found = judging.ticket(name.removeprefix("ticket:"), recorded)
            last = name
            if found is not None:
                yield found
    except Unreadable:
        left = (it.removeprefix("ticket:") for it in ledger.names("ticket") if it > last)
        yield from judging.tickets(left)


def _unreadable_policies(ledger: Ledger, head: int) -> Iterable[Parked]:
    """Policies that cannot be read, whosever they are."""
    try:
        for _ in ledger.streams("policy", head):
            pass
    except Unreadable:
        return [*_unreadable(ledger, ledger.names("policy"))]
    return []


def _unreadable(ledger: Ledger, names: Sequence[str]) -> Iterator[Parked]:
    for name in names:
        try:
            ledger.stream(name)
        except Unreadable as problem:
            yield Parked(name, None, problem.position, str(problem))
