"""Workers that share the partitions of a ledger's topics, without any of them running: partitions move between them, some are
killed between two commits, messages are lost and repeated. What each worker does is what `tending` and `application` have it
do; what is committed in the end is held against replays of the ledger.
"""

import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from adapters.contract.cloud_events import entry_message
from adapters.ledger import Ledger
from adapters.live.healing import Healing
from adapters.live.keeping import Live
from adapters.live.rows import Change, Part, Tables, decode_part, encode
from adapters.live.topics import partition_of
from adapters.live.watching import Watching
from adapters.proofs.tree import TreeRows
from tests.adapters.live.simulated import NEAR, check_all

PARTITIONS = 3
_ROUNDS = 4
Rows = dict[bytes, bytes]
Step = Callable[[], object]


def place(key: bytes) -> int:
    """The partition of a subject, or of a key that begins with one."""
    return partition_of(key.partition(b" ")[0], PARTITIONS)


class Told(Rows):
    """A worker's table: each row set is said."""

    def __init__(self, say: Callable[[Step], object], kept: list[Rows]) -> None:
        super().__init__()
        self._say, self._kept = say, kept

    def __setitem__(self, key: bytes, value: bytes) -> None:
        super().__setitem__(key, value)
        self._say(lambda: self._kept[place(key)].update({key: value}))

    def load(self, partition: int) -> None:
        """The rows of a partition as its topic has them."""
        self.update(self._kept[partition])

    def let_go(self, held: set[int]) -> None:
        """Only rows of these partitions stay."""
        for key in [it for it in self if place(it) not in held]:
            del self[key]


class Group:
    """What topics hold, and which offsets are committed; and the workers."""

    def __init__(self, ledger: Ledger, rng: random.Random, fresh: timedelta, members: int) -> None:
        self.ledger, self.rng, self.fresh = ledger, rng, fresh
        self.now = datetime(2020, 1, 1, tzinfo=UTC)
        self.relayed = 0
        self.entries: list[list[bytes]] = [[] for _ in range(PARTITIONS)]
        self.parts: list[list[tuple[str, bytes]]] = [[] for _ in range(PARTITIONS)]
        self.tickets: list[Rows] = [{} for _ in range(PARTITIONS)]
        self.policies: list[Rows] = [{} for _ in range(PARTITIONS)]
        self.told: list[Change] = []
        self.taken, self.parts_taken = [0] * PARTITIONS, [0] * PARTITIONS
        self.members = [Member(self) for _ in range(members)]
        self.rebalance()

    def relay(self, most: int = 10_000) -> None:
        """Puts so much of what is recorded on the topic."""
        with self.ledger.reading("reading") as plain:
            rows = TreeRows.of(plain).raw(self.relayed, 2**62, most)
        for row in rows:
            self.entries[place(row[1].encode())].append(entry_message("urn:x", row).value)
        self.relayed += len(rows)

    def rebalance(self) -> None:
        """Partitions are shared out anew; what those who live have said is sent, and their offsets committed, unless that comes
        too late. Now and then somebody missed the rebalance before."""
        for it in self.members:
            it.commit() if self.rng.random() < 0.7 else it.flush()
        shares: list[set[int]] = [set() for _ in self.members]
        for number in range(PARTITIONS):
            self.rng.choice(shares).add(number)
        for member, share in zip(self.members, shares, strict=True):
            member.assigned(share, is_next=self.rng.random() < 0.8)

    def kill(self) -> None:
        """One of them is gone, with all that it had not sent; another begins in its place."""
        number = self.rng.randrange(len(self.members))
        self.members[number] = Member(self)
        self.rebalance()

    def settle(self) -> None:
        """Everything comes that will come, is compared, and judged."""
        self.relay()
        for _ in range(_ROUNDS):
            for it in self.members:
                it.deliver(10**9)
                it.deliver_parts(10**9)
                it.follow()
                it.compare()
                while it.live.turn(10):
                    pass
                it.flush()
        for it in self.members:
            it.commit()

    def check(self) -> None:
        """What was sent is what a replay says, now; and what each worker would answer is what was sent."""
        tickets = {key: row for rows in self.tickets for key, row in rows.items()}
        policies = {key: row for rows in self.policies for key, row in rows.items()}
        for member in self.members:
            for mine, sent in ((member.tickets, tickets), (member.policies, policies)):
                assert mine == {key: row for key, row in sent.items() if place(key) in member.held}
        check_all(self.ledger, self.now, tickets.values(), policies.values(), self.told)


class Member:
    """One worker."""

    def __init__(self, group: Group) -> None:
        self._group = group
        self.held: set[int] = set()
        self._said: list[Step] = []
        self.tickets = Told(self._said_is, group.tickets)
        self.policies = Told(self._said_is, group.policies)
        self._parts: Rows = {}
        self._at, self._parts_at, self._parts_read = [0] * PARTITIONS, [0] * PARTITIONS, [0] * PARTITIONS
        self._is_new = False
        tables = Tables(self.tickets, self.policies, self._parts)
        self.live = Live(group.ledger, tables, self._tell, self._pass_on, lambda: group.now, NEAR, group.fresh)
        self._healing = Healing(self.live)
        self._watching = Watching(group.ledger, self._healing)
        self.live.look = self._watching.look

    # What it says ---------------------------------------------------------------------------------------------------

    def _said_is(self, step: Step) -> None:
        self._said.append(step)

    def _tell(self, change: Change) -> None:
        self._said.append(lambda: self._group.told.append(change))

    def _pass_on(self, subject: str, part: Part) -> None:
        self._said.append(lambda: self._group.parts[place(subject.encode())].append((subject, encode(part))))

    def flush(self) -> None:
        """What it said is sent, all of it."""
        for it in self._said:
            it()
        self._said.clear()

    def commit(self) -> None:
        """That, and up to where it has taken."""
        self.flush()
        for it in self.held:
            self._group.taken[it], self._group.parts_taken[it] = self._at[it], self._parts_at[it]

    # What comes -----------------------------------------------------------------------------------------------------

    def assigned(self, wanted: set[int], *, is_next: bool) -> None:
        """Other partitions are its own, of which it keeps those that it had in the generation before (`is_next`); all are read
        from the place committed."""
        kept = self.held & wanted if is_next else set()
        for key in [it for it in self._parts if place(it) not in kept]:
            del self._parts[key]
        for number in wanted - kept:
            self.tickets.load(number)
            self.policies.load(number)
            for subject, part in self._group.parts[number]:
                self._parts[f"{subject} {decode_part(part).ticket}".encode()] = part
            self._parts_read[number] = len(self._group.parts[number])
        self.tickets.let_go(wanted)
        self.policies.let_go(wanted)
        for number in wanted:
            self._at[number], self._parts_at[number] = self._group.taken[number], self._group.parts_taken[number]
        self.held = wanted
        self._watching.begin()
        self.live.begin(lambda key: place(key) in kept)
        self._is_new = True

    def _coming(self, offsets: list[int], topic: list[list[object]], most: int) -> Iterable[tuple[int, int]]:
        for number in sorted(self.held):
            for offset in range(offsets[number], min(len(topic[number]), offsets[number] + most)):
                offsets[number] = offset + 1
                yield number, offset

    def deliver(self, most: int, losing: float = 0, repeating: float = 0) -> None:
        """So many messages come from each partition, some not, some twice."""
        rng, entries = self._group.rng, self._group.entries
        for number, offset in self._coming(self._at, entries, most):  # type: ignore[arg-type]
            if rng.random() < losing:
                continue
            self.live.take(entries[number][offset])
            if rng.random() < repeating:
                self.live.take(entries[number][rng.randrange(offset + 1)])

    def deliver_parts(self, most: int, losing: float = 0, repeating: float = 0) -> None:
        """So many parts come to the policies of each partition, some not, some twice."""
        rng, parts = self._group.rng, self._group.parts
        for number, offset in self._coming(self._parts_at, parts, most):  # type: ignore[arg-type]
            if rng.random() < losing:
                continue
            for it in (offset, rng.randrange(offset + 1))[: 1 + (rng.random() < repeating)]:
                subject, part = parts[number][it]
                self.live.part(subject, decode_part(part))

    # What it does besides -------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """All that is recorded is watched."""
        while self._watching.follow():
            pass

    def compare(self) -> None:
        """Once everything on the topic by now was fetched: what was delivered is here."""
        group = self._group
        if any(self._at[it] < len(group.entries[it]) for it in self.held):
            return
        if self._is_new:
            self._is_new = not self._watching.is_since(group.relayed)
            heads = [it for it in self._watching.all_heads(group.relayed) if place(it[0].encode()) in self.held]
            self._healing.compare(heads, is_new=True)
            for client in self._healing.clients():
                self._healing.out_of_date(client, group.now)
        else:
            self._watching.compare(group.relayed, lambda stream: place(stream.encode()) in self.held)
        for number in self.held:
            for subject, part in group.parts[number][self._parts_read[number] :]:
                self._healing.compare_part(subject, decode_part(part))
            self._parts_read[number] = len(group.parts[number])
