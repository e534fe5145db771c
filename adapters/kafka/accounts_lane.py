"""What is sent next, for the lane of accounts: the rows that the follower stored since the last time, as of one position.

Every row is the follower's, and so that of a report; nothing is judged here. Where nobody follows, a step does it. What was
sent already with the same figures is not sent again, as far as memory goes.
"""

import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from hashlib import blake2b
from itertools import chain
from typing import Any

import msgspec

from adapters.accounts.building import Building
from adapters.accounts.filling import billing_row, consumption_row, moment_from, sla_row
from adapters.accounts.following import Follower
from adapters.accounts.places import accounts_of
from adapters.accounts.rows import AccountRows
from adapters.accounts.running import FOLLOW, make_usable
from adapters.accounts.tables import BILLING, CONSUMPTION, SLA, TIMETABLE
from adapters.accounts.touching import Touched, touched_by
from adapters.accounts.versions import Versions
from adapters.contract.cloud_events import AccountName, account_message
from adapters.contract.topics import BILLING as BILLING_TOPIC
from adapters.contract.topics import CONSUMPTION as CONSUMPTION_TOPIC
from adapters.contract.topics import SLA as SLA_TOPIC
from adapters.kafka.positions import Reached
from adapters.kafka.sending import Outgoing, Sending
from adapters.ledger import Ledger, utc_now
from adapters.proofs.tree import TreeRows
from domain.refusal import said

_PAGE_ENTRIES = 10_000
_AT_ONCE = 200
_MOST_MESSAGES = 2_000
_REMEMBERED = 50_000
_NEWS_SECONDS = 0.2
_TOPICS: dict[AccountName, str] = {"sla": SLA_TOPIC, "consumption": CONSUMPTION_TOPIC, "billing": BILLING_TOPIC}


class Accounts:
    """What tickets and policies amount to, whenever that was judged anew."""

    def __init__(self, ledger: Ledger, clock: Callable[[], datetime] = utc_now) -> None:
        """`clock` gives aware times."""
        self._ledger = ledger
        self._clock = clock
        self._accounts = accounts_of(ledger.url)
        self._last_sent: OrderedDict[tuple[str, bytes], bytes] = OrderedDict()

    def step(self, sending: Sending, reached: Reached) -> Reached:
        """See `lanes.Lane`."""
        self._keep_up()
        if not self._accounts.exists():
            return reached
        with self._accounts.reading() as session:
            version = Versions(session).active()
            if version is None or version.position < reached.position:
                return reached
            rows = AccountRows(session, version.number)
            if rows.owes():
                # What is stored of some tickets is of an earlier position, until the follower has judged them again.
                return reached
            subjects, last = rows.judged_since(reached.judged_at or None)
            last = last or ""
            if version.position == reached.position and last == reached.judged_at:
                return reached
            changed = self._changed(rows, subjects, reached.position, version.position)
            messages = _Messages(rows, reached.source, version.position, is_first=reached.position == 0).of(changed)
            then = msgspec.structs.replace(reached, position=version.position, id=version.entry_id, judged_at=last)
            return self._send(sending, messages, then)

    def wait(self, reached: Reached) -> None:
        """See `lanes.Lane`."""
        time.sleep(_NEWS_SECONDS)

    def close(self) -> None:
        """See `lanes.Lane`."""
        self._accounts.close()

    def _keep_up(self) -> None:
        """Brings the stored accounts up to the ledger and the clock, unless somebody else does."""
        if not self._accounts.lock(FOLLOW):
            return
        try:
            if make_usable(self._ledger, self._accounts, self._making, lambda *_: None):
                Follower(self._ledger, self._accounts, self._clock).step()
        finally:
            self._accounts.unlock(FOLLOW)

    def _making(self) -> Building:
        return Building(self._ledger, self._accounts, self._clock)

    def _changed(self, rows: AccountRows, judged: Iterable[str], after: int, upto: int) -> Touched:
        """Tickets and clients judged since the last time, or touched by an entry after a position: a clock may step back, and
        then what was judged later bears an earlier moment."""
        changed = self._touched(after, upto) if after else Touched()
        for client in changed.clients:
            changed.tickets.update(rows.tickets_of(client))
        if changed.everyone_from is not None:
            changed.tickets.update(rows.tickets_measured_since(changed.everyone_from))
        changed.clients |= changed.quotas
        for subject in judged:
            kind, _, ident = subject.partition(":")
            if kind in ("ticket", "client"):
                (changed.tickets if kind == "ticket" else changed.clients).add(ident)
        for it in rows.parked():
            # What is stored of them is of an earlier position.
            kind, _, ident = it["subject"].partition(":")
            (changed.tickets if kind == "ticket" else changed.clients).discard(ident)
        return changed

    def _touched(self, after: int, upto: int) -> Touched:
        touched = Touched()
        while after < upto:
            with self._ledger.reading(said("reading entries")) as plain:
                page = TreeRows.of(plain).raw(after, upto, _PAGE_ENTRIES)
            found = touched_by(page, self._ledger)
            touched.tickets |= found.tickets
            touched.clients |= found.clients
            touched.quotas |= found.quotas
            if found.everyone_from is not None:
                touched.touch_everyone(found.everyone_from)
            after = min(upto, after + _PAGE_ENTRIES)
        return touched

    def _send(self, sending: Sending, messages: Iterator[Outgoing], then: Reached) -> Reached:
        """Sends what is new among these, in as many transactions as it takes; only the last moves the position, since what
        was sent before a failure may be sent again: it is the same, or later."""
        together: list[Outgoing] = []
        try:
            for it in messages:
                if not self._is_news(it):
                    continue
                together.append(it)
                if len(together) == _MOST_MESSAGES:
                    sending.send(together, None)
                    then = msgspec.structs.replace(then, sent=then.sent + len(together))
                    together = []
            then = msgspec.structs.replace(then, sent=then.sent + len(together))
            sending.send(together, then)
        except BaseException:
            self._last_sent.clear()
            raise
        return then

    def _is_news(self, it: Outgoing) -> bool:
        """Whether it says something else than the last message by its key, as far as that is remembered."""
        key, digest = (it.topic, it.key), b"" if it.value is None else blake2b(it.value, digest_size=16).digest()
        if self._last_sent.get(key) == digest:
            return False
        self._last_sent[key] = digest
        self._last_sent.move_to_end(key)
        if len(self._last_sent) > _REMEMBERED:
            self._last_sent.popitem(last=False)
        return True


class _Messages:
    """Messages of the rows stored as of one position."""

    def __init__(self, rows: AccountRows, source: str, position: int, *, is_first: bool) -> None:
        """`is_first`: nothing was ever sent, so that nothing need be taken back."""
        self._rows = rows
        self._source = source
        self._position = position
        self._is_first = is_first

    def of(self, changed: Touched) -> Iterator[Outgoing]:
        """The accounts of tickets and clients; also the bills of all tickets that share a quota of these clients."""
        dealt = chain.from_iterable(self._rows.uses_of(sorted(changed.clients)).values())
        tickets = sorted(changed.tickets.union(it[0] for it in dealt))
        for first in range(0, len(tickets), _AT_ONCE):
            yield from self._tickets(tickets[first : first + _AT_ONCE])
        clients = sorted(changed.clients)
        for first in range(0, len(clients), _AT_ONCE):
            yield from self._clients(clients[first : first + _AT_ONCE])

    def _tickets(self, tickets: Sequence[str]) -> Iterator[Outgoing]:
        judged = {it["ticket"]: it for it in self._rows.of(SLA, "ticket", tickets)}
        bills = defaultdict(list)
        for it in sorted(self._rows.of(BILLING, "ticket", tickets), key=lambda it: (it["uncut_at"], it["entry"])):
            bills[it["ticket"]].append(billing_row(it))
        dealt = self._dealt_at({it["client"] for it in judged.values()})
        for ticket in tickets:
            row = judged.get(ticket)
            if row is None:
                yield from self._gone("sla", f"ticket:{ticket}")
                yield from self._gone("billing", f"ticket:{ticket}")
            else:
                content = {"ticket": ticket, "billing": bills[ticket]}
                yield self._message("sla", f"ticket:{ticket}", row["judged_at"], sla_row(row))
                billed_at = max(row["judged_at"], dealt.get(row["client"], ""))
                yield self._message("billing", f"ticket:{ticket}", billed_at, content)

    def _dealt_at(self, clients: Iterable[str]) -> dict[str, str]:
        """When the quotas of these clients were dealt: what is paid per event may be of a later moment than its ticket."""
        found = self._rows.of(TIMETABLE, "subject", sorted(f"client:{it}" for it in clients))
        return {it["subject"].removeprefix("client:"): it["judged_at"] for it in found}

    def _clients(self, clients: Sequence[str]) -> Iterator[Outgoing]:
        outside = {f"client:{it}" for it in clients}
        for it in self._rows.of(CONSUMPTION, "client", clients):
            outside.discard(it["dealt_for"])
            yield self._message("consumption", it["dealt_for"], it["judged_at"], consumption_row(it))
        for name in sorted(outside):
            yield from self._gone("consumption", name)

    def _message(self, account: AccountName, subject: str, judged_at: str, content: Any) -> Outgoing:
        at = moment_from(judged_at)
        return Outgoing(_TOPICS[account], *account_message(self._source, account, subject, self._position, at, content))

    def _gone(self, account: AccountName, subject: str) -> Iterator[Outgoing]:
        if not self._is_first:
            yield Outgoing(_TOPICS[account], subject.encode(), [], None)
