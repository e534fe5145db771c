"""What may happen on a ticket between its opening and its end, one function an act; the rare ones come round
every so many tickets.

Each act takes a story from the moment it has reached to a later one. Acts never close a ticket, and never
look at another.
"""

from collections.abc import Callable

from adapters.demo.cast import NOTES, REASONS, SUPERVISOR
from adapters.demo.hours import DAY, HOUR, MINUTE
from adapters.demo.story import Fields, Story

_BUDGETS = {"maintenance": (16, 37), "investigation": (8, 17)}
"""Hours that may be budgeted for the kinds of incident that have a range."""
INCIDENT_TYPES = (
    "technical-regular",
    "technical-regular",
    "technical-urgent",
    "maintenance",
    "investigation",
)
_EVENING = 19 * HOUR


def become_official(it: Story) -> None:
    """The mail that follows a request by another channel; a few never come."""
    if it.chance(92):
        at = it.official_at = it.hours.after(it.now, it.between(8 * MINUTE, 3 * HOUR), it.practice.shift)
        sent_at = it.hours.text(at - it.between(0, 4 * MINUTE))
        it.tell("OfficialRequestReceived", it.requester, at=at, message_id=it.mail("solicitud"), sent_at=sent_at)


def classify(it: Story) -> None:
    """The incident gets its type, sometimes with the hours agreed for it."""
    it.work(5 * MINUTE, 40 * MINUTE)
    incident_type = it.pick(INCIDENT_TYPES)
    hours = _BUDGETS.get(incident_type)
    budget: Fields = {"budget_seconds": it.between(*hours) * HOUR} if hours and it.chance(70) else {}
    it.tell("IncidentClassified", incident_type=incident_type, **budget)


def respond(it: Story) -> None:
    """The first answer: mostly in time, sometimes late, sometimes only reported days later, sometimes
    never by itself.
    """
    target = it.practice.answer_seconds["question" if it.kind == "question" and not it.is_gs else it.priority]
    if it.chance(6):
        return
    in_time = it.chance(84)
    it.work(target // 12 + MINUTE, target) if in_time else it.work(target, 2 * target)
    it.tell("Responded", late=it.days_late(it.now) if it.chance(3) else 0, consultant=it.consultant)


def follow_up(it: Story) -> None:
    """A message about how things stand."""
    it.work(20 * MINUTE, 4 * HOUR)
    kind = it.pick(("progress", "progress", "follow_up", "daily_email", "other"))
    note: Fields = {"note": it.pick(NOTES)} if it.chance(30) else {}
    it.tell("FollowedUp", late=it.days_late(it.now) if it.chance(4) else 0, kind=kind, **note)


def ask_for_information(it: Story) -> None:
    """Something is asked of the client, who answers soon, late or never."""
    it.work(10 * MINUTE, 3 * HOUR)
    it.tell("InformationRequested", note="Faltan las pantallas del error y el usuario")
    if it.chance(10):
        it.unanswered = True
        return
    it.work(*((2 * DAY // 3, 5 * DAY // 3) if it.chance(20) else (20 * MINUTE, 9 * HOUR)))
    it.tell("InformationReceived", it.requester, late=it.days_late(it.now) if it.chance(8) else 0)


def hold_session(it: Story) -> None:
    """A session in working hours, or one that runs over closing time; now and then it is reported days
    later.
    """
    it.work(10 * MINUTE, 4 * HOUR)
    day = it.now // DAY
    started = it.now
    closing = day * DAY + it.practice.shift.closes
    if it.chance(12) and it.now < closing - 45 * MINUTE:
        started = closing - 45 * MINUTE
    ended = started + it.between(15 * MINUTE, 2 * HOUR + 20 * MINUTE)
    delivery = "onsite" if it.chance(25 if it.client.local else 4) else "remote"
    it.session(started, ended, delivery, late=it.days_late(ended) if it.chance(9) else it.between(0, 20 * MINUTE))


def meet_after_hours(it: Story) -> None:
    """An evening session: asked for by mail the same day, or (every fourth) held without anyone having
    asked.
    """
    it.work(MINUTE, HOUR)
    evening = it.now // DAY * DAY + _EVENING
    if it.turn // 23 % 4 != 3:
        window: Fields = {
            "from": it.hours.text(evening),
            "to": it.hours.text(evening + 2 * HOUR),
            "message_id": it.mail("horario"),
        }
        it.tell("AfterHoursRequested", it.requester, **window)
    it.session(evening + 5 * MINUTE, evening + it.between(HOUR, 2 * HOUR + 30 * MINUTE))


def escalate(it: Story) -> None:
    """Up level by level to the second, third or fourth, and half the time down again."""
    highest = it.turn // 17 % 3 + 2
    for level in range(2, highest + 1):
        it.work(20 * MINUTE, 5 * HOUR)
        case: Fields = {"reference": f"MS-{it.turn:06}"} if level == 4 else {}
        it.tell("Escalated", level=level, reason=it.pick(REASONS), **case)
    if highest > 2 and it.chance(50):
        it.work(4 * HOUR, 12 * HOUR)
        it.tell("Escalated", level=2, reason="El proveedor ya respondió")


def ask_for_extension(it: Story) -> None:
    """More time is asked for; the client grants it, declines it, or does not say."""
    it.work(10 * MINUTE, 2 * HOUR)
    it.tell(
        "ExtensionRequested",
        extra_seconds=it.between(2, 9) * HOUR,
        reason="Hace falta restaurar una copia para probar",
    )
    answer = ("ExtensionAuthorized", "ExtensionDeclined", None)[it.turn // 29 % 3]
    if answer:
        it.work(15 * MINUTE, 6 * HOUR)
        it.tell(answer, it.requester)


def change_priority(it: Story) -> None:
    """The client sees it differently."""
    it.work(10 * MINUTE, 3 * HOUR)
    it.priority = it.pick([other for other in it.practice.priorities if other != it.priority])
    it.tell("PriorityChanged", it.requester, priority=it.priority, reason=it.pick(REASONS))


def correct(it: Story) -> None:
    """The same message is taken down twice, and the second one voided by its key."""
    it.work(20 * MINUTE, 2 * HOUR)
    it.tell("FollowedUp", kind="progress", note="Avance del día")
    it.now += 30
    twice = it.tell("FollowedUp", kind="progress", note="Avance del día")
    it.work(HOUR, 20 * HOUR)
    it.void(twice, "Capturado dos veces")


def visit(it: Story) -> None:
    """A consultant goes to the client's, and the trip is charged, often after the ticket was closed."""
    it.work(2 * HOUR, 9 * HOUR)
    started = it.now
    it.session(started, started + it.between(HOUR, 3 * HOUR), "onsite")
    amount = f"{it.between(180, 2_600)}.{it.pick(('00', '50', '90'))}"
    late = it.days_late(it.now)
    it.tell("TravelExpenseRecorded", late=late, amount=amount, currency=it.client.currency, note="Traslado")


def lose_consultant(it: Story) -> None:
    """Nobody is free for it for a while."""
    it.work(10 * MINUTE, 2 * HOUR)
    it.tell("ConsultantUnavailable", SUPERVISOR)
    it.work(2 * HOUR, 12 * HOUR)
    it.tell("ConsultantAvailable", SUPERVISOR)


def fail_for_one(it: Story) -> None:
    """The client's own line fails; the client is told at once or a little later."""
    it.work(10 * MINUTE, 2 * HOUR)
    failure: Fields = {"contingency": f"{it.ticket}-enlace"}
    told = it.turn // 23 % 2 == 0
    it.tell("ContingencyDeclared", **failure, cause="Sin enlace en la planta", client_informed=told)
    if not told:
        it.work(10 * MINUTE, HOUR)
        it.tell("ContingencyNotified", **failure)
    it.work(HOUR, 8 * HOUR)
    it.tell("ContingencyEnded", **failure)


def declare_stop(it: Story) -> None:
    """Only now does the client say that the operation is stopped."""
    it.work(5 * MINUTE, HOUR)
    it.tell("OperationStopDeclared", it.requester)


Rare = tuple[int, int, Callable[[Story], None]]
"""Every so many turns, beginning with this one, that act."""
RARE_GS: tuple[Rare, ...] = (
    (17, 2, escalate), (19, 6, visit), (23, 5, meet_after_hours), (29, 3, ask_for_extension),
    (31, 8, change_priority), (37, 9, correct),
)  # fmt: skip
RARE_CS: tuple[Rare, ...] = (
    (17, 2, visit), (19, 4, lose_consultant), (23, 5, fail_for_one), (29, 7, declare_stop),
    (31, 8, change_priority), (37, 9, correct), (53, 13, escalate),
)  # fmt: skip
