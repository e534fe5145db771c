"""What the clauses of a ticket's or policy's terms refuse (rules 5, clauses), judged for the newcomer alone.

Each check looks at the state just before the newcomer and at what applies to the ticket under the default readings. Where no
terms apply nothing is refused here.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from msgspec import UNSET

from domain.agreement import Agreement
from domain.book import Book
from domain.calendar import Calendar
from domain.client import Moment
from domain.events import (
    AfterHoursRequested,
    AnyEvent,
    BenefitDelivered,
    Closed,
    Escalated,
    ExtensionRequested,
    IncidentClassified,
    PolicyContracted,
    PriorityChanged,
    ReopenedAsNew,
    RequestRefused,
    TicketOpened,
    TravelExpenseRecorded,
)
from domain.exchange import event_as_json
from domain.policy import Policy
from domain.refusal import Refused, said
from domain.rules import Closing, Unresponsive, Values
from domain.terms import Rules, Terms
from domain.ticket import Ticket
from domain.time_base import epoch_seconds

_LISTED = ("priority", "incident_type", "benefit")


def refuse_unlisted(event: AnyEvent, published: Iterable[Terms]) -> None:
    """Raises Refused (shape) for a priority, incident type or benefit that stands in no published terms."""
    for field in _LISTED:
        value = getattr(event, field, UNSET)
        if value is not UNSET and not any(value in values_of(it.under().provisions.values, field) for it in published):
            known = sorted({name for it in published for name in values_of(it.under().provisions.values, field)})
            raise Refused("shape", said("{field} is {value}; one of these is expected: {known}"), field=field,
                          value=value, known=", ".join(known))  # fmt: skip


def values_of(values: Values, field: str) -> tuple[str, ...]:
    """The values that a field may have under some terms."""
    return {
        "priority": values.priorities,
        "incident_type": values.incident_types,
        "benefit": values.benefits,
        "kind": values.kinds,
    }[field]


def check_prices(event: PolicyContracted, terms: Terms) -> None:
    """A price per event is for a priority of the policy's terms."""
    if event.prices is UNSET or event.prices.per_event is UNSET:
        return
    for priority in event.prices.per_event:
        _check_value(terms.under().provisions.values, "priority", priority, terms.id, "prices.per_event")


def check_benefit(event: BenefitDelivered, policy: Policy, book: Book) -> None:
    """A benefit is one of those the policy's terms add to its tier (cs.4.5)."""
    terms = book.bound(policy.contracted.terms, policy.position)
    quota = terms.under().quota(policy.tier) if terms is not None else None
    if terms is None or (quota is not None and event.benefit in quota.benefits):
        return
    raise Refused(
        "clauses",
        said("policy {policy}, under {terms}, does not include the benefit {benefit}"),
        field="benefit",
        clause=quota.benefits_clause if quota is not None else None,
        policy=policy.id,
        terms=" ".join(it for it in (terms.id, policy.tier) if it),
        benefit=event.benefit,
    )


def check_opening(event: TicketOpened, book: Book, moment: Moment) -> None:
    """The opening's values are of its terms, and whoever asks may ask (gs.1.1, judged last; its refusal is a record)."""
    agreed = book.agreement(event.client, event.at, moment[1], event.at)
    if agreed.rules is None:
        return
    rules = agreed.rules
    for field in ("priority", "kind", "incident_type"):
        value = getattr(event, field)
        if value is not UNSET:
            _check_value(rules.provisions.values, field, value, rules.terms.id, field)
    clause = rules.provisions.requests.authorized_clause
    client = book.client(event.client)
    if clause is not None and client is not None and not client.authorizes(event.requester, moment):
        raise _not_authorized(event, clause)


def turned_away(client: str, requester: str, clause: str) -> Refused:
    """The refusal of a request by someone whom the client did not authorise."""
    template = said("{requester} is not among the people that {client} authorised to open tickets at that moment")
    return Refused("clauses", template, clause=clause, requester=requester, client=client)


def _not_authorized(event: TicketOpened, clause: str) -> Refused:
    refused = turned_away(event.client, event.requester, clause)
    record = RequestRefused(
        at=event.at,
        by=event.by,
        client=event.client,
        requester=event.requester,
        clause=clause,
        reason=str(refused),
        request=event_as_json(event),
    )
    refused.record = (f"client:{event.client}", record)
    return refused


def check(event: AnyEvent, before: Ticket, agreed: Agreement) -> None:
    """Raises Refused (clauses) if the ticket's terms do not take this event after that state."""
    rules = agreed.rules
    if rules is None or agreed.calendar is None:
        return
    provisions = rules.provisions
    _check_after_closing(event, before, provisions.closing)
    match event:
        case PriorityChanged():
            _check_value(provisions.values, "priority", event.priority, rules.terms.id, "priority")
        case IncidentClassified():
            _check_classification(event, rules)
        case ExtensionRequested() if provisions.extensions is None:
            raise _no_such_event(event, rules)
        case AfterHoursRequested():
            _check_window(event, rules)
        case Escalated():
            _check_escalation(event, rules)
        case Closed():
            _check_closing(event, before, provisions.closing, agreed.calendar)
        case _:
            pass


def _check_value(values: Values, name: str, value: str, terms: str, field: str) -> None:
    known = values_of(values, name)
    if not known:
        raise Refused("clauses", said("{field} is {value}, but {terms} has none; leave the field out"), field=field,
                      value=value, terms=terms)  # fmt: skip
    if value not in known:
        raise Refused("clauses", said("{field} is {value}; under {terms} it is one of: {known}"), field=field,
                      value=value, terms=terms, known=", ".join(known))  # fmt: skip


def _no_such_event(event: AnyEvent, rules: Rules) -> Refused:
    return Refused("clauses", said("the terms {terms} of this ticket have no {name}"), field="type",
                   terms=rules.terms.id, name=type(event).__name__)  # fmt: skip


def _check_after_closing(event: AnyEvent, before: Ticket, closing: Closing) -> None:
    if before.closed_at is None or event.at <= before.closed_at:
        return
    if not isinstance(event, ReopenedAsNew | TravelExpenseRecorded):
        raise Refused(
            "clauses",
            said("ticket {ticket} was closed at {closed}; after that it takes no {name}: open a new ticket that continues it"),
            clause=closing.after_clause,
            ticket=before.opening.ticket,
            closed=before.closed_at.isoformat(),
            name=type(event).__name__,
        )  # fmt: skip


def _check_classification(event: IncidentClassified, rules: Rules) -> None:
    values = rules.provisions.values
    if not values.incident_types:
        raise _no_such_event(event, rules)
    _check_value(values, "incident_type", event.incident_type, rules.terms.id, "incident_type")
    if event.budget_seconds is UNSET:
        return
    clock = rules.provisions.resolution
    ranged = [it for it in clock.targets if it.incident_type == event.incident_type and it.least is not None]
    if not ranged:
        raise Refused("clauses", said("budget_seconds is {value}; for {incident_type} none is set, its target is fixed"),
                      clause=clock.clause, field="budget_seconds", value=event.budget_seconds,
                      incident_type=event.incident_type)  # fmt: skip
    if not any(it.least <= event.budget_seconds <= it.most for it in ranged if it.least is not None and it.most is not None):
        span = f"{ranged[0].least}-{ranged[0].most}"
        raise Refused("clauses", said("budget_seconds is {value}; for {incident_type} a budget may lie in: {span}"),
                      clause=clock.clause, field="budget_seconds", value=event.budget_seconds,
                      incident_type=event.incident_type, span=span)  # fmt: skip


def _check_window(event: AfterHoursRequested, rules: Rules) -> None:
    after_hours = rules.provisions.after_hours
    if after_hours is None:
        raise _no_such_event(event, rules)
    if event.at >= event.from_:
        raise Refused("clauses", said("after-hours attention must be asked for before it begins, at {begins}"),
                      clause=after_hours.clause, begins=event.from_.isoformat())  # fmt: skip


def _check_escalation(event: Escalated, rules: Rules) -> None:
    escalation = rules.provisions.escalation
    if escalation is None or event.level < escalation.reference_from_level:
        return
    if event.reference is UNSET or not event.reference.strip():
        raise Refused("clauses", said("level {level} needs the case number at the vendor, in reference"),
                      clause=escalation.clause, level=event.level)  # fmt: skip


def _check_closing(event: Closed, before: Ticket, closing: Closing, calendar: Calendar) -> None:
    if event.reason == "validated":
        if closing.validated_needs == "resolution" and not before.resolved:
            raise Refused("clauses", said("ticket {ticket} cannot be closed as validated: it is not resolved at that moment"),
                          clause=closing.validated_clause, ticket=before.opening.ticket)  # fmt: skip
        if closing.validated_needs == "validation" and not before.validated:
            raise Refused("clauses", said("ticket {ticket} cannot be closed as validated: the client has not validated its "
                                          "last resolution"),
                          clause=closing.validated_clause, ticket=before.opening.ticket)  # fmt: skip
    if event.reason == "unresponsive" and closing.unresponsive is not None:
        _check_unresponsive(event, before, closing.unresponsive, calendar)


def _check_unresponsive(event: Closed, before: Ticket, rule: Unresponsive, calendar: Calendar) -> None:
    attempts = before.unanswered if rule.since_answer else before.unanswered_ever
    if len(attempts) < rule.attempts:
        raise Refused("clauses", said("ticket {ticket} has {count} unanswered contact attempts that count; {needed} are "
                                      "needed to close it as unresponsive"),
                      clause=rule.clause, ticket=before.opening.ticket, count=len(attempts),
                      needed=rule.attempts)  # fmt: skip
    if rule.notice_days and rule.notice_clause is not None:
        until = _end_of_notice(calendar, epoch_seconds(attempts[0]), rule.notice_days)
        if epoch_seconds(event.at) < until:
            raise Refused("clauses", said("the notice of {days} open days after the first unanswered attempt is not over "
                                          "before {until}"),
                          clause=rule.notice_clause, days=rule.notice_days,
                          until=datetime.fromtimestamp(until, UTC).isoformat())  # fmt: skip


def _end_of_notice(calendar: Calendar, first_attempt: int, days: int) -> int:
    """The end of support hours of the n-th open day strictly after the local date of the first attempt (gs.2.5)."""
    day, end = calendar.local_date(first_attempt), first_attempt
    while days:
        day += timedelta(days=1)
        if calendar.is_open_day(day):
            days, end = days - 1, calendar.end_of_day(day) or end
    return end
