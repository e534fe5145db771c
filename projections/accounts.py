"""One ticket's part in every account, and explained whole: the functions that reports, replays and stored accounts share."""

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from domain.events import Entry
from projections import billing, consumption
from projections.billing import Charge
from projections.clocks import Assessment, assess
from projections.consumption import Use
from projections.contracts import Contracts
from projections.history import facts


class Account(Struct, frozen=True, gc=False):
    """What one ticket comes to: its verdicts, its own charges, and its use of a quota (None under terms without)."""

    assessment: Assessment
    charges: tuple[Charge, ...]
    use: Use | None


def account(recorded: Sequence[Entry], contracts: Contracts) -> Account | None:
    """The account of a ticket from all its recorded entries, by version; None if its opening does not count."""
    found = facts(contracts.question.counted(recorded))
    if found is None:
        return None
    agreed = contracts.agreement(found)
    assessment = assess(found, agreed, contracts.everyone, contracts.question.at_seconds)
    return Account(assessment, tuple(billing.charges(found, agreed)), consumption.use(found, agreed))


def charged(recorded: Sequence[Entry], contracts: Contracts) -> tuple[list[Charge], Use | None]:
    """Only the charges and the use of a ticket's `account`, for which no clock needs to be judged; none of either if its
    opening does not count."""
    found = facts(contracts.question.counted(recorded))
    if found is None:
        return [], None
    agreed = contracts.agreement(found)
    return billing.charges(found, agreed), consumption.use(found, agreed)


def use_of(recorded: Sequence[Entry], contracts: Contracts) -> Use | None:
    """Only the use of a quota of a ticket's `account`, for which no clock needs to be judged."""
    found = facts(contracts.question.counted(recorded))
    return consumption.use(found, contracts.agreement(found)) if found is not None else None


def accounts(tickets: Iterable[tuple[str, Sequence[Entry]]], contracts: Contracts) -> Iterator[Account]:
    """The accounts of many tickets, one by one, from pairs of a stream's name and its entries."""
    for _, recorded in tickets:
        found = account(recorded, contracts)
        if found is not None:
            yield found


def bill(charges: Iterable[Charge], consumed: Iterable[consumption.Consumed]) -> list[Charge]:
    """The whole bill in order: what tickets are charged by themselves, and those paid per event."""
    return billing.in_order([*charges, *(row for it in consumed for row in billing.per_event(it.deal))])
