"""Which entries count, and which policy and terms a ticket has (rules 1).

Works on exported entries; judges nothing.
"""

from datetime import date, datetime, timedelta, tzinfo

from .hours import Hours, zone_of
from .terms import settled
from .times import cut, instant, second


class Entry:
    """One entry of an export, with its time read once."""

    def __init__(self, raw: dict) -> None:
        self.raw = raw
        self.type = raw["type"]
        self.at = instant(raw["at"])
        self.second = cut(self.at)
        self.position = raw["position"]
        self.order = (self.at, self.position)

    def __getitem__(self, field: str):
        return self.raw[field]

    def get(self, field: str, default=None):
        """The field, or what stands for its absence."""
        return self.raw.get(field, default)

    def instant(self, field: str) -> datetime:
        """The uncut instant of a time field."""
        return instant(self.raw[field])

    def moment(self, field: str) -> int | None:
        """The whole second of a time field, None if it is absent."""
        return second(self.raw[field]) if field in self.raw else None


def void_target(reference: int | str, earlier: list[Entry]) -> Entry | None:
    """What a voiding names: a position, else a key, else an id, among the entries recorded before it."""
    if isinstance(reference, int):
        return next((e for e in earlier if e.position == reference), None)
    by_key = [e for e in earlier if e.get("key") == reference]
    by_id = [e for e in earlier if e.get("id") == reference]
    return next(iter(by_key + by_id), None)


def not_void(entries: list[Entry]) -> list[Entry]:
    """The entries that no entry among them voids."""
    void = set()
    for voiding in entries:
        if voiding.type == "EntryVoided":
            target = void_target(voiding["entry"], [e for e in entries if e.position < voiding.position])
            if target is not None:
                void.add(target.position)
    return [e for e in entries if e.position not in void]


class History:
    """The entries that count at a moment, in order, under the readings asked for."""

    def __init__(self, entries: list[dict], at: datetime, known: int | None, readings: dict | None) -> None:
        known_entries = [Entry(raw) for raw in entries if known is None or raw["position"] <= known]
        counted = [e for e in not_void(known_entries) if e.at <= at]
        self.moment, self.at = at, cut(at)
        self.entries = sorted(counted, key=lambda e: e.order)
        self.readings = settled(readings)
        self.policies = [Policy(e, self) for e in self.of_type("PolicyContracted")]
        self.clients = {e["client"]: e for e in self.of_type("ClientRegistered")}
        self.tickets = [Ticket(e, self) for e in self.of_type("TicketOpened")]

    def today(self, zone: tzinfo) -> date:
        """The local day of the moment asked for."""
        return self.moment.astimezone(zone).date()

    def of_type(self, *types: str) -> list[Entry]:
        """The counted entries of these types, in order."""
        return [e for e in self.entries if e.type in types]


class Policy:
    """A contract, with its days in force."""

    def __init__(self, contract: Entry, history: History) -> None:
        self.contract = contract
        self.id, self.client, self.terms = contract["policy"], contract["client"], contract["terms"]
        self.tier = contract.get("tier")
        self.prices = contract.get("prices")
        self.starts = date.fromisoformat(contract["starts"])
        self.ends = date.fromisoformat(contract["ends"]) if "ends" in contract.raw else None
        cancelled = [e for e in history.of_type("PolicyCancelled") if e["policy"] == self.id]
        self.effective = date.fromisoformat(cancelled[0]["effective"]) if cancelled else None
        self.zone = zone_of(self.terms, history.readings)

    @property
    def last_day(self) -> date | None:
        """The last day in force, None if there is no end in sight."""
        ends = [self.ends] if self.ends else []
        if self.effective:
            ends.append(self.effective - timedelta(days=1))
        return min(ends, default=None)

    def day(self, moment: datetime) -> date:
        """The day of the policy's zone on which an instant falls."""
        return moment.astimezone(self.zone).date()

    def in_force(self, moment: datetime) -> bool:
        """Rules 1.1."""
        day = self.day(moment)
        return self.starts <= day and not (self.last_day is not None and self.last_day < day)

    def over_before(self, moment: datetime) -> bool:
        """Rules 1.2: it had begun by that day, and its last day lies before it."""
        day = self.day(moment)
        return self.starts <= day and self.last_day is not None and self.last_day < day


class Ticket:
    """A ticket with what applies to it and its own counted entries (desk contingencies included)."""

    def __init__(self, opening: Entry, history: History) -> None:
        self.history, self.opening, self.readings = history, opening, history.readings
        self.id, self.client_id = opening["ticket"], opening["client"]
        self.client = history.clients.get(self.client_id)
        theirs = [p for p in history.policies if p.client == self.client_id]
        self.policy = next((p for p in theirs if p.in_force(opening.at)), None)
        self.over = [p for p in theirs if p.over_before(opening.at)]
        self.terms = self._terms()
        desk = ("ContingencyDeclared", "ContingencyNotified", "ContingencyEnded")
        self.events = [e for e in history.entries if e.get("ticket", self.id if e.type in desk else None) == self.id]
        own = (self.policy.contract.get("holidays") or []) if self.policy else []
        self.hours = Hours(self.terms, self.readings, own) if self.terms else None

    def _terms(self) -> str | None:
        if self.policy:
            return self.policy.terms
        if self.client is not None and self.client.get("terms"):
            return self.client["terms"]
        latest = max(self.over, key=lambda p: (p.last_day, p.contract.order), default=None)
        return latest.terms if latest else None

    @property
    def prices(self) -> dict | None:
        """Those of the policy in force, without one the client's own."""
        if self.policy:
            return self.policy.prices
        return self.client.get("prices") if self.client is not None else None

    @property
    def local(self) -> bool:
        """Whether the client is within reach of a visit."""
        return self.client is not None and self.client["local"]

    def of_type(self, *types: str) -> list[Entry]:
        """The ticket's entries of these types, in order."""
        return [e for e in self.events if e.type in types]

    def last(self, *types: str) -> Entry | None:
        """The last of the ticket's entries of these types."""
        return next(reversed(self.of_type(*types)), None)

    def priority_before(self, stop: Entry | None) -> str:
        """The priority in force on the entries ordered before one (all of them without one)."""
        priority = self.opening["priority"]
        for change in self.of_type("PriorityChanged"):
            if stop is None or change.order < stop.order:
                priority = change["priority"]
        return priority

    def classified_before(self, stop: Entry | None) -> tuple[str | None, int | None]:
        """Incident type and budget on the entries ordered before one (all of them without one)."""
        found = (self.opening.get("incident_type"), None)
        for change in self.of_type("IncidentClassified"):
            if stop is None or change.order < stop.order:
                found = (change["incident_type"], change.get("budget_seconds"))
        return found

    @property
    def closed(self) -> Entry | None:
        """The closing, if there is one."""
        return self.last("Closed")

    def resolved_spans(self) -> list[tuple[Entry, Entry | None]]:
        """Each solution with the rejection that undid it; the last one may stand."""
        spans: list[tuple[Entry, Entry | None]] = []
        since = None
        for e in self.of_type("Resolved", "ResolutionRejected"):
            if e.type == "Resolved" and since is None:
                since = e
            elif e.type == "ResolutionRejected" and since is not None:
                spans.append((since, e))
                since = None
        return [*spans, (since, None)] if since is not None else spans

    @property
    def resolved(self) -> Entry | None:
        """The solution that stands."""
        spans = self.resolved_spans()
        return spans[-1][0] if spans and spans[-1][1] is None else None

    def waiting_spans(self) -> list[tuple[Entry, Entry | None]]:
        """Each wait for the client, from the request to what ended it."""
        spans: list[tuple[Entry, Entry | None]] = []
        since = None
        enders = ("InformationReceived", "ResolutionValidated", "ResolutionRejected")
        for e in self.of_type("InformationRequested", *enders):
            if e.type == "InformationRequested":
                since = since or e
            elif since is not None:
                spans.append((since, e))
                since = None
        return [*spans, (since, None)] if since is not None else spans

    @property
    def waiting(self) -> bool:
        """Whether the desk waits for the client now."""
        spans = self.waiting_spans()
        return bool(spans) and spans[-1][1] is None
