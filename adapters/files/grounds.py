"""What an entry of an export stands on: the entries before it that every ledger would have had first.

Only what holds for any ledger, whatever its clock and the version of this program: how a stream begins, and that clients, terms
and tiers were there. Whether an entry may be taken today is for `domain.admission`, which is not asked.
"""

import msgspec
from msgspec import UNSET

from domain.admission import check_document
from domain.events import (
    AnyEvent,
    ClientRegistered,
    Entry,
    PolicyContracted,
    RequestRefused,
    TermsPublished,
    TicketOpened,
)
from domain.refusal import Refused, said
from domain.shape import read_recorded
from domain.terms import terms_from

_BEGINNINGS: dict[str, type[AnyEvent]] = {
    "client": ClientRegistered,
    "policy": PolicyContracted,
    "terms": TermsPublished,
    "ticket": TicketOpened,
}


class Grounds:
    """What has been brought by the entries so far. Give it every entry, in order."""

    def __init__(self) -> None:
        self._clients: set[str] = set()
        self._tiers: dict[str, tuple[str, ...]] = {}

    def take(self, entry: Entry) -> None:
        """One more entry. Raises Refused, naming the field, if what it needs is not there."""
        _check_beginning(entry)
        match entry.event:
            case TermsPublished() as event:
                check_document(event)
                self._tiers[event.terms] = tuple(terms_from(event.document).under().provisions.tiers)
            case ClientRegistered() as event:
                if event.terms is not UNSET:
                    self._check_terms(event.terms)
                self._clients.add(event.client)
            case PolicyContracted() as event:
                self._check_client(event.client)
                self._check_terms(event.terms)
                self._check_tier(event)
            case TicketOpened() as event:
                self._check_client(event.client)
            case RequestRefused() as event:
                _check_request(event)
            case _:
                pass

    def _check_client(self, client: str) -> None:
        if client not in self._clients:
            raise Refused("reference", _NOT_BEFORE, field="client", value=client)

    def _check_terms(self, terms: str) -> None:
        if terms not in self._tiers:
            raise Refused("reference", _NOT_BEFORE, field="terms", value=terms)

    def _check_tier(self, event: PolicyContracted) -> None:
        tiers = self._tiers[event.terms]
        if tiers and event.tier not in tiers:
            raise Refused("reference", said("{terms} has the tiers {known}"), field="tier", terms=event.terms,
                          known=", ".join(tiers))  # fmt: skip
        if not tiers and event.tier is not UNSET:
            raise Refused("reference", said("{terms} has no tiers"), field="tier", terms=event.terms)


_NOT_BEFORE = said("{value} is not recorded before this entry")


def _check_beginning(entry: Entry) -> None:
    """A stream begins with what begins its kind, once. Terms may be published again; the desk begins with anything of its."""
    kind = entry.stream.partition(":")[0]
    beginning = _BEGINNINGS.get(kind)
    if beginning is None:
        return
    begins = isinstance(entry.event, beginning)
    if entry.version == 1 and not begins:
        raise Refused("order", said("{stream} begins with {name}, which a {beginning} has to precede"), field="type",
                      stream=entry.stream, name=type(entry.event).__name__, beginning=beginning.__name__)  # fmt: skip
    if entry.version > 1 and begins and kind != "terms":
        raise Refused("order", said("{stream} has begun already"), field="type", stream=entry.stream)


def _check_request(event: RequestRefused) -> None:
    """What was turned away is an opening that could be read, of that client by that person."""
    try:
        request, _ = read_recorded(msgspec.json.encode(event.request), ())
    except Refused as refused:
        field = f"request.{refused.field}" if refused.field else "request"
        raise Refused("shape", said("it holds no entry: {problem}"), field=field, problem=refused) from None
    if not isinstance(request, TicketOpened) or (request.client, request.requester) != (event.client, event.requester):
        raise Refused("shape", said("it is not the request of {requester} for {client}"), field="request",
                      requester=event.requester, client=event.client)  # fmt: skip
