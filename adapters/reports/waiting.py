"""Figures of tickets that wait in a temporary file until all are there: rows to be put in order, uses of quotas to be dealt.

So memory grows neither with the ledger nor with a report. What waits is encoded by `row_waiting` and `use_waiting`, in a form
that another process may send.
"""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from domain.time_base import epoch_seconds
from projections.consumption import Use
from projections.contracts import Contracts

WaitingRow = tuple[int, int, int, bytes]
"""Whole UTC seconds and microseconds of the moment that a row stands under, its position, and the row as JSON."""

WaitingUse = tuple[str, bytes]
"""The stream of the policy, or else of the client, that a use is dealt for, and the use."""

_SCHEMA = (
    "CREATE TABLE waiting_rows (at INTEGER, micros INTEGER, position INTEGER, row BLOB)",
    "CREATE TABLE waiting_uses (dealt_for TEXT, use BLOB)",
    "CREATE INDEX waiting_uses_dealt_for ON waiting_uses (dealt_for)",
)
_POLICY, _CLIENT = "policy:", "client:"


class _Kept(Struct, frozen=True, array_like=True):
    """A use without what applied to its ticket, which its client, opening and position tell again."""

    ticket: str
    client: str
    opened_at: datetime
    position: int
    priority: str
    onsite: bool
    visits: tuple[int, ...]
    quoted_minutes: int


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Kept).decode


def row_waiting(at: datetime, position: int, row: dict[str, Any]) -> WaitingRow:
    """A row that stands under a moment (aware) and a position."""
    return epoch_seconds(at), at.microsecond, position, msgspec.json.encode(row)


def use_waiting(use: Use) -> WaitingUse:
    """A use, by whom it is dealt for."""
    policy = use.agreed.policy
    kept = _Kept(use.ticket, use.client, *use.order, use.priority, use.onsite, use.visits, use.quoted_minutes)
    return _CLIENT + use.client if policy is None else _POLICY + policy.id, _encode(kept)


class Waiting:
    """The temporary file; close it. Takes rows and uses, then gives rows in order and, as `consumption.Uses`, the uses."""

    def __init__(self, contracts: Contracts) -> None:
        self._contracts = contracts
        self._file = sqlite3.connect("", isolation_level=None)
        for statement in _SCHEMA:
            self._file.execute(statement)
        self._file.execute("BEGIN")

    def add(self, rows: Iterable[WaitingRow] = (), uses: Iterable[WaitingUse] = ()) -> None:
        """More rows and uses, in any order."""
        self._file.executemany("INSERT INTO waiting_rows VALUES (?, ?, ?, ?)", rows)
        self._file.executemany("INSERT INTO waiting_uses VALUES (?, ?)", uses)

    def rows(self) -> Iterator[dict[str, Any]]:
        """The rows by moment, then position."""
        for (row,) in self._file.execute("SELECT row FROM waiting_rows ORDER BY at, micros, position"):
            yield msgspec.json.decode(row)

    def of_policy(self, policy: str) -> Iterator[Use]:
        """The uses dealt for a policy."""
        return self._dealt_for(_POLICY + policy)

    def outside(self, client: str) -> Iterator[Use]:
        """The uses of a client outside any policy."""
        return self._dealt_for(_CLIENT + client)

    def clients_outside(self) -> Collection[str]:
        """The clients that have such uses."""
        found = self._file.execute("SELECT DISTINCT dealt_for FROM waiting_uses WHERE dealt_for >= ? AND dealt_for < ?",
                                   (_CLIENT, _CLIENT[:-1] + ";"))  # fmt: skip
        return {name.removeprefix(_CLIENT) for (name,) in found}

    def _dealt_for(self, name: str) -> Iterator[Use]:
        for (kept,) in self._file.execute("SELECT use FROM waiting_uses WHERE dealt_for = ?", (name,)).fetchall():
            it = _decode(kept)
            agreed = self._contracts.agreement_at(it.client, epoch_seconds(it.opened_at), it.position)
            order = (it.opened_at, it.position)
            yield Use(it.ticket, it.client, order, it.priority, agreed, it.onsite, it.visits, it.quoted_minutes)

    def close(self) -> None:
        """Throws the file away."""
        self._file.close()
