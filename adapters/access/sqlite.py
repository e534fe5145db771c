"""The tokens of a ledger kept in a SQLite file: a file of their own beside it, `LEDGER.access`, for its owner's eyes only.

Apart from the ledger, so that who copies or publishes a ledger does not give away who may use its server.
"""

from pathlib import Path

from adapters.stores.beside import Content, FileBeside
from adapters.stores.sqlite_session import SQLiteSession
from adapters.stores.tables import TOKENS
from domain.refusal import said

_CONTENT = Content(
    suffix="access",
    application_id=0x62697478,
    form=1,
    tables=TOKENS,
    settings=("synchronous = FULL",),
    failed=said("the tokens in {path} failed: {problem}"),
    foreign=said("{path} does not hold the tokens of a server in a form that this program knows"),
    has_log=False,
)


def access_beside(ledger: Path) -> FileBeside[SQLiteSession]:
    """The tokens' file of a ledger."""
    return FileBeside(ledger, _CONTENT, SQLiteSession)
