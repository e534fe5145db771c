"""A lifelike year of a support desk, made up from a seed: the entries it would have recorded, in the order
it recorded them.

Pure: the same seed gives the same entries, byte for byte, and nothing is read or written. It goes day by
day and keeps only what is still to be taken down, so a year of any size streams in bounded memory. It does
not record: that is the ledger's.
"""

from collections import deque
from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from random import Random

from adapters.demo.cast import company_names
from adapters.demo.clients import CUSTOMSOFT, GRUPO_STAFF, Client, Proposed, Told
from adapters.demo.hours import DAY, HOUR, MINUTE, YEAR_DAYS, Hours
from adapters.demo.scenes import DISPUTED, REFUSED_KEY, RESERVED, TURNED_AWAY, scenes
from adapters.demo.story import Story
from adapters.demo.tickets import tell_ticket

__all__ = ["DISPUTED", "REFUSED_KEY", "START", "TURNED_AWAY", "entries", "year", "year_as_recorded"]

START = date(2025, 10, 1)
_LEAST_CLIENTS = 12
_GS_PERCENT = 62


def year(seed: int, *, clients: int = 12, tickets: int = 400, start: date = START) -> Iterator[Proposed]:
    """The proposed entries of the 365 days from `start` (dates in Mexico City), JSON-ready, no floats.

    `clients` (at least 4) are halved between the two built-in terms; `tickets` are opened in all, the two of
    the scenes among them. Recorded in this order under the built-in terms, every entry is taken, except the
    one with `REFUSED_KEY` (gs.1.1). ValueError for too few clients or tickets.
    """
    return (entry for _, entry in year_as_recorded(seed, clients=clients, tickets=tickets, start=start))


def year_as_recorded(
    seed: int, *, clients: int = 12, tickets: int = 400, start: date = START
) -> Iterator[tuple[datetime, Proposed]]:
    """As `year`, each entry with the moment the desk took it down: at or after its `at`, and never going
    back.
    """
    if clients < 4 or tickets < len(RESERVED):
        raise ValueError("a year needs at least 4 clients and 2 tickets")
    hours = Hours(start)
    told = _Desk(Random(seed), hours, clients, tickets).days()
    return ((hours.instant(moment), entry) for moment, entry in told)


def entries(seed: int, n: int) -> Iterator[Proposed]:
    """The first `n` entries of a year that has a few more, with 30 tickets a client: input for measuring
    (see `year`).
    """
    tickets = n * 14 // 100 + 40
    return islice(year(seed, clients=max(_LEAST_CLIENTS, tickets // 30), tickets=tickets), n)


class _Desk:
    """The year under way: `_agenda[day]` holds what is to be taken down on a day, with a number that
    settles ties.
    """

    def __init__(self, rng: Random, hours: Hours, clients: int, tickets: int) -> None:
        self._rng, self._hours, self._tickets = rng, hours, tickets
        self._agenda: list[list[tuple[int, int, Proposed]]] = [[] for _ in range(YEAR_DAYS)]
        self._noted = 0
        self._opened = 0
        self._turns = {GRUPO_STAFF: 0, CUSTOMSOFT: 0}
        self._returning: list[list[tuple[str, Client]]] = [[] for _ in range(YEAR_DAYS)]
        self._clients: dict[str, list[Client]] = {GRUPO_STAFF: [], CUSTOMSOFT: []}
        self._joining: deque[Client] = deque()
        self._meet(company_names(rng, clients))

    def days(self) -> Iterator[Told]:
        """Everything the desk takes down, day by day."""
        queue: deque[tuple[str, Client]] = deque()
        for day, openings in enumerate(self._openings()):
            self._welcome(day)
            queue.extend(self._returning[day])
            for _ in range(openings):
                self._open(day, *(queue.popleft() if queue else (None, None)))
            todays, self._agenda[day] = self._agenda[day], []
            todays.sort()
            for moment, _, entry in todays:
                yield moment, entry

    def _meet(self, names: list[str]) -> None:
        clients = [Client(self._rng, self._hours, number, name) for number, name in enumerate(names)]
        for client in clients:
            self._note(client.told)
            client.told = []
        self._joining.extend(sorted(clients, key=lambda it: it.joined))
        self._note(list(scenes(self._rng, self._hours, clients[0], clients[2])))

    def _welcome(self, day: int) -> None:
        while self._joining and self._joining[0].joined <= day:
            client = self._joining.popleft()
            self._clients[client.terms].append(client)

    def _openings(self) -> list[int]:
        """How many tickets are opened on each day; they add up to all but the reserved ones. Mondays
        are busiest.
        """
        weights = [
            self._rng.randrange(16, 25) + (8 if self._hours.date_of(day).weekday() == 0 else 0) if is_open else 1
            for day, is_open in enumerate(self._hours.is_open[:YEAR_DAYS])
        ]
        ordinary, total, so_far, planned = self._tickets - len(RESERVED), sum(weights), 0, []
        for weight in weights:
            before, so_far = so_far, so_far + weight
            planned.append(ordinary * so_far // total - ordinary * before // total)
        return planned

    def _open(self, day: int, continues: str | None, client: Client | None) -> None:
        client = client or self._pick_client()
        self._turns[client.terms] += 1
        it = Story(self._rng, self._hours, self._next_id(), client, self._moment(day), self._turns[client.terms])
        tell_ticket(it, continues)
        self._note(it.told)
        if it.returns_on is not None and it.returns_on < YEAR_DAYS:
            self._returning[it.returns_on].append((it.ticket, client))

    def _pick_client(self) -> Client:
        """Some clients ask far more often than others."""
        among = self._clients[GRUPO_STAFF if self._rng.random() * 100 < _GS_PERCENT else CUSTOMSOFT]
        return among[int(self._rng.random() * self._rng.random() * len(among))]

    def _moment(self, day: int) -> int:
        """When in the day a ticket is opened: mostly in working hours, sometimes in the evening."""
        first, last = (18 * HOUR, 22 * HOUR) if self._rng.random() < 0.09 else (8 * HOUR + 35 * MINUTE, 18 * HOUR)
        return day * DAY + first + int(self._rng.random() * (last - first))

    def _next_id(self) -> str:
        self._opened += 1
        ticket = f"T-{self._opened:04}"
        return self._next_id() if ticket in RESERVED else ticket

    def _note(self, told: list[Told]) -> None:
        """Put entries on the days they are taken down; what the year does not reach is left out."""
        for moment, entry in told:
            if moment < YEAR_DAYS * DAY:
                self._noted += 1
                self._agenda[moment // DAY].append((moment, self._noted, entry))
