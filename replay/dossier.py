"""What a dossier on one ticket says, as one value: the figures explained, both clocks as bands, what was known then and now,
the readings on which the outcome hangs, the clauses cited, and what was proved.

Nothing is judged here: figures are those of `explain`, differences those of `compare`, readings those of the matrix.
It has no words and no layout; those are the business of the adapters.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from domain.terms import Rules
from domain.terms_document import Reading, Text
from domain.time_base import epoch_seconds
from projections.contracts import Question
from replay.hanging import Hangs

Row = Mapping[str, Any]
ClockName = Literal["response", "resolution"]
CLOCKS: tuple[ClockName, ClockName] = ("response", "resolution")
StretchState = Literal["running", "overrun", "paused", "contingency", "closed_hours", "resolved"]


class Stretch(Struct, frozen=True):
    """A part of a band in one state, in whole UTC seconds. `overrun` is running time after the target was used up."""

    start: int
    end: int
    state: StretchState


class Band(Struct, frozen=True):
    """One clock as it is drawn. Instants are whole UTC seconds; `end` is the stop or the moment judged; `due` is None where the
    clock shows none. `is_breached`: the due instant is also that of the breach."""

    stretches: tuple[Stretch, ...]
    start: int
    end: int
    due: int | None
    is_stopped: bool
    is_breached: bool


class Compared(Struct, frozen=True):
    """Two states of knowledge of the ticket at one moment, by the last position known, and every row that differs (as
    `Changed.as_row` has it)."""

    then: int
    now: int
    changes: Sequence[Row]


class Proof(Struct, frozen=True):
    """What was proved, and by what: the checkpoint of `size` entries with its root (base64) and signed note, the desk's public
    key in one line, the positions of the ticket that it covers and those that came later, how many entries are disclosed and
    how many time stamps lie beside them, and the SHA-256 (hexadecimal) of the bundle that carries it all."""

    origin: str
    size: int
    root: str
    note: str
    key: str
    covered: Sequence[int]
    later: Sequence[int]
    disclosed: int
    stamps: int
    bundle_sha256: str


class Dossier(Struct, frozen=True, kw_only=True):
    """All that is said of one ticket for one question. `explained` is the row of `explain`; `rules` are those that applied,
    None without terms; `others` the entries of other streams that are cited, by position; `compared` None if nothing was
    compared; `hangs` the clauses on which the ticket's outcome hangs, of `unclear` in its terms; `proof` None if none
    was asked for."""

    question: Question
    zone: str
    explained: Mapping[str, Any]
    rules: Rules | None
    others: Mapping[int, Row]
    compared: Compared | None
    hangs: Sequence[Hangs]
    unclear: int
    proof: Proof | None

    @property
    def ticket(self) -> str:
        """The ticket's id."""
        found: str = self.explained["ticket"]
        return found

    @property
    def opening(self) -> Row:
        """The entry that opened the ticket."""
        found: Row = next(it for it in self.explained["entries"] if it["type"] == "TicketOpened")
        return found

    def in_order(self) -> list[Row]:
        """The ticket's entries and the others cited, by the moment they happened, then position."""
        entries = [*self.explained["entries"], *self.others.values()]
        return sorted(entries, key=lambda it: (datetime.fromisoformat(it["at"]), it["position"]))

    def entry(self, position: int) -> Row | None:
        """The entry at a position, if it is one of the ticket's or cited."""
        own = (it for it in self.explained["entries"] if it["position"] == position)
        return next(own, self.others.get(position))

    def band(self, clock: ClockName) -> Band | None:
        """A clock as it is drawn; None for one that never started."""
        return band_of(self.explained[clock])

    def disputed(self) -> list[ClockName]:
        """The clocks whose verdict is a breach, or hangs on a reading."""
        moved = {clock for clock, _ in self._moved()}
        return [it for it in CLOCKS if self.explained[it]["verdict"] == "breached" or it in moved]

    def hangs_on(self, clock: ClockName) -> list[str]:
        """The keys of the readings under which the verdict of a clock would be another."""
        return list(dict.fromkeys(key for moved, key in self._moved() if moved == clock))

    def _moved(self) -> Iterator[tuple[ClockName, str]]:
        for clause in self.hangs:
            for verdicts in (one for it in clause.otherwise for one in it.verdicts):
                for clock, before, after in zip(CLOCKS, verdicts.before, verdicts.after, strict=True):
                    if before != after:
                        yield clock, clause.key

    def clauses(self) -> dict[str, Text]:
        """The wording of every clause cited by a figure, a segment, a charge or a reading on which the outcome hangs."""
        if self.rules is None:
            return {}
        texts = self.rules.terms.about.clauses
        found = (name for clause in self._cited() for name in _worded(clause, texts))
        return {name: texts[name] for name in found}

    def readings(self) -> dict[str, tuple[str, Reading]]:
        """How each unclear clause that bears on the figures was read: by key, the option in force and the reading."""
        if self.rules is None:
            return {}
        used: dict[str, str] = {}
        for part in (*(self.explained[it] for it in CLOCKS), self.explained["consumption"] or {"readings": {}}):
            used |= part["readings"]
        used |= self.rules.cited(tuple(self._cited()))
        known = self.rules.terms.about.readings
        return {key: (name, known[key]) for key, name in used.items() if key in known}

    def _cited(self) -> list[str]:
        cited: dict[str, None] = {}
        for name in CLOCKS:
            cited.update(dict.fromkeys(self.explained[name]["clauses"]))
            cited.update((it["clause"], None) for it in self.explained[name]["segments"] if it["clause"])
        cited.update((it["clause"], None) for it in self.explained["billing"] if it["clause"])
        paid = (self.explained["consumption"] or {"pay_per_event": []})["pay_per_event"]
        cited.update((it["clause"], None) for it in paid if it["ticket"] == self.ticket)
        for clause in self.hangs:
            cited.update(dict.fromkeys(clause.reading.clauses))
        return list(cited)


def causes_elsewhere(explained: Mapping[str, Any], compared: Compared | None) -> list[int]:
    """The positions that segments, or the differences between two states of knowledge, name and that are no entries of the
    ticket as it is known; in order."""
    own = {it["position"] for it in explained["entries"]}
    named = {it["cause"] for clock in CLOCKS for it in explained[clock]["segments"] if it["cause"] is not None}
    changes = compared.changes if compared is not None else ()
    named |= {it["position"] for row in changes for it in row["causes"] if it.get("position") is not None}
    return sorted(named - own)


def band_of(clock: Mapping[str, Any]) -> Band | None:
    """A clock of `explain` as it is drawn, running time cut where the target was used up; None for one that never started."""
    segments = clock["segments"]
    if clock["started_at"] is None or not segments:
        return None
    due = _instant(clock["due_at"]) if clock["due_at"] else None
    is_breached = clock["verdict"] == "breached"
    cut = due if is_breached else None
    stretches = tuple(it for segment in segments for it in _stretches(segment, cut))
    return Band(stretches, stretches[0].start, stretches[-1].end, due, clock["stopped_at"] is not None, is_breached)


def _stretches(segment: Mapping[str, Any], cut: int | None) -> Iterator[Stretch]:
    start, end, state = _instant(segment["from"]), _instant(segment["to"]), segment["state"]
    if state != "running" or cut is None or end <= cut:
        yield Stretch(start, end, state)
    elif cut <= start:
        yield Stretch(start, end, "overrun")
    else:
        yield Stretch(start, cut, "running")
        yield Stretch(cut, end, "overrun")


def _instant(text: str) -> int:
    return epoch_seconds(datetime.fromisoformat(text))


def _worded(clause: str, texts: Mapping[str, Text]) -> list[str]:
    """The clause, or, of the id of a group that the terms word only in parts (gs.7), its parts."""
    return [clause] if clause in texts else [it for it in texts if it.startswith(f"{clause}.")]
