"""Judges what is live: a ticket by its entries, a policy by the parts its tickets bring into its account; and what has changed.

Values in, values out; every figure is one of `projections`. What applies comes as `Contracts` asked about the moment judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from msgspec import Struct, structs

from adapters.accounts.filling import dealt_for, moment, moment_from, read, use_from, use_values
from adapters.accounts.tables import USES
from adapters.live.contexts import Context
from adapters.live.rows import (
    CLOCK_NAMES,
    Change,
    ClockChanged,
    ClockName,
    LiveClock,
    LivePolicy,
    LiveTicket,
    Part,
    QuotaChanged,
    change_id,
    encode,
)
from domain.calendar import Calendar
from domain.events import Entry, TicketOpened
from domain.policy import Policy
from domain.time_base import epoch_seconds
from projections import billing, consumption, live, sla
from projections.accounts import account
from projections.changes import entries_ahead, policy_changes
from projections.clocks import Clock
from projections.consumption import Consumed
from projections.contracts import Contracts
from projections.live import Standing, State

_NOTHING = LiveClock("not_applicable", None, 0, None, None, None, None)
_FINGERPRINT_DIGITS = 16


class Judged(Struct, frozen=True):
    """A ticket judged, and its part in the account of `subject`: `policy:P-7`, or `client:acme` outside any policy."""

    ticket: LiveTicket
    subject: str
    part: Part


def ticket(name: str, recorded: Sequence[Entry], context: Context, at: datetime, near_percent: int) -> Judged:
    """A ticket as its entries (by version, the first its opening) have it at a moment, in a context that holds then. Raises
    what judging raises."""
    contracts, known = context.at(at), context.known
    opening = recorded[0].event
    assert isinstance(opening, TicketOpened), "a ticket begins with its opening"
    found = account(recorded, contracts)
    judged_at, last = moment(at), recorded[-1]
    if found is None:
        return not_judged(name, recorded, context, at, None)
    assessment, calendar = found.assessment, found.assessment.agreed.calendar
    facts, agreed = assessment.facts, assessment.agreed
    standings = [live.standing(it, near_percent) for it in (assessment.response, assessment.resolution)]
    day = live.local_day(calendar, assessment.at)
    minutes = live.minutes_on(found.charges, calendar, day)
    over = live.day_ends(calendar, day) if minutes else None
    changes = first_of(live.ticket_turns(recorded, at, assessment, standings, over), context.until)
    policy = agreed.policy.id if agreed.policy is not None else None
    subject = dealt_for(opening.client, policy)
    use = None if found.use is None else read(USES, use_values(found.use))
    part = Part(name, opening.client, last.version, known, judged_at, use, day.isoformat() if minutes else None, minutes)
    row = LiveTicket(
        name, opening.client, policy, agreed.rules.terms.id if agreed.rules is not None else None, facts.priority,
        sla.status(facts), last.version, last.position, known, judged_at, None if changes is None else moment(changes),
        _clock(assessment.response, standings[0]), _clock(assessment.resolution, standings[1]), day.isoformat(), minutes,
        _fingerprint(subject, part),
    )  # fmt: skip
    return Judged(row, subject, part)


def not_judged(name: str, recorded: Sequence[Entry], context: Context | None, at: datetime, problem: str | None) -> Judged:
    """A ticket whose opening does not count yet, or that could not be judged because of a problem."""
    opening, last = recorded[0].event, recorded[-1]
    assert isinstance(opening, TicketOpened), "a ticket begins with its opening"
    changes = first_of(entries_ahead(recorded, at), context.until if context is not None else None)
    known = context.known if context is not None else 0
    row = LiveTicket(
        name, opening.client, None, None, opening.priority, "open", last.version, last.position, known, moment(at),
        None if changes is None else moment(changes), _NOTHING, _NOTHING, at.date().isoformat(), 0, "", problem,
    )  # fmt: skip
    part = Part(name, opening.client, last.version, known, moment(at), None, None, 0)
    return Judged(row, dealt_for(opening.client, None), part)


def _clock(clock: Clock, found: Standing) -> LiveClock:
    return LiveClock(
        found.state, clock.target, clock.elapsed, sla.iso(clock.due), sla.iso(clock.stopped), sla.iso(found.at_risk_from),
        sla.iso(found.breached_from),
    )  # fmt: skip


def _fingerprint(subject: str, part: Part) -> str:
    """What distinguishes one part in an account from another; empty for a part that brings nothing into it."""
    if part.use is None and not part.minutes:
        return ""
    return change_id(subject, encode((part.use, part.day, part.minutes)).decode())[:_FINGERPRINT_DIGITS]


# Policies -----------------------------------------------------------------------------------------------------------


def policy(
    subject: str, client: str, parts: Iterable[Part], context: Context, at: datetime, version: int, near_percent: int
) -> LivePolicy:
    """A policy (`policy:P-7`), or a client outside any (`client:acme`), by the parts of its tickets, at a moment for which the
    client's context holds. `version` is that of the last entry seen of a policy's stream."""
    kind, _, ident = subject.partition(":")
    contracts = context.at(at)
    held = next((it for it in contracts.policies.get(client, ()) if kind == "policy" and it.id == ident), None)
    if kind == "policy" and held is None:
        # Its contracting lies a little ahead.
        return LivePolicy(ident, client, None, None, "not_started", None, None, version, context.known, moment(at),
                          None if context.until is None else moment(context.until), {}, at.date().isoformat(), 0)  # fmt: skip
    parts = list(parts)
    dealt = _dealt(held, client, parts, contracts)
    rules = contracts.rules(held) if held is not None else dealt.rules if dealt is not None else None
    if rules is None:
        rules = contracts.agreement_at(client, contracts.question.at_seconds, _LATEST).rules
    calendar = rules.calendar if rules is not None else None
    day = live.local_day(calendar, contracts.question.at_seconds)
    minutes = _minutes(parts, dealt, calendar, day)
    row = consumption.row(dealt, contracts.question.at_seconds) if dealt is not None else None
    turns = [live.day_ends(calendar, day) if minutes else None, context.until]
    state = "none"
    if held is not None and rules is not None:
        turns.append(policy_changes(held, rules, at))
        state = row["state"] if row is not None else consumption.state(held, rules, 0, contracts.question.at_seconds)
    changes = first_of(*turns)
    return LivePolicy(
        held.id if held is not None else None, client, rules.terms.id if rules is not None else None,
        held.tier if held is not None else None, state,
        held.starts.isoformat() if held is not None else None,
        held.ends.isoformat() if held is not None and held.ends is not None else None,
        version, context.known, moment(at), None if changes is None else moment(changes),
        live.quotas(row, near_percent) if row is not None else {}, day.isoformat(), minutes,
    )  # fmt: skip


_LATEST = 2**62
"""A position after every entry."""


def _dealt(held: Policy | None, client: str, parts: Sequence[Part], contracts: Contracts) -> Consumed | None:
    """The consumption of this policy, or of the client outside any; None under terms without quotas."""
    uses = [use_from(it.use, contracts) for it in parts if it.use is not None]
    wanted = held.id if held is not None else None
    found = consumption.consumed(contracts, uses)
    return next((it for it in found if it.client == client and (it.policy.id if it.policy else None) == wanted), None)


def _minutes(parts: Iterable[Part], dealt: Consumed | None, calendar: Calendar | None, day: date) -> int:
    """What is billed today of the tickets by themselves, and of those to be quoted."""
    own = sum(it.minutes for it in parts if it.day == day.isoformat())
    return own + (live.minutes_on(billing.per_event(dealt.deal), calendar, day) if dealt is not None else 0)


# What has changed ---------------------------------------------------------------------------------------------------


def clock_changes(before: LiveTicket | None, after: LiveTicket) -> list[Change]:
    """What has changed of a ticket's clocks. A clock that has run over its target since it was told to have time was at risk
    in between, and that is told too."""
    found: list[Change] = []
    for name in CLOCK_NAMES:
        clock = after.clock(name)
        told: State = before.clock(name).state if before is not None else "not_applicable"
        if clock.state == told:
            continue
        if told == "running" and clock.state == "breached" and clock.at_risk_from is not None:
            found.append(_clock_changed(after, name, clock, told, "at_risk"))
            told = "at_risk"
        found.append(_clock_changed(after, name, clock, told, clock.state))
    return found


def _clock_changed(after: LiveTicket, name: ClockName, clock: LiveClock, told: State, state: State) -> ClockChanged:
    since = {"at_risk": clock.at_risk_from, "breached": clock.breached_from}.get(state)
    id = change_id("clock", after.ticket, name, told, state, after.position, after.known, since)
    return ClockChanged(
        id, since or after.judged_at, after.ticket, after.client, after.policy, name, told, state, clock.target_seconds,
        clock.due_at, after.position,
    )  # fmt: skip


def quota_changes(before: LivePolicy | None, after: LivePolicy, because: Part | None) -> Iterator[QuotaChanged]:
    """What has changed of a policy's quotas, of which a new one has all available; `because` of this ticket's part."""
    if after.policy is None:
        return
    for priority, quota in after.quotas.items():
        known = before.quotas.get(priority) if before is not None else None
        told = known.level if known is not None else "available"
        if quota.level != told:
            cause = () if because is None else (because.ticket, because.version)
            id = change_id("quota", after.policy, priority, told, quota.level, quota.used, after.version, after.known, *cause)
            yield QuotaChanged(
                id, after.judged_at, after.policy, after.client, priority, told, quota.level, quota.included, quota.used,
                quota.remaining,
            )  # fmt: skip


def first_of(*moments: datetime | None) -> datetime | None:
    """The first of these moments."""
    return min((it for it in moments if it is not None), default=None)


def subject_of(row: LiveTicket) -> str:
    """In whose account a ticket has its part: its policy's, or its client's outside any."""
    return f"policy:{row.policy}" if row.policy is not None else f"client:{row.client}"


def is_same(before: LiveTicket, after: LiveTicket) -> bool:
    """Whether nothing differs but the moment judged and the seconds that run."""
    return structs.replace(before, judged_at=after.judged_at) == after or _without_growth(before) == _without_growth(after)


def _without_growth(row: LiveTicket) -> LiveTicket:
    response, resolution = (structs.replace(row.clock(it), elapsed_seconds=0) for it in CLOCK_NAMES)
    return structs.replace(row, judged_at="", response=response, resolution=resolution)


def measured_since(row: LiveTicket, since: datetime) -> bool:
    """Whether a clock ran or stood at or after a moment."""
    instant = epoch_seconds(since)
    for clock in (row.response, row.resolution):
        stopped = None if clock.stopped_at is None else epoch_seconds(moment_from(clock.stopped_at))
        if clock.state != "not_applicable" if stopped is None else stopped >= instant:
            return True
    return False
