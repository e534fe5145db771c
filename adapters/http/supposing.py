"""What a what-if over HTTP supposes: one JSON object, read strictly. Terms are published ones or stand in it whole, as JSON or
as the text of a terms file; no file of the server is ever read for it."""

from collections.abc import Container
from io import BytesIO
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from adapters.http.bodies import body_as
from adapters.http.problems import Misused
from adapters.ledger import Ledger
from adapters.reports.replays import Asked, newest_terms
from adapters.terms.files import LARGEST_BYTES, NotToml, frozen_terms, read_terms
from domain.refusal import said

_MOST = 1_000
Id = Annotated[str, Meta(min_length=1, max_length=128)]
Text = Annotated[str, Meta(min_length=1, max_length=LARGEST_BYTES)]
Position = Annotated[int, Meta(ge=1, le=2**53 - 1)]


class Supposition(Struct, frozen=True, forbid_unknown_fields=True):
    """What is supposed; at least one of it. `terms` and `calendar` are ids of published terms, or documents of terms, whole
    (`calendar`: or nothing but a calendar); `terms_toml` and `calendar_toml` the same as the text of a terms file. `without`
    are positions of entries that would count for nothing, `entries` what would have been recorded too."""

    terms: Id | dict[str, Any] | None = None
    terms_toml: Text | None = None
    tier: Id | None = None
    readings: dict[Id, Id] = {}
    calendar: Id | dict[str, Any] | None = None
    calendar_toml: Text | None = None
    without: Annotated[list[Position], Meta(max_length=_MOST)] = []
    entries: Annotated[list[dict[str, Any]], Meta(max_length=_MOST)] = []


class _Sent(Supposition, frozen=True, forbid_unknown_fields=True):
    """The same, with the entries as they were sent, digit for digit."""

    entries: list[msgspec.Raw] = []  # type: ignore[assignment]


def supposition(sent: bytes, ledger: Ledger, known: int | None) -> Asked:
    """What a request supposes of a ledger as of a position (None: of all). Misused, naming the field, if nothing is, or it
    cannot be."""
    body_as(sent, Supposition)
    found = msgspec.json.decode(sent, type=_Sent)
    if found == _Sent():
        raise Misused(said("nothing is supposed: give terms, tier, readings, calendar, without or entries"))
    published = newest_terms(ledger, ledger.head() if known is None else known)
    terms, calendar = (_terms(name, found, published) for name in ("terms", "calendar"))
    lines = BytesIO(b"".join(bytes(it).replace(b"\n", b" ") + b"\n" for it in found.entries))
    return Asked(terms, found.tier, dict(found.readings), calendar, tuple(found.without),
                 lines if found.entries else None)  # fmt: skip


def _terms(name: str, sent: Supposition, published: Container[str]) -> str | dict[str, Any] | None:
    """The terms that a field names, or gives whole, as JSON or as TOML."""
    given, text, in_toml = getattr(sent, name), getattr(sent, f"{name}_toml"), f"{name}_toml"
    if given is not None and text is not None:
        raise Misused(said("only one of {name} and {other} can be given"), field=in_toml, name=name, other=in_toml)
    if isinstance(given, str) and given not in published:
        # Without this the program would look for a file of that name.
        raise Misused(said("there are no terms {value}"), field=name, value=given)
    try:
        if isinstance(given, dict):
            return frozen_terms(given)
        return given if text is None else read_terms(text.encode())
    except NotToml as error:
        raise Misused(said("line {line}: {problem}"), field=in_toml, line=error.line, problem=error) from None
    except RecursionError:
        raise Misused(said("{name} is nested too deep"), field=name, name=name) from None
