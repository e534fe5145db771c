"""What happens on one ticket, from the opening on: mostly in an order a desk could have lived through.

Guesses the ticket's terms in order to be lifelike; nothing depends on the guess being right.
"""

from datetime import datetime, time, timedelta

from .hours import MEXICO_CITY, SATURDAY
from .terms import (
    CHANNELS,
    CS,
    FOLLOW_UPS,
    GS,
    INCIDENT_TYPES,
    KINDS,
    PRIORITIES,
    SOLUTION_RANGE,
    VENDOR_LEVEL,
)

STEPS = {
    None: ("answer", "follow", "session", "ask", "priority", "escalate", "solve", "travel"),
    GS: (
        "answer", "follow", "follow", "session", "session", "ask", "priority", "escalate", "solve", "travel",
        "classify", "classify", "extend", "extend", "window", "window", "ask", "escalate",
        "attempt", "mail", "contingency", "unavailable",
    ),
    CS: (
        "answer", "follow", "session", "ask", "ask", "priority", "escalate", "solve", "travel", "unavailable",
        "contingency", "stop", "attempt",
    ),
}  # fmt: skip


def guessed_terms(client: dict, moment: datetime) -> str | None:
    """The terms a ticket of this client probably has."""
    day = moment.astimezone(MEXICO_CITY).date()
    within = [terms for starts, ends, terms in client["policies"] if starts <= day <= ends]
    over = [terms for _, ends, terms in client["policies"] if ends < day]
    return next(iter([*within, *([client["own"]] if client["own"] else []), *reversed(over)]), None)


class Tale:
    """One ticket while it is told."""

    def __init__(self, pen, ticket: str, terms: str | None, at: datetime, reached: datetime) -> None:
        self.pen, self.ticket, self.terms, self.at, self.reached = pen, ticket, terms, at, reached
        self.resolved = False
        self.level = 1

    def say(self, event: str, later: bool = True, **fields) -> None:
        """The next thing that happens."""
        if later:
            self.at = self.pen.later(self.at)
        self.pen.write(event, self.at, self.reached, ticket=self.ticket, **fields)

    def answer(self) -> None:
        """An answer."""
        self.say("Responded", **({"consultant": "luis"} if self.pen.chance(0.5) else {}))

    def follow(self) -> None:
        """A follow-up; daily mails come in pairs."""
        kind = self.pen.rng.choice(FOLLOW_UPS)
        for _ in range(2 if kind == "daily_email" else 1):
            self.say("FollowedUp", kind=kind)

    def session(self) -> None:
        """A session of one to three people, often over an edge of the calendar."""
        pen = self.pen
        started = pen.later(self.at) - timedelta(minutes=pen.rng.choice((0, 0, 30)))
        length = pen.rng.choice((1, 59, 60, 61, 1800, 3600, 5130, 14_400, 50_000, 86_400))
        ended = started + timedelta(seconds=length)
        if length > 1 and pen.chance(0.15):
            ended -= timedelta(microseconds=pen.rng.choice((1, 500_000)))
        if ended < self.at:
            return
        people = []
        for name in ("luis", "eva", "raul")[: pen.rng.randint(1, 3)]:
            person, middle = {"consultant": name}, started + (ended - started) / 2
            if pen.chance(0.25):
                person["joined"] = pen.show(middle if pen.chance(0.7) else started)
            elif pen.chance(0.25):
                person["left"] = pen.show(middle if pen.chance(0.7) else ended)
            people.append(person)
        self.at = ended
        times = {"started": pen.show(started), "ended": pen.show(ended)}
        where = "onsite" if pen.chance(0.35) else "remote"
        self.say("SessionHeld", later=False, **times, consultants=people, delivery=where)

    def ask(self) -> None:
        """A question to the client, mostly answered."""
        self.say("InformationRequested")
        for _ in range(self.pen.rng.choice((0, 0, 1, 2))):
            self.pen.rng.choice((self.follow, self.answer, self.priority))()
        if self.pen.chance(0.65):
            self.say("InformationReceived")

    def priority(self) -> None:
        """Another priority, mostly of the same terms."""
        names = PRIORITIES[self.terms or self.pen.rng.choice((GS, CS))]
        self.say("PriorityChanged", priority=self.pen.rng.choice(names), reason="urgent")

    def escalate(self) -> None:
        """Another level, mostly not the present one."""
        levels = [n for n in (1, 2, 3, 4, 4) if n != self.level or self.pen.chance(0.1)]
        self.level = self.pen.rng.choice(levels)
        case = {"reference": "MS-1"} if self.level == VENDOR_LEVEL and self.pen.chance(0.85) else {}
        self.say("Escalated", level=self.level, reason="hard", **case)

    def travel(self) -> None:
        """A travel expense."""
        self.say("TravelExpenseRecorded", amount=self.pen.rng.choice(("120.50", "0.01", "75")), currency="MXN")

    def classify(self) -> None:
        """An incident type, sometimes with a budget within its range or just outside it."""
        kind = self.pen.rng.choice(INCIDENT_TYPES)
        _, low, high = SOLUTION_RANGE[kind]
        budget = {}
        if (low < high or self.pen.chance(0.1)) and self.pen.chance(0.6):
            nearly = self.pen.rng.choice((low - 1, high + 1))
            within = self.pen.rng.choice((low, high, (low + high) // 2))
            budget = {"budget_seconds": nearly if self.pen.chance(0.1) else within}
        self.say("IncidentClassified", incident_type=kind, **budget)

    def extend(self) -> None:
        """One or two requests for more time, answered or not."""
        asked = self.pen.rng.choice((1, 1, 2))
        for _ in range(asked):
            seconds = self.pen.rng.choice((1, 3600, 7200, 36_000))
            self.say("ExtensionRequested", extra_seconds=seconds, reason="more work")
        for _ in range(self.pen.rng.randint(0, asked)):
            self.say(self.pen.rng.choice(("ExtensionAuthorized", "ExtensionAuthorized", "ExtensionDeclined")))

    def window(self) -> None:
        """Hours asked for in advance, sometimes used at once."""
        pen = self.pen
        self.at = pen.later(self.at)
        day = self.at.astimezone(MEXICO_CITY).date() + timedelta(days=pen.rng.choice((0, 0, 1, 2)))
        start = pen.local(day, pen.rng.choice((time(18), time(17, 30), time(19), time(22), time(6), time(8))))
        if start <= self.at and pen.chance(0.9):
            start += timedelta(days=1)
        end = start + timedelta(seconds=pen.rng.choice((1, 1800, 3600, 7200, 40_000)))
        times = {"from": pen.show(start), "to": pen.show(end)}
        self.say("AfterHoursRequested", later=False, message_id="m-hours", **times)
        if start > self.at and pen.chance(0.5):
            self.at = start + timedelta(minutes=pen.rng.choice((-5, 0, 5, 30)))
            pen.rng.choice((self.session, self.follow))()

    def attempt(self) -> None:
        """An attempt to reach the client."""
        outcome = self.pen.rng.choice(("unanswered", "unanswered", "answered"))
        self.say("ContactAttempted", outcome=outcome, channel="phone")

    def mail(self) -> None:
        """The official e-mail, sent some time before it was seen."""
        self.at = self.pen.later(self.at)
        ago = timedelta(seconds=self.pen.rng.choice((0, 60, 3600, 90_000)))
        sent = {"sent_at": self.pen.show(self.at - ago)} if self.pen.chance(0.6) else {}
        self.say("OfficialRequestReceived", later=False, message_id="m-1", **sent)

    def unavailable(self) -> None:
        """Nobody there for a while."""
        self.say("ConsultantUnavailable")
        if self.pen.chance(0.7):
            self.pen.rng.choice((self.follow, self.answer))()
            self.say("ConsultantAvailable")

    def contingency(self) -> None:
        """A failure that concerns this ticket only."""
        name, told = self.pen.name("failure-"), self.pen.chance(0.5)
        self.say("ContingencyDeclared", contingency=name, client_informed=told)
        for kind in ("ContingencyNotified", "ContingencyEnded"):
            if self.pen.chance(0.7):
                self.say(kind, contingency=name)

    def stop(self) -> None:
        """A stopped operation, declared late."""
        self.say("OperationStopDeclared")

    def solve(self) -> None:
        """A solution; then the client is content, is not, or says nothing."""
        if self.resolved and self.pen.chance(0.9):
            return
        self.say("Resolved")
        self.resolved = True
        word = self.pen.rng.choice(("ResolutionRejected", "ResolutionRejected", "ResolutionValidated", None))
        if word is not None:
            self.say(word)
            self.resolved = word == "ResolutionValidated"

    def give_up(self) -> None:
        """Three attempts in vain, and a closing near the end of the fifth open day."""
        self.at = self.pen.later(self.at)
        first = self.at.astimezone(MEXICO_CITY).date()
        for _ in range(self.pen.rng.choice((2, 3, 3, 3, 4))):
            self.say("ContactAttempted", later=False, outcome="unanswered", channel="phone")
            self.at = self.pen.later(self.at)
        day, left = first, 5
        while left:
            day += timedelta(days=1)
            left -= day.weekday() < SATURDAY
        end = self.pen.local(day, time(18)) + timedelta(seconds=self.pen.rng.choice((-1, 0, 0, 1, 86_400)))
        self.at = max(self.at, end)
        self.say("Closed", later=False, reason="unresponsive")

    def close(self) -> None:
        """A closing for one of the three reasons, sometimes the wrong one."""
        if not self.resolved and self.pen.chance(0.4):
            self.give_up()
            return
        reason = "validated" if self.resolved and self.pen.chance(0.8) else "withdrawn"
        if reason == "validated" and self.terms == GS and self.pen.chance(0.85):
            self.say("ResolutionValidated")
        self.say("Closed", reason=reason)


def story(pen, client: dict, tickets: list[dict], continues: str | None = None, after=None) -> None:
    """Tell one ticket of a client into the pen; a closed one may be continued."""
    rng = pen.rng
    at = pen.later(after) if after else pen.any_time(-1, 18)
    terms = guessed_terms(client, at)
    fields = _opening(pen, client, terms) | ({"continues": continues} if continues else {})
    reached = pen.write("TicketOpened", at, **fields)
    tickets.append(fields)
    if terms == GS and fields["requester"] == "eve":
        return
    tale = Tale(pen, fields["ticket"], terms, at, reached)
    if terms == GS and fields["channel"] != "email" and pen.chance(0.75):
        tale.mail()
    if pen.chance(0.4):
        tale.answer()
    for _ in range(rng.choice((0, 1, 2) if pen.rush else (0, 1, 2, 4, 6, 9))):
        getattr(tale, rng.choice(STEPS[terms]))()
    if pen.chance(0.5):
        tale.close()
        if pen.chance(0.15):
            rng.choice((tale.follow, tale.travel, tale.session, tale.classify))()
        if pen.chance(0.35):
            story(pen, client, tickets, fields["ticket"], tale.at)


def _opening(pen, client: dict, terms: str | None) -> dict:
    rng, odd = pen.rng, pen.chance(0.02)
    channel = rng.choice((*CHANNELS, "email", "email", "phone") if terms == GS else CHANNELS)
    priority = rng.choice(PRIORITIES[rng.choice((GS, CS)) if odd or terms is None else terms])
    if terms == GS and channel == "phone" and pen.chance(0.5):
        priority = "critical"
    elif terms == CS and pen.chance(0.5):
        priority = rng.choice(("P1", "P1", "P2", "P3"))
    fields = {
        "ticket": pen.name("T-"),
        "client": client["client"],
        "requester": rng.choices(("ana", "beto", "eve"), (20, 3, 1 if terms == GS else 10))[0],
        "channel": channel,
        "priority": priority,
        "kind": rng.choices(KINDS, (3, 2, 1) if terms == CS else (1, 1, 1))[0],
        "subject": "it does not work",
    }
    if (terms != CS and pen.chance(0.6)) or odd:
        fields["incident_type"] = rng.choice(INCIDENT_TYPES)
    if pen.chance(0.15):
        fields["stops_operation"] = pen.chance(0.8)
    return fields
