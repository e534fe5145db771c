"""Under what an imported log is recorded: client, terms, policy, and how the log's priorities are called
there.

Also the scribe, which words proposed entries and gives each the key that makes a second import harmless. It
judges nothing: admission does, as with any other entry.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from hashlib import sha256
from typing import Any

from adapters.importers.reading import foreign_id

LONGEST_KEY = 128
NOBODY_KNOWN = "unknown"

# A log's priorities 1 (gravest) to 4 by the names of each terms; a log without any gets UNSTATED_RANK.
PRIORITIES: dict[str, tuple[str, str, str, str]] = {
    "customsoft": ("P1", "P2", "P3", "P4"),
    "grupo-staff": ("critical", "high", "medium", "low"),
}
UNSTATED_RANK = 3
ASK_FOR_AUTHORIZERS = frozenset({"grupo-staff"})  # gs.1.1
VALIDATED_IF_RESOLVED = frozenset({"customsoft"})  # gs.2.2 wants the client's word, which no log records


@dataclass(frozen=True)
class Contract:
    """What the import is recorded under. With a `tier` (customsoft) a policy covers the log from `starts`, by
    default from the day before its first opening, so that it holds in any zone; without one the terms are the
    client's own.

    customsoft is the default because its clocks run whatever the channel: under grupo-staff a log kept by
    phone never becomes official (gs.3), and no verdict at all would follow. Raises ValueError for terms
    without a table of priorities.
    """

    client: str
    name: str
    terms: str = "customsoft"
    tier: str | None = None
    starts: date | None = None
    ends: date | None = None
    local: bool = True

    def __post_init__(self) -> None:
        if self.terms not in PRIORITIES:
            raise ValueError(f"terms: {self.terms} has no table of priorities; known are {', '.join(PRIORITIES)}")

    def priority(self, rank: int) -> str:
        """The name under these terms of the log's priority 1 to 4."""
        return PRIORITIES[self.terms][rank - 1]


@dataclass(frozen=True)
class ImportOptions:
    """`time_zone` is for logs whose times have no offset (servicenow needs one); the others have their own
    rule."""

    contract: Contract
    time_zone: tzinfo | None = None


class Scribe:
    """Words entries for one log under one contract. `earliest` is the first opening of the log: the client,
    its policy and its authorizers are dated then. Remembers which requesters it has introduced, and nothing
    else."""

    def __init__(self, source: str, contract: Contract, earliest: datetime) -> None:
        self.source, self.contract, self.earliest = source, contract, earliest
        self._introduced: set[str] = set()

    def stage(self) -> tuple[dict[str, Any], ...]:
        """What must stand before any ticket: the client, and its policy if a tier was given."""
        contract = self.contract
        registered = self._entry("ClientRegistered", self.earliest, contract.client) | {
            "client": contract.client, "name": contract.name, "local": contract.local,
            "terms": contract.terms,
        }  # fmt: skip
        if contract.tier is None:
            return (registered,)
        starts = contract.starts or (self.earliest - timedelta(days=1)).date()
        policy = self._entry("PolicyContracted", self.earliest, contract.client) | {
            "policy": _within(f"{contract.client}-policy"), "client": contract.client,
            "terms": contract.terms, "tier": contract.tier, "starts": starts.isoformat(),
        }  # fmt: skip
        if contract.ends is not None:
            policy["ends"] = contract.ends.isoformat()
        return registered, policy

    def opening(self, ticket: str, at: datetime, mark: str, requester: str, **fields: Any) -> list[dict[str, Any]]:
        """The opening of a ticket, after the authorisation of a requester not met before, where the terms ask
        for one.

        That the desk worked on the request is the log's only witness to it. It is dated at the log's first
        opening, for the rows that show it need not come in order.
        """
        contract, entries = self.contract, []
        if contract.terms in ASK_FOR_AUTHORIZERS and requester not in self._introduced:
            self._introduced.add(requester)
            authorized = self._entry("RequesterAuthorized", self.earliest, f"{contract.client}:{requester}")
            entries.append(authorized | {"client": contract.client, "person": requester})
        opened = {"client": contract.client, "requester": requester, "kind": "incident"} | fields
        return [*entries, self.ticket_entry("TicketOpened", ticket, at, mark, **opened)]

    def ticket_entry(self, kind_of_entry: str, ticket: str, at: datetime, mark: str, **fields: Any) -> dict[str, Any]:
        """An entry on a ticket. `mark` is what tells the row from every other of its log; fields that are
        None are left out."""
        given = {name: value for name, value in fields.items() if value is not None}
        return self._entry(kind_of_entry, at, mark) | {"ticket": ticket} | given

    def closing_reason(self, resolved: bool) -> str:
        """The reason of a closing which the log does not give: validated where solved and the terms let the
        desk say so by itself; else withdrawn, the one that claims neither the client's word nor attempts to
        reach it."""
        return "validated" if resolved and self.contract.terms in VALIDATED_IF_RESOLVED else "withdrawn"

    def _entry(self, kind_of_entry: str, at: datetime, mark: str) -> dict[str, Any]:
        written = at.isoformat().replace("+00:00", "Z")
        return {"type": kind_of_entry, "at": written, "key": _within(f"{self.source}:{mark}:{kind_of_entry}")}


def _within(text: str) -> str:
    if len(text) <= LONGEST_KEY:
        return text
    return f"{text[:63]}-{sha256(text.encode()).hexdigest()}"


def person(text: str, missing: str = "?") -> str | None:
    """A foreign person's name as an id, or None where the log gives none."""
    return None if text == missing else foreign_id(text) or None
