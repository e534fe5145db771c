"""One ticket as the page shows it: the dossier's own figures, both bands, the stops of the two sliders, and what is supposed.

It asks the functions that the dossier and the command line ask, and works out no figure; running sums at most.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from msgspec import Struct

from adapters.dossier.gathering import Asked, gather
from adapters.language import spoken
from adapters.ledger import Ledger
from adapters.proofs.signing import Signer
from adapters.proofs.tree import TreeRows
from adapters.reports.reports import NotFound
from adapters.web.agreed import terms_seen
from adapters.web.asking import State, readings_known
from adapters.web.bands import Drawn, drawn
from adapters.web.supposing import Offered, Outcome, offered, outcome
from adapters.wording.differences import word_of_cause
from adapters.wording.happenings import voided
from adapters.wording.values import moment_of
from domain.events import Entry, TicketOpened
from domain.refusal import said
from domain.terms_document import Reading
from replay.dossier import CLOCKS, ClockName, Dossier, Row
from replay.hanging import Hangs

_STEPS_MINUTES = (1, 5, 15, 30, 60, 240, 1440, 10080)
_STEPS_WANTED = 200
_MARGIN = timedelta(hours=1)
_LATE = timedelta(seconds=60)
_SEGMENTS = 30


class Segment(Struct, frozen=True):
    """A segment of a clock, the how manyth, with the sums so far of its kind; both None for time that is not counted."""

    number: int
    row: Row
    counted: int | None
    total: int | None


class Stop(Struct, frozen=True):
    """A state of knowledge that can be chosen: a position, and the entry recorded there if it is one of the ticket's."""

    position: int
    entry: Entry | None


class Span(Struct, frozen=True):
    """The slider of the moment judged, in whole minutes since 1970: from the opening to after the last thing that happened. The
    right end means now."""

    first: int
    last: int
    step: int
    value: int

    def mark(self, minute: int) -> int:
        """The step of the slider that is nearest to a minute: browsers mark no others."""
        return self.first + (minute - self.first + self.step // 2) // self.step * self.step


class Provable(Struct, frozen=True):
    """What a browser may check: how many entries the last checkpoint is over, the key the server says is the desk's (None if it
    knows none), and whether it can sign a bundle."""

    size: int
    key: str | None
    can_sign: bool


class Ticket(Struct, frozen=True, kw_only=True):
    """A ticket for one question. `head` is the ledger's last position, `is_now` that no moment was asked for; `known` the stops
    of the second slider and `known_place` where it stands; `late` the entries recorded late and `later` those that do not count
    yet; `outcome` None if nothing is supposed, `problem` why what is asked cannot be; `hangs` None if that was not asked."""

    state: State
    dossier: Dossier
    zone: tzinfo
    head: int
    is_now: bool
    bands: Mapping[ClockName, Drawn | None]
    segments: Mapping[ClockName, Sequence[Segment]]
    void: Mapping[int, int]
    known: Sequence[Stop]
    known_place: int
    span: Span
    late: frozenset[int]
    later: frozenset[int]
    offered: Sequence[Offered]
    outcome: Outcome | None
    problem: str
    hangs: Sequence[Hangs] | None
    proof: Provable | None

    @property
    def own(self) -> frozenset[int]:
        """The positions of the entries on the page."""
        return frozenset(it["position"] for it in self.dossier.in_order())

    @property
    def askable(self) -> dict[str, Reading]:
        """The unclear clauses of the terms that may be supposed, by key."""
        return {key: it for one in self.offered for key, it in one.readings.items()}

    def cause_word(self, cause: Row) -> str:
        """A cause as the page names it: readings and terms in the words of the terms themselves."""
        key, _equals, option = str(cause["said"]).partition("=")
        if cause["kind"] == "reading" and key in self.askable and option in self.askable[key].options:
            return f"{key}: {getattr(self.askable[key].options[option], spoken()).rstrip('.')}"
        named = {it.terms: it.name for it in self.offered}
        if cause["kind"] == "terms" and key in named:
            return word_of_cause({**cause, "said": getattr(named[key], spoken())})
        return word_of_cause(cause)

    @property
    def compared_causes(self) -> list[Row]:
        """The entries that make the difference between two states of knowledge."""
        return causes(self.dossier.compared.changes) if self.dossier.compared is not None else []


def client_of(ledger: Ledger, ticket: str) -> str | None:
    """The client of a ticket, None if there is no such ticket."""
    first = next((it.event for it in ledger.stream(f"ticket:{ticket}")), None)
    return first.client if isinstance(first, TicketOpened) else None


def gathered(
    ledger: Ledger, ticket: str, state: State, now: datetime, signer: Signer | None = None, client: str | None = None
) -> Ticket:  # fmt: skip
    """A ticket for a question, judged at `now` (aware) unless the state says when. `signer` is the desk's, if it is at hand;
    `client` is the caller's, if it may see no other.

    NotFound if there is no such ticket, or there was none yet; BadQuestion for a reading that no terms have."""
    recorded = ledger.stream(f"ticket:{ticket}")
    if not recorded:
        raise NotFound("ticket", ticket)
    at, head = state.at or now, position_of(ledger, None, client)
    known = position_of(ledger, state.known_at, client)
    against = head if state.known_at is not None else known
    with readings_known("reading"):
        found = gather(ledger, Asked(ticket, at, known, against, state.readings), None, hanging=state.hangs)
    zone: tzinfo = ZoneInfo(found.zone) if found.zone != "UTC" else UTC
    bands = {name: _band(found, name, zone) for name in CLOCKS}
    stops = _stops(recorded, known, head)
    choices = offered(ledger, known, terms_seen(ledger, client))
    result, problem = outcome(ledger, found, state.supposed, choices)
    entries = found.in_order()
    return Ticket(
        state=state,
        dossier=found,
        zone=zone,
        head=head,
        is_now=state.at is None,
        bands=bands,
        segments={name: _shown(list(_segments(found.explained[name]["segments"])), state.whole) for name in CLOCKS},
        void=voided(list(found.explained["entries"])),
        known=stops,
        known_place=next((n for n, it in enumerate(stops) if it.position == known), len(stops))
        if known != head
        else len(stops),
        span=_span(recorded, found, at, now),
        late=frozenset(it["position"] for it in entries if _is_late(it)),
        later=frozenset(it["position"] for it in entries if moment_of(it["at"]) > at),
        offered=choices,
        outcome=result,
        problem=problem,
        hangs=found.hangs if state.hangs else None,
        proof=_provable(ledger, signer, client),
    )


def _is_late(entry: Row) -> bool:
    return moment_of(entry["recorded_at"]) - moment_of(entry["at"]) > _LATE


def _provable(ledger: Ledger, signer: Signer | None, client: str | None) -> Provable | None:
    """None if nothing was signed yet. A client gets no bundle: what proves a ticket shows all terms."""
    with ledger.reading(said("reading the checkpoints")) as plain:
        last = TreeRows.of(plain).last_checkpoint()
    return (
        None
        if last is None
        else Provable(last.size, signer.key.text() if signer else None, signer is not None and client is None)
    )


def position_of(ledger: Ledger, known_at: datetime | int | None, client: str | None) -> int:
    """What was known, as a position; of a client only the last one up to there that can concern it, which gives the same
    figures and does not tell how much others recorded."""
    position = ledger.position_at(known_at) if isinstance(known_at, datetime) else known_at
    with ledger.reading(said("looking a position up")) as rows:
        head = rows.head()
        wanted = head if position is None else min(position, head)
        return wanted if client is None else rows.last_of(client, wanted) or 0


def _band(dossier: Dossier, name: ClockName, zone: tzinfo) -> Drawn | None:
    band = dossier.band(name)
    return drawn(band, dossier.explained[name]["segments"], zone) if band is not None else None


def _segments(rows: Sequence[Row]) -> Iterator[Segment]:
    sums = {"running": 0, "paused": 0}
    for number, it in enumerate(rows, 1):
        kept = "running" if it["state"] == "running" else "paused" if it["state"] in ("paused", "contingency") else None
        if kept is None:
            yield Segment(number, it, None, None)
        else:
            sums[kept] += it["counted_seconds"]
            yield Segment(number, it, it["counted_seconds"], sums[kept])


def _shown(segments: list[Segment], whole: bool) -> list[Segment]:
    """Of very many the first and the last, unless all are wanted: a ticket left open for a year has two a day."""
    return segments if whole or len(segments) <= 2 * _SEGMENTS else [*segments[:_SEGMENTS], *segments[-_SEGMENTS:]]


# The two sliders ----------------------------------------------------------------------------------------------------


def _stops(recorded: Sequence[Entry], known: int, head: int) -> list[Stop]:
    """Every entry of the ticket as a state of knowledge; the one asked for too, where it is none of them."""
    stops = {it.position: Stop(it.position, it) for it in recorded}
    if known != head:
        stops.setdefault(known, Stop(known, None))
    return [stops[it] for it in sorted(stops)]


def _span(recorded: Sequence[Entry], dossier: Dossier, at: datetime, now: datetime) -> Span:
    happened = [it.event.at for it in recorded]
    dues = [datetime.fromisoformat(dossier.explained[it]["due_at"]) for it in CLOCKS if dossier.explained[it]["due_at"]]
    first = _minute(min(happened))
    last = _minute(min(max([*happened, *dues, *((at,) if at < now else ())]) + _MARGIN, max(now, max(happened))))
    wanted = max(last - first, 1) / _STEPS_WANTED
    step = next((it for it in _STEPS_MINUTES if it >= wanted), _STEPS_MINUTES[-1])
    last = first + step * -((first - last) // step) + step
    return Span(first, last, step, min(max(_minute(at), first), last) if at < now else last)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60


def causes(changes: Iterable[Row]) -> list[Row]:
    """The entries that are among the causes of differences, by position."""
    found = {it["said"]: it for row in changes for it in row["causes"] if "type" in it}
    return sorted(found.values(), key=lambda it: it["position"])
