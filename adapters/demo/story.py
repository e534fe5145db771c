"""A ticket being told: the moment its story has reached, the entries so far, and the small steps every story
is made of.

It keeps what admission will ask about (who may ask, which shift works), so that each step can only add an
entry that the ledger takes. What happens on a ticket, and in which order, is decided elsewhere.
"""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, TypeVar

from adapters.demo.cast import CONSULTANTS, SUPERVISOR
from adapters.demo.clients import CUSTOMSOFT, GRUPO_STAFF, Client, Told
from adapters.demo.hours import DAY, HOUR, MINUTE, Hours, Shift

Choice = TypeVar("Choice")
Fields = dict[str, Any]
"""Some of the fields of an entry."""


class Practice(NamedTuple):
    """How a desk works under some terms: its shift, what clients ask for, and how soon it means to answer
    and solve.
    """

    shift: Shift
    priorities: Sequence[str]
    channels: Sequence[str]
    answer_seconds: Mapping[str, int]
    solve_seconds: int


PRACTICES = {
    GRUPO_STAFF: Practice(
        Shift(8 * HOUR + 30 * MINUTE, 18 * HOUR),
        ("critical", "high", "high", "high", "medium", "medium", "medium", "medium", "low", "low"),
        ("email", "email", "email", "email", "email", "phone", "phone", "portal", "chat", "onsite"),
        {"critical": 30 * MINUTE, "high": 4 * HOUR, "medium": 16 * HOUR, "low": 24 * HOUR},
        6 * HOUR,
    ),
    CUSTOMSOFT: Practice(
        Shift(9 * HOUR, 18 * HOUR),
        ("P1", "P1", "P1", "P2", "P2", "P2", "P3", "P3", "P4", "P5"),
        (
            "portal",
            "portal",
            "portal",
            "email",
            "email",
            "phone",
            "phone",
            "chat",
            "chat",
            "remote",
            "onsite",
        ),
        {
            "question": 10 * MINUTE,
            "P1": 4 * HOUR,
            "P2": 6 * HOUR,
            "P3": 9 * HOUR,
            "P4": 12 * HOUR,
            "P5": 14 * HOUR,
        },
        20 * HOUR,
    ),
}


class Story:
    """One ticket's entries as they come about.

    `now` is the moment reached, `told` the entries and when each is taken down, `official_at` when the
    official mail comes, `unanswered` whether the client has gone silent, `returns_on` the day the client
    comes back about it after a closing. `turn` counts the tickets under the same terms: rare things happen
    every so many turns, so that none is ever missing.
    """

    def __init__(self, rng: Random, hours: Hours, ticket: str, client: Client, now: int, turn: int) -> None:
        self.rng, self.hours, self.ticket, self.client, self.now, self.turn = (
            rng,
            hours,
            ticket,
            client,
            now,
            turn,
        )
        self.practice = PRACTICES[client.terms]
        self.is_gs = client.terms == GRUPO_STAFF
        self.requester = client.requester(now // DAY)
        self.consultant = self.pick(CONSULTANTS)
        self.priority = self.kind = ""
        self.told: list[Told] = []
        self.official_at = now
        self.unanswered = False
        self.returns_on: int | None = None

    def chance(self, percent: int) -> bool:
        """Whether something that happens in so many of a hundred cases happens now."""
        return self.rng.random() * 100 < percent

    def pick(self, among: Sequence[Choice]) -> Choice:
        """One of a sequence."""
        return among[int(self.rng.random() * len(among))]

    def between(self, low: int, high: int) -> int:
        """A whole number of [low, high)."""
        return low + int(self.rng.random() * (high - low))

    def work(self, low: int, high: int) -> int:
        """Let between `low` and `high` seconds of working time pass; the moment reached."""
        self.now = self.hours.after(self.now, self.between(low, high), self.practice.shift)
        return self.now

    def note(self, type_name: str, by: str, *, at: int | None = None, late: int = 0, key: str = "", **fields: Any) -> str:
        """Add an entry, by default of now, that need not be the ticket's own; its key. It is taken down `late`
        seconds after it happened."""
        moment = self.now if at is None else at
        key = key or f"{self.ticket}/{len(self.told) + 1}"
        about = {"type": type_name, "at": self.hours.text(moment), "by": by, "key": key}
        self.told.append((moment + late, {**about, **fields}))
        return key

    def tell(self, type_name: str, by: str | None = None, **fields: Any) -> str:
        """Add an entry of the ticket, by default by its consultant; otherwise as `note`."""
        return self.note(type_name, by or self.consultant, ticket=self.ticket, **fields)

    def void(self, key: str, reason: str) -> None:
        """Add the supervisor's correction, of now, of an entry told before. It names the entry, not the ticket."""
        self.note("EntryVoided", SUPERVISOR, entry=key, reason=reason)

    def days_late(self, moment: int) -> int:
        """Seconds from `moment` to the morning of a working day two to four days on: how late a late
        report comes.
        """
        morning = self.hours.open_days_later(moment, self.between(2, 5)) + self.between(9 * HOUR, 13 * HOUR)
        return morning - moment

    def mail(self, about: str) -> str:
        """The id of a message, as mail systems make them."""
        return f"<{self.ticket}.{about}.{len(self.told) + 1}@{self.client.id}.mx>"

    def session(self, started: int, ended: int, delivery: str = "remote", *, late: int = 0) -> None:
        """One to three consultants with the client from `started` to `ended`; the others may join
        later and leave earlier.
        """
        present: list[dict[str, str]] = [{"consultant": self.consultant}]
        others = self.rng.sample(CONSULTANTS, self.pick((0, 0, 0, 0, 1, 1, 2)))
        for other in (it for it in others if it != self.consultant):
            attendance = {"consultant": other}
            if self.chance(50):
                attendance["joined"] = self.hours.text(started + (ended - started) // 4)
            if self.chance(30):
                attendance["left"] = self.hours.text(ended - (ended - started) // 3)
            present.append(attendance)
        fields: Fields = {"started": self.hours.text(started), "ended": self.hours.text(ended)}
        fields |= {"consultants": present, "delivery": delivery}
        if delivery == "remote" and self.chance(80):
            fields["tool"] = self.pick(("TeamViewer", "AnyDesk", "AnyDesk", "Escritorio remoto"))
        self.now = ended
        self.tell("SessionHeld", late=late, **fields)
