"""The published terms, over HTTP. A client is shown those that it is, or was, held to, and no other."""

from collections.abc import Iterator
from typing import Any

import msgspec
from litestar import Request, Response
from msgspec import UNSET

from adapters.access.tokens import Role
from adapters.http.answering import tagged
from adapters.http.asking import READING, Asked, identifier, number, readings_asked
from adapters.http.callers import Caller
from adapters.http.schemas import Provided, PublishedTerms
from adapters.http.seeing import Seen
from adapters.http.telling import JSON, Answer, asks
from adapters.ledger import Ledger
from adapters.reports.reports import NotFound
from domain.events import ClientRegistered, Entry, PolicyContracted, TermsPublished
from domain.exchange import time_text
from domain.terms import UnknownReading, terms_from

_ROW = {"terms": "grupo-staff", "version": 1, "position": 1, "recorded_at": "2026-03-02T15:00:00Z", "digest": None}
_TERMS = identifier("terms", "The terms.", "grupo-staff")._replace(is_required=True)
_VERSION = number("version", "This version; the newest by default.", 1, 1)
_READERS: tuple[Role, ...] = ("recorder", "reader", "auditor", "integrator", "client")


@asks("/v1/terms", "listTerms", "The terms that were published, every version, in the order recorded.",
      Answer(JSON, list[PublishedTerms], "The versions.", [_ROW]), roles=_READERS, tag="terms", problems=(304,))  # fmt: skip
def list_terms(request: Request[Any, Any, Any], caller: Caller, ledger: Ledger) -> Response[list[PublishedTerms]]:
    """Answers what `bitacora terms list` shows."""
    headers = tagged(request, ledger, caller, None, is_fixed=True)
    found = [
        PublishedTerms(
            event.terms, it.version, it.position, time_text(it.recorded_at), None if event.digest is UNSET else event.digest
        )
        for it, event in _published(Seen(ledger, caller))
    ]
    return Response(sorted(found, key=lambda it: it.position), media_type=JSON, headers=headers)


@asks("/v1/terms/document", "getTerms", "The whole document of some terms: clauses, readings and what they provide, in "
    "Spanish and "
      "English.", Answer(JSON, dict[str, Any], "The document, as it was published."), roles=_READERS, tag="terms",
      parameters=(_TERMS, _VERSION), problems=(304, 404))  # fmt: skip
def get_terms(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers a document."""
    _, event = _wanted(asked, caller, ledger)
    headers = tagged(request, ledger, caller, None, is_fixed=True)
    return Response(event.document, media_type=JSON, headers=headers)


@asks("/v1/terms/provisions", "getProvisions", "What terms provide: hours, targets, quotas, charges; under the readings asked "
      "for, and else as read by default.", Answer(JSON, Provided, "What they provide."), roles=_READERS, tag="terms",
      parameters=(_TERMS, _VERSION, READING), problems=(304, 404))  # fmt: skip
def get_provisions(request: Request[Any, Any, Any], asked: Asked, caller: Caller, ledger: Ledger) -> Response[Any]:
    """Answers what `bitacora terms show` tells they provide. UnknownReading for a reading that they do not have."""
    entry, event = _wanted(asked, caller, ledger)
    headers = tagged(request, ledger, caller, None, is_fixed=True)
    chosen, terms = readings_asked(asked), terms_from(event.document)
    for key, name in chosen.items():
        if key not in terms.about.readings:
            raise UnknownReading(key, name, ())
    rules = terms.under(chosen)
    provided = Provided(terms.id, entry.version, entry.position, dict(rules.readings), rules.provisions)
    # Durations are numbers of a kind of their own.
    return Response(msgspec.json.encode(provided, enc_hook=int), media_type=JSON, headers=headers)


def _wanted(asked: Asked, caller: Caller, ledger: Ledger) -> tuple[Entry, TermsPublished]:
    """The version of terms that is asked for, the newest by default. NotFound if the caller may see no such."""
    versions = [(it, event) for it, event in _published(Seen(ledger, caller)) if event.terms == asked["terms"]
                and asked["version"] in (None, it.version)]  # fmt: skip
    if not versions:
        raise NotFound("terms", asked["terms"])
    return versions[-1]


def _published(seen: Seen) -> Iterator[tuple[Entry, TermsPublished]]:
    own = None if seen.client is None else set(_agreed(seen))
    for _, recorded in seen.ledger.streams("terms"):
        for it in recorded:
            if isinstance(it.event, TermsPublished) and (own is None or it.event.terms in own):
                yield it, it.event


def _agreed(seen: Seen) -> Iterator[str]:
    """The terms that a client is, or was, held to."""
    for name in sorted(it for it in seen.streams if not it.startswith("ticket:")):
        for entry in seen.ledger.stream(name):
            if isinstance(entry.event, ClientRegistered | PolicyContracted) and entry.event.terms is not UNSET:
                yield entry.event.terms
