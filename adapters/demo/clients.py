"""The clients of the demo: who they are, what they contracted, who may ask, and all entries of theirs that
are not tickets'.

Even-numbered clients are under grupo-staff, odd ones under customsoft. What each contracted goes round in a
fixed cycle, so that every case is there however few clients there are; only names, prices and days are
drawn.
"""

from collections.abc import Iterator
from random import Random
from typing import Any, NamedTuple

from adapters.demo.cast import SUPERVISOR, people_of, slug
from adapters.demo.hours import COMPANY_HOLIDAYS, DAY, HOUR, MINUTE, YEAR_DAYS, Hours

Proposed = dict[str, Any]
"""An entry in the exchange format, not recorded yet."""
Told = tuple[int, Proposed]
"""When the desk takes an entry down (seconds of the demo's wall clock), and the entry."""

GRUPO_STAFF, CUSTOMSOFT = "grupo-staff", "customsoft"
_KINDS = 6
_LATE_JOINER = 8
_SALES = "ventas"
_PER_EVENT = {"P1": 180_000, "P2": 140_000, "P3": 110_000, "P4": 85_000, "P5": 60_000}
_BENEFITS = (
    ("equipment_discount", "Descuento en dos lectores de código"),
    ("learning_material", "Guía de cierre anual"),
    ("project_advice", "Revisión del plan de migración"),
)
_CS_TIERS = ("basic", "intermediate", "advanced", "basic", "intermediate")


class Person(NamedTuple):
    """Someone who may ask, on the days numbered `first` … `last`."""

    id: str
    first: int
    last: int


class Client:
    """One client; building it decides its whole year. `told` are its entries, each with the moment it is
    taken down.
    """

    def __init__(self, rng: Random, hours: Hours, number: int, name: str) -> None:
        self.rng, self.hours = rng, hours
        self.id, self.name = slug(name), name
        self.kind = number // 2 % _KINDS
        self.terms = CUSTOMSOFT if number % 2 else GRUPO_STAFF
        self.joined = rng.randrange(10, 120) if number % _LATE_JOINER == _LATE_JOINER - 1 else 0
        self.local = rng.random() < 0.7
        self.currency = "USD" if self.kind == _KINDS - 1 and self.terms == GRUPO_STAFF else "MXN"
        self.policy = f"{'PC' if number % 2 else 'PG'}-{number + 1:04}"
        self.people = self._people(number)
        self._count = 0
        self.told: list[Told] = [*self._register(), *self._contract(), *self._staff_changes()]

    def requester(self, day: int) -> str:
        """Someone who may ask on that day."""
        people = [it.id for it in self.people if it.first <= day < it.last]
        return people[int(self.rng.random() * len(people))]

    def _people(self, number: int) -> list[Person]:
        """Two to four people; in a third of the clients the last one leaves during the year and
        another takes the place.
        """
        names = people_of(self.rng, self.id, self.rng.randrange(3, 6))
        people = [Person(name, self.joined, YEAR_DAYS) for name in names[:-1]]
        if number % 3 == 2:
            leaves = self.hours.next_open[self.joined + self.rng.randrange(60, 180)]
            people[-1] = people[-1]._replace(last=leaves)
            people.append(Person(names[-1], leaves, YEAR_DAYS))
        return people

    def _tell(self, type_name: str, moment: int, by: str, **fields: object) -> Told:
        self._count += 1
        key = f"{self.id}/{self._count}"
        return moment, {"type": type_name, "at": self.hours.text(moment), "by": by, "key": key, **fields}

    def _register(self) -> Iterator[Told]:
        moment = self.joined * DAY + 7 * HOUR
        about: dict[str, Any] = {
            "client": self.id,
            "name": f"{self.name}, S.A. de C.V.",
            "local": self.local,
        }
        if self._never_had_a_policy:
            about |= {"terms": self.terms, "prices": self._prices()}
        yield self._tell("ClientRegistered", moment, _SALES, **about)
        for person in self.people:
            if person.first == self.joined and self.terms == GRUPO_STAFF:
                moment += MINUTE
                yield self._tell("RequesterAuthorized", moment, _SALES, client=self.id, person=person.id)

    def _staff_changes(self) -> Iterator[Told]:
        for person in self.people if self.terms == GRUPO_STAFF else ():
            if person.last < YEAR_DAYS:
                moment = person.last * DAY + 8 * HOUR
                yield self._tell("RequesterRevoked", moment, self.people[0].id, client=self.id, person=person.id)
            if person.first > self.joined:
                moment = person.first * DAY + 8 * HOUR + MINUTE
                yield self._tell("RequesterAuthorized", moment, self.people[0].id, client=self.id, person=person.id)

    @property
    def _never_had_a_policy(self) -> bool:
        return self.terms == CUSTOMSOFT and self.kind == len(_CS_TIERS)

    def _contract(self) -> Iterator[Told]:
        """The policies of the year: most for a year, some renewed, expired or cancelled on the way."""
        if self._never_had_a_policy:
            return
        first, last = self.joined, self.joined + YEAR_DAYS - 1
        middle = first + self.rng.randrange(150, 210)
        signed = first * DAY + 7 * HOUR + 30 * MINUTE
        if self.terms == GRUPO_STAFF:
            renewed, expires, cancelled = self.kind == 2, False, False
        else:
            renewed, expires, cancelled = self.kind == 3, self.kind == 0, self.kind == 4
        yield self._policy(self.policy, signed, first, middle - 1 if renewed or expires else last)
        yield from self._benefits(first, middle)
        if renewed:
            yield self._policy(
                f"{self.policy}-B",
                (middle - 10) * DAY + 11 * HOUR,
                middle,
                middle + YEAR_DAYS - 1,
                again=True,
            )
        if cancelled:
            effective = self.hours.date_of(middle).isoformat()
            moment = (middle - 5) * DAY + 12 * HOUR
            yield self._tell("PolicyCancelled", moment, self.people[0].id, policy=self.policy, effective=effective)

    def _policy(self, policy: str, moment: int, first: int, last: int, *, again: bool = False) -> Told:
        fields: dict[str, Any] = {"policy": policy, "client": self.id, "terms": self.terms}
        if self.terms == CUSTOMSOFT:
            fields["tier"] = "advanced" if again else _CS_TIERS[self.kind]
        fields |= {
            "starts": self.hours.date_of(first).isoformat(),
            "ends": self.hours.date_of(last).isoformat(),
        }
        if not (self.terms == GRUPO_STAFF and self.kind == 4):
            fields["prices"] = self._prices()
        if self.kind == 3:
            fields["holidays"] = self._holidays(first, last)
        return self._tell("PolicyContracted", moment, _SALES, **fields)

    def _holidays(self, first: int, last: int) -> list[str]:
        days = (self.hours.date_of(day) for day in range(first, last + 1))
        return [day.isoformat() for day in days if (day.month, day.day) in COMPANY_HOLIDAYS]

    def _prices(self) -> dict[str, Any]:
        """Agreed prices as decimal strings. Some contracts agreed no surcharge, some no price for the
        small priorities.
        """
        if self.terms == GRUPO_STAFF:
            cents = (
                self.rng.randrange(60_000, 140_000, 2_500) if self.currency == "MXN" else self.rng.randrange(5_000, 9_000, 50)
            )
            agreed: dict[str, Any] = {"currency": self.currency, "hourly": _amount(cents)}
            return agreed if self.kind == 1 else agreed | {"after_hours_factor": self.rng.choice(("1.5", "1.75", "2"))}
        percent = self.rng.randrange(80, 130, 5)
        listed = list(_PER_EVENT.items())[: 4 if self.kind == 1 else 5]
        return {
            "currency": self.currency,
            "per_event": {it: _amount(cents * percent // 100) for it, cents in listed},
        }

    def _benefits(self, first: int, middle: int) -> Iterator[Told]:
        """What the higher tiers add, delivered while the first policy is in force."""
        if self.terms == CUSTOMSOFT and self.kind in (1, 2, 4):
            for benefit, detail in _BENEFITS[: self.kind % 3 + 1]:
                moment = self.rng.randrange(first + 20, middle - 10) * DAY + 13 * HOUR
                yield self._tell("BenefitDelivered", moment, SUPERVISOR, policy=self.policy, benefit=benefit, detail=detail)


def _amount(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
