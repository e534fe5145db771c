"""How long the server waits for what a caller is sending: whoever opens a connection and then says nothing, or a letter now and
then, does not keep it. Who has sent everything is never hurried, however long the answer takes."""

import asyncio
from typing import Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from adapters.http.problems import MEDIA_TYPE, problem
from domain.refusal import said

_ENOUGH_BYTES = 4_096
"""What has to have come of a body in that time, for as much time to be given again."""


def patient_for(seconds: int) -> type[H11Protocol]:
    """The protocol of a server that waits so many seconds for the head of a request, and as many for each part of its body."""

    class Patient(H11Protocol):
        """One connection. `due` is the call that closes it, None while nothing is waited for."""

        due: asyncio.TimerHandle | None = None
        came_bytes = 0

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.wait()

        def connection_lost(self, exc: Exception | None) -> None:
            self.wait_no_more()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            self.came_bytes += len(data)
            was_in_body = self.conn.their_state is h11.SEND_BODY
            super().data_received(data)
            is_in_body = self.conn.their_state is h11.SEND_BODY
            if is_in_body and (not was_in_body or self.came_bytes >= _ENOUGH_BYTES):
                self.wait()
            elif self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
                self.wait_no_more()
            elif self.due is None:
                self.wait()

        def send_400_response(self, msg: str) -> None:
            """Answers what is no HTTP at all, as every other problem: nothing is known of a language."""
            found = problem(400, "http-400", said("this is no HTTP request"))
            headers = [("Content-Type", MEDIA_TYPE), ("Connection", "close")]
            for event in (h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
                          h11.Data(data=msgspec.json.encode(found)), h11.EndOfMessage()):  # fmt: skip
                self.transport.write(self.conn.send(event))
            self.transport.close()

        def wait(self) -> None:
            self.wait_no_more()
            self.came_bytes = 0
            self.due = self.loop.call_later(seconds, self.give_up)

        def wait_no_more(self) -> None:
            if self.due is not None:
                self.due.cancel()
                self.due = None

        def give_up(self) -> None:
            self.due = None
            if self.flow.read_paused:
                # It is this server that does not read on: the caller cannot send more.
                self.wait()
            elif not self.transport.is_closing():
                self.transport.close()

    return Patient
