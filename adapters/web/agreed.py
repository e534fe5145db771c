"""What was agreed, as the page shows it: a client with its policies and what is used of them, and published terms.

A caller of the role `client` sees the terms that its own registration and policies name, and no others: what terms
there are would tell of other clients. Every figure is a row of `report consumption`.
"""

import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET, Struct

from adapters.ledger import Ledger
from adapters.reports.reports import NotFound, Reports
from adapters.statement.month import Month
from domain.client import Client
from domain.events import ClientRegistered, PolicyContracted, TermsPublished
from domain.policy import Policy
from domain.terms import Rules, Terms, terms_from
from domain.terms_document import Text
from domain.time_base import epoch_seconds

STATEMENTS = 13
_EXPIRES_SOON = timedelta(days=60)
Row = dict[str, Any]


class Held(Struct, frozen=True):
    """A policy, the rules it is bound to, and its row of consumption (None under terms without quotas). `state` is that of the
    row or, without one, of today; `is_ending` within sixty days."""

    policy: Policy
    rules: Rules
    row: Row | None
    state: str
    is_ending: bool

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of its terms."""
        return ZoneInfo(self.rules.calendar.zone)


class ClientShown(Struct, frozen=True):
    """A client: how it is registered, who may ask for help, its policies with the newest first, its tickets outside any policy,
    and the months a statement can be made of."""

    ident: str
    name: str
    terms: str | None
    terms_name: Text | None
    people: Sequence[str]
    policies: Sequence[Held]
    outside: Row | None
    months: Sequence[str]


class Version(Struct, frozen=True):
    """One version of published terms, and where it stands."""

    terms: Terms
    version: int
    position: int
    recorded_at: datetime


def client_shown(ledger: Ledger, reports: Reports, ident: str) -> ClientShown:
    """A client; `reports` are of it alone and of now. NotFound if there is none."""
    registered = next((it.event for it in ledger.stream(f"client:{ident}")), None)
    if not isinstance(registered, ClientRegistered):
        raise NotFound("client", ident)
    unsealed = ledger.unsealed()
    told = unsealed.event(registered)
    assert isinstance(told, ClientRegistered), "unsealing keeps the type"
    rows = list(reports.consumption())
    by_policy = {it["policy"]: it for it in rows}
    contracts, today = reports.contracts, reports.question.at
    found = contracts.clients.get(ident)
    policies = sorted(contracts.policies.get(ident, ()), key=lambda it: (it.starts, it.position), reverse=True)
    return ClientShown(
        ident,
        told.name,
        None if registered.terms is UNSET else registered.terms,
        _name(ledger, registered),
        sorted(unsealed.text(it) for it in _people(found, reports)),
        [_held(it, contracts.rules(it), by_policy.get(it.id), today) for it in policies],
        by_policy.get(None),
        [str(it) for it in _months(contracts.registered(ident), today)],
    )


def _name(ledger: Ledger, registered: ClientRegistered) -> Text | None:
    """What the terms that a registration names are called, by their newest version."""
    if registered.terms is UNSET:
        return None
    newest = next((it.event for it in reversed(ledger.stream(f"terms:{registered.terms}"))), None)
    return terms_from(newest.document).about.name if isinstance(newest, TermsPublished) else None


def _people(client: Client | None, reports: Reports) -> Sequence[str]:
    """Who may open tickets now."""
    now = (reports.question.at, sys.maxsize)
    return [] if client is None else [it for it in client.authority if client.authorizes(it, now)]


def _held(policy: Policy, rules: Rules, row: Row | None, now: datetime) -> Held:
    day = rules.calendar.local_date(epoch_seconds(now))
    return Held(policy, rules, row, row["state"] if row else _state(policy, day), _ends_soon(policy, day))


def _state(policy: Policy, day: date) -> str:
    if policy.cancelled is not None and policy.cancelled <= day:
        return "cancelled"
    if policy.in_force(day):
        return "in_force"
    return "expired" if policy.over_by(day) else "not_started"


def _ends_soon(policy: Policy, day: date) -> bool:
    return policy.in_force(day) and policy.last_day is not None and policy.last_day <= day + _EXPIRES_SOON


def _months(registered: tuple[datetime, int] | None, now: datetime) -> Sequence[Month]:
    """The months since a client was registered, the newest first, as many as a year has and one."""
    first = (registered[0] if registered is not None else now).date()
    month = Month(first.year, first.month)
    months = [month]
    while month.following.first <= now.date():
        month = month.following
        months.append(month)
    return months[::-1][:STATEMENTS]


# Terms --------------------------------------------------------------------------------------------------------------


def terms_seen(ledger: Ledger, client: str | None) -> frozenset[str] | None:
    """The ids of the terms that a client's registration and policies name; None, for all, without a client."""
    if client is None:
        return None
    found = set()
    streams = [f"client:{client}", *(it for it in ledger.streams_of(client) if it.startswith("policy:"))]
    for _, recorded in ledger.streams_named(streams):
        for entry in recorded:
            event = entry.event
            if isinstance(event, ClientRegistered | PolicyContracted) and event.terms is not UNSET:
                found.add(event.terms)
    return frozenset(found)


def published(ledger: Ledger, seen: frozenset[str] | None) -> dict[str, list[Version]]:
    """Every version of the terms that may be seen, by id, the oldest first."""
    found: dict[str, list[Version]] = {}
    for _, recorded in ledger.streams("terms"):
        for entry in recorded:
            event = entry.event
            if isinstance(event, TermsPublished) and (seen is None or event.terms in seen):
                version = Version(terms_from(event.document), entry.version, entry.position, entry.recorded_at)
                found.setdefault(event.terms, []).append(version)
    return found
