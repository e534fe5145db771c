"""A ledger kept safe with what comes with PostgreSQL: dumped while it is written to, and restored elsewhere."""

import subprocess
from pathlib import Path

from adapters.ledger import Ledger, Taken
from adapters.proofs.verifying import verify
from tests.adapters.given import DESK, export, followed_up, opened, read
from tests.postgres_server import Databases, programs


def test_a_dump_made_in_use_is_restored_whole_guarded_and_goes_on(databases: Databases, tmp_path: Path) -> None:
    url, other, keys = databases.migrated(), databases.empty(), tmp_path / "keys"
    with Ledger.open(url, create=True, keys=keys) as ledger:
        ledger.record(read(*DESK, opened("T-1", key="k"), *(followed_up("T-1", n) for n in range(300))))
        subprocess.run([programs() / "pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", url], check=True)
        before = export(ledger)
        ledger.record(read(followed_up("T-1")))
    subprocess.run([programs() / "pg_restore", "--no-owner", f"--dbname={other}", tmp_path / "dump"], check=True)
    with Ledger.open(other, keys=keys) as ledger:
        assert export(ledger) == before
        assert verify(ledger, None).difference is None
        assert ledger.record(read(followed_up("T-1"))) == [Taken(307, (307,))]
    databases.drop(url, other)


def test_a_restored_dump_has_every_guard_that_the_ledger_had(databases: Databases, tmp_path: Path) -> None:
    url, other = databases.migrated(), databases.empty()
    subprocess.run([programs() / "pg_dump", "--format=custom", f"--file={tmp_path / 'dump'}", url], check=True)
    subprocess.run([programs() / "pg_restore", "--no-owner", f"--dbname={other}", tmp_path / "dump"], check=True)
    command = [programs() / "pg_dump", "--schema-only", "--restrict-key=x"]
    schemas = [subprocess.run([*command, it], capture_output=True, check=True).stdout for it in (url, other)]
    assert schemas[0] == schemas[1] and b"ENABLE ALWAYS TRIGGER" in schemas[0]
    databases.drop(url, other)
