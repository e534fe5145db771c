"""The answers of the server, as the OpenAPI document tells them. Nothing is made of these types: the rows come as they are from
the functions that the command line calls, and a test holds that they are of this form.
Rows of reports are those of the contract.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from adapters.access.tokens import Role
from adapters.contract.accounts import Charge, ClockAccount, ConsumptionAccount
from adapters.http.problems import Problem
from adapters.proofs.proved_entries import ProvedEntry
from domain.rules import Provisions

Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]


class Segment(Struct, rename={"from_": "from"}):
    """A piece of a clock. `cause` is the position of the entry that began it."""

    from_: Time
    to: Time
    state: Literal["running", "paused", "contingency", "closed_hours", "resolved"]
    counted_seconds: int
    cause: int | None
    clause: str


class ClockExplained(ClockAccount, frozen=True):
    """One clock of a ticket, piece by piece."""

    segments: list[Segment]


class UnattendedRow(Struct):
    """A row of `report unattended`."""

    ticket: str
    client: str
    since: Time
    support_seconds: int
    clause: str


class RecordedEntry(Struct, rename={"type_": "type"}):
    """An entry as it stands: the fields of its event, and those that only the ledger adds. `by` is who did it,
    `recorded_by` the name of the token that it was recorded with, where it came over HTTP."""

    type_: str
    at: Time
    position: int
    stream: str
    version: int
    recorded_at: Time
    id: str
    by: str | UnsetType = UNSET
    key: str | UnsetType = UNSET
    recorded_by: str | UnsetType = UNSET


class Page(Struct):
    """Entries, in order; `next` is what to ask for `after` to go on, null if there are no more."""

    entries: list[RecordedEntry]
    next: int | None


class Explained(Struct):
    """A ticket explained."""

    ticket: str
    entries: list[RecordedEntry]
    response: ClockExplained
    resolution: ClockExplained
    billing: list[Charge]
    consumption: ConsumptionAccount | None
    status: str


class Recorded(Struct):
    """An entry is recorded: at `position`, along with others at `positions` that it brought; `is_new` unless it was recorded
    before, by the same key and with the same content."""

    position: int
    positions: list[int]
    is_new: bool
    proof: ProvedEntry | None


class LineAnswer(Struct, omit_defaults=True):
    """What became of a line: recorded, as `Recorded`, or refused, as a problem."""

    line: int
    position: int | None = None
    positions: list[int] = []
    is_new: bool = False
    problem: Problem | None = None
    proof: ProvedEntry | None = None


class Signed(Struct):
    """A checkpoint: how many entries it covers, its signed note (C2SP), and when it was made."""

    size: int
    note: str
    made_at: Time


class Proved(Struct):
    """An entry of a ticket and its proof, a C2SP text; `leaf` is what was hashed, in base64."""

    position: int
    stream: str
    version: int
    leaf: str
    proof: str


class PublishedTerms(Struct):
    """A version of terms that was published."""

    terms: str
    version: int
    position: int
    recorded_at: Time
    digest: str | None


class Provided(Struct):
    """What a version of terms provides under the readings told. Durations are whole seconds."""

    terms: str
    version: int
    position: int
    readings: dict[str, str]
    provisions: Provisions


class Found(Struct):
    """A difference: what it is, and where, null if it is of no one entry."""

    position: int | None
    message: str


class VerifiedAccounts(Struct):
    """What was found by holding the stored accounts against a replay: of how many tickets, up to which position; how many were
    not compared, since they are parked or still to be judged again. `difference` is the first thing that is wrong."""

    tickets: int
    position: int
    parked: int
    owed: int
    difference: Found | None


class Verified(Struct):
    """What was found by reading every stored byte. `difference` is the first thing that is wrong; `key` is the public key that
    signatures were held against, null if they were not; `accounts` tells of the stored accounts, null if there are none, or the
    ledger itself differs."""

    is_whole: bool
    entries: int
    streams: int
    checkpoints: int
    signed: int
    difference: Found | None
    key: str | None
    accounts: VerifiedAccounts | None


class StoredAccounts(Struct):
    """A version of the stored accounts, and how many entries it is behind."""

    version: int
    definition: int
    state: str
    position: int
    behind: int
    begun_at: Time
    parked: int


class Parked(Struct):
    """A ticket, or another stream, with an entry that could not be processed."""

    subject: str
    client: str | None
    position: int
    problem: str
    parked_at: Time
    attempts: int


class Me(Struct):
    """Whom a token makes of its bearer."""

    name: str
    role: Role
    client: str | None


class Health(Struct):
    """The server answers."""

    status: Literal["alive"]


class Ready(Struct):
    """Whether the server can do its work, and what of it it can."""

    status: Literal["ready", "not ready"]
    checks: dict[str, str]
