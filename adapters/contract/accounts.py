"""The accounts as messages hold them: the rows of the reports (exchange.md), as types that schemas are made from.

They compute nothing and rows are not made from them; tests hold every row that is made against them.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

Seconds = Annotated[int, Meta(description="Whole seconds.")]
Time = datetime
Readings = Annotated[
    dict[str, str], Meta(description="The readings of ambiguous clauses that the figures hang on: clause to value.")
]
Clauses = Annotated[list[str], Meta(description="The clauses that the figures come from, the target's first.")]


class ClockAccount(Struct, frozen=True):
    """One clock of a ticket. No start or no target: `not_applicable`, and its times are null. `due_at` is when the target runs
    out as things stand; `elapsed_seconds` what counts of the time since the start, without what was paused."""

    verdict: Literal["met", "breached", "running", "paused", "not_applicable"]
    target_seconds: Seconds | None
    earliest_seconds: Seconds | None
    started_at: Time | None
    due_at: Time | None
    stopped_at: Time | None
    elapsed_seconds: Seconds
    paused_seconds: Seconds
    overrun_seconds: Seconds
    clauses: Clauses
    readings: Readings


class SlaAccount(Struct, frozen=True):
    """A ticket and its two clocks: a row of `report sla`."""

    ticket: str
    client: str
    policy: str | None
    terms: str | None
    priority: str
    kind: Literal["incident", "question", "request"]
    incident_type: str | None
    opened_at: Time
    official_at: Time | None
    status: Literal["open", "resolved", "closed"]
    closed_reason: Literal["validated", "unresponsive", "withdrawn"] | None
    continues: str | None
    continued_by: str | None
    level: int
    stops_operation: Literal["at_opening", "declared_late"] | None
    response: ClockAccount
    resolution: ClockAccount


class Counter(Struct, frozen=True):
    """A quota: how many are included, how many were used, and how many remain (never less than 0)."""

    included: int
    used: int
    remaining: int


class OnsiteMonth(Struct, frozen=True):
    """The on-site visits of a month from one day to its last; `foreign`: out of reach of visits that are included."""

    from_: date = field(name="from")
    to: date
    included: int
    used: int
    foreign: bool


class PaidPerEvent(Struct, frozen=True):
    """A ticket that no quota covers: why, at what list price (a decimal string, null if none was agreed) and discount."""

    ticket: str
    reason: Literal["expired", "no_policy", "priority_not_included", "exhausted", "priority_exhausted"]
    price: str | None
    discount_percent: int
    to_be_quoted: bool
    clause: str


class Benefit(Struct, frozen=True):
    """A benefit that was delivered."""

    at: Time
    benefit: str
    detail: str | None


class ConsumptionAccount(Struct, frozen=True):
    """What was used of a policy with quotas, or (`policy` null) of a client's tickets outside any: a row of
    `report consumption`."""

    policy: str | None
    client: str
    terms: str
    tier: str | None
    starts: date | None
    ends: date | None
    state: Literal["not_started", "in_force", "exhausted", "expired", "cancelled", "none"]
    tickets: Counter
    by_priority: Annotated[dict[str, Counter], Meta(description="Priority to its part of the quota.")]
    onsite: Annotated[list[OnsiteMonth], Meta(description="The months that have visits.")]
    covered: Annotated[list[str], Meta(description="The tickets that the quota covers, in the order opened.")]
    pay_per_event: list[PaidPerEvent]
    benefits: list[Benefit]
    readings: Readings


class Charge(Struct, frozen=True):
    """A row of `report billing`: what one entry is charged. `entry` is its position; `amount` a decimal string in `currency`,
    null where `amount_note` says why there is none."""

    ticket: str
    client: str
    policy: str | None
    entry: int
    at: Time
    kind: Literal["follow_up", "session", "per_event", "travel"]
    minutes: int
    consultants: int
    billable_minutes: int
    after_hours_minutes: int
    unrequested_minutes: int
    amount: str | None
    currency: str | None
    amount_note: Literal["not agreed", "to be quoted"] | None
    clause: str | None


class BillingAccount(Struct, frozen=True):
    """Everything a ticket is charged, in order of `at`, then `entry`; an empty list if nothing."""

    ticket: str
    billing: list[Charge]


class CheckpointSigned(Struct, frozen=True):
    """The desk signed its first `size` entries: the root (base64) of their Merkle tree (RFC 6962), and the signed note (C2SP
    tlog-checkpoint) that says so. Kept by a subscriber, it proves that no entry was changed since."""

    origin: str
    size: int
    root: str
    made_at: Time
    note: str
