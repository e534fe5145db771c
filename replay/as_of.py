"""One way to see a ledger: a question, asked of its streams as a lens shows them; and what all tickets come to in it.

As-of, comparison and what-if all look through this one place, so none of them has arithmetic of its own. It reads no store:
streams come in as values, and nothing seen through a lens is ever written.
"""

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol

from msgspec import Struct

from domain.agreement import Agreement
from domain.events import Entry, TermsPublished
from projections.accounts import Account, account, use_of
from projections.billing import Charge, per_event
from projections.consumption import Consumed, Use
from projections.contracts import Contracts, Question

Named = tuple[str, Sequence[Entry]]
"""A stream's name and all its entries, by version."""


class Lens(Protocol):
    """Shows a stream otherwise than it was recorded."""

    def entries(self, name: str, recorded: Sequence[Entry]) -> Sequence[Entry]:
        """The entries of the stream of this name, by version, as seen; `recorded` is all that stands in it."""


class Knowledge(Struct, frozen=True):
    """Shows what was recorded by a position, inclusive (None: everything), except that the positions in `flipped` are shown
    if they would not be, and not if they would. Publications of terms are always shown: what is bound to them is bound by
    position (rules 1.2), so a later one changes nothing that was known before it."""

    upto: int | None = None
    flipped: frozenset[int] = frozenset()

    def entries(self, name: str, recorded: Sequence[Entry]) -> Sequence[Entry]:
        if self.upto is None and not self.flipped:
            return recorded
        return [it for it in recorded if self._shows(it)]

    def _shows(self, entry: Entry) -> bool:
        if isinstance(entry.event, TermsPublished):
            return True
        known = self.upto is None or entry.position <= self.upto
        return known != (entry.position in self.flipped)


Seen = tuple[Question, Lens]
"""What makes a view of given streams."""


class View:
    """A question asked of streams seen through a lens. `shared` are the streams of clients, policies, terms and the desk."""

    def __init__(self, question: Question, lens: Lens, shared: Iterable[Named]) -> None:
        self.question = question
        self.lens = lens
        self.contracts = Contracts(question, ((name, lens.entries(name, recorded)) for name, recorded in shared))

    def through(self, question: Question, lens: Lens) -> "View":
        """The same contracts, with ticket streams seen through another lens: for lenses that show shared streams alike."""
        view = View.__new__(View)
        view.question, view.lens, view.contracts = question, lens, self.contracts
        return view

    def account(self, name: str, recorded: Sequence[Entry]) -> Account | None:
        """What the ticket of this stream comes to; None if its opening does not count."""
        return account(self.lens.entries(name, recorded), self.contracts)

    def use(self, name: str, recorded: Sequence[Entry]) -> Use | None:
        """What consumption needs of the ticket; None if its opening does not count, or under terms without quotas."""
        return use_of(self.lens.entries(name, recorded), self.contracts)


class Focus(Struct, frozen=True):
    """What is looked at: everything, or one client, policy or ticket."""

    client: str | None = None
    policy: str | None = None
    ticket: str | None = None

    def on(self, client: str, policies: Collection[str | None], ticket: str | None) -> bool:
        """Whether something of this client lies in it: a ticket under one of these policies, or (`ticket` None) a policy."""
        return (
            self.client in (None, client)
            and (self.policy is None or self.policy in policies)
            and (self.ticket is None or self.ticket == ticket)
        )


def policy_of(agreed: Agreement) -> str | None:
    """The id of the policy in force for a ticket, None without one."""
    return agreed.policy.id if agreed.policy is not None else None


class Totals(Struct):
    """What a focus comes to in one view. `amounts` are exact sums by currency of the amounts that are known;
    `not_agreed` and `to_be_quoted` count the rows of the bill that have none."""

    tickets: int = 0
    response_breached: int = 0
    resolution_breached: int = 0
    covered: int = 0
    pay_per_event: int = 0
    amounts: dict[str, Decimal] = {}
    not_agreed: int = 0
    to_be_quoted: int = 0

    def count(self, found: Account) -> None:
        """Add a ticket's verdicts and what it is charged by itself."""
        self.tickets += 1
        self.response_breached += found.assessment.response.verdict == "breached"
        self.resolution_breached += found.assessment.resolution.verdict == "breached"
        for charge in found.charges:
            self.charge(charge)

    def deal(self, consumed: Consumed, focus: Focus) -> None:
        """Add what became of the tickets of one policy, or of one client's outside any."""
        policy = consumed.policy.id if consumed.policy is not None else None

        def within(one: Use) -> bool:
            return focus.on(consumed.client, (policy,), one.ticket)

        self.covered += sum(within(it) for it in consumed.deal.covered)
        self.pay_per_event += sum(within(it.use) for it in consumed.deal.pay_per_event)
        for row in per_event(consumed.deal):
            if focus.on(consumed.client, (policy,), row.ticket):
                self.charge(row)

    def charge(self, charge: Charge, sign: int = 1) -> None:
        """Add one row of the bill; take it away with `sign` −1."""
        if charge.amount is not None and charge.currency is not None:
            self.amounts[charge.currency] = self.amounts.get(charge.currency, Decimal(0)) + sign * Decimal(charge.amount)
        self.not_agreed += sign * (charge.amount_note == "not agreed")
        self.to_be_quoted += sign * (charge.amount_note == "to be quoted")

    def as_row(self) -> dict[str, Any]:
        """The totals ready for JSON: money as decimal strings with cents, currencies in order of name."""
        return {
            "tickets": self.tickets,
            "breaches": {
                "response": self.response_breached,
                "resolution": self.resolution_breached,
                "total": self.response_breached + self.resolution_breached,
            },
            "covered": self.covered,
            "pay_per_event": self.pay_per_event,
            "amounts": money(self.amounts),
            "not_agreed": self.not_agreed,
            "to_be_quoted": self.to_be_quoted,
        }


def money(amounts: dict[str, Decimal]) -> dict[str, str]:
    """Sums by currency as decimal strings with cents; those of nothing left out."""
    return {currency: f"{amounts[currency]:.2f}" for currency in sorted(amounts) if amounts[currency]}
