"""Terms: a published, versioned set of clauses, and the rules they amount to under chosen readings.

`Terms.read` checks a document before it is published; `terms_from` takes a recorded one as it stands. This
module reads no files and generates no holidays: it takes documents whose holidays are dates.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec

from domain.calendar import Calendar
from domain.rules import ClockRule, Provisions, Quota, Target
from domain.terms_check import faults
from domain.terms_document import (
    About,
    Reading,
    TermsError,
    Text,
    about,
    calendar_of,
    defaults,
    provisions_of,
)

__all__ = [
    "About",
    "Reading",
    "Rules",
    "Terms",
    "TermsError",
    "Text",
    "UnknownReading",
    "digest",
    "terms_from",
]


class UnknownReading(ValueError):
    """A reading that these terms do not have: `key` is the reading asked for, `name` the one of its
    options."""

    def __init__(self, key: str, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"{key}={name}")
        self.key, self.name, self.known = key, name, known


class Rules:
    """Terms under chosen readings: provisions, calendar, and the readings that were chosen."""

    def __init__(self, terms: "Terms", provisions: Provisions, calendar: Calendar, readings: Mapping[str, str]) -> None:
        self.terms = terms
        self.provisions = provisions
        self.calendar = calendar
        self.readings = readings
        self._calendars: dict[tuple[date, ...], Calendar] = {(): calendar}
        self._cited: dict[tuple[str, ...], dict[str, str]] = {}
        self._targets: dict[tuple[object, ...], Target | None] = {}

    def calendar_with(self, holidays: tuple[date, ...]) -> Calendar:
        """The calendar of these terms with a policy's own holidays (rules 2.1)."""
        found = self._calendars.get(holidays)
        if found is None:
            found = self._calendars[holidays] = self.calendar.with_holidays(holidays)
        return found

    def cited(self, clauses: tuple[str, ...]) -> dict[str, str]:
        """Every reading of these clauses, with the value used, in the order the terms list them."""
        found = self._cited.get(clauses)
        if found is None:
            known = self.terms.about.readings
            found = self._cited[clauses] = {
                key: self.readings[key] for key, it in known.items() if any(map(it.bears_on, clauses))
            }
        return found

    def target(self, clock: ClockRule, priority: str, kind: str, incident_type: str | None, has_policy: bool) -> Target | None:
        """The first target of the clock that matches the ticket, or None."""
        key = (clock is self.provisions.resolution, priority, kind, incident_type, has_policy)
        if key not in self._targets:
            self._targets[key] = next(
                (it for it in clock.targets if _matches(it, priority, kind, incident_type, has_policy)), None
            )
        return self._targets[key]

    def quota(self, tier: str | None) -> Quota | None:
        """The quota of a policy of this tier, or None under terms without quotas."""
        return self.provisions.quota(tier)


def _matches(target: Target, priority: str, kind: str, incident_type: str | None, has_policy: bool) -> bool:
    return (
        target.priority in (None, priority)
        and target.kind in (None, kind)
        and target.incident_type in (None, incident_type)
        and target.policy in (None, has_policy)
    )


class Terms:
    """One published version of terms. Built by `Terms.read`; `under` gives its rules."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.about = about(document)
        self.document = document
        self.digest = digest(document)
        self._rules: dict[tuple[tuple[str, str], ...], Rules] = {}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Terms":
        """Check a whole document, under every reading it offers, and return it as Terms.

        Raises TermsError naming the field of the first thing that is wrong."""
        for fault in faults(document):
            raise fault
        return cls(document)

    @classmethod
    def trusted(cls, document: Mapping[str, Any]) -> "Terms":
        """Terms read back from the ledger: they were checked when they came in, and are not refused now."""
        return cls(document)

    @property
    def id(self) -> str:
        return self.about.terms

    def under(self, readings: Mapping[str, str] | None = None) -> Rules:
        """The rules of these terms under the readings asked for, defaults elsewhere; readings of other terms
        are ignored.

        Raises UnknownReading for an option that a reading of these terms does not have."""
        chosen = defaults(self.about.readings)
        for key, name in (readings or {}).items():
            if key in chosen:
                options = self.about.readings[key].options
                if name not in options:
                    raise UnknownReading(key, name, tuple(options))
                chosen[key] = name
        asked = tuple(chosen.items())
        if asked not in self._rules:
            _, calendar = calendar_of(self.document, chosen)
            provisions = provisions_of(self.document, chosen, calendar.ordinary_day_seconds)
            self._rules[asked] = Rules(self, provisions, calendar, chosen)
        return self._rules[asked]


def digest(document: Mapping[str, Any]) -> str:
    """`sha256:` and the hash of the document as JSON with sorted keys: the same for the same content, however
    written."""
    return "sha256:" + hashlib.sha256(msgspec.json.encode(document, order="sorted")).hexdigest()


@lru_cache(maxsize=256)
def _read_cached(canonical: bytes) -> Terms:
    return Terms.trusted(msgspec.json.decode(canonical))


def terms_from(document: Mapping[str, Any]) -> Terms:
    """Terms from a recorded document, built once for each content."""
    return _read_cached(msgspec.json.encode(document))
