"""Small logs written on the spot, in the columns of the real ones, and their translation."""

import gzip
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from adapters.importers import IMPORTERS, Contract, ImportOptions, Translated

HEADERS = {
    "servicenow": "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,caller_id,"
    "opened_by,opened_at,sys_updated_by,sys_updated_at,contact_type,category,subcategory,u_symptom,priority,"
    "assignment_group,assigned_to,resolved_at,closed_at",
    "helpdesk": "CaseID,ActivityID,CompleteTimestamp",
    "comments": "issueid,id,comment_seq,utr_seq,author,created,is_private,actionbody,author_role",
}


@pytest.fixture
def translate(tmp_path: Path) -> Callable[..., list[Translated]]:
    """`translate(source, rows, **contract)`: the rows under that log's header, translated; bytes stand as
    they are."""

    def run(source: str, rows: Iterable[str | bytes], packed: bool = False, **contract: Any) -> list[Translated]:
        lines = [HEADERS[source], *rows]
        content = b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines)
        file = tmp_path / "log.csv"
        file.write_bytes(gzip.compress(content) if packed else content)
        # UTC-3 all year, as the ServiceNow log seems to be
        options = ImportOptions(Contract(client="acme", name="Acme", **contract), ZoneInfo("Etc/GMT+3"))
        return list(IMPORTERS[source](file, options))

    return run
