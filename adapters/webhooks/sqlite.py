"""The subscriptions of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.webhooks`, for its owner only."""

from pathlib import Path

from adapters.stores.beside import Content, FileBeside
from adapters.stores.sqlite_session import SQLiteSession
from adapters.stores.tables import WEBHOOKS
from domain.refusal import said

_CONTENT = Content(
    suffix="webhooks",
    application_id=0x62697477,
    form=1,
    tables=WEBHOOKS,
    # What a power cut takes back was sent and is sent again, which receivers are told to expect.
    settings=("synchronous = NORMAL", "foreign_keys = ON"),
    failed=said("the webhooks in {path} failed: {problem}"),
    foreign=said("{path} does not hold the webhooks of a ledger in a form that this program knows"),
)


class SQLitePlace(FileBeside[SQLiteSession]):
    """The file of one ledger's subscriptions. Every failure of the database comes out as a LedgerError."""

    def __init__(self, ledger: Path) -> None:
        """Opens nothing yet: there may be no subscriptions."""
        super().__init__(ledger, _CONTENT, SQLiteSession)

    def may_send(self) -> bool:
        """See `places.Place`."""
        return self.lock("sending")
