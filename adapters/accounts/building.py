"""A new version of the stored accounts, built beside the one in use: every ticket judged once, caught up, compared, switched.

Readers see the old version until the switch and the new one from then on. Killed or cancelled at any moment, the one in use
stays as it was, and the next build goes on where the last transaction of this one ended, as of the same moment and position.
"""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from functools import cached_property
from itertools import islice
from time import sleep

from msgspec import Struct

from adapters.accounts.filling import ClientRows, moment, moment_from
from adapters.accounts.following import Follower, Replaced, id_at
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.parts import PartRows, part_rows, parts_judged, parts_left
from adapters.accounts.places import Accounts
from adapters.accounts.rows import AccountRows
from adapters.accounts.session import AccountsSession
from adapters.accounts.tables import DEFINITION
from adapters.accounts.versions import Version, Versions
from adapters.ledger import Ledger, Names, utc_now
from adapters.mapper import LedgerBusy, LedgerError, Unreadable
from domain.refusal import said

_CLIENTS_AT_ONCE = 500
_BETWEEN_SWITCHES_SECONDS = 1.0
REBUILD = "rebuild"
Progress = Callable[[int, int], None]
"""Is told, after each commit, how many tickets are built of how many."""
Waiting = Callable[[], None]
"""Is told that somebody in the middle of reading keeps the new version from taking its place, before each further try."""


class Built(Struct, frozen=True):
    """A version now in use: its tickets, up to which position, how many subjects are parked, and how many rows of each table
    differed from the version before, None if there was none of the same definition."""

    version: Version
    tickets: int
    parked: int
    differing: dict[str, int] | None


def is_usable(ledger: Ledger, version: Version | None) -> bool:
    """Whether a version can be followed and read: there is one, of this program's definition, of this ledger's own history."""
    if version is None or version.definition != DEFINITION:
        return False
    return version.position == 0 or id_at(ledger, version.position) == version.entry_id


def refuse_newer(version: Version | None) -> None:
    """LedgerError if a later program made the accounts in use: followers of both would take turns in making them anew."""
    if version is not None and version.definition > DEFINITION:
        raise LedgerError(
            said("the stored accounts are those of a newer version of this program ({found}; this one knows {known})"),
            found=version.definition, known=DEFINITION,
        )  # fmt: skip


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
        progress: Progress = lambda done, of: None, waiting: Waiting = lambda: None, *, workers: int = 1,
    ) -> None:  # fmt: skip
        """`workers` processes judge the tickets; this one writes."""
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._progress = progress
        self._waiting = waiting
        self._workers = workers

    def build(self) -> Built:
        """Builds, catches up, compares and switches. LedgerError if ledger or accounts cannot be used."""
        refuse_newer(in_use(self._accounts))
        stage = _Stage(self._ledger, self._accounts, self._begun())
        if stage.version.state == "judging":
            stage.judge(self._progress, self._workers)
        if stage.version.state in ("judging", "dealing"):
            stage.deal()
        follower = Follower(self._ledger, self._accounts, self._clock, number=stage.version.number)
        while True:
            follower.follow()
            try:
                built = self._switch(stage.version.number)
            except LedgerBusy:
                self._waiting()
                sleep(_BETWEEN_SWITCHES_SECONDS)
                continue
            if built is not None:
                return built

    def left(self) -> int:
        """How many tickets an interrupted build judged, which the next one goes on with; 0 if there is none."""
        if not self._accounts.exists():
            return 0
        with self._accounts.reading() as session:
            version = self._left(session)
            return 0 if version is None else AccountRows(session, version.number).begun("ticket")[1]

    def _left(self, session: AccountsSession) -> Version | None:
        """The version that an interrupted build left, if it is of this definition and of this ledger."""
        version = Versions(session).left()
        return version if is_usable(self._ledger, version) else None

    def _begun(self) -> Version:
        """The version that is left, else a new one."""
        now, head = self._clock(), self._ledger.head()
        with self._accounts.writing() as session:
            return self._left(session) or Versions(session).begin(DEFINITION, moment(now), head, id_at(self._ledger, head))

    def _switch(self, number: int) -> Built | None:
        """Compares with the version in use and takes its place; None if that one is further by now."""
        with self._accounts.writing() as session:
            versions = Versions(session)
            new, old = _still(session, number), versions.active()
            if old is not None and old.position > new.position and is_usable(self._ledger, old):
                return None
            comparable = old is not None and old.definition == new.definition and old.position == new.position
            rows = AccountRows(session, number)
            differing = rows.differing(old.number) if old is not None and comparable else None
            versions.switch(number)
            return Built(new, rows.begun("ticket")[1], len(rows.parked()), differing)


class _Stage:
    """A version being built, up to the position and as of the moment that it was begun with."""

    def __init__(self, ledger: Ledger, accounts: Accounts, version: Version) -> None:
        self.version = version
        self._ledger = ledger
        self._accounts = accounts

    @cached_property
    def _judging(self) -> Judging:
        return Judging(self._ledger, moment_from(self.version.begun_at), self.version.position)

    def judge(self, progress: Progress, workers: int) -> None:
        """Every ticket that is left, in the order of their streams, so that each is read and judged once; then the indexes."""
        total = len(self._ledger.names("ticket"))
        with self._accounts.reading() as session:
            last, done = AccountRows(session, self.version.number).begun("ticket")
        parts = parts_left(self._ledger.divided("ticket", self.version.position), last)
        with closing(self._judged(parts, workers)) as judged:
            for part in judged:
                self._put(part)
                done += part.tickets
                progress(done, total)
        with self._accounts.writing() as session:
            _still(session, self.version.number)
            session.index_version(self.version.number)
            Versions(session).enter(self.version.number, "dealing")

    def _judged(self, parts: Sequence[Names], workers: int) -> Generator[PartRows, None, None]:
        if workers > 1 and len(parts) > 1:
            return parts_judged(self._ledger.url, self._judging.question.at, self.version.position, parts, workers)
        return (part_rows(self._ledger, self._judging, part) for part in parts)

    def _put(self, part: PartRows) -> None:
        with self._writing() as rows:
            rows.put_new(part.rows)
            rows.park(part.parked, self.version.begun_at)

    def deal(self) -> None:
        """The quotas of every client that is left; then the version is up to its position."""
        with self._accounts.reading() as session:
            last, _ = AccountRows(session, self.version.number).begun("client")
        clients = (it.removeprefix("client:") for it in self._ledger.names("client") if it > last)
        while some := list(islice(clients, _CLIENTS_AT_ONCE)):
            with self._writing() as rows:
                self._deal(rows, some)
        with self._writing() as rows:
            rows.put_timetable([self._judging.desk_timetable()])
            rows.park(_unreadable_policies(self._ledger, self.version.position), self.version.begun_at)
            Versions(rows.session).enter(self.version.number, "catching_up")

    def _deal(self, rows: AccountRows, clients: Sequence[str]) -> None:
        uses = rows.uses_of(clients)
        dealt = [self._judging.client(it, uses[it]) for it in clients]
        found = [it for it in dealt if isinstance(it, ClientRows)]
        rows.put_clients(found, are_new=True)
        rows.put_timetable([self._judging.client_timetable(it.client) for it in found], are_new=True)
        rows.park((it for it in dealt if isinstance(it, Parked)), self.version.begun_at)

    @contextmanager
    def _writing(self) -> Iterator[AccountRows]:
        with self._accounts.writing() as session:
            yield AccountRows(session, _still(session, self.version.number).number)


def _still(session: AccountsSession, number: int) -> Version:
    """The version of that number, as long as nobody threw it away."""
    found = next((it for it in Versions(session).all() if it.number == number), None)
    if found is None:
        raise Replaced
    return found


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
