"""What terms say once every reading is chosen: plain values for the clocks, the accounts and admission.

These are the shapes of the terms language (docs/terms.md); `terms` resolves a document into them. They hold
no text and decide nothing by themselves.
"""

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from domain.events import Channel, Kind


class Seconds(int):
    """A duration in terms: written "30m", "4h", "90s", "1h30m", or "3 ordinary days" (of the calendar)."""


class CalendarRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clause: str
    zone: str
    weekly: dict[str, tuple[str, ...]]
    holidays: tuple[date, ...] = ()
    closures: tuple[tuple[str, str], ...] = ()
    openings: tuple[tuple[str, str], ...] = ()


class Values(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The values a ticket or policy may carry under these terms."""

    priorities: tuple[str, ...]
    kinds: tuple[Kind, ...] = ("incident", "question", "request")
    incident_types: tuple[str, ...] = ()
    benefits: tuple[str, ...] = ()


class ByCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request by a channel that is not official counts from the opening, once confirmed, if it was opened
    so urgent."""

    clause: str
    channel: Channel
    priority: str
    from_opening: bool


class Requests(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which channels make a request official (absent: all), and who may ask (`authorized_clause` absent:
    anyone)."""

    official_channels: tuple[Channel, ...] | None = None
    clause: str | None = None
    by_call: ByCall | None = None
    authorized_clause: str | None = None


Base = Literal["support", "clock", "working-days"]
Suspension = Literal["waiting", "contingency", "unavailability", "vendor"]


class Target(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One target of a clock, for the tickets that match `priority`, `kind`, `incident_type` and `policy` (in
    force or not); what is absent matches all. `least` to `most` is the range a budget may be set in; `within`
    applies without a budget."""

    clause: str
    within: Seconds
    base: Base = "support"
    earliest: Seconds | None = None
    least: Seconds | None = None
    most: Seconds | None = None
    priority: str | None = None
    kind: str | None = None
    incident_type: str | None = None
    policy: bool | None = None
    suspended_by: tuple[Suspension, ...] = ()


class ClockRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one clock starts and stops. `clause` is cited where no target matches; `starts_clause` where the
    clock starts by something else than the official request. `Closed` ends any clock; listed in `stops` it
    counts as a stop like others."""

    clause: str
    stops: tuple[Literal["Responded", "Resolved", "SessionHeld", "Closed"], ...]
    starts: Literal["official", "opened", "response"] = "official"
    starts_clause: str | None = None
    targets: tuple[Target, ...] = ()


class SuspensionRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether such a span stops the clocks that name it; one without a rule does. `clause` is cited when it
    does (absent: the target's own)."""

    stops: bool = True
    clause: str | None = None
    level: int = 4
    """For `vendor` only: the level of support whose work is meant."""


class Extensions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clause: str
    before_due: bool


class Cited(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A provision that only needs its clause: whether it is there, and what to cite."""

    clause: str


class Escalation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clause: str
    reference_from_level: int


class Unresponsive(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closing for want of an answer: so many unanswered attempts, and not before so many open days after the
    first."""

    clause: str
    attempts: int
    since_answer: bool
    notice_clause: str | None = None
    notice_days: int = 0


class Closing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    validated_clause: str
    validated_needs: Literal["validation", "resolution"]
    after_clause: str
    unresponsive: Unresponsive | None = None


class Quota(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a policy (of a tier) includes: tickets in all and by priority, visits a month, a discount,
    benefits."""

    clause: str
    tickets: int
    by_priority: dict[str, int]
    onsite_a_month: int = 0
    discount_percent: int = 0
    benefits: tuple[str, ...] = ()
    benefits_clause: str | None = None


class Consumption(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    transfer: bool = False
    months: Literal["calendar", "policy"] = "calendar"
    months_clause: str | None = None
    with_policy_clause: str
    without_policy_clause: str
    quoted_clause: str
    discount: bool = True
    tiers: dict[str, Quota] = {}
    quota: Quota | None = None


class FollowUps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clause: str
    minutes: int
    events: tuple[Literal["FollowedUp", "InformationRequested", "ContactAttempted"], ...]
    one_daily_email: bool = False


class Sessions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    clause: str
    minutes: Literal["full", "own"]


class Billing(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    follow_ups: FollowUps | None = None
    sessions: Sessions | None = None
    after_hours_clause: str | None = None
    per_event: bool = False
    travel_clause: str | None = None


class Provisions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything terms provide, under chosen readings."""

    calendar: CalendarRule
    values: Values
    response: ClockRule
    resolution: ClockRule
    closing: Closing
    requests: Requests = Requests()
    suspensions: dict[Suspension, SuspensionRule] = {}
    extensions: Extensions | None = None
    after_hours: Cited | None = None
    escalation: Escalation | None = None
    operation_stop: Cited | None = None
    unattended: Cited | None = None
    consumption: Consumption | None = None
    billing: Billing = Billing()

    def quota(self, tier: str | None) -> Quota | None:
        """The quota of a policy of this tier, or None under terms without quotas."""
        if self.consumption is None:
            return None
        return self.consumption.tiers[tier] if tier is not None else self.consumption.quota

    @property
    def tiers(self) -> Mapping[str, Quota]:
        """The tiers a policy under these terms must choose from; empty under terms without tiers."""
        return self.consumption.tiers if self.consumption is not None else {}
