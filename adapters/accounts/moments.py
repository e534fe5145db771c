"""Accounts as of one question: another moment, another state of knowledge, other readings. Made once, and never followed.

They are the tables that are followed too, judged by the same functions, so that whatever is asked of those can be asked of
these. Entries never change, so they hold for their question for ever; how long they are kept is their maker's business.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from adapters.accounts.filling import ClientRows, TicketRows, moment, together
from adapters.accounts.judging import Judging, Parked
from adapters.accounts.parts import PartRows, part_rows
from adapters.accounts.places import Accounts
from adapters.accounts.rows import AccountRows
from adapters.accounts.tables import DEFINITION
from adapters.accounts.versions import Versions
from adapters.ledger import Ledger
from adapters.mapper import LedgerError
from domain.refusal import said
from projections.contracts import Question

_AT_ONCE = 500


def make(
    ledger: Ledger, accounts: Accounts, question: Question, client: str | None, progress: Callable[[int, int], None]
) -> None:  # fmt: skip
    """Makes, in accounts that hold nothing yet, those of a question whose position is said; of one client only, unless that is
    None. `progress` is told how many tickets are judged of how many. UnknownReading for a reading that no terms have;
    LedgerError if the ledger cannot be read, or something in it not be judged."""
    known = question.known
    assert known is not None, "accounts of a moment are of a settled position"
    judging = Judging(ledger, question.at, known, readings=question.readings)
    with accounts.writing() as session:
        number = Versions(session).begin(DEFINITION, moment(question.at), known, "").number
        rows = AccountRows(session, number)
        _judge(rows, ledger, judging, client, progress)
        session.index_version(number)
        _deal(rows, judging, [client] if client is not None else _clients(ledger))
        Versions(session).switch(number)


def _clients(ledger: Ledger) -> list[str]:
    return [it.removeprefix("client:") for it in ledger.names("client")]


def _judge(
    rows: AccountRows, ledger: Ledger, judging: Judging, client: str | None, progress: Callable[[int, int], None]
) -> None:  # fmt: skip
    names = ledger.names("ticket") if client is None else [it for it in ledger.streams_of(client) if it.startswith("ticket:")]
    done, total = 0, len(names)
    for part in _parts(ledger, judging, None if client is None else names):
        for parked in part.parked:
            raise _unjudged(parked)
        rows.put_new(part.rows)
        done += part.tickets
        progress(done, total)


def _parts(ledger: Ledger, judging: Judging, names: Sequence[str] | None) -> Iterator[PartRows]:
    """The tickets of these streams judged, or all, a part at a time."""
    known = judging.question.known or 0
    if names is None:
        yield from (part_rows(ledger, judging, it) for it in ledger.divided("ticket", known))
        return
    judged = judging.tickets(it.removeprefix("ticket:") for it in names)
    while some := list(islice(judged, _AT_ONCE)):
        found = [it for it in some if isinstance(it, TicketRows)]
        yield PartRows(len(some), together(found), [it for it in some if isinstance(it, Parked)])


def _deal(rows: AccountRows, judging: Judging, clients: Sequence[str]) -> None:
    for first in range(0, len(clients), _AT_ONCE):
        some = clients[first : first + _AT_ONCE]
        uses = rows.uses_of(some)
        dealt: list[ClientRows] = []
        for it in some:
            found = judging.client(it, uses[it])
            if isinstance(found, Parked):
                raise _unjudged(found)
            dealt.append(found)
        rows.put_clients(dealt, are_new=True)


def _unjudged(parked: Parked) -> LedgerError:
    return LedgerError(said("{subject} cannot be judged: {problem}"), subject=parked.subject, problem=parked.problem)
