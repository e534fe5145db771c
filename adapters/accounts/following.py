"""The follower's step: brings the stored accounts up with the ledger and with the clock, a batch at a time.

What a batch of entries touches, and what changes of itself by now, is judged anew and written in one transaction with the
position reached, so that a kill at any moment loses nothing and doubles nothing. When to step, and who may, is in `running`.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice

from msgspec import Struct

from adapters.accounts.filling import TicketRows, moment, moment_from
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.places import Accounts
from adapters.accounts.remembered import DESK, Remembered
from adapters.accounts.rows import AccountRows, Invalid
from adapters.accounts.session import AccountsSession
from adapters.accounts.tables import DEFINITION
from adapters.accounts.touching import Touched, touched_by
from adapters.accounts.versions import Version, Versions
from adapters.ledger import Ledger, utc_now
from adapters.mapper import Unreadable, entry_from
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.refusal import said

BATCH_ENTRIES = 10_000
TICKETS_AT_ONCE = 1_000
_STORED_AT_ONCE = 200


class Step(Struct, frozen=True):
    """What one step did: entries read, tickets judged, what it parked, and the position reached; `is_last` if nothing was left
    to do."""

    entries: int
    tickets: int
    parked: int
    position: int
    is_last: bool


class Replaced(Exception):
    """The accounts that were followed are not there any more, or are of another definition: nothing was written."""


class Follower:
    """Keeps one version of the accounts of a ledger: the one in use, or `number`."""

    def __init__(
        self, ledger: Ledger, accounts: Accounts, clock: Callable[[], datetime] = utc_now, *, number: int | None = None,
        batch: int = BATCH_ENTRIES, at_once: int = TICKETS_AT_ONCE,
    ) -> None:  # fmt: skip
        """`clock` gives aware times, and may step back; `batch` is how many entries are read at once, `at_once` how many
        tickets are judged in one transaction beyond those that the entries stand in."""
        self._ledger = ledger
        self._accounts = accounts
        self._clock = clock
        self._number = number
        self._batch = batch
        self._at_once = at_once
        self._remembered = Remembered(ledger)
        self._has_stepped = False

    def follow(self) -> int:
        """Steps until nothing is left to do now; the position reached. LedgerError if ledger or accounts cannot be used."""
        while not (done := self.step()).is_last:
            pass
        return done.position

    def step(self) -> Step:
        """One batch of entries, and some of what changed of itself, in one transaction. LedgerError as `follow`, Unreadable if
        nobody can be judged because of an entry, which is then parked; Replaced."""
        try:
            done = self._step()
        except Unreadable as problem:
            self._remembered = Remembered(self._ledger)
            with self._accounts.writing() as session:
                rows = AccountRows(session, self._version(session).number)
                rows.park([Parked(problem.stream, None, problem.position, str(problem))], moment(self._clock()))
            raise
        self._has_stepped = True
        return done

    def _step(self) -> Step:
        now = self._clock()
        with self._accounts.writing() as session:
            version = self._version(session)
            rows = AccountRows(session, version.number)
            if not self._has_stepped:
                rows.unpark(it["subject"] for it in rows.parked() if concerns_everyone(it["subject"]))
            due = rows.invalid(moment(now), self._at_once)
            recorded = self._read(version.position)
            if not recorded and not due:
                return Step(0, 0, 0, version.position, True)
            touched = touched_by(recorded, self._ledger)
            self._remembered.renew(recorded, touched)
            position = recorded[-1][0] if recorded else version.position
            judging = Judging(self._ledger, now, position, remembered=self._remembered)
            writing = Writing(rows, judging, self._at_once)
            tickets = writing.write(touched, due)
            if recorded:
                Versions(session).move(version.number, position, _id_of(recorded[-1]))
        is_last = len(recorded) < self._batch and len(due) < self._at_once and not writing.owed
        return Step(len(recorded), tickets, writing.parked, position, is_last)

    def _read(self, after: int) -> list[Row]:
        with self._ledger.reading(said("reading entries")) as plain:
            return TreeRows.of(plain).raw(after, 2**62, self._batch)

    def retry(self, subjects: Sequence[str] | None = None) -> list[str]:
        """Judges what is parked again, all of it or these; what is parked afterwards. LedgerError, Replaced as `step`."""
        now = self._clock()
        with self._accounts.writing() as session:
            version = self._version(session)
            rows = AccountRows(session, version.number)
            wanted = [it["subject"] for it in rows.parked() if subjects is None or it["subject"] in subjects]
            touched = self._touched_again(wanted)
            rows.unpark(it for it in wanted if it.startswith("policy:") or concerns_everyone(it))
            Writing(rows, Judging(self._ledger, now, version.position)).write(touched, [])
            # The last entry may be one that can be read only now.
            Versions(session).move(version.number, version.position, id_at(self._ledger, version.position))
            return [it["subject"] for it in rows.parked()]

    def _touched_again(self, subjects: Sequence[str]) -> Touched:
        touched = Touched()
        for subject in subjects:
            kind, _, ident = subject.partition(":")
            if kind == "policy":
                with self._ledger.reading(said("reading a stream")) as plain:
                    again = touched_by(TreeRows.of(plain).raw_stream(subject, 2**62), self._ledger)
                touched.clients |= again.clients
                touched.unreadable += again.unreadable
            elif not concerns_everyone(subject):
                (touched.tickets if kind == "ticket" else touched.clients).add(ident)
        return touched

    def next_change(self) -> datetime | None:
        """When something stored next changes of itself; None if nothing will."""
        with self._accounts.reading() as session:
            found = AccountRows(session, self._version(session).number).next_change()
        return None if found is None else moment_from(found)

    def _version(self, session: AccountsSession) -> Version:
        found = next((it for it in Versions(session).all() if self._is_ours(it)), None)
        if found is None or found.definition != DEFINITION:
            raise Replaced
        return found

    def _is_ours(self, it: Version) -> bool:
        return it.state == "active" if self._number is None else it.number == self._number


def id_at(ledger: Ledger, position: int) -> str:
    """The id of the entry at a position, by which its history is known again; empty if there is none that can be read."""
    try:
        entry = ledger.entry(position)
    except Unreadable:
        return ""
    return "" if entry is None else entry.id


def _id_of(row: Row) -> str:
    """The same of a stored row."""
    position, stream, version, _, state = row
    try:
        return entry_from(position, stream, version, state).id
    except Unreadable:
        return ""


def concerns_everyone(subject: str) -> bool:
    """Whether nobody can be judged while a subject is parked."""
    return subject == DESK or subject.startswith("terms:")


class Writing:
    """One transaction: what is touched is judged, and stored in the place of what was. Of whom a client's or the desk's entries
    touch beyond so many tickets, it is only written that they do not hold: they are `owed`, and come due in the next steps."""

    def __init__(self, rows: AccountRows, judging: Judging, at_once: int | None = None) -> None:
        """`at_once` None: however many they are."""
        self.owed = 0
        self._rows = rows
        self._judging = judging
        self._at_once = at_once
        self._parked: dict[str, Parked] = {}

    def write(self, touched: Touched, due: Sequence[Invalid]) -> int:
        """Judges and writes; how many tickets."""
        is_desk_due = self._add_due(touched, due)
        tickets = self._tickets(touched)
        quotas = touched.clients | touched.quotas
        judged = self._judging.tickets(sorted(tickets))
        while some := list(islice(judged, _STORED_AT_ONCE)):
            self._park(it for it in some if isinstance(it, Parked))
            quotas |= self._rows.put_tickets([it for it in some if isinstance(it, TicketRows)])
        self._deal(quotas)
        if is_desk_due or touched.everyone_from is not None:
            self._rows.put_timetable([self._judging.desk_timetable()])
        self._park(Parked(it.stream, None, it.position, str(it)) for it in touched.unreadable)
        self._rows.park(self._parked.values(), moment(self._judging.question.at))
        return len(tickets)

    @property
    def parked(self) -> int:
        """How many it parked."""
        return len(self._parked)

    def _park(self, parked: Iterable[Parked]) -> None:
        """These are to be parked when the transaction ends."""
        for it in parked:
            self._parked.setdefault(it.subject, it)

    def _add_due(self, touched: Touched, due: Sequence[Invalid]) -> bool:
        """What changed of itself joins what was touched; whether the desk is among it."""
        is_desk_due = False
        for subject, judged_at in due:
            kind, _, ident = subject.partition(":")
            if kind == "ticket":
                touched.tickets.add(ident)
            elif kind == "client":
                touched.clients.add(ident)
            else:
                is_desk_due = True
                self._judging.touch_reached(touched, moment_from(judged_at))
        return is_desk_due

    def _tickets(self, touched: Touched) -> set[str]:
        spread: set[str] = set()
        for client in touched.clients:
            spread.update(self._rows.tickets_of(client))
        if touched.everyone_from is not None:
            spread.update(self._rows.tickets_measured_since(touched.everyone_from))
        if self._at_once is None or len(spread) <= self._at_once:
            return touched.tickets | spread
        self.owed = len(spread - touched.tickets)
        self._rows.owe(sorted(spread))
        return touched.tickets

    def _deal(self, clients: set[str]) -> None:
        """The quotas of these clients among the tickets stored now, and until when that holds."""
        for client in sorted(clients):
            dealt = self._judging.client(client, self._rows.uses_of([client])[client])
            if isinstance(dealt, Parked):
                self._park([dealt])
            else:
                self._rows.put_clients([dealt])
                self._rows.put_timetable([self._judging.client_timetable(client)])
