"""Disks that are soon full, and are given room again, for a ledger in a file and for one in a database. Where the tests may not
mount a small disk, writing is made to fail as it does on a full one."""

import os
import resource
import subprocess
from pathlib import Path
from typing import Protocol

import psycopg

from adapters.stores.postgres.connecting import prepare
from tests.postgres_server import Databases, Server
from tests.stores import Ledgers

MIB = 1024 * 1024
_BALLAST = "ballast"
_NO_ACCOUNTS = (
    "CREATE FUNCTION bitacora_accounts.full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
    " RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
    "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON bitacora_accounts.account_versions FOR EACH ROW EXECUTE FUNCTION"
    " bitacora_accounts.full_disk()",
)
_ACCOUNTS_AGAIN = "DROP FUNCTION IF EXISTS bitacora_accounts.full_disk CASCADE"


class Disk(Protocol):
    """A disk of its own with ledgers on it."""

    store: Ledgers

    def fill(self, room_bytes: int, process: int) -> None:
        """Leaves no more room than that for the stored accounts which a process keeps."""

    def give_room(self, process: int) -> None:
        """Takes that back."""

    def close(self) -> None:
        """Removes it all."""


class FileDisk:
    """For ledgers in files."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._is_real = mounted("tmpfs", folder, f"size={64 * MIB}")
        self._limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.store = Ledgers(folder)

    def fill(self, room_bytes: int, process: int) -> None:
        """See `Disk`; no file may grow by more, if there is no small disk."""
        if self._is_real:
            _weigh_down(self._folder, room_bytes)
        else:
            largest = max((it.stat().st_size for it in self._folder.glob("*.accounts*")), default=0)
            resource.prlimit(process, resource.RLIMIT_FSIZE, (largest + room_bytes, self._limit[1]))

    def give_room(self, process: int) -> None:
        """See `Disk`."""
        (self._folder / _BALLAST).unlink(missing_ok=True)
        resource.prlimit(process, resource.RLIMIT_FSIZE, self._limit)

    def close(self) -> None:
        """See `Disk`."""
        unmounted(self._folder)


class _OnSmallDisk(Databases):
    def migrated(self, tablespace: str = "small") -> str:
        return super().migrated(tablespace)


class DatabaseDisk:
    """For ledgers in databases of a server of our own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self._folder = server.home / "small"
        self._folder.mkdir()
        self._is_real = mounted("tmpfs", self._folder, f"size={128 * MIB}")
        self._databases = _OnSmallDisk(server.url) if self._is_real else Databases(server.url)
        if self._is_real:
            server.give(self._folder)
            self._databases.say(f"CREATE TABLESPACE small LOCATION '{self._folder}'")
        self.store = Ledgers(folder, self._databases)

    def fill(self, room_bytes: int, process: int) -> None:
        """See `Disk`; the database refuses as a full one, if there is no small disk."""
        if self._is_real:
            _weigh_down(self._folder, room_bytes)
        else:
            self._say(_ACCOUNTS_AGAIN, *_NO_ACCOUNTS)

    def give_room(self, process: int) -> None:
        """See `Disk`."""
        if self._is_real:
            (self._folder / _BALLAST).unlink(missing_ok=True)
        else:
            self._say(_ACCOUNTS_AGAIN)

    def close(self) -> None:
        """See `Disk`."""
        self._databases.drop()
        if self._is_real:
            self._databases.say("DROP TABLESPACE small")
        unmounted(self._folder)

    def _say(self, *statements: str) -> None:
        with psycopg.connect(self.store.url()) as connection:
            prepare(connection)
            for it in statements:
                connection.execute(it.encode())


def mounted(kind: str, folder: Path, options: str) -> bool:
    """Whether this process may mount it, and did."""
    command = ["mount", "-t", kind, "-o", options, kind, str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def unmounted(folder: Path) -> None:
    """Takes a small disk away, if there is one."""
    if folder.is_mount():
        subprocess.run(["umount", str(folder)], check=True)


def _weigh_down(folder: Path, room_bytes: int) -> None:
    ballast = folder / _BALLAST
    ballast.unlink(missing_ok=True)
    disk = os.statvfs(folder)
    ballast.write_bytes(bytes(max(0, disk.f_bavail * disk.f_frsize - room_bytes)))
