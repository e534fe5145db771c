"""The lists of the page are the same from the accounts of each store as from those that the server makes for itself."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from adapters.accounts.building import Building
from adapters.accounts.places import accounts_of
from adapters.demo.desk import entries
from adapters.ledger import Ledger
from adapters.web import listing
from adapters.web.kept import Kept
from domain.shape import read_entry
from tests.stores import Ledgers

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def lists(kept: Kept, ledger: Ledger) -> tuple[bool, list[Any]]:
    """Whether they come from stored accounts, and what they hold."""
    with kept.reading() as view:
        first = listing.tickets(view, listing.Filters(status="closed"))
        second = listing.tickets(view, listing.Filters(before=first.next))
        seen = [listing.overview(view, None), first, second, listing.clients(view, ledger, ""), listing.known(view, None)]
        return view.is_stored, [*seen, listing.quotas(view, None, near=False)]


def test_stored_accounts_of_each_store_list_what_the_servers_own_list(store: Ledgers) -> None:
    with store.open(create=True) as ledger:
        ledger.record([read_entry(msgspec.json.encode(it)) for it in entries(7, 400)])
        kept, accounts = Kept(ledger, lambda: NOW), accounts_of(ledger.url)
        was_stored, own = lists(kept, ledger)
        Building(ledger, accounts, lambda: NOW).build()
        is_stored, stored = lists(kept, ledger)
        kept.close()
        accounts.close()
    assert (was_stored, is_stored) == (False, True)
    assert stored == own
