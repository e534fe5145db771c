"""The live stream: nothing is missed and nothing comes twice, whatever is killed in between."""

import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.adapters.cli.stories import STORY
from tests.adapters.http.served import Events, Served, begin, serving

KILLS = int(os.environ.get("BITACORA_STREAM_KILLS", "200"))
SERVER_KILLS = max(1, KILLS // 40)
PATH = "/v1/entries/stream"


def follow_up(ticket: str = "G-1", **more: Any) -> dict[str, Any]:
    return {"type": "FollowedUp", "at": "2026-03-05T10:00:00-06:00", "ticket": ticket, "kind": "progress"} | more


def recorded(server: Served, *entries: dict[str, Any]) -> list[int]:
    """The positions of entries recorded now."""
    lines = "".join(json.dumps(it) + "\n" for it in entries)
    headers = {"Content-Type": "application/x-ndjson"}
    answer = server.as_("recorder").post("/v1/entries/lines", content=lines, headers=headers)
    return [json.loads(it)["position"] for it in answer.text.splitlines()]


def some(events: Events, count: int) -> list[dict[str, Any]]:
    found = []
    for _, data in events:
        found.append(json.loads(data))
        if len(found) == count:
            break
    return found


def test_what_is_recorded_comes_as_it_is(server: Served) -> None:
    with server.as_("integrator").stream("GET", PATH) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in response.headers
        events = Events(response)
        positions = recorded(server, follow_up(), follow_up())
        found = some(events, 2)
    assert [it["position"] for it in found] == positions and events.last_id == str(positions[-1])
    assert found[0] == server.as_("reader").get("/v1/entry", params={"position": positions[0]}).json()


def test_everything_from_the_beginning_if_asked(server: Served) -> None:
    with server.as_("integrator").stream("GET", PATH, params={"after": 0}) as response:
        assert [it["position"] for it in some(Events(response), 15)] == list(range(1, 16))


def test_only_what_is_asked_for(server: Served) -> None:
    asked = {"after": 0, "client": "beta", "type": ["TicketOpened", "Responded"]}
    with server.as_("integrator").stream("GET", PATH, params=asked) as response:
        events = Events(response)
        found = some(events, 3)
        recorded(server, follow_up("G-1"), follow_up("C-1"))
        (last,) = recorded(server, {"type": "Responded", "at": "2026-03-05T11:00:00-06:00", "ticket": "C-2"})
        found += some(events, 1)
    assert [(it["type"], it["ticket"]) for it in found[:3]] == [
        ("TicketOpened", "C-1"),
        ("Responded", "C-1"),
        ("TicketOpened", "C-2"),
    ]
    assert found[3]["position"] == last


def test_only_one_stream(server: Served) -> None:
    with server.as_("integrator").stream("GET", PATH, params={"after": 0, "stream": "policy:PG"}) as response:
        assert [it["type"] for it in some(Events(response), 1)] == ["PolicyContracted"]
    for asked, status in (({"stream": "policy:no"}, 404), ({"stream": "ticket:G-1", "ticket": "G-1"}, 400)):
        assert server.as_("integrator").get(PATH, params=asked).status_code == status
    # To a client, the policy of another is not there.
    assert server.as_("client").get(PATH, params={"stream": "policy:PC"}).status_code == 404


def test_a_reader_goes_on_where_he_stopped(server: Served) -> None:
    first = recorded(server, follow_up())[0]
    later = recorded(server, follow_up(), follow_up())
    with server.as_("integrator").stream("GET", PATH, headers={"Last-Event-ID": str(first)}, params={"after": 0}) as response:
        assert [it["position"] for it in some(Events(response), 2)] == later


@pytest.mark.parametrize("place", ["x", "-1", "99999999"])
def test_a_place_that_cannot_be_is_told(one_server: Served, place: str) -> None:
    answer = one_server.as_("integrator").get(PATH, headers={"Last-Event-ID": place})
    assert (answer.status_code, answer.json()["field"]) == (400, "last-event-id")


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[Served]:
    """A server whose heart beats each second and that takes two readers."""
    url = str(tmp_path / "ledger.db")
    begin(url, tmp_path / "ledger.db.keys", STORY)
    with serving(Served(tmp_path, url, tmp_path / "ledger.db.keys", heartbeat_seconds=1, most_streams=2)) as it:
        yield it


def test_a_pause_is_filled_with_heartbeats_that_move_the_place(quick: Served) -> None:
    with quick.as_("integrator").stream("GET", PATH, params={"after": 0, "ticket": "C-2"}) as response:
        lines = response.iter_lines()
        head = recorded(quick, follow_up())[0]
        assert f"id: {head}" in (next(lines) for _ in range(60))
        assert ":" in (next(lines) for _ in range(60))


def test_no_more_readers_than_it_takes(quick: Served) -> None:
    client = quick.as_("integrator")
    with client.stream("GET", PATH) as one, client.stream("GET", PATH) as other:
        # Kept: httpx closes the connection with the last who iterates over its lines.
        lines = [one.iter_lines(), other.iter_lines()]
        assert [next(it) for it in lines] == ["retry: 1000"] * 2
        refused = client.get(PATH)
        assert (refused.status_code, refused.json()["code"]) == (503, "busy") and "retry-after" in refused.headers


def test_readers_are_told_that_the_server_stops(quick: Served) -> None:
    with quick.as_("integrator").stream("GET", PATH) as response:
        events = Events(response)
        positions = recorded(quick, follow_up())
        began = threading.Timer(0.3, quick.stop)
        began.start()
        assert [(name, json.loads(data).get("position")) for name, data in events] == [("entry", positions[0]), ("end", None)]
        began.join()


def test_a_slow_reader_holds_up_nobody(quick: Served) -> None:
    request = f"GET {PATH}?after=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {quick.tokens['integrator']}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", quick.port)) as slow:
        slow.sendall(request.encode())
        # It reads nothing of some megabytes.
        note = "x" * 20_000
        last = [recorded(quick, *(follow_up(note=note) for _ in range(50)))[-1] for _ in range(6)][-1]
        with quick.as_("integrator").stream("GET", PATH, params={"after": last - 1}) as response:
            assert some(Events(response), 1)[0]["position"] == last
        received = b""
        slow.settimeout(20)
        while f"id: {last}\n".encode() not in received:
            received = received[-100_000:] + slow.recv(1_000_000)


class Writing:
    """Somebody who records all the while, and holds on when the server is away."""

    def __init__(self, server: Served) -> None:
        self._server, self._ends = server, threading.Event()
        self.positions: set[int] = set()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Writing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _write(self) -> None:
        number = 0
        with httpx.Client(headers={"Authorization": f"Bearer {self._server.tokens['recorder']}"}) as client:
            while not self._ends.is_set():
                # The same key until it is answered: what was recorded just before a kill is not recorded again.
                lines = "".join(json.dumps(follow_up(key=f"k-{number}-{it}")) + "\n" for it in range(5))
                headers = {"Content-Type": "application/x-ndjson"}
                try:
                    answer = client.post(f"{self._server.url}/v1/entries/lines", content=lines, headers=headers)
                    self.positions.update(json.loads(it)["position"] for it in answer.text.splitlines())
                    number += 1
                except httpx.HTTPError:
                    self._ends.wait(0.02)
                self._ends.wait(0.02)


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_nothing_is_missed_and_nothing_comes_twice_whatever_is_killed(store: Any, tmp_path: Path) -> None:
    url, keys, rng = store.url(), store.keys(), random.Random(7)
    begin(url, keys, STORY)
    received: list[int] = []
    with serving(Served(tmp_path, url, keys)) as server, Writing(server) as writing:
        for kill in range(KILLS):
            read_some(server, received, rng.randint(0, 12), abruptly=rng.random() < 0.5)
            if kill % (KILLS // SERVER_KILLS) == 0:
                server.kill()
                server.start()
        writing.__exit__()
        head = int(server.as_("reader").get("/ready").json()["checks"]["ledger"].rpartition(" ")[2])
        read_some(server, received, head - received[-1], abruptly=False)
    assert received == list(range(1, received[-1] + 1))
    assert writing.positions and writing.positions <= set(received)


def read_some(server: Served, received: list[int], count: int, *, abruptly: bool) -> None:
    """Reads some events, resuming where it stopped, and goes away: with a farewell, or with a reset in the middle of things."""
    headers = {"Last-Event-ID": str(received[-1] if received else 0), "Authorization": f"Bearer {server.tokens['integrator']}"}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = HTTPConnection("127.0.0.1", server.port, timeout=60)
        try:
            connection.request("GET", PATH, headers=headers)
            # Looked up before the answer, which may end the connection.
            plain = connection.sock
            lines = connection.getresponse()
            while count > 0 and (line := lines.readline()):
                if line.startswith(b"data: "):
                    received.append(json.loads(line[6:])["position"])
                    count -= 1
            if abruptly:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            return
        except ConnectionError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise AssertionError("the server did not come back")
