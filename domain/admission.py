"""Whether an entry may be recorded, and what is then written (rules 5): references, order, clauses, in that order.

Rules run once, here, under the default readings and with all that is recorded; replay never runs them again. Keys are the
ledger's affair, shapes were judged by `shape`.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET

from domain import clauses, desk, ticket
from domain.book import Book, State, Stream, beginning, fold, state_after
from domain.desk import Desk
from domain.events import (
    BEGINNINGS,
    AnyEvent,
    BenefitDelivered,
    ClientRegistered,
    ContingencyDeclared,
    ContingencyEnded,
    ContingencyNotified,
    Entry,
    EntryVoided,
    PersonForgotten,
    PolicyCancelled,
    PolicyContracted,
    ReopenedAsNew,
    RequesterAuthorized,
    RequesterRevoked,
    RequestRefused,
    TermsPublished,
    TicketOpened,
    in_order,
    stream_of,
)
from domain.policy import Policy, overlapping
from domain.refusal import Refused, said
from domain.sequence import in_force
from domain.terms import Terms, TermsError
from domain.terms import digest as digest_of

CLOCK_TOLERANCE = timedelta(minutes=5)
_NEWEST = 2**62
"""Stands for the position of the newcomer: it comes after everything recorded."""

Written = tuple[tuple[str, AnyEvent], ...]


def admit(event: AnyEvent, book: Book, now: datetime) -> Written:
    """What to write for an event, in order and in one transaction: pairs of a stream and an event, mostly just the event.

    Raises Refused; for gs.1.1 its `record` is what the ledger takes down instead. `now` is the ledger's clock (aware)."""
    if event.at > now + CLOCK_TOLERANCE:
        raise Refused("time", said("{field} is {at}, more than 5 minutes ahead of the ledger's clock"), field="at",
                      at=event.at.isoformat())  # fmt: skip
    clauses.refuse_unlisted(event, book.terms())
    # Most entries concern a ticket: looked up by type, they need not first be compared with a dozen others.
    admitted = _ADMITTED.get(type(event), _admit_on_its_ticket)
    return admitted(event, book)


def _admit_in_own_stream(event: AnyEvent, book: Book) -> Written:
    match event:
        case TermsPublished():
            check_document(event)
        case ClientRegistered():
            _check_registration(event, book)
        case RequesterAuthorized() | RequesterRevoked():
            _check_authority(event, book)
        case PolicyContracted():
            _check_policy(event, book)
        case PolicyCancelled():
            _check_cancellation(event, book)
        case BenefitDelivered():
            clauses.check_benefit(event, _known_policy(event.policy, book), book)
        case _:
            raise ValueError(f"a {type(event).__name__} is written by the ledger, never proposed")
    return ((stream_of(event), event),)


# References ---------------------------------------------------------------------------------------------------------


def _unknown(field: str, value: object) -> Refused:
    return Refused("reference", said("{field} {value} is not known; it must be recorded before"), field=field, value=value)


def _taken(field: str, value: object) -> Refused:
    return Refused("reference", said("{field} {value} exists already; another id is expected"), field=field, value=value)


def check_document(event: TermsPublished) -> None:
    """Raises Refused (shape) unless the document is whole, and of the terms and the digest (if any) given with it."""
    try:
        terms = Terms.read(event.document)
    except TermsError as error:
        field = f"document.{error.field}".rstrip(".")
        raise Refused("shape", said("{field}: {problem}"), field=field, problem=error) from None
    if terms.id != event.terms:
        raise Refused("shape", said("terms is {value}, but the document says {said}"), field="terms", value=event.terms,
                      said=terms.id)  # fmt: skip
    if event.digest is not UNSET and event.digest != digest_of(event.document):
        raise Refused("shape", said("digest is not that of the document, {right}"), field="digest",
                      right=digest_of(event.document))  # fmt: skip


def _check_registration(event: ClientRegistered, book: Book) -> None:
    if book.client(event.client) is not None:
        raise _taken("client", event.client)
    if event.terms is not UNSET and not book.knows_terms(event.terms):
        raise _unknown("terms", event.terms)


def _check_authority(event: RequesterAuthorized | RequesterRevoked, book: Book) -> None:
    client = book.client(event.client)
    if client is None:
        raise _unknown("client", event.client)
    if isinstance(event, RequesterRevoked) and not client.authorizes(event.person, (event.at, _NEWEST)):
        raise Refused("reference", said("person {person} is not authorised at that moment, so cannot be revoked"),
                      field="person", person=event.person)  # fmt: skip


def _known_policy(policy: str, book: Book) -> Policy:
    found = book.policy(policy)
    if found is None:
        raise _unknown("policy", policy)
    return found


def _check_policy(event: PolicyContracted, book: Book) -> None:
    if book.policy(event.policy) is not None:
        raise _taken("policy", event.policy)
    if book.client(event.client) is None:
        raise _unknown("client", event.client)
    terms = book.bound(event.terms, _NEWEST)
    if terms is None:
        raise _unknown("terms", event.terms)
    tiers = terms.under().provisions.tiers
    if tiers and event.tier not in tiers:
        template = said("tier is missing; {terms} has {known}")
        if event.tier is not UNSET:
            template = said("tier is {value}; {terms} has {known}")
        raise Refused("reference", template, field="tier", terms=event.terms, value=event.tier, known=", ".join(tiers))
    if not tiers and event.tier is not UNSET:
        raise Refused("reference", said("tier is {value}, but {terms} has no tiers"), field="tier", value=event.tier,
                      terms=event.terms)  # fmt: skip
    _refuse_overlap(Policy(event, (event.at, _NEWEST)), book.policies_of(event.client), "starts")
    clauses.check_prices(event, terms)


def _refuse_overlap(policy: Policy, others: Iterable[Policy], field: str) -> None:
    for other in others:
        if other.id != policy.id and overlapping(policy, other):
            raise Refused("reference", said("policy {policy} overlaps policy {other} of the same client, in force from "
                                            "{starts} to {ends}"),
                          field=field, policy=policy.id, other=other.id, starts=other.starts,
                          ends=other.last_day or "…")  # fmt: skip


def _check_cancellation(event: PolicyCancelled, book: Book) -> None:
    policy = _known_policy(event.policy, book)
    if event.effective < policy.starts or (policy.ends is not None and event.effective > policy.ends):
        raise Refused("reference", said("effective lies outside policy {policy}, which runs from {starts} to {ends}"),
                      field="effective", policy=event.policy, starts=policy.starts, ends=policy.ends or "…")  # fmt: skip
    if policy.cancelled is not None:
        raise Refused("reference", said("policy {policy} is cancelled already, from {day}"), field="policy",
                      policy=event.policy, day=policy.cancelled)  # fmt: skip


# Sequences ----------------------------------------------------------------------------------------------------------


def _admit_opening(event: TicketOpened, book: Book) -> Written:
    if book.ticket(event.ticket) is not None:
        raise _taken("ticket", event.ticket)
    if book.client(event.client) is None:
        raise _unknown("client", event.client)
    if event.continues is UNSET:
        clauses.check_opening(event, book, (event.at, _NEWEST))
        return ((stream_of(event), event),)
    _check_continued(event, event.continues, book)
    clauses.check_opening(event, book, (event.at, _NEWEST))
    reopened = ReopenedAsNew(at=event.at, by=event.by, ticket=event.continues, new_ticket=event.ticket)
    return ((stream_of(reopened), reopened), (stream_of(event), event))


def _check_continued(event: TicketOpened, continued: str, book: Book) -> None:
    old = book.ticket(continued)
    if old is None:
        raise _unknown("continues", continued)
    if old.opening.client != event.client:
        raise Refused("reference", said("ticket {ticket} is another client's"), field="continues", ticket=continued)
    if old.continued_by is not None:
        raise Refused("reference", said("ticket {ticket} is continued by {other} already"), field="continues",
                      ticket=continued, other=old.continued_by)  # fmt: skip
    if old.closed_at is None or old.closed_at > event.at:
        raise Refused("reference", said("ticket {ticket} is not closed at that moment; only a closed one is continued"),
                      field="continues", ticket=continued)  # fmt: skip


def _admit_contingency(event: ContingencyDeclared | ContingencyNotified | ContingencyEnded, book: Book) -> Written:
    if event.ticket is not UNSET and book.ticket(event.ticket) is None:
        raise _unknown("ticket", event.ticket)
    if isinstance(event, ContingencyDeclared):
        where = book.contingency_stream(event.contingency)
        if where is not None and _still_declared(event.contingency, book.stream(where)):
            raise _taken("contingency", event.contingency)
    if event.ticket is not UNSET:
        return _admit_on_ticket(event, event.ticket, book)
    _check_sequence(book.stream("desk"), event)
    return (("desk", event),)


def _still_declared(contingency: str, stream: Stream) -> bool:
    declared = (it.event for it in stream.in_force if isinstance(it.event, ContingencyDeclared))
    return any(it.contingency == contingency for it in declared)


def _admit_on_its_ticket(event: Any, book: Book) -> Written:
    return _admit_on_ticket(event, event.ticket, book)


def _admit_on_ticket(event: AnyEvent, ticket_id: str, book: Book) -> Written:
    stream = book.stream(f"ticket:{ticket_id}")
    known = stream.state
    if not isinstance(known, ticket.Ticket):
        raise _unknown("ticket", ticket_id)
    before = _check_sequence(stream, event)
    agreed = book.agreement(known.opening.client, known.opening.at, known.position, event.at)
    clauses.check(event, before, agreed)
    return ((stream.name, event),)


def _check_sequence(stream: Stream, event: AnyEvent) -> ticket.Ticket:
    """The state just before the newcomer. Raises Refused (order) if the whole sequence, newcomer included, is not legal."""
    newcomer = Entry(_NEWEST, stream.name, 0, event.at, "", event)
    if not stream.in_force or stream.in_force[-1].event.at <= event.at:
        _legal(stream.name, stream.state, newcomer)
        return stream.state  # type: ignore[return-value]
    place = stream.place_of(event.at)
    before = stream.state_before(place)
    state = _next(stream.name, before, newcomer)
    for number in range(place, len(stream.in_force)):
        # From here on everything stands as it did without the newcomer.
        if state == stream.state_before(number):
            break
        state = _next(stream.name, state, stream.in_force[number])
    return before  # type: ignore[return-value]


def _next(stream: str, state: State, entry: Entry) -> State:
    """The state after one more entry. Raises Refused (order) if it is not legal there."""
    try:
        _legal(stream, state, entry)
    except Refused:
        if entry.position == _NEWEST:
            raise
        raise Refused("order", said("entry {position}, a {name} of {at}, could then no longer stand where it does"),
                      field="type", position=entry.position, name=type(entry.event).__name__,
                      at=entry.event.at.isoformat()) from None  # fmt: skip
    return state_after(stream, state, entry)


def _legal(stream: str, state: object, entry: Entry) -> None:
    if stream.startswith("ticket:"):
        ticket.legal(state, entry.event)  # type: ignore[arg-type]
    elif isinstance(state, Desk):
        desk.legal(state, entry.event)  # type: ignore[arg-type]


# Voidings -----------------------------------------------------------------------------------------------------------


def _admit_voiding(event: EntryVoided, book: Book) -> Written:
    target = book.entry(event.entry)
    if target is None:
        raise _unknown("entry", event.entry)
    if isinstance(target.event, (EntryVoided, PersonForgotten, *BEGINNINGS)):
        raise Refused("reference", said("entry {value} is of type {name}: what begins a stream, a voiding and a forgetting "
                                        "cannot be voided"),
                      field="entry", value=event.entry, name=type(target.event).__name__)  # fmt: skip
    stream = book.stream(target.stream)
    newcomer = Entry(_NEWEST, stream.name, 0, event.at, "", event)
    remaining = sorted([*in_force(stream.recorded, {target.position}), newcomer], key=in_order)
    if isinstance(target.event, PolicyCancelled):
        _refuse_overlap_without(remaining, book)
    if stream.name.startswith("ticket:") or stream.name == "desk":
        state = beginning(stream.name)
        for entry in remaining:
            state = _next(stream.name, state, entry)
    return ((stream.name, event),)


def _refuse_overlap_without(remaining: Iterable[Entry], book: Book) -> None:
    policy = fold("policy:", remaining)
    if isinstance(policy, Policy):
        _refuse_overlap(policy, book.policies_of(policy.contracted.client), "entry")


_ADMITTED: dict[type, Callable[[Any, Book], Written]] = {
    **dict.fromkeys(
        (TermsPublished, ClientRegistered, RequesterAuthorized, RequesterRevoked, RequestRefused, PersonForgotten,
         PolicyContracted, PolicyCancelled, BenefitDelivered),
        _admit_in_own_stream,
    ),
    **dict.fromkeys((ContingencyDeclared, ContingencyNotified, ContingencyEnded), _admit_contingency),
    EntryVoided: _admit_voiding,
    TicketOpened: _admit_opening,
}  # fmt: skip
"""How an entry is admitted; what is not listed happens on a ticket."""
