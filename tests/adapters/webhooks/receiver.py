"""A receiving server on this machine: checks every signature with the package of Standard Webhooks, and answers as told."""

import socket
import threading
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

from standardwebhooks.webhooks import Webhook

Answer = int | tuple[int, dict[str, str]] | threading.Event
"""A status, with headers or without; or it hangs until that is set, and then closes the connection."""


class Received(NamedTuple):
    """One request whose signature was good."""

    id: str
    event: dict[str, Any]
    headers: dict[str, str]
    body: bytes
    answered: int
    """The status it was answered with, 0 if none."""

    @property
    def position(self) -> int:
        return int(self.event["sequence"])

    @property
    def stream(self) -> str:
        return str(self.event["subject"])


class Receiver:
    """Listens at `url` while used as a context manager. `answer` tells what to answer a request with."""

    def __init__(self, answer: Callable[[dict[str, Any]], Answer] = lambda _: 204, port: int = 0) -> None:
        self.answer = answer
        self.secret = ""
        self.received: list[Received] = []
        self.is_forged = False
        self.under_way = 0
        self.most_under_way = 0
        self._lock = threading.Lock()
        self._connections: list[socket.socket] = []
        self._port = port

    def __enter__(self) -> "Receiver":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begins to listen, again at the same port."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                receiver._take(self)

            def setup(self) -> None:
                super().setup()
                receiver._connections.append(self.connection)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass  # A sender that was killed leaves broken connections.

        self._server = Server(("127.0.0.1", self._port), Handler)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Refuses connections from now on, and ends those there are."""
        self._server.shutdown()
        self._server.server_close()
        for it in self._connections:
            with suppress(OSError):
                it.shutdown(socket.SHUT_RDWR)
        self._connections.clear()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/hook"

    def taken(self) -> list[Received]:
        """What was answered with success, in the order it came."""
        with self._lock:
            return [it for it in self.received if 200 <= it.answered < 300]

    def first_taken(self) -> dict[str, list[int]]:
        """The positions of each stream, as each was first taken."""
        found: dict[str, dict[int, None]] = defaultdict(dict)
        for it in self.taken():
            found[it.stream].setdefault(it.position)
        return {stream: list(positions) for stream, positions in found.items()}

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(length := int(handler.headers["content-length"]))
        if len(body) < length:
            # Its sender was killed while it wrote.
            handler.close_connection = True
            return
        headers = {name.lower(): value for name, value in handler.headers.items()}
        try:
            event = Webhook(self.secret).verify(body, headers)
        except Exception:
            self.is_forged = True
            self._answer(handler, 401, {})
            return
        with self._lock:
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        answer = self.answer(event)
        status, more = (0, {}) if isinstance(answer, threading.Event) else answer if isinstance(answer, tuple) else (answer, {})
        with self._lock:
            self.received.append(Received(headers["webhook-id"], event, headers, body, status))
        if isinstance(answer, threading.Event):
            answer.wait(60)
            handler.close_connection = True
        else:
            self._answer(handler, status, more)
        with self._lock:
            self.under_way -= 1

    def _answer(self, handler: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
