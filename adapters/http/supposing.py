"""What a what-if over HTTP supposes: one JSON object, read strictly. Terms are published ones or stand in it whole; no file of
the server is ever read for it."""

from io import BytesIO
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from adapters.http.problems import Misused
from adapters.ledger import Ledger
from adapters.replays import Asked
from domain.refusal import said

_MOST = 1_000
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Position = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Supposition(Struct, frozen=True, forbid_unknown_fields=True):
    """What is supposed; at least one of it. `terms` and `calendar` are ids of published terms; `without` are positions
    of entries that would count for nothing, `entries` what would have been recorded too."""

    terms: Id | None = None
    tier: Id | None = None
    readings: dict[Id, Id] = {}
    calendar: Id | None = None
    without: Annotated[list[Position], Meta(max_length=_MOST)] = []
    entries: Annotated[list[dict[str, Any]], Meta(max_length=_MOST)] = []


class _Sent(Supposition, frozen=True, forbid_unknown_fields=True):
    """The same, with the entries as they were sent, digit for digit."""

    entries: list[msgspec.Raw] = []  # type: ignore[assignment]


def supposition(sent: bytes, ledger: Ledger) -> Asked:
    """What a request supposes. Misused, naming the field, if nothing is, or it cannot be."""
    try:
        msgspec.json.decode(sent, type=Supposition)
        found = msgspec.json.decode(sent, type=_Sent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Misused(said("this is no supposition: {problem}; see /v1/openapi.json"), problem=error) from None
    if found == _Sent():
        raise Misused(said("nothing is supposed: give terms, tier, readings, calendar, without or entries"))
    published = {it.removeprefix("terms:") for it in ledger.names("terms")}
    for name in ("terms", "calendar"):
        value = getattr(found, name)
        if value is not None and value not in published:
            # Without this the program would look for a file of that name.
            raise Misused(said("there are no terms {value}"), field=name, value=value)
    lines = BytesIO(b"".join(bytes(it).replace(b"\n", b" ") + b"\n" for it in found.entries))
    return Asked(found.terms, found.tier, dict(found.readings), found.calendar, tuple(found.without),
                 lines if found.entries else None)  # fmt: skip
