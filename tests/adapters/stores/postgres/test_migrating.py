"""What makes a ledger's schema, and what is said of a database that has none, has another, or is not there."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

from adapters.ledger import Ledger, LedgerError
from adapters.settings import ledger_name
from adapters.stores.migrating import migrate
from adapters.stores.postgres import schema
from adapters.stores.postgres.connecting import prepare
from tests.postgres_server import Databases, database_url, own_server

ROOT = Path(__file__).parents[4]


def explained(url: str, **options: object) -> str:
    """What a person is told who opens the ledger at a URL."""
    with pytest.raises(LedgerError) as caught:
        Ledger.open(url, **options).close()  # type: ignore[arg-type]
    return str(caught.value)


@pytest.fixture
def empty(databases: Databases) -> str:
    return databases.empty()


class TestMigrating:
    def test_a_schema_is_made_once_and_again_changes_nothing(self, empty: str, tmp_path: Path) -> None:
        assert migrate(empty) == (0, schema.FORM)
        assert migrate(empty) == (schema.FORM, schema.FORM)
        with Ledger.open(empty, create=True, keys=tmp_path / "keys") as ledger:
            assert ledger.head() == 2
        assert migrate(empty) == (schema.FORM, schema.FORM)

    def test_many_at_once_make_it_once(self, empty: str) -> None:
        with ThreadPoolExecutor(6) as pool:
            found = sorted(pool.map(lambda _: migrate(empty), range(6)))
        assert found == [(0, schema.FORM)] + [(schema.FORM, schema.FORM)] * 5

    def test_many_databases_of_one_server_migrated_at_once_share_the_roles(self, databases: Databases) -> None:
        with ThreadPoolExecutor(4) as pool:
            assert set(pool.map(migrate, [databases.empty() for _ in range(4)])) == {(0, schema.FORM)}

    def test_a_step_that_fails_leaves_what_was_there(self, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
        migrate(empty)
        more = (*schema.STEPS, ("CREATE TABLE kept (x int)", "SELECT 1 / 0"))
        for name, value in (("STEPS", more), ("FORM", len(more))):
            monkeypatch.setattr(f"adapters.stores.postgres.migrating.{name}", value)
        with pytest.raises(LedgerError, match="failed while migrating it: division by zero"):
            migrate(empty)
        with psycopg.connect(empty) as connection:
            found = connection.execute("SELECT to_regclass('bitacora.kept'), max(form) FROM bitacora.schema_forms")
            assert found.fetchone() == (None, schema.FORM)

    def test_a_later_step_brings_an_older_schema_on(self, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
        migrate(empty)
        before, more = schema.FORM, (*schema.STEPS, ("CREATE TABLE later (x int)",))
        for name, value in (("STEPS", more), ("FORM", len(more))):
            monkeypatch.setattr(f"adapters.stores.postgres.migrating.{name}", value)
            monkeypatch.setattr(f"adapters.stores.postgres.schema.{name}", value)
        assert migrate(empty) == (before, before + 1)
        monkeypatch.undo()
        with pytest.raises(LedgerError, match="newer version of this program"):
            migrate(empty)

    @pytest.mark.parametrize("form", range(1, schema.FORM))
    def test_every_earlier_form_is_brought_to_this_one_with_its_entries(
        self, empty: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: int
    ) -> None:
        for name, value in (("STEPS", schema.STEPS[:form]), ("FORM", form)):
            monkeypatch.setattr(f"adapters.stores.postgres.migrating.{name}", value)
        assert migrate(empty) == (0, form)
        monkeypatch.setattr("adapters.stores.postgres.connecting.FORM", form)
        with Ledger.open(empty, create=True, keys=tmp_path / "keys") as ledger:
            before = [it.id for it in ledger.entries()]
        monkeypatch.undo()
        assert migrate(empty) == (form, schema.FORM)
        with Ledger.open(empty, keys=tmp_path / "keys") as ledger:
            assert [it.id for it in ledger.entries()] == before
        with psycopg.connect(empty) as connection:
            for table in ("access_tokens", "webhooks", "webhook_queues"):
                assert connection.execute(f"SELECT count(*) FROM bitacora.{table}").fetchone() == (0,)

    def test_another_encoding_is_refused(self, databases: Databases) -> None:
        url = databases.empty(encoding="LATIN1")
        with pytest.raises(LedgerError, match="does not keep text as UTF8"):
            migrate(url)


class TestOpening:
    def test_without_a_schema_the_command_is_named(self, empty: str) -> None:
        assert "has no ledger's tables yet: run `bitacora migrate`" in explained(empty, create=True)

    def test_a_schema_of_an_older_form_is_not_written_to(self, empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
        migrate(empty)
        needed = schema.FORM + 1
        monkeypatch.setattr("adapters.stores.postgres.connecting.FORM", needed)
        told = explained(empty, create=True)
        assert f"has tables of form {schema.FORM} and this program needs {needed}: run `bitacora migrate`" in told

    def test_a_newer_schema_is_refused_with_both_forms_named(self, databases: Databases) -> None:
        url = databases.migrated()
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO bitacora.schema_forms (form) VALUES (77)")
        assert f"newer version of this program (form 77; this one reads up to {schema.FORM})" in explained(url)

    def test_a_schema_without_entries_is_no_ledger_yet(self, databases: Databases) -> None:
        assert "is empty: there is no ledger in it yet" in explained(databases.migrated())

    def test_a_server_that_is_not_there(self) -> None:
        told = explained("postgresql://ana:secret@127.0.0.1:9/desk")
        assert told.startswith("postgresql://ana@127.0.0.1:9/desk cannot be reached: ") and "secret" not in told

    def test_a_database_that_is_not_there(self, databases: Databases) -> None:
        told = explained(database_url(databases.server, "nowhere", password="secret"))
        assert "cannot be opened" in told and '"nowhere" does not exist' in told and "secret" not in told

    def test_a_password_that_is_wrong_is_not_repeated(self) -> None:
        with own_server() as server:
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute("CREATE ROLE eva LOGIN PASSWORD 'right'")
            server.only_with_password("eva")
            told = explained(database_url(server.url, "postgres", user="eva", password="secret"))
            assert told.endswith("refuses this name or password") and "secret" not in told
            assert "run `bitacora migrate`" in explained(database_url(server.url, "postgres", user="eva", password="right"))

    @pytest.mark.parametrize(
        "url",
        ["postgresql://ana:se/cret@host/desk", "postgresql://ana:secret@host:port/desk", "postgresql://ana:secret@[host/desk",
         "postgresql://ana:secret@host/desk?nonsense=1", "postgresql://ana:secret%zz@host/desk"],
    )  # fmt: skip
    def test_of_a_url_that_cannot_be_read_nothing_secret_is_repeated(self, url: str) -> None:
        for told in (explained(url), ledger_name(url)):
            assert "secret" not in told and "cret" not in told


def test_the_program_migrates_records_and_reports(databases: Databases, tmp_path: Path) -> None:
    url = databases.empty()
    secret = url.replace("postgres@", "postgres:secret@")

    def bitacora(*arguments: str) -> str:
        command = [sys.executable, "-m", "adapters.cli", "--ledger", secret, "--keys", str(tmp_path / "keys"), *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert "secret" not in done.stdout + done.stderr
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    ready = f"is ready for a ledger (form {schema.FORM}): the next `bitacora record` begins it.\n"
    assert bitacora("migrate") == f"{ledger_name(url)} {ready}"
    assert f"is of form {schema.FORM} already" in bitacora("migrate")
    told = bitacora("record", "examples/first-week.jsonl", "--refused", str(tmp_path / "refused"))
    assert "Recorded          8" in told and "Refused           2" in told
    assert "Resolution: 1 breached." in bitacora("report", "sla", "--at", "2026-03-04T12:00:00-06:00")
    assert "Whole: 11 entries" in bitacora("verify")
    assert "grupo-staff" in bitacora("terms", "list")
    bitacora("export", "entries", "-o", str(tmp_path / "entries.jsonl"))
    assert len((tmp_path / "entries.jsonl").read_text().splitlines()) == 11


def test_keys_are_kept_under_the_name_of_the_database_unless_named(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.migrated()
    monkeypatch.chdir(tmp_path)
    Ledger.open(url, create=True).close()
    assert [it.name for it in tmp_path.iterdir()] == [f"{conninfo.conninfo_to_dict(url)['dbname']}.keys"]


def test_what_a_commit_says_is_on_disk_even_if_the_server_is_set_otherwise(databases: Databases) -> None:
    url = databases.migrated()
    for set_to, expected in (("off", "on"), ("local", "local"), ("remote_apply", "remote_apply")):
        with psycopg.connect(f"{url}&options=-c%20synchronous_commit%3D{set_to}") as connection:
            prepare(connection)
            assert connection.execute("SHOW synchronous_commit").fetchone() == (expected,)


def test_the_librarys_mode_of_database_functions_is_off_and_has_none(databases: Databases, tmp_path: Path) -> None:
    """With it, entries become visible out of order, and some are never seen by whoever follows."""
    url = databases.migrated()
    with Ledger.open(url, create=True, keys=tmp_path / "keys") as ledger:
        assert ledger._store.recorder.datastore.enable_db_functions is False
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM pg_proc WHERE proname LIKE 'es_insert%'").fetchone() == (0,)
