"""The story of one ordinary ticket of the demo, from its opening to whatever became of it by the end of the
year.

The order of the acts keeps to the rules of admission: nothing before the opening, nothing after the closing
but travel and corrections, a closing only with what its reason asks for. It decides nothing that reaches
beyond the ticket.
"""

from adapters.demo.acts import (
    INCIDENT_TYPES,
    RARE_CS,
    RARE_GS,
    ask_for_information,
    become_official,
    classify,
    follow_up,
    hold_session,
    respond,
)
from adapters.demo.cast import SUBJECTS, SUPERVISOR
from adapters.demo.hours import DAY, HOUR, MINUTE
from adapters.demo.story import Fields, Story

_KINDS = ("incident",) * 13 + ("question",) * 3 + ("request",) * 4
_NOTICE_DAYS = 5


def tell_ticket(it: Story, continues: str | None = None) -> None:
    """Tell the whole story; it begins at `it.now`. `continues` is the closed ticket that the client came
    back about.
    """
    open_ticket(it, continues)
    respond(it)
    if it.is_gs and it.kind == "incident" and it.chance(35):
        classify(it)
    for every, turn, act in RARE_GS if it.is_gs else RARE_CS:
        if it.turn % every == turn:
            act(it)
    for percent, act in ((45, follow_up), (25, follow_up), (26, ask_for_information), (38, hold_session)):
        if not it.unanswered and it.chance(percent):
            act(it)
    end(it)


def open_ticket(it: Story, continues: str | None) -> None:
    """The opening, and where only mail is official, the mail after a call."""
    channel = it.pick(it.practice.channels)
    it.priority, it.kind = it.pick(it.practice.priorities), it.pick(_KINDS)
    fields: Fields = {"client": it.client.id, "requester": it.requester, "channel": channel}
    fields |= {"priority": it.priority, "kind": it.kind, "subject": it.pick(SUBJECTS)}
    if it.is_gs and it.kind == "incident" and it.chance(70):
        fields["incident_type"] = it.pick(INCIDENT_TYPES)
    if not it.is_gs and it.priority == "P1" and it.chance(25):
        fields["stops_operation"] = True
    if continues:
        fields["continues"] = continues
    if channel == "email":
        fields["message_id"] = it.mail("solicitud")
    it.tell("TicketOpened", it.requester, **fields)
    if it.is_gs and channel != "email":
        become_official(it)


def end(it: Story) -> None:
    """How it ends: most are solved; some clients go silent or think better of it, a few tickets stay open."""
    # A closed ticket takes nothing more, so the official mail must have come.
    it.now = max(it.now, it.official_at)
    if it.unanswered:
        close_unresponsive(it)
    elif it.chance(4):
        it.work(HOUR, 8 * HOUR)
        it.tell("Closed", it.requester, reason="withdrawn")
    elif it.chance(96):
        solve(it)


def solve(it: Story) -> None:
    """Solved, sometimes rejected and solved again, then validated and closed, unless the client goes
    silent.
    """
    it.work(20 * MINUTE, it.practice.solve_seconds)
    it.tell("Resolved")
    if it.turn % 13 == 4:
        it.work(HOUR, 9 * HOUR)
        it.tell("ResolutionRejected", it.requester, note="Volvió a pasar al cerrar el turno")
        follow_up(it)
        it.work(HOUR, 9 * HOUR)
        it.tell("Resolved", note="Corregido también en el servidor de respaldo")
    if it.chance(5):
        close_unresponsive(it)
        return
    if it.is_gs or it.chance(50):
        it.work(20 * MINUTE, 9 * HOUR)
        it.tell("ResolutionValidated", it.requester)
    if it.chance(94):
        it.work(5 * MINUTE, 5 * HOUR)
        it.tell("Closed", reason="validated")


def close_unresponsive(it: Story) -> None:
    """Three attempts on different days without an answer, five open days of notice, and the closing; many
    come back later.
    """
    if it.chance(15):
        it.work(HOUR, 9 * HOUR)
        it.tell("ContactAttempted", outcome="unanswered", channel="phone")
        it.work(HOUR, 9 * HOUR)
        it.tell("ContactAttempted", outcome="answered", channel="phone")
    first = it.work(2 * HOUR, 9 * HOUR)
    it.tell("ContactAttempted", outcome="unanswered", channel="phone")
    for channel in ("email", "phone"):
        it.work(9 * HOUR, 18 * HOUR)
        it.tell("ContactAttempted", outcome="unanswered", channel=channel)
    notice = it.hours.open_days_later(first, _NOTICE_DAYS) + it.practice.shift.closes
    # At the end of the fifth day, or later if the third attempt came later.
    it.now = max(notice, it.now) + it.between(5 * MINUTE, HOUR)
    it.tell("Closed", SUPERVISOR, reason="unresponsive")
    if it.chance(40):
        it.returns_on = it.now // DAY + it.between(1, 9)
