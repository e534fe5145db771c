"""Tickets judged a part at a time, for a build of the stored accounts: by this process, or shared out among several.

Each process opens the ledger itself and sends back rows, ready to be stored; nothing is written here. Parts come in the order
of their tickets' names, so that what is stored always ends somewhere, and a build can go on from there.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from msgspec import Struct

from adapters.accounts.filling import Rows, TicketRows, together
from adapters.accounts.judging import Judging, Parked
from adapters.ledger import Ledger, Names
from adapters.mapper import Unreadable
from adapters.uncollected import uncollected
from adapters.workers import shared_out


class PartRows(Struct, frozen=True):
    """What is stored of some tickets: how many they are, their rows, and what could not be judged."""

    tickets: int
    rows: Rows
    parked: Sequence[Parked]


def parts_left(parts: Sequence[Names], last: str) -> list[Names]:
    """What is left of the parts of a kind's streams after a stream, by name; everything if that is empty."""
    if not last:
        return list(parts)
    # No name has such a character: it stands for the first one after that name.
    return [(max(first, f"{last}\1"), beyond) for first, beyond in parts if beyond is None or last < beyond]


def part_rows(ledger: Ledger, judging: Judging, part: Names) -> PartRows:
    """What is stored of the tickets of a part, judged. LedgerError if the ledger cannot be read."""
    with uncollected():
        found = list(_judged(ledger, judging, part))
    judged = [it for it in found if isinstance(it, TicketRows)]
    return PartRows(len(found), together(judged), [it for it in found if isinstance(it, Parked)])


def parts_judged(url: str, at: datetime, known: int, parts: Sequence[Names], workers: int) -> Generator[PartRows, None, None]:
    """The same of every part, in their order, by so many processes; judged at a moment with what is recorded up to a position.
    Raises as `workers.shared_out`."""
    return shared_out(min(workers, len(parts)), _judging, (url, at, known), parts)


@contextmanager
def _judging(url: str, at: datetime, known: int) -> Iterator[Callable[[Names], PartRows]]:
    with Ledger.open(url) as ledger:
        judging = Judging(ledger, at, known)
        yield lambda part: part_rows(ledger, judging, part)


def _judged(ledger: Ledger, judging: Judging, part: Names) -> Iterator[TicketRows | Parked]:
    """Tickets by name. Read together, until one cannot be read; from there on, one by one."""
    first, beyond = part
    last = ""
    try:
        for name, recorded in ledger.streams("ticket", judging.question.known, part):
            found = judging.ticket(name.removeprefix("ticket:"), recorded)
            last = name
            if found is not None:
                yield found
    except Unreadable:
        left = (it for it in ledger.names("ticket") if it > last and it >= first and (beyond is None or it < beyond))
        yield from judging.tickets(it.removeprefix("ticket:") for it in left)
