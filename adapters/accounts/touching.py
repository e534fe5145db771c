"""What an entry touches: whose stored accounts may be others because of it, by what it is and where it stands.

It judges nothing; touching too much costs time, touching too little would leave something wrong, which tests rule out.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct, field

from adapters.ledger import Ledger
from adapters.mapper import Unreadable, entry_from
from adapters.proofs.tree import TreeRows
from adapters.stores.rows import Row
from domain.events import (
    AnyEvent,
    BenefitDelivered,
    EntryVoided,
    PersonForgotten,
    PolicyContracted,
    RequesterAuthorized,
    RequesterRevoked,
    RequestRefused,
    TermsPublished,
)
from domain.refusal import said

COUNT_FOR_NOTHING = (RequesterAuthorized, RequesterRevoked, RequestRefused, PersonForgotten, TermsPublished)
"""Who may ask is judged when an entry is admitted; terms bind only what is recorded after them (rules 1.2)."""


class Touched(Struct):
    """Tickets by name; clients with all their tickets; clients of which only the quotas are dealt again; for everyone, the
    first moment from which on clocks may run otherwise; and what is nobody's that is known, because it cannot be read."""

    tickets: set[str] = field(default_factory=set)
    clients: set[str] = field(default_factory=set)
    quotas: set[str] = field(default_factory=set)
    everyone_from: datetime | None = None
    unreadable: list[Unreadable] = field(default_factory=list)

    def touch_everyone(self, since: datetime) -> None:
        """Every clock that runs at this moment or later may run otherwise."""
        self.everyone_from = since if self.everyone_from is None else min(self.everyone_from, since)


def touched_by(rows: Iterable[Row], ledger: Ledger) -> Touched:
    """What these stored rows touch, readable or not. LedgerError if the ledger cannot be read; Unreadable if an entry of the
    desk is not one, since then nobody can be judged."""
    touched = Touched()
    for position, stream, version, _, state in rows:
        kind, _, ident = stream.partition(":")
        if kind == "ticket":
            touched.tickets.add(ident)
            continue
        event: AnyEvent | None = None
        try:
            event = entry_from(position, stream, version, state).event
        except Unreadable as problem:
            if kind == "desk":
                raise
            touched.unreadable.append(problem)
        if isinstance(event, COUNT_FOR_NOTHING):
            continue
        if kind == "desk" and event is not None:
            _touch_everyone(touched, event, ledger)
        elif kind == "client" and not isinstance(event, EntryVoided):
            # What can be voided in a client's stream is who may ask.
            touched.clients.add(ident)
        elif kind == "policy":
            _touch_policy(touched, stream, event, ledger)
    return touched


def _touch_everyone(touched: Touched, event: AnyEvent, ledger: Ledger) -> None:
    if isinstance(event, EntryVoided):
        voided = ledger.entry(event.entry)
        if voided is not None and not isinstance(voided.event, PersonForgotten):
            touched.touch_everyone(voided.event.at)
    else:
        touched.touch_everyone(event.at)


def _touch_policy(touched: Touched, stream: str, event: AnyEvent | None, ledger: Ledger) -> None:
    """The client of a policy: all its tickets, or only its quotas for a benefit."""
    with ledger.reading(said("reading a stream")) as plain:
        rows = TreeRows.of(plain).raw_stream(stream, 2**62)
    try:
        first = entry_from(rows[0][0], stream, rows[0][2], rows[0][4]).event
    except Unreadable:
        return
    if isinstance(first, PolicyContracted):
        (touched.quotas if isinstance(event, BenefitDelivered) else touched.clients).add(first.client)
