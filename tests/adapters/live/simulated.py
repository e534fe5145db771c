"""A ledger, a relay, a topic and a worker without any of them running: messages lost and repeated, workers killed between two
commits, while a clock moves on. What is live is held against replays of the ledger."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.contract.cloud_events import entry_message
from adapters.ledger import Ledger
from adapters.live.healing import Healing
from adapters.live.keeping import Live
from adapters.live.rows import (
    Change,
    ClockChanged,
    LiveClock,
    LivePolicy,
    LiveTicket,
    Part,
    Tables,
    decode_part,
    decode_policy,
    decode_ticket,
    encode,
)
from adapters.live.watching import Watching
from adapters.proofs.tree import TreeRows
from adapters.reports.reports import Reports
from projections.contracts import Question

NEAR = 75
MEXICO = ZoneInfo("America/Mexico_City")


class Simulated:
    """One worker that keeps all partitions. `committed` is what it would find if it were killed now."""

    def __init__(self, ledger: Ledger, rng: random.Random, fresh: timedelta) -> None:
        self.ledger, self.rng, self.fresh = ledger, rng, fresh
        self.now = datetime(2020, 1, 1, tzinfo=UTC)
        self.topic: list[bytes] = []
        self.relayed = 0
        self.parts: list[tuple[str, bytes]] = []
        self.told: list[Change] = []
        self.taken = self.parts_taken = 0
        self.lost: set[int] = set()
        self._begin(Tables({}, {}, {}))
        self.commit()

    def _begin(self, tables: Tables) -> None:
        self.live = Live(self.ledger, tables, self.told.append, self._pass_on, lambda: self.now, NEAR, self.fresh)
        self.healing = Healing(self.live)
        self.watching = Watching(self.ledger, self.healing)
        self.watching.begin()
        self.live.look = lambda position: self.watching.look(position)
        self.live.begin()

    def _pass_on(self, subject: str, part: Part) -> None:
        self.parts.append((subject, encode(part)))

    def relay(self) -> None:
        """Puts what is recorded on the topic."""
        with self.ledger.reading("reading") as plain:
            rows = TreeRows.of(plain).raw(self.relayed, 2**62, 10_000)
        self.topic += [entry_message("urn:x", row).value for row in rows]
        self.relayed += len(rows)

    def deliver(self, most: int, losing: float = 0, repeating: float = 0) -> None:
        """So many messages come, some not, some twice."""
        for number in range(self.taken, min(len(self.topic), self.taken + most)):
            self.taken = number + 1
            if self.rng.random() < losing:
                self.lost.add(number)
                continue
            self.live.take(self.topic[number])
            if self.rng.random() < repeating:
                self.live.take(self.topic[self.rng.randrange(self.taken)])

    def deliver_parts(self, most: int, losing: float = 0, repeating: float = 0) -> None:
        """So many parts come to their policies, some not, some twice."""
        for number in range(self.parts_taken, min(len(self.parts), self.parts_taken + most)):
            self.parts_taken = number + 1
            if self.rng.random() < losing:
                continue
            for one in (number, self.rng.randrange(number + 1))[: 1 + (self.rng.random() < repeating)]:
                subject, part = self.parts[one]
                self.live.part(subject, decode_part(part))

    def commit(self) -> None:
        """What was said and what was taken is kept, together."""
        tables = self.live.tables
        self.committed = (
            {**tables.tickets},
            {**tables.policies},
            len(self.parts),
            len(self.told),
            self.taken,
            self.parts_taken,
        )

    def kill(self, offsets_too: bool = True) -> None:
        """Everything since the last commit is gone. Offsets may be older still than what was said; parts are found as their
        topic has them, those that nobody took yet among them."""
        tickets, policies, said, told, taken, parts_taken = self.committed
        del self.parts[said:], self.told[told:]
        self.taken = taken if offsets_too else self.rng.randint(0, taken)
        self.parts_taken = parts_taken if offsets_too else self.rng.randint(0, parts_taken)
        parts: dict[bytes, bytes] = {}
        for subject, part in self.parts:
            parts[f"{subject} {decode_part(part).ticket}".encode()] = part
        self._begin(Tables({**tickets}, {**policies}, parts))
        self.healing.compare(self.watching.all_heads(self.relayed), is_new=True)
        for client in self.healing.clients():
            self.healing.out_of_date(client, self.now)

    def settle(self) -> None:
        """Everything comes that will come, is compared, and judged."""
        self.relay()
        self.deliver(10**9)
        for _ in range(3):
            while self.watching.follow():
                pass
            self.healing.compare(self.watching.all_heads(self.relayed), is_new=True)
            while self.live.turn(10):
                pass
            self.deliver_parts(10**9)
            for subject, part in self.parts:
                self.healing.compare_part(subject, decode_part(part))
        self.commit()

    def check(self) -> None:
        """What is live is what a replay says, now."""
        tables = self.live.tables
        check_all(self.ledger, self.now, tables.tickets.values(), tables.policies.values(), self.told)


def check_all(ledger: Ledger, now: datetime, tickets: Iterable[bytes], policies: Iterable[bytes], told: list[Change]) -> None:
    """These rows are what a replay says, now, and these changes led to them."""
    reports = Reports(ledger, Question(now))
    sla = {it["ticket"]: it for it in reports.sla()}
    billing = list(reports.billing())
    consumption = {it["policy"]: it for it in reports.consumption() if it["policy"] is not None}
    rows = {it.ticket: it for it in map(decode_ticket, tickets)}
    for name, row in rows.items():
        assert row.problem is None
        check_ticket(row, sla.get(name), billing, now)
    assert sla.keys() <= rows.keys()
    kept = [decode_policy(it) for it in policies]
    for policy in kept:
        check_policy(policy, consumption, billing, now)
    assert consumption.keys() <= {it.policy for it in kept}
    check_told(told, rows.values())


def check_ticket(row: LiveTicket, replayed: dict[str, Any] | None, billing: list[dict[str, Any]], now: datetime) -> None:
    """A ticket as `report sla` and `report billing` have it now; one that they do not list yet has not begun to count."""
    if replayed is None:
        assert row.changes_at is not None and row.response.state == row.resolution.state == "not_applicable"
        return
    names = ("client", "policy", "terms", "priority", "status")
    assert {it: getattr(row, it) for it in names} == {it: replayed[it] for it in names}
    for clock, verdict in ((row.response, replayed["response"]), (row.resolution, replayed["resolution"])):
        check_clock(clock, verdict)
    assert minutes_of(row, row.terms, now) == minutes_today(billing, row.terms, now, ticket=row.ticket), row.ticket


def check_clock(clock: LiveClock, replayed: dict[str, Any]) -> None:
    """A clock as a report has it. At risk is running with three quarters of the target gone."""
    state = replayed["verdict"]
    if state == "running" and replayed["elapsed_seconds"] * 100 >= replayed["target_seconds"] * NEAR:
        state = "at_risk"
    assert clock.state == state, (clock, replayed)
    assert (clock.target_seconds, clock.due_at, clock.stopped_at) == tuple(
        replayed[it] for it in ("target_seconds", "due_at", "stopped_at")
    )
    if replayed["stopped_at"] is not None or state == "not_applicable":
        assert clock.elapsed_seconds == replayed["elapsed_seconds"]


def check_policy(row: LivePolicy, consumption: dict[str, Any], billing: list[dict[str, Any]], now: datetime) -> None:
    """A policy as `report consumption` and `report billing` have it now."""
    replayed = consumption.get(row.policy)
    assert minutes_of(row, row.terms, now) == minutes_today(billing, row.terms, now, policy=row.policy, client=row.client)
    if replayed is None:
        assert row.quotas == {}
        return
    assert (row.state, row.tier, row.client) == (replayed["state"], replayed["tier"], replayed["client"])
    counters = {"all": replayed["tickets"], **replayed["by_priority"]}
    found = {it: {"included": q.included, "used": q.used, "remaining": q.remaining} for it, q in row.quotas.items()}
    assert found == {name: it for name, it in counters.items() if it["included"]}
    for quota in row.quotas.values():
        near = quota.used * 100 >= quota.included * NEAR
        assert quota.level == ("exhausted" if quota.used >= quota.included else "near_exhaustion" if near else "available")


def day_of(at: datetime, terms: str | None) -> str:
    """The local day of the built-in terms; without terms, that of UTC."""
    return at.astimezone(UTC if terms is None else MEXICO).date().isoformat()


def minutes_of(row: LiveTicket | LivePolicy, terms: str | None, now: datetime) -> int:
    """The minutes a row has for the day it is now; those of a day that is over are none of today's."""
    return row.minutes_today if row.day == day_of(now, terms) else 0


def minutes_today(billing: Iterable[dict[str, Any]], terms: str | None, now: datetime, **whose: str | None) -> int:
    """Billable minutes of the charges of a ticket or policy on the local day it is now; of a ticket, by itself."""
    today = day_of(now, terms)
    return sum(
        it["billable_minutes"] for it in billing
        if all(it[name] == value for name, value in whose.items())
        and not ("ticket" in whose and it["kind"] == "per_event")
        and day_of(datetime.fromisoformat(it["at"]), terms) == today
    )  # fmt: skip


def check_told(told: list[Change], rows: Iterable[LiveTicket], is_from_start: bool = True) -> None:
    """Every change was told once, begins where the one before ended, and the last one is what stands. Unless from the start,
    the first of a clock may begin anywhere: what was live when workers began was not told."""
    assert len({it.id for it in told}) == len(told)
    stands: dict[tuple[str, str], str] = {}
    for it in told:
        if isinstance(it, ClockChanged):
            assert stands.get((it.ticket, it.clock), "not_applicable" if is_from_start else it.before) == it.before
            stands[it.ticket, it.clock] = it.after
    for row in rows:
        for name, clock in (("response", row.response), ("resolution", row.resolution)):
            assert stands.get((row.ticket, name), "not_applicable" if is_from_start else clock.state) == clock.state
