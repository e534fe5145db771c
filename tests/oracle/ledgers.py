"""Random ledgers of proposed entries, lifelike enough to be mostly taken, and questions about them.

Seeded by the `random.Random` handed in; knows what a desk does, not what the rules answer.
"""

import random
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone

from hypothesis import strategies as st

from .hours import MEXICO_CITY
from .spoiling import repeated, spoiled
from .stories import story
from .terms import CS, GS, READINGS, TIERS
from .times import instant

# Mondays whose four weeks hold a holiday, a change of the clocks, a leap day or nothing at all.
MONDAYS = tuple(
    date.fromisoformat(day)
    for day in (
        "2026-03-02", "2026-03-09", "2026-01-26", "2026-04-27", "2026-06-01", "2021-03-22", "2021-10-18",
        "2022-03-21", "2022-10-17", "2021-12-13", "2022-01-31", "2024-02-12",
    )
)  # fmt: skip
EDGES = tuple(
    time.fromisoformat(text)
    for text in (
        "00:00:00", "05:59:59", "08:29:59", "08:30:00", "08:30:01", "09:00:00", "12:59:59", "13:00:00",
        "13:00:01", "14:59:59", "15:00:00", "17:59:59", "18:00:00", "18:00:01", "23:59:59",
    )
)  # fmt: skip
DAYS = 26
WEEKDAYS = 5
AMOUNTS = ("600.00", "850.50", "33.33", "0.01", "1000.00", "0.00", "999.99")
FACTORS = ("1", "1.5", "2", "1.3333", "1.05")
SLOW_TO_ARRIVE = (
    "SessionHeld", "FollowedUp", "Responded", "ContactAttempted", "PriorityChanged", "Escalated",
    "OfficialRequestReceived", "AfterHoursRequested", "TravelExpenseRecorded", "IncidentClassified",
)  # fmt: skip
WORTH_VOIDING = (
    "Responded", "Resolved", "FollowedUp", "SessionHeld", "PriorityChanged", "Closed", "Escalated",
    "InformationRequested", "InformationReceived", "IncidentClassified", "OfficialRequestReceived",
    "AfterHoursRequested", "PolicyCancelled", "ExtensionAuthorized", "ContactAttempted", "ResolutionRejected",
    "ContingencyDeclared", "ContingencyEnded", "ConsultantUnavailable", "TravelExpenseRecorded",
)  # fmt: skip


class Pen:
    """Draws times, and writes entries down with the instant at which they reach the ledger."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.monday = rng.choice(MONDAYS)
        self.lines: list[tuple[datetime, dict]] = []
        self.serial = 0
        # A rush of short tickets on one policy with quotas uses them up.
        self.rush = self.chance(0.2)

    def chance(self, probability: float) -> bool:
        """True this often."""
        return self.rng.random() < probability

    def name(self, prefix: str) -> str:
        """A fresh id."""
        self.serial += 1
        return f"{prefix}{self.serial}"

    def local(self, day: date, at: time) -> datetime:
        """An instant by the clock on a wall in Mexico City."""
        return datetime.combine(day, at, tzinfo=MEXICO_CITY).astimezone(UTC)

    def any_time(self, first_day: int = 0, last_day: int = DAYS) -> datetime:
        """An instant in the four weeks: often on an edge, mostly on a weekday."""
        day = self.monday + timedelta(days=self.rng.randint(first_day, last_day))
        if day.weekday() >= WEEKDAYS and self.chance(0.6):
            day -= timedelta(days=2)
        if self.chance(0.4):
            return self.local(day, self.rng.choice(EDGES))
        seconds = self.rng.randint(7 * 3600, 20 * 3600)
        return self.local(day, time(0)) + timedelta(seconds=seconds, microseconds=self.fraction())

    def fraction(self) -> int:
        """Microseconds: mostly none."""
        return self.rng.choice((1, 500_000, 999_999)) if self.chance(0.12) else 0

    def later(self, moment: datetime) -> datetime:
        """An instant not before another: the same, minutes, hours or an edge of these days."""
        step = self.rng.choices(("none", "short", "some", "edge"), (10, 35, 30, 25))[0]
        if step == "none":
            return moment
        if step == "short":
            return moment + timedelta(seconds=self.rng.choice((1, 60, 599, 600, 601, 900, 1799, 1800, 1801)))
        if step == "some":
            return moment + timedelta(seconds=self.rng.randint(0, 9 * 3600), microseconds=self.fraction())
        day = moment.astimezone(MEXICO_CITY).date() + timedelta(days=self.rng.choice((0, 1, 1, 2, 3)))
        edge = self.local(day, self.rng.choice(EDGES))
        return edge if edge >= moment else edge + timedelta(days=1)

    def show(self, moment: datetime) -> str:
        """An instant as text, in one of several offsets."""
        zone = self.rng.choice((MEXICO_CITY, MEXICO_CITY, MEXICO_CITY, UTC, timezone(timedelta(hours=2))))
        text = moment.astimezone(zone).isoformat()
        return text.replace("+00:00", "Z") if zone is UTC else text

    def write(self, kind: str, at: datetime, not_before: datetime | None = None, /, **fields) -> datetime:
        """Write an entry down; answers when it reaches the ledger."""
        reaches = at
        if self.chance(0.25 if kind in SLOW_TO_ARRIVE else 0.03):
            reaches += timedelta(hours=self.rng.randint(1, 120))
        reaches = max(reaches, not_before or reaches)
        entry = {"type": kind, "at": self.show(at)} | fields
        if self.chance(0.3):
            entry["key"] = self.name("key-")
        if self.chance(0.1):
            entry["by"] = "ana@acme.mx"
        self.lines.append((reaches, entry))
        return reaches


def random_ledger(rng: random.Random, size: int) -> list[dict]:
    """About `size` proposed entries of one desk over about four weeks, in the order they reach the ledger."""
    pen = Pen(rng)
    before = pen.local(pen.monday - timedelta(days=4), time(8))
    clients = [_client(pen, before) for _ in range(1 if pen.rush else rng.randint(1, 3))]
    tickets: list[dict] = []
    if pen.chance(0.35):
        _desk_contingency(pen)
    while len(pen.lines) < size * 0.85:
        story(pen, rng.choice(clients), tickets)
    pen.lines.sort(key=lambda line: line[0])
    proposed = [entry for _, entry in pen.lines]
    return _with_voids(pen, _with_spoiled(pen, proposed, size // 10), max(1, size // 20))[:size]


def ledgers(size: int = 60) -> st.SearchStrategy[list[dict]]:
    """The same, for Hypothesis."""
    return st.integers(0, 2**32).map(lambda seed: random_ledger(random.Random(seed), size))


def _prices(pen: Pen, terms: str | None) -> dict:
    prices = {"currency": pen.rng.choice(("MXN", "MXN", "USD"))}
    if terms != CS:
        if pen.chance(0.8):
            prices["hourly"] = pen.rng.choice(AMOUNTS)
        if pen.chance(0.7):
            prices["after_hours_factor"] = pen.rng.choice(FACTORS)
    else:
        chosen = [p for p in ("P1", "P2", "P3", "P4", "P5") if pen.chance(0.7)]
        prices["per_event"] = {p: pen.rng.choice(AMOUNTS) for p in chosen}
    return {"prices": prices} if pen.chance(0.85) else {}


def _client(pen: Pen, before: datetime) -> dict:
    """Register a client with its people and policies; answers what its tickets need to know."""
    name = pen.name("client-")
    own = pen.rng.choice((None, None, GS, CS))
    fields = {"client": name, "name": name.title(), "local": pen.chance(0.6)}
    if own:
        fields |= {"terms": own} | _prices(pen, own)
    registered = pen.any_time(0, 3) if pen.chance(0.04) else before
    pen.lines.append((before, {"type": "ClientRegistered", "at": pen.show(registered)} | fields))
    for person in ("ana", "beto"):
        asked = before + timedelta(minutes=1)
        pen.lines.append((asked, _said("RequesterAuthorized", pen.show(asked), name, person)))
    if pen.chance(0.3):
        gone = pen.any_time(5, 20)
        pen.lines.append((gone, _said("RequesterRevoked", pen.show(gone), name, "beto")))
        if pen.chance(0.5):
            back = pen.later(gone)
            pen.lines.append((back, _said("RequesterAuthorized", pen.show(back), name, "beto")))
    return {"client": name, "own": own, "policies": _policies(pen, name, before)}


def _said(kind: str, at: str, client: str, person: str) -> dict:
    return {"type": kind, "at": at, "client": client, "person": person}


def _policies(pen: Pen, client: str, before: datetime) -> list[tuple[date, date, str]]:
    """None, one, or one after the other; answers (first day, last day, terms) of each."""
    made: list[tuple[date, date, str]] = []
    shape = pen.rng.choice(("none", "one", "one", "one", "two", "two", "cancelled", "three"))
    shape = "one" if pen.rush else shape
    starts = pen.monday - timedelta(days=pen.rng.choice((0, 0, 1, 20, 31)))
    for _ in range({"none": 0, "one": 1, "two": 2, "cancelled": 2, "three": 3}[shape]):
        terms = pen.rng.choice((GS, CS)) if not made or pen.chance(0.3) else made[-1][2]
        terms = CS if pen.rush else terms
        length = 400 if shape == "one" and pen.chance(0.8) else pen.rng.randint(4, 45)
        ends = starts + timedelta(days=length)
        name = pen.name("P-")
        fields = {"policy": name, "client": client, "terms": terms, "starts": starts.isoformat()}
        fields |= {"tier": TIERS[0] if pen.rush else pen.rng.choice(TIERS)} if terms == CS else {}
        cancelled = shape == "cancelled" and not made
        if cancelled or not (shape == "one" and pen.chance(0.2)):
            fields["ends"] = ends.isoformat()
        fields |= _prices(pen, terms)
        if pen.chance(0.3):
            days = (pen.monday + timedelta(days=pen.rng.randint(0, DAYS)) for _ in range(2))
            fields["holidays"] = [day.isoformat() for day in days]
        late = pen.chance(0.12)
        reaches = pen.any_time(2, 15) if late else before + timedelta(minutes=2 + len(made))
        at = reaches if pen.chance(0.7) else before + timedelta(minutes=2)
        pen.lines.append((reaches, {"type": "PolicyContracted", "at": pen.show(at)} | fields))
        ends = _cancellation(pen, name, starts, ends, reaches) if cancelled else ends
        if pen.chance(0.25):
            _benefit(pen, name, reaches)
        made.append((starts, ends, terms))
        starts = ends + timedelta(days=pen.rng.choice((1, 1, 1, 3, 6)))
    return made


def _cancellation(pen: Pen, policy: str, starts: date, ends: date, reaches: datetime) -> date:
    """Cancel a policy on one of its days, sometimes the first; answers its last day in force."""
    effective = min(starts + timedelta(days=pen.rng.choice((0, 2, 7, 12))), ends)
    known = max(reaches, pen.any_time(0, 12) if pen.chance(0.5) else reaches) + timedelta(seconds=1)
    cancelled = {"type": "PolicyCancelled", "at": pen.show(known), "policy": policy, "key": pen.name("key-")}
    pen.lines.append((known, cancelled | {"effective": effective.isoformat()}))
    return effective - timedelta(days=1)


def _benefit(pen: Pen, policy: str, reaches: datetime) -> None:
    benefit = pen.rng.choice(("equipment_discount", "learning_material", "project_advice"))
    at = max(reaches, pen.any_time())
    pen.write("BenefitDelivered", at, at, policy=policy, benefit=benefit, detail="as agreed")


def _desk_contingency(pen: Pen) -> None:
    """Something that strikes everyone, with or without a notice, sometimes never over."""
    name, at = pen.name("outage-"), pen.any_time()
    told = pen.chance(0.5)
    reached = pen.write("ContingencyDeclared", at, contingency=name, client_informed=told)
    for kind in ("ContingencyNotified", "ContingencyEnded"):
        if pen.chance(0.75):
            at = pen.later(at)
            reached = pen.write(kind, at, reached, contingency=name)


def _with_spoiled(pen: Pen, proposed: list[dict], count: int) -> list[dict]:
    """Some entries again, each wrong in one way, or said twice; put in at a random later place."""
    result = list(proposed)
    for _ in range(count):
        kind = pen.rng.choice(sorted({entry["type"] for entry in proposed}))
        original = pen.rng.choice([entry for entry in proposed if entry["type"] == kind])
        place = next(i for i, entry in enumerate(result) if entry is original)
        again = "key" in original and pen.chance(0.5)
        copy = repeated(pen, original) if again else spoiled(pen, original)
        if copy is not None:
            result.insert(pen.rng.randint(place, len(result)) + 1, copy)
    return result


def _with_voids(pen: Pen, proposed: list[dict], count: int) -> list[dict]:
    """Some voidings, by position, by key, or by what nobody knows, each after what it names."""
    result = list(proposed)
    for _ in range(pen.rng.randint(0, count)):
        worth = [i for i, e in enumerate(result) if e.get("type") in WORTH_VOIDING]
        if not worth:
            break
        place = pen.rng.choice(worth)
        after = pen.rng.randint(place, min(place + 12, len(result) - 1)) + 1
        at = pen.any_time()
        if pen.chance(0.7):
            at = pen.lines[min(after, len(pen.lines) - 1)][0] + timedelta(seconds=1)
        by_key = "key" in result[place] and pen.chance(0.7)
        name = result[place]["key"] if by_key else place + 3
        if pen.chance(0.08):
            name = str(uuid.UUID(int=pen.rng.getrandbits(128)))
        voiding = {"type": "EntryVoided", "at": pen.show(at), "entry": name, "reason": "a mistake"}
        result.insert(after, voiding)
    return result


def random_question(rng: random.Random, entries: list[dict]) -> tuple[str, int | None, dict]:
    """A moment (often on an edge of something), a state of knowledge, and readings."""
    moments = sorted(instant(e["at"]) for e in entries if e["type"] != "TermsPublished")
    day = timedelta(days=1)
    moments = moments or [instant("2026-03-02T15:00:00Z")]
    kind = rng.choices(("entry", "edge", "long after", "anywhere"), (4, 2, 2, 2))[0]
    if kind == "entry":
        tick = rng.choice((0, 0, 1, -1, 1_000_000, -1_000_000, 600_000_000))
        at = rng.choice(moments) + timedelta(microseconds=tick)
    elif kind == "edge":
        local = rng.choice(moments).astimezone(MEXICO_CITY).date() + timedelta(days=rng.randint(0, 5))
        at = datetime.combine(local, rng.choice(EDGES), tzinfo=MEXICO_CITY)
    elif kind == "long after":
        at = moments[-1] + rng.choice((1, 3, 10, 90)) * day
    else:
        at = moments[0] + (moments[-1] + day - moments[0]) * rng.random()
    last = max((e["position"] for e in entries), default=2)
    known = rng.choice((None, None, rng.randint(2, max(2, last))))
    share = rng.choice((0, 0.1, 0.3, 0.6))
    readings = {key: rng.choice(names) for key, names in READINGS.items() if rng.random() < share}
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z"), known, readings
