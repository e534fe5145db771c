"""What the accounts would be under other terms, another tier, calendar or reading, without some entries or with others.

All of that is one lens: it shows streams as they would stand, and nothing else knows of the supposition. Nothing is written;
what depends on an entry left out stays.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import UNSET, Struct, structs

from domain.events import ClientRegistered, Entry, PolicyContracted, TermsPublished
from domain.refusal import Sayable, said
from domain.terms import Terms, terms_from
from projections.contracts import Question
from replay.as_of import Knowledge, Lens, Named, Seen
from replay.causes import Cause, of_entry

SUPPOSED = "what if"
"""Where terms stand that were never published: no id can have a space."""


class WhatIfError(Sayable, ValueError):
    """A supposition that cannot be."""


class Supposition(Struct, frozen=True):
    """What is supposed. `terms` is the id of published terms, or SUPPOSED with their `document`; `calendar` the calendar of
    a document, its readings chosen; `without` positions; `added` the entries not recorded, by stream and version. Terms and
    tier are supposed for `policies` only (None: all), and terms for whatever is asked for without one."""

    terms: str | None = None
    document: Mapping[str, Any] | None = None
    tier: str | None = None
    calendar: Mapping[str, Any] | None = None
    readings: Mapping[str, str] = {}
    without: frozenset[int] = frozenset()
    added: Mapping[str, tuple[Entry, ...]] = {}
    policies: frozenset[str] | None = None

    def covers(self, policy: str) -> bool:
        """Whether terms and tier are supposed for this policy."""
        return self.policies is None or policy in self.policies

    @property
    def streams(self) -> list[str]:
        """Streams that hold something under the supposition, whether or not they were begun."""
        return [*self.added, *([f"terms:{SUPPOSED}"] if self.document is not None else [])]


class Supposed(Struct, frozen=True):
    """The lens of a supposition: streams as known by some position, then changed."""

    supposition: Supposition
    known: Lens
    tiers: Mapping[str, tuple[str, ...]]
    """The tiers a policy may have, by the policy."""

    def entries(self, name: str, recorded: Sequence[Entry]) -> Sequence[Entry]:
        asked = self.supposition
        kept: Sequence[Entry] = self.known.entries(name, recorded)
        if asked.without:
            kept = [it for it in kept if it.position not in asked.without]
        if name in asked.added:
            kept = [*kept, *asked.added[name]]
        kind = name.partition(":")[0]
        if kind == "terms":
            return [self._recalendared(it) for it in self.published(name, kept)]
        if kind in ("client", "policy") and (asked.terms is not None or asked.tier is not None):
            return [self._agreed(it) for it in kept]
        return kept

    def published(self, name: str, kept: Sequence[Entry]) -> Sequence[Entry]:
        """Terms supposed bind whatever was contracted before they were published too: to their first version."""
        document = self.supposition.document
        if name == f"terms:{SUPPOSED}":
            return [_publication(document)] if document is not None else kept
        if name != f"terms:{self.supposition.terms}" or not kept:
            return kept
        return [structs.replace(kept[0], position=0), *kept]

    def _recalendared(self, entry: Entry) -> Entry:
        event, calendar = entry.event, self.supposition.calendar
        if calendar is None or not isinstance(event, TermsPublished):
            return entry
        return structs.replace(entry, event=structs.replace(event, document={**event.document, "calendar": calendar}))

    def _agreed(self, entry: Entry) -> Entry:
        event, terms = entry.event, self.supposition.terms
        if isinstance(event, ClientRegistered) and terms is not None:
            return structs.replace(entry, event=structs.replace(event, terms=terms))
        if isinstance(event, PolicyContracted) and self.supposition.covers(event.policy):
            tiers = self.tiers.get(event.policy, ())
            tier = _tier(event, self.supposition, tiers) if tiers else None
            changed = structs.replace(event, terms=terms or event.terms, tier=UNSET if tier is None else tier)
            return structs.replace(entry, event=changed)
        return entry


def _publication(document: Mapping[str, Any]) -> Entry:
    moment = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    event = TermsPublished(at=moment, terms=SUPPOSED, document=dict(document))
    return Entry(0, f"terms:{SUPPOSED}", 1, moment, SUPPOSED, event)


def _tier(event: PolicyContracted, asked: Supposition, tiers: Sequence[str]) -> str | None:
    """The tier supposed for a policy, else its own; None where its terms have neither."""
    own = None if event.tier is UNSET else event.tier
    return next((it for it in (asked.tier, own) if it in tiers), None)


class WhatIf:
    """The case of a supposition: the accounts as they stand for a question, and as they would be.

    `shared` are the streams of clients, policies, terms and the desk, those that only the supposition holds with no entries.
    Raises WhatIfError for a tier that is missing or that no policy can have."""

    def __init__(self, question: Question, supposition: Supposition, shared: Sequence[Named]) -> None:
        self._question, self.supposition = question, supposition
        self._known = Knowledge(question.known)
        self._shared = shared
        self._lens = self._supposed(supposition)
        _refuse_tiers(self._lens, shared)
        self.everywhere: Sequence[Cause] = tuple(_overrides(supposition))

    @property
    def before(self) -> Seen:
        """The accounts as they stand."""
        return Question(self._question.at, None, self._question.readings), self._known

    @property
    def after(self) -> Seen:
        """The accounts as they would be."""
        return self._seen(self.supposition, self._lens)

    def causes_in(self, name: str, recorded: Sequence[Entry]) -> list[Cause]:
        """The entries of a stream that are left out or added."""
        asked = self.supposition
        gone = [it for it in recorded if it.position in asked.without] if asked.without else []
        return [*(of_entry(it, "without") for it in gone), *(of_entry(it, "with", it.id) for it in asked.added.get(name, ()))]

    def after_without(self, causes: Collection[Cause]) -> Seen:
        """The accounts as they would be without these parts of the supposition."""
        asked = without(self.supposition, causes)
        return self._seen(asked, self._supposed(asked))

    def _seen(self, asked: Supposition, lens: Supposed) -> Seen:
        return Question(self._question.at, None, {**self._question.readings, **asked.readings}), lens

    def _supposed(self, asked: Supposition) -> Supposed:
        if asked.terms is None and asked.tier is None:
            return Supposed(asked, self._known, {})
        return Supposed(asked, self._known, _tiers(asked, self._known, self._shared))


def _tiers(asked: Supposition, known: Lens, shared: Sequence[Named]) -> dict[str, tuple[str, ...]]:
    """The tiers of each policy's terms, of the version that binds it."""
    lens = Supposed(structs.replace(asked, tier=None, calendar=None), known, {})
    published: dict[str, list[tuple[int, Terms]]] = {}
    for name, recorded in shared:
        if name.startswith("terms:"):
            seen = [(it.position, it.event) for it in lens.entries(name, recorded)]
            published[name.removeprefix("terms:")] = [
                (position, terms_from(event.document)) for position, event in seen if isinstance(event, TermsPublished)
            ]
    found = {}
    for event, position in _contracted(asked, known, shared):
        versions = published.get(asked.terms or event.terms, [])
        bound = next((it for at, it in reversed(versions) if at < position), None)
        found[event.policy] = tuple(bound.under().provisions.tiers) if bound is not None else ()
    return found


def _contracted(asked: Supposition, known: Lens, shared: Iterable[Named]) -> Iterable[tuple[PolicyContracted, int]]:
    """The policies supposed to be under other terms or of another tier, as contracted, with their positions."""
    lens = Supposed(structs.replace(asked, terms=None, tier=None), known, {})
    for name, recorded in shared:
        if name.startswith("policy:"):
            for entry in lens.entries(name, recorded):
                if isinstance(entry.event, PolicyContracted) and asked.covers(entry.event.policy):
                    yield entry.event, entry.position


def _refuse_tiers(lens: Supposed, shared: Sequence[Named]) -> None:
    asked = lens.supposition
    for event, _ in _contracted(asked, lens.known, shared):
        tiers = lens.tiers.get(event.policy, ())
        if tiers and _tier(event, asked, tiers) is None:
            raise WhatIfError(said("policy {policy} needs a tier under {terms}: one of {known}"), policy=event.policy,
                              terms=asked.terms or event.terms, known=", ".join(tiers))  # fmt: skip
    if asked.tier is not None and not any(asked.tier in it for it in lens.tiers.values()):
        known = sorted({name for it in lens.tiers.values() for name in it})
        raise WhatIfError(said("no policy looked at can have the tier {tier}; known here: {known}"), tier=asked.tier,
                          known=", ".join(known) or "-")  # fmt: skip


def _overrides(asked: Supposition) -> Iterable[Cause]:
    """What bears on everything. A tier supposed along with terms is part of them: without the terms it means nothing."""
    if asked.terms is not None:
        name = asked.document["terms"] if asked.document is not None else asked.terms
        yield Cause("terms", " ".join(filter(None, (name, asked.tier))))
    elif asked.tier is not None:
        yield Cause("tier", asked.tier)
    if asked.calendar is not None:
        yield Cause("calendar", str(asked.calendar.get("clause", "")))
    for key, name in asked.readings.items():
        yield Cause("reading", f"{key}={name}")


def without(asked: Supposition, causes: Collection[Cause]) -> Supposition:
    """A supposition with parts of it left out."""
    kinds = {it.kind for it in causes}
    positions = {it.position for it in causes if it.kind == "without"}
    lines = {it.position for it in causes if it.kind == "with"}
    readings = {it.said for it in causes if it.kind == "reading"}
    changes: dict[str, Any] = {
        "without": asked.without - positions,
        "added": {name: tuple(it for it in held if it.position not in lines) for name, held in asked.added.items()},
        "readings": {key: name for key, name in asked.readings.items() if f"{key}={name}" not in readings},
    }
    if "terms" in kinds:
        # The document stays where it is published: readings may be of it, and nothing is bound to it any more.
        changes |= {"terms": None, "tier": None}
    if "tier" in kinds:
        changes["tier"] = None
    if "calendar" in kinds:
        changes["calendar"] = None
    return structs.replace(asked, **changes)
