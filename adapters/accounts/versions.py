"""Which versions of the stored accounts there are, how far each has come, and which one readers see.

Tables carry the number of their version in their name (`sla_2`); views with the plain names show the version in use. It runs in
a session given to it and neither begins nor ends transactions.
"""

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from adapters.accounts.session import AccountsSession
from adapters.accounts.tables import TABLES

State = Literal["judging", "dealing", "catching_up", "active"]
"""What is done with a version: its tickets are judged, its quotas dealt, it catches up with the ledger, it is in use."""
BUILDING: tuple[State, ...] = ("judging", "dealing", "catching_up")


class Version(Struct, frozen=True):
    """One version of the stored accounts: by which definition, how far it has come, up to which position of the ledger it is or
    is being made (and the id of the entry there), and when it was begun, as of which moment it is made."""

    number: int
    definition: int
    state: State
    position: int
    entry_id: str
    begun_at: str


class Versions:
    """Which versions there are, in one transaction."""

    def __init__(self, session: AccountsSession) -> None:
        self.session = session

    def all(self) -> list[Version]:
        """All of them, the oldest first."""
        found = self.session.all(
            "SELECT number, definition, state, position, entry_id, begun_at FROM account_versions ORDER BY number"
        )
        return [Version(*it) for it in found]

    def active(self) -> Version | None:
        """The one that readers see."""
        return next((it for it in self.all() if it.state == "active"), None)

    def left(self) -> Version | None:
        """The one that is being built, or was when its builder ended; None if there is none."""
        return next((it for it in self.all() if it.state in BUILDING), None)

    def begin(self, definition: int, at: str, position: int, entry_id: str) -> Version:
        """A new version, empty, its tables made, to be built up to this position; whatever else was begun is thrown away."""
        before = self.all()
        self.drop([it for it in before if it.state != "active"])
        made = Version(max((it.number for it in before), default=0) + 1, definition, "judging", position, entry_id, at)
        self.session.begin_version(made.number)
        self.session.run(
            "INSERT INTO account_versions (number, definition, state, position, entry_id, begun_at) VALUES (?, ?, ?, ?, ?, ?)",
            made.number, made.definition, made.state, made.position, made.entry_id, made.begun_at,
        )  # fmt: skip
        return made

    def move(self, number: int, position: int, entry_id: str) -> None:
        """A version is now up to this position."""
        self.session.run("UPDATE account_versions SET position = ?, entry_id = ? WHERE number = ?", position, entry_id, number)

    def enter(self, number: int, state: State) -> None:
        """A version has come so far."""
        self.session.run("UPDATE account_versions SET state = ? WHERE number = ?", state, number)

    def switch(self, number: int) -> None:
        """From the end of this transaction on readers see this version, and the one before it is gone."""
        self.session.show_version(number)
        self.enter(number, "active")
        self.drop([it for it in self.all() if it.number != number])

    def drop(self, versions: Iterable[Version]) -> None:
        """Throws versions away."""
        for it in versions:
            for table in TABLES:
                self.session.run(f"DROP TABLE IF EXISTS {table.name}_{it.number}")
            self.session.run("DELETE FROM account_versions WHERE number = ?", it.number)
