"""How sealed texts are shown: in plain to whoever has the keys, as a mark where a key is gone or not here.

One `Unsealed` is made for every answer, since keys may be destroyed at any time. What seals and opens is in `sealing`.
"""

from collections.abc import Callable
from typing import Any

from msgspec import structs

from adapters.personal.marks import FORGOTTEN, UNREADABLE
from adapters.personal.sealing import Seals, subject_of
from domain.events import AnyEvent, Entry
from domain.personal import rewritten


class Unsealed:
    """Entries as they are shown to people, or written out, by whoever holds the keys."""

    def __init__(self, seals: Seals | None, forgotten: Callable[[], frozenset[str]]) -> None:
        """`seals` None: a ledger that is not sealed. `forgotten` gives the subjects whose tombstone is recorded."""
        self._seals = seals
        self._forgotten = forgotten() if seals is not None else frozenset()
        if seals is not None:
            seals.refresh()

    def text(self, text: str) -> str:
        """A text in plain, or the mark that says why not."""
        plain = self._opened(text)
        if plain is None:
            return FORGOTTEN if subject_of(text) in self._forgotten else UNREADABLE
        return plain

    def entry(self, entry: Entry) -> Entry:
        """The entry with its personal texts in plain, or marks in their place."""
        return entry if self._seals is None else structs.replace(entry, event=self.event(entry.event))

    def event(self, event: AnyEvent) -> AnyEvent:
        """The event with its personal texts in plain, or marks in their place."""
        return self._changed(event, self.text)

    def exported(self, entry: Entry) -> Entry:
        """The entry with its personal texts in plain; what cannot be opened stays sealed, so that it can be restored. So does
        what would look sealed in plain."""
        return entry if self._seals is None else structs.replace(entry, event=self._changed(entry.event, self._exported))

    def _exported(self, text: str) -> str:
        plain = self._opened(text)
        return text if plain is None or subject_of(plain) is not None else plain

    def _opened(self, text: str) -> str | None:
        # A key may have come back with a backup; whom the ledger has forgotten stays forgotten.
        if self._seals is None:
            return text
        return None if subject_of(text) in self._forgotten else self._seals.opened(text)

    def _changed(self, event: AnyEvent, change: Callable[[str], str]) -> AnyEvent:
        return event if self._seals is None else rewritten(event, lambda whose, text: change(text))

    def consumption(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of `report consumption` with the details of its benefits in plain."""
        return row | {"benefits": self._benefits(row["benefits"])} if row["benefits"] else row

    def change(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row of a comparison, likewise."""
        fields = row["fields"]
        if "benefits" not in fields:
            return row
        told = {side: found and self._benefits(found) for side, found in fields["benefits"].items()}
        return row | {"fields": fields | {"benefits": told}}

    def _benefits(self, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [it | {"detail": None if it["detail"] is None else self.text(it["detail"])} for it in found]


AS_STORED = Unsealed(None, frozenset)
"""Entries shown with their personal texts as they are stored, sealed."""
