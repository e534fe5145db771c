"""A server of its own process on a free port of this machine, with a token of every role, as the tests call it."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from adapters.access.places import access_of
from adapters.access.tokens import ROLES, Tokens
from adapters.ledger import Ledger, utc_now
from domain.shape import read_entry
from tests.adapters.cli.calling import PROGRAM, ROOT, environment

PATIENCE_SECONDS = 60
CLIENT = "acme"
"""The client that the token of the role `client` is for."""


class Served:
    """One server over one ledger. `settings` are those of its configuration; stopped and started again, it keeps its port."""

    def __init__(self, folder: Path, url: str, keys: Path, **settings: object) -> None:
        self.folder, self.ledger_url, self.keys = folder, url, keys
        self.port = 0
        self._settings = {"requests_a_minute": 1_000_000, "failures_a_minute": 1_000_000} | settings
        self.tokens = made_tokens(url)
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str | None, httpx.Client] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        file = self.folder / "server.toml"
        told: Mapping[str, object] = {"ledger": self.ledger_url, "keys": str(self.keys), **self._settings, "port": self.port}
        file.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in told.items()))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*PROGRAM, "serve", "--config", str(file)],
                cwd=self.folder,
                env=environment(),
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)
        said = self._process.stdout.readline().decode() if ready else ""
        assert " is served at http://" in said, (said, self.log.read_text())
        self.port = int(said.rpartition(":")[2])

    def kill(self) -> None:
        """Ends it as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """Ends it as whoever operates it does; its exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: int) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            os.kill(self._process.pid, number)
        code = self._process.wait(PATIENCE_SECONDS)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code

    def as_(self, role: str | None) -> httpx.Client:
        """Calls with the token of a role; None: with none."""
        if role not in self._clients:
            headers = {} if role is None else {"Authorization": f"Bearer {self.tokens[role]}"}
            self._clients[role] = httpx.Client(base_url=self.url, headers=headers, timeout=PATIENCE_SECONDS)
        return self._clients[role]

    def close(self) -> None:
        for it in self._clients.values():
            it.close()
        self._clients.clear()


def made_tokens(url: str) -> dict[str, str]:
    """A token of every role, by role."""
    access = access_of(url)
    tokens = Tokens(access)
    made = {role: tokens.make(f"the-{role}", role, CLIENT if role == "client" else None, utc_now(), None)[1] for role in ROLES}
    access.close()
    return made


@contextmanager
def serving(served: Served) -> Iterator[Served]:
    """A server started, and ended whatever happens."""
    served.start()
    try:
        yield served
    finally:
        served.close()
        served.stop()


def begin(url: str, keys: Path, story: list[dict[str, Any]]) -> None:
    """A ledger with the entries of a story."""
    with Ledger.open(url, create=True, keys=keys) as ledger:
        ledger.record([read_entry(json.dumps(it).encode()) for it in story])


class Events:
    """What comes of a live stream: its events, until whoever reads has enough."""

    def __init__(self, response: httpx.Response) -> None:
        self._lines = response.iter_lines()
        self.last_id = ""
        self.comments = 0

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """(event, data) of every event that is dispatched, as a browser does it."""
        event, data = "message", []
        for line in self._lines:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not line:
                if data:
                    yield event, "\n".join(data)
                event, data = "message", []
            elif not name:
                self.comments += 1
            elif name == "id":
                self.last_id = value
            elif name == "event":
                event = value
            elif name == "data":
                data.append(value)


def waited_for(what: Any, seconds: float = PATIENCE_SECONDS) -> Any:
    """What a function comes to, asked again until it is true."""
    deadline = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


__all__ = ["CLIENT", "ROOT", "Events", "Served", "begin", "made_tokens", "serving", "waited_for"]
