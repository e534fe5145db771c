"""The page as its readers meet it: the demo's ledger, signed, behind the program's own server; a real Chromium before it."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from adapters.access.places import access_of
from adapters.access.tokens import Role, Tokens
from adapters.demo.__main__ import record
from adapters.ledger import Ledger, utc_now
from adapters.proofs.proving import checkpoint
from adapters.proofs.signing import make_key, public_path

ROOT = Path(__file__).parents[3]
SCREENSHOTS = Path(os.environ.get("BITACORA_SCREENSHOTS") or ROOT / "screenshots")
CLIENT, OTHER_CLIENT = "fletes-de-tepeyac", "lacteos-el-zarco"
LATE = "T-0319"
"""A ticket of CLIENT that was answered in time, which the desk recorded two days later."""
LATE_ENTRY, BEFORE_LATE = 2405, 2400
_WAIT_SECONDS = 120
_PATIENCE_MS = 60_000
_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


class Site(NamedTuple):
    """A server, and who may sign in to it."""

    url: str
    folder: Path
    tokens: dict[str, str]

    @property
    def ledger(self) -> str:
        return str(self.folder / "desk.db")

    @property
    def public_key(self) -> Path:
        return public_path(self.folder / "desk.key")


@contextmanager
def served(folder: Path) -> Iterator[Site]:
    """The demo's year, signed, and served by `bitacora serve`."""
    ledger, key = folder / "desk.db", folder / "desk.key"
    record(ledger)
    with Ledger.open(str(ledger)) as opened:
        checkpoint(opened, make_key(key, "example.com/desk"), utc_now())
    port = _free_port()
    command = [sys.executable, "-m", "adapters.cli", "--ledger", str(ledger), "serve", "--port", str(port), "--key", str(key)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, env=os.environ | {"PYTHONPATH": str(ROOT)})
    try:
        site = Site(f"http://127.0.0.1:{port}", folder, _tokens(str(ledger)))
        _wait_for(site, process)
        yield site
    finally:
        process.terminate()
        process.wait(_WAIT_SECONDS)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _tokens(ledger: str) -> dict[str, str]:
    tokens = Tokens(access_of(ledger))
    roles: tuple[Role, ...] = ("auditor", "recorder", "reader", "admin", "integrator")
    found = {role: tokens.make(role, role, None, datetime.now(UTC), None)[1] for role in roles}
    return found | {"client": tokens.make("kiosk", "client", CLIENT, datetime.now(UTC), None)[1]}


def _wait_for(site: Site, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            urlopen(f"{site.url}/health").close()
            return
        except OSError:
            told = (site.folder / "server.log").read_text(encoding="utf-8")
            assert process.poll() is None and time.monotonic() < until, told
            time.sleep(0.05)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A real Chromium, Debian's own unless CHROMIUM names another."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert path, "the page is tested in a real Chromium: install Debian's chromium, or name one in CHROMIUM"
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=_FLAGS)
        yield browser
        browser.close()


class Reader:
    """Somebody who looks at the page. What its scripts complain of fails the test."""

    def __init__(self, site: Site, browser: Browser, role: str | None, **context: Any) -> None:
        wanted = {"viewport": {"width": 1280, "height": 900}, "locale": "en-US", "accept_downloads": True}
        self.site = site
        self.context = browser.new_context(base_url=site.url, **wanted | context)
        self.context.set_default_timeout(_PATIENCE_MS)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda it: self.complaints.append(it.text) if it.type == "error" else None)
        if role is not None:
            self.sign_in(role)

    def sign_in(self, role: str) -> None:
        self.page.goto("/login")
        self.page.fill("#token", self.site.tokens[role])
        self.page.click("main button")

    def go(self, path: str) -> Page:
        answer = self.page.goto(path)
        assert answer is not None
        self.status = answer.status
        return self.page

    def told(self) -> str:
        """What the page says of the replay it shows, once it has been told."""
        self.page.wait_for_selector("body:not(.waiting) #told:not(:empty)")
        return self.page.inner_text("#told")

    def photograph(self, name: str) -> None:
        """Keeps a picture of the whole page, to be looked at."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA."""
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
        found = (
            Axe()
            .run(self.page, options={"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]})
            .response["violations"]
        )
        return [f"{it['id']}: {node['html'][:200]} {node['failureSummary']}" for it in found for node in it["nodes"]]

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []
