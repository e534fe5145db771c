"""The auditor's page over a ledger of more than 100,000 tickets, through the program's own server: a ticket, a what-if, the
lists; what a page weighs, and how soon a real Chromium can use it.

Every ticket asked for is another one, so that nothing was read before; the floor is the server's answer to `/health`.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx
from playwright.sync_api import sync_playwright

from adapters.access.places import access_of
from adapters.access.tokens import Tokens
from adapters.ledger import Ledger, utc_now
from bench.ledgers import ledger
from bench.measuring import Row, Times

ENTRIES = 1_000_000
TICKETS, VISITS = 300, 5
_MOST_KB, _MOST_SECONDS = 100, 1.0
_PATIENCE_SECONDS = 300
_SUPPOSED = "if_reading=gs.wait=stops&if_reading=cs.2=support-hours"
_FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
          "--disable-component-update", "--disable-sync")  # fmt: skip


def run(folder: Path) -> list[Row]:
    """Milliseconds of a ticket's page and of a what-if, seconds until the lists are there, kilobytes, seconds in Chromium."""
    place = ledger(folder, ENTRIES)
    with Ledger.open(str(place)) as opened:
        names = [it.removeprefix("ticket:") for it in opened.names("ticket")]
    chosen = Random(0).sample(names, 2 * TICKETS)
    token = Tokens(access_of(str(place))).make("bench", "auditor", None, utc_now(), None)[1]
    with _served(place) as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        health = _asked(client, ["/health"] * TICKETS)
        pages = _asked(client, [f"/tickets/{it}" for it in chosen[:TICKETS]])
        supposed = _asked(client, [f"/tickets/{it}?{_SUPPOSED}" for it in chosen[TICKETS:]])
        rows = [
            *_rows(f"a ticket's page, {len(names):,} tickets", pages, health),
            *_rows("the same with a what-if", supposed, health),
            *_weights(client, chosen[:TICKETS]),
            _interactive(url, token, chosen[:VISITS]),
        ]
        first, overview = _overview(client)
        title = f"the overview, {len(names):,} tickets, without stored accounts: the first time"
        rows.append(Row(name=title, value=first, unit="s", spread=None, floor=None, ratio=None, goal="", met=None))
        return [*rows, _rows("the same from then on", overview, health)[0]]


def _asked(client: httpx.Client, paths: Sequence[str]) -> Times:
    """Milliseconds of each request."""
    times = Times()
    for path in paths:
        begun = time.perf_counter()
        client.get(path).raise_for_status()
        times.append(1000 * (time.perf_counter() - begun))
    return times


def _rows(name: str, times: Times, floor: Times) -> list[Row]:
    """The median and the slowest of a hundred."""
    late, floor_late = (sorted(it)[len(it) * 99 // 100] for it in (times, floor))
    return [
        Row(name=f"{name}, p50 (floor: /health)", value=times.middle, unit="ms", spread=times.spread, floor=floor.middle,
            ratio=times.middle / floor.middle, goal="", met=None),
        Row(name=f"{name}, p99", value=late, unit="ms", spread=None, floor=floor_late, ratio=late / floor_late, goal="",
            met=None),
    ]  # fmt: skip


def _weights(client: httpx.Client, tickets: Sequence[str]) -> Iterator[Row]:
    """What a browser that comes for the first time loads, compressed: the page, its style, its scripts, its icon."""
    pages = sorted(_bytes(client, f"/tickets/{it}") for it in tickets)
    html = client.get(f"/tickets/{tickets[0]}").text
    beside = sum(_bytes(client, it.partition('"')[0]) for it in html.split('"/static/')[1:] for it in [f"/static/{it}"])
    for name, html_bytes in (("of the median ticket", pages[len(pages) // 2]), ("of the largest", pages[-1])):
        weight = (html_bytes + beside) / 1024
        yield Row(name=f"weight of a page, {name}, of {len(pages)}, compressed", value=weight, unit="KiB", spread=None,
                  floor=None, ratio=None, goal=f"≤ {_MOST_KB}", met=weight <= _MOST_KB)  # fmt: skip


def _bytes(client: httpx.Client, path: str) -> int:
    with client.stream("GET", path) as answer:
        return sum(len(it) for it in answer.iter_raw())


def _interactive(url: str, token: str, tickets: Sequence[str]) -> Row:
    """Seconds from asking for a page until its scripts have run, with nothing kept from before."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    times = Times()
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(_FLAGS))
        entering = browser.new_context(base_url=url)
        entrance = entering.new_page()
        entrance.goto("/login")
        entrance.fill("#token", token)
        entrance.click("main button")
        for ticket in tickets:
            context = browser.new_context(base_url=url, storage_state=entering.storage_state())
            page = context.new_page()
            page.goto(f"/tickets/{ticket}")
            times.append(page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd") / 1000)
            context.close()
        browser.close()
    name, goal = "a ticket's page in Chromium: until it can be used", f"≤ {_MOST_SECONDS:g}"
    return Row(name=name, value=times.middle, unit="s", spread=times.spread, floor=None, ratio=None, goal=goal,
               met=times.middle <= _MOST_SECONDS)  # fmt: skip


def _overview(client: httpx.Client) -> tuple[float, Times]:
    """Seconds until the lists can be answered for the first time, and milliseconds of each answer afterwards."""
    begun = time.perf_counter()
    while client.get("/").status_code == 503:
        time.sleep(0.2)
    first = time.perf_counter() - begun
    return first, _asked(client, ["/"] * VISITS)


@contextmanager
def _served(place: Path) -> Iterator[str]:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    command = [sys.executable, "-m", "adapters.cli", "--ledger", str(place), "serve", "--port", str(port)]
    environment = os.environ | {"BITACORA_REQUESTS_A_MINUTE": "1000000"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + _PATIENCE_SECONDS
        while not _answers(url):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the server does not answer")
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False
