"""A client: who it is, which prices and terms hold for it without a policy, and whom it lets ask for help.

Events in, state out; entries are folded in the order in which they count. It judges nothing.
"""

from datetime import datetime
from typing import assert_never

from msgspec import UNSET, Struct, structs

from domain.events import (
    ClientRegistered,
    Entry,
    EntryVoided,
    Prices,
    RequesterAuthorized,
    RequesterRevoked,
    RequestRefused,
)

Moment = tuple[datetime, int]
"""Where an entry stands in the order of (`at`, position)."""

ClientEvent = ClientRegistered | RequesterAuthorized | RequesterRevoked | RequestRefused | EntryVoided


class Client(Struct, frozen=True):
    """`authority` gives for each person the moments at which authority was given (True) or taken (False), in order."""

    registered: ClientRegistered | None = None
    registered_order: Moment | None = None
    authority: dict[str, tuple[tuple[Moment, bool], ...]] = {}

    @property
    def prices(self) -> Prices | None:
        """The prices agreed for this client's tickets without a policy in force."""
        if self.registered is None or self.registered.prices is UNSET:
            return None
        return self.registered.prices

    @property
    def local(self) -> bool:
        """Within reach of an on-site visit; no client is, while no registration says so."""
        return self.registered is not None and self.registered.local

    def authorizes(self, person: str, moment: Moment) -> bool:
        """Whether `person` may open tickets at this moment: the last word at or before it (gs.1.1, rules 1.3)."""
        allowed = False
        for when, given in self.authority.get(person, ()):
            if when > moment:
                break
            allowed = given
        return allowed


def evolve(client: Client, entry: Entry) -> Client:
    """The client after one more entry of its stream."""
    event: ClientEvent = entry.event  # type: ignore[assignment]
    match event:
        case ClientRegistered():
            return structs.replace(client, registered=event, registered_order=(event.at, entry.position))
        case RequesterAuthorized():
            return _with_authority(client, event.person, (event.at, entry.position), True)
        case RequesterRevoked():
            return _with_authority(client, event.person, (event.at, entry.position), False)
        case RequestRefused() | EntryVoided():
            return client
        case _:
            assert_never(event)


def _with_authority(client: Client, person: str, when: Moment, given: bool) -> Client:
    known = client.authority.get(person, ())
    return structs.replace(client, authority={**client.authority, person: (*known, (when, given))})
