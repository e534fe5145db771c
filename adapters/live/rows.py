"""What is live, as it is kept in the tables, told on the topics and answered over HTTP: tickets, policies, and their changes.

Names and fields are those of the reports where they are the same thing. Nobody is named in it. It judges nothing.
"""

from collections.abc import MutableMapping
from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import Struct

from projections.live import Level, Quota, State
from projections.sla import Status

Table = MutableMapping[bytes, bytes]
ClockName = Literal["response", "resolution"]
CLOCK_NAMES: tuple[ClockName, ...] = ("response", "resolution")


class LiveClock(Struct, frozen=True, gc=False):
    """One clock of a ticket: where it stands, and since when it is, or from when on it will be, at risk and over its target,
    should nothing stop it. Seconds elapsed are those at `judged_at`; times are UTC, in whole seconds."""

    state: State
    target_seconds: int | None
    elapsed_seconds: int
    due_at: str | None
    stopped_at: str | None
    at_risk_from: str | None
    breached_from: str | None


class LiveTicket(Struct, frozen=True, gc=False):
    """A ticket as it stands at `judged_at`, with its entries up to `version` (the last at `position`), and with what else
    concerns it up to position `known`. `changes_at`: until then it stays so, apart from seconds that run, if nothing is
    recorded; null: until something is. `minutes_today`: billable minutes of its charges on the local day `day`. `use`: a
    fingerprint of its part in its policy's account."""

    ticket: str
    client: str
    policy: str | None
    terms: str | None
    priority: str
    status: Status
    version: int
    position: int
    known: int
    judged_at: str
    changes_at: str | None
    response: LiveClock
    resolution: LiveClock
    day: str
    minutes_today: int
    use: str
    problem: str | None = None

    def clock(self, name: ClockName) -> LiveClock:
        """One of its clocks."""
        return self.response if name == "response" else self.resolution


class LivePolicy(Struct, frozen=True, gc=False):
    """A policy, or (`policy` null) a client's tickets outside any, as it stands at `judged_at`. `quotas`: `all`, then each
    priority that has any; none under terms without. `minutes_today`: billable minutes on the local day `day`."""

    policy: str | None
    client: str
    terms: str | None
    tier: str | None
    state: str
    starts: str | None
    ends: str | None
    version: int
    known: int
    judged_at: str
    changes_at: str | None
    quotas: dict[str, Quota]
    day: str
    minutes_today: int
    problem: str | None = None


class Part(Struct, frozen=True, gc=False):
    """What one ticket brings into the account of its policy: what counts of it for quotas (a row of `uses`, see
    `adapters.accounts.tables`), and minutes billed on a day. A later one (by `version`, `known`, `judged_at`) takes its
    place."""

    ticket: str
    client: str
    version: int
    known: int
    judged_at: str
    use: dict[str, Any] | None
    day: str | None
    minutes: int

    @property
    def order(self) -> tuple[int, int, str]:
        """By which the later of two is known."""
        return self.version, self.known, self.judged_at


class Tables(Struct, frozen=True):
    """What is kept, by key, as JSON: `tickets` by stream, `policies` by stream (`client:acme` for tickets outside any policy),
    `parts` by that and the ticket."""

    tickets: Table
    policies: Table
    parts: Table


class ClockChanged(Struct, frozen=True, gc=False, tag=True):
    """A clock of a ticket stands otherwise since `at`: the instant at which it came to be at risk or breached; else when that
    was judged. A clock that was not told of is `not_applicable`. The same change has the same `id`."""

    id: str
    at: str
    ticket: str
    client: str
    policy: str | None
    clock: ClockName
    before: State
    after: State
    target_seconds: int | None
    due_at: str | None
    position: int


class QuotaChanged(Struct, frozen=True, gc=False, tag=True):
    """A quota of a policy (of a priority, or `all`) is nearer to exhaustion than before, or further from it."""

    id: str
    at: str
    policy: str
    client: str
    priority: str
    before: Level | None
    after: Level
    included: int
    used: int
    remaining: int


Change = ClockChanged | QuotaChanged

encode = msgspec.json.Encoder().encode
decode_ticket = msgspec.json.Decoder(LiveTicket).decode
decode_policy = msgspec.json.Decoder(LivePolicy).decode
decode_part = msgspec.json.Decoder(Part).decode
decode_change = msgspec.json.Decoder(Change).decode


def change_id(*told: object) -> str:
    """The id of a change: the same for the same things told."""
    return sha256("\n".join(map(str, told)).encode()).hexdigest()[:32]
