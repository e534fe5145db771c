"""The server: entries recorded over HTTP, one at a time and as lines, against the same ledger called in process; and 500
readers of the live stream, against the simplest endpoint of the framework that sends the same bytes to as many.

Servers run in processes of their own on this machine, and so do the readers; all of them share its cores, floors too.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter
from typing import Any

from adapters.ledger import Ledger
from bench.measuring import Row, Times
from domain.shape import read_entry
from tests.adapters.given import DESK, followed_up, opened
from tests.adapters.http.served import Served, begin, serving

SINGLE, AT_ONCE, WRITERS = 200, 2_000, 8
READERS, SENT, BATCHES = 500, 50, 4
REPEATS = 3
_KB = 1024
_STREAM = "/v1/entries/stream"
_ENTRY = json.dumps(followed_up("T-1", 0, consultant="luis", note="We have looked at the first half of it.")).encode()


def run(folder: Path) -> list[Row]:
    """Rows of recording, then of the live stream."""
    place = folder / "http"
    place.mkdir()
    return [*_recording(place), *_streaming(place)]


# Recording ----------------------------------------------------------------------------------------------------------


def _recording(folder: Path) -> list[Row]:
    here, there = str(folder / "here.db"), str(folder / "there.db")
    for url in (here, there):
        begin(url, Path(f"{url}.keys"), [*DESK, opened("T-1")])
    with Ledger.open(here) as ledger, serving(Served(folder, there, Path(f"{there}.keys"))) as server:
        ways = {
            "recorded over HTTP, one at a time": (SINGLE, lambda: _posted(server, SINGLE), lambda: _called(ledger, SINGLE)),
            "the same, each with its proof": (SINGLE, lambda: _posted(server, SINGLE, "true"), lambda: _called(ledger, SINGLE)),
            f"recorded over HTTP by {WRITERS} at once": (
                SINGLE * WRITERS, lambda: _together(lambda: _posted(server, SINGLE)),
                lambda: _together(lambda: _called(ledger, SINGLE)),
            ),
            f"recorded over HTTP, {AT_ONCE:,} lines at once": (
                AT_ONCE, lambda: _posted_lines(server), lambda: ledger.record([read_entry(_ENTRY) for _ in range(AT_ONCE)]),
            ),
        }  # fmt: skip
        return [_row(name, count, ours, floor, "") for name, (count, ours, floor) in ways.items()]


def _row(name: str, count: int, ours: Callable[[], object], floor: Callable[[], object], goal: str) -> Row:
    times, floors = Times(), Times()
    for _ in range(REPEATS):
        for work, found in ((ours, times), (floor, floors)):
            begun = perf_counter()
            work()
            found.append(perf_counter() - begun)
    rate, best = count / times.middle, count / floors.middle
    return Row(name=name, value=rate, unit="entries/s", spread=times.spread, floor=best, ratio=rate / best, goal=goal, met=None)


def _called(ledger: Ledger, count: int) -> None:
    for _ in range(count):
        ledger.record([read_entry(_ENTRY)])


def _together(work: Callable[[], None]) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        for it in [pool.submit(work) for _ in range(WRITERS)]:
            it.result()


def _posted(server: Served, count: int, proof: str = "false") -> None:
    headers = {"Authorization": f"Bearer {server.tokens['recorder']}", "Content-Type": "application/json"}
    connection = HTTPConnection("127.0.0.1", server.port)
    for _ in range(count):
        connection.request("POST", f"/v1/entries?proof={proof}", _ENTRY, headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != 201:
            raise RuntimeError(f"an entry was answered with {answer.status}")
    connection.close()


def _posted_lines(server: Served, count: int = AT_ONCE) -> None:
    headers = {"Authorization": f"Bearer {server.tokens['recorder']}", "Content-Type": "application/x-ndjson"}
    connection = HTTPConnection("127.0.0.1", server.port)
    connection.request("POST", "/v1/entries/lines", (_ENTRY + b"\n") * count, headers)
    connection.getresponse().read()
    connection.close()


# The live stream ----------------------------------------------------------------------------------------------------


def _streaming(folder: Path) -> list[Row]:
    url = str(folder / "stream.db")
    begin(url, Path(f"{url}.keys"), [*DESK, opened("T-1")])
    with serving(Served(folder, url, Path(f"{url}.keys"))) as server:
        headers = f"Authorization: Bearer {server.tokens['integrator']}\r\n"
        ours = _delivered(server.port, server.pid, _STREAM, headers, lambda: _posted_lines(server, SENT))
    with _bare() as (port, pid):
        floor = _delivered(port, pid, "/stream", "", lambda: _triggered(port))
    rate, best = READERS * SENT / ours[0].middle, READERS * SENT / floor[0].middle
    return [
        Row(name=f"live stream: {READERS} readers, each of {SENT} entries", value=rate, unit="entries/s", spread=ours[0].spread,
            floor=best, ratio=rate / best, goal="", met=None),
        Row(name=f"live stream: memory of the server for each of {READERS} readers", value=ours[1], unit="kB", spread=None,
            floor=floor[1], ratio=ours[1] / floor[1] if floor[1] else None, goal="", met=None),
    ]  # fmt: skip


def _delivered(port: int, pid: int, path: str, headers: str, send: Callable[[], None]) -> tuple[Times, float]:
    """The seconds until every reader has had a batch, of several, and the kB that the server grew for each reader."""
    before = _resident_kb(pid)
    command = [sys.executable, "-m", "bench.http", "read", str(port), path, headers]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as readers:
        assert readers.stdin is not None and readers.stdout is not None
        readers.stdout.readline()
        times = Times()
        for _ in range(BATCHES):
            begun = perf_counter()
            send()
            readers.stdout.readline()
            times.append(perf_counter() - begun)
        grown = (_resident_kb(pid) - before) / READERS
        readers.kill()
    return times, grown


def _resident_kb(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4_096 / _KB


async def _read_all(port: int, path: str, headers: str) -> None:
    """500 readers in one process, which says when they are all there, and whenever all have had a batch."""
    counts, whole = [0] * READERS, asyncio.Event()
    target = 0

    async def read(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        waiting.release()
        while chunk := await reader.read(2**18):
            counts[number] += chunk.count(b"data: ")
            if counts[number] >= target and min(counts) >= target:
                whole.set()

    waiting = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(read(it)) for it in range(READERS)]
    for _ in tasks:
        await waiting.acquire()
    for batch in range(BATCHES + 1):
        print(batch, flush=True)
        target = SENT * (batch + 1)
        whole.clear()
        await whole.wait()


def _triggered(port: int) -> None:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("POST", "/send")
    connection.getresponse().read()
    connection.close()


@contextmanager
def _bare() -> Iterator[tuple[int, int]]:
    with subprocess.Popen([sys.executable, "-m", "bench.http", "bare"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.kill()


def _serve_bare() -> None:
    """The simplest live stream of the framework: everybody waits for one event, and is sent the same text."""
    import socket

    import uvicorn
    from litestar import Litestar, get, post
    from litestar.response import ServerSentEvent

    came = asyncio.Event()

    async def events() -> AsyncIterator[dict[str, Any]]:
        number = 0
        yield {"comment": "here"}
        while True:
            await came.wait()
            for _ in range(SENT):
                number += 1
                yield {"id": number, "event": "entry", "data": _ENTRY.decode()}

    @get("/stream")
    async def stream() -> ServerSentEvent:
        return ServerSentEvent(events())

    @post("/send")
    async def send() -> None:
        nonlocal came
        before, came = came, asyncio.Event()
        before.set()

    listening = socket.create_server(("127.0.0.1", 0), backlog=2_048)
    print(listening.getsockname()[1], flush=True)
    app = Litestar([stream, send], openapi_config=None, logging_config=None)
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])


def _main(arguments: Sequence[str]) -> None:
    if arguments[0] == "bare":
        _serve_bare()
    else:
        asyncio.run(_read_all(int(arguments[1]), arguments[2], arguments[3]))


if __name__ == "__main__":
    _main(sys.argv[1:])
